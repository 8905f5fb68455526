#include "cli/commit_arguments.h"

#include <algorithm>
#include <fmt/format.h>

#include "cli/configuration_text.h"

namespace noonmark::cli {
namespace {

constexpr std::size_t kErrorsListed = 1000;

std::optional<std::uint32_t> number_in(const Match& match, std::string_view parameter) {
  const auto text = match.arguments.value(parameter);
  if (!text) return std::nullopt;
  return static_cast<std::uint32_t>(std::stoul(*text));
}

}  // namespace

std::optional<config::CommitId> commit_id_in(const Match& match) {
  const auto id = number_in(match, "<commit-id>");
  return id ? std::optional(config::CommitId{*id}) : std::nullopt;
}

std::optional<std::size_t> count_in(const Match& match) { return number_in(match, "<count>"); }

base::Result<config::CommitId> target_commit(const config::Datastore& datastore, const Match& match) {
  const auto& history = datastore.history();
  if (const auto count = count_in(match)) return datastore.commit_before(*count);
  if (const auto label = match.arguments.value("<label>")) {
    const auto* point = history.find_label(*label);
    if (point == nullptr)
      return base::fail(
          fmt::format("No commit has the label {}; display configuration commit list label shows those "
                      "that are used.",
                      *label));
    return point->id;
  }
  const auto id = *commit_id_in(match);
  if (history.find(id) == nullptr) return tl::unexpected(history.text(id).error());
  return id;
}

base::Result<config::Configuration> saved_configuration(const config::Datastore& datastore,
                                                        const std::string& name) {
  const auto content = datastore.copies().read(name);
  if (!content) return tl::unexpected(content.error());
  auto loaded = load_configuration(*content, datastore.keyring(), Judgement::stored);
  if (loaded.refused.empty()) return std::move(loaded.configuration);
  const auto count = loaded.refused.size();
  auto message = fmt::format("{} has {} line(s) that are no configuration:", name, count);
  for (std::size_t i = 0; i < std::min(count, kErrorsListed); ++i)
    message += fmt::format("\n  line {}: {}", loaded.refused[i].number, loaded.refused[i].message);
  if (count > kErrorsListed) message += fmt::format("\n  and {} more", count - kErrorsListed);
  return base::fail(message);
}

}  // namespace noonmark::cli
