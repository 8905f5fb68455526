#include "core/selection.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace noonmark::core {
namespace {

using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::Not;
using testing::UnorderedElementsAre;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

Contender contender(double offset, double bound, std::uint8_t stratum = 2, bool preference = false) {
  return {.offset = offset, .bound = bound, .likely = bound, .stratum = stratum, .preference = preference};
}

Selection select_from(const std::vector<Contender>& contenders, std::optional<std::size_t> current = {}) {
  return select(contenders, current);
}

bool is_chimer(Verdict v) { return v == Verdict::survivor || v == Verdict::system_peer; }

TEST(Selection, NobodyIsSelectedOfNobody) {
  const auto selection = select_from({});
  EXPECT_TRUE(selection.verdicts.empty());
  EXPECT_FALSE(selection.system_peer);
}

TEST(Selection, OneServerIsItsOwnMajority) {
  const auto selection = select_from({contender(0.5, 0.1)});
  EXPECT_EQ(selection.system_peer, 0U);
  EXPECT_THAT(selection.verdicts, ElementsAre(Verdict::system_peer));
  EXPECT_THAT(selection.feeding, ElementsAre(0U));
}

TEST(Selection, TwoServersThatDisagreeAreNoMajority) {
  const auto selection = select_from({contender(0, 0.1), contender(1, 0.1)});
  EXPECT_FALSE(selection.system_peer);
  EXPECT_THAT(selection.verdicts, Each(Verdict::no_majority));
}

TEST(Selection, TwoPairsThatDisagreeAreNoMajority) {
  const auto selection =
      select_from({contender(0, 0.1), contender(0, 0.1), contender(1, 0.1), contender(1, 0.1)});
  EXPECT_FALSE(selection.system_peer);
  EXPECT_THAT(selection.verdicts, Each(Verdict::no_majority));
}

TEST(Selection, IntervalsThatTouchOverlap) {
  EXPECT_TRUE(select_from({contender(0, 0.5), contender(1, 0.5)}).system_peer);
}

TEST(Selection, TwoAgainstOneWin) {
  const auto selection = select_from({contender(0, 0.1), contender(1, 0.1), contender(0.05, 0.1)});
  EXPECT_THAT(selection.verdicts, ElementsAre(Verdict::system_peer, Verdict::falseticker, Verdict::survivor));
}

TEST(Selection, AWideHonestServerIsNoFalsetickerThoughItsMidpointIsOutside) {
  const auto selection = select_from({contender(0, 0.001), contender(0, 0.001), contender(0.5, 0.6)});
  EXPECT_THAT(selection.verdicts, ElementsAre(Verdict::system_peer, Verdict::survivor, Verdict::survivor));
}

TEST(Selection, TheLeastStratumLeads) {
  EXPECT_EQ(select_from({contender(0, 0.1, 3), contender(0, 0.2, 2), contender(0, 0.3, 2)}).system_peer, 1U);
}

TEST(Selection, ThePresentPeerIsKeptAtEqualStratumOnly) {
  const std::vector<Contender> contenders = {contender(0, 0.1, 2), contender(0, 0.2, 2),
                                             contender(0, 0.05, 3)};
  EXPECT_EQ(select_from(contenders).system_peer, 0U);
  EXPECT_EQ(select_from(contenders, 1).system_peer, 1U);
  EXPECT_EQ(select_from(contenders, 2).system_peer, 0U);
  EXPECT_EQ(select_from(contenders, 99).system_peer, 0U);
}

TEST(Selection, APreferredSurvivorOfLeastStratumLeadsAndAloneFeedsTheClock) {
  const auto selection =
      select_from({contender(0, 0.1), contender(0.03, 0.2, 2, true), contender(0.01, 0.1)}, 0);
  EXPECT_EQ(selection.system_peer, 1U);
  EXPECT_THAT(selection.feeding, ElementsAre(1U));
}

TEST(Selection, PreferenceDoesNotBeatStratumOrTheMajority) {
  EXPECT_EQ(select_from({contender(0, 0.1, 2), contender(0, 0.1, 3, true)}).system_peer, 0U);
  const auto selection = select_from({contender(0, 0.1), contender(9, 0.1, 1, true), contender(0, 0.2)});
  EXPECT_EQ(selection.system_peer, 0U);
  EXPECT_EQ(selection.verdicts[1], Verdict::falseticker);
}

TEST(Selection, AllSurvivorsFeedTheClock) {
  const auto selection = select_from({contender(0, 0.1), contender(9, 0.1), contender(0.01, 0.1, 3)});
  EXPECT_THAT(selection.feeding, ElementsAre(0U, 2U));
}

TEST(Selection, OfManySurvivorsThoseOfLeastBoundFeedAndAreKeptUnlessAnotherIsMuchBetter) {
  std::vector<Contender> contenders;
  for (int i = 0; i < 12; ++i) contenders.push_back(contender(0, 0.1 + 0.001 * i));
  auto selection = select_from(contenders);
  EXPECT_EQ(selection.feeding.size(), kMaxFeeding);
  for (const auto i : selection.feeding) EXPECT_LT(i, kMaxFeeding);
  for (const auto i : selection.feeding) contenders[i].is_feeding = true;
  contenders[11].bound = 0.09;
  selection = select_from(contenders, 0);
  EXPECT_THAT(selection.feeding, Not(Contains(11U)));
  contenders[11].bound = 0.05;
  selection = select_from(contenders, 0);
  EXPECT_THAT(selection.feeding, Contains(11U));
  EXPECT_EQ(selection.feeding.size(), kMaxFeeding);
}

TEST(Selection, TheSystemPeerAlwaysFeeds) {
  std::vector<Contender> contenders(12, contender(0, 0.01, 3));
  contenders[11] = contender(0, 0.5, 2);
  EXPECT_THAT(select_from(contenders).feeding, Contains(11U));
}

TEST(Selection, WhatIsNotFiniteIsAFalsetickerWithoutAVote) {
  for (const double bad : {kNan, kInfinity, -kInfinity, 1e300}) {
    const auto selection =
        select_from({contender(bad, 0.1), contender(0, 0.1), contender(0, bad), contender(0, -1)});
    EXPECT_THAT(selection.verdicts, ElementsAre(Verdict::falseticker, Verdict::system_peer,
                                                Verdict::falseticker, Verdict::falseticker));
  }
}

TEST(Selection, IdenticalServersOfNoDistanceAreFine) {
  const std::vector<Contender> contenders(7);
  const auto selection = select_from(contenders);
  EXPECT_EQ(selection.system_peer, 0U);
}

TEST(Selection, AnHonestMajorityWinsAndAMinorityFarAwayIsFlagged) {
  std::mt19937_64 random(1);
  const auto uniform = [&](double low, double high) {
    return std::uniform_real_distribution(low, high)(random);
  };
  for (int round = 0; round < 20'000; ++round) {
    const std::size_t falsetickers = random() % 10;
    const std::size_t honest = falsetickers + 1 + random() % 5;
    std::vector<Contender> contenders;
    for (std::size_t i = 0; i < honest; ++i) {
      const double distance = uniform(0.001, 0.5);
      contenders.push_back(contender(uniform(-distance, distance), distance));  // contains the truth, 0
    }
    for (std::size_t i = 0; i < falsetickers; ++i) {
      const double side = random() % 2 == 0 ? 1 : -1;
      contenders.push_back(
          contender(side * uniform(2, 3), uniform(0.001, 0.9)));  // honest ones stay within 1
    }
    std::vector<std::size_t> order(contenders.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::ranges::shuffle(order, random);
    std::vector<Contender> shuffled;
    for (const std::size_t i : order) shuffled.push_back(contenders[i]);

    const auto selection = select_from(shuffled);
    ASSERT_TRUE(selection.system_peer) << "round " << round;
    for (std::size_t i = 0; i < order.size(); ++i) {
      ASSERT_EQ(is_chimer(selection.verdicts[i]), order[i] < honest)
          << "round " << round << " contender " << i;
    }
    for (const std::size_t i : selection.feeding) ASSERT_LT(order[i], honest) << "round " << round;
  }
}

Contender likely_contender(double offset, double likely) {
  return {.offset = offset, .bound = 0.1, .likely = likely, .stratum = 2};
}

TEST(Selection, AServerWithinItsBoundsThatMostOthersFindUnlikelyIsAnOutlier) {
  const auto selection = select_from({likely_contender(0.050, 0.002), likely_contender(0, 0.002),
                                      likely_contender(0.001, 0.003), likely_contender(-0.001, 0.004)});
  EXPECT_THAT(selection.verdicts, UnorderedElementsAre(Verdict::outlier, Verdict::system_peer,
                                                       Verdict::survivor, Verdict::survivor));
  EXPECT_EQ(selection.verdicts[0], Verdict::outlier);
  EXPECT_THAT(selection.feeding, UnorderedElementsAre(1U, 2U, 3U));
}

TEST(Selection, WithoutALikelyMajorityAllTruechimersSurvive) {
  const auto selection = select_from({likely_contender(0.05, 0.002), likely_contender(0, 0.002)});
  EXPECT_THAT(selection.feeding, UnorderedElementsAre(0U, 1U));
  EXPECT_THAT(selection.verdicts, Not(Contains(Verdict::outlier)));
}

TEST(Selection, APreferredOutlierDoesNotLead) {
  auto preferred = likely_contender(0.05, 0.002);
  preferred.preference = true;
  const auto selection =
      select_from({preferred, likely_contender(0, 0.002), likely_contender(0.001, 0.002)}, 0);
  EXPECT_EQ(selection.verdicts[0], Verdict::outlier);
  EXPECT_THAT(selection.feeding, UnorderedElementsAre(1U, 2U));
}

TEST(Selection, AnythingAtAllGivesAConsistentAnswer) {
  std::mt19937_64 random(2);
  const std::vector<double> values = {0,     0,  1e-9, 1e-3, 0.1,       -0.1,       1,     -1,
                                      1e300, -1, kNan, 4e9,  kInfinity, -kInfinity, 1e-300};
  const auto any = [&] { return values[random() % values.size()]; };
  for (int round = 0; round < 20'000; ++round) {
    std::vector<Contender> contenders(random() % 12);
    for (auto& c : contenders) {
      c = {any(),
           any(),
           any(),
           static_cast<std::uint8_t>(random() % 16),
           random() % 4 == 0,
           random() % 2 == 0};
    }
    const auto selection = select_from(contenders, random() % 12);
    ASSERT_EQ(selection.verdicts.size(), contenders.size());
    ASSERT_EQ(std::ranges::count(selection.verdicts, Verdict::system_peer), selection.system_peer ? 1 : 0);
    const auto chimers = static_cast<std::size_t>(std::ranges::count_if(selection.verdicts, is_chimer));
    ASSERT_EQ(chimers > 0, selection.system_peer.has_value());
    ASSERT_LE(selection.feeding.size(), std::min(chimers, kMaxFeeding));
    ASSERT_EQ(selection.feeding.empty(), chimers == 0);
  }
}

}  // namespace
}  // namespace noonmark::core
