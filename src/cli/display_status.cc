#include "cli/display_status.h"

#include <algorithm>
#include <fmt/format.h>

#include "cli/display_quality.h"

namespace noonmark::cli {
namespace {

constexpr double kNominalFrequency = 100;  // Hz, the figure that VRP shows; only the ratio has a meaning

struct Reference {
  std::string source = "none";
  std::string vpn;
};

Reference reference_of(const Snapshot& s) {
  if (!s.system.is_synchronized()) return {};
  if (s.system.local_clock_in_use)
    return {local_clock_name(s.config.local_clock ? s.config.local_clock->unit : 0), ""};
  const auto peer =
      std::ranges::find_if(s.associations, [&](const auto& a) { return a.id == s.system.system_peer; });
  if (peer != s.associations.end()) return {peer->config.key.address.to_string(), peer->config.key.vpn};
  // The source is gone, but the clock still lives on it.
  return {reference_id_text(s.system.reference_id,
                            s.system.stratum > 1 ? std::uint8_t(s.system.stratum - 1) : std::uint8_t{0}),
          ""};
}

std::string_view clock_status(const core::SystemState& system) {
  if (system.clock_state == core::ClockState::holdover) return state_code(system.clock_state);
  return system.is_synchronized() ? "synchronized" : "unsynchronized";
}

/// The oscillator's: what has to be corrected by +1 ppm beats 1 ppm too slowly.
double actual_frequency(const core::SystemState& system) {
  return kNominalFrequency / (1 + system.frequency);
}

nlohmann::json to_json(const Snapshot& s, const Reference& reference) {
  const auto& system = s.system;
  nlohmann::json json{
      {"schema", kJsonSchema},
      {"synchronized", system.is_synchronized()},
      {"stratum", system.is_synchronized() ? system.stratum : wire::kMaxStratum},
      {"reference_id", reference.source},
      {"vpn_instance", reference.vpn},
      {"nominal_frequency_hz", kNominalFrequency},
      {"actual_frequency_hz", actual_frequency(system)},
      {"frequency_correction_ppm", system.frequency * 1e6},
      {"precision_log2_s", system.precision},
      {"offset_ms", json_ms(system.offset)},
      {"jitter_ms", json_ms(system.jitter)},
      {"root_delay_ms", json_ms(system.root_delay)},
      {"root_dispersion_ms", json_ms(root_dispersion_now(system, s.now.raw))},
      {"peer_dispersion_ms", json_ms(system.peer_dispersion)},
      {"reference_time", json_time(reference_time_now(system, s.now.served), s.build_date)},
      {"synchronization_state", sync_state_text(system)},
      {"clock_settable", system.clock_settable},
      {"clock", core::code(s.clock)},
      {"state", clock_status(system)},
      {"leap", leap_text(system.leap)},
  };
  if (s.true_offset) json["true_offset_ms"] = json_ms(s.true_offset->seconds());
  return json;
}

}  // namespace

DisplayOutput render_status(const Snapshot& s) {
  const auto& system = s.system;
  const auto reference = reference_of(s);
  std::string text;
  const auto line = [&text](std::string_view name, std::string_view value) {
    text += fmt::format(" {}: {}\n", name, value);
  };
  line("clock status", clock_status(system));
  line("clock stratum", std::to_string(system.is_synchronized() ? system.stratum : wire::kMaxStratum));
  line("reference clock ID", source_name(reference.source, reference.vpn));
  line("nominal frequency", fixed(kNominalFrequency, 4) + " Hz");
  line("actual frequency", fixed(actual_frequency(system), 4) + " Hz");
  line("clock precision", fmt::format("2^{}", -system.precision));
  line("clock offset", milliseconds(system.offset, 4));
  line("root delay", milliseconds(system.root_delay, 2));
  line("root dispersion", milliseconds(root_dispersion_now(system, s.now.raw), 2));
  line("peer dispersion", milliseconds(system.peer_dispersion, 2));
  line("reference time", vrp_time(reference_time_now(system, s.now.served), s.build_date));
  line("synchronization state", sync_state_text(system));
  if (system.leap == wire::Leap::insert || system.leap == wire::Leap::remove)
    line("leap second", announced_leap_text(s.quality));
  if (system.hold)
    line("held back", fmt::format("{}; see display ntp-service quality", hold_text(*system.hold)));
  if (s.true_offset) line("true offset", milliseconds(s.true_offset->seconds(), 4));
  return {text, to_json(s, reference)};
}

}  // namespace noonmark::cli
