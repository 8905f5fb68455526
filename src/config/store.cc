#include "config/store.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

namespace noonmark::config {
namespace {

constexpr std::string_view kVersionPrefix = "# noonmark configuration ";
constexpr std::string_view kVersion = "1";
constexpr std::string_view kCommitPrefix = "# commit ";
constexpr const char* kRunning = "running.cfg";
constexpr const char* kMark = "commits/last";
constexpr const char* kLastCopy = "saved/last";

std::string point_file(CommitId id) { return fmt::format("commits/{}.cfg", number(id)); }

std::optional<CommitId> parse_id(std::string_view text) {
  std::uint32_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error != std::errc{} || end != text.data() + text.size() || id == 0) return std::nullopt;
  return CommitId{id};
}

std::string_view take_line(std::string_view& rest) {
  const auto end = std::min(rest.find('\n'), rest.size());
  const auto line = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return line;
}

struct Content {
  std::string_view commit;  // what stands behind "# commit "; empty if there is no such line
  std::string_view text;
};

base::Result<Content> take_apart(std::string_view content, const std::string& path) {
  const auto first = take_line(content);
  if (!first.starts_with(kVersionPrefix))
    return base::fail(
        fmt::format("{} is damaged: it does not begin with '{}{}'. Restore it from a backup or a saved "
                    "copy, or remove it to start without a configuration.",
                    path, kVersionPrefix, kVersion));
  const auto version = first.substr(kVersionPrefix.size());
  if (version != kVersion)
    return base::fail(
        fmt::format("{} has version {} of the configuration format, this program reads version {}; run "
                    "the program that wrote it.",
                    path, version, kVersion));
  Content result{{}, content};
  if (content.starts_with(kCommitPrefix)) result.commit = take_line(content).substr(kCommitPrefix.size());
  result.text = content;
  return result;
}

bool is_copy_name(std::string_view name) {
  constexpr std::string_view allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
  return name.size() > 4 && name.ends_with(".cfg") && name.front() != '.' &&
         name.find_first_not_of(allowed) == std::string_view::npos;
}

base::Result<std::string> copy_file(std::string_view name) {
  if (!is_copy_name(name))
    return base::fail("The name of a copy consists of letters, digits, '.', '_' and '-', and ends in .cfg.");
  return fmt::format("saved/{}", name);
}

}  // namespace

base::Result<std::optional<Store::Running>> Store::read_running() const {
  auto content = files_.read(kRunning);
  if (!content) return tl::unexpected(content.error());
  if (!*content) return std::optional<Running>{};
  const auto parts = take_apart(**content, running_path());
  if (!parts) return tl::unexpected(parts.error());
  Running running;
  running.text = parts->text;
  running.commit = parse_id(parts->commit).value_or(CommitId::none);
  running.content = std::move(**content);
  return std::optional(std::move(running));
}

base::Result<void> Store::write_running(std::string_view text, CommitId commit) {
  return files_.write(
      kRunning, fmt::format("{}{}\n{}{}\n{}", kVersionPrefix, kVersion, kCommitPrefix, number(commit), text));
}

base::Result<void> Store::write_point(const CommitPoint& point, std::string_view text) {
  return files_.write(point_file(point.id), fmt::format("{}{}\n{}{}\n{}", kVersionPrefix, kVersion,
                                                        kCommitPrefix, encode(point), text));
}

base::Result<Store::Point> Store::read_point(CommitId id) const {
  const auto path = files_.path(point_file(id));
  const auto content = files_.read(point_file(id));
  if (!content) return tl::unexpected(content.error());
  if (!*content) return base::fail(fmt::format("there is no file {}", path), base::ErrorCode::unavailable);
  const auto parts = take_apart(**content, path);
  const auto point = parts ? decode_commit_point(parts->commit) : std::nullopt;
  if (!point || point->id != id) return base::fail(fmt::format("{} is damaged", path), base::ErrorCode::io);
  return Point{*point, std::string(parts->text)};
}

base::Result<void> Store::remove_point(CommitId id) { return files_.remove(point_file(id)); }

base::Result<std::vector<CommitId>> Store::point_ids() const {
  const auto names = files_.list("commits");
  if (!names) return tl::unexpected(names.error());
  std::vector<CommitId> ids;
  for (const auto& name : *names) {
    const auto id = parse_id(name.substr(0, name.find('.')));
    if (id && "commits/" + name == point_file(*id)) ids.push_back(*id);
  }
  std::ranges::sort(ids);
  return ids;
}

CommitId Store::read_mark() const {
  const auto content = files_.read(kMark);
  if (!content || !*content) return CommitId::none;
  std::string_view rest = **content;
  return parse_id(take_line(rest)).value_or(CommitId::none);
}

base::Result<void> Store::write_mark(CommitId highest) {
  return files_.write(kMark, fmt::format("{}\n", number(highest)));
}

base::Result<std::string> Copies::save(std::string_view name, std::string_view text) {
  const auto file = copy_file(name);
  if (!file) return tl::unexpected(file.error());
  if (auto written = files_.write(*file, fmt::format("{}{}\n{}", kVersionPrefix, kVersion, text)); !written)
    return tl::unexpected(written.error());
  if (auto noted = files_.write(kLastCopy, fmt::format("{}\n", name)); !noted)
    return tl::unexpected(noted.error());
  return files_.path(*file);
}

base::Result<std::string> Copies::read(std::string_view name) const {
  const auto file = copy_file(name);
  if (!file) return tl::unexpected(file.error());
  auto content = files_.read(*file);
  if (!content) return tl::unexpected(content.error());
  if (!*content)
    return base::fail(fmt::format("There is no saved copy {}; save {} makes one.", name, name),
                      base::ErrorCode::unavailable);
  if (!(*content)->starts_with(kVersionPrefix)) return std::move(**content);
  if (const auto parts = take_apart(**content, files_.path(*file)); !parts)
    return tl::unexpected(parts.error());
  return std::move(**content);
}

std::vector<std::string> Copies::names() const {
  auto names = files_.list("saved").value_or(std::vector<std::string>{});
  std::erase_if(names, [](const std::string& name) { return !is_copy_name(name); });
  return names;
}

std::string Copies::last_name() const {
  const auto content = files_.read(kLastCopy);
  if (!content || !*content) return std::string(kDefaultCopy);
  std::string_view rest = **content;
  return std::string(take_line(rest));
}

}  // namespace noonmark::config
