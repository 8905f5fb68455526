#include "io/transmit_frame.h"

#include <gtest/gtest.h>
#include <vector>

namespace noonmark::io {
namespace {

using base::Family;
using base::IpAddress;

constexpr std::uint16_t kPort = 123;

/// Ethernet, IPv4 and UDP in front of a packet with 0x11 in each octet of its receive timestamp.
std::vector<std::uint8_t> frame_of(std::size_t size) {
  std::vector<std::uint8_t> frame(14 + 12, 0xEE);
  for (const int octet : {192, 0, 2, 1, 198, 51, 100, 7}) frame.push_back(static_cast<std::uint8_t>(octet));
  const auto length = static_cast<std::uint8_t>(size + 8);
  for (const int octet : {0, 123, 0x30, 0x39, 0, int{length}, 0, 0})
    frame.push_back(static_cast<std::uint8_t>(octet));
  frame.resize(frame.size() + size);
  std::fill_n(frame.end() - static_cast<std::ptrdiff_t>(size) + 32, 8, std::uint8_t{0x11});
  return frame;
}

TEST(TransmitFrame, AReplyOfEverySizeIsFoundAtTheEnd) {
  for (const std::size_t size : {48u, 68u, 72u, 84u, 104u, 116u}) {
    const auto reply = sent_reply(frame_of(size), Family::ipv4, kPort);
    ASSERT_TRUE(reply) << size;
    EXPECT_EQ((base::Endpoint{*IpAddress::parse("192.0.2.1"), kPort, 0}), reply->local);
    EXPECT_EQ((base::Endpoint{*IpAddress::parse("198.51.100.7"), 12345, 0}), reply->remote);
    EXPECT_EQ(0x1111111111111111u, reply->receive.raw());
  }
}

TEST(TransmitFrame, AnythingElseIsNoReplyOfThePort) {
  EXPECT_FALSE(sent_reply(frame_of(48), Family::ipv4, 124));
  EXPECT_FALSE(sent_reply(frame_of(200), Family::ipv4, kPort));
  const auto whole = frame_of(48);
  for (std::size_t size = 0; size < 12 + 8 + 48; ++size)
    EXPECT_FALSE(sent_reply(base::Bytes(whole).first(size), Family::ipv4, kPort)) << size;
}

TEST(TransmitFrame, TheSourceIsTheOneInTheHeader) {
  const auto departure = departure_of(frame_of(48), 4, Family::ipv4, 48);
  EXPECT_EQ(IpAddress::parse("192.0.2.1"), departure.address);
  EXPECT_EQ(4u, departure.interface_index);
  EXPECT_FALSE(departure_of({}, 4, Family::ipv4, 48).address);
}

}  // namespace
}  // namespace noonmark::io
