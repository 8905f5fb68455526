#include "io/network_watch.h"

#include <cstdlib>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <thread>
#include <unistd.h>

#include "io/ntp_sockets.h"
#include "io/system_random.h"
#include "io/test_support.h"

namespace noonmark::io {
namespace {

using base::Family;
using base::IpAddress;
using core::Interface;
using core::Vpn;
using core::VpnId;
using ::testing::Contains;
using ::testing::ElementsAre;
using testing::run_until;

void shell(const std::string& command) { EXPECT_EQ(0, std::system(command.c_str())) << command; }

/// Runs `body` on a thread that has a network namespace of its own, with lo up.
void in_new_namespace(const std::function<void()>& body) {
  std::thread([&] {
    ASSERT_EQ(0, ::unshare(CLONE_NEWNET));
    shell("ip link set lo up");
    body();
  }).join();
}

/// A named namespace that goes with the test.
class NamedNamespace {
 public:
  explicit NamedNamespace(const char* name) : name_(fmt::format("nmio-{}-{}", ::getpid(), name)) { add(); }
  ~NamedNamespace() {
    std::system(fmt::format("ip netns del {} 2>/dev/null", name_).c_str()) == 0 ? void() : void();
  }
  NamedNamespace(const NamedNamespace&) = delete;
  NamedNamespace& operator=(const NamedNamespace&) = delete;
  void add() const { shell("ip netns add " + name_); }
  void remove() const { shell("ip netns del " + name_); }
  void ip(const std::string& arguments) const { shell("ip -n " + name_ + ' ' + arguments); }
  const std::string& name() const { return name_; }

 private:
  std::string name_;
};

class NetworkWatchTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "makes network namespaces: needs root";
    std::thread([this] { can_unshare_ = ::unshare(CLONE_NEWNET) == 0; }).join();
    if (!can_unshare_) GTEST_SKIP() << "makes network namespaces: needs CAP_SYS_ADMIN";
  }
  bool can_unshare_ = false;
};

/// A watch with its loop, made on the thread of the test's namespace.
struct Watched {
  bool until(const std::function<bool()>& done) { return run_until(loop, done); }
  const Interface* find(std::string_view name) const {
    const auto found = watch.view().find_interfaces(name);
    return found.size() == 1 ? found[0] : nullptr;
  }
  bool has_address(std::string_view interface, const char* address) const {
    const Interface* const i = find(interface);
    return i != nullptr && std::ranges::any_of(i->addresses, [&](const auto& a) {
             return a.address == *IpAddress::parse(address) && !a.tentative;
           });
  }
  Loop loop;
  testing::RecordingLog log;
  int changes = 0;
  NetworkWatch watch{loop, log, [this] { ++changes; }};
};

TEST_F(NetworkWatchTest, FollowsNamesAliasesStateAndAddresses) {
  in_new_namespace([] {
    Watched w;
    ASSERT_NE(nullptr, w.find("lo"));
    EXPECT_TRUE(w.find("lo")->up && w.find("lo")->loopback);
    EXPECT_EQ(0, w.changes);
    shell("ip link add br0 type bridge && ip link add veth0 type veth peer name veth1");
    EXPECT_TRUE(w.until([&] { return w.find("veth1") != nullptr && w.find("br0") != nullptr; }));
    EXPECT_FALSE(w.find("veth0")->up);
    shell("ip link set veth0 addrgenmode none");
    shell("ip link set veth0 up && ip link set veth1 up");
    EXPECT_TRUE(w.until([&] { return w.find("veth0")->up && w.find("veth1")->up; }));
    shell("ip link set veth1 down");
    EXPECT_TRUE(w.until([&] { return !w.find("veth0")->up; }));  // no carrier
    shell("ip link set veth0 alias GigabitEthernet0/0/1");
    EXPECT_TRUE(w.until([&] { return w.find("GigabitEthernet0/0/1") != nullptr; }));
    shell("ip link property add dev veth0 altname uplink");
    EXPECT_TRUE(w.until([&] { return w.find("uplink") != nullptr && w.find("uplink")->name == "veth0"; }));
    shell("ip addr add 192.0.2.1/24 dev veth0 && ip addr add 192.0.2.2/24 dev veth0");
    EXPECT_TRUE(w.until([&] { return w.has_address("veth0", "192.0.2.2"); }));
    EXPECT_THAT(
        w.find("veth0")->addresses,
        ElementsAre(core::InterfaceAddress{*IpAddress::parse("192.0.2.1"), 24},
                    core::InterfaceAddress{
                        .address = *IpAddress::parse("192.0.2.2"), .prefix_length = 24, .secondary = true}));
    shell("ip addr del 192.0.2.2/24 dev veth0 && ip -6 addr add 2001:db8::5/64 dev veth0 nodad");
    EXPECT_TRUE(w.until(
        [&] { return !w.has_address("veth0", "192.0.2.2") && w.has_address("veth0", "2001:db8::5"); }));
    shell("ip link del veth0");
    EXPECT_TRUE(w.until([&] { return w.find("veth0") == nullptr; }));
    EXPECT_GT(w.changes, 0);
  });
}

