#include "shell/protocol.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace noonmark::shell {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

TEST(Protocol, AGreetingIsReadAndItsVersionChecked) {
  const auto greeting =
      parse_greeting(R"({"noonmark":2,"version":"0.1.0","prompt":"<H>","privileged":true})");
  ASSERT_TRUE(greeting);
  EXPECT_EQ(greeting->version, "0.1.0");
  EXPECT_EQ(greeting->prompt, "<H>");
  EXPECT_TRUE(greeting->privileged);
  const auto newer = parse_greeting(R"({"noonmark":2,"version":"0.9.0"})");
  ASSERT_FALSE(newer);
  EXPECT_EQ(newer.error().message,
            "noonmarkd 0.9.0 speaks version 2 of the control protocol, this shell version 1: install both "
            "from one release");
}

TEST(Protocol, WhatIsNoGreetingIsNotBelieved) {
  for (const char* line :
       {"", "{", "[]", "null", R"({"version":"0.1.0"})", R"({"noonmark":"1"})", "SSH-2.0-OpenSSH"})
    EXPECT_FALSE(parse_greeting(line)) << line;
}

TEST(Protocol, AResponseIsReadFieldByField) {
  const auto r = parse_response(
      R"({"output":"a\n","prompt":"[*H]","status":"refused","uncommitted":true,"display":true,"screen_length":0,"question":"Q","end":true})");
  ASSERT_TRUE(r);
  EXPECT_EQ(r->output, "a\n");
  EXPECT_EQ(r->prompt, "[*H]");
  EXPECT_TRUE(r->refused && r->uncommitted && r->display && r->end);
  EXPECT_EQ(r->screen_length, 0);
  EXPECT_EQ(r->question, "Q");
}

TEST(Protocol, WhatIsLeftOutOfAResponseIsNotSo) {
  const auto r = parse_response(R"({"output":7,"status":"ok","uncommitted":"yes"})");
  ASSERT_TRUE(r);
  EXPECT_EQ(r->output, "");
  EXPECT_FALSE(r->refused || r->uncommitted || r->display || r->end || r->question);
  EXPECT_EQ(r->screen_length, 24);
}

TEST(Protocol, WhatIsNoResponseIsAnError) {
  for (const char* line : {"", "{}", "[1]", R"({"status":"fine"})", R"({"status":1})"})
    EXPECT_FALSE(parse_response(line)) << line;
}

TEST(Protocol, RequestsAreOneLineEach) {
  EXPECT_EQ(open_request({true, false, true}),
            "{\"force\":true,\"interactive\":true,\"json\":false,\"op\":\"open\"}\n");
  EXPECT_EQ(execute_request("a \"b\""), "{\"line\":\"a \\\"b\\\"\",\"op\":\"execute\"}\n");
  EXPECT_EQ(answer_request("Y"), "{\"op\":\"answer\",\"text\":\"Y\"}\n");
  EXPECT_EQ(answer_request(std::nullopt), "{\"op\":\"answer\",\"text\":null}\n");
}

TEST(Protocol, NoLineMakesARequestTooLongAndEveryTooLongLineStaysTooLong) {
  for (const std::string& line :
       {std::string(64 * 1024, 'x'), std::string(64 * 1024, '"'), std::string(64 * 1024, '\xFF')}) {
    const auto request = execute_request(line);
    EXPECT_LE(request.size(), 16u * 1024);
    EXPECT_GT(json::parse(request).at("line").get<std::string>().size(), 3100u);
  }
  const auto control = json::parse(execute_request(std::string(5000, '\x01'))).at("line").get<std::string>();
  EXPECT_EQ(control.front(), '\x01') << "refused for its control characters";
}

TEST(Protocol, BrokenUtf8ArrivesAsTheReplacementCharacter) {
  EXPECT_THAT(execute_request("sysname a\xC3"), HasSubstr("sysname a\xEF\xBF\xBD"));
}

}  // namespace
}  // namespace noonmark::shell
