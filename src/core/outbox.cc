#include "core/outbox.h"

#include <cstddef>

namespace noonmark::core {
namespace {

constexpr std::array<std::string_view, static_cast<std::size_t>(UnsyncReason::kCount)> kUnsyncReasons{
    "VPN change detected",
    "Peer reachability lost",
    "Authentication failure",
    "Authentication configuration changed",
    "KOD DENY received",
    "Unicast server configuration removed",
    "Reference clock configuration removed",
    "Peer clock unsynchronized/unselectable",
    "Clock selection failed - Excessive falsetickers",
    "Clock selection failed - No selectable clock",
    "Clock change detected",
    "Configuration changed",
    "NTP IPv4 Service is disabled",
    "NTP IPv6 Service is disabled",
    "Source interface unavailable",
};
static_assert(!kUnsyncReasons.back().empty());

}  // namespace

std::string_view to_string(UnsyncReason reason) { return kUnsyncReasons[static_cast<std::size_t>(reason)]; }

}  // namespace noonmark::core
