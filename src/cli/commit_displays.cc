#include "cli/commit_displays.h"

#include <algorithm>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <map>
#include <span>

#include "cli/commit_arguments.h"
#include "cli/configuration_diff.h"
#include "cli/display_format.h"
#include "cli/session.h"

namespace noonmark::cli {
namespace {

using config::CommitId;
using config::CommitPoint;
using config::TrialOutcome;
using Lines = std::vector<ConfigurationLine>;
using nlohmann::json;

constexpr std::size_t kRuleLength = 131;
constexpr std::size_t kLabelShown = 64;
constexpr std::string_view kBuilding = "Building configuration\n";

const config::Datastore& datastore_of(Session& session) { return session.services().datastore; }

std::string time_text(std::int64_t time) { return fmt::format("{:%Y-%m-%d %H:%M:%S}", fmt::gmtime(time)); }
std::string time_json(std::int64_t time) { return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(time)); }
std::string or_dash(const std::string& text) { return text.empty() ? "-" : text; }

json verdicts_json(const std::vector<config::ServerVerdict>& verdicts) {
  auto rows = json::array();
  for (const auto& verdict : verdicts)
    rows.push_back({{"server", verdict.server}, {"code", verdict.code}, {"usable", verdict.usable}});
  return rows;
}

// ---- the list

/// "1000000741", with a `*` where points behind it are gone.
std::string id_text(const config::History& history, const CommitPoint& point) {
  return fmt::format("{}{}", number(point.id), history.is_followed_by_gap(point) ? "*" : "");
}

json point_json(const config::History& history, const CommitPoint& point) {
  json row{{"commit_id", number(point.id)},
           {"label", point.label},
           {"user", point.user},
           {"user_interface", point.interface},
           {"type", to_string(point.type)},
           {"time", time_json(point.time)},
           {"description", point.description},
           {"followed_by_gap", history.is_followed_by_gap(point)},
           {"trial", nullptr}};
  if (point.trial != TrialOutcome::none)
    row["trial"] = {{"outcome", to_string(point.trial)},
                    {"reason", point.reason},
                    {"unusable_servers", verdicts_json(point.unusable)}};
  return row;
}

std::string row_text(const config::History& history, const CommitPoint& point, std::size_t number) {
  auto label = or_dash(point.label);
  if (label.size() > kLabelShown) label = label.substr(0, kLabelShown - 3) + "...";
  return fmt::format("{:<4} {:<12} {:<{}} {:<15} {}+00:00\n", number, id_text(history, point), label,
                     kLabelShown, point.user, time_text(point.time));
}

std::string verbose_text(const config::History& history, const CommitPoint& point, std::size_t number) {
  constexpr std::string_view indent = "        ";
  auto text = fmt::format("{}) CommitId: {}\n", number, id_text(history, point));
  const auto add = [&](std::string_view name, std::string_view value) {
    text += fmt::format("{}{}: {}\n", indent, name, value);
  };
  add("Label", or_dash(point.label));
  add("User", point.user);
  add("User-Intf", point.interface);
  add("Type", to_string(point.type));
  add("TimeStamp", time_text(point.time));
  add("Description", or_dash(point.description));
  if (point.trial == TrialOutcome::none) return text;
  add("Trial", to_string(point.trial));
  if (!point.reason.empty()) add("Reason", point.reason);
  return text;
}

std::string list_text(const config::History& history, std::span<const CommitPoint* const> points,
                      bool verbose) {
  std::string text;
  if (verbose) {
    for (std::size_t i = 0; i < points.size(); ++i) {
      if (i != 0) text += '\n';
      text += verbose_text(history, *points[i], i + 1);
    }
    return text;
  }
  const std::string rule(kRuleLength, '-');
  text = fmt::format("{}\n{:<4} {:<12} {:<{}} {:<15} {}\n{}\n", rule, "No.", "CommitId", "Label", kLabelShown,
                     "User", "TimeStamp", rule);
  for (std::size_t i = 0; i < points.size(); ++i) text += row_text(history, *points[i], i + 1);
  return text + rule + '\n';
}

/// Newest first.
std::vector<const CommitPoint*> newest(const config::History& history) {
  std::vector<const CommitPoint*> points;
  for (auto point = history.points().rbegin(); point != history.points().rend(); ++point)
    points.push_back(&*point);
  return points;
}

// ---- changes

/// The lines of points, each read from the disk once.
class PointLines {
 public:
  explicit PointLines(const config::History& history) : history_(history) {}

