#include "core/clock_driver.h"

#include <array>

namespace noonmark::core {

std::string_view code(ClockKind kind) {
  constexpr std::array<std::string_view, 3> kCodes{"system", "observe", "virtual"};
  return kCodes[static_cast<std::size_t>(kind)];
}

}  // namespace noonmark::core
