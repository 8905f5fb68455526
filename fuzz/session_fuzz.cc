// A session takes any lines, in any order, and answers each with whole lines: what is typed, asked for help,
// completed, or said to a question. First octet of a line: '?' help, '\t' completion, '!' an answer.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "cli/session_fixture.h"

namespace {

using namespace noonmark;

constexpr std::size_t kMaxLines = 64;

cli::Response respond(cli::Session& session, std::string_view line) {
  const auto rest = line.substr(line.empty() ? 0 : 1);
  switch (line.empty() ? '\0' : line.front()) {
    case '?': return session.help(rest, rest.size());
    case '\t': return session.complete(rest);
    case '!': return session.answer(rest);
    default: return session.execute(line);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  cli::SessionFixture fixture;
  cli::Session session(fixture.services, {});
  for (std::size_t i = 0; i < kMaxLines && !text.empty(); ++i) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const auto response = respond(session, line);
    CHECK(response.output.empty() || response.output.ends_with('\n'));
    CHECK(response.prompt == session.prompt());
    if (response.end) break;
  }
  return 0;
}
