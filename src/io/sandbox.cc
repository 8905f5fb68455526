#include "io/sandbox.h"

#include <array>
#include <cerrno>
#include <cap-ng.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "io/errno_text.h"

namespace noonmark::io {
namespace {

constexpr std::array<unsigned, 4> kNeeded = {CAP_NET_BIND_SERVICE, CAP_NET_RAW, CAP_SYS_ADMIN, CAP_SYS_TIME};

std::string failed(const char* what) { return fmt::format("cannot {}: {}", what, errno_text(errno)); }

}  // namespace

void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);  // refused: the lower limit shows as "no resources" where it matters
}

std::vector<std::string> forbid_core_dumps() {
  std::vector<std::string> failures;
  const rlimit none{0, 0};
  if (setrlimit(RLIMIT_CORE, &none) != 0) failures.push_back(failed("set the core file size to 0"));
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) failures.push_back(failed("make the process undumpable"));
  return failures;
}

std::vector<std::string> drop_capabilities(bool steers_system_clock) {
  std::vector<std::string> failures;
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) failures.push_back(failed("set no_new_privs"));
  if (capng_get_caps_process() != 0) return failures.push_back("cannot read the capabilities"), failures;
  std::vector<unsigned> keep;
  for (const unsigned capability : kNeeded) {
    const bool wanted = capability != CAP_SYS_TIME || steers_system_clock;
    if (wanted && capng_have_capability(CAPNG_PERMITTED, capability) == 1) keep.push_back(capability);
  }
  // The bounding set can only be changed by a process that may set capabilities at all.
  const bool may_bound = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP) == 1;
  capng_clear(may_bound ? CAPNG_SELECT_BOTH : CAPNG_SELECT_CAPS);
  for (const unsigned capability : keep)
    capng_update(CAPNG_ADD, static_cast<capng_type_t>(CAPNG_EFFECTIVE | CAPNG_PERMITTED), capability);
  if (capng_apply(may_bound ? CAPNG_SELECT_BOTH : CAPNG_SELECT_CAPS) != 0)
    failures.push_back(failed("drop capabilities"));
  return failures;
}

}  // namespace noonmark::io
