#include "sim/scenario.h"

#include <algorithm>
#include <array>

#include "base/check.h"

namespace noonmark::sim {
namespace {

constexpr std::uint32_t kFirstServer = 0xC0000201;  // 192.0.2.1
constexpr std::uint32_t kFirstClient = 0x0A000001;  // 10.0.0.1
constexpr std::uint32_t kGroupSize = 1 << 17;       // addresses set aside for a group of clients

/// The address `by` behind this one.
IpAddress advanced(const IpAddress& address, std::uint32_t by) {
  if (address.is_v4()) return IpAddress::v4(address.v4_value() + by);
  std::array<std::uint8_t, 16> octets{};
  std::ranges::copy(address.bytes(), octets.begin());
  for (std::size_t i = 16; i-- > 8 && by > 0; by >>= 8) {
    by += octets[i];
    octets[i] = static_cast<std::uint8_t>(by);
  }
  return IpAddress::v6(octets);
}

template <class Groups>
std::size_t members(const Groups& groups) {
  std::size_t count = 0;
  for (const auto& group : groups) count += group.count;
  return count;
}

}  // namespace

const OscillatorConfig& oscillator_of(const Scenario& scenario, const ClientConfig& client) {
  static const OscillatorConfig perfect;
  const auto found = std::ranges::find(scenario.oscillators, client.oscillator, &OscillatorConfig::name);
  return found == scenario.oscillators.end() ? perfect : *found;
}

const PathConfig& path_of(const Scenario& scenario, const ClientConfig& client, std::string_view group) {
  auto use = std::ranges::find(client.paths, group, &PathUse::group);
  if (use == client.paths.end()) use = std::ranges::find(client.paths, "", &PathUse::group);
  CHECK(use != client.paths.end());
  const auto path = std::ranges::find(scenario.paths, use->path, &PathConfig::name);
  CHECK(path != scenario.paths.end());
  return *path;
}

std::size_t client_count(const Scenario& scenario) { return members(scenario.clients); }
std::size_t server_count(const Scenario& scenario) { return members(scenario.servers); }

IpAddress member_address(const Scenario& scenario, std::uint32_t group, std::uint32_t member) {
  const auto servers = static_cast<std::uint32_t>(scenario.servers.size());
  if (group >= servers) {
    const auto& client = scenario.clients[group - servers];
    return advanced(client.address.value_or(IpAddress::v4(kFirstClient + (group - servers) * kGroupSize)),
                    member);
  }
  std::uint32_t before = 0;  // servers without an address of their own have them in a row
  for (std::uint32_t g = 0; g < group; ++g)
    if (!scenario.servers[g].address) before += scenario.servers[g].count;
  return advanced(scenario.servers[group].address.value_or(IpAddress::v4(kFirstServer + before)), member);
}

}  // namespace noonmark::sim
