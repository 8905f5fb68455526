#include "cli/display_statistics.h"

#include <array>
#include <fmt/format.h>
#include <ranges>

#include "base/net_address.h"
#include "core/reason.h"

namespace noonmark::cli {
namespace {

using core::DropClass;
using core::PacketStatistics;

struct DropRow {
  std::string_view title;
  std::string_view json_name;
  DropClass row;
};
/// The rows under "Validity test failures", which has a sub-count of its own.
constexpr std::array<DropRow, 9> kDropRows{{
    {"Invalid packets", "invalid", DropClass::invalid},
    {"Access denied", "access_denied", DropClass::access},
    {"Rate-limited", "rate_limited", DropClass::rate},
    {"Processing delay", "processing_delay", DropClass::delay},
    {"Interface disabled", "interface_disabled", DropClass::interface},
    {"Max dynamic association reached", "max_dynamic_association_reached", DropClass::dynamic},
    {"Server disabled", "server_disabled", DropClass::server},
    {"Offset limit", "offset_limit", DropClass::offset_limit},
    {"Others", "others", DropClass::other},
}};
static_assert(kDropRows.size() + 2 == static_cast<std::size_t>(DropClass::kCount),
              "every class of drops has its row");

std::uint64_t validity_failures(const PacketStatistics& s) {
  return s.dropped(DropClass::validity) + s.dropped(DropClass::authentication);
}

std::string row(int indent, std::string_view title, std::uint64_t value) {
  return fmt::format(" {:38}:          {}\n", fmt::format("{:{}}{}", "", indent, title), value);
}

std::string drop_line(const core::DropRecord& drop, const core::NetworkView& network,
                      std::int64_t build_date) {
  const auto* vpn = network.find_vpn(drop.vpn);
  const auto place =
      vpn == nullptr || vpn->name.empty() ? std::string{} : fmt::format(" (VPN {})", vpn->name);
  return fmt::format("  [{}] {} from {}{}\n", short_time(drop.when, build_date), core::code(drop.reason),
                     base::to_string(drop.from), place);
}

std::string last_drops_text(const PacketStatistics& s, const core::NetworkView& network,
                            std::int64_t build_date) {
  if (s.last_drops.empty()) return {};
  std::string text = fmt::format("Last {} packets drop reasons:\n", s.last_drops.size());
  for (const auto& drop : s.last_drops | std::views::reverse) text += drop_line(drop, network, build_date);
  return text;
}

nlohmann::json last_drops_json(const PacketStatistics& s, const core::NetworkView& network,
                               std::int64_t build_date) {
  auto json = nlohmann::json::array();
  for (const auto& drop : s.last_drops | std::views::reverse) {
    const auto* vpn = network.find_vpn(drop.vpn);
    json.push_back({{"time", json_time(drop.when, build_date)},
                    {"code", core::code(drop.reason)},
                    {"source", drop.from.address.to_string()},
                    {"port", drop.from.port},
                    {"vpn_instance", vpn == nullptr ? "" : vpn->name}});
  }
  return json;
}

nlohmann::json drops_json(const PacketStatistics& s) {
  nlohmann::json json{{"validity_test_failures", validity_failures(s)},
                      {"authentication_failures", s.dropped(DropClass::authentication)}};
  for (const auto& r : kDropRows) json[std::string(r.json_name)] = s.dropped(r.row);
  return json;
}

nlohmann::json reasons_json(const PacketStatistics& s) {
  auto json = nlohmann::json::object();
  for (std::size_t i = 0; i < s.drops.size(); ++i)
    if (s.drops[i] != 0) json[std::string(core::code(static_cast<core::DropReason>(i)))] = s.drops[i];
  return json;
}

}  // namespace

DisplayOutput render_statistics(const PacketStatistics& s, core::Family family,
                                const core::NetworkView& network, std::int64_t build_date) {
  std::string text =
      fmt::format(" NTP {} Packet Statistical Information\n {:-<50}\n", base::to_string(family), "");
  text += row(0, "Sent", s.sent) + row(3, "Send failures", s.send_failures) + row(0, "Received", s.received) +
          row(3, "Processed", s.processed) + row(3, "Dropped", s.dropped()) +
          row(6, "Validity test failures", validity_failures(s)) +
          row(9, "Authentication failures", s.dropped(DropClass::authentication));
  for (const auto& r : kDropRows) text += row(6, r.title, s.dropped(r.row));
  text += last_drops_text(s, network, build_date);
  nlohmann::json json{{"schema", kJsonSchema},
                      {"family", base::to_string(family)},
                      {"sent", s.sent},
                      {"send_failures", s.send_failures},
                      {"received", s.received},
                      {"processed", s.processed},
                      {"dropped", s.dropped()},
                      {"drops", drops_json(s)},
                      {"drop_reasons", reasons_json(s)},
                      {"last_drops", last_drops_json(s, network, build_date)}};
  return {text, json};
}

}  // namespace noonmark::cli
