#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sim/scenario_format.h"
#include "sim/scenario_table.h"

namespace noonmark::sim {

// Line numbers of what is not in the file: settings, and the lines of other commands.
inline constexpr std::size_t kFirstSetting = 1'000'000'000;
inline constexpr std::size_t kFirstCommand = 2'000'000'000;

struct Section {
  SectionKind kind{};
  Arguments arguments;
  std::vector<Line> lines;
  std::string name() const { return kind == SectionKind::world ? "world" : arguments.text(0); }
};

/// Sentences about lines. The same one for many clients stands once.
class Problems {
 public:
  Problems(std::string_view file, const Variation& variation) : file_(file), variation_(variation) {}
  void add(std::size_t line, const std::string& message);
  bool empty() const { return shown_.empty(); }
  std::vector<std::string> sentences() const;
  base::Error error() const;

 private:
  std::string place(std::size_t line) const;

  std::string file_;
  const Variation& variation_;
  std::vector<std::string> shown_;
  std::size_t more_ = 0;
};

/// When a line takes effect.
struct Moment {
  double at = 0;
  std::size_t line = 0;
};

/// A file on its way to a scenario.
struct Reading {
  std::vector<Section> sections{};
  Draft draft{};
  std::vector<Moment> moments{};
  std::map<std::string, std::size_t> set_in{};  // of the section at work: what its lines set, and where
  Problems problems, warnings;

  /// The last line of a section that begins with this word, or has it after its direction; else its first.
  std::size_t place_of(std::string_view section, std::string_view word) const;
};

/// "6h", or "90s".
std::string span(double seconds);
/// "perhaps NAME" of those that are like the word, else all of them.
std::string suggestion(std::string_view word, std::vector<std::string> names);

}  // namespace noonmark::sim
