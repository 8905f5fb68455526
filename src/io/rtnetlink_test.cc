#include "io/rtnetlink.h"

#include <array>
#include <cstring>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <set>

#include "io/socket_address.h"

namespace noonmark::io {
namespace {

using base::IpAddress;
using core::VpnId;
using ::testing::ElementsAre;

/// A message as the kernel would send it.
class Message {
 public:
  template <class Header>
  Message(std::uint16_t type, const Header& header) {
    message_ = mnl_nlmsg_put_header(buffer_.data());
    message_->nlmsg_type = type;
    std::memcpy(mnl_nlmsg_put_extra_header(message_, sizeof header), &header, sizeof header);
  }
  nlmsghdr* operator->() { return message_; }
  nlmsghdr* get() { return message_; }
  Message& text(std::uint16_t type, const char* value) {
    mnl_attr_put_strz(message_, type, value);
    return *this;
  }
  Message& octets(std::uint16_t type, std::span<const std::uint8_t> value) {
    mnl_attr_put(message_, type, value.size(), value.data());
    return *this;
  }
  template <class T>
  Message& value(std::uint16_t type, T v) {
    mnl_attr_put(message_, type, sizeof v, &v);
    return *this;
  }
  Message& nested_texts(std::uint16_t type, std::uint16_t inner, std::initializer_list<const char*> values) {
    nlattr* const nest = mnl_attr_nest_start(message_, type);
    for (const char* value : values) text(inner, value);
    mnl_attr_nest_end(message_, nest);
    return *this;
  }