TEST_F(NetworkWatchTest, ANamespaceIsKnownByNameAndOpenedOnlyWhenItIsUsed) {
  in_new_namespace([] {
    const NamedNamespace red("red"), blue("blue");
    red.ip("link add only-red type bridge");
    blue.ip("link add only-blue type bridge");
    Watched w;
    const Vpn* const found = w.watch.view().find_vpn(red.name());
    ASSERT_NE(nullptr, found);
    const Vpn vpn = *found;
    EXPECT_EQ(Vpn::Kind::network_namespace, vpn.kind);
    EXPECT_NE(nullptr, w.watch.view().find_vpn(blue.name()));
    EXPECT_EQ(nullptr, w.find("only-red"));
    EXPECT_EQ(1u, w.watch.places().size());
    w.watch.use_vpns({red.name()});
    EXPECT_EQ(1, w.changes);
    ASSERT_NE(nullptr, w.find("only-red"));
    EXPECT_EQ(vpn.id, w.find("only-red")->vpn);
    EXPECT_EQ(nullptr, w.find("only-blue"));
    w.watch.use_vpns({red.name(), blue.name()});
    EXPECT_NE(nullptr, w.find("only-blue"));
    red.ip("addr add 198.51.100.1/24 dev only-red");
    EXPECT_TRUE(w.until([&] { return w.has_address("only-red", "198.51.100.1"); }));
    w.watch.use_vpns({});
    EXPECT_EQ(nullptr, w.find("only-red"));
    EXPECT_EQ(vpn, *w.watch.view().find_vpn(red.name()));
  });
}

TEST_F(NetworkWatchTest, ANamespaceThatVanishesAndComesBackIsFoundWithItsId) {
  in_new_namespace([] {
    const NamedNamespace red("again");
    Watched w;
    w.watch.use_vpns({red.name()});
    ASSERT_EQ(2u, w.watch.places().size());
    const VpnPlace before = w.watch.places()[1];
    red.remove();
    EXPECT_TRUE(w.until([&] { return w.watch.view().find_vpn(red.name()) == nullptr; }));
    EXPECT_EQ(1u, w.watch.places().size());
    red.add();
    // The retry of 5 s is not needed: the directory is watched.
    EXPECT_TRUE(w.until([&] { return w.watch.places().size() == 2; }));
    EXPECT_EQ(before.vpn, w.watch.places()[1].vpn);
  });
}

TEST_F(NetworkWatchTest, ANamespaceReplacedAtOnceIsAnotherIncarnation) {
  in_new_namespace([] {
    const NamedNamespace red("swap");
    Watched w;
    w.watch.use_vpns({red.name()});
    const VpnPlace before = w.watch.places()[1];
    red.remove();
    red.add();
    EXPECT_TRUE(w.until([&] {
      return w.watch.places().size() == 2 && w.watch.places()[1].incarnation != before.incarnation;
    }));
  });
}

