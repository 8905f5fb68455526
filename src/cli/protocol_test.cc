#include "cli/protocol.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace noonmark::cli {
namespace {

TEST(Protocol, ReadsTheThreeRequests) {
  const auto open = parse_request(R"({"op":"open","interactive":true,"json":false,"force":true})");
  ASSERT_TRUE(open);
  EXPECT_TRUE(std::get<OpenRequest>(*open).interactive);
  EXPECT_TRUE(std::get<OpenRequest>(*open).force);
  EXPECT_EQ(std::get<ExecuteRequest>(*parse_request(R"({"op":"execute","line":"quit"})")).line, "quit");
  EXPECT_EQ(std::get<AnswerRequest>(*parse_request(R"({"op":"answer","text":"Y"})")).text, "Y");
  EXPECT_EQ(std::get<AnswerRequest>(*parse_request(R"({"op":"answer","text":null})")).text, std::nullopt);
}

TEST(Protocol, RefusesWhatIsNoRequest) {
  for (const auto* line : {"", "quit", "[]", "{}", R"({"op":"dance"})", R"({"op":"execute"})", R"({"op":1})",
                           R"({"op":"execute","line":7})", "{\"op\":\"execute\",\"line\":\"\xFF\"}"})
    EXPECT_FALSE(parse_request(line)) << line;
}

TEST(Protocol, AResponseIsOneLine) {
  Response response;
  response.output = "two\nlines\n";
  response.prompt = "<H>";
  response.refused = true;
  response.question = "Continue? [Y/N]:";
  const auto line = encode_response(response);
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  const auto object = nlohmann::json::parse(line);
  EXPECT_EQ(object["output"], "two\nlines\n");
  EXPECT_EQ(object["status"], "refused");
  EXPECT_EQ(object["question"], "Continue? [Y/N]:");
  EXPECT_EQ(object["screen_length"], 24);
  EXPECT_FALSE(object.contains("end"));
}

TEST(Protocol, TheGreetingCarriesTheVersionOfTheProtocol) {
  const auto object = nlohmann::json::parse(encode_greeting("0.1.0", "<H>", false));
  EXPECT_EQ(object["noonmark"], kProtocolVersion);
  EXPECT_EQ(object["privileged"], false);
}

}  // namespace
}  // namespace noonmark::cli