 private:
  alignas(nlmsghdr) std::array<char, 4096> buffer_{};
  nlmsghdr* message_;
};

TEST(Rtnetlink, ALinkHasItsNamesAliasMasterAndFlags) {
  ifinfomsg info{};
  info.ifi_index = 7;
  info.ifi_flags = IFF_UP | IFF_BROADCAST;
  Message message(RTM_NEWLINK, info);
  message.text(IFLA_IFNAME, "eth1")
      .text(IFLA_IFALIAS, "GigabitEthernet0/0/1")
      .value(IFLA_MASTER, std::uint32_t{9});
  message.value(IFLA_OPERSTATE, std::uint8_t{IF_OPER_UP});
  message.nested_texts(IFLA_PROP_LIST, IFLA_ALT_IFNAME, {"wan", "uplink-to-core"});
  const auto link = parse_link(message.get());
  ASSERT_TRUE(link);
  EXPECT_EQ(7u, link->interface.index);
  EXPECT_EQ("eth1", link->interface.name);
  EXPECT_EQ("GigabitEthernet0/0/1", link->interface.alias);
  EXPECT_THAT(link->interface.alternative_names, ElementsAre("wan", "uplink-to-core"));
  EXPECT_EQ(9u, link->master);
  EXPECT_TRUE(link->interface.up && link->interface.broadcast && !link->interface.loopback && !link->is_vrf);
}

TEST(Rtnetlink, UpMeansSetUpAndNotKnownToBeDown) {
  struct Case {
    unsigned flags;
    std::uint8_t operational;
    bool up;
  };
  for (const Case& c : {Case{IFF_UP, IF_OPER_UP, true}, Case{IFF_UP, IF_OPER_UNKNOWN, true},
                        Case{IFF_UP, IF_OPER_DORMANT, true}, Case{IFF_UP, IF_OPER_DOWN, false},
                        Case{IFF_UP, IF_OPER_LOWERLAYERDOWN, false}, Case{0, IF_OPER_UP, false}}) {
    ifinfomsg info{};
    info.ifi_flags = c.flags;
    Message message(RTM_NEWLINK, info);
    message.value(IFLA_OPERSTATE, c.operational);
    EXPECT_EQ(c.up, parse_link(message.get())->interface.up) << c.flags << ' ' << int{c.operational};
  }
}

TEST(Rtnetlink, AVrfDeviceIsKnownByItsKind) {
  for (const char* kind : {"vrf", "bridge"}) {
    Message message(RTM_NEWLINK, ifinfomsg{});
    message.nested_texts(IFLA_LINKINFO, IFLA_INFO_KIND, {kind});
    EXPECT_EQ(std::string(kind) == "vrf", parse_link(message.get())->is_vrf);
  }
}

TEST(Rtnetlink, AnIpv4AddressIsTheLocalOneOfAPointToPointLink) {
  ifaddrmsg info{};
  info.ifa_family = AF_INET;
  info.ifa_prefixlen = 32;
  info.ifa_flags = IFA_F_SECONDARY;
  info.ifa_index = 3;
  Message message(RTM_NEWADDR, info);
  message.octets(IFA_ADDRESS, IpAddress::v4(0xC0000201).bytes())
      .octets(IFA_LOCAL, IpAddress::v4(0xC0000202).bytes());
  const auto address = parse_address(message.get());
  ASSERT_TRUE(address);
  EXPECT_EQ(3u, address->link);
  EXPECT_EQ("192.0.2.2", address->address.address.to_string());
  EXPECT_EQ(32, address->address.prefix_length);
  EXPECT_TRUE(address->address.secondary);
}

TEST(Rtnetlink, TheLongFlagsOfAnIpv6AddressCount) {
  struct Case {
    std::uint32_t flags;
    bool secondary, tentative, deprecated;
  };
  for (const Case& c : {Case{0, false, false, false}, Case{IFA_F_TEMPORARY, true, false, false},
                        Case{IFA_F_TENTATIVE, false, true, false}, Case{IFA_F_DADFAILED, false, true, false},
                        Case{IFA_F_DEPRECATED | IFA_F_MANAGETEMPADDR, false, false, true}}) {
    ifaddrmsg info{};
    info.ifa_family = AF_INET6;
    info.ifa_flags = 0xFF;  // the short form is out of date when the long one is there
    Message message(RTM_NEWADDR, info);
    message.octets(IFA_ADDRESS, IpAddress::parse("2001:db8::1")->bytes()).value(IFA_FLAGS, c.flags);
    const auto a = parse_address(message.get())->address;
    EXPECT_EQ("2001:db8::1", a.address.to_string());
    EXPECT_TRUE(a.secondary == c.secondary && a.tentative == c.tentative && a.deprecated == c.deprecated)
        << c.flags;
  }
}

TEST(Rtnetlink, OtherAndDamagedMessagesAreNotUnderstood) {
  Message other(RTM_DELLINK, ifinfomsg{});
  EXPECT_FALSE(parse_link(other.get()));
  EXPECT_FALSE(parse_address(other.get()));
  Message cut(RTM_NEWLINK, ifinfomsg{});
  cut->nlmsg_len = NLMSG_HDRLEN + 4;
  EXPECT_FALSE(parse_link(cut.get()));
  Message empty(RTM_NEWADDR, ifaddrmsg{});
  EXPECT_FALSE(parse_address(empty.get()));
  ifaddrmsg v4{};
  v4.ifa_family = AF_INET;
  Message wrong_size(RTM_NEWADDR, v4);
  wrong_size.octets(IFA_LOCAL, IpAddress::parse("::1")->bytes());
  EXPECT_FALSE(parse_address(wrong_size.get()));
}

Link link(std::uint32_t index, const char* name, std::uint32_t master = 0, bool is_vrf = false) {
  Link l;
  l.interface.index = index;
  l.interface.name = name;
  l.master = master;
  l.is_vrf = is_vrf;
  return l;
}

TEST(Rtnetlink, InterfacesBelongToTheVrfAboveThem) {
  const std::vector<Link> links = {link(1, "lo"),         link(2, "eth0"),      link(3, "blue", 0, true),
                                   link(4, "eth1", 3),    link(5, "bond0", 3),  link(6, "eth2", 5),
                                   link(7, "bridge0"),    link(8, "eth3", 7),   link(9, "eth4", 4711),
                                   link(10, "loop1", 11), link(11, "loop2", 10)};
  const std::vector<LinkAddress> addresses = {
      {4, {IpAddress::v4(1)}}, {2, {IpAddress::v4(2)}}, {4, {IpAddress::v4(3)}}};
  const auto blue = [](const std::string& name) {
    EXPECT_EQ("blue", name);
    return VpnId{5};
  };
  const auto interfaces = assemble_interfaces(links, addresses, VpnId{1}, blue);
  ASSERT_EQ(links.size(), interfaces.size());
  std::set<std::string> in_blue, elsewhere;
  for (const auto& i : interfaces) (i.vpn == VpnId{5} ? in_blue : elsewhere).insert(i.name);
  EXPECT_EQ(7u, elsewhere.size());
  EXPECT_EQ((std::set<std::string>{"blue", "eth1", "bond0", "eth2"}), in_blue);
  EXPECT_THAT(interfaces[3].addresses, ElementsAre(addresses[0].address, addresses[2].address));
  EXPECT_THAT(interfaces[1].addresses, ElementsAre(addresses[1].address));
}

TEST(Rtnetlink, GetifaddrsKnowsTheLoopbackInterface) {
  const auto interfaces = interfaces_of_getifaddrs();
  const auto lo = std::ranges::find(interfaces, "lo", &core::Interface::name);
  ASSERT_NE(interfaces.end(), lo);
  EXPECT_TRUE(lo->loopback && lo->up);
  EXPECT_NE(0u, lo->index);
  const core::InterfaceAddress expected{IpAddress::loopback(base::Family::ipv4), 8};
  EXPECT_THAT(lo->addresses, ::testing::Contains(expected));
}

}  // namespace
}  // namespace noonmark::io
