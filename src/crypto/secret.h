#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

namespace noonmark::crypto {

/// Overwrites memory in a way that the compiler keeps.
void wipe(std::span<std::uint8_t> memory);

/// Equal length and content, in time that depends on the lengths only.
bool constant_time_equal(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b);

/// Octets that are overwritten when they go and whose pages stay out of core dumps. There is no way to print
/// one.
///
/// They never change, so copies share them: a copy costs no memory, and the last one to go wipes. They lie in
/// whole pages of their own (madvise acts on pages), outside the heap: one page for a password. Copies may be
/// used by several threads at once, one object may not.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::span<const std::uint8_t> octets);
  explicit Secret(std::string_view text);
  /// A secret of `size` octets that `fill` writes in place (they are zero before), so that they lie nowhere
  /// else first.
  static Secret make(std::size_t size, const std::function<void(std::span<std::uint8_t>)>& fill);

  /// Valid as long as this secret or a copy of it.
  std::span<const std::uint8_t> octets() const;
  std::size_t size() const { return octets().size(); }
  bool operator==(const Secret& other) const { return constant_time_equal(octets(), other.octets()); }

 private:
  class Region;
  std::shared_ptr<const Region> region_;  // none: no octets
};

}  // namespace noonmark::crypto
