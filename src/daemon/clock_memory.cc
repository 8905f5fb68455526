#include "daemon/clock_memory.h"

#include <array>
#include <chrono>
#include <cmath>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "io/file.h"

namespace noonmark::daemon {
namespace {

using core::SavedClock;
using core::SavedSource;
using nlohmann::json;

constexpr int kVersion = 1;
constexpr std::size_t kMaxFile = std::size_t{8} << 20;  // kMaxServers sources need half of it
constexpr std::size_t kMaxVpnName = 31;
constexpr mode_t kMode = 0600;
constexpr auto kFirst = std::chrono::minutes(10);
constexpr auto kEvery = std::chrono::hours(1);

constexpr double kMaxFrequency = 0.1;    // s/s, of any clock driver
constexpr double kMaxWander = 1e-3;      // s/s per sqrt(s)
constexpr double kMaxTime = 16;          // s, RFC 5905 MAXDISP
constexpr double kMaxVariance = 256;     // s^2, of that
constexpr double kMaxUnixTime = 0x3p34;  // s

/// A number that is kept: its name in the file and the bounds it is believed in.
template <class Row>
struct Number {
  const char* name;
  double Row::* member;
  double low, high;
};

constexpr std::array kClockNumbers{
    Number<SavedClock>{"frequency", &SavedClock::frequency, -kMaxFrequency, kMaxFrequency},
    Number<SavedClock>{"frequency_deviation", &SavedClock::frequency_deviation, 0, kMaxFrequency},
    Number<SavedClock>{"wander", &SavedClock::wander, 0, kMaxWander},
};
constexpr std::array kSourceNumbers{
    Number<SavedSource>{"min_delay_s", &SavedSource::min_delay, 0, kMaxTime},
    Number<SavedSource>{"typical_excess_s", &SavedSource::typical_excess, 0, kMaxTime},
    Number<SavedSource>{"bias_s", &SavedSource::bias, -kMaxTime, kMaxTime},
    Number<SavedSource>{"bias_variance_s2", &SavedSource::bias_variance, 0, kMaxVariance},
};

using Laws = std::array<double, core::kNoiseLaws>;
struct LawNumbers {
  const char* name;
  Laws SavedSource::* member;
  double high;
};
constexpr std::array kLawNumbers{
    LawNumbers{"law_weights", &SavedSource::law_weights, 1},
    LawNumbers{"law_variances_s2", &SavedSource::law_variances, kMaxVariance},
};

/// Null if there is no such member.
const json* member(const json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

/// NaN is in no bounds.
bool read_number(const json* text, double low, double high, double& value) {
  if (text == nullptr || !text->is_number()) return false;
  value = text->get<double>();
  return value >= low && value <= high;
}

template <class Row, std::size_t N>
bool read_numbers(const json& object, const std::array<Number<Row>, N>& numbers, Row& row) {
  for (const auto& n : numbers)
    if (!read_number(member(object, n.name), n.low, n.high, row.*n.member)) return false;
  return true;
}

bool read_laws(const json* list, double high, Laws& laws) {
  if (list == nullptr || !list->is_array() || list->size() != laws.size()) return false;
  for (std::size_t i = 0; i < laws.size(); ++i)
    if (!read_number(&(*list)[i], 0, high, laws[i])) return false;
  return true;
}

std::optional<std::string> read_text(const json& object, const char* name) {
  const auto* text = member(object, name);
  return text == nullptr || !text->is_string() ? std::nullopt
                                               : std::optional(text->get_ref<const std::string&>());
}

std::optional<SavedSource> read_source(const json& object) {
  if (!object.is_object()) return std::nullopt;
  const auto address = read_text(object, "address");
  const auto vpn = read_text(object, "vpn");
  const auto parsed = address ? base::IpAddress::parse(*address) : std::nullopt;
  SavedSource source;
  if (!parsed || !vpn || vpn->size() > kMaxVpnName || !read_numbers(object, kSourceNumbers, source))
    return std::nullopt;
  for (const auto& n : kLawNumbers)
    if (!read_laws(member(object, n.name), n.high, source.*n.member)) return std::nullopt;
  source.server = {*parsed, *vpn};
  return source;
}

json write_source(const SavedSource& source) {
  json object{{"address", source.server.address.to_string()}, {"vpn", source.server.vpn}};
  for (const auto& n : kSourceNumbers) object[n.name] = source.*n.member;
  for (const auto& n : kLawNumbers) object[n.name] = source.*n.member;
  return object;
}

bool read_sources(const json& object, std::vector<SavedSource>& sources) {
  const auto* list = member(object, "sources");
  if (list == nullptr || !list->is_array() || list->size() > core::kMaxServers) return false;
  for (const auto& entry : *list) {
    auto source = read_source(entry);
    if (!source) return false;
    sources.push_back(std::move(*source));
  }
  return true;
}

}  // namespace

std::string oscillator_name(const ClockOption& option) {
  if (std::holds_alternative<SystemClockOption>(option)) return "system";
  if (const auto* wrong = std::get_if<VirtualClockOption>(&option))
    return fmt::format("virtual {} ppm", wrong->frequency * 1e6);
  return "observe";
}

std::string encode(const SavedClock& clock, std::string_view oscillator) {
  json object{{"version", kVersion},
              {"oscillator", oscillator},
              {"saved_at", clock.saved_at},
              {"sources", json::array()}};
  for (const auto& n : kClockNumbers) object[n.name] = clock.*n.member;
  for (const auto& source : clock.sources) object["sources"].push_back(write_source(source));
  return object.dump(1, ' ', false, json::error_handler_t::replace) + '\n';
}

base::Result<SavedClock> decode(std::string_view text, std::string_view oscillator) {
  const auto object = json::parse(text, nullptr, false);
  if (!object.is_object() || object.value("version", json()) != kVersion)
    return base::fail("it is damaged, or of another version");
  if (read_text(object, "oscillator") != oscillator) return base::fail("it is about another clock");
  SavedClock clock;
  double saved_at = 0;
  if (!read_number(member(object, "saved_at"), 0, kMaxUnixTime, saved_at) ||
      !read_numbers(object, kClockNumbers, clock) || !read_sources(object, clock.sources))
    return base::fail("a value in it is missing or impossible");
  clock.saved_at = static_cast<std::int64_t>(saved_at);
  return clock;
}

ClockMemory::ClockMemory(std::string path, std::string oscillator, base::LogSink& log)
    : path_(std::move(path)), oscillator_(std::move(oscillator)), log_(log) {}

std::optional<SavedClock> ClockMemory::recall() const {
  const auto text = io::read_file(path_, kMaxFile);
  if (!text && text.error().code == base::ErrorCode::unavailable) return std::nullopt;
  auto clock = text ? decode(*text, oscillator_) : base::Result<SavedClock>(tl::unexpected(text.error()));
  if (clock) return std::move(*clock);
  log_.write(base::LogLevel::warning,
             fmt::format("What was learned of the clock is not used: {}: {}", path_, clock.error().message));
  return std::nullopt;
}

void ClockMemory::keep(const TimeService& service) {
  const auto clock = service.saved_clock();
  if (!clock) return;
  const auto written = io::write_file_atomically(path_, encode(*clock, oscillator_), kMode);
  if (!written && !failing_)
    log_.write(base::LogLevel::error,
               "What was learned of the clock cannot be kept: " + written.error().message);
  failing_ = !written;
}

void ClockMemory::keep_regularly(io::Loop& loop, const TimeService& service) {
  // Kept by the loop, which ends before this object does.
  struct Round {
    ClockMemory& memory;
    io::Loop& loop;
    const TimeService& service;
    void operator()() const {
      memory.keep(service);
      loop.after(kEvery, *this);
    }
  };
  loop.after(kFirst, Round{*this, loop, service});
}

}  // namespace noonmark::daemon
