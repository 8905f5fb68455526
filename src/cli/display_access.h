#pragma once

#include "base/result.h"
#include "cli/display.h"
#include "config/model.h"

namespace noonmark::cli {

class Session;
struct Match;

/// The access lists that `display acl` names.
base::Result<DisplayOutput> render_acls(const config::Configuration& configuration,
                                        const Arguments& arguments);

/// What the running configuration would do with requests of a source, and which rule decides.
DisplayOutput render_access(const Services& services, const base::IpAddress& source, const std::string& vpn);
base::Result<DisplayOutput> test_access(Session&, const Match&);

}  // namespace noonmark::cli
