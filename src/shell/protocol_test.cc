#include "shell/protocol.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace noonmark::shell {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

base::Result<Response> parse_response(std::string_view line) {
  auto parsed = parse_message(line);
  if (!parsed) return tl::unexpected(parsed.error());
  return std::get<Response>(*parsed);
}

TEST(Protocol, AGreetingIsReadAndItsVersionChecked) {
  const auto greeting =
      parse_greeting(R"({"noonmark":2,"version":"0.1.0","prompt":"<H>","privileged":true})");
  ASSERT_TRUE(greeting);
  EXPECT_EQ(greeting->version, "0.1.0");
  EXPECT_EQ(greeting->prompt, "<H>");
  EXPECT_TRUE(greeting->privileged);
  const auto newer = parse_greeting(R"({"noonmark":3,"version":"0.9.0"})");
  ASSERT_FALSE(newer);
  EXPECT_EQ(newer.error().message,
            "noonmarkd 0.9.0 speaks version 3 of the control protocol, this shell version 2: install both "
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

TEST(Protocol, AResponseMayHaveMore) {
  const auto r = parse_response(
      R"({"status":"ok","history":false,"refresh":5,"redirect":{"file":"f","append":true},"completions":["a","b"]})");
  ASSERT_TRUE(r && r->redirect);
  EXPECT_FALSE(r->keep);
  EXPECT_EQ(r->refresh, 5);
  EXPECT_EQ(r->redirect->file, "f");
  EXPECT_TRUE(r->redirect->append);
  EXPECT_THAT(r->completions, ElementsAre("a", "b"));
  const auto plain = parse_response(R"({"status":"ok"})");
  ASSERT_TRUE(plain);
  EXPECT_TRUE(plain->keep);
  EXPECT_EQ(plain->refresh, 0);
  EXPECT_FALSE(plain->redirect);
}

TEST(Protocol, MessagesAreNoResponses) {
  const auto progress = parse_message(R"({"progress":"hop 1\n"})");
  ASSERT_TRUE(progress);
  EXPECT_EQ(std::get<Message>(*progress).text, "hop 1\n");
  EXPECT_EQ(std::get<Message>(*progress).kind, Message::Kind::progress);
  const auto notice = parse_message(R"({"notice":"log\n"})");
  ASSERT_TRUE(notice);
  EXPECT_EQ(std::get<Message>(*notice).kind, Message::Kind::notice);
}

TEST(Protocol, WhatIsNoResponseIsAnError) {
  for (const char* line : {"", "{}", "[1]", R"({"status":"fine"})", R"({"status":1})"})
    EXPECT_FALSE(parse_message(line)) << line;
}

TEST(Protocol, RequestsAreOneLineEach) {
  EXPECT_EQ(open_request({true, false, true}),
            "{\"force\":true,\"interactive\":true,\"json\":false,\"op\":\"open\"}\n");
  EXPECT_EQ(execute_request("a \"b\""), "{\"line\":\"a \\\"b\\\"\",\"op\":\"execute\"}\n");
  EXPECT_EQ(answer_request("Y"), "{\"op\":\"answer\",\"text\":\"Y\"}\n");
  EXPECT_EQ(answer_request(std::nullopt), "{\"op\":\"answer\",\"text\":null}\n");
  EXPECT_EQ(help_request("dis ", 80), "{\"line\":\"dis \",\"op\":\"help\",\"width\":80}\n");
  EXPECT_EQ(completion_request("dis"), "{\"line\":\"dis\",\"op\":\"complete\"}\n");
  EXPECT_EQ(interrupt_request(), "{\"op\":\"interrupt\"}\n");
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
