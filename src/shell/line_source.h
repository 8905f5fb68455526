#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace noonmark::shell {

struct Line {
  enum class Status {
    line,         // `text` holds it, without its end
    end,          // there are no more
    interrupted,  // Ctrl+C while it was typed: what was typed is thrown away
  };
  Status status = Status::end;
  std::string text;
};

/// Where the commands of a script, and answers to questions, come from.
class LineSource {
 public:
  virtual ~LineSource() = default;
  virtual Line next() = 0;
};

/// The commands of `-c`.
class ListSource final : public LineSource {
 public:
  explicit ListSource(std::vector<std::string> lines) : lines_(std::move(lines)) {}
  ~ListSource() override;
  Line next() override;

 private:
  std::vector<std::string> lines_;
  std::size_t next_ = 0;
};

/// Lines of a file or a pipe. A last line without its newline counts. Of a longer line than
/// kMaxLine octets only that many are kept.
class DescriptorSource final : public LineSource {
 public:
  static constexpr std::size_t kMaxLine = 64 * 1024;
  explicit DescriptorSource(int descriptor) : descriptor_(descriptor) {}  // stays the caller's
  ~DescriptorSource() override;
  Line next() override;

 private:
  bool fill();
  Line take(std::size_t length, std::size_t skip);

  int descriptor_;
  std::string buffer_;
};

}  // namespace noonmark::shell
