#include "cli/reference.h"

#include <gtest/gtest.h>

#include "cli/pipeline.h"

namespace noonmark::cli {
namespace {

constexpr View kViews[] = {View::user, View::system, View::interface, View::acl4, View::acl6};

const Command* command_of(std::string_view line) {
  const auto piped = split_pipeline(line);
  if (!piped) return nullptr;
  for (const auto view : kViews) {
    const auto place = command_place(piped->command, view);
    if (const auto match = parser().parse(place.command, place.view)) {
      if (place.offset == 0) return match->command;
      return parser().parse("run x", view)->command;
    }
  }
  return nullptr;
}

TEST(Reference, EveryCommandIsDescribedAndItsExampleIsOneOfIt) {
  parser().for_each_command([](const Command& command) {
    const auto* text = reference_text(command.grammar);
    ASSERT_NE(text, nullptr) << "write about " << command.grammar << " in reference_text.cc";
    EXPECT_FALSE(text->about.empty()) << command.grammar;
    EXPECT_EQ(command_of(text->example), &command) << text->example;
  });
}

TEST(Reference, EveryTextIsOfACommand) {
  std::size_t commands = 0;
  parser().for_each_command([&](const Command&) { ++commands; });
  EXPECT_EQ(commands, reference_texts());
}

TEST(Reference, TheUndoFormIsWrittenInTheNotationOfTheTable) {
  for (const auto& row : reference()) {
    const std::string syntax = row["syntax"];
    if (syntax.find("] source-interface <") != std::string::npos) {
      EXPECT_EQ(row["undo"], "undo ntp-service [ ipv6 ] source-interface [ vpn-instance <vpn-name> ]");
    }
    if (syntax.find("refclock-master") != std::string::npos) {
      EXPECT_EQ(row["undo"], "undo ntp-service refclock-master [ <clock-address> ]");
    }
  }
}

/// A number that the reference calls a default is what the configuration has without the option.
TEST(Reference, DefaultsAreTrue) {
  parser().for_each_command([](const Command& command) {
    if (command.schema == nullptr) return;
    for (std::size_t i = 0; i < command.leaves.size(); ++i) {
      const auto& leaf = command.leaves[i];
      if (leaf.by_default.empty() || !config::accepts(leaf, leaf.by_default)) continue;
      if (leaf.type == config::LeafType::vpn_name || leaf.type == config::LeafType::name) continue;
      config::Values values(command.leaves.size());
      for (std::size_t k = 0; k < values.size(); ++k) {
        if (command.leaves[k].type == config::LeafType::ipv4_address) values[k] = "192.0.2.1";
        if (command.leaves[k].type == config::LeafType::ipv6_address) values[k] = "2001:db8::1";
      }
      values[i] = std::string(leaf.by_default);
      config::Configuration configuration;
      configuration.acls.put({});  // that of an access list's view
      ASSERT_TRUE(command.schema->enter(configuration, values)) << command.grammar;
      for (const auto& row : command.schema->rows(configuration))
        EXPECT_FALSE(row.values[i].has_value()) << command.grammar << ": " << leaf.name;
    }
  });
}

}  // namespace
}  // namespace noonmark::cli
