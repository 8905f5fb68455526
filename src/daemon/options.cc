#include "daemon/options.h"

#include <algorithm>
#include <cmath>
#include <charconv>
#include <string_view>
#include <fmt/format.h>

#include "io/kernel_clock.h"

namespace noonmark::daemon {
namespace {

constexpr double kMaxOffset = 1e9;  // s

std::optional<double> parse_number(std::string_view text) {
  double value = 0;
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

base::Result<VirtualClockOption> parse_virtual(std::string_view parts) {
  VirtualClockOption option;
  bool has_offset = false, has_frequency = false;
  while (!parts.empty()) {
    const auto part = parts.substr(0, parts.find(','));
    parts.remove_prefix(std::min(parts.size(), part.size() + 1));
    const auto equals = part.find('=');
    const auto name = part.substr(0, equals);
    const auto number =
        equals == std::string_view::npos ? std::nullopt : parse_number(part.substr(equals + 1));
    const double value = number.value_or(0);
    if (name == "offset" && number && !has_offset && std::abs(value) <= kMaxOffset) {
      option.offset = value;
      has_offset = true;
    } else if (name == "frequency" && number && !has_frequency &&
               std::abs(value) * 1e-6 <= io::kMaxClockFrequency) {
      option.frequency = value * 1e-6;
      has_frequency = true;
    } else {
      return base::fail(
          fmt::format("--clock virtual takes offset=SECONDS (up to {:.0f}) and frequency=PPM (up to {:.0f}), "
                      "each once: {} is neither",
                      kMaxOffset, io::kMaxClockFrequency * 1e6, part));
    }
  }
  return option;
}

}  // namespace

base::Result<ClockOption> parse_clock_option(const std::string& text) {
  if (text == "system") return SystemClockOption{};
  if (text == "observe") return ObserveClockOption{};
  if (text == "virtual") return VirtualClockOption{};
  constexpr std::string_view kVirtual = "virtual:";
  if (!text.starts_with(kVirtual))
    return base::fail("--clock takes system, observe or virtual:offset=SECONDS,frequency=PPM");
  return parse_virtual(std::string_view(text).substr(kVirtual.size()));
}

}  // namespace noonmark::daemon
