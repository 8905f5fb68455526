#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>

namespace noonmark::shell {

/// The lines that were typed, and the walk through them with Up and Down. At most kSize lines; the same line
/// twice in a row is kept once. What is dropped is overwritten.
class History {
 public:
  static constexpr std::size_t kSize = 50;

  History() = default;
  ~History();
  History(const History&) = delete;
  History& operator=(const History&) = delete;

  void add(std::wstring_view line);

  /// A walk begins behind the newest line.
  void rewind() { at_ = lines_.size(); }
  /// The next older line; `typed` is kept as the line behind the newest. Null at the oldest.
  const std::wstring* older(std::wstring_view typed);
  /// The next newer line, at last what was typed. Null behind it.
  const std::wstring* newer();

 private:
  std::deque<std::wstring> lines_;
  std::wstring typed_;
  std::size_t at_ = 0;  // lines_.size(): the line that is being typed
};

}  // namespace noonmark::shell
