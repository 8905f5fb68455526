#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"
#include "cli/session.h"

namespace noonmark::cli {

/// The daemon's side of the control protocol: JSON objects, one a line.
///   daemon -> shell, once, at the start
///     {"noonmark":2,"version":V,"prompt":P,"privileged":B}
///   shell -> daemon; one response for each but the last
///     {"op":"open","interactive":B,"json":B,"force":B}      first
///     {"op":"execute","line":L}   {"op":"answer","text":T or null}
///     {"op":"help","line":L,"width":W}   {"op":"complete","line":L}
///     {"op":"interrupt"}          at any time: what runs ends early
///   daemon -> shell
///     {"progress":TEXT}           between an execute and its response
///     {"notice":TEXT}             at any time, after `terminal monitor`
///     {"output":O,"prompt":P,"status":"ok"|"refused","uncommitted":B,"display":B,"screen_length":N
///      [,"question":Q][,"end":true][,"history":false][,"refresh":SECONDS]
///      [,"redirect":{"file":F,"append":B}][,"completions":[WORD,...]]}
inline constexpr int kProtocolVersion = 2;
inline constexpr std::size_t kMaxRequest = 16 * 1024;  // octets of a line

struct OpenRequest {
  bool interactive = false;
  bool json = false;
  bool force = false;
};
struct ExecuteRequest {
  std::string line;
};
struct AnswerRequest {
  std::optional<std::string> text;  // none: the end of input
};
struct HelpRequest {
  std::string line;
  std::size_t width = 80;  // columns
};
struct CompleteRequest {
  std::string line;
};
struct InterruptRequest {};
using Request =
    std::variant<OpenRequest, ExecuteRequest, AnswerRequest, HelpRequest, CompleteRequest, InterruptRequest>;

base::Result<Request> parse_request(std::string_view line);

std::string encode_greeting(std::string_view version, std::string_view prompt, bool privileged);
std::string encode_response(const Response& response);
std::string encode_progress(std::string_view lines);
std::string encode_notice(std::string_view lines);

}  // namespace noonmark::cli
