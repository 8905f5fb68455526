#include "cli/display_event.h"

#include <fmt/format.h>
#include <ranges>

namespace noonmark::cli {
namespace {

std::string session_type(const core::UnsyncEvent& event) {
  if (!event.mode) return "local clock, configured";
  const std::string mode = *event.mode == core::AssociationMode::broadcast_client
                               ? fmt::format("bdcast client (Interface: {})", event.interface)
                               : std::string(mode_text(*event.mode));
  return fmt::format("{}, {}", mode, core::is_dynamic(*event.mode) ? "dynamic" : "configured");
}

}  // namespace

DisplayOutput render_unsync_events(const std::deque<core::UnsyncEvent>& events, std::int64_t build_date) {
  DisplayOutput output{"", {{"schema", kJsonSchema}, {"events", nlohmann::json::array()}}};
  int number = 0;
  for (const auto& event : events | std::views::reverse) {
    output.text += fmt::format(
        "{:>2}. Clock source   :  {}\n    Session type   :  {}\n    Unsync reason  :  {}\n"
        "    Unsync time    :  {}+00:00\n",
        ++number, source_name(event.source, event.vpn), session_type(event), core::to_string(event.reason),
        short_time(event.when, build_date));
    output.json["events"].push_back({{"source", event.source},
                                     {"vpn_instance", event.vpn},
                                     {"session_type", session_type(event)},
                                     {"reason", core::to_string(event.reason)},
                                     {"time", json_time(event.when, build_date)}});
  }
  if (events.empty()) output.text = "Info: The clock has not lost its synchronization since the start.\n";
  return output;
}

}  // namespace noonmark::cli
