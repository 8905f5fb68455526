#include "config/leaf.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

#include "base/net_address.h"

namespace noonmark::config {
namespace {

bool is_printable(char c) { return c >= ' ' && c <= '~'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex_digit(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

std::optional<std::uint32_t> number(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool is_number_between(std::string_view text, std::uint32_t low, std::uint32_t high) {
  const auto value = number(text);
  return value && *value >= low && *value <= high;
}

/// Octets with leading zeros pass: the entry refuses them with a reason.
bool is_dotted_quad(std::string_view text) {
  for (int octet = 0; octet < 4; ++octet) {
    const auto end = octet < 3 ? text.find('.') : text.size();
    if (end == std::string_view::npos || end > 3 || !is_number_between(text.substr(0, end), 0, 255))
      return false;
    text.remove_prefix(octet < 3 ? end + 1 : end);
  }
  return true;
}

/// A zone ("%eth0") passes: the entry refuses it with a reason.
bool is_ipv6(std::string_view text) {
  return base::IpAddress::parse_v6(text.substr(0, text.find('%'))).has_value();
}

bool is_ipv6_prefix(std::string_view text) {
  const auto slash = text.find('/');
  return slash != std::string_view::npos && base::IpAddress::parse_v6(text.substr(0, slash)) &&
         is_number_between(text.substr(slash + 1), 0, 128);
}

bool is_acl_name(std::string_view text) {
  const char first = text.front();
  return (is_digit(first) || (first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z')) &&
         !std::ranges::all_of(text, is_digit);
}

bool is_text(const LeafInfo& leaf, std::string_view text, bool blanks) {
  return text.size() >= leaf.low && text.size() <= leaf.high && std::ranges::all_of(text, is_printable) &&
         (blanks || text.find(' ') == std::string_view::npos);
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (auto& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lower;
}

bool is_refclock(std::string_view text) {
  constexpr std::string_view prefix = "127.127.1.";
  return text.size() == prefix.size() + 1 && text.starts_with(prefix) && text.back() >= '0' &&
         text.back() <= '3';
}

}  // namespace

bool accepts(const LeafInfo& leaf, std::string_view text) {
  switch (leaf.type) {
    case LeafType::flag:
    case LeafType::choice: return false;
    case LeafType::number: return is_number_between(text, leaf.low, leaf.high);
    case LeafType::port: return is_number_between(text, 123, 123) || is_number_between(text, 1025, 65535);
    case LeafType::ipv4_address:
    case LeafType::ipv4_group:
    case LeafType::ipv4_source: return is_dotted_quad(text);
    case LeafType::ipv6_address:
    case LeafType::ipv6_group:
    case LeafType::ipv6_source: return is_ipv6(text);
    case LeafType::ipv6_prefix: return is_ipv6_prefix(text);
    case LeafType::refclock_address: return is_refclock(text);
    case LeafType::interface_name:
    case LeafType::name: return is_text(leaf, text, false) && !leaf.has_choice(lower_case(text));
    case LeafType::acl_name: return is_text(leaf, text, false) && is_acl_name(text);
    case LeafType::vpn_name: return is_text(leaf, text, true) && text != "_public_";
    case LeafType::password: return is_text(leaf, text, true);
    case LeafType::label: return is_text(leaf, text, true) && text != "-" && !is_digit(text.front());
    case LeafType::rest_of_line: return text.size() >= leaf.low && text.size() <= leaf.high;
    case LeafType::hex_digits:
      return text.size() >= leaf.low && text.size() <= leaf.high && std::ranges::all_of(text, is_hex_digit);
  }
  return false;
}

bool is_free_text(LeafType type) {
  return type == LeafType::interface_name || type == LeafType::name || type == LeafType::vpn_name ||
         type == LeafType::password || type == LeafType::label || type == LeafType::rest_of_line;
}

std::string placeholder(const LeafInfo& leaf) {
  switch (leaf.type) {
    case LeafType::flag:
    case LeafType::choice: return std::string(leaf.name);
    case LeafType::number: return fmt::format("INTEGER<{}-{}>", leaf.low, leaf.high);
    case LeafType::port: return "INTEGER<123,1025-65535>";
    case LeafType::ipv4_address: return "X.X.X.X<unicast>";
    case LeafType::ipv6_address: return "X:X::X:X<unicast>";
    case LeafType::ipv4_group: return "X.X.X.X<multicast>";
    case LeafType::ipv6_group: return "X:X::X:X<multicast>";
    case LeafType::ipv4_source: return "X.X.X.X";
    case LeafType::ipv6_source: return "X:X::X:X";
    case LeafType::ipv6_prefix: return "X:X::X:X/M";
    case LeafType::refclock_address: return "X.X.X.X<127.127.1.0-127.127.1.3>";
    case LeafType::rest_of_line: return fmt::format("TEXT<{}-{}>", leaf.low, leaf.high);
    case LeafType::hex_digits: return fmt::format("HEX<{}-{}>", leaf.low, leaf.high);
    default: return fmt::format("STRING<{}-{}>", leaf.low, leaf.high);
  }
}

}  // namespace noonmark::config
