#include "base/nearest_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace noonmark::base {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(NearestNames, TheFewestEditsComeFirst) {
  const std::vector<std::string> existing{"wlan0", "eth10", "eth1", "lo"};
  EXPECT_THAT(nearest_names("eth01", existing, 2), ElementsAre("eth1", "eth10"));
}

TEST(NearestNames, CaseDoesNotCountAndSwappedLettersCountOnce) {
  const std::vector<std::string> existing{"MGTM", "mxyt", "core"};
  EXPECT_THAT(nearest_names("mgmt", existing, 1), ElementsAre("MGTM"));
}

TEST(NearestNames, EqualNamesAreGivenOnceAndNothingFromNothing) {
  const std::vector<std::string> existing{"lo", "lo", "eth0"};
  EXPECT_THAT(nearest_names("lo", existing), ElementsAre("lo", "eth0"));
  EXPECT_THAT(nearest_names("lo", std::vector<std::string>{}), IsEmpty());
}

}  // namespace
}  // namespace noonmark::base
