#pragma once

#include <string>
#include <string_view>
#include <string.h>

namespace noonmark::shell {

/// Overwrites what a command line may have held (passwords) and empties the string.
template <typename Character>
void wipe(std::basic_string<Character>& text) {
  text.resize(text.capacity());
  explicit_bzero(text.data(), text.size() * sizeof(Character));
  text.clear();
}

/// Makes `text` equal to `other`, and leaves no copy behind when it needs more room.
template <typename Character>
void assign_wiping(std::basic_string<Character>& text, std::basic_string_view<Character> other) {
  if (other.size() > text.capacity()) {
    wipe(text);
    text.reserve(2 * other.size());
  }
  text = other;
}

/// Overwrites what is left of a text where no name leads: the vector registers that copies of it went
/// through, and the stack below the caller, where the dynamic linker and signals save those registers. To be
/// called when the text has been wiped.
void wipe_traces();

}  // namespace noonmark::shell
