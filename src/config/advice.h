#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/model.h"
#include "core/network_view.h"
#include "core/state.h"

namespace noonmark::config {

/// What an operator should know about a configuration that is right as it stands.
enum class AdviceCode : std::uint8_t {
  interface_elsewhere,
  interface_unknown,
  vpn_unknown,
  key_id_not_portable,
  key_checked_all_the_same,
  server_without_key,
  key_not_reliable,
  peer_without_key,
  broadcast_unauthenticated,
  acl_missing,
  wildcard_like_netmask,
  access_denies_source,
  access_one_family,
  kod_without_access,
  single_server,
  two_servers,
  few_servers,
  same_upstream,
  follows_another,
  local_clock_preferred,
  serves_everybody,
  serves_without_local_clock,
  steps_under_clients,
  never_steps,
  unauthenticated,
  weak_key,
  shared_key,
  passwords_unchecked,
  leap_table_missing,
  leap_table_expires,
  kCount
};

struct Advice {
  AdviceCode code{};
  std::string subject{};   // what it is about, as it is shown: a server, an interface
  std::string detail{};    // the rest of what is to be said of this subject
  std::string identity{};  // with code and subject: which line gives reason for it
  auto operator<=>(const Advice&) const = default;
};

/// The leap seconds that the system knows of.
struct LeapTableFacts {
  std::optional<std::int64_t> expires;  // s since 1970; none: there is no table
  std::int64_t now = 0;                 // s since 1970
};

/// Everything there is to say about `configuration`, in no order. Sessions that it has no
/// server for are passed over, and leap seconds if nothing is known of them.
std::vector<Advice> advise(const Configuration& configuration, const core::NetworkView& network,
                           std::span<const core::AssociationState> sessions,
                           const std::optional<LeapTableFacts>& leap_table = std::nullopt);

/// Advice of one code, about one subject or several, in words.
struct AdviceText {
  std::string_view code;   // "single-server": stable
  std::string_view level;  // "Warning" or "Info"
  std::string sentence;
  std::string_view source;  // the recommendation that it comes from
  std::vector<std::string> subjects;
  std::string line() const;  // "Warning: ..."
};
/// In the order of the codes; subjects that share a sentence are put together.
std::vector<AdviceText> in_words(std::span<const Advice> advice);

/// What of `now` was not said of `before`, without what is for a review only (`display configuration lint`).
std::vector<Advice> news(std::span<const Advice> before, std::span<const Advice> now);

}  // namespace noonmark::config
