#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/log.h"
#include "core/network_view.h"
#include "io/loop.h"
#include "io/rtnetlink.h"
#include "io/unique_fd.h"
#include "io/vpn_place.h"

namespace noonmark::io {

/// Keeps a core::NetworkView true to the kernel. A VPN instance is the VRF device of its name in the daemon's
/// own namespace, else the named network namespace (`ip netns`). All of them are known by name; a namespace
/// is opened and watched only while the configuration uses it. What vanishes and comes back is found again.
///
/// Ids of VPN instances belong to their names for the life of the object. Runs on the loop's thread.
class NetworkWatch {
 public:
  /// `changed` is called from the loop, and by use_vpns(), when view() or places() are not what they were.
  /// Without rtnetlink the interfaces are those of getifaddrs(), and nothing is watched.
  /// `namespace_directory`: where `ip netns` keeps the named namespaces.
  NetworkWatch(Loop& loop, base::LogSink& log, std::function<void()> changed,
               std::string namespace_directory = "/run/netns");
  ~NetworkWatch();
  NetworkWatch(const NetworkWatch&) = delete;
  NetworkWatch& operator=(const NetworkWatch&) = delete;

  const core::NetworkView& view() const { return view_; }
  /// Where sockets can be made: the public instance, every VRF, and the namespaces in use.
  const std::vector<VpnPlace>& places() const { return places_; }

  /// The VPN instances that the configuration names.
  void use_vpns(std::set<std::string> names);
  /// Looks at everything now, e.g. before the instances are displayed: namespaces that are not used are not
  /// watched.
  void refresh();

 private:
  struct NamedNamespace {
    std::shared_ptr<const UniqueFd> fd;
    std::uint64_t incarnation = 0;
    std::optional<RouteSocket> route;
  };

  std::vector<std::string> names_of_namespaces() const;
  bool is_missing(const std::string& name) const;
  core::VpnId id_of(const std::string& name);
  void follow_namespace(const std::string& name);
  void forget_namespace(const std::string& name);
  bool read_own_namespace(core::NetworkView& view, std::vector<VpnPlace>& places);
  bool read_named_namespaces(core::NetworkView& view, std::vector<VpnPlace>& places);
  void watch_route(RouteSocket& route);
  void watch_directory();
  void look_again(std::chrono::milliseconds delay);
  void retry_while_missing();

  Loop& loop_;
  base::LogSink& log_;
  std::function<void()> changed_;
  std::string namespace_directory_;
  std::optional<RouteSocket> route_;  // of the daemon's own namespace
  UniqueFd directory_events_;
  bool directory_watched_ = false;
  std::set<std::string> used_;
  std::map<std::string, NamedNamespace> namespaces_;  // in use and there
  std::set<std::string> refused_;                     // there, but we may not enter; reported
  std::map<std::string, core::VpnId> ids_;
  core::NetworkView view_;
  std::vector<VpnPlace> places_;
  std::optional<Loop::TaskId> look_;
  std::optional<Loop::TaskId> retry_;
};

}  // namespace noonmark::io
