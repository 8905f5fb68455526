// Replays the golden transcripts of tests/transcript: what an operator sees, prompts and typed words
// included. With NOONMARK_UPDATE_GOLDEN=1 in the environment the files are written anew, to be read before
// they are committed.

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <regex>
#include <set>
#include <sstream>

#include "cli/session_fixture.h"

namespace noonmark::cli {
namespace {

struct Transcript {
  std::string header;  // lines that begin with "##"; the first may name options: script, force, unprivileged
  std::vector<std::string> typed;
};

/// Typed is what stands behind a prompt or a question.
Transcript read_transcript(const std::string& text) {
  static const std::regex typed(R"(^(?:<[^<>]+>|\[[~*][^\]]+\]|(?:Warning|Error): .*\[Y.*\]:)(.*)$)");
  Transcript transcript;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::smatch match;
    if (line.starts_with("##"))
      transcript.header += line + '\n';
    else if (std::regex_match(line, match, typed))
      transcript.typed.push_back(match[1]);
  }
  return transcript;
}

SessionOptions options_of(const std::string& header) {
  const auto first = header.substr(0, header.find('\n'));
  const auto has = [&](const char* word) { return first.find(word) != std::string::npos; };
  return {.author = {"admin", "VTY 0", 0},
          .privileged = !has("unprivileged"),
          .interactive = !has("script"),
          .force = has("force")};
}

/// A question mark at the end is the help key.
Response respond(Session& session, const std::string& typed) {
  if (!typed.ends_with('?')) return session.execute(typed);
  return session.help(typed.substr(0, typed.size() - 1), 80);
}

std::string replay(const Transcript& transcript) {
  SessionFixture fixture;
  Session session(fixture.services, options_of(transcript.header));
  std::string shown = transcript.header;
  std::string waiting = session.prompt();
  for (const auto& typed : transcript.typed) {
    shown += waiting + typed + '\n';
    const auto response = respond(session, typed);
    shown += response.output;
    if (response.end) return shown;
    waiting = response.question.value_or(response.prompt);
  }
  return shown;
}

std::string content_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

std::vector<std::filesystem::path> transcripts() {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(NOONMARK_TRANSCRIPT_DIR))
    if (entry.path().extension() == ".txt") paths.push_back(entry.path());
  std::ranges::sort(paths);
  return paths;
}

class TranscriptTest : public testing::TestWithParam<std::filesystem::path> {};

TEST_P(TranscriptTest, IsWhatAnOperatorSees) {
  const auto golden = content_of(GetParam());
  const auto shown = replay(read_transcript(golden));
  if (std::getenv("NOONMARK_UPDATE_GOLDEN") != nullptr) std::ofstream(GetParam()) << shown;
  EXPECT_EQ(shown, golden);
}

/// The commands that `line` is one of, in whichever view.
void collect_commands(const std::string& line, std::set<const Command*>& typed) {
  for (const View view : {View::user, View::system, View::interface, View::acl4, View::acl6}) {
    const auto place = command_place(line, view);
    if (place.offset != 0) typed.insert(parser().parse("run x", view)->command);
    const auto piped = split_pipeline(place.command);
    if (!piped) continue;
    if (const auto match = parser().parse(piped->command, place.view)) typed.insert(match->command);
  }
}

TEST(TranscriptsTogether, TypeEveryCommand) {
  std::set<const Command*> typed;
  for (const auto& path : transcripts())
    for (const auto& line : read_transcript(content_of(path)).typed) collect_commands(line, typed);
  parser().for_each_command([&](const Command& command) {
    EXPECT_TRUE(typed.contains(&command)) << "add it to tests/transcript: " << command.grammar;
  });
}

INSTANTIATE_TEST_SUITE_P(Files, TranscriptTest, testing::ValuesIn(transcripts()),
                         [](const auto& file) { return file.param.stem().string(); });

}  // namespace
}  // namespace noonmark::cli
