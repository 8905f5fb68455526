#include "shell/line_source.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <unistd.h>

#include "shell/wipe.h"

namespace noonmark::shell {

ListSource::~ListSource() {
  for (auto& line : lines_) wipe(line);
}

Line ListSource::next() {
  if (next_ == lines_.size()) return {};
  return {Line::Status::line, lines_[next_++]};
}

DescriptorSource::~DescriptorSource() { wipe(buffer_); }

/// False at the end.
bool DescriptorSource::fill() {
  std::array<char, 4096> chunk;
  const auto n = read(descriptor_, chunk.data(), chunk.size());
  if (n < 0 && errno == EINTR) return true;
  if (n <= 0) return false;
  buffer_.append(chunk.data(), static_cast<std::size_t>(n));
  explicit_bzero(chunk.data(), static_cast<std::size_t>(n));
  return true;
}

/// The first `length` octets of the buffer as a line; `skip` octets behind them go as well.
Line DescriptorSource::take(std::size_t length, std::size_t skip) {
  Line line{Line::Status::line, buffer_.substr(0, std::min(length, kMaxLine))};
  if (!line.text.empty() && line.text.back() == '\r') line.text.pop_back();
  std::string rest = buffer_.substr(length + skip);
  wipe(buffer_);
  buffer_ = std::move(rest);
  return line;
}

Line DescriptorSource::next() {
  std::size_t searched = 0;
  for (;;) {
    if (const auto end = buffer_.find('\n', searched); end != std::string::npos) return take(end, 1);
    if (buffer_.size() > kMaxLine) buffer_.resize(kMaxLine);  // it is refused anyway: only its end matters
    searched = buffer_.size();
    if (!fill()) return buffer_.empty() ? Line{} : take(buffer_.size(), 0);
  }
}

}  // namespace noonmark::shell
