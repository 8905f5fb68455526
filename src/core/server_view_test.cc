#include "core/server_view.h"

#include <gtest/gtest.h>

namespace noonmark::core {
namespace {

ServerView view_at(std::int64_t second, double dispersion) {
  ServerView view;
  view.leap = wire::Leap::none;
  view.stratum = 2;
  view.root_dispersion = dispersion;
  view.dispersion_rate = 15e-6;
  view.at = Timestamp::from_unix(second, 0);
  return view;
}

TEST(ServerView, WhatOnlyAgedContinuesAndWhatIsNewsDoesNot) {
  const auto earlier = view_at(1000, 0.001);
  EXPECT_TRUE(view_at(1100, 0.001 + 100 * 15e-6).continues(earlier));
  EXPECT_FALSE(view_at(1100, 0.001).continues(earlier)) << "it fell: a sample came";
  EXPECT_FALSE(view_at(900, 0.0005).continues(earlier)) << "the clock was set back";
  auto other = view_at(1100, 0.001 + 100 * 15e-6);
  other.stratum = 3;
  EXPECT_FALSE(other.continues(earlier));
  other = view_at(1000, 0.001);
  other.dispersion_rate = 1e-6;
  EXPECT_FALSE(other.continues(earlier));
}

}  // namespace
}  // namespace noonmark::core
