#include "core/reason.h"

#include <array>

namespace noonmark::core {
namespace {

constexpr std::array<std::string_view, static_cast<std::size_t>(Reason::kCount)> kReasonCodes{
    "system-peer",
    "survivor",
    "outlier",
    "usable",
    "vpn-unknown",
    "interface-unknown",
    "interface-ambiguous",
    "interface-down",
    "interface-without-address",
    "interface-in-other-vpn",
    "scope-unknown",
    "address-refused",
    "family-disabled",
    "key-unusable",
    "waiting-for-reply",
    "collecting-samples",
    "awaiting-others",
    "no-reply",
    "no-reply-signed",
    "no-route",
    "host-unreachable",
    "port-unreachable",
    "source-address-gone",
    "send-failed",
    "reply-from-other-address",
    "reply-without-mac",
    "reply-mac-wrong",
    "crypto-nak",
    "kiss-deny",
    "kiss-restrict",
    "kiss-rate",
    "reply-invalid",
    "myself",
    "server-unsynchronized",
    "stratum-too-high",
    "loop",
    "key-missing",
    "key-not-reliable",
    "distance-exceeded",
    "falseticker",
    "no-majority",
    "preempted",
    "another-session",
    "local-clock-preferred",
    "offset-limit",
    "before-build-date",
    "clock-not-settable",
    "stepping-soon",
    "step-refused",
    "access-denied",
    "measuring-delay",
};

struct Drop {
  std::string_view code;
  DropClass row;
};
constexpr std::array<Drop, static_cast<std::size_t>(DropReason::kCount)> kDrops{{
    {"too-short", DropClass::invalid},
    {"bad-length", DropClass::invalid},
    {"bad-version", DropClass::invalid},
    {"bad-extension", DropClass::invalid},
    {"bad-mode", DropClass::invalid},
    {"no-association", DropClass::invalid},
    {"wrong-source", DropClass::invalid},
    {"duplicate", DropClass::validity},
    {"bogus", DropClass::validity},
    {"zero-timestamp", DropClass::validity},
    {"authentication", DropClass::authentication},
    {"unknown-key", DropClass::authentication},
    {"unsynchronized", DropClass::validity},
    {"bad-header", DropClass::validity},
    {"kiss", DropClass::other},
    {"myself", DropClass::other},
    {"server-disabled", DropClass::server},
    {"interface-disabled", DropClass::interface},
    {"not-listening", DropClass::server},
    {"access-denied", DropClass::access},
    {"rate-limited", DropClass::rate},
    {"max-sessions", DropClass::dynamic},
    {"not-newer", DropClass::validity},
    {"family-disabled", DropClass::other},
    {"offset-limit", DropClass::offset_limit},
    {"too-late", DropClass::delay},
    {"no-resources", DropClass::other},
    {"source-unavailable", DropClass::other},
}};
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
    "Unicast peer configuration removed",
    "Manycast configuration removed",
    "Interface configuration changed",
};
static_assert(!kUnsyncReasons.back().empty());
static_assert(!kReasonCodes.back().empty() && !kDrops.back().code.empty());

}  // namespace

std::string_view code(Reason reason) { return kReasonCodes[static_cast<std::size_t>(reason)]; }
std::string_view code(DropReason reason) { return kDrops[static_cast<std::size_t>(reason)].code; }
DropReason drop_reason_of(wire::DecodeError error) {
  switch (error) {
    case wire::DecodeError::too_short: return DropReason::too_short;
    case wire::DecodeError::bad_length: return DropReason::bad_length;
    case wire::DecodeError::bad_version: return DropReason::bad_version;
    case wire::DecodeError::bad_extension: return DropReason::bad_extension;
  }
  return DropReason::bad_length;
}
std::string_view to_string(UnsyncReason reason) { return kUnsyncReasons[static_cast<std::size_t>(reason)]; }
DropClass drop_class(DropReason reason) { return kDrops[static_cast<std::size_t>(reason)].row; }

}  // namespace noonmark::core
