#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/clock_driver.h"
#include "core/engine.h"
#include "core/network_view.h"
#include "core/state.h"

namespace noonmark::cli {

inline constexpr int kJsonSchema = 1;  // the value of "schema" in every display's JSON

/// The engine as it is at one moment: what the displays of NTP look at. Views; valid during one command.
struct Snapshot {
  const core::SystemState& system;
  const core::NtpConfig& config;
  const core::NetworkView& network;
  std::span<const core::AssociationState> associations;
  core::Instant now;
  std::int64_t build_date = 0;                // s since 1970: eras are resolved near it
  std::optional<core::Duration> true_offset;  // the virtual clock's own knowledge
  core::ClockKind clock = core::ClockKind::system;
  std::span<const core::PacketStatistics* const> statistics{};  // of the sessions; empty: not asked for
  core::Quality quality{};
};

/// Left-aligned columns, two blanks apart, as wide as they need; the last one is not padded. The first row
/// has the titles.
std::string table(const std::vector<std::vector<std::string>>& rows);
/// "-" for nothing.
std::string or_dash(std::string_view text);

/// "0.4127": `value` with that many decimals, never "-0.00".
std::string fixed(double value, int decimals);
/// `seconds` in milliseconds: "0.4127 ms".
std::string milliseconds(double seconds, int decimals);
/// An offset in the unit that suits it: "0.413 ms", "1.500 s".
std::string offset_text(double seconds);
/// Milliseconds for JSON, nanoseconds resolved.
double json_ms(double seconds);

/// "20:15:36.250 UTC Nov 22 2026(EEADCBE8.40000000)"; a zero time stamp reads as the prime epoch of era 0.
std::string vrp_time(core::Timestamp time, std::int64_t build_date);
/// "2026-11-22 20:15:36", UTC.
std::string short_time(core::Timestamp time, std::int64_t build_date);
std::string short_time(std::int64_t unix_seconds);
/// "2026-11-22T20:15:36.250Z", null for a zero time stamp.
nlohmann::json json_time(core::Timestamp time, std::int64_t build_date);
/// "2026-11-22T20:15:36Z"
std::string json_time(std::int64_t unix_seconds);

/// "192.0.2.10(MGMT)", without parentheses for the public instance.
std::string source_name(std::string_view source, std::string_view vpn);
std::string source_name(const core::ServerKey& server);
/// What we are in the association: "client", "active", "passive", "broadcast client".
std::string_view mode_text(core::AssociationMode mode);
/// What the other side is, by its last packet: "server", "active", "passive", "broadcast", "unspecified".
std::string_view mode_text(wire::Mode mode);
/// The name of a VPN instance; empty: the public one, or unknown.
std::string vpn_name(const core::NetworkView& network, core::VpnId id);
/// "the public instance", "VPN instance MGMT".
std::string place_text(std::string_view vpn);
/// "none", "insert", "delete", "unknown".
std::string_view leap_text(wire::Leap leap);
/// "synchronized", "holdover", "unsynchronized".
std::string_view state_code(core::ClockState state);
/// "LOCAL(0)".
std::string local_clock_name(unsigned unit);
/// A server's reference ID by its stratum (RFC 5905 section 7.3): four letters at stratum 0, 1 and 16, else
/// an address.
std::string reference_id_text(std::uint32_t reference_id, std::uint8_t stratum);

/// The system's root dispersion, s, aged to `now` since the last update; the local clock's does not age.
double root_dispersion_now(const core::SystemState& system, core::RawTime now);
/// The reference time; the local clock renews its own all the time.
core::Timestamp reference_time_now(const core::SystemState& system, core::Timestamp now);
/// "clock synchronized", "spike (clock will be set in 12 secs)".
std::string sync_state_text(const core::SystemState& system);

/// 2^`exponent` s; 0 for a negative exponent, which VRP's whole seconds cannot show.
std::int64_t poll_seconds(std::int8_t exponent);

}  // namespace noonmark::cli
