#include "cli/advice.h"

#include <fmt/format.h>

#include "cli/display_format.h"

namespace noonmark::cli {

std::vector<config::Advice> advice_on(const Services& services, const config::Configuration& configuration) {
  const auto now = services.clock.now();
  const config::LeapTableFacts leap_table{.expires = services.engine.quality(now).leap_table_expires,
                                          .now = now.served.unix_seconds_near(services.build_date)};
  return config::advise(configuration, services.network, services.engine.associations(now), leap_table);
}

DisplayOutput render_lint(std::span<const config::Advice> advice) {
  DisplayOutput output;
  auto json = nlohmann::json::array();
  for (const auto& text : config::in_words(advice)) {
    output.text += fmt::format(" {}. {}\n    code: {}\n    source: {}\n", json.size() + 1, text.line(),
                               text.code, text.source);
    json.push_back({{"code", text.code},
                    {"level", text.level == "Warning" ? "warning" : "info"},
                    {"sentence", text.sentence},
                    {"subjects", text.subjects},
                    {"source", text.source}});
  }
  if (json.empty()) output.text = " Info: There is nothing to advise.\n";
  output.json = {{"schema", kJsonSchema}, {"advice", std::move(json)}};
  return output;
}

}  // namespace noonmark::cli
