#include "wire/packet.h"

#include <algorithm>
#include <array>
#include <gtest/gtest.h>
#include <optional>
#include <random>
#include <rapidcheck/gtest.h>
#include <string>
#include <vector>

namespace noonmark::wire {
namespace {

using Octets = std::vector<std::uint8_t>;

constexpr std::uint32_t kMd5Key = 10;                // MAC of 20 octets
constexpr std::uint32_t kHmacKey = 42;               // MAC of 24 or 36 octets
constexpr std::uint32_t kLookalikeKey = 0x01040024;  // its id reads as an extension field 0x0104 of 36 octets

bool is_mac_of_key(const void*, std::uint32_t key_id, std::size_t mac_octets) {
  if (key_id == kMd5Key) return mac_octets == 20;
  return (key_id == kHmacKey || key_id == kLookalikeKey) && (mac_octets == 24 || mac_octets == 36);
}

auto decode_with_keys(base::Bytes datagram) { return decode(datagram, is_mac_of_key, nullptr); }

Octets header_octets(std::uint8_t version, Mode mode = Mode::client) {
  Octets octets(kHeaderSize);
  Header header;
  header.version = version;
  header.mode = mode;
  encode(header, std::span<std::uint8_t, kHeaderSize>(octets));
  return octets;
}

void append_words(Octets& octets, std::size_t size, std::uint32_t first_word) {
  const auto at = octets.size();
  octets.resize(at + size, 0xee);
  base::ByteWriter(std::span(octets).subspan(at)).write(first_word);
}

/// What follows a header, for the tables below: pieces of `size` octets that begin with `first_word`.
struct Piece {
  std::uint32_t first_word;
  std::size_t size;
};
Piece field(std::uint16_t size, std::uint16_t type = 0x2005) {
  return {std::uint32_t{type} << 16 | size, size};
}
Piece mac(std::uint32_t key_id, std::size_t size) { return {key_id, size}; }

Octets packet(std::uint8_t version, const std::vector<Piece>& pieces) {
  Octets octets = header_octets(version);
  for (const auto& piece : pieces) append_words(octets, piece.size, piece.first_word);
  return octets;
}

/// What every successful decode promises, whatever the datagram.
void expect_invariants(const Octets& datagram, const Packet& packet) {
  const std::size_t covered = kHeaderSize + packet.extensions.size();
  ASSERT_LE(covered, datagram.size());
  if (!packet.extensions.empty()) {
    ASSERT_EQ(packet.header.version, 4);
    ASSERT_EQ(packet.extensions.data(), datagram.data() + kHeaderSize);
    ASSERT_EQ(packet.extensions.size() % 4, 0u);
  }
  if (!packet.mac) {
    ASSERT_EQ(covered, datagram.size());
    return;
  }
  ASSERT_EQ(packet.mac->covered, covered);
  ASSERT_EQ(covered + kKeyIdSize + packet.mac->digest.size(), datagram.size());
  const std::size_t sizes[] = {0, 16, 20, 32, 48, 64};
  ASSERT_NE(std::ranges::find(sizes, packet.mac->digest.size()), std::end(sizes));
}

Header random_header() {
  const auto word = [] { return *rc::gen::arbitrary<std::uint32_t>(); };
  const auto timestamp = [] { return Timestamp::from_raw(*rc::gen::arbitrary<std::uint64_t>()); };
  Header header;
  header.leap = static_cast<Leap>(*rc::gen::inRange(0, 4));
  header.version = *rc::gen::inRange<std::uint8_t>(1, 5);
  header.mode = static_cast<Mode>(*rc::gen::inRange(0, 8));
  header.stratum = *rc::gen::arbitrary<std::uint8_t>();
  header.poll = *rc::gen::arbitrary<std::int8_t>();
  header.precision = *rc::gen::arbitrary<std::int8_t>();
  header.root_delay = ShortDuration::from_raw(word());
  header.root_dispersion = ShortDuration::from_raw(word());
  header.reference_id = word();
  header.reference = timestamp();
  header.origin = timestamp();
  header.receive = timestamp();
  header.transmit = timestamp();
  return header;
}

RC_GTEST_PROP(Packet, DecodingAnEncodedHeaderGivesItBack, ()) {
  const Header header = random_header();
  Octets octets(kHeaderSize);
  encode(header, std::span<std::uint8_t, kHeaderSize>(octets));
  const auto decoded = decode_with_keys(octets);
  RC_ASSERT(decoded.has_value());
  RC_ASSERT(decoded->header == header);
  RC_ASSERT(decoded->extensions.empty());
  RC_ASSERT(!decoded->mac);
  RC_ASSERT(version_of(octets) == header.version);
  RC_ASSERT(mode_of(octets) == header.mode);
}

RC_GTEST_PROP(Packet, EncodingADecodedHeaderGivesItsOctetsBack, ()) {
  auto octets = *rc::gen::container<Octets>(kHeaderSize, rc::gen::arbitrary<std::uint8_t>());
  const unsigned version = *rc::gen::inRange(1U, 5U);
  octets[0] = static_cast<std::uint8_t>((octets[0] & 0xc7) | version << 3);
  const auto decoded = decode_with_keys(octets);
  RC_ASSERT(decoded.has_value());
  Octets again(kHeaderSize);
  encode(decoded->header, std::span<std::uint8_t, kHeaderSize>(again));
  RC_ASSERT(again == octets);
}

TEST(Packet, FieldsLieWhereTheRfcPutsThem) {  // RFC 5905, figure 8
  // The first octet is leap 3, version 3, mode 4.
  const Octets octets = {0xdc, 0x02, 0x06, 0xe9, 0x00, 0x00, 0x01, 0x02, 0x00, 0x00, 0x03, 0x04,
                         'G',  'P',  'S',  0x00, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18,
                         0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0x28, 0x31, 0x32, 0x33, 0x34,
                         0x35, 0x36, 0x37, 0x38, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48};
  const auto decoded = decode_with_keys(octets);
  ASSERT_TRUE(decoded);
  const Header& header = decoded->header;
  EXPECT_EQ(header.leap, Leap::unknown);
  EXPECT_EQ(header.version, 3);
  EXPECT_EQ(header.mode, Mode::server);
  EXPECT_EQ(header.stratum, 2);
  EXPECT_EQ(header.poll, 6);
  EXPECT_EQ(header.precision, -23);
  EXPECT_EQ(header.root_delay.raw(), 0x0102u);
  EXPECT_EQ(header.root_dispersion.raw(), 0x0304u);
  EXPECT_EQ(header.reference_id, 0x47505300u);
  EXPECT_EQ(header.reference.raw(), 0x1112131415161718u);
  EXPECT_EQ(header.origin.raw(), 0x2122232425262728u);
  EXPECT_EQ(header.receive.raw(), 0x3132333435363738u);
  EXPECT_EQ(header.transmit.raw(), 0x4142434445464748u);
}

TEST(Packet, OnlyVersionsOneToFourAreAccepted) {
  for (std::uint8_t version = 0; version <= 7; ++version) {
    const auto decoded = decode_with_keys(header_octets(version));
    EXPECT_EQ(decoded.has_value(), version >= 1 && version <= 4) << int{version};
    if (!decoded) {
      EXPECT_EQ(decoded.error(), DecodeError::bad_version) << int{version};
    }
  }
}

TEST(Packet, LessThanAHeaderIsTooShort) {
  const Octets octets = header_octets(4);
  for (std::size_t size = 0; size < kHeaderSize; ++size) {
    const auto decoded = decode_with_keys(base::Bytes(octets).first(size));
    ASSERT_FALSE(decoded) << size;
    EXPECT_EQ(decoded.error(), DecodeError::too_short) << size;
  }
}

struct RestCase {
  const char* what;
  std::vector<Piece> rest;  // what follows the header
  std::size_t extensions = 0;
  std::optional<Piece> mac{};
  std::optional<DecodeError> error{};
};

void expect_case(std::uint8_t version, const RestCase& expected) {
  SCOPED_TRACE("version " + std::to_string(version) + ": " + expected.what);
  const Octets octets = packet(version, expected.rest);
  const auto decoded = decode_with_keys(octets);
  if (expected.error) {
    ASSERT_FALSE(decoded);
    EXPECT_EQ(decoded.error(), *expected.error);
    return;
  }
  ASSERT_TRUE(decoded);
  expect_invariants(octets, *decoded);
  EXPECT_EQ(decoded->extensions.size(), expected.extensions);
  ASSERT_EQ(decoded->mac.has_value(), expected.mac.has_value());
  if (!expected.mac) return;
  EXPECT_EQ(decoded->mac->key_id, expected.mac->first_word);
  EXPECT_EQ(decoded->mac->digest.size(), expected.mac->size - kKeyIdSize);
}

TEST(Packet, BeforeVersionFourWhatFollowsTheHeaderIsAMacWhateverItSays) {
  const RestCase cases[] = {
      {"nothing", {}},
      {"crypto-NAK", {mac(0, 4)}, 0, mac(0, 4)},
      {"key id alone", {mac(7, 4)}, 0, mac(7, 4)},
      {"128 bits, known key", {mac(kMd5Key, 20)}, 0, mac(kMd5Key, 20)},
      {"128 bits, unknown key", {mac(99, 20)}, 0, mac(99, 20)},
      {"160 bits, unknown key", {mac(99, 24)}, 0, mac(99, 24)},
      {"256 bits, known key", {mac(kHmacKey, 36)}, 0, mac(kHmacKey, 36)},
      {"256 bits, unknown key", {mac(99, 36)}, 0, mac(99, 36)},
      {"384 bits, unknown key", {mac(99, 52)}, 0, mac(99, 52)},
      {"512 bits, unknown key", {mac(99, 68)}, 0, mac(99, 68)},
      {"60 octets", {mac(1, 60)}, 0, {}, DecodeError::bad_length},
      {"72 octets", {mac(1, 72)}, 0, {}, DecodeError::bad_length},
      {"what version 4 calls a field", {field(36)}, 0, mac(0x20050024, 36)},
      {"8 octets", {mac(1, 8)}, 0, {}, DecodeError::bad_length},
      {"12 octets", {mac(1, 12)}, 0, {}, DecodeError::bad_length},
      {"16 octets", {field(16)}, 0, {}, DecodeError::bad_length},
      {"28 octets", {field(28)}, 0, {}, DecodeError::bad_length},
      {"32 octets", {field(32)}, 0, {}, DecodeError::bad_length},
      {"40 octets", {field(40)}, 0, {}, DecodeError::bad_length},
      {"field and MAC", {field(16), mac(kMd5Key, 20)}, 0, mac(0x20050010, 36)},
      {"longer field and MAC", {field(28), mac(kMd5Key, 20)}, 0, {}, DecodeError::bad_length},
  };
  for (std::uint8_t version = 1; version <= 3; ++version) {
    for (const auto& each : cases) expect_case(version, each);
  }
}

TEST(Packet, InVersionFourFieldsAndMacAreToldApartByRfc7822) {
  const RestCase cases[] = {
      {"nothing", {}},
      {"crypto-NAK", {mac(0, 4)}, 0, mac(0, 4)},
      {"key id alone", {mac(7, 4)}, 0, mac(7, 4)},
      {"8 octets", {mac(1, 8)}, 0, {}, DecodeError::bad_length},
      {"12 octets", {mac(1, 12)}, 0, {}, DecodeError::bad_length},
      {"a last field of 16", {field(16)}, 0, {}, DecodeError::bad_length},
      {"128 bits, known key", {mac(kMd5Key, 20)}, 0, mac(kMd5Key, 20)},
      {"128 bits, unknown key", {mac(99, 20)}, 0, mac(99, 20)},
      {"a last field of 20 is a MAC", {field(20)}, 0, mac(0x20050014, 20)},
      {"160 bits, unknown key", {mac(99, 24)}, 0, mac(99, 24)},
      {"a last field of 24 is a MAC", {field(24)}, 0, mac(0x20050018, 24)},
      {"the shortest last field", {field(28)}, 28},
      {"a field of 24 and a crypto-NAK", {field(24), mac(0, 4)}, 24, mac(0, 4)},
      {"a field of 36", {field(36)}, 36},
      {"fields of 16 and 16 and 128 bits", {field(16), field(16), mac(99, 20)}, 32, mac(99, 20)},
      {"fields of 16 and 28", {field(16), field(28)}, 44},
      {"fields of 28 and 16", {field(28), field(16)}, 0, {}, DecodeError::bad_length},
      {"fields of 28 and 12", {field(28), mac(0, 12)}, 0, {}, DecodeError::bad_length},
      {"fields of 28 and 24 octets", {field(28), field(24)}, 28, mac(0x20050018, 24)},
      {"a field of 28 and 160 bits", {field(28), mac(99, 24)}, 28, mac(99, 24)},
      {"a long field and a crypto-NAK", {field(1024), mac(0, 4)}, 1024, mac(0, 4)},
      {"a field of length 0", {{0x20050000, 28}}, 0, {}, DecodeError::bad_extension},
      {"a field of length 12", {{0x2005000c, 28}}, 0, {}, DecodeError::bad_extension},
      {"a field of length 30", {{0x2005001e, 32}}, 0, {}, DecodeError::bad_extension},
      {"a field longer than the packet", {{0x20050020, 28}}, 0, {}, DecodeError::bad_extension},
      {"a field of length 65532", {{0x2005fffc, 28}}, 0, {}, DecodeError::bad_extension},
      {"a field that leaves 8 octets", {{0x20050014, 28}}, 0, {}, DecodeError::bad_length},
  };
  for (const auto& each : cases) expect_case(4, each);
}

TEST(Packet, InVersionFour256BitsAreAMacOnlyOfAConfiguredKeyOfThatLength) {
  const RestCase cases[] = {
      {"its key", {mac(kHmacKey, 36)}, 0, mac(kHmacKey, 36)},
      {"its key, cut to 160 bits", {mac(kHmacKey, 24)}, 0, mac(kHmacKey, 24)},
      {"its key after a field", {field(16), mac(kHmacKey, 36)}, 16, mac(kHmacKey, 36)},
      {"its key after two fields", {field(28), field(40), mac(kHmacKey, 36)}, 68, mac(kHmacKey, 36)},
      {"a key of shorter MACs", {mac(kMd5Key, 36)}, 0, {}, DecodeError::bad_extension},
      {"an unknown key", {mac(99, 36)}, 0, {}, DecodeError::bad_extension},
      {"384 bits", {mac(kHmacKey, 52)}, 0, {}, DecodeError::bad_extension},
      {"512 bits", {mac(kHmacKey, 68)}, 0, {}, DecodeError::bad_extension},
      {"a configured key that reads as a field", {mac(kLookalikeKey, 36)}, 0, mac(kLookalikeKey, 36)},
      {"a field that reads as no key", {field(36, 0x0105)}, 36},
      {"a field of 36 that is not the last", {field(36, 0x0104), field(28)}, 64},
      {"a field of 16 and 128 bits", {field(16), mac(kMd5Key, 20)}, 16, mac(kMd5Key, 20)},
      {"a field of 32 and a crypto-NAK", {field(32), mac(0, 4)}, 32, mac(0, 4)},
  };
  for (const auto& each : cases) expect_case(4, each);
}

TEST(Packet, WithoutKeysNothingIsAskedFor) {
  const Octets octets = packet(4, {mac(kLookalikeKey, 36)});
  const auto decoded = decode(octets, nullptr, nullptr);
  ASSERT_TRUE(decoded);
  EXPECT_FALSE(decoded->mac);
  EXPECT_EQ(decoded->extensions.size(), 36u);
}

TEST(Packet, OnlyKeyIdZeroWithoutDigestIsACryptoNak) {
  const auto is_crypto_nak = [](const Piece& piece) {
    const Octets octets = packet(4, {piece});
    return decode_with_keys(octets).value().is_crypto_nak();
  };
  EXPECT_TRUE(is_crypto_nak(mac(0, 4)));
  EXPECT_FALSE(is_crypto_nak(mac(1, 4)));
  EXPECT_FALSE(is_crypto_nak(mac(0, 20)));
  EXPECT_FALSE(decode_with_keys(header_octets(4)).value().is_crypto_nak());
}

TEST(Packet, LengthsThatAreNotWholeWordsAreRefused) {
  for (std::uint8_t version = 1; version <= 4; ++version) {
    for (const std::size_t odd : {1u, 2u, 3u, 5u, 17u, 21u, 37u}) {
      Octets octets = header_octets(version);
      octets.resize(kHeaderSize + odd);
      const auto decoded = decode_with_keys(octets);
      ASSERT_FALSE(decoded) << odd;
      EXPECT_EQ(decoded.error(), DecodeError::bad_length) << odd;
    }
  }
}

/// Makes it a version 4 packet whose first field is of any length or takes the whole rest: hardly any random
/// octets would come that far.
void begin_with_a_field(Octets& octets, std::size_t random) {
  if (octets.size() < kHeaderSize + 4) return;
  octets[0] = static_cast<std::uint8_t>((octets[0] & 0xc7) | 4U << 3);
  const std::size_t rest = octets.size() - kHeaderSize;
  const auto length = static_cast<std::uint16_t>(random % 2 == 0 ? rest : random % (rest + 8));
  base::ByteWriter(std::span(octets).subspan(kHeaderSize + 2)).write(length);
}

TEST(Packet, AnyOctetsOfAnyLengthAreTakenApartOrRefused) {
  std::mt19937 random(20360207);
  std::size_t accepted = 0;
  for (std::size_t size = 0; size <= 2000; ++size) {
    for (int round = 0; round < 8; ++round) {
      Octets octets(size);
      std::ranges::generate(octets, [&] { return static_cast<std::uint8_t>(random()); });
      if (round % 2 == 0) begin_with_a_field(octets, random());
      const auto decoded = decode_with_keys(octets);
      if (!decoded) continue;
      ++accepted;
      ASSERT_NO_FATAL_FAILURE(expect_invariants(octets, *decoded)) << "size " << size << ", round " << round;
    }
  }
  EXPECT_GT(accepted, 500u);
}

TEST(Packet, TheLongestDatagramOfFieldsIsTakenApart) {
  Octets octets = header_octets(4);
  while (octets.size() + 16 + 20 <= 65507) append_words(octets, 16, field(16).first_word);
  append_words(octets, 20, kMd5Key);
  const auto decoded = decode_with_keys(octets);
  ASSERT_TRUE(decoded);
  expect_invariants(octets, *decoded);
  EXPECT_EQ(decoded->mac->key_id, kMd5Key);
}

TEST(AppendMac, WritesWhatDecodeReads) {
  std::array<std::uint8_t, kHeaderSize + kKeyIdSize + 20> buffer{};
  Header header;
  encode(header, std::span(buffer).first<kHeaderSize>());
  const Octets digest(20, 0xd1);
  const auto size = append_mac(buffer, kHeaderSize, 0x01020304, digest);
  ASSERT_EQ(size, buffer.size());
  const auto decoded = decode_with_keys(buffer);
  ASSERT_TRUE(decoded && decoded->mac);
  EXPECT_EQ(decoded->mac->key_id, 0x01020304u);
  EXPECT_TRUE(std::ranges::equal(decoded->mac->digest, digest));
  EXPECT_EQ(decoded->mac->covered, kHeaderSize);
  EXPECT_EQ(decoded->header, header);
}

TEST(AppendMac, WithoutDigestWritesACryptoNak) {
  std::array<std::uint8_t, 64> buffer{};
  encode(Header{}, std::span(buffer).first<kHeaderSize>());
  const auto size = append_mac(buffer, kHeaderSize, 0, {});
  ASSERT_EQ(size, kHeaderSize + kKeyIdSize);
  EXPECT_TRUE(decode_with_keys(base::Bytes(buffer).first(size)).value().is_crypto_nak());
}

TEST(AppendMacDeathTest, ABufferWithoutRoomIsABug) {
  std::array<std::uint8_t, kHeaderSize + 23> buffer{};
  EXPECT_DEATH(append_mac(buffer, kHeaderSize, 1, Octets(20)), "CHECK failed");
}

}  // namespace
}  // namespace noonmark::wire
