#include "shell/protocol.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "shell/wipe.h"

namespace noonmark::shell {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxRequest = 16 * 1024;  // octets, with the newline
constexpr std::size_t kMaxCommand = 3100;       // characters that the daemon takes

std::string encode(const json& request) {
  return request.dump(-1, ' ', false, json::error_handler_t::replace) + '\n';
}

/// A request that carries what somebody typed: no copy of it is left in memory but the result.
std::string encode_text(std::string_view operation, const char* key, std::string_view text) {
  json request{{"op", operation}, {key, text.substr(0, kMaxCommand + 1)}};
  auto& typed = request[key].get_ref<std::string&>();
  auto line = encode(request);
  // Only control characters grow so much; the half of them is refused as well.
  while (line.size() > kMaxRequest) {
    typed.resize(typed.size() / 2);
    wipe(line);
    line = encode(request);
  }
  wipe(typed);
  return line;
}

std::string text_of(const json& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_string() ? it->get<std::string>() : std::string{};
}

bool flag_of(const json& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_boolean() && it->get<bool>();
}

}  // namespace

base::Result<Greeting> parse_greeting(std::string_view line) {
  const auto object = json::parse(line, nullptr, false);
  if (!object.is_object() || !object.contains("noonmark") || !object["noonmark"].is_number_integer())
    return base::fail("what answers on the control socket is not noonmarkd", base::ErrorCode::io);
  Greeting greeting{text_of(object, "version"), text_of(object, "prompt"), flag_of(object, "privileged")};
  const auto protocol = object["noonmark"].get<std::int64_t>();
  if (protocol != kProtocolVersion)
    return base::fail(
        fmt::format("noonmarkd {} speaks version {} of the control protocol, this shell version {}: "
                    "install both from one release",
                    greeting.version, protocol, kProtocolVersion),
        base::ErrorCode::conflict);
  return greeting;
}

base::Result<Response> parse_response(std::string_view line) {
  const auto object = json::parse(line, nullptr, false);
  const auto status = object.is_object() ? text_of(object, "status") : std::string{};
  if (status != "ok" && status != "refused")
    return base::fail("noonmarkd sent something that is not a response", base::ErrorCode::io);
  Response response;
  response.output = text_of(object, "output");
  response.prompt = text_of(object, "prompt");
  response.refused = status == "refused";
  response.uncommitted = flag_of(object, "uncommitted");
  response.display = flag_of(object, "display");
  if (const auto it = object.find("screen_length"); it != object.end() && it->is_number_integer())
    response.screen_length = it->get<int>();
  if (object.contains("question")) response.question = text_of(object, "question");
  response.end = flag_of(object, "end");
  return response;
}

std::string open_request(const SessionOptions& options) {
  return encode({{"op", "open"},
                 {"interactive", options.interactive},
                 {"json", options.json},
                 {"force", options.force}});
}

std::string execute_request(std::string_view line) { return encode_text("execute", "line", line); }

std::string answer_request(std::optional<std::string_view> text) {
  return text ? encode_text("answer", "text", *text) : encode({{"op", "answer"}, {"text", nullptr}});
}

}  // namespace noonmark::shell
