#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/datastore.h"
#include "config/failing_files_for_test.h"
#include "config/fake_surroundings_for_test.h"
#include "crypto/aead.h"

namespace noonmark::config {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// The text form of a configuration is its port.
std::vector<std::string> lines(const Configuration& c) { return {"port " + std::to_string(c.port)}; }
std::string render(const Configuration& c) { return std::to_string(c.port) + "\n"; }
base::Result<Configuration> parse(std::string_view content, const KeyRing&) {
  Configuration c;
  while (content.starts_with('#')) content.remove_prefix(content.find('\n') + 1);
  if (!content.empty()) c.port = static_cast<std::uint16_t>(std::stoi(std::string(content)));
  return c;
}

struct PortParticipant final : Participant {
  std::uint16_t port = 123, next = 123;
  bool refuses = false;
  base::Result<void> prepare(const Configuration& configuration, const core::NtpConfig&) override {
    if (refuses) return base::fail("port busy");
    next = configuration.port;
    return {};
  }
  void apply() override { port = next; }
  void abort() override {}
};

constexpr CommitId id(std::uint32_t n) { return CommitId{1'000'000'000 + n}; }

struct TrialTest : testing::Test {
  base::SeededRandom random{1};
  KeyRing ring{crypto::Secret(std::string_view(std::string(crypto::kAeadKeySize, 'k'))), random};
  MemoryFiles disk;
  FailingFiles files{disk};
  Store store{files};
  Copies copies{files};
  FakeSurroundings surroundings;
  PortParticipant sockets;
  Author admin{"admin", "VTY 1", 1};
  Author guest{"guest", "VTY 2", 2};
  std::optional<Datastore> datastore;

  TrialTest() { start(); }
  /// As after the end of the daemon, however it ended.
  void start() {
    surroundings.cancel_alarm();
    surroundings.watch_servers({});
    datastore.emplace(TextCodec{lines, render, parse}, ring, store, copies, surroundings);
    ASSERT_TRUE(datastore->load());
    sockets.port = datastore->running().port;
    datastore->add(sockets);
  }
  CommitOutcome commit(std::uint16_t port, const CommitRequest& request = {}) {
    return commit(admin, port, request);
  }
  CommitOutcome commit(const Author& author, std::uint16_t port, const CommitRequest& request = {}) {
    Candidate candidate(author);
    datastore->edit(candidate).port = port;
    return datastore->commit(candidate, request);
  }
  CommitOutcome confirm(const Author& author, const CommitRequest& request = {}) {
    Candidate candidate(author);
    return datastore->commit(candidate, request);
  }
  CommitOutcome roll_back(CommitId to) {
    return datastore->roll_back(admin, *datastore->configuration_at(to),
                                "commit " + std::to_string(number(to)));
  }
  static CommitRequest trial(std::chrono::seconds time = 600s) {
    CommitRequest request;
    request.trial = TrialTerms{time, {}};
    return request;
  }
  static CommitRequest proving(std::size_t servers) {
    auto request = trial(60s);
    request.trial->servers = servers;
    return request;
  }
  static CommitRequest labelled(const char* label) {
    CommitRequest request;
    request.label = label;
    return request;
  }
  std::uint16_t stored() const {
    const auto running = store.read_running();
    return running && *running ? parse((*running)->content, ring)->port : 123;
  }
  void expect_port(std::uint16_t port) const {
    EXPECT_EQ(datastore->running().port, port);
    EXPECT_EQ(sockets.port, port);
  }
  const CommitPoint& newest() const { return datastore->history().points().back(); }
};

TEST_F(TrialTest, ACommitNotesWhoWhenAndWhat) {
  auto request = labelled("golden");
  request.description = "second server";
  ASSERT_TRUE(commit(1500, request).committed);
  ASSERT_TRUE(commit(guest, 1600).committed);
  const auto& first = datastore->history().points().front();
  EXPECT_EQ(first.id, id(1));
  EXPECT_EQ(first.base, CommitId::none);
  EXPECT_EQ(first.user, "admin");
  EXPECT_EQ(first.interface, "VTY 1");
  EXPECT_EQ(first.time, surroundings.seconds);
  EXPECT_EQ(first.label, "golden");
  EXPECT_EQ(first.description, "second server");
  EXPECT_EQ(first.type, CommitType::cli);
  EXPECT_EQ(newest().base, id(1));
  EXPECT_EQ(newest().user, "guest");
  EXPECT_EQ(datastore->configuration_at(id(1))->port, 1500);
  EXPECT_EQ(datastore->running_commit(), id(2));
}

TEST_F(TrialTest, ACommitWithoutChangesMakesNoPointAndRefusesALabel) {
  EXPECT_TRUE(confirm(admin).committed);
  EXPECT_THAT(confirm(admin, labelled("x")).errors, ElementsAre(HasSubstr("nothing to commit")));
  EXPECT_THAT(confirm(admin, trial()).errors, ElementsAre(HasSubstr("nothing to commit")));
  EXPECT_THAT(datastore->history().points(), IsEmpty());
}

TEST_F(TrialTest, ALabelTwiceRefusesTheCommit) {
  ASSERT_TRUE(commit(1500, labelled("x")).committed);
  EXPECT_THAT(commit(1600, labelled("x")).errors, ElementsAre(HasSubstr("belongs to commit")));
  expect_port(1500);
}

TEST_F(TrialTest, AtNoStepAFullDiskChangesAnything) {
  using enum FailingFiles::Failure;
  ASSERT_TRUE(commit(1500).committed);
  for (const auto& [failure, lasting] : {std::pair{before, false}, {before, true}, {after, false}})
    for (int step = 0; step < 2; ++step) {
      files.failure = failure;
      files.lasting = lasting;
      files.writes_left = step;
      EXPECT_THAT(commit(1600).errors, ElementsAre(HasSubstr("No space left on device"))) << step;
      files.lasting = false;
      expect_port(1500);
      start();
      expect_port(1500);
      EXPECT_EQ(datastore->running_commit(), id(1));
      EXPECT_EQ(datastore->history().points().size(), 1u);
    }
}

TEST_F(TrialTest, AStepFurtherTheCommitIsDone) {
  ASSERT_TRUE(commit(1500).committed);
  files.writes_left = 2;
  EXPECT_TRUE(commit(1600).committed);
}

TEST_F(TrialTest, ATrialIsInForceButARestartLoadsTheOldConfiguration) {
  ASSERT_TRUE(commit(1500).committed);
  const auto outcome = commit(1600, trial());
  EXPECT_THAT(
      outcome.notices,
      ElementsAre("Info: The system enters the trial configuration mode.",
                  "The system will revert to previous configuration if the trial configuration is not "
                  "confirmed in 600 seconds."));
  expect_port(1600);
  EXPECT_EQ(stored(), 1500);
  start();
  expect_port(1500);
  EXPECT_EQ(newest().id, id(2));
  EXPECT_EQ(newest().trial, TrialOutcome::rolled_back);
  EXPECT_EQ(newest().reason, "noonmarkd ended during the trial");
  EXPECT_EQ(datastore->history().next_id(), id(3));
}

TEST_F(TrialTest, ItsTimeRunsOutAndTheOldConfigurationIsBack) {
  ASSERT_TRUE(commit(1500).committed);
  ASSERT_TRUE(commit(1600, trial(60s)).committed);
  surroundings.pass(59);
  EXPECT_EQ(datastore->trial_left(), 1s);
  expect_port(1600);
  surroundings.pass(1);
  expect_port(1500);
  EXPECT_FALSE(datastore->trial());
  EXPECT_EQ(datastore->running_commit(), id(1));
  EXPECT_EQ(newest().reason, "not confirmed within 60 seconds");
  EXPECT_EQ(datastore->take_news(1),
            "Warning: The trial configuration was rolled back: not confirmed within 60 seconds.");
  EXPECT_EQ(datastore->take_news(1), "");
  EXPECT_THAT(surroundings.lines, Contains(HasSubstr("The trial of commit 1000000002 is rolled back")));
  ASSERT_TRUE(commit(1700).committed);
  EXPECT_EQ(newest().base, id(1));
}

TEST_F(TrialTest, ACommitInTheSameSessionConfirms) {
  ASSERT_TRUE(commit(1600, trial()).committed);
  EXPECT_TRUE(confirm(admin, labelled("good")).committed);
  EXPECT_EQ(newest().trial, TrialOutcome::confirmed);
  EXPECT_EQ(newest().label, "good");
  EXPECT_EQ(newest().reason, "by admin (VTY 1)");
  EXPECT_EQ(datastore->take_news(1), "");
  surroundings.pass(10000);
  expect_port(1600);
  start();
  expect_port(1600);
  EXPECT_EQ(newest().trial, TrialOutcome::confirmed);
}

TEST_F(TrialTest, ACommitWithFurtherChangesConfirmsBoth) {
  ASSERT_TRUE(commit(1600, trial()).committed);
  ASSERT_TRUE(commit(1700).committed);
  EXPECT_FALSE(datastore->trial());
  EXPECT_EQ(datastore->history().find(id(1))->trial, TrialOutcome::confirmed);
  EXPECT_EQ(newest().trial, TrialOutcome::none);
  start();
  expect_port(1700);
}

TEST_F(TrialTest, AnotherTrialStartsTheTimeAnewAndMayGoFurther) {
  ASSERT_TRUE(commit(1600, trial(60s)).committed);
  surroundings.pass(50);
  ASSERT_TRUE(confirm(admin, trial(60s)).committed);
  surroundings.pass(50);
  expect_port(1600);
  ASSERT_TRUE(commit(1700, trial(60s)).committed);
  surroundings.pass(50);
  expect_port(1700);
  surroundings.pass(10);
  expect_port(123);
  for (const auto& point : datastore->history().points()) EXPECT_EQ(point.trial, TrialOutcome::rolled_back);
  EXPECT_EQ(datastore->history().points().size(), 2u);
}

TEST_F(TrialTest, OtherSessionsNeitherCommitNorRollBackNorLock) {
  ASSERT_TRUE(commit(1500).committed);
  ASSERT_TRUE(commit(1600, trial()).committed);
  EXPECT_THAT(commit(guest, 1700).errors, ElementsAre(HasSubstr("A trial configuration of admin (VTY 1)")));
  EXPECT_THAT(confirm(guest).errors, ElementsAre(HasSubstr("600 more seconds")));
  EXPECT_FALSE(datastore->roll_back(guest, {}, "x").committed);
  EXPECT_FALSE(datastore->roll_back(admin, {}, "x").committed);
  EXPECT_FALSE(datastore->lock(guest));
  expect_port(1600);
}

TEST_F(TrialTest, TheEndOfTheSessionRollsBack) {
  ASSERT_TRUE(commit(1600, trial()).committed);
  datastore->end_session(2);
  expect_port(1600);
  datastore->end_session(1);
  expect_port(123);
  EXPECT_EQ(newest().reason, "the session ended");
  EXPECT_EQ(datastore->take_news(1), "");
}

TEST_F(TrialTest, APersistentTrialOutlivesItsSessionAndIsConfirmedByItsId) {
  auto request = trial();
  request.persist = "night";
  ASSERT_TRUE(commit(1600, request).committed);
  datastore->end_session(1);
  expect_port(1600);
  EXPECT_FALSE(confirm(admin).committed) << "a later session of the same number is another one";
  CommitRequest by_id;
  by_id.persist = "day";
  EXPECT_THAT(confirm(guest, by_id).errors, ElementsAre("There is no trial with the persist ID day."));
  by_id.persist = "night";
  EXPECT_TRUE(confirm(guest, by_id).committed);
  EXPECT_EQ(newest().reason, "by guest (VTY 2)");
  EXPECT_EQ(stored(), 1600);
}

TEST_F(TrialTest, AnAbortRollsBackForThoseWhoMay) {
  EXPECT_FALSE(datastore->may_abort_trial(admin, {}, {}));
  ASSERT_TRUE(commit(1600, trial()).committed);
  EXPECT_TRUE(datastore->may_abort_trial(admin, {}, {}));
  EXPECT_THAT(datastore->may_abort_trial(guest, {}, {}).error().message, HasSubstr("abort trial session 1"));
  EXPECT_FALSE(datastore->may_abort_trial(guest, 2, {}));
  EXPECT_TRUE(datastore->may_abort_trial(guest, 1, {}));
  EXPECT_FALSE(datastore->may_abort_trial(guest, {}, "x"));
  datastore->abort_trial(guest);
  expect_port(123);
  EXPECT_EQ(datastore->take_news(1),
            "Warning: The trial configuration was rolled back: aborted by guest (VTY 2).");
}

TEST_F(TrialTest, ItConfirmsItselfWhenEnoughServersAreUsable) {
  ASSERT_TRUE(commit(1600, proving(2)).committed);
  EXPECT_TRUE(surroundings.watches());
  surroundings.see({{"192.0.2.1", "survivor", true}, {"192.0.2.2", "waiting-for-reply", false}});
  EXPECT_TRUE(datastore->trial());
  surroundings.see({{"192.0.2.1", "survivor", true}, {"192.0.2.2", "system-peer", true}});
  EXPECT_FALSE(datastore->trial());
  EXPECT_FALSE(surroundings.watches());
  EXPECT_EQ(newest().trial, TrialOutcome::confirmed);
  EXPECT_EQ(newest().reason, "2 servers are usable: 192.0.2.1, 192.0.2.2");
  EXPECT_EQ(stored(), 1600);
  EXPECT_THAT(datastore->take_news(1), HasSubstr("Info: The trial configuration was confirmed: 2 servers"));
}

TEST_F(TrialTest, ItIsConfirmedAtOnceWhereTheServersAreUsableAlready) {
  surroundings.verdicts = {{"192.0.2.1", "system-peer", true}};
  const auto outcome = commit(1600, proving(1));
  EXPECT_EQ(outcome.notices.back(),
            "Info: The trial configuration was confirmed: 1 server is usable: 192.0.2.1.");
  EXPECT_EQ(stored(), 1600);
}

TEST_F(TrialTest, WithTooFewUsableServersItRollsBackAndSaysWhichAndWhy) {
  ASSERT_TRUE(commit(1600, proving(2)).committed);
  surroundings.see({{"192.0.2.1", "survivor", true}, {"192.0.2.2", "no-reply", false}});
  datastore->end_session(1);
  expect_port(1600);
  surroundings.pass(60);
  expect_port(123);
  EXPECT_EQ(newest().reason, "1 of 2 servers usable within 60 seconds; not usable: 192.0.2.2 (no-reply)");
  EXPECT_THAT(newest().unusable, ElementsAre(ServerVerdict{"192.0.2.2", "no-reply", false}));
  ASSERT_TRUE(datastore->last_trial());
  EXPECT_FALSE(datastore->last_trial()->success);
}

TEST_F(TrialTest, AProvenTrialThatCannotBeStoredRollsBack) {
  ASSERT_TRUE(commit(1600, proving(1)).committed);
  files.writes_left = 0;
  files.lasting = true;
  surroundings.see({{"192.0.2.1", "system-peer", true}});
  expect_port(123);
  EXPECT_THAT(newest().reason, HasSubstr("No space left on device"));
  EXPECT_EQ(newest().trial, TrialOutcome::rolled_back);
}

TEST_F(TrialTest, AConfirmationThatCannotBeStoredLeavesTheTrialGoing) {
  ASSERT_TRUE(commit(1600, trial(60s)).committed);
  files.writes_left = 0;
  EXPECT_THAT(confirm(admin).errors, ElementsAre(HasSubstr("not confirmed and goes on")));
  EXPECT_TRUE(datastore->trial());
  surroundings.pass(60);
  expect_port(123);
}

TEST_F(TrialTest, ARollbackThatCannotBePreparedIsTriedAgain) {
  ASSERT_TRUE(commit(1600, trial(60s)).committed);
  sockets.refuses = true;
  surroundings.pass(60);
  expect_port(1600);
  sockets.refuses = false;
  surroundings.pass(10);
  expect_port(123);
}

TEST_F(TrialTest, ARollbackIsACommitOfItsOwnAndCanBeUndone) {
  for (const auto port : std::vector<std::uint16_t>{1500, 1600, 1700}) ASSERT_TRUE(commit(port).committed);
  ASSERT_TRUE(roll_back(id(1)).committed);
  expect_port(1500);
  EXPECT_EQ(newest().type, CommitType::rollback);
  EXPECT_EQ(newest().base, id(3));
  EXPECT_EQ(newest().description, "to commit 1000000001");
  EXPECT_EQ(stored(), 1500);
  EXPECT_EQ(datastore->last_rollback()->commit, id(4));
  EXPECT_EQ(datastore->commit_before(1), id(3));
  EXPECT_THAT(roll_back(id(1)).notices, ElementsAre(HasSubstr("is that of commit 1000000001 already")));
  EXPECT_EQ(newest().id, id(4));
}

TEST_F(TrialTest, GoingBackLeavesOutTrialsThatWereRolledBack) {
  ASSERT_TRUE(commit(1500).committed);
  ASSERT_TRUE(commit(1600).committed);
  ASSERT_TRUE(commit(1700, trial()).committed);
  datastore->abort_trial(admin);
  EXPECT_EQ(datastore->commit_before(1), id(1));
  EXPECT_EQ(datastore->commit_before(2), CommitId::none);
  EXPECT_THAT(datastore->commit_before(3).error().message, HasSubstr("2 commits at most"));
  ASSERT_TRUE(datastore->history().erase_oldest(1, id(2)));
  EXPECT_THAT(datastore->commit_before(1).error().message, HasSubstr("0 commits at most"));
}

TEST_F(TrialTest, ARollbackThatIsRefusedChangesNothingAndIsRemembered) {
  ASSERT_TRUE(commit(1500).committed);
  ASSERT_TRUE(commit(1600).committed);
  files.writes_left = 1;
  EXPECT_FALSE(roll_back(id(1)).committed);
  expect_port(1600);
  EXPECT_FALSE(datastore->last_rollback()->success);
  EXPECT_EQ(datastore->history().points().size(), 2u);
}

TEST_F(TrialTest, TheLockKeepsOthersFromCommittingAndGoesWithItsSession) {
  ASSERT_TRUE(datastore->lock(admin));
  EXPECT_TRUE(datastore->lock(admin));
  EXPECT_THAT(datastore->lock(guest).error().message, HasSubstr("locked by admin (VTY 1)"));
  EXPECT_FALSE(commit(guest, 1600).committed);
  EXPECT_FALSE(datastore->roll_back(guest, {}, "x").committed);
  EXPECT_FALSE(datastore->unlock(guest));
  EXPECT_TRUE(commit(admin, 1500).committed);
  datastore->end_session(1);
  EXPECT_TRUE(commit(guest, 1600).committed);
  EXPECT_FALSE(datastore->unlock(guest));
}

TEST_F(TrialTest, RefreshKeepsTheSessionsLinesInAConflict) {
  Candidate candidate(admin);
  datastore->edit(candidate).port = 1500;
  ASSERT_TRUE(commit(guest, 1600).committed);
  EXPECT_THAT(datastore->contested(candidate), ElementsAre("port 1600"));
  EXPECT_FALSE(datastore->commit(candidate).committed);
  datastore->refresh(candidate);
  EXPECT_THAT(datastore->contested(candidate), IsEmpty());
  EXPECT_TRUE(datastore->commit(candidate).committed);
  expect_port(1500);
}

TEST_F(TrialTest, AConfigurationThatCameFromOutsideBecomesAPoint) {
  ASSERT_TRUE(commit(1500).committed);
  const auto content = **disk.read("running.cfg");
  const std::string by_hand[] = {"# noonmark configuration 1\n1700\n",  // as earlier versions wrote it
                                 content.substr(0, content.size() - 5) + "1701\n"};
  std::uint16_t port = 1700;
  for (const auto& changed : by_hand) {
    ASSERT_TRUE(disk.write("running.cfg", changed));
    start();
    expect_port(port);
    EXPECT_EQ(newest().type, CommitType::file);
    EXPECT_EQ(datastore->running_commit(), newest().id);
    EXPECT_EQ(datastore->configuration_at(newest().id)->port, port);
    ++port;
    const auto points = datastore->history().points();
    start();
    EXPECT_EQ(datastore->history().points(), points);
  }
}

TEST_F(TrialTest, WithoutARunningFileAPointOfTheEmptyConfigurationFollows) {
  for (const auto port : std::vector<std::uint16_t>{1500, 1600}) ASSERT_TRUE(commit(port).committed);
  ASSERT_TRUE(disk.remove("running.cfg"));
  start();
  expect_port(123);
  EXPECT_EQ(newest().id, id(3));
  EXPECT_EQ(datastore->configuration_at(id(2))->port, 1600);
}

TEST_F(TrialTest, AConfigurationOfAFileIsTheFirstPoint) {
  Configuration configuration;
  configuration.port = 1500;
  datastore->start_with(configuration, "/etc/x.cfg");
  EXPECT_EQ(newest().description, "/etc/x.cfg");
  ASSERT_TRUE(commit(1600).committed);
  EXPECT_EQ(datastore->commit_before(1), id(1));
}

TEST_F(TrialTest, AStartOnAFullDiskLoadsWhatIsThere) {
  ASSERT_TRUE(disk.write("running.cfg", "# noonmark configuration 1\n1700\n"));
  files.writes_left = 0;
  files.lasting = true;
  start();
  expect_port(1700);
  EXPECT_THAT(surroundings.lines, Contains(HasSubstr("makes no rollback point")));
  EXPECT_EQ(**disk.read("running.cfg"), "# noonmark configuration 1\n1700\n");
}

}  // namespace
}  // namespace noonmark::config
