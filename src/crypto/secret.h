#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace noonmark::crypto {

/// Overwrites memory in a way that the compiler keeps.
void wipe(std::span<std::uint8_t> memory);

/// Equal length and content, in time that depends on the lengths only.
bool constant_time_equal(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b);

/// Octets that are overwritten when they go and whose pages stay out of core dumps. There is no way to print one.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::span<const std::uint8_t> octets);
  explicit Secret(std::string_view text);
  Secret(const Secret& other);
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret other) noexcept;
  ~Secret();

  std::span<const std::uint8_t> octets() const { return octets_; }
  std::size_t size() const { return octets_.size(); }
  bool operator==(const Secret& other) const { return constant_time_equal(octets_, other.octets_); }

 private:
  std::vector<std::uint8_t> octets_;
};

}  // namespace noonmark::crypto
