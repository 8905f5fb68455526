#include "cli/display_format.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <fmt/format.h>

#include "base/net_address.h"
#include "core/clock_filter.h"

namespace noonmark::cli {
namespace {

struct CivilTime {
  int year = 1900;
  unsigned month = 1, day = 1;
  unsigned hour = 0, minute = 0, second = 0, millisecond = 0;
};

CivilTime civil_time(std::int64_t unix_seconds, unsigned millisecond) {
  using namespace std::chrono;
  const sys_seconds seconds_since_1970{seconds{unix_seconds}};
  const auto day = floor<days>(seconds_since_1970);
  const year_month_day date{day};
  const hh_mm_ss clock{seconds_since_1970 - day};
  return {static_cast<int>(date.year()),
          static_cast<unsigned>(date.month()),
          static_cast<unsigned>(date.day()),
          static_cast<unsigned>(clock.hours().count()),
          static_cast<unsigned>(clock.minutes().count()),
          static_cast<unsigned>(clock.seconds().count()),
          millisecond};
}

/// UTC, rounded to the nearest millisecond.
CivilTime civil_time(core::Timestamp time, std::int64_t build_date) {
  if (time.is_zero()) return {};
  const auto rounded = time + core::Duration::from_nanoseconds(500'000);
  return civil_time(rounded.unix_seconds_near(build_date),
                    static_cast<unsigned>((std::uint64_t{rounded.fraction()} * 1000) >> 32));
}

std::string short_text(const CivilTime& t) {
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", t.year, t.month, t.day, t.hour, t.minute,
                     t.second);
}

bool is_letter_code(std::uint32_t reference_id) {
  bool ended = false;
  for (int shift = 24; shift >= 0; shift -= 8) {
    const auto c = static_cast<char>(reference_id >> shift);
    if (c == '\0' && shift < 24) {
      ended = true;
    } else if (ended || c <= ' ' || c > '~') {
      return false;
    }
  }
  return true;
}

std::string letters(std::uint32_t reference_id) {
  std::string text;
  for (int shift = 24; shift >= 0; shift -= 8)
    if (const auto c = static_cast<char>(reference_id >> shift); c != '\0') text += c;
  return text;
}

}  // namespace

std::string table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths(rows.front().size());
  for (const auto& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  std::string text;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i + 1 < row.size(); ++i) text += fmt::format("{:{}}  ", row[i], widths[i]);
    text += row.back() + '\n';
  }
  return text;
}

std::string or_dash(std::string_view text) { return text.empty() ? "-" : std::string(text); }

std::string vpn_name(const core::NetworkView& network, core::VpnId id) {
  const auto* vpn = network.find_vpn(id);
  return vpn == nullptr ? "" : vpn->name;
}

std::string fixed(double value, int decimals) {
  auto text = fmt::format("{:.{}f}", value, decimals);
  const bool is_zero = text.find_first_not_of("-0.") == std::string::npos;
  if (is_zero && text.front() == '-') text.erase(0, 1);
  return text;
}

std::string milliseconds(double seconds, int decimals) { return fixed(seconds * 1e3, decimals) + " ms"; }

double json_ms(double seconds) { return std::round(seconds * 1e9) / 1e6; }

std::string vrp_time(core::Timestamp time, std::int64_t build_date) {
  static constexpr std::array kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto t = civil_time(time, build_date);
  return fmt::format("{:02}:{:02}:{:02}.{:03} UTC {} {} {}({:08X}.{:08X})", t.hour, t.minute, t.second,
                     t.millisecond, kMonths[t.month - 1], t.day, t.year, time.seconds(), time.fraction());
}

std::string short_time(core::Timestamp time, std::int64_t build_date) {
  return short_text(civil_time(time, build_date));
}

std::string short_time(std::int64_t unix_seconds) { return short_text(civil_time(unix_seconds, 0)); }

std::string json_time(std::int64_t unix_seconds) {
  auto text = short_time(unix_seconds);
  text.replace(text.find(' '), 1, 1, 'T');
  return text + 'Z';
}

