#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace noonmark::config {

/// The number of a commit; 0 stands for the empty configuration before the first one.
enum class CommitId : std::uint32_t { none = 0, first = 1'000'000'001, last = 1'999'999'999 };
constexpr std::uint32_t number(CommitId id) { return static_cast<std::uint32_t>(id); }

inline constexpr std::size_t kMaxLabel = 256;
inline constexpr std::size_t kMaxDescription = 60;

/// Who works on the configuration. No two sessions that are open have the same number.
struct Author {
  std::string user;
  std::string interface;  // "VTY 3"
  std::uint32_t session = 0;
  bool operator==(const Author&) const = default;
};
/// "admin (VTY 3)"
std::string name_of(const Author& author);

enum class CommitType : std::uint8_t {
  cli,
  rollback,
  file,  // the daemon found it at its start
};
std::string_view to_string(CommitType type);

enum class TrialOutcome : std::uint8_t { none, pending, confirmed, rolled_back };
std::string_view to_string(TrialOutcome outcome);  // "", "pending", "confirmed", "rolled back"

/// A server at the end of a trial, by the stable code of `display ntp-service explain`.
struct ServerVerdict {
  std::string server;  // "192.0.2.10(MGMT)"
  std::string code;
  bool usable = false;
  bool operator==(const ServerVerdict&) const = default;
};

/// What is known about a rollback point besides its configuration.
struct CommitPoint {
  CommitId id{};
  CommitId base{};  // the configuration that it changed
  CommitType type = CommitType::cli;
  std::string user;
  std::string interface;
  std::int64_t time = 0;  // s since 1970, served
  std::string label;
  std::string description;
  TrialOutcome trial = TrialOutcome::none;
  std::string reason;                   // of the trial's outcome: a clause without a full stop
  std::vector<ServerVerdict> unusable;  // servers that a trial waited for in vain
  bool operator==(const CommitPoint&) const = default;
};

/// One line of JSON, and back; none if the line is not what encode() gives.
std::string encode(const CommitPoint& point);
std::optional<CommitPoint> decode_commit_point(std::string_view line);

}  // namespace noonmark::config
