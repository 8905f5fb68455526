#include "io/vpn_place.h"

#include <cerrno>
#include <fcntl.h>
#include <sched.h>

#include "base/check.h"

namespace noonmark::io {

NamespaceScope::NamespaceScope(const UniqueFd* net_namespace) {
  if (net_namespace == nullptr) return;
  UniqueFd home(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
  if (!home || ::setns(net_namespace->get(), CLONE_NEWNET) != 0) {
    error_ = errno;
    return;
  }
  home_ = std::move(home);
}

NamespaceScope::~NamespaceScope() {
  if (home_) CHECK(::setns(home_.get(), CLONE_NEWNET) == 0);
}

}  // namespace noonmark::io
