#include "io/system_random.h"

#include <gtest/gtest.h>
#include <set>

namespace noonmark::io {
namespace {

TEST(SystemRandom, NumbersDifferAlsoAcrossBuffers) {
  SystemRandom random;
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(random.next());
  EXPECT_EQ(1000u, seen.size());
}

}  // namespace
}  // namespace noonmark::io
