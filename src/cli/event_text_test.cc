#include "cli/event_text.h"

#include <gtest/gtest.h>

namespace noonmark::cli {
namespace {

TEST(EventText, LosingTheSourceNamesItAndVrpsReason) {
  const auto text = event_text(
      core::SynchronizationChanged{false, "192.0.2.10", "MGMT", core::UnsyncReason::peer_reachability_lost});
  EXPECT_EQ(text.level, base::LogLevel::warning);
  EXPECT_EQ(
      text.line,
      "NTP/2/NTP_SYNCHRONIZE_STATUS: NTP state changed from synchronized to unsynchronized. "
      "(SynchronizationSourceAddress = 192.0.2.10, VpnInstance = MGMT, Reason = Peer reachability lost)");
}

TEST(EventText, ANewSourceIsNamed) {
  EXPECT_EQ(event_text(core::SynchronizationChanged{true, "LOCAL(0)", "", {}}).line,
            "NTP/2/NTP_TRAP_SYNCHRONIZE_STATUS: NTP synchronization state changed. (hwNtpState=synchronized, "
            "hwNtpSource=LOCAL(0), hwNtpSourceVpnName=_public_)");
}

TEST(EventText, AStepIsGivenInSeconds) {
  EXPECT_EQ(event_text(core::ClockStepped{core::Duration::from_seconds(-1.5)}).line,
            "NTP/4/NTP_CLOCK_STEPPED: The clock was stepped. (Offset = -1.500000 s)");
}

TEST(EventText, ASessionsVerdictsAreItsCodes) {
  EXPECT_EQ(event_text(core::SessionChanged{"192.0.2.10", "", core::Reason::waiting_for_reply,
                                            core::Reason::no_reply})
                .line,
            "NTP/6/NTP_SESSION_STATUS: The state of a session changed. (SourceAddress = 192.0.2.10, "
            "VpnInstance = _public_, "
            "From = waiting-for-reply, To = no-reply)");
}

}  // namespace
}  // namespace noonmark::cli
