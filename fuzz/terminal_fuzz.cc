// What comes to the shell from a terminal and from the control socket: any octets make keys and text that is
// UTF-8; any line is a message or refused; what is sent on is one line of bounded length.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "base/check.h"
#include "shell/keys.h"
#include "shell/protocol.h"
#include "shell/text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace noonmark::shell;
  const std::string_view octets(reinterpret_cast<const char*>(data), size);
  KeyDecoder decoder;
  std::deque<Key> keys;
  for (std::size_t i = 0; i < size; ++i) decoder.feed(data[i], keys);
  CHECK(keys.size() <= size);
  const auto is_scalar = [](char32_t c) { return c <= 0x10FFFF && !(c >= 0xD800 && c <= 0xDFFF); };
  for (const auto& key : keys)
    CHECK(is_scalar(key.character) && (key.character == 0 || key.character >= 0x20));

  const auto text = wide_of(octets);
  CHECK(std::ranges::all_of(text, [&](wchar_t c) { return is_scalar(static_cast<char32_t>(c)); }));
  CHECK(wide_of(utf8_of(text)) == text);
  CHECK(rows_of(octets, 2) >= 1);
  has_open_quote(text);

  parse_greeting(octets);
  parse_message(octets);
  for (const auto& request : {execute_request(octets), help_request(octets, 80)}) {
    CHECK(request.size() <= 16 * 1024);
    CHECK(request.find('\n') == request.size() - 1);
  }
  return 0;
}
