#include "config/merge.h"

#include <gtest/gtest.h>

namespace noonmark::config {
namespace {

Server server(std::uint32_t host, std::uint8_t version = 3) {
  Server made;
  made.address = IpAddress::v4(0x0A000000 + host);
  made.version = version;
  return made;
}

struct MergeTest : testing::Test {
  Configuration base, mine, theirs;
  void same_start() { mine = theirs = base; }
};

TEST_F(MergeTest, ChangesOfDifferentRowsAreJoined) {
  base.servers.put(server(1));
  same_start();
  mine.servers.put(server(2));
  theirs.servers.erase(server(1).key());
  theirs.port = 1234;
  const auto merge = config::merge(base, mine, theirs);
  EXPECT_FALSE(merge.conflict);
  Configuration expected;
  expected.servers.put(server(2));
  expected.port = 1234;
  EXPECT_EQ(merge.merged, expected);
}

TEST_F(MergeTest, TheSameChangeOnBothSidesIsNoConflict) {
  mine.max_distance = theirs.max_distance = 4;
  const auto merge = config::merge(base, mine, theirs);
  EXPECT_FALSE(merge.conflict);
  EXPECT_EQ(merge.merged, mine);
}

TEST_F(MergeTest, ARowThatBothChangedIsContestedAsTheOthersHaveIt) {
  base.servers.put(server(1));
  same_start();
  mine.servers.put(server(1, 4));
  theirs.servers.put(server(1, 2));
  const auto merge = config::merge(base, mine, theirs);
  EXPECT_TRUE(merge.conflict);
  Configuration contested;
  contested.servers.put(server(1, 2));
  EXPECT_EQ(merge.contested, contested);
}

TEST_F(MergeTest, ARowThatOthersRemovedAndIChangedIsContested) {
  base.servers.put(server(1));
  same_start();
  mine.servers.put(server(1, 4));
  theirs.servers.erase(server(1).key());
  EXPECT_TRUE(config::merge(base, mine, theirs).conflict);
}

TEST_F(MergeTest, TheFamiliesOfASwitchAreSeparateRows) {
  mine.serving[0] = core::Serving::never;
  theirs.serving[1] = core::Serving::always;
  const auto merge = config::merge(base, mine, theirs);
  EXPECT_FALSE(merge.conflict);
  EXPECT_EQ(merge.merged.serving, (PerFamily<core::Serving>{core::Serving::never, core::Serving::always}));
}

TEST_F(MergeTest, EveryMemberTakesPart) {
  mine.sysname = "a";
  mine.weak_algorithms = WeakAlgorithms::enabled;
  mine.serving[0] = core::Serving::never;
  mine.listen_all[0] = core::ListenAll::enable;
  mine.family_disabled[1] = true;
  mine.port = 2000;
  mine.source_port = 2000;
  mine.source_interfaces.put({Family::ipv6, "v", "eth0"});
  mine.complexity_check = true;
  mine.keys.put({1, crypto::MacAlgorithm::md5, "cipher", 0});
  mine.reliable_keys.put({1});
  mine.local_clock = LocalClock{};
  mine.servers.put(server(1));
  mine.max_distance = 2;
  mine.offset_limit = 10;
  mine.authentication_enabled = true;
  mine.listen_interfaces.put({"eth0"});
  mine.listen_addresses.put({IpAddress::loopback(Family::ipv6), ""});
  mine.receive_disabled.put({"eth0", Family::ipv4});
  EXPECT_EQ(config::merge(base, mine, base).merged, mine);
  EXPECT_EQ(config::merge(base, base, mine).merged, mine);
}

}  // namespace
}  // namespace noonmark::config
