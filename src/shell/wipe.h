#pragma once

#include <string>
#include <string.h>

namespace noonmark::shell {

/// Overwrites what a command line may have held (passwords) and empties the string.
inline void wipe(std::string& text) {
  text.resize(text.capacity());
  explicit_bzero(text.data(), text.size());
  text.clear();
}

}  // namespace noonmark::shell
