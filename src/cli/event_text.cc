#include "cli/event_text.h"

#include <fmt/format.h>

#include "cli/display_format.h"
#include "core/reason.h"

namespace noonmark::cli {
namespace {

using base::LogLevel;

std::string_view vpn_text(const std::string& vpn) { return vpn.empty() ? "_public_" : std::string_view(vpn); }

/// VRP logs the loss with its reason; it notifies of a new source by a trap, whose line is used here.
EventText text_of(const core::SynchronizationChanged& event) {
  if (event.synchronized)
    return {
        LogLevel::notice,
        fmt::format(
            "NTP/2/NTP_TRAP_SYNCHRONIZE_STATUS: NTP synchronization state changed. (hwNtpState=synchronized, "
            "hwNtpSource={}, hwNtpSourceVpnName={})",
            event.source, vpn_text(event.vpn))};
  return {LogLevel::warning,
          fmt::format("NTP/2/NTP_SYNCHRONIZE_STATUS: NTP state changed from synchronized to unsynchronized. "
                      "(SynchronizationSourceAddress = {}, VpnInstance = {}, Reason = {})",
                      event.source, vpn_text(event.vpn), core::to_string(event.reason))};
}

EventText text_of(const core::ClockStepped& event) {
  return {LogLevel::notice, fmt::format("NTP/4/NTP_CLOCK_STEPPED: The clock was stepped. (Offset = {} s)",
                                        fixed(event.by.seconds(), 6))};
}

EventText text_of(const core::SessionChanged& event) {
  return {
      LogLevel::info,
      fmt::format(
          "NTP/6/NTP_SESSION_STATUS: The state of a session changed. (SourceAddress = {}, VpnInstance = {}, "
          "From = {}, To = {})",
          event.source, vpn_text(event.vpn), core::code(event.from), core::code(event.to))};
}

}  // namespace

EventText event_text(const core::Event& event) {
  return std::visit([](const auto& e) { return text_of(e); }, event);
}

}  // namespace noonmark::cli
