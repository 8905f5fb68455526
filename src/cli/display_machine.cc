#include "cli/display_machine.h"

#include <array>
#include <chrono>
#include <fmt/format.h>
#include <set>
#include <string>
#include <vector>

namespace noonmark::cli {
namespace {

using core::Vpn;

std::vector<std::string> addresses_of(const core::Interface& interface) {
  std::vector<std::string> addresses;
  for (const auto& a : interface.addresses)
    addresses.push_back(fmt::format("{}/{}", a.address.to_string(), a.prefix_length));
  return addresses;
}

std::string_view kind_text(Vpn::Kind kind) {
  return kind == Vpn::Kind::vrf ? "VRF" : kind == Vpn::Kind::network_namespace ? "namespace" : "public";
}

std::set<std::string> vpns_in_use(const core::NtpConfig& config) {
  std::set<std::string> names;
  for (const auto& server : config.servers) names.insert(server.key.vpn);
  for (const auto& source : config.source_interfaces) names.insert(source.vpn);
  for (const auto& family : config.families)
    for (const auto& listen : family.listen_addresses) names.insert(listen.vpn);
  names.erase("");
  return names;
}

struct VpnRow {
  std::string name;
  std::string_view kind;  // "missing" if it does not exist
  bool used = false;
};

std::vector<VpnRow> vpn_rows(const core::NetworkView& network, const core::NtpConfig& config) {
  auto used = vpns_in_use(config);
  std::vector<VpnRow> rows;
  for (const auto& vpn : network.vpns)
    if (vpn.kind != Vpn::Kind::public_instance)
      rows.push_back({vpn.name, kind_text(vpn.kind), used.erase(vpn.name) != 0});
  for (const auto& name : used) rows.push_back({name, "missing", true});
  return rows;
}

}  // namespace

DisplayOutput render_interfaces(const core::NetworkView& network) {
  std::vector<std::vector<std::string>> rows{{"Interface", "Alias", "State", "VPN instance", "IP address"}};
  auto json = nlohmann::json::array();
  for (const auto& interface : network.interfaces) {
    const auto addresses = addresses_of(interface);
    const auto vpn = vpn_name(network, interface.vpn);
    rows.push_back({interface.name, or_dash(interface.alias), interface.up ? "up" : "down", or_dash(vpn),
                    or_dash(fmt::format("{}", fmt::join(addresses, ", ")))});
    json.push_back({{"name", interface.name},
                    {"alias", interface.alias},
                    {"alternative_names", interface.alternative_names},
                    {"up", interface.up},
                    {"vpn_instance", vpn},
                    {"addresses", addresses}});
  }
  return {table(rows), {{"schema", kJsonSchema}, {"interfaces", json}}};
}

DisplayOutput render_vpn_instances(const core::NetworkView& network, const core::NtpConfig& config) {
  const auto vpns = vpn_rows(network, config);
  std::vector<std::vector<std::string>> rows{{"VPN-Instance Name", "Kind", "Used by NTP"}};
  auto json = nlohmann::json::array();
  for (const auto& vpn : vpns) {
    rows.push_back({vpn.name, std::string(vpn.kind), vpn.used ? "yes" : "no"});
    json.push_back(
        {{"name", vpn.name}, {"kind", vpn.kind}, {"exists", vpn.kind != "missing"}, {"used", vpn.used}});
  }
  return {fmt::format(" Total VPN-Instances configured : {}\n\n{}", vpns.size(), table(rows)),
          {{"schema", kJsonSchema}, {"vpn_instances", json}}};
}

DisplayOutput render_clock(core::Timestamp served, std::int64_t build_date) {
  static constexpr std::array kWeekdays{"Sunday",   "Monday", "Tuesday", "Wednesday",
                                        "Thursday", "Friday", "Saturday"};
  using namespace std::chrono;
  const sys_seconds since_1970{seconds{served.unix_seconds_near(build_date)}};
  const auto* day = kWeekdays[weekday{floor<days>(since_1970)}.c_encoding()];
  return {fmt::format("{}+00:00\n{}\nTime Zone(UTC) : UTC+00:00\n", short_time(served, build_date), day),
          {{"schema", kJsonSchema},
           {"time", json_time(served, build_date)},
           {"weekday", day},
           {"time_zone", "UTC"},
           {"utc_offset_s", 0}}};
}

DisplayOutput render_version(std::string_view version) {
  return {fmt::format("Noonmark Version {}\nNTP daemon for Linux with a VRP command line\n", version),
          {{"schema", kJsonSchema}, {"name", "Noonmark"}, {"version", version}}};
}

}  // namespace noonmark::cli
