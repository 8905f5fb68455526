#pragma once

#include <string_view>

#include "base/result.h"
#include "core/leap_table.h"

namespace noonmark::io {

/// Where tzdata puts it.
inline constexpr const char* kSystemLeapFile = "/usr/share/zoneinfo/leap-seconds.list";

/// The text of a leap-seconds.list, as the IERS and NIST publish it: rows of NTP seconds and TAI minus UTC,
/// "#@" with the end of its validity. An error names the line. "#$" and the check sum "#h" are not looked at:
/// the file comes with the system's packages, which are signed as a whole.
base::Result<core::LeapTable> parse_leap_file(std::string_view text);

}  // namespace noonmark::io
