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

TEST(EventText, ASessionThatComesOrGoesIsNamedWithItsModeAndInterface) {
  const core::ServerKey server{*core::IpAddress::parse("192.0.2.10"), "MGMT",
                               core::AssociationMode::broadcast_client};
  EXPECT_EQ(event_text(core::DynamicSessionChanged{true, server, "eth1"}).line,
            "NTP/6/NTP_DYNAMIC_SESSION: A packet mobilized a session. (SourceAddress = 192.0.2.10, "
            "VpnInstance = MGMT, Mode = broadcast client, Interface = eth1)");
  EXPECT_EQ(
      event_text(core::DynamicSessionChanged{false, {server.address, "", core::AssociationMode::passive}, ""})
          .line,
      "NTP/6/NTP_DYNAMIC_SESSION: A session that a packet mobilized was given up: nothing is heard. "
      "(SourceAddress = 192.0.2.10, VpnInstance = _public_, Mode = passive, Interface = -)");
}

TEST(EventText, AClockThatIsHeldBackSaysHowItIsReleased) {
  const auto text = event_text(core::HoldChanged{core::Hold{core::Reason::offset_limit, 90000}});
  EXPECT_EQ(text.level, base::LogLevel::error);
  EXPECT_EQ(text.line,
            "NTP/2/NTP_HOLD: The clock is held back: the servers' offset of 90000.000 s is beyond the "
            "offset-limit; "
            "to take the servers' time, run reset ntp-service hold. (Reason = offset-limit, Offset = "
            "90000.000000 s)");
  EXPECT_EQ(event_text(core::HoldChanged{}).level, base::LogLevel::notice);
}

TEST(EventText, WhatTheClockCannotBeTrustedForIsAnAlarmAndItsEndIsNone) {
  EXPECT_EQ(event_text(core::BudgetCrossed{true, 0.0213, 0.02}).line,
            "NTP/2/NTP_ERROR_BUDGET: The error bound of the clock is beyond the error budget. (ErrorBound = "
            "0.021300 "
            "s, ErrorBudget = 0.020 s)");
  EXPECT_EQ(event_text(core::BudgetCrossed{false, 0.0113, 0.02}).level, base::LogLevel::notice);
  EXPECT_EQ(event_text(core::HoldoverChanged{true, 0.01}).level, base::LogLevel::warning);
  EXPECT_EQ(event_text(core::HoldoverChanged{false, 1.5}).level, base::LogLevel::error);
}

TEST(EventText, WhoeverMovedTheClockIsNotUs) {
  using How = core::ClockDisturbed::How;
  EXPECT_EQ(event_text(core::ClockDisturbed{How::stepped, core::Duration::from_seconds(-3)}).line,
            "NTP/4/NTP_CLOCK_DISTURBED: Another program set the clock. (Offset = -3.000000 s)");
  EXPECT_EQ(event_text(core::ClockDisturbed{How::suspended, core::Duration::from_seconds(3600)}).line,
            "NTP/5/NTP_CLOCK_DISTURBED: The machine was suspended. (Duration = 3600.000 s)");
}

TEST(EventText, LeapSecondsAreDated) {
  EXPECT_EQ(event_text(core::LeapChanged{wire::Leap::insert, 1'483'228'800}).line,
            "NTP/4/NTP_LEAP: A leap second will be inserted before 2017-01-01 00:00:00 UTC.");
  EXPECT_EQ(
      event_text(core::LeapTableExpires{1'782'604'800, true}).line,
      "NTP/4/NTP_LEAP_TABLE: The leap second table of this machine has expired; update tzdata. (Expires = "
      "2026-06-28 00:00:00 UTC)");
}

}  // namespace
}  // namespace noonmark::cli
