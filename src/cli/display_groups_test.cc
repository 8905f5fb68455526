#include "cli/display_groups.h"

#include <gtest/gtest.h>

#include "cli/display_fixture.h"

namespace noonmark::cli {
namespace {

struct DisplayGroups : ::testing::Test, DisplayFixture {
  DisplayGroups() {
    config.group_servers = {{.interface_name = "eth1", .group = *core::IpAddress::parse("255.255.255.255")}};
    config.broadcast_clients = {{.interface_name = "eth2", .group = *core::IpAddress::parse("ff02::101")}};
    config.manycast_servers = {{.interface_name = "eth1", .group = *core::IpAddress::parse("224.0.1.1")}};
    config.manycast_clients = {{.interface_name = "eth2", .group = *core::IpAddress::parse("224.0.1.1")}};
    for (auto& interface : network.interfaces)
      interface.addresses = {{.address = *core::IpAddress::parse("192.0.2.1"), .prefix_length = 24}};
  }
  std::string code(std::size_t line) const {
    return render_groups(snapshot(), serving).json.at("groups").at(line).at("code");
  }
  ServingState serving{.serves = {true, true}, .synchronized = true};
};

TEST_F(DisplayGroups, EachLineIsShownWithItsStateAndSessions) {
  auto heard = unanswered_server("2001:db8::5");
  heard.config.key.mode = core::AssociationMode::broadcast_client;
  heard.group = config.broadcast_clients.front();
  associations.push_back(heard);
  EXPECT_EQ(render_groups(snapshot(), serving).text,
            "Interface  Line              Group            Sessions  State\n"
            "eth1       broadcast-server  255.255.255.255  0         sends every 64 s\n"
            "eth1       manycast-server   224.0.1.1        0         answers\n"
            "eth2       multicast-client  ff02::101        1         listens\n"
            "eth2       manycast-client   224.0.1.1        0         looks for servers\n");
}

TEST_F(DisplayGroups, ALineThatDoesNothingSaysWhy) {
  EXPECT_EQ(code(0), "sending");
  serving.synchronized = false;
  EXPECT_EQ(code(0), "unsynchronized");
  EXPECT_EQ(code(1), "unsynchronized");
  EXPECT_EQ(code(2), "listening") << "who listens need not be synchronized";
  serving.serves = {false, true};
  EXPECT_EQ(code(1), "server-disabled");
  config.group_servers.front().key_id = 5;
  EXPECT_EQ(code(0), "key-unusable");
  config.family(core::Family::ipv6).receive_disabled = {"eth2"};
  EXPECT_EQ(code(2), "interface-disabled");
  EXPECT_EQ(code(3), "searching") << "of the other family";
  network.interfaces[0].addresses.clear();
  EXPECT_EQ(code(0), "interface-without-address");
  network.interfaces[0].up = false;
  EXPECT_EQ(code(0), "interface-down");
  network.interfaces[0].alias = "eth2";
  EXPECT_EQ(code(2), "interface-ambiguous");
  network.interfaces.clear();
  EXPECT_EQ(code(0), "interface-unknown");
  config.family(core::Family::ipv4).disabled = true;
  EXPECT_EQ(code(0), "family-disabled");
}

TEST_F(DisplayGroups, ALineIsToldWithWhatItSets) {
  config.port = 1123;
  auto multicast = config.group_servers.front();
  multicast.group = *core::IpAddress::parse("224.0.1.9");
  multicast.port = 2123;
  multicast.key_id = 5;
  multicast.ttl = 8;
  multicast.version = 4;
  config.group_servers.push_back(multicast);
  const auto groups = render_groups(snapshot(), serving).json.at("groups");
  const auto told = [&](std::size_t line) {
    const auto& x = groups.at(line);
    return nlohmann::json::array({x.at("line"), x.at("port"), x.at("key_id"), x.at("ttl"), x.at("version")});
  };
  EXPECT_EQ(told(0), nlohmann::json({"multicast-server", 2123, 5, 8, 4}));
  EXPECT_EQ(told(1), nlohmann::json({"broadcast-server", 123, nullptr, nullptr, 3}));
  EXPECT_EQ(told(2), nlohmann::json({"manycast-server", 1123, nullptr, nullptr, nullptr}));
  EXPECT_EQ(told(3), nlohmann::json({"multicast-client", 1123, nullptr, nullptr, nullptr}));
  EXPECT_EQ(told(4), nlohmann::json({"manycast-client", 123, nullptr, 255, nullptr}));
}

TEST_F(DisplayGroups, WithoutLinesItSaysSo) {
  config = {};
  EXPECT_EQ(render_groups(snapshot(), serving).text,
            "Info: No line of an interface has to do with a group.\n");
}

}  // namespace
}  // namespace noonmark::cli
