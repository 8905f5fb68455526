#pragma once

#include <string>
#include <string.h>

namespace noonmark::shell {

/// Overwrites what a command line may have held (passwords) and empties the string.
template <typename Character>
void wipe(std::basic_string<Character>& text) {
  text.resize(text.capacity());
  explicit_bzero(text.data(), text.size() * sizeof(Character));
  text.clear();
}

}  // namespace noonmark::shell
