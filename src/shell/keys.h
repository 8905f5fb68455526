#pragma once

#include <cstdint>
#include <deque>
#include <string>

namespace noonmark::shell {

inline constexpr char32_t kReplacement = 0xFFFD;

/// Characters from octets, one by one. What is no UTF-8 (RFC 3629) becomes U+FFFD.
class Utf8Decoder {
 public:
  /// Appends the characters that this octet completes: none, one, or two if it ends a broken one and is one
  /// itself.
  void feed(unsigned char octet, std::u32string& characters);
  /// True in the middle of a character.
  bool is_open() const { return missing_ > 0; }

 private:
  int missing_ = 0;        // octets
  char32_t value_ = 0;     // of the bits so far
  char32_t smallest_ = 0;  // below it the form is too long
};

/// A key of the terminal.
struct Key {
  enum class Kind : std::uint8_t {
    character,
    enter,
    tab,
    left,
    right,
    up,
    down,
    home,
    end,
    erase_left,    // Backspace
    erase_right,   // Delete
    erase_word,    // Ctrl+W
    erase_before,  // Ctrl+U
    erase_behind,  // Ctrl+K
    literal,       // Ctrl+V: the next key is a character
    interrupt,     // Ctrl+C
    end_of_input,  // Ctrl+D
    return_view,   // Ctrl+Z
    unknown,
  };
  Kind kind = Kind::unknown;
  char32_t character = 0;
  bool operator==(const Key&) const = default;
};

/// Keys from the octets of a terminal (UTF-8, ECMA-48 control sequences). A sequence that means nothing here
/// is swallowed as a whole. "\r\n" is one Enter.
class KeyDecoder {
 public:
  /// Appends the keys that this octet completes.
  void feed(unsigned char octet, std::deque<Key>& keys);

 private:
  enum class State : std::uint8_t { ground, escape, sequence, single };
  void feed_ground(unsigned char octet, std::deque<Key>& keys);
  Key end_of_sequence(unsigned char octet);

  State state_ = State::ground;
  bool after_return_ = false;
  std::string parameters_;  // of the control sequence
  Utf8Decoder utf8_;
};

}  // namespace noonmark::shell
