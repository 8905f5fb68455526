#include "cli/display_access.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/session_fixture.h"

namespace noonmark::cli {
namespace {

using ::testing::HasSubstr;

struct DisplayAccess : ::testing::Test, SessionFixture {
  DisplayAccess() : session(services, SessionOptions{.author = {"admin", "VTY 0", 0}, .interactive = true}) {
    configure({"undo ntp-service server disable", "undo ntp-service ipv6 server disable",
               "ntp-service query enable", "commit"});
  }
  void configure(const std::vector<std::string>& lines) {
    session.execute("system-view");
    for (const auto& line : lines) EXPECT_FALSE(session.execute(line).output.starts_with("Error")) << line;
    session.execute("return");
  }
  std::string shown(const std::string& line) { return session.execute(line).output; }

  Session session;
};

TEST_F(DisplayAccess, ControlQueriesOfThisMachineNeedNoList) {
  for (const char* source : {"127.0.0.1", "127.9.9.9", "ipv6 ::1"})
    EXPECT_THAT(shown(std::string("test ntp-service access ") + source),
                HasSubstr("control queries: answered, from this machine itself\n"));
  EXPECT_THAT(shown("test ntp-service access 192.0.2.9"),
              HasSubstr("control queries: not answered, only an"));
  configure({"acl 2000", "rule deny", "quit", "ntp-service access peer 2000", "commit"});
  EXPECT_THAT(shown("test ntp-service access 127.0.0.1"),
              HasSubstr("control queries: answered, from this machine itself\n"));
  EXPECT_THAT(shown("test ntp-service access 192.0.2.9"),
              HasSubstr("control queries: not answered, not granted\n"));
}

TEST_F(DisplayAccess, AListHasANameOrANumberOrBoth) {
  configure({"acl 2000", "acl name clients", "acl name routers number 2005", "commit"});
  const auto lists = nlohmann::json::parse(shown("display acl all | json")).at("access_lists");
  const auto has = [&](const nlohmann::json& name, const nlohmann::json& number) {
    return std::ranges::any_of(
        lists, [&](const auto& list) { return list.at("name") == name && list.at("number") == number; });
  };
  EXPECT_EQ(lists.size(), 3u);
  EXPECT_TRUE(has(nullptr, 2000));
  EXPECT_TRUE(has("clients", nullptr));
  EXPECT_TRUE(has("routers", 2005));
}

TEST_F(DisplayAccess, WhatNoPacketComesFromIsRefused) {
  for (const char* source : {"224.0.0.1", "0.0.0.0", "255.255.255.255", "ipv6 ff02::1", "ipv6 ::"})
    EXPECT_THAT(shown(std::string("test ntp-service access ") + source), HasSubstr("no packet comes from it"))
        << source;
}

}  // namespace
}  // namespace noonmark::cli