  base::Result<const Lines*> of(CommitId id) {
    const auto known = known_.find(id);
    if (known != known_.end()) return &known->second;
    const auto text = history_.text(id);
    if (!text) return tl::unexpected(text.error());
    return &known_.emplace(id, lines_of_text(*text)).first->second;
  }

  base::Result<std::vector<LineChange>> between(CommitId from, CommitId to) {
    const auto before = of(from);
    if (!before) return tl::unexpected(before.error());
    const auto after = of(to);
    if (!after) return tl::unexpected(after.error());
    return changes(**before, **after);
  }

  void forget(CommitId id) { known_.erase(id); }

 private:
  const config::History& history_;
  std::map<CommitId, Lines> known_;
};

DisplayOutput changes_output(const std::vector<LineChange>& list) {
  return {std::string(kBuilding) + render_changes(list),
          {{"schema", kJsonSchema}, {"changes", changes_json(list)}}};
}

base::Result<DisplayOutput> changes_between(const config::History& history, CommitId from, CommitId to) {
  PointLines lines(history);
  const auto list = lines.between(from, to);
  if (!list) return tl::unexpected(list.error());
  return changes_output(*list);
}

bool is_kept(const config::History& history, CommitId id) {
  return id == CommitId::none || history.find(id) != nullptr;
}

/// Each point's changes to the one that it was put upon.
base::Result<DisplayOutput> changes_of_each(const config::History& history,
                                            std::span<const CommitPoint* const> points) {
  PointLines lines(history);
  DisplayOutput output{std::string(kBuilding), {{"schema", kJsonSchema}, {"commits", json::array()}}};
  for (const auto* point : points) {
    output.text +=
        fmt::format("Commit changes of commitId {} {}\n", number(point->id), time_text(point->time));
    json row{{"commit_id", number(point->id)}, {"time", time_json(point->time)}, {"changes", nullptr}};
    if (is_kept(history, point->base)) {
      const auto list = lines.between(point->base, point->id);
      if (!list) return tl::unexpected(list.error());
      output.text += render_changes(*list);
      row["changes"] = changes_json(*list);
    } else {
      output.text += fmt::format("  Info: Commit {}, which it changed, is not kept.\n", number(point->base));
    }
    lines.forget(point->id);
    output.json["commits"].push_back(std::move(row));
  }
  return output;
}

base::Result<DisplayOutput> changes_at(const config::History& history, CommitId id) {
  const auto* point = history.find(id);
  if (point == nullptr) return tl::unexpected(history.text(id).error());
  if (!is_kept(history, point->base))
    return base::fail(fmt::format(
        "Commit {}, which commit {} changed, is not kept; display configuration commit at {} shows the whole "
        "configuration.",
        number(point->base), number(id), number(id)));
  return changes_between(history, point->base, id);
}

base::Result<std::size_t> at_most(const config::History& history, std::size_t count) {
  if (count <= history.points().size()) return count;
  return base::fail(fmt::format("There are only {} commits.", history.points().size()));
}

// ---- trials

json ending_json(const config::Ending& ending) {
  return {{"success", ending.success},
          {"commit_id", ending.commit == CommitId::none ? json(nullptr) : json(number(ending.commit))},
          {"time", time_json(ending.time)},
          {"reason", ending.reason},
          {"unusable_servers", verdicts_json(ending.unusable)}};
}

DisplayOutput idle_trial(const config::Datastore& datastore) {
  DisplayOutput output{"Trial status: INACTIVE\n",
                       {{"schema", kJsonSchema}, {"status", "inactive"}, {"last", nullptr}}};
  const auto& last = datastore.last_trial();
  if (!last) return output;
  output.text +=
      fmt::format("Last trial: commit {} {} at {}+00:00: {}\n", number(last->commit),
                  last->success ? "confirmed" : "rolled back", time_text(last->time), last->reason);
  output.json["last"] = ending_json(*last);
  return output;
}

void append_servers(const config::Datastore& datastore, std::size_t wanted, DisplayOutput& output) {
  const auto servers = datastore.servers();
  const auto usable = std::ranges::count_if(servers, &config::ServerVerdict::usable);
  output.text += fmt::format("Servers usable: {} of {} that confirm the trial\n", usable, wanted);
  for (const auto& server : servers)
    output.text += fmt::format("  {}: {}{}\n", server.server, server.code, server.usable ? " (usable)" : "");
  output.json["servers_wanted"] = wanted;
  output.json["servers"] = verdicts_json(servers);
}

DisplayOutput active_trial(const config::Datastore& datastore, const config::Trial& trial) {
  const auto left = datastore.trial_left().count();
  DisplayOutput output;
  output.text = fmt::format("Trial status: {}\n", trial.canceling ? "CANCELING" : "ACTIVE");
  if (!trial.persist.empty()) output.text += fmt::format("Persist id: {}\n", trial.persist);
  output.text += fmt::format("Trial time left (sec): {}\n", left);
  output.text += fmt::format("Session: {}{}\n", name_of(trial.author), trial.session_ended ? ", ended" : "");
  output.json = {
      {"schema", kJsonSchema},
      {"status", trial.canceling ? "canceling" : "active"},
      {"persist_id", trial.persist},
      {"time_left_s", left},
      {"session",
       {{"id", trial.author.session}, {"user", trial.author.user}, {"ended", trial.session_ended}}},
      {"servers_wanted", nullptr}};
  if (trial.terms.servers) append_servers(datastore, *trial.terms.servers, output);
  return output;
}

}  // namespace