struct Count final : NtpSockets::Handler {
  void on_datagram(const Arrival& a) override {
    ++datagrams;
    last = a.path;
  }
  core::ServedLine before_answers() override { return {}; }
  void on_transmitted(core::TransmitId, std::optional<std::int64_t>, const core::Departure&) override {}
  void on_send_error(core::TransmitId, core::SendError, int number) override { error = number; }
  int datagrams = 0;
  int error = 0;
  core::Path last;
};

TEST_F(NetworkWatchTest, SocketsAreMadeInTheNamespaceOfTheirVpnOnly) {
  in_new_namespace([] {
    const NamedNamespace red("sock");
    red.ip("link set lo up");
    Watched w;
    w.watch.use_vpns({red.name()});
    Count seen;
    SystemRandom random;
    core::Responder responder{random};
    ServerWorkers no_workers(0, random);
    NtpSockets sockets(w.loop, responder, no_workers, seen, w.log);
    sockets.use_places(w.watch.places());
    const VpnId vpn = w.watch.places()[1].vpn.id;
    sockets.serve(Family::ipv4, 10123, {vpn});
    EXPECT_TRUE(sockets.service_problems().empty());
    core::Transmit request;
    request.remote = {IpAddress::loopback(Family::ipv4), 10123, 0};
    request.size = 48;
    sockets.send(request);  // in the public instance nobody listens
    EXPECT_TRUE(w.until([&] { return seen.error == ECONNREFUSED; }));
    EXPECT_EQ(0, seen.datagrams);
    request.id = core::TransmitId{2};
    request.vpn = vpn;
    sockets.send(request);
    EXPECT_TRUE(w.until([&] { return seen.datagrams == 1; }));
    EXPECT_EQ(vpn, seen.last.vpn);
    EXPECT_FALSE(w.find("lo")) << "lo is in both";
    const auto home = UdpSocket::open({}, {IpAddress::any(Family::ipv4), 10123, 0});
    EXPECT_TRUE(home) << "the thread is back where it was";
  });
}

TEST_F(NetworkWatchTest, LinkLocalServersAreReachedThroughTheirScope) {
  in_new_namespace([] {
    shell("ip link add veth0 type veth peer name veth1");
    shell(
        "ip link set veth0 addrgenmode none && ip link set veth1 addrgenmode none && ip link set veth0 up && "
        "ip link set veth1 up");
    shell("ip addr add fe80::a/64 dev veth0 nodad && ip addr add fe80::b/64 dev veth1 nodad");
    Watched w;
    ASSERT_TRUE(
        w.until([&] { return w.has_address("veth0", "fe80::a") && w.has_address("veth1", "fe80::b"); }));
    Count seen;
    SystemRandom random;
    core::Responder responder{random};
    ServerWorkers no_workers(0, random);
    NtpSockets sockets(w.loop, responder, no_workers, seen, w.log);
    sockets.use_places(w.watch.places());
    sockets.serve(Family::ipv6, 10123, {VpnId::public_instance});
    core::Transmit request;
    request.local = {*IpAddress::parse("fe80::a"), 0, w.find("veth0")->index};
    request.remote = {*IpAddress::parse("fe80::b"), 10123, w.find("veth0")->index};
    request.size = 48;
    sockets.send(request);
    ASSERT_TRUE(w.until([&] { return seen.datagrams == 1 || seen.error != 0; }));
    EXPECT_EQ(0, seen.error);
    const core::Path path = seen.last;
    EXPECT_EQ(w.find("veth1")->index, path.interface_index);
    EXPECT_EQ((base::Endpoint{*IpAddress::parse("fe80::b"), 10123, w.find("veth1")->index}), path.local);
    EXPECT_EQ(w.find("veth1")->index, path.remote.scope);
    core::Transmit reply;
    reply.purpose = core::Transmit::Purpose::reply;
    reply.local = path.local;
    reply.remote = path.remote;
    reply.interface_index = path.interface_index;
    reply.size = 48;
    sockets.send(reply);
    ASSERT_TRUE(w.until([&] { return seen.datagrams == 2; }));
    EXPECT_EQ((base::Endpoint{*IpAddress::parse("fe80::b"), 10123, w.find("veth0")->index}),
              seen.last.remote);
  });
}

}  // namespace
}  // namespace noonmark::io
