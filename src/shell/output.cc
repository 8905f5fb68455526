#include "shell/output.h"

#include <cerrno>
#include <unistd.h>

namespace noonmark::shell {

bool DescriptorOutput::write(std::string_view text) {
  while (!text.empty()) {
    const auto n = ::write(descriptor_, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

}  // namespace noonmark::shell
