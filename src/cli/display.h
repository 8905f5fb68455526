#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/result.h"
#include "core/clock_driver.h"
#include "core/engine.h"
#include "core/network_view.h"

namespace noonmark::config {
class Datastore;
}

namespace noonmark::cli {

class LogRelay;

/// Questions to servers that steer nothing: core::Engine's probes.
struct Probes {
  /// `news` is called from the loop, not from within, after each outcome and at the end.
  std::function<base::Result<core::ProbeId>(const core::ProbeRequest&, std::function<void()> news)> start;
  std::function<std::optional<core::ProbeState>(core::ProbeId)> state;
  std::function<void(core::ProbeId)> cancel;
};

/// What the server remembers of those who ask it, in the tables of all its threads.
struct ServedClients {
  std::function<std::vector<core::ClientSummary>(const core::ClientQuery&)> list;
  /// In every VPN instance.
  std::function<std::vector<core::ClientSummary>(const core::IpAddress&)> find;
  std::function<core::ClientTotals()> totals;
  std::function<void()> forget;
};

/// What sessions and displays work on; all of it belongs to the daemon and outlives them. One thread.
struct Services {
  config::Datastore& datastore;
  const core::Engine& engine;
  core::ClockDriver& clock;
  const core::NetworkView& network;      // as of now; `vpns` names every VPN instance of the machine
  std::string host_name;                 // the prompt's, until `sysname`
  std::string version;                   // "0.1.0"
  std::function<void()> reset_sessions;  // `reset ntp-service session`
  std::function<void()> release_hold{};  // `reset ntp-service hold`
  /// Counters of the engine and of all threads that answer requests: of a family, and of an interface (none:
  /// no packet was seen there).
  std::function<core::PacketStatistics(core::Family)> statistics{};
  std::function<std::optional<core::PacketStatistics>(const core::Interface&, core::Family)>
      interface_statistics{};
  std::function<void(const core::StatisticsScope&)> reset_statistics{};
  ServedClients clients{};
  Probes probes{};
  LogRelay* log = nullptr;                  // where `terminal monitor` listens
  std::int64_t build_date = 1'767'225'600;  // s since 1970: displayed times are of the era nearest to it
};

/// The words that a command line was matched with: keywords in full spelling, parameters by their name in the
/// grammar.
class Arguments {
 public:
  void add_keyword(std::string_view keyword) { values_.emplace(keyword, ""); }
  void add_value(std::string_view parameter, std::string value) {
    values_[std::string(parameter)] = std::move(value);
  }

  /// Whether the keyword ("ipv6") or the parameter ("<vpn-name>") was given.
  bool has(std::string_view name) const { return values_.find(name) != values_.end(); }
  /// The value of a parameter named as in the grammar ("<vpn-name>"); none if it was not given.
  std::optional<std::string> value(std::string_view parameter) const {
    const auto it = values_.find(parameter);
    return it == values_.end() ? std::nullopt : std::optional(it->second);
  }

 private:
  std::map<std::string, std::string, std::less<>> values_;
};

/// `text` is what an operator reads: whole lines, the last one with its newline; empty when there is nothing
/// to show. `json` holds the same values for programs, with units in the names.
struct DisplayOutput {
  std::string text;
  nlohmann::json json;
  bool refused = false;  // what it shows is a failure: in a script the line counts as refused
};

/// A pure function of the daemon's state. An error's message is shown behind "Error: ".
using DisplayFunction = base::Result<DisplayOutput> (*)(const Services&, const Arguments&);

/// A row of the table of displays. `grammar` is in the vendor's notation, of keywords in lower case,
/// parameters in angle brackets (types: parameter.h), `[ ... ]` optional, `{ a | b }` one of, `[ a | b ] *`
/// any subset in any order.
struct DisplayCommand {
  std::string_view grammar;  // "display ntp-service statistics packet [ ipv6 ]"
  std::string_view help;     // what it shows, a phrase without a full stop
  DisplayFunction run;
};

/// Every display that is a function of Services (display_table.cc). Those of the configuration are the
/// session's.
std::span<const DisplayCommand> display_commands();

}  // namespace noonmark::cli
