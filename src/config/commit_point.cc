#include "config/commit_point.h"

#include <array>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace noonmark::config {
namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 3> kTypes{"CLI", "ROLLBACK", "FILE"};
constexpr std::array<std::string_view, 4> kOutcomes{"", "pending", "confirmed", "rolled back"};
constexpr std::size_t kMaxText = 4096;
// The years 1 to 9999, s since 1970: what can be shown.
constexpr std::int64_t kEarliest = -62'135'596'800;
constexpr std::int64_t kLatest = 253'402'300'799;

/// Reads members of an object; remembers whether all were there and of their type.
class Reader {
 public:
  explicit Reader(const json& object) : object_(object) {}
  bool good() const { return good_; }

  template <class Number>
  void read(const char* name, Number& value) {
    const auto* member = find(name, &json::is_number_integer);
    if (member != nullptr) value = static_cast<Number>(member->get<std::int64_t>());
  }
  void read(const char* name, std::string& value) {
    const auto* member = find(name, &json::is_string);
    if (member != nullptr) value = member->get<std::string>();
    good_ = good_ && value.size() <= kMaxText;
  }
  template <class Enum, std::size_t N>
  void read(const char* name, Enum& value, const std::array<std::string_view, N>& words) {
    std::string word;
    read(name, word);
    const auto it = std::ranges::find(words, word);
    good_ = good_ && it != words.end();
    if (good_) value = static_cast<Enum>(it - words.begin());
  }
  const json* array(const char* name) { return find(name, &json::is_array); }

 private:
  const json* find(const char* name, bool (json::*is_type)() const noexcept) {
    const auto it = object_.find(name);
    const bool found = it != object_.end() && ((*it).*is_type)();
    good_ = good_ && found;
    return found ? &*it : nullptr;
  }

  const json& object_;
  bool good_ = true;
};

}  // namespace

std::string name_of(const Author& author) { return fmt::format("{} ({})", author.user, author.interface); }
std::string_view to_string(CommitType type) { return kTypes[static_cast<std::size_t>(type)]; }
std::string_view to_string(TrialOutcome outcome) { return kOutcomes[static_cast<std::size_t>(outcome)]; }

std::string encode(const CommitPoint& point) {
  auto unusable = json::array();
  for (const auto& verdict : point.unusable)
    unusable.push_back({{"server", verdict.server}, {"code", verdict.code}});
  const json object{
      {"id", number(point.id)}, {"base", number(point.base)},       {"type", to_string(point.type)},
      {"user", point.user},     {"interface", point.interface},     {"time", point.time},
      {"label", point.label},   {"description", point.description}, {"trial", to_string(point.trial)},
      {"reason", point.reason}, {"unusable", std::move(unusable)}};
  return object.dump(-1, ' ', true, json::error_handler_t::replace);
}

std::optional<CommitPoint> decode_commit_point(std::string_view line) {
  const auto object = json::parse(line, nullptr, false);
  if (!object.is_object()) return std::nullopt;
  CommitPoint point;
  Reader reader(object);
  reader.read("id", point.id);
  reader.read("base", point.base);
  reader.read("type", point.type, kTypes);
  reader.read("user", point.user);
  reader.read("interface", point.interface);
  reader.read("time", point.time);
  if (point.time < kEarliest || point.time > kLatest) return std::nullopt;
  reader.read("label", point.label);
  reader.read("description", point.description);
  reader.read("trial", point.trial, kOutcomes);
  reader.read("reason", point.reason);
  const auto* unusable = reader.array("unusable");
  if (!reader.good()) return std::nullopt;
  for (const auto& row : *unusable) {
    if (!row.is_object()) return std::nullopt;
    Reader columns(row);
    ServerVerdict verdict;
    columns.read("server", verdict.server);
    columns.read("code", verdict.code);
    if (!columns.good()) return std::nullopt;
    point.unusable.push_back(std::move(verdict));
  }
  return point;
}

}  // namespace noonmark::config
