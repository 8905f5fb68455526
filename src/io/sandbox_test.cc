#include "io/sandbox.h"

#include <cap-ng.h>
#include <cstdlib>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace noonmark::io {
namespace {

bool has(unsigned capability) {
  capng_get_caps_process();
  return capng_have_capability(CAPNG_EFFECTIVE, capability) == 1;
}

// What these change cannot be undone, so each runs in a process of its own, which tells by its exit status.
void drop_and_exit(bool steers_system_clock) {
  const bool had_time = has(CAP_SYS_TIME), had_admin = has(CAP_SYS_ADMIN);
  const auto failures = drop_capabilities(steers_system_clock);
  const bool right = failures.empty() && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 &&
                     has(CAP_SYS_TIME) == (had_time && steers_system_clock) &&
                     has(CAP_SYS_ADMIN) == had_admin && !has(CAP_DAC_OVERRIDE) && !has(CAP_SETUID) &&
                     !has(CAP_SETPCAP);
  std::_Exit(right ? 0 : 1);
}

TEST(Sandbox, KeepsOnlyTheCapabilitiesThatAreNeeded) {
  EXPECT_EXIT(drop_and_exit(false), ::testing::ExitedWithCode(0), "");
  EXPECT_EXIT(drop_and_exit(true), ::testing::ExitedWithCode(0), "");
}

TEST(Sandbox, ForbidsCoreDumps) {
  const auto check = [] {
    const bool worked = forbid_core_dumps().empty();
    rlimit limit{};
    getrlimit(RLIMIT_CORE, &limit);
    std::_Exit(worked && limit.rlim_max == 0 && prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 ? 0 : 1);
  };
  EXPECT_EXIT(check(), ::testing::ExitedWithCode(0), "");
}

TEST(Sandbox, RaisesTheDescriptorLimitToTheHardOne) {
  const auto check = [] {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = 64;
    setrlimit(RLIMIT_NOFILE, &limit);
    raise_descriptor_limit();
    getrlimit(RLIMIT_NOFILE, &limit);
    std::_Exit(limit.rlim_cur == limit.rlim_max && limit.rlim_cur > 64 ? 0 : 1);
  };
  EXPECT_EXIT(check(), ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace noonmark::io
