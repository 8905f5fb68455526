#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace noonmark::config {

/// RFC 4648 section 4, without padding.
std::string to_base64(base::Bytes octets);
/// None if the text is not what to_base64() gives.
std::optional<std::vector<std::uint8_t>> from_base64(std::string_view text);

}  // namespace noonmark::config
