#include "shell/protocol.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "shell/wipe.h"

namespace noonmark::shell {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxRequest = 16 * 1024;  // octets, with the newline
constexpr std::size_t kMaxCommand = 3100;       // characters that the daemon takes

constexpr std::string_view kNoMessage = "noonmarkd sent something that is not a response";

std::string encode(const json& request) {
  return request.dump(-1, ' ', false, json::error_handler_t::replace) + '\n';
}

/// A request that carries what somebody typed: no copy of it is left in memory but the result.
std::string encode_text(json request, const char* key, std::string_view text) {
  request[key] = text.substr(0, kMaxCommand + 1);
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

int number_of(const json& object, const char* key, int otherwise) {
  const auto it = object.find(key);
  return it != object.end() && it->is_number_integer() ? it->get<int>() : otherwise;
}

Response response_of(const json& object) {
  Response response;
  response.output = text_of(object, "output");
  response.prompt = text_of(object, "prompt");
  response.refused = text_of(object, "status") == "refused";
  response.uncommitted = flag_of(object, "uncommitted");
  response.display = flag_of(object, "display");
  response.screen_length = number_of(object, "screen_length", response.screen_length);
  if (object.contains("question")) response.question = text_of(object, "question");
  response.end = flag_of(object, "end");
  response.keep = !object.contains("history") || flag_of(object, "history");
  response.refresh = number_of(object, "refresh", 0);
  if (const auto it = object.find("redirect"); it != object.end() && it->is_object())
    response.redirect = Redirect{text_of(*it, "file"), flag_of(*it, "append")};
  if (const auto it = object.find("completions"); it != object.end() && it->is_array())
    for (const auto& word : *it)
      if (word.is_string()) response.completions.push_back(word.get<std::string>());
  return response;
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

base::Result<std::variant<Message, Response>> parse_message(std::string_view line) {
  const auto object = json::parse(line, nullptr, false);
  if (!object.is_object()) return base::fail(std::string(kNoMessage), base::ErrorCode::io);
  if (object.contains("progress")) return Message{Message::Kind::progress, text_of(object, "progress")};
  if (object.contains("notice")) return Message{Message::Kind::notice, text_of(object, "notice")};
  const auto status = text_of(object, "status");
  if (status != "ok" && status != "refused") return base::fail(std::string(kNoMessage), base::ErrorCode::io);
  return response_of(object);
}

std::string open_request(const SessionOptions& options) {
  return encode({{"op", "open"},
                 {"interactive", options.interactive},
                 {"json", options.json},
                 {"force", options.force}});
}

std::string execute_request(std::string_view line) { return encode_text({{"op", "execute"}}, "line", line); }

std::string answer_request(std::optional<std::string_view> text) {
  return text ? encode_text({{"op", "answer"}}, "text", *text)
              : encode({{"op", "answer"}, {"text", nullptr}});
}

std::string help_request(std::string_view line, int columns) {
  return encode_text({{"op", "help"}, {"width", columns}}, "line", line);
}

std::string completion_request(std::string_view line) {
  return encode_text({{"op", "complete"}}, "line", line);
}

std::string interrupt_request() { return encode({{"op", "interrupt"}}); }

}  // namespace noonmark::shell