base::Result<DisplayOutput> show_commits(Session& session, const Match& match) {
  const auto& history = datastore_of(session).history();
  auto points = newest(history);
  if (match.arguments.has("label")) std::erase_if(points, [](const auto* p) { return p->label.empty(); });
  if (const auto wanted = count_in(match)) {
    const auto count = at_most(history, *wanted);
    if (!count) return tl::unexpected(count.error());
    points.resize(*count);
  }
  auto rows = json::array();
  for (const auto* point : points) rows.push_back(point_json(history, *point));
  return DisplayOutput{list_text(history, points, match.arguments.has("verbose")),
                       {{"schema", kJsonSchema}, {"commits", std::move(rows)}}};
}

base::Result<DisplayOutput> show_commit_changes(Session& session, const Match& match) {
  const auto& datastore = datastore_of(session);
  const auto& history = datastore.history();
  const auto count = count_in(match);
  if (match.arguments.has("last")) {
    const auto before = datastore.commit_before(*count);
    if (!before) return tl::unexpected(before.error());
    return changes_between(history, *before, datastore.running_commit());
  }
  if (const auto id = commit_id_in(match))
    return match.arguments.has("at") ? changes_at(history, *id)
                                     : changes_between(history, *id, datastore.running_commit());
  auto points = newest(history);
  if (count) {
    const auto fitting = at_most(history, *count);
    if (!fitting) return tl::unexpected(fitting.error());
    points.resize(*fitting);
  }
  return changes_of_each(history, points);
}

base::Result<DisplayOutput> show_commit(Session& session, const Match& match) {
  const auto text = datastore_of(session).history().text(*commit_id_in(match));
  if (!text) return tl::unexpected(text.error());
  return configuration_output(lines_of_text(*text));
}

base::Result<DisplayOutput> show_running_changes(Session& session, const Match& match) {
  const auto& datastore = datastore_of(session);
  const auto running = configuration_lines(datastore.running());
  if (match.arguments.has("label") || match.arguments.has("commit-id")) {
    const auto id = target_commit(datastore, match);
    if (!id) return tl::unexpected(id.error());
    const auto text = datastore.history().text(*id);
    if (!text) return tl::unexpected(text.error());
    return changes_output(changes(lines_of_text(*text), running));
  }
  const auto name = match.arguments.value("<file-name>").value_or(datastore.copies().last_name());
  const auto copy = saved_configuration(datastore, name);
  if (!copy) return tl::unexpected(copy.error());
  return changes_output(changes(configuration_lines(*copy), running));
}

base::Result<DisplayOutput> show_trial(Session& session, const Match&) {
  const auto& datastore = datastore_of(session);
  return datastore.trial() ? active_trial(datastore, *datastore.trial()) : idle_trial(datastore);
}

base::Result<DisplayOutput> show_rollback_result(Session& session, const Match&) {
  const auto& last = datastore_of(session).last_rollback();
  if (!last)
    return DisplayOutput{"Info: There was no rollback since noonmarkd started.\n",
                         {{"schema", kJsonSchema}, {"rollback", nullptr}}};
  auto text = fmt::format("Rollback result: {}\nTimeStamp: {}+00:00\nReason: {}\n",
                          last->success ? "SUCCESS" : "FAILURE", time_text(last->time), last->reason);
  if (last->commit != CommitId::none) text += fmt::format("CommitId: {}\n", number(last->commit));
  return DisplayOutput{text, {{"schema", kJsonSchema}, {"rollback", ending_json(*last)}}};
}

}  // namespace noonmark::cli
