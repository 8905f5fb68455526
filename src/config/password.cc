#include "config/password.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

namespace noonmark::config {
namespace {

constexpr std::size_t kMinCharacters = 12;
constexpr std::size_t kMinHexOctets = 16;

bool is_lower(std::uint8_t c) { return c >= 'a' && c <= 'z'; }
bool is_upper(std::uint8_t c) { return c >= 'A' && c <= 'Z'; }
bool is_digit(std::uint8_t c) { return c >= '0' && c <= '9'; }
bool is_special(std::uint8_t c) { return !is_lower(c) && !is_upper(c) && !is_digit(c); }

std::size_t exact_length(crypto::MacAlgorithm algorithm) {
  switch (algorithm) {
    case crypto::MacAlgorithm::aes_128_cmac: return 16;
    case crypto::MacAlgorithm::aes_256_cmac: return 32;
    default: return 0;
  }
}

}  // namespace

base::Result<crypto::Secret> secret_from_hex(std::string_view digits) {
  if (digits.size() % 2 != 0)
    return base::fail(
        fmt::format("A hex key has two digits for each octet; {} is an odd number.", digits.size()));
  std::vector<std::uint8_t> octets(digits.size() / 2);
  for (std::size_t i = 0; i < octets.size(); ++i) {
    const auto* first = digits.data() + 2 * i;
    const auto [end, error] = std::from_chars(first, first + 2, octets[i], 16);
    if (error != std::errc{} || end != first + 2)
      return base::fail("A hex key consists of the digits 0-9 and a-f.");
  }
  crypto::Secret secret{std::span<const std::uint8_t>(octets)};
  crypto::wipe(octets);
  return secret;
}

base::Result<void> check_length(crypto::MacAlgorithm algorithm, const Password& password) {
  const auto length = password.secret.size();
  const auto exact = exact_length(algorithm);
  if (exact == 0 || length == exact) return {};
  return base::fail(
      fmt::format("{} takes a key of exactly {} characters, or hex with {} digits; this one has {}.",
                  crypto::to_string(algorithm), exact, 2 * exact,
                  password.hex ? fmt::format("{} digits", 2 * length) : std::to_string(length)));
}

base::Result<void> check_complexity(const Password& password) {
  const auto octets = password.secret.octets();
  if (password.hex) {
    if (octets.size() >= kMinHexOctets) return {};
    return base::fail(fmt::format(
        "The password complexity check is enabled: a hex key needs at least {} digits.", 2 * kMinHexOctets));
  }
  const bool all_classes = std::ranges::any_of(octets, is_lower) && std::ranges::any_of(octets, is_upper) &&
                           std::ranges::any_of(octets, is_digit) && std::ranges::any_of(octets, is_special);
  if (octets.size() >= kMinCharacters && all_classes) return {};
  return base::fail(fmt::format(
      "The password complexity check is enabled: a password needs at least {} characters, among them "
      "lower case letters, upper case letters, digits and special characters.",
      kMinCharacters));
}

}  // namespace noonmark::config
