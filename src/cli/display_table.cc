#include <array>

#include "cli/advice.h"
#include "cli/display.h"
#include "cli/display_access.h"
#include "cli/display_clients.h"
#include "cli/display_event.h"
#include "cli/display_format.h"
#include "cli/display_groups.h"
#include "cli/display_machine.h"
#include "cli/display_quality.h"
#include "cli/display_sessions.h"
#include "cli/display_statistics.h"
#include "cli/display_status.h"
#include "cli/snapshot.h"
#include "config/datastore.h"

namespace noonmark::cli {
namespace {

using Output = base::Result<DisplayOutput>;

Output display_status(const Services& services, const Arguments&) {
  return with_snapshot(services, render_status);
}

Output display_quality(const Services& services, const Arguments&) {
  return with_snapshot(services, render_quality);
}

Output display_sessions(const Services& services, const Arguments& arguments) {
  const bool verbose = arguments.has("verbose");
  return with_snapshot(services, [verbose](const Snapshot& s) { return render_sessions(s, verbose); });
}

Output display_explain(const Services& services, const Arguments& arguments) {
  const ServerFilter filter(arguments);
  return with_snapshot(services, [&](const Snapshot& s) { return render_explain(s, filter); });
}

Output display_unsync_events(const Services& services, const Arguments&) {
  return render_unsync_events(services.engine.unsync_events(), services.build_date);
}

Output display_interfaces(const Services& services, const Arguments&) {
  return render_interfaces(services.network);
}

Output display_vpn_instances(const Services& services, const Arguments&) {
  return render_vpn_instances(services.network, services.engine.config());
}

Output display_clock(const Services& services, const Arguments&) {
  return render_clock(services.clock.now().served, services.build_date);
}

Output display_version(const Services& services, const Arguments&) {
  return render_version(services.version);
}

Output display_lint(const Services& services, const Arguments&) {
  return render_lint(advice_on(services, services.datastore.running()));
}

Output display_acls(const Services& services, const Arguments& arguments) {
  return render_acls(services.datastore.running(), arguments);
}

Output display_groups(const Services& services, const Arguments&) {
  const auto& engine = services.engine;
  const ServingState serving{.serves = {engine.serves(core::Family::ipv4), engine.serves(core::Family::ipv6)},
                             .synchronized = engine.server_view(services.clock.now()).is_synchronized()};
  return with_snapshot(services, [&](const Snapshot& s) { return render_groups(s, serving); });
}

constexpr std::array<DisplayCommand, 17> kCommands{{
    {"display acl { all | <acl-number> | name <acl-name> | ipv6 { all | <acl-number> | name <acl-name> } }",
     "Access lists, their rules in the order in which they are tried", display_acls},
    {"display clock", "Time of the corrected clock", display_clock},
    {"display configuration lint", "Advice on the running configuration", display_lint},
    {"display interface brief", "Interfaces with their state, VPN instance and addresses",
     display_interfaces},
    {"display ip vpn-instance", "VPN instances of this machine", display_vpn_instances},
    {"display ntp-service clients [ too-often ] [ <clients> ]",
     "Clients of the server, the busiest first, or those that ask too often", display_clients},
    {"display ntp-service clients { <ipv4-address> | ipv6 <ipv6-address> } [ vpn-instance <vpn-name> ]",
     "What the server remembers of one client", display_clients},
    {"display ntp-service event clock-unsync", "The last losses of synchronization", display_unsync_events},
    {"display ntp-service explain [ <ipv4-address> | ipv6 <ipv6-address> ] [ vpn-instance <vpn-name> ]",
     "Why each session is as it is, and what to do", display_explain},
    {"display ntp-service groups", "Broadcast, multicast and manycast lines, and whether they work",
     display_groups},
    {"display ntp-service quality", "How far the clock can be trusted", display_quality},
    {"display ntp-service sessions [ verbose ]", "NTP sessions", display_sessions},
    {"display ntp-service statistics packet [ ipv6 ]", "Counters of NTP packets", display_statistics},
    {"display ntp-service statistics packet [ ipv6 ] interface { <interface-name> | all }",
     "Counters of NTP packets by interface", display_statistics},
    {"display ntp-service statistics packet peer"
     " [ <ipv4-address> [ vpn-instance <vpn-name> ] | ipv6 [ <ipv6-address> [ vpn-instance <vpn-name> ] ] ]",
     "Counters of NTP packets by session", display_statistics},
    {"display ntp-service status", "State of the clock", display_status},
    {"display version", "Version of this program", display_version},
}};

}  // namespace

std::span<const DisplayCommand> display_commands() { return kCommands; }

}  // namespace noonmark::cli
