#pragma once

#include <cstdint>
#include <memory>

#include "core/network_view.h"
#include "io/unique_fd.h"

namespace noonmark::io {

/// A VPN instance as a place to make sockets in.
struct VpnPlace {
  core::Vpn vpn;
  /// Changes when the VRF device or the namespace behind the name is another one: sockets made before are
  /// dead.
  std::uint64_t incarnation = 0;
  /// Of a named network namespace; null for the others.
  std::shared_ptr<const UniqueFd> net_namespace;
};

/// While it lives the calling thread is in another network namespace, if `net_namespace` is not null.
class NamespaceScope {
 public:
  explicit NamespaceScope(const UniqueFd* net_namespace);
  ~NamespaceScope();
  NamespaceScope(const NamespaceScope&) = delete;
  NamespaceScope& operator=(const NamespaceScope&) = delete;

  /// 0, or the errno value of the failure: then the thread is where it was.
  int error() const { return error_; }

 private:
  UniqueFd home_;
  int error_ = 0;
};

}  // namespace noonmark::io
