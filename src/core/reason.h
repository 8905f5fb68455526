#pragma once

#include <cstdint>
#include <string_view>

#include "wire/packet.h"

namespace noonmark::core {

/// Why a session is as it is: the verdict of `display ntp-service explain`. The code (see code()) is stable
/// text that scripts may test; the words are the CLI's.
enum class Reason : std::uint8_t {
  // good
  system_peer,  // the clock follows this source
  survivor,     // selected
  outlier,      // agrees with the majority as far as its path allows, but others agree more closely
  usable,       // of a probe only: it could be followed
  // waiting for something on this machine
  vpn_unknown,
  interface_unknown,
  interface_ambiguous,
  interface_down,
  interface_without_address,
  interface_in_other_vpn,
  scope_unknown,    // a link-local server without source interface
  address_refused,  // broadcast of an interface, or otherwise no host address on this machine now
  family_disabled,
  key_unusable,  // the key of the line does not exist
  // nothing usable came back
  waiting_for_reply,
  collecting_samples,  // answers come, but too few yet to bound the error
  awaiting_others,     // measured; before the clock is first set, others that answer too are heard
  no_reply,
  no_reply_signed,  // many servers stay silent to keys that they do not have
  no_route,
  host_unreachable,
  port_unreachable,
  source_address_gone,
  send_failed,
  reply_from_other_address,
  reply_without_mac,
  reply_mac_wrong,
  crypto_nak,
  kiss_deny,
  kiss_restrict,
  kiss_rate,
  reply_invalid,  // timestamps or header impossible
  myself,
  // the server cannot be used
  server_unsynchronized,
  stratum_too_high,
  loop,
  // the selection left it out
  key_missing,       // authentication is enabled, the line has no key
  key_not_reliable,  // authentication is enabled, the key is not reliable
  distance_exceeded,
  falseticker,
  no_majority,
  preempted,
  another_session,  // of the same server takes part
  local_clock_preferred,
  offset_limit,
  before_build_date,
  clock_not_settable,  // the clock driver refused
  stepping_soon,       // an offset beyond the step threshold has to persist first
  step_refused,        // ntp-service step-policy forbids the step that would be needed
  access_denied,       // ntp-service access does not let the clock follow it
  measuring_delay,     // a broadcast server is heard; how far it is away is asked of it first
  kCount,
};

std::string_view code(Reason reason);  // "reply-from-other-address"

/// Why a received packet had no effect, or a request no answer. Counted per source and per address family.
enum class DropReason : std::uint8_t {
  // invalid packets
  too_short,
  bad_length,
  bad_version,
  bad_extension,
  bad_mode,
  no_association,  // a reply nobody asked for
  wrong_source,    // a reply to our request from another address, port or VPN
  // validity tests, RFC 5905 section 8
  duplicate,       // test 1
  bogus,           // test 2: origin is no outstanding request's
  zero_timestamp,  // test 3
  authentication,  // test 5
  unknown_key,     // a request's MAC names a key that is not configured here
  unsynchronized,  // test 6
  bad_header,      // test 7
  kiss,            // a valid kiss-o'-death: obeyed, no sample
  myself,
  // serving
  server_disabled,
  interface_disabled,
  not_listening,  // not an address of `server source-interface`
  access_denied,  // test 4: ntp-service access
  rate_limited,   // ntp-service discard
  // sessions that packets mobilize
  max_sessions,  // max-dynamic-sessions are there already
  not_newer,     // a broadcast that is not younger than the last one
  // other
  family_disabled,
  offset_limit,
  too_late,  // the transmit stamp or the reply came after the request was given up
  no_resources,
  source_unavailable,  // the configured source interface has no address to answer from
  kCount,
};

std::string_view code(DropReason reason);
DropReason drop_reason_of(wire::DecodeError error);

/// The row of `display ntp-service statistics packet` that a drop belongs to.
enum class DropClass : std::uint8_t {
  validity,
  authentication,
  invalid,
  access,
  rate,
  delay,
  interface,
  dynamic,
  server,
  offset_limit,
  other,
  kCount
};
DropClass drop_class(DropReason reason);

/// Why synchronization was lost: VRP's reasons.
enum class UnsyncReason : std::uint8_t {
  vpn_change_detected,
  peer_reachability_lost,
  authentication_failure,
  authentication_configuration_changed,
  kod_deny_received,
  unicast_server_configuration_removed,
  reference_clock_configuration_removed,
  peer_clock_unsynchronized,
  selection_excessive_falsetickers,
  selection_no_selectable_clock,
  clock_change_detected,
  configuration_changed,
  ipv4_service_disabled,
  ipv6_service_disabled,
  source_interface_unavailable,
  unicast_peer_configuration_removed,
  manycast_configuration_removed,
  interface_configuration_changed,
  kCount,
};
std::string_view to_string(UnsyncReason reason);

}  // namespace noonmark::core
