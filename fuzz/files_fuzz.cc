// Any text is read as what was learned of the clock, and as a table of leap seconds, or refused; what is read
// is within its bounds and written as a text that reads the same.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "daemon/clock_memory.h"
#include "io/leap_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace noonmark;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto clock = daemon::decode(text, "system"))
    CHECK(daemon::decode(daemon::encode(*clock, "system"), "system") == clock);
  if (const auto table = io::parse_leap_file(text))
    for (std::size_t i = 1; i < table->entries.size(); ++i)
      CHECK(table->entries[i - 1].from < table->entries[i].from);
  return 0;
}
