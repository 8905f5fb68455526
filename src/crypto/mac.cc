#include "crypto/mac.h"

#include <algorithm>
#include <fmt/format.h>
#include <nettle/aes.h>
#include <nettle/cbc.h>
#include <nettle/hmac.h>
#include <nettle/md5.h>
#include <nettle/sha1.h>
#include <nettle/sha2.h>
#include <type_traits>
#include <utility>
#include <variant>

namespace noonmark::crypto {
namespace {

struct Row {
  MacAlgorithm algorithm;
  std::string_view name;
  std::size_t digest_size;
  std::size_t min_key_size;
  std::size_t max_key_size;
  bool is_weak = false;
};

constexpr std::array kRows = {
    Row{MacAlgorithm::md5, "md5", MD5_DIGEST_SIZE, 1, 255, true},
    Row{MacAlgorithm::hmac_sha256, "hmac-sha256", SHA256_DIGEST_SIZE, 1, 255},
    Row{MacAlgorithm::aes_128_cmac, "aes-128-cmac", AES_BLOCK_SIZE, AES128_KEY_SIZE, AES128_KEY_SIZE},
    Row{MacAlgorithm::aes_256_cmac, "aes-256-cmac", AES_BLOCK_SIZE, AES256_KEY_SIZE, AES256_KEY_SIZE},
    Row{MacAlgorithm::digest_sha1, "digest-sha1", SHA1_DIGEST_SIZE, 1, 255, true},
    Row{MacAlgorithm::digest_sha256, "digest-sha256", SHA256_DIGEST_SIZE, 1, 255},
    Row{MacAlgorithm::digest_sha384, "digest-sha384", SHA384_DIGEST_SIZE, 1, 255},
    Row{MacAlgorithm::digest_sha512, "digest-sha512", SHA512_DIGEST_SIZE, 1, 255},
};

constexpr const Row& row_of(MacAlgorithm algorithm) { return kRows[static_cast<std::size_t>(algorithm)]; }

static_assert(std::ranges::all_of(kRows, [](const Row& row) {
  return &row == &row_of(row.algorithm) && row.digest_size <= kMaxMacSize;
}));

std::string wrong_size(const Row& row, std::size_t size) {
  if (row.min_key_size == row.max_key_size)
    return fmt::format(
        "the key of {0} is exactly {1} octets, this one has {2}: enter {1} characters or {3} hexadecimal "
        "digits",
        row.name, row.min_key_size, size, 2 * row.min_key_size);
  return fmt::format("the key of {} is {} to {} octets, this one has {}", row.name, row.min_key_size,
                     row.max_key_size, size);
}

/// Octets derived from a key, overwritten when they go.
template <class T>
struct Wiped {
  static_assert(std::is_trivially_copyable_v<T>);
  T value;
  Wiped() = default;
  Wiped(const Wiped&) = delete;
  Wiped& operator=(const Wiped&) = delete;
  ~Wiped() { wipe({reinterpret_cast<std::uint8_t*>(&value), sizeof value}); }
};

/// A hash over key and message: every message begins with a copy of the context that has taken the key.
template <class Context, auto kInit, auto kUpdate, auto kDigest>
class KeyedDigest {
 public:
  explicit KeyedDigest(base::Bytes key) {
    kInit(&keyed_.value);
    kUpdate(&keyed_.value, key.size(), key.data());
  }
  void compute(base::Bytes message, std::span<std::uint8_t> out) {
    work_.value = keyed_.value;
    kUpdate(&work_.value, message.size(), message.data());
    kDigest(&work_.value, out.size(), out.data());
  }

 private:
  Wiped<Context> keyed_, work_;
};
using Md5 = KeyedDigest<md5_ctx, md5_init, md5_update, md5_digest>;
using Sha1 = KeyedDigest<sha1_ctx, sha1_init, sha1_update, sha1_digest>;
using Sha256 = KeyedDigest<sha256_ctx, sha256_init, sha256_update, sha256_digest>;
using Sha384 = KeyedDigest<sha512_ctx, sha384_init, sha512_update, sha384_digest>;
using Sha512 = KeyedDigest<sha512_ctx, sha512_init, sha512_update, sha512_digest>;

class HmacSha256 {
 public:
  explicit HmacSha256(base::Bytes key) { hmac_sha256_set_key(&context_.value, key.size(), key.data()); }
  void compute(base::Bytes message, std::span<std::uint8_t> out) {
    hmac_sha256_update(&context_.value, message.size(), message.data());
    hmac_sha256_digest(&context_.value, out.size(), out.data());  // makes it ready for the next message
  }