nlohmann::json json_time(core::Timestamp time, std::int64_t build_date) {
  if (time.is_zero()) return nullptr;
  const auto t = civil_time(time, build_date);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", t.year, t.month, t.day, t.hour, t.minute,
                     t.second, t.millisecond);
}

std::string offset_text(double seconds) {
  return std::abs(seconds) < 1 ? milliseconds(seconds, 3) : fixed(seconds, 3) + " s";
}

std::string place_text(std::string_view vpn) {
  return vpn.empty() ? "the public instance" : fmt::format("VPN instance {}", vpn);
}

std::string_view leap_text(wire::Leap leap) {
  switch (leap) {
    case wire::Leap::none: return "none";
    case wire::Leap::insert: return "insert";
    case wire::Leap::remove: return "delete";
    case wire::Leap::unknown: break;
  }
  return "unknown";
}

std::string_view state_code(core::ClockState state) {
  switch (state) {
    case core::ClockState::synchronized: return "synchronized";
    case core::ClockState::holdover: return "holdover";
    case core::ClockState::unsynchronized: break;
  }
  return "unsynchronized";
}

std::string source_name(std::string_view source, std::string_view vpn) {
  return vpn.empty() ? std::string(source) : fmt::format("{}({})", source, vpn);
}

std::string_view mode_text(core::AssociationMode mode) {
  switch (mode) {
    case core::AssociationMode::client:
    case core::AssociationMode::manycast_client: return "client";
    case core::AssociationMode::active: return "active";
    case core::AssociationMode::passive: return "passive";
    case core::AssociationMode::broadcast_client: return "broadcast client";
  }
  return "unspecified";
}

std::string_view mode_text(wire::Mode mode) {
  switch (mode) {
    case wire::Mode::symmetric_active: return "active";
    case wire::Mode::symmetric_passive: return "passive";
    case wire::Mode::client: return "client";
    case wire::Mode::server: return "server";
    case wire::Mode::broadcast: return "broadcast";
    default: return "unspecified";
  }
}

std::string source_name(const core::ServerKey& server) {
  return source_name(server.address.to_string(), server.vpn);
}

std::string local_clock_name(unsigned unit) { return fmt::format("LOCAL({})", unit); }

std::string reference_id_text(std::uint32_t reference_id, std::uint8_t stratum) {
  constexpr std::uint32_t kLocalClocks = 0x7F7F0100;  // 127.127.1.0/30
  const bool has_letters = stratum <= 1 || stratum >= wire::kMaxStratum;
  if (has_letters && is_letter_code(reference_id)) return letters(reference_id);
  if (reference_id == 0) return "none";
  if ((reference_id & ~3u) == kLocalClocks) return local_clock_name(reference_id & 3u);
  return base::IpAddress::v4(reference_id).to_string();
}

double root_dispersion_now(const core::SystemState& system, core::RawTime now) {
  if (system.reference.is_zero() || system.local_clock_in_use) return system.root_dispersion;
  return system.dispersion_at(now);
}

core::Timestamp reference_time_now(const core::SystemState& system, core::Timestamp now) {
  return system.local_clock_in_use ? now : system.reference;
}

std::string sync_state_text(const core::SystemState& system) {
  switch (system.sync) {
    case core::SyncState::not_set: return "clock not set";
    case core::SyncState::frequency_from_configuration: return "frequency set by configuration";
    case core::SyncState::set: return "clock set";
    case core::SyncState::set_frequency_unknown: return "clock set but frequency not determined";
    case core::SyncState::synchronized: return "clock synchronized";
    case core::SyncState::spike:
      return fmt::format("spike (clock will be set in {} secs)",
                         std::llround(std::ceil(system.spike_remaining)));
  }
  return {};
}

std::int64_t poll_seconds(std::int8_t exponent) {
  return exponent < 0 ? 0 : std::int64_t{1} << std::min<int>(exponent, 36);
}

}  // namespace noonmark::cli
