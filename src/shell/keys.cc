#include "shell/keys.h"

#include <cstddef>

namespace noonmark::shell {
namespace {

constexpr std::size_t kMaxParameters = 16;  // octets of a control sequence that are looked at

Key::Kind control_key(unsigned char octet) {
  using enum Key::Kind;
  switch (octet) {
    case 'A' - '@': return home;
    case 'B' - '@': return left;
    case 'C' - '@': return interrupt;
    case 'D' - '@': return end_of_input;
    case 'E' - '@': return end;
    case 'F' - '@': return right;
    case 'H' - '@':
    case 0x7F: return erase_left;
    case '\t': return tab;
    case '\n':
    case '\r': return enter;
    case 'K' - '@': return erase_behind;
    case 'N' - '@': return down;
    case 'P' - '@': return up;
    case 'U' - '@': return erase_before;
    case 'V' - '@': return literal;
    case 'W' - '@': return erase_word;
    case 'Z' - '@': return return_view;
    default: return unknown;
  }
}

/// The key of ESC [ PARAMETER ~.
Key::Kind numbered_key(std::string_view parameter) {
  using enum Key::Kind;
  if (parameter == "1" || parameter == "7") return home;
  if (parameter == "3") return erase_right;
  if (parameter == "4" || parameter == "8") return Key::Kind::end;
  return unknown;
}

}  // namespace

void Utf8Decoder::feed(unsigned char octet, std::u32string& characters) {
  if (missing_ > 0) {
    if ((octet & 0xC0) == 0x80) {
      value_ = value_ << 6 | (octet & 0x3FU);
      if (--missing_ > 0) return;
      const bool is_valid =
          value_ >= smallest_ && value_ <= 0x10FFFF && !(value_ >= 0xD800 && value_ <= 0xDFFF);
      characters += is_valid ? value_ : kReplacement;
      return;
    }
    missing_ = 0;
    characters += kReplacement;
  }
  const auto begin = [this](int missing, unsigned value, char32_t smallest) {
    missing_ = missing;
    value_ = value;
    smallest_ = smallest;
  };
  if (octet < 0x80) {
    characters += octet;
  } else if ((octet & 0xE0) == 0xC0) {
    begin(1, octet & 0x1FU, 0x80);
  } else if ((octet & 0xF0) == 0xE0) {
    begin(2, octet & 0x0FU, 0x800);
  } else if ((octet & 0xF8) == 0xF0) {
    begin(3, octet & 0x07U, 0x10000);
  } else {
    characters += kReplacement;
  }
}

void KeyDecoder::feed(unsigned char octet, std::deque<Key>& keys) {
  switch (state_) {
    case State::ground: return feed_ground(octet, keys);
    case State::escape:
      parameters_.clear();
      state_ = octet == '[' ? State::sequence : octet == 'O' ? State::single : State::ground;
      if (state_ == State::ground) feed_ground(octet, keys);
      return;
    case State::single: state_ = State::ground; return keys.push_back(end_of_sequence(octet));
    case State::sequence:
      if (octet < 0x20) {  // no part of a sequence: it was broken off
        state_ = State::ground;
        return feed_ground(octet, keys);
      }
      if (octet < 0x40) {
        if (parameters_.size() < kMaxParameters) parameters_ += static_cast<char>(octet);
        return;
      }
      state_ = State::ground;
      return keys.push_back(end_of_sequence(octet));
  }
}

void KeyDecoder::feed_ground(unsigned char octet, std::deque<Key>& keys) {
  const bool is_second_of_enter = octet == '\n' && after_return_;
  after_return_ = octet == '\r';
  if (is_second_of_enter) return;
  std::u32string characters;
  utf8_.feed(octet, characters);
  for (const char32_t c : characters) {
    if (c == 0x1B) {
      state_ = State::escape;
    } else if (c < 0x20 || c == 0x7F) {
      keys.push_back({control_key(static_cast<unsigned char>(c)), 0});
    } else {
      keys.push_back({Key::Kind::character, c});
    }
  }
}

Key KeyDecoder::end_of_sequence(unsigned char octet) {
  using enum Key::Kind;
  switch (octet) {
    case 'A': return {up, 0};
    case 'B': return {down, 0};
    case 'C': return {right, 0};
    case 'D': return {left, 0};
    case 'F': return {Key::Kind::end, 0};
    case 'H': return {home, 0};
    case '~': return {numbered_key(parameters_), 0};
    default: return {unknown, 0};
  }
}

}  // namespace noonmark::shell
