#include "config/datastore.h"

#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/fake_surroundings_for_test.h"
#include "config/scratch_directory_for_test.h"
#include "crypto/aead.h"
#include "io/file.h"

namespace noonmark::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// The smallest text form: the port and the sysname of a configuration.
std::vector<std::string> lines(const Configuration& c) {
  return {"port " + std::to_string(c.port), "sysname " + c.sysname};
}
std::string render(const Configuration& c) { return std::to_string(c.port) + " " + c.sysname; }
base::Result<Configuration> parse(std::string_view text, const KeyRing&) {
  Configuration c;
  while (text.starts_with('#')) text.remove_prefix(std::min(text.find('\n') + 1, text.size()));
  if (text.empty()) return c;
  const auto blank = text.find(' ');
  if (blank == std::string_view::npos) return base::fail("line 2: no blank.");
  c.port = static_cast<std::uint16_t>(std::stoi(std::string(text.substr(0, blank))));
  c.sysname = text.substr(blank + 1);
  return c;
}

struct FakeParticipant final : Participant {
  explicit FakeParticipant(std::vector<std::string>& log, std::string name, bool refuses = false)
      : log_(log), name_(std::move(name)), refuses_(refuses) {}
  base::Result<void> prepare(const Configuration&, const core::NtpConfig&) override {
    log_.push_back("prepare " + name_);
    if (refuses_) return base::fail("port busy");
    return {};
  }
  void apply() override { log_.push_back("apply " + name_); }
  void abort() override { log_.push_back("abort " + name_); }

 private:
  std::vector<std::string>& log_;
  std::string name_;
  bool refuses_;
};

struct DatastoreTest : testing::Test {
  Datastore make() { return {{lines, render, parse}, ring, store, copies, surroundings}; }
  CommitOutcome commit(Candidate& changes) { return datastore.commit(changes); }
  std::string stored() const { return io::read_file(store.running_path(), 1000).value_or(""); }

  ScratchDirectory scratch;
  base::SeededRandom random{1};
  KeyRing ring{crypto::Secret(std::string_view(std::string(crypto::kAeadKeySize, 'k'))), random};
  DiskFiles files{scratch.path()};
  Store store{files};
  Copies copies{files};
  FakeSurroundings surroundings;
  Datastore datastore{make()};
  Candidate candidate{{"admin", "VTY 1", 1}};
  std::vector<std::string> log;
};

TEST_F(DatastoreTest, ACommitReachesRunningConfigurationAndStore) {
  datastore.edit(candidate).port = 1234;
  EXPECT_TRUE(datastore.is_changed(candidate));
  EXPECT_EQ(datastore.running().port, 123);
  EXPECT_TRUE(commit(candidate).committed);
  EXPECT_FALSE(datastore.is_changed(candidate));
  EXPECT_EQ(datastore.running().port, 1234);
  EXPECT_EQ(stored(), "# noonmark configuration 1\n# commit 1000000001\n1234 ");
}

TEST_F(DatastoreTest, ARestartLoadsTheLastCommit) {
  datastore.edit(candidate).port = 1234;
  ASSERT_TRUE(commit(candidate).committed);
  auto again = make();
  ASSERT_TRUE(again.load());
  EXPECT_EQ(again.running(), datastore.running());
}

TEST_F(DatastoreTest, WithoutAStoredConfigurationItStartsEmpty) {
  ASSERT_TRUE(datastore.load());
  EXPECT_EQ(datastore.running(), Configuration{});
}

TEST_F(DatastoreTest, ADamagedFileIsNamedAndNothingIsLoaded) {
  for (const auto* content :
       {"1234 x", "# noonmark configuration 1\nbroken", "# noonmark configuration 2\n1 x", "#", ""}) {
    ASSERT_TRUE(io::write_file_atomically(store.running_path(), content, 0600));
    const auto loaded = datastore.load();
    ASSERT_FALSE(loaded) << content;
    EXPECT_THAT(loaded.error().message, HasSubstr(store.running_path()));
    EXPECT_EQ(datastore.running(), Configuration{});
  }
}

TEST_F(DatastoreTest, ACandidateThatIsBackAtRunningIsNotChanged) {
  datastore.edit(candidate).port = 1234;
  datastore.edit(candidate).port = 123;
  EXPECT_FALSE(datastore.is_changed(candidate));
}

TEST_F(DatastoreTest, ACommitWithoutDifferenceTouchesNobody) {
  FakeParticipant participant(log, "a");
  datastore.add(participant);
  const auto outcome = commit(candidate);
  EXPECT_TRUE(outcome.committed);
  EXPECT_THAT(log, IsEmpty());
  EXPECT_FALSE(std::filesystem::exists(store.running_path()));
}

TEST_F(DatastoreTest, AllPrepareBeforeAnyApplies) {
  FakeParticipant a(log, "a"), b(log, "b");
  datastore.add(a);
  datastore.add(b);
  datastore.edit(candidate).port = 1234;
  EXPECT_TRUE(commit(candidate).committed);
  EXPECT_THAT(log, ElementsAre("prepare a", "prepare b", "apply a", "apply b"));
}

