#pragma once

#include <string>

#include "config/model.h"

namespace noonmark::config {

/// How sentences name a server line: its address, and its VPN instance if it has one.
std::string name_of(const Server& server);

}  // namespace noonmark::config
