#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace noonmark::config {

enum class LeafType : std::uint8_t {
  flag,              // a keyword that is there or not
  choice,            // one of the keywords in LeafInfo::choices
  number,            // decimal, within the range
  port,              // 123 or 1025..65535
  ipv4_address,      // dotted quad; what kinds of address are right is the entry's business
  ipv6_address,      // RFC 4291 text
  ipv4_group,        // dotted quad of a multicast group; the entry judges it
  ipv6_group,        // RFC 4291 text
  ipv4_source,       // dotted quad of any kind, also a wildcard
  ipv6_source,       // RFC 4291 text
  ipv6_prefix,       // RFC 4291 text, '/', 0..128
  refclock_address,  // 127.127.1.0 .. 127.127.1.3
  interface_name,    // printable without blanks, within the range; TYPE NUMBER is put together
  vpn_name,          // printable, within the range, not _public_
  acl_name,          // as name; begins with a letter or digit and is no number
  name,              // printable without blanks, within the range
  password,          // printable ASCII, within the range
  hex_digits,        // within the range
  label,             // printable ASCII, within the range; begins with no digit and is not "-"
  rest_of_line,      // whatever stands there, blanks included, within the range in octets
};

enum class LeafRole : std::uint8_t {
  option,    // shown unless it has its default
  required,  // always shown
  key,       // identifies the row
};

/// What is known about a value of the configuration apart from where it is kept. `low` and `high` bound a
/// number, or the length of a text. `choices` are the keywords of a choice; a name cannot be one of them.
/// `by_default` is for the reference: the value that an option has where it is not given.
struct LeafInfo {
  std::string_view name;
  LeafType type = LeafType::flag;
  LeafRole role = LeafRole::option;
  std::string_view help;
  std::uint32_t low = 0;
  std::uint32_t high = 0;
  std::string_view choices{};  // "md5|hmac-sha256"
  std::string_view by_default{};

  constexpr bool has_choice(std::string_view word) const {
    for (std::string_view rest = choices; !rest.empty();) {
      const auto bar = rest.find('|');
      if (rest.substr(0, bar) == word) return true;
      rest = bar == std::string_view::npos ? std::string_view{} : rest.substr(bar + 1);
    }
    return false;
  }
};

/// Whether `text` is a value of this leaf, by type and range. Flags and choices are keywords: false.
bool accepts(const LeafInfo& leaf, std::string_view text);
/// Whether any word would be accepted, so that a keyword in the same place has to be told apart.
bool is_free_text(LeafType type);
/// How help shows the parameter: "INTEGER<1-4>", "STRING<1-31>", "X.X.X.X<unicast>", ....
std::string placeholder(const LeafInfo& leaf);

/// The texts of a row, by position in its leaves; none: not given, which means the default.
using Values = std::vector<std::optional<std::string>>;

}  // namespace noonmark::config
