#include "cli/event_text.h"

#include <fmt/format.h>

#include "cli/display_format.h"
#include "cli/display_quality.h"
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

EventText text_of(const core::DynamicSessionChanged& event) {
  return {LogLevel::info,
          fmt::format("NTP/6/NTP_DYNAMIC_SESSION: {} (SourceAddress = {}, VpnInstance = {}, Mode = {}, "
                      "Interface = {})",
                      event.mobilized ? "A packet mobilized a session."
                                      : "A session that a packet mobilized was given up: nothing is heard.",
                      event.server.address.to_string(), vpn_text(event.server.vpn),
                      mode_text(event.server.mode), event.interface.empty() ? "-" : event.interface)};
}

EventText text_of(const core::HoldoverChanged& event) {
  if (event.begins)
    return {LogLevel::warning,
            fmt::format("NTP/4/NTP_HOLDOVER: No server is left; the clock runs on with what was learned. "
                        "(ErrorBound = {} s)",
                        fixed(event.error_bound, 6))};
  return {
      LogLevel::error,
      fmt::format("NTP/2/NTP_HOLDOVER: Holdover has ended without a server: the error bound is too large. "
                  "(ErrorBound = {} s)",
                  fixed(event.error_bound, 6))};
}

EventText text_of(const core::HoldChanged& event) {
  if (!event.hold) return {LogLevel::notice, "NTP/4/NTP_HOLD: The clock is no longer held back."};
  return {LogLevel::error,
          fmt::format("NTP/2/NTP_HOLD: The clock is held back: {}; {}. (Reason = {}, Offset = {} s)",
                      hold_text(*event.hold), hold_advice(*event.hold), core::code(event.hold->reason),
                      fixed(event.hold->offset, 6))};
}

EventText text_of(const core::BudgetCrossed& event) {
  return {event.exceeded ? LogLevel::error : LogLevel::notice,
          fmt::format(
              "NTP/{}/NTP_ERROR_BUDGET: The error bound of the clock is {} the error budget. (ErrorBound = "
              "{} s, ErrorBudget = {} s)",
              event.exceeded ? 2 : 4, event.exceeded ? "beyond" : "within", fixed(event.error_bound, 6),
              fixed(event.limit, 3))};
}

EventText text_of(const core::ClockDisturbed& event) {
  if (event.how == core::ClockDisturbed::How::stepped)
    return {LogLevel::warning,
            fmt::format("NTP/4/NTP_CLOCK_DISTURBED: Another program set the clock. (Offset = {} s)",
                        fixed(event.by.seconds(), 6))};
  return {LogLevel::notice,
          fmt::format("NTP/5/NTP_CLOCK_DISTURBED: The machine was suspended. (Duration = {} s)",
                      fixed(event.by.seconds(), 3))};
}

EventText text_of(const core::LeapChanged& event) {
  if (event.leap != wire::Leap::insert && event.leap != wire::Leap::remove)
    return {LogLevel::notice, "NTP/4/NTP_LEAP: No leap second is announced any more."};
  return {LogLevel::notice,
          fmt::format("NTP/4/NTP_LEAP: A leap second will be {} before {} UTC.",
                      event.leap == wire::Leap::insert ? "inserted" : "left out", short_time(event.at))};
}

EventText text_of(const core::LeapTableExpires& event) {
  return {LogLevel::warning,
          fmt::format(
              "NTP/4/NTP_LEAP_TABLE: The leap second table of this machine {}; update tzdata. (Expires = {} "
              "UTC)",
              event.expired ? "has expired" : "expires soon", short_time(event.at))};
}

}  // namespace

EventText event_text(const core::Event& event) {
  return std::visit([](const auto& e) { return text_of(e); }, event);
}

}  // namespace noonmark::cli