 private:
  Wiped<hmac_sha256_ctx> context_;
};

using Block = std::array<std::uint8_t, AES_BLOCK_SIZE>;

/// `block` times x in GF(2^128), RFC 4493 section 2.3.
Block doubled(const Block& block) {
  Block out;
  for (std::size_t i = 0; i < block.size(); ++i) {
    const int carry = i + 1 < block.size() ? block[i + 1] >> 7 : 0;
    out[i] = static_cast<std::uint8_t>(block[i] << 1 | carry);
  }
  out.back() ^= static_cast<std::uint8_t>(0x87 * (block.front() >> 7));
  return out;
}

/// RFC 4493 over Nettle's CBC, which chains a header's blocks in one call; its own CMAC makes a call for each
/// block.
template <class Context, auto kSetKey, auto kEncrypt, auto kEncryptCbc>
class Cmac {
 public:
  explicit Cmac(base::Bytes key) {
    kSetKey(&context_.value, key.data());
    Wiped<Block> l;
    l.value = {};
    kEncrypt(&context_.value, AES_BLOCK_SIZE, l.value.data(), l.value.data());
    of_whole_.value = doubled(l.value);
    of_padded_.value = doubled(of_whole_.value);
  }
  void compute(base::Bytes message, std::span<std::uint8_t> out) {
    std::array<std::uint8_t, 4 * AES_BLOCK_SIZE> blocks;
    Block chain{};
    for (; message.size() > blocks.size(); message = message.subspan(blocks.size()))
      kEncryptCbc(&context_.value, chain.data(), blocks.size(), blocks.data(), message.data());
    const std::size_t size = pad(message, blocks);
    const auto& last_key = size == message.size() ? of_whole_.value : of_padded_.value;
    for (std::size_t i = 0; i < AES_BLOCK_SIZE; ++i) blocks[size - AES_BLOCK_SIZE + i] ^= last_key[i];
    kEncryptCbc(&context_.value, chain.data(), size, blocks.data(), blocks.data());
    std::ranges::copy(chain, out.begin());
  }

 private:
  /// Section 2.4: a 1 bit and zeros fill up the last block, which is never empty. Gives the size.
  static std::size_t pad(base::Bytes message, std::span<std::uint8_t> blocks) {
    const std::size_t size = std::max<std::size_t>(
        AES_BLOCK_SIZE, (message.size() + AES_BLOCK_SIZE - 1) / AES_BLOCK_SIZE * AES_BLOCK_SIZE);
    std::ranges::copy(message, blocks.begin());
    if (size == message.size()) return size;
    blocks[message.size()] = 0x80;
    std::ranges::fill(blocks.first(size).subspan(message.size() + 1), std::uint8_t{0});
    return size;
  }

  Wiped<Context> context_;
  Wiped<Block> of_whole_, of_padded_;  // K1 and K2
};
using Cmac128 = Cmac<aes128_ctx, aes128_set_encrypt_key, aes128_encrypt, cbc_aes128_encrypt>;
using Cmac256 = Cmac<aes256_ctx, aes256_set_encrypt_key, aes256_encrypt, cbc_aes256_encrypt>;

}  // namespace

struct MacKey::State {
  State(const Row& of, base::Bytes key) : row(of) {
    switch (of.algorithm) {
      case MacAlgorithm::md5: context.emplace<Md5>(key); break;
      case MacAlgorithm::hmac_sha256: context.emplace<HmacSha256>(key); break;
      case MacAlgorithm::aes_128_cmac: context.emplace<Cmac128>(key); break;
      case MacAlgorithm::aes_256_cmac: context.emplace<Cmac256>(key); break;
      case MacAlgorithm::digest_sha1: context.emplace<Sha1>(key); break;
      case MacAlgorithm::digest_sha256: context.emplace<Sha256>(key); break;
      case MacAlgorithm::digest_sha384: context.emplace<Sha384>(key); break;
      case MacAlgorithm::digest_sha512: context.emplace<Sha512>(key); break;
    }
  }

  const Row& row;
  std::variant<std::monostate, Md5, HmacSha256, Cmac128, Cmac256, Sha1, Sha256, Sha384, Sha512> context;
};

std::string_view to_string(MacAlgorithm algorithm) { return row_of(algorithm).name; }

std::optional<MacAlgorithm> parse_mac_algorithm(std::string_view name) {
  const auto* row = std::ranges::find(kRows, name, &Row::name);
  if (row == kRows.end()) return std::nullopt;
  return row->algorithm;
}

std::size_t digest_size(MacAlgorithm algorithm) { return row_of(algorithm).digest_size; }
bool is_weak(MacAlgorithm algorithm) { return row_of(algorithm).is_weak; }

base::Result<MacKey> MacKey::create(MacAlgorithm algorithm, const Secret& secret) {
  const Row& row = row_of(algorithm);
  if (secret.size() < row.min_key_size || secret.size() > row.max_key_size)
    return base::fail(wrong_size(row, secret.size()));
  return MacKey(std::make_unique<State>(row, secret.octets()));
}

MacKey::MacKey(std::unique_ptr<State> state) : state_(std::move(state)) {}
MacKey::MacKey(MacKey&&) noexcept = default;
MacKey& MacKey::operator=(MacKey&&) noexcept = default;
MacKey::~MacKey() = default;

MacAlgorithm MacKey::algorithm() const { return state_->row.algorithm; }

Mac MacKey::compute(base::Bytes message) {
  Mac mac;
  mac.size = state_->row.digest_size;
  std::visit(
      [&](auto& context) {
        if constexpr (!std::is_same_v<decltype(context), std::monostate&>)
          context.compute(message, std::span(mac.octets).first(mac.size));
      },
      state_->context);
  return mac;
}

bool MacKey::verify(base::Bytes message, base::Bytes digest) {
  const Mac mac = compute(message);
  if (digest.empty() || digest.size() > mac.size) return false;
  return constant_time_equal(mac.view().first(digest.size()), digest);
}

}  // namespace noonmark::crypto
