#pragma once

#include <memory>

#include "base/result.h"
#include "cli/operation.h"

namespace noonmark::cli {

class Session;
struct Match;

/// `display ntp-service trace`: from the system peer one request to each server that the one before names as
/// its reference, in the VPN instance of the first, until a reference clock or the end of what can be known.
base::Result<std::unique_ptr<Operation>> trace(Session&, const Match&);

}  // namespace noonmark::cli
