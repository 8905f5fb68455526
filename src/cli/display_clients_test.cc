#include "cli/display_clients.h"

#include <gtest/gtest.h>

#include "cli/display_fixture.h"
#include "cli/parser.h"
#include "cli/session_fixture.h"

namespace noonmark::cli {
namespace {

struct DisplayClients : ::testing::Test, DisplayFixture {
  static core::ClientSummary client(const char* address) {
    core::ClientSummary made;
    made.address = *core::IpAddress::parse(address);
    made.requests = 1;
    made.version = 3;
    made.last_seen = at(0xEEADCBFD);
    made.access = core::AccessLevel::peer;
    return made;
  }
  DisplayOutput shown(const std::vector<core::ClientSummary>& clients) const {
    return render_clients(clients, network, now.served, kBuildDate);
  }
};

TEST_F(DisplayClients, EachIsARow) {
  auto busy = client("2001:db8::9");
  busy.vpn = kMgmt;
  busy.requests = 1200;
  busy.drops = 7;
  busy.last_drop = core::DropReason::rate_limited;
  busy.last_seen = at(0xEEADCBF0);
  busy.average_interval = 1.25;
  busy.access = core::AccessLevel::limited;
  busy.key_id = 42;
  busy.version = 4;
  busy.interleaves = true;
  auto denied = client("192.0.2.77");
  denied.access.reset();
  const auto output = shown({busy, denied});
  EXPECT_EQ(output.text,
            "Client       VPN instance  Requests  Drops  Last drop     Last seen  Interval  Version  Key  "
            "Access   Mode\n"
            "2001:db8::9  MGMT          1200      7      rate-limited  13 s       1.2 s     4        42   "
            "limited  interleaved\n"
            "192.0.2.77   -             1         0      -             0 s        -         3        -    "
            "denied   basic\n");
  const auto& json = output.json.at("clients");
  EXPECT_EQ(json.at(0).at("last_drop"), "rate-limited");
  EXPECT_EQ(json.at(0).at("last_time"), "2026-11-22T20:15:44.000Z");
  EXPECT_EQ(json.at(0).at("average_interval_s"), 1.25);
  for (const char* unknown : {"last_drop", "average_interval_s", "key_id", "access"})
    EXPECT_TRUE(json.at(1).at(unknown).is_null()) << unknown;
}

TEST_F(DisplayClients, AClientThatIsSeenAfterNowWasSeenNow) {
  auto early = client("192.0.2.77");
  early.last_seen = now.served + core::Duration::from_seconds(3);
  EXPECT_EQ(shown({early}).json.at("clients").at(0).at("since_last_request_s"), 0);
}

TEST_F(DisplayClients, TotalsStandBelow) {
  auto output = shown({});
  core::ClientTotals totals;
  totals.records = 3;
  totals.capacity = 131072;
  totals.replaced = 2;
  totals.kisses = 5;
  totals.by_version[4] = 12;
  totals.by_key = {{42, 9}, {43, 0}};
  totals.drops[static_cast<std::size_t>(core::DropReason::access_denied)] = 4;
  add_totals(output, totals);
  EXPECT_EQ(output.text,
            "Info: No client is remembered.\n"
            "\n"
            " clients remembered: 3 of at most 131072, 2 replaced by others\n"
            " requests by version: 4: 12\n"
            " requests by key: 42: 9\n"
            " drops: access-denied: 4\n"
            " kiss codes sent: 5\n");
  EXPECT_EQ(output.json.at("totals").at("requests_by_version").at("3"), 0);
  EXPECT_EQ(output.json.at("totals").at("drops"), nlohmann::json({{"access-denied", 4}}));
}

struct ClientsCommand : ::testing::Test, SessionFixture {
  ClientsCommand() {
    services.clients.list = [this](const core::ClientQuery& query) {
      asked = query;
      return std::vector<core::ClientSummary>();
    };
    services.clients.find = [](const core::IpAddress& address) {
      core::ClientSummary made;
      made.address = address;
      auto in_red = made;
      in_red.vpn = core::VpnId{1};
      return std::vector{made, in_red};
    };
  }
  nlohmann::json shown(std::string_view line) {
    const auto match = parser().parse(line, View::user);
    return display_clients(services, match->arguments)->json;
  }
  core::ClientQuery asked;
};

TEST_F(ClientsCommand, WordsBecomeTheQuery) {
  shown("display ntp-service clients");
  EXPECT_EQ(asked.count, 20u);
  EXPECT_FALSE(asked.too_often);
  shown("display ntp-service clients too-often 500");
  EXPECT_EQ(asked.count, 500u);
  EXPECT_TRUE(asked.too_often);
  EXPECT_FALSE(parser().parse("display ntp-service clients 1001", View::user));
}

TEST_F(ClientsCommand, AClientIsFoundByItsAddress) {
  EXPECT_EQ(shown("display ntp-service clients 192.0.2.9").at("clients").size(), 2u);
  const auto red = shown("display ntp-service clients ipv6 2001:db8::9 vpn-instance red").at("clients");
  ASSERT_EQ(red.size(), 1u);
  EXPECT_EQ(red.at(0).at("vpn_instance"), "red");
}

TEST_F(ClientsCommand, AnAddressThatIsNotRememberedIsNamed) {
  const auto text = [this](std::string_view line) {
    return display_clients(services, parser().parse(line, View::user)->arguments)->text;
  };
  EXPECT_EQ(text("display ntp-service clients 192.0.2.9 vpn-instance blue"),
            "Info: The server remembers no client 192.0.2.9 in VPN instance blue.\n");
  services.clients.find = [](const core::IpAddress&) { return std::vector<core::ClientSummary>(); };
  EXPECT_EQ(text("display ntp-service clients 192.0.2.9"),
            "Info: The server remembers no client 192.0.2.9.\n");
}

}  // namespace
}  // namespace noonmark::cli
