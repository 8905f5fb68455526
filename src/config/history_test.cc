#include "config/history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace noonmark::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr CommitId id(std::uint32_t n) { return CommitId{1'000'000'000 + n}; }

struct HistoryTest : testing::Test {
  MemoryFiles files;
  Store store{files};
  History history{store};

  CommitPoint point(const std::string& label = {}, TrialOutcome trial = TrialOutcome::none) const {
    CommitPoint made;
    made.id = history.next_id();
    made.base = CommitId{number(made.id) - 1};
    made.user = "admin";
    made.interface = "VTY 1";
    made.time = 1'795'378'840;
    made.label = label;
    made.trial = trial;
    return made;
  }
  void add(const std::string& label = {}, TrialOutcome trial = TrialOutcome::none) {
    const auto made = point(label, trial);
    ASSERT_TRUE(history.add(made, std::to_string(number(made.id)) + "\n"));
  }
  static std::vector<std::uint32_t> ids(const History& of) {
    std::vector<std::uint32_t> numbers;
    for (const auto& p : of.points()) numbers.push_back(number(p.id) - 1'000'000'000);
    return numbers;
  }
};

TEST_F(HistoryTest, ARestartKnowsEveryPointAsItWas) {
  auto made = point("first light", TrialOutcome::confirmed);
  made.description = "a \"quoted\" word, \\ and \xC3\xA9";
  made.type = CommitType::rollback;
  made.reason = "by admin (VTY 1)";
  made.unusable = {{"192.0.2.1(MGMT)", "no-reply", false}};
  ASSERT_TRUE(history.add(made, "text\n"));
  History again(store);
  EXPECT_THAT(again.load(made.id), IsEmpty());
  EXPECT_THAT(again.points(), ElementsAre(made));
  EXPECT_EQ(again.text(made.id), "text\n");
  EXPECT_EQ(again.next_id(), id(2));
}

TEST_F(HistoryTest, TheEmptyConfigurationBeforeTheFirstCommitHasNoText) {
  EXPECT_EQ(history.text(CommitId::none), "");
  EXPECT_THAT(history.text(id(1)).error().message, HasSubstr("There is no commit 1000000001 on this device"));
}

TEST_F(HistoryTest, ACommitThatDidNotComeToItsEndIsRemovedAtTheStart) {
  add();
  add();
  History again(store);
  EXPECT_THAT(again.load(id(1)), ElementsAre("Commit 1000000002 did not come to its end and is removed"));
  EXPECT_THAT(ids(again), ElementsAre(1));
  EXPECT_THAT(again.text(id(2)), testing::Eq(tl::unexpected(again.text(id(2)).error())));
}

TEST_F(HistoryTest, TheFirstCommitMayBeTheOneThatDidNotComeToItsEnd) {
  add();
  History again(store);
  again.load(CommitId::none);
  EXPECT_THAT(ids(again), IsEmpty());
}

TEST_F(HistoryTest, AnOlderRunningConfigurationThatWasPutBackLosesNoPoint) {
  for (int i = 0; i < 4; ++i) add();
  History again(store);
  EXPECT_THAT(again.load(id(1)), IsEmpty());
  EXPECT_THAT(ids(again), ElementsAre(1, 2, 3, 4));
}

TEST_F(HistoryTest, ATrialThatTheDaemonDidNotSurviveStaysAsRolledBack) {
  add();
  add({}, TrialOutcome::pending);
  History again(store);
  EXPECT_THAT(again.load(id(1)), ElementsAre(HasSubstr("noonmarkd ended during the trial")));
  EXPECT_EQ(again.points().back().trial, TrialOutcome::rolled_back);
  History later(store);
  EXPECT_THAT(later.load(id(1)), IsEmpty());
  EXPECT_EQ(later.points(), again.points());
}

TEST_F(HistoryTest, ATrialWhoseConfirmationReachedTheDiskIsConfirmed) {
  add({}, TrialOutcome::pending);
  History again(store);
  EXPECT_THAT(again.load(id(1)), IsEmpty());
  EXPECT_EQ(again.points().back().trial, TrialOutcome::confirmed);
}

TEST_F(HistoryTest, ADamagedPointIsLeftOutAndNamed) {
  for (int i = 0; i < 3; ++i) add();
  const auto good = *files.read("commits/1000000002.cfg");
  const std::string broken[] = {"",
                                "no header\n",
                                "# noonmark configuration 1\ntext\n",
                                "# noonmark configuration 1\n# commit {}\n",
                                good->substr(0, good->size() / 2),
                                std::string(*good).replace(good->find("1795378840"), 10, "999999999999999"),
                                std::string(*good).replace(good->find("000002"), 6, "000003")};
  for (const auto& content : broken) {
    ASSERT_TRUE(files.write("commits/1000000002.cfg", content));
    History again(store);
    EXPECT_THAT(again.load(id(3)), ElementsAre(HasSubstr("commits/1000000002.cfg"))) << content;
    EXPECT_THAT(ids(again), ElementsAre(1, 3)) << content;
  }
}

TEST_F(HistoryTest, OtherFilesAreNoPoints) {
  add();
  for (const auto* name : {"commits/x.cfg", "commits/1000000001.cfg.new", "commits/01000000001.cfg",
                           "commits/99999999999999.cfg", "commits/-1.cfg", "commits/0.cfg"})
    ASSERT_TRUE(files.write(name, "x"));
  History again(store);
  EXPECT_THAT(again.load(id(1)), IsEmpty());
  EXPECT_THAT(ids(again), ElementsAre(1));
}

TEST_F(HistoryTest, OfMoreThanAHundredTheOldestWithoutALabelGo) {
  add("golden");
  for (std::size_t i = 1; i < kMaxPoints + 2; ++i) add();
  history.prune();
  EXPECT_EQ(history.points().size(), kMaxPoints);
  EXPECT_EQ(ids(history).front(), 1u);
  EXPECT_EQ(ids(history)[1], 4u);
  EXPECT_TRUE(history.is_followed_by_gap(history.points()[0]));
  EXPECT_FALSE(history.is_followed_by_gap(history.points()[1]));
  EXPECT_FALSE(history.is_followed_by_gap(history.points().back()));
  EXPECT_EQ(store.point_ids()->size(), kMaxPoints);
}

TEST_F(HistoryTest, ALabelIsOfOneCommitAndThereAreFiftyAtMost) {
  add("a");
  EXPECT_THAT(history.check_label("a").error().message, HasSubstr("belongs to commit 1000000001"));
  EXPECT_TRUE(history.check_label("b"));
  for (std::size_t i = 1; i < kMaxLabels; ++i) add("l" + std::to_string(i));
  EXPECT_THAT(history.check_label("b").error().message, HasSubstr("50 commits have a label"));
}

TEST_F(HistoryTest, LabelsAreSetAndTakenAwayAndSurviveARestart) {
  add();
  EXPECT_FALSE(history.clear_label(id(1)));
  EXPECT_FALSE(history.set_label(id(2), "x"));
  ASSERT_TRUE(history.set_label(id(1), "x"));
  EXPECT_THAT(history.set_label(id(1), "y").error().message, HasSubstr("has the label x"));
  History again(store);
  again.load(id(1));
  ASSERT_NE(again.find_label("x"), nullptr);
  ASSERT_TRUE(again.clear_label(id(1)));
  EXPECT_EQ(again.find_label("x"), nullptr);
  EXPECT_EQ(again.text(id(1)), "1000000001\n");
}

TEST_F(HistoryTest, ClearingTheOldestSparesLabelsTheRunningOneAndTrials) {
  add();
  add("kept");
  add();
  add();
  add({}, TrialOutcome::pending);
  EXPECT_EQ(history.erase_oldest(5, id(4)), 2u);
  EXPECT_THAT(ids(history), ElementsAre(2, 4, 5));
  EXPECT_TRUE(history.is_followed_by_gap(history.points()[0]));
  EXPECT_THAT(history.erase_oldest(4, id(4)).error().message, HasSubstr("only 3 commits"));
}

TEST_F(HistoryTest, ClearingByLabelRemovesThatPoint) {
  add("a");
  add("b");
  EXPECT_FALSE(history.erase_label("c", id(2)));
  EXPECT_THAT(history.erase_label("b", id(2)).error().message, HasSubstr("in force"));
  EXPECT_TRUE(history.erase_label("a", id(2)));
  EXPECT_THAT(ids(history), ElementsAre(2));
}

TEST_F(HistoryTest, ANumberIsNeverGivenTwice) {
  add();
  add({}, TrialOutcome::rolled_back);
  ASSERT_TRUE(history.erase_oldest(2, id(1)));
  EXPECT_THAT(ids(history), ElementsAre(1));
  EXPECT_EQ(history.next_id(), id(3));
  History again(store);
  again.load(id(1));
  EXPECT_EQ(again.next_id(), id(3));
}

}  // namespace
}  // namespace noonmark::config
