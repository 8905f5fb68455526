#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/config.h"

namespace noonmark::core {

/// The level of decide_access() without its reasons, by a search in each mask of a list instead of one rule
/// after the other: sources that are seen once, as in a flood, must not each cost a long list.
class AccessTable {
 public:
  explicit AccessTable(const AccessConfig& access);

  /// No list is configured at all: everyone is a peer.
  bool is_open() const { return open_; }
  /// None: denied.
  std::optional<AccessLevel> level_of(const IpAddress& source, std::string_view vpn) const;

 private:
  using Bits = std::array<std::uint64_t, 2>;  // of an address
  struct Rule {
    Bits source;            // the bits that count
    std::size_t place = 0;  // in the list
    bool permit = false;
    auto operator<=>(const Rule&) const = default;
  };
  /// The rules of a list that have one mask and one VPN instance, by source; of equal ones the first.
  struct Group {
    Bits mask;
    std::optional<std::string> vpn;
    std::vector<Rule> rules;
    const Rule* find(const Bits& source) const;
  };
  using List = std::vector<Group>;

  static List make_list(const AccessList& list, Family family);
  static bool permits(const List& list, const Bits& source, std::string_view vpn);

  bool open_ = true;
  std::array<std::array<std::optional<List>, 2>, kAccessLevels> lists_;  // by level and Family
};

}  // namespace noonmark::core
