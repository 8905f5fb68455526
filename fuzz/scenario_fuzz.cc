// Any text is read as a scenario or refused with a message that names lines; what is read has no more clients
// than it may, and times that are finite.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "sim/scenario_format.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace noonmark;
  constexpr std::size_t kMaxClients = 100'000;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto scenario = sim::parse_scenario(text, "fuzz");
  if (!scenario) {
    CHECK(!scenario.error().message.empty());
    return 0;
  }
  CHECK(sim::client_count(*scenario) <= kMaxClients);
  CHECK(std::isfinite(scenario->world.duration) && scenario->world.duration > scenario->world.warm_up);
  for (const auto& client : scenario->clients) CHECK(!client.paths.empty());
  return 0;
}
