#include "config/access_lists.h"

#include <gtest/gtest.h>

#include "config/schema_tables.h"

namespace noonmark::config {
namespace {

IpAddress address(const char* text) { return *IpAddress::parse(text); }

struct AccessListsTest : testing::Test {
  Acl& acl(const char* name, Family family = Family::ipv4) {
    made = {};
    made.family = family;
    made.name = name;
    return made;
  }
  void rule(std::uint32_t id, bool permit, const char* source, unsigned length, std::string vpn = {}) {
    const auto from = address(source);
    const auto mask = prefix_mask(from.family(), length);
    c.acl_rules.put({from.family(), made.name, id, permit, masked(from, mask), mask, std::move(vpn)});
  }
  std::vector<std::uint32_t> order() const {
    std::vector<std::uint32_t> ids;
    for (const auto* one : rules_in_order(c, made)) ids.push_back(one->id);
    return ids;
  }

  Configuration c;
  Acl made;
};

TEST_F(AccessListsTest, MasksAndPrefixesBelongTogether) {
  EXPECT_EQ(prefix_mask(Family::ipv4, 20), address("255.255.240.0"));
  EXPECT_EQ(prefix_mask(Family::ipv6, 33), address("ffff:ffff:8000::"));
  EXPECT_EQ(prefix_length(address("255.255.240.0")), 20u);
  EXPECT_EQ(prefix_length(address("0.0.0.0")), 0u);
  EXPECT_EQ(prefix_length(address("255.0.255.0")), std::nullopt);
  EXPECT_EQ(masked(address("192.0.2.77"), address("255.255.255.0")), address("192.0.2.0"));
  EXPECT_EQ(inverted(address("255.255.255.0")), address("0.0.0.255"));
}

TEST_F(AccessListsTest, ANumberStandsForTheListThatHasIt) {
  acl("clients").number = 2001;
  c.acls.put(made);
  c.acls.put(acl("2002"));
  EXPECT_EQ(find_acl(c, Family::ipv4, "2001")->name, "clients");
  EXPECT_EQ(find_acl(c, Family::ipv4, "clients")->name, "clients");
  EXPECT_EQ(find_acl(c, Family::ipv4, "2002")->name, "2002");
  EXPECT_EQ(find_acl(c, Family::ipv4, "0"), nullptr);
  EXPECT_EQ(find_acl(c, Family::ipv6, "2001"), nullptr);
}

TEST_F(AccessListsTest, RulesAreTriedByNumberOrTheMostSpecificFirst) {
  c.acls.put(acl("2000"));
  rule(5, false, "10.0.0.0", 8);
  rule(10, true, "10.1.0.0", 16);
  rule(15, true, "10.1.1.1", 32);
  rule(20, true, "0.0.0.0", 0, "red");
  rule(25, false, "10.2.0.0", 16);
  EXPECT_EQ(order(), (std::vector<std::uint32_t>{5, 10, 15, 20, 25}));
  made.match_order = MatchOrder::automatic;
  EXPECT_EQ(order(), (std::vector<std::uint32_t>{20, 15, 10, 25, 5}));
}

TEST_F(AccessListsTest, ARuleGetsTheNextMultipleOfTheStep) {
  c.acls.put(acl("2000"));
  EXPECT_EQ(next_rule_id(c, made).value(), 5u);
  rule(0, true, "10.0.0.0", 8);
  EXPECT_EQ(next_rule_id(c, made).value(), 5u);
  rule(12, true, "10.0.0.0", 8);
  EXPECT_EQ(next_rule_id(c, made).value(), 15u);
  made.step = 20;
  EXPECT_EQ(next_rule_id(c, made).value(), 20u);
  rule(kMaxRule, true, "10.0.0.0", 8);
  EXPECT_FALSE(next_rule_id(c, made));
  EXPECT_EQ(next_rule_id(c, acl("2001")).value(), 5u);
}

TEST_F(AccessListsTest, AListTakesItsRulesAlongAndNoOthers) {
  c.acls.put(acl("2000"));
  rule(5, true, "10.0.0.0", 8);
  rule(5, true, "2001:db8::", 32);
  c.acls.put(acl("2001"));
  rule(5, true, "10.0.0.0", 8);
  EXPECT_TRUE(erase_acl(c, Family::ipv4, "2000"));
  EXPECT_FALSE(erase_acl(c, Family::ipv4, "2000"));
  EXPECT_EQ(c.acls.size(), 1u);
  ASSERT_EQ(c.acl_rules.size(), 2u);
  EXPECT_EQ(c.acl_rules.begin()->acl, "2001");
}

TEST_F(AccessListsTest, TheEngineGetsTheListsOfTheLevelsInTheOrderOfTheirRules) {
  acl("2000").match_order = MatchOrder::automatic;
  c.acls.put(made);
  rule(5, false, "0.0.0.0", 0);
  rule(10, true, "192.0.2.0", 24, "red");
  c.access.put({core::AccessLevel::server, "2000", "2999"});
  const auto access = access_config(c);
  const auto& lists = access.lists[static_cast<std::size_t>(core::AccessLevel::server)];
  ASSERT_TRUE(lists[0] && lists[1]);
  ASSERT_EQ(lists[0]->rules.size(), 2u);
  EXPECT_EQ(lists[0]->rules[0].id, 10u);
  EXPECT_EQ(lists[0]->rules[0].vpn, "red");
  EXPECT_EQ(lists[0]->rules[1].vpn, std::nullopt);
  EXPECT_EQ(*lists[1], (core::AccessList{"2999", {}}));
  EXPECT_FALSE(access.lists[0][0]);
  EXPECT_EQ(core::decide_access(access, address("192.0.2.9"), "red").level, core::AccessLevel::server);
  EXPECT_EQ(core::decide_access(access, address("192.0.2.9"), "").level, std::nullopt);
  EXPECT_EQ(core::decide_access(access, address("2001:db8::1"), "").level, std::nullopt);
}

TEST_F(AccessListsTest, UndoTakesWhatItNames) {
  using namespace leaves;
  const auto undo = [&](std::initializer_list<std::pair<std::size_t, const char*>> given) {
    c.access.put({core::AccessLevel::query, "2000", "office"});
    Values values(access.size());
    values[access_level] = "query";
    for (const auto& [leaf, text] : given) values[leaf] = text;
    const bool done = schemas::access.undo(c, values);
    const auto* left = c.access.find(core::AccessLevel::query);
    return std::string(done ? "" : "nothing, ") + (left == nullptr ? "-" : left->ipv4 + "/" + left->ipv6);
  };
  EXPECT_EQ(undo({}), "-");
  EXPECT_EQ(undo({{access_all, ""}}), "-");
  EXPECT_EQ(undo({{access_ipv6, ""}}), "2000/");
  EXPECT_EQ(undo({{access_ipv6, ""}, {access_acl6_name, "office"}}), "2000/");
  EXPECT_EQ(undo({{access_ipv6, ""}, {access_acl6_name, "other"}}), "nothing, 2000/office");
  EXPECT_EQ(undo({{access_acl_number, "2000"}}), "/office");
  EXPECT_EQ(undo({{access_acl_number, "2001"}}), "nothing, 2000/office");
  EXPECT_EQ(undo({{access_acl_number, "2000"}, {access_ipv6, ""}, {access_acl6_name, "office"}}), "-");
}

}  // namespace
}  // namespace noonmark::config