TEST_F(DatastoreTest, OneThatCannotPrepareChangesNothing) {
  FakeParticipant a(log, "a"), b(log, "b", true);
  datastore.add(a);
  datastore.add(b);
  datastore.edit(candidate).port = 1234;
  const auto outcome = commit(candidate);
  EXPECT_FALSE(outcome.committed);
  EXPECT_THAT(outcome.errors, ElementsAre("port busy"));
  EXPECT_THAT(log, ElementsAre("prepare a", "prepare b", "abort a"));
  EXPECT_EQ(datastore.running().port, 123);
  EXPECT_TRUE(datastore.is_changed(candidate));
  EXPECT_FALSE(std::filesystem::exists(store.running_path()));
}

TEST_F(DatastoreTest, AStoreThatCannotBeWrittenChangesNothing) {
  FakeParticipant a(log, "a");
  datastore.add(a);
  std::filesystem::remove_all(scratch.path());
  datastore.edit(candidate).port = 1234;
  EXPECT_FALSE(commit(candidate).committed);
  EXPECT_THAT(log, ElementsAre("prepare a", "abort a"));
  EXPECT_EQ(datastore.running().port, 123);
}

TEST_F(DatastoreTest, AnInvalidCandidateIsRefusedBeforeAnybodyPrepares) {
  FakeParticipant a(log, "a");
  datastore.add(a);
  datastore.edit(candidate).reliable_keys.put({1});
  EXPECT_FALSE(commit(candidate).committed);
  EXPECT_THAT(log, IsEmpty());
}

TEST_F(DatastoreTest, AKeyThatCannotBeDecipheredIsRefusedUnlessItIsRunningAlready) {
  datastore.edit(candidate).keys.put({.id = 1, .cipher = "%^%#AAAA%^%#"});
  EXPECT_THAT(commit(candidate).errors, ElementsAre(HasSubstr("key 1")));
  Configuration started;
  started.keys.put({.id = 1, .cipher = "%^%#AAAA%^%#"});
  datastore.discard(candidate);
  datastore.start_with(started, "a file");
  datastore.edit(candidate).port = 1234;
  EXPECT_TRUE(commit(candidate).committed);
}

TEST_F(DatastoreTest, ChangesOfAnotherSessionAreSeenAndKept) {
  Candidate other({"guest", "VTY 2", 2});
  datastore.edit(candidate).port = 1234;
  datastore.edit(other).sysname = "R1";
  ASSERT_TRUE(commit(other).committed);
  EXPECT_EQ(datastore.view(candidate).sysname, "R1");
  EXPECT_TRUE(commit(candidate).committed);
  EXPECT_EQ(datastore.running().sysname, "R1");
  EXPECT_EQ(datastore.running().port, 1234);
}

TEST_F(DatastoreTest, AConflictingCommitIsRefusedNamingTheLines) {
  Candidate other({"guest", "VTY 2", 2});
  datastore.edit(candidate).port = 1234;
  datastore.edit(other).port = 2000;
  ASSERT_TRUE(commit(other).committed);
  const auto outcome = commit(candidate);
  EXPECT_FALSE(outcome.committed);
  EXPECT_THAT(outcome.errors, ElementsAre(HasSubstr("port 2000")));
  EXPECT_TRUE(datastore.is_changed(candidate));
  EXPECT_EQ(datastore.running().port, 2000);
}

TEST_F(DatastoreTest, TheSameChangeByTwoSessionsIsNoConflict) {
  Candidate other({"guest", "VTY 2", 2});
  datastore.edit(candidate).port = 1234;
  datastore.edit(other).port = 1234;
  ASSERT_TRUE(commit(other).committed);
  EXPECT_FALSE(datastore.is_changed(candidate));
  EXPECT_TRUE(commit(candidate).committed);
}

TEST_F(DatastoreTest, SaveKeepsANamedCopyOfTheRunningConfiguration) {
  datastore.edit(candidate).port = 1234;
  ASSERT_TRUE(commit(candidate).committed);
  const auto path = datastore.save("lab.cfg");
  ASSERT_TRUE(path);
  EXPECT_EQ(*io::read_file(*path, 1000), "# noonmark configuration 1\n1234 ");
  EXPECT_EQ(*copies.read("lab.cfg"), "# noonmark configuration 1\n1234 ");
  EXPECT_EQ(copies.last_name(), "lab.cfg");
}

TEST_F(DatastoreTest, ACopyStaysInItsDirectory) {
  for (const auto* name : {"../x.cfg", "a/b.cfg", ".cfg", ".x.cfg", "x.txt", "x y.cfg", ""})
    EXPECT_FALSE(datastore.save(name)) << name;
}

}  // namespace
}  // namespace noonmark::config
