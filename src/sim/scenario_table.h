#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/scenario.h"
#include "sim/units.h"

namespace noonmark::sim {

enum class SectionKind : std::uint8_t { world, oscillator, path, server, client };

struct SectionInfo {
  SectionKind kind;
  std::string_view syntax;
  std::string_view help;
};

/// The values of a line: numbers and texts, each in the order of its syntax.
struct Arguments {
  std::vector<double> numbers;
  std::vector<std::string> texts;
  std::size_t line = 0;
  double number(std::size_t i) const { return numbers[i]; }
  const std::string& text(std::size_t i) const { return texts[i]; }
};

/// The scenario so far; the last of each kind is the section at work.
struct Draft {
  Scenario scenario;
  std::vector<DirectionConfig*> directions;  // that the line is about
};

/// One kind of line. In the syntax, `<name:unit>` is a value, `<name:unit>...` one or more, the rest
/// keywords.
struct Row {
  SectionKind section;
  std::string_view syntax;
  std::string_view by_default;
  std::string_view help;
  void (*apply)(Draft&, const Arguments&);
  // Words of a line that name what it sets, so that a later one replaces it; 0: it adds to them.
  std::size_t naming = 1;
};

std::span<const SectionInfo> sections();
std::span<const Row> rows();
/// Makes a new section the one at work.
void open_section(SectionKind kind, const Arguments& arguments, Draft& draft);

struct Token {
  std::string_view word;  // a keyword, or the name of a value
  bool value = false;
  bool repeated = false;
  Unit unit = Unit::text;
};
std::vector<Token> tokens_of(std::string_view syntax);
/// The syntax as people read it, without units.
std::string plain(std::string_view syntax);

std::vector<std::string_view> words_of(std::string_view line);

}  // namespace noonmark::sim
