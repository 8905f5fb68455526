#include "wire/control.h"

#include "base/check.h"
#include "wire/header.h"

namespace noonmark::wire {
namespace {

constexpr std::size_t kWord = 4;
constexpr std::uint8_t kResponse = 0x80;
constexpr std::uint8_t kError = 0x40;
constexpr std::uint8_t kMore = 0x20;
constexpr std::uint8_t kOpcode = 0x1f;

}  // namespace

std::optional<ControlMessage> decode_control(base::Bytes datagram) {
  base::ByteReader in(datagram);
  ControlMessage message;
  message.version = in.read<std::uint8_t>() >> 3 & 7;
  const auto bits = in.read<std::uint8_t>();
  message.is_response = (bits & kResponse) != 0;
  message.is_error = (bits & kError) != 0;
  message.has_more = (bits & kMore) != 0;
  message.opcode = ControlOpcode{static_cast<std::uint8_t>(bits & kOpcode)};
  message.sequence = in.read<std::uint16_t>();
  message.status = in.read<std::uint16_t>();
  message.association = in.read<std::uint16_t>();
  message.offset = in.read<std::uint16_t>();
  const std::size_t count = in.read<std::uint16_t>();
  message.data = in.read_bytes(count);
  if (!in.ok()) return std::nullopt;
  return message;
}

std::vector<std::uint8_t> encode_control(const ControlMessage& message) {
  CHECK(message.data.size() <= kMaxControlData);
  std::vector<std::uint8_t> datagram(kControlHeaderSize + (message.data.size() + kWord - 1) / kWord * kWord);
  base::ByteWriter out(datagram);
  out.write(static_cast<std::uint8_t>(unsigned{message.version} << 3 | static_cast<unsigned>(Mode::control)));
  out.write(static_cast<std::uint8_t>((message.is_response ? kResponse : 0) |
                                      (message.is_error ? kError : 0) | (message.has_more ? kMore : 0) |
                                      static_cast<int>(message.opcode)));
  out.write(message.sequence);
  out.write(message.status);
  out.write(message.association);
  out.write(message.offset);
  out.write(static_cast<std::uint16_t>(message.data.size()));
  out.write_bytes(message.data);
  CHECK(out.ok());
  return datagram;
}

}  // namespace noonmark::wire
