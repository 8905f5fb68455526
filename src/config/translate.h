#pragma once

#include <string>
#include <vector>

#include "config/keyring.h"
#include "config/model.h"
#include "core/config.h"

namespace noonmark::config {

/// The engine's form of one server or peer line. A server may be asked in interleaved mode; whether it is,
/// NtpConfig::interleaved says.
core::ServerConfig server_config(const Server& server);

/// The engine's configuration. `problems` are sentences about keys that could not be deciphered: those are
/// left out, and sessions that use them wait.
struct Translation {
  core::NtpConfig config;
  std::vector<std::string> problems;
};
Translation to_ntp_config(const Configuration& configuration, const KeyRing& keyring);

}  // namespace noonmark::config
