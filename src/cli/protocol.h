#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"
#include "cli/session.h"

namespace noonmark::cli {

/// The daemon's side of the control protocol: JSON objects, one a line, one response for each request.
///   daemon -> shell  {"noonmark":1,"version":V,"prompt":P,"privileged":B}                     once, at the
///   start shell -> daemon  {"op":"open","interactive":B,"json":B,"force":B}                         first
///                    {"op":"execute","line":L}   {"op":"answer","text":T or null}
///   daemon -> shell
///   {"output":O,"prompt":P,"status":"ok"|"refused","uncommitted":B,"display":B,"screen_length":N
///                     [,"question":Q][,"end":true]}
inline constexpr int kProtocolVersion = 1;
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
using Request = std::variant<OpenRequest, ExecuteRequest, AnswerRequest>;

base::Result<Request> parse_request(std::string_view line);

std::string encode_greeting(std::string_view version, std::string_view prompt, bool privileged);
std::string encode_response(const Response& response);

}  // namespace noonmark::cli
