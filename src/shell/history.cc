#include "shell/history.h"

#include "shell/wipe.h"

namespace noonmark::shell {

History::~History() {
  for (auto& line : lines_) wipe(line);
  wipe(typed_);
}

void History::add(std::wstring_view line) {
  if (!line.empty() && (lines_.empty() || lines_.back() != line)) {
    lines_.emplace_back(line);
    if (lines_.size() > kSize) {
      wipe(lines_.front());
      lines_.pop_front();
    }
  }
  rewind();
}

const std::wstring* History::older(std::wstring_view typed) {
  if (at_ == 0) return nullptr;
  if (at_ == lines_.size()) {
    wipe(typed_);
    typed_ = typed;
  }
  return &lines_[--at_];
}

const std::wstring* History::newer() {
  if (at_ == lines_.size()) return nullptr;
  return ++at_ == lines_.size() ? &typed_ : &lines_[at_];
}

}  // namespace noonmark::shell
