#include "cli/display_quality.h"

#include <cmath>
#include <fmt/format.h>

namespace noonmark::cli {
namespace {

using core::Quality;

constexpr double kUnknown = 16;  // s: a bound of this or more says nothing (RFC 5905, MAXDISP)
constexpr double kPpm = 1e6;

std::string bound_text(double seconds) {
  return seconds < kUnknown ? milliseconds(seconds, 3) : std::string("unknown");
}

nlohmann::json bound_json(double seconds) {
  return seconds < kUnknown ? nlohmann::json(seconds) : nlohmann::json();
}

std::string frequency_text(const Quality& quality) {
  return fmt::format("{} ppm, known to {} ppm", fixed(quality.frequency * kPpm, 4),
                     fixed(quality.frequency_error * kPpm, 4));
}

std::string table_text(const Quality& quality, const Snapshot& s) {
  if (!quality.leap_table_expires) return "none on this machine";
  const bool expired = *quality.leap_table_expires <= s.now.served.unix_seconds_near(s.build_date);
  return fmt::format("{} {} UTC", expired ? "expired" : "expires", short_time(*quality.leap_table_expires));
}

std::string budget_text(const Quality& quality, const core::ErrorBudget& budget) {
  if (budget.limit == 0) return "none";
  return fmt::format(
      "{}, {}{}", milliseconds(budget.limit, 0), quality.budget_exceeded ? "exceeded" : "kept",
      quality.budget_exceeded && budget.stop_serving ? ": requests are answered as unsynchronized" : "");
}

std::string update_text(const Quality& quality, const Snapshot& s) {
  if (!quality.last_update) return "never";
  return fmt::format("{} UTC, {} s ago", short_time(*quality.last_update, s.build_date),
                     std::max(0LL, std::llround((s.now.served - *quality.last_update).seconds())));
}

template <class T>
nlohmann::json or_null(const std::optional<T>& value) {
  return value ? nlohmann::json(*value) : nlohmann::json();
}

nlohmann::json time_or_null(const std::optional<std::int64_t>& unix_seconds) {
  return unix_seconds ? nlohmann::json(json_time(*unix_seconds)) : nlohmann::json();
}

nlohmann::json hold_json(const std::optional<core::Hold>& hold) {
  if (!hold) return nullptr;
  return {{"code", core::code(hold->reason)}, {"offset_s", hold->offset}};
}

nlohmann::json slew_json(const std::optional<core::Slew>& slew) {
  if (!slew) return nullptr;
  return {{"left_s", slew->left}, {"time_s", slew->time}};
}

nlohmann::json budget_json(const Quality& quality, const core::ErrorBudget& budget) {
  if (budget.limit == 0) return nullptr;
  return {{"limit_s", budget.limit},
          {"exceeded", quality.budget_exceeded},
          {"stop_serving", budget.stop_serving}};
}

}  // namespace

std::string hold_text(const core::Hold& hold) {
  const auto offset = offset_text(hold.offset);
  switch (hold.reason) {
    case core::Reason::offset_limit:
      return fmt::format("the servers' offset of {} is beyond the offset-limit", offset);
    case core::Reason::before_build_date:
      return fmt::format("the servers' offset of {} leads to before this program was built", offset);
    case core::Reason::stepping_soon:
      return fmt::format("the servers' offset of {} has to persist before the clock is stepped", offset);
    default: return fmt::format("the servers' offset of {} needs a step that step-policy forbids", offset);
  }
}

std::string slew_text(const core::Slew& slew) {
  return fmt::format("{} left, about {} s", offset_text(slew.left), std::llround(std::ceil(slew.time)));
}

/// The build date is the one limit that nobody can put aside.
std::string_view hold_advice(const core::Hold& hold) {
  return hold.reason == core::Reason::before_build_date
             ? "see to the time of the servers"
             : "to take the servers' time, run reset ntp-service hold";
}

/// A leap second is the last one of its day: 23:59:60, or the 23:59:59 that is left out.
std::string announced_leap_text(const Quality& quality) {
  std::string text(leap_text(quality.leap));
  if (!quality.leap_at) return text;
  const bool inserted = quality.leap == wire::Leap::insert;
  return fmt::format("{}, at {} 23:59:{} UTC", text, short_time(*quality.leap_at - 1).substr(0, 10),
                     inserted ? 60 : 59);
}

nlohmann::json quality_json(const Quality& quality, const core::ErrorBudget& budget,
                            std::int64_t build_date) {
  return {
      {"schema", kJsonSchema},
      {"state", state_code(quality.state)},
      {"source", quality.source},
      {"vpn_instance", quality.vpn},
      {"stratum", quality.stratum},
      {"error_bound_s", bound_json(quality.error_bound)},
      {"error_growth_s_per_s",
       quality.error_bound < kUnknown ? nlohmann::json(quality.error_growth) : nlohmann::json()},
      {"estimated_error_s", bound_json(quality.estimated_error)},
      {"frequency_ppm", quality.frequency * kPpm},
      {"frequency_error_ppm", quality.frequency_error * kPpm},
      {"leap", leap_text(quality.leap)},
      {"leap_time", time_or_null(quality.leap_at)},
      {"tai_offset_s", or_null(quality.tai_offset)},
      {"leap_table_expires", time_or_null(quality.leap_table_expires)},
      {"hold", hold_json(quality.hold)},
      {"slew", slew_json(quality.slew)},
      {"error_budget", budget_json(quality, budget)},
      {"last_update", quality.last_update ? json_time(*quality.last_update, build_date) : nlohmann::json()}};
}

DisplayOutput render_quality(const Snapshot& s) {
  const auto& quality = s.quality;
  std::string text;
  const auto line = [&text](std::string_view name, std::string_view value) {
    text += fmt::format(" {}: {}\n", name, value);
  };
  line("clock state", state_code(quality.state));
  line("source", quality.source.empty() ? "none" : source_name(quality.source, quality.vpn));
  line("stratum", std::to_string(quality.stratum));
  line("error bound", bound_text(quality.error_bound));
  line("growth of the bound",
       quality.error_bound < kUnknown ? fixed(quality.error_growth * 1e6, 4) + " us/s" : "unknown");
  line("estimated error", bound_text(quality.estimated_error));
  line("frequency correction", frequency_text(quality));
  line("last update", update_text(quality, s));
  line("leap second", announced_leap_text(quality));
  line("leap second table", table_text(quality, s));
  line("TAI minus UTC", quality.tai_offset ? fmt::format("{} s", *quality.tai_offset) : "unknown");
  line("error budget", budget_text(quality, s.config.error_budget));
  line("slewing", quality.slew ? slew_text(*quality.slew) : "no");
  line("held back",
       quality.hold ? fmt::format("{}; {}", hold_text(*quality.hold), hold_advice(*quality.hold)) : "no");
  auto json = quality_json(quality, s.config.error_budget, s.build_date);
  json["clock"] = core::code(s.clock);
  return {text, std::move(json)};
}

}  // namespace noonmark::cli
