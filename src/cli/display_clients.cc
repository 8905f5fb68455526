#include "cli/display_clients.h"

#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/server_filter.h"
#include "config/leaf_text.h"

namespace noonmark::cli {
namespace {

using core::ClientSummary;
using core::ClientTotals;

std::string access_text(const ClientSummary& client) {
  return client.access ? config::to_text(*client.access) : std::string("denied");
}

std::int64_t seconds_since(core::Timestamp then, core::Timestamp now) {
  return std::max(std::int64_t{0}, std::int64_t{std::llround((now - then).seconds())});
}

std::vector<std::string> row_of(const ClientSummary& x, const core::NetworkView& network,
                                core::Timestamp now) {
  return {x.address.to_string(),
          or_dash(vpn_name(network, x.vpn)),
          std::to_string(x.requests),
          std::to_string(x.drops),
          x.last_drop ? std::string(core::code(*x.last_drop)) : "-",
          fmt::format("{} s", seconds_since(x.last_seen, now)),
          x.requests > 1 ? fixed(x.average_interval, 1) + " s" : "-",
          std::to_string(x.version),
          x.key_id != 0 ? std::to_string(x.key_id) : "-",
          access_text(x),
          x.interleaves ? "interleaved" : "basic"};
}

nlohmann::json json_of(const ClientSummary& x, const core::NetworkView& network, core::Timestamp now,
                       std::int64_t build_date) {
  const auto or_null = [](bool known, auto value) {
    return known ? nlohmann::json(value) : nlohmann::json();
  };
  return {{"source", x.address.to_string()},
          {"vpn_instance", vpn_name(network, x.vpn)},
          {"requests", x.requests},
          {"drops", x.drops},
          {"last_drop", x.last_drop ? nlohmann::json(core::code(*x.last_drop)) : nlohmann::json()},
          {"last_time", json_time(x.last_seen, build_date)},
          {"since_last_request_s", seconds_since(x.last_seen, now)},
          {"average_interval_s", or_null(x.requests > 1, x.average_interval)},
          {"version", x.version},
          {"key_id", or_null(x.key_id != 0, x.key_id)},
          {"access", x.access ? nlohmann::json(access_text(x)) : nlohmann::json()},
          {"interleaved", x.interleaves}};
}

/// In the order of their table.
using Counts = std::vector<std::pair<std::string, std::uint64_t>>;

Counts by_version(const ClientTotals& totals) {
  Counts counts;
  for (std::size_t v = 1; v < totals.by_version.size(); ++v)
    counts.emplace_back(std::to_string(v), totals.by_version[v]);
  return counts;
}

Counts by_key(const ClientTotals& totals) {
  Counts counts;
  for (const auto& key : totals.by_key) counts.emplace_back(std::to_string(key.key_id), key.requests);
  return counts;
}

Counts drops_by_reason(const ClientTotals& totals) {
  Counts counts;
  for (std::size_t i = 0; i < totals.drops.size(); ++i)
    if (totals.drops[i] != 0)
      counts.emplace_back(core::code(static_cast<core::DropReason>(i)), totals.drops[i]);
  return counts;
}

/// "3: 10, 4: 12": what is not zero.
std::string text_of(const Counts& counts) {
  std::vector<std::string> texts;
  for (const auto& [name, count] : counts)
    if (count != 0) texts.push_back(fmt::format("{}: {}", name, count));
  return texts.empty() ? "none" : fmt::format("{}", fmt::join(texts, ", "));
}

nlohmann::json json_of(const Counts& counts) {
  auto json = nlohmann::json::object();
  for (const auto& [name, count] : counts) json[name] = count;
  return json;
}

base::Result<DisplayOutput> display_client(const Services& services, const ServerFilter& filter) {
  auto found = services.clients.find(*filter.address);
  std::erase_if(found, [&](const ClientSummary& x) {
    return filter.vpn && vpn_name(services.network, x.vpn) != *filter.vpn;
  });
  auto output = render_clients(found, services.network, services.clock.now().served, services.build_date);
  if (found.empty())
    output.text = fmt::format("Info: The server remembers no client {}{}.\n", filter.address->to_string(),
                              filter.vpn ? " in " + place_text(*filter.vpn) : "");
  return output;
}

}  // namespace

DisplayOutput render_clients(std::span<const ClientSummary> clients, const core::NetworkView& network,
                             core::Timestamp now, std::int64_t build_date) {
  DisplayOutput output{"", {{"schema", kJsonSchema}, {"clients", nlohmann::json::array()}}};
  std::vector<std::vector<std::string>> rows{{"Client", "VPN instance", "Requests", "Drops", "Last drop",
                                              "Last seen", "Interval", "Version", "Key", "Access", "Mode"}};
  for (const auto& client : clients) {
    rows.push_back(row_of(client, network, now));
    output.json["clients"].push_back(json_of(client, network, now, build_date));
  }
  output.text = clients.empty() ? "Info: No client is remembered.\n" : table(rows);
  return output;
}

void add_totals(DisplayOutput& output, const ClientTotals& totals) {
  const Counts versions = by_version(totals), keys = by_key(totals), drops = drops_by_reason(totals);
  output.text += fmt::format(
      "\n clients remembered: {} of at most {}, {} replaced by others\n requests by version: {}\n"
      " requests by key: {}\n drops: {}\n kiss codes sent: {}\n",
      totals.records, totals.capacity, totals.replaced, text_of(versions), text_of(keys), text_of(drops),
      totals.kisses);
  output.json["totals"] = {{"records", totals.records},
                           {"capacity", totals.capacity},
                           {"replaced", totals.replaced},
                           {"kisses", totals.kisses},
                           {"requests_by_version", json_of(versions)},
                           {"requests_by_key", json_of(keys)},
                           {"drops", json_of(drops)}};
}

base::Result<DisplayOutput> display_clients(const Services& services, const Arguments& arguments) {
  const ServerFilter filter(arguments);
  if (filter.address) return display_client(services, filter);
  core::ClientQuery query{.count = kShownClients, .too_often = arguments.has("too-often")};
  if (const auto count = arguments.value("<clients>")) query.count = std::stoul(*count);
  auto output = render_clients(services.clients.list(query), services.network, services.clock.now().served,
                               services.build_date);
  add_totals(output, services.clients.totals());
  return output;
}

}  // namespace noonmark::cli
