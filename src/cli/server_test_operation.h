#pragma once

#include <memory>

#include "base/result.h"
#include "cli/operation.h"

namespace noonmark::cli {

class Session;
struct Match;

/// `test ntp-service unicast-server`: four requests, a second apart, by the way that the same server line
/// would send them. Steers nothing. The line counts as refused when the server could not be followed.
base::Result<std::unique_ptr<Operation>> test_server(Session&, const Match&);

}  // namespace noonmark::cli
