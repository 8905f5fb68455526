#include "cli/protocol.h"

#include <nlohmann/json.hpp>

namespace noonmark::cli {
namespace {

using nlohmann::json;

std::string encode(const json& object) {
  return object.dump(-1, ' ', false, json::error_handler_t::replace) + '\n';
}

bool flag_of(const json& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_boolean() && it->get<bool>();
}

std::optional<std::string> text_of(const json& object, const char* key) {
  const auto it = object.find(key);
  if (it == object.end() || !it->is_string()) return std::nullopt;
  return it->get<std::string>();
}

std::optional<std::size_t> number_of(const json& object, const char* key) {
  const auto it = object.find(key);
  if (it == object.end() || !it->is_number_unsigned()) return std::nullopt;
  return it->get<std::size_t>();
}

}  // namespace

base::Result<Request> parse_request(std::string_view line) {
  const auto object = json::parse(line, nullptr, false);
  if (!object.is_object()) return base::fail("The request is not a JSON object.");
  const auto operation = text_of(object, "op");
  if (operation == "open")
    return OpenRequest{flag_of(object, "interactive"), flag_of(object, "json"), flag_of(object, "force")};
  if (operation == "execute") {
    auto text = text_of(object, "line");
    if (!text) return base::fail("The request to execute has no line.");
    return ExecuteRequest{std::move(*text)};
  }
  if (operation == "answer") return AnswerRequest{text_of(object, "text")};
  if (operation == "help")
    return HelpRequest{text_of(object, "line").value_or(""), number_of(object, "width").value_or(80)};
  if (operation == "complete") return CompleteRequest{text_of(object, "line").value_or("")};
  if (operation == "interrupt") return InterruptRequest{};
  return base::fail("The operation of the request is not known; install shell and daemon from one release.");
}

std::string encode_greeting(std::string_view version, std::string_view prompt, bool privileged) {
  return encode(
      {{"noonmark", kProtocolVersion}, {"version", version}, {"prompt", prompt}, {"privileged", privileged}});
}

std::string encode_response(const Response& response) {
  json object{{"output", response.output},
              {"prompt", response.prompt},
              {"status", response.refused ? "refused" : "ok"},
              {"uncommitted", response.uncommitted},
              {"display", response.display},
              {"screen_length", response.screen_length}};
  if (response.question) object["question"] = *response.question;
  if (response.end) object["end"] = true;
  if (!response.keep_in_history) object["history"] = false;
  if (response.refresh_seconds != 0) object["refresh"] = response.refresh_seconds;
  if (response.redirection)
    object["redirect"] = {{"file", response.redirection->file}, {"append", response.redirection->append}};
  if (!response.completions.empty()) object["completions"] = response.completions;
  return encode(object);
}

std::string encode_progress(std::string_view lines) { return encode({{"progress", lines}}); }

std::string encode_notice(std::string_view lines) { return encode({{"notice", lines}}); }

}  // namespace noonmark::cli
