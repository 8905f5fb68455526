#include "wire/control.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <string_view>
#include <vector>

namespace noonmark::wire {
namespace {

using Octets = std::vector<std::uint8_t>;

base::Bytes bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

TEST(Control, TheFieldsLieWhereRfc1305PutsThem) {
  ControlMessage message;
  message.version = 3;
  message.is_response = true;
  message.has_more = true;
  message.opcode = ControlOpcode::read_variables;
  message.sequence = 0x0102;
  message.status = 0x0304;
  message.association = 0x0506;
  message.offset = 0x0708;
  message.data = bytes_of("leap=0");
  const Octets expected{0x1e, 0xa2, 1, 2, 3, 4, 5, 6, 7, 8, 0, 6, 'l', 'e', 'a', 'p', '=', '0', 0, 0};
  EXPECT_EQ(encode_control(message), expected) << "padded to whole words, which the count does not tell";
}

TEST(Control, AMessageWithLessDataThanItSaysIsRefused) {
  ControlMessage message;
  message.data = bytes_of("peer");
  const auto whole = encode_control(message);
  EXPECT_TRUE(decode_control(whole));
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(decode_control(base::Bytes(whole).first(size))) << size;
}

TEST(Control, WhatFollowsTheDataIsNotPartOfIt) {
  ControlMessage message;
  message.data = bytes_of("peer");
  auto longer = encode_control(message);
  longer.resize(longer.size() + 20, 0xee);
  EXPECT_TRUE(std::ranges::equal(decode_control(longer)->data, bytes_of("peer")));
}

RC_GTEST_PROP(Control, WhatIsEncodedIsDecoded, ()) {
  const auto data = *rc::gen::container<Octets>(*rc::gen::inRange<std::size_t>(0, kMaxControlData + 1),
                                                rc::gen::arbitrary<std::uint8_t>());
  ControlMessage message;
  message.version = *rc::gen::inRange<std::uint8_t>(0, 8);
  message.is_response = *rc::gen::arbitrary<bool>();
  message.is_error = *rc::gen::arbitrary<bool>();
  message.has_more = *rc::gen::arbitrary<bool>();
  message.opcode = ControlOpcode{*rc::gen::inRange<std::uint8_t>(0, 32)};
  message.sequence = *rc::gen::arbitrary<std::uint16_t>();
  message.status = *rc::gen::arbitrary<std::uint16_t>();
  message.association = *rc::gen::arbitrary<std::uint16_t>();
  message.offset = *rc::gen::arbitrary<std::uint16_t>();
  message.data = data;
  const auto datagram = encode_control(message);
  RC_ASSERT(datagram.size() <= kMaxControlMessage);
  RC_ASSERT(datagram.size() % 4 == 0u);
  const auto decoded = decode_control(datagram);
  RC_ASSERT(decoded.has_value());
  RC_ASSERT(encode_control(*decoded) == datagram);
  RC_ASSERT(decoded->opcode == message.opcode && decoded->association == message.association);
  RC_ASSERT(std::ranges::equal(decoded->data, data));
}

}  // namespace
}  // namespace noonmark::wire
