#include "crypto/mac.h"

#include <algorithm>
#include <fmt/format.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <utility>

#include "base/check.h"

namespace noonmark::crypto {
namespace {

struct Row {
  MacAlgorithm algorithm;
  std::string_view name;
  std::size_t digest_size;
  std::size_t min_key_size;
  std::size_t max_key_size;
  gnutls_mac_algorithm_t keyed;  // unknown: a plain hash over key and message
};

constexpr std::array kRows = {
    Row{MacAlgorithm::md5, "md5", 16, 1, 255, GNUTLS_MAC_UNKNOWN},
    Row{MacAlgorithm::hmac_sha256, "hmac-sha256", 32, 1, 255, GNUTLS_MAC_SHA256},
    Row{MacAlgorithm::aes_128_cmac, "aes-128-cmac", 16, 16, 16, GNUTLS_MAC_AES_CMAC_128},
    Row{MacAlgorithm::aes_256_cmac, "aes-256-cmac", 16, 32, 32, GNUTLS_MAC_AES_CMAC_256},
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

struct HashCloser {
  void operator()(gnutls_hash_hd_t hash) const { gnutls_hash_deinit(hash, nullptr); }
};
struct HmacCloser {
  void operator()(gnutls_hmac_hd_t hmac) const { gnutls_hmac_deinit(hmac, nullptr); }
};

}  // namespace

struct MacKey::State {
  const Row& row;
  Secret secret;  // only md5 needs it again, for each message
  std::unique_ptr<std::remove_pointer_t<gnutls_hash_hd_t>, HashCloser> hash{};  // md5
  std::unique_ptr<std::remove_pointer_t<gnutls_hmac_hd_t>, HmacCloser> hmac{};  // all others

  int set_up(const Secret& key);
};

int MacKey::State::set_up(const Secret& key) {
  if (row.keyed == GNUTLS_MAC_UNKNOWN) {
    gnutls_hash_hd_t handle = nullptr;
    const int status = gnutls_hash_init(&handle, GNUTLS_DIG_MD5);
    if (status == GNUTLS_E_SUCCESS) hash.reset(handle);
    secret = key;
    return status;
  }
  gnutls_hmac_hd_t handle = nullptr;
  const int status = gnutls_hmac_init(&handle, row.keyed, key.octets().data(), key.size());
  if (status == GNUTLS_E_SUCCESS) hmac.reset(handle);
  return status;
}

std::string_view to_string(MacAlgorithm algorithm) { return row_of(algorithm).name; }

std::optional<MacAlgorithm> parse_mac_algorithm(std::string_view name) {
  const auto* row = std::ranges::find(kRows, name, &Row::name);
  if (row == kRows.end()) return std::nullopt;
  return row->algorithm;
}

std::size_t digest_size(MacAlgorithm algorithm) { return row_of(algorithm).digest_size; }

// The length is checked before the key gets to GnuTLS: its CMAC aborts on another one.
base::Result<MacKey> MacKey::create(MacAlgorithm algorithm, const Secret& secret) {
  const Row& row = row_of(algorithm);
  if (secret.size() < row.min_key_size || secret.size() > row.max_key_size)
    return base::fail(wrong_size(row, secret.size()));
  auto state = std::make_unique<State>(State{row, Secret()});
  if (const int status = state->set_up(secret); status != GNUTLS_E_SUCCESS)
    return base::fail(fmt::format("this system refuses {}: {}; choose another algorithm", row.name,
                                  gnutls_strerror(status)),
                      base::ErrorCode::unavailable);
  return MacKey(std::move(state));
}

MacKey::MacKey(std::unique_ptr<State> state) : state_(std::move(state)) {}
MacKey::MacKey(MacKey&&) noexcept = default;
MacKey& MacKey::operator=(MacKey&&) noexcept = default;
MacKey::~MacKey() = default;

MacAlgorithm MacKey::algorithm() const { return state_->row.algorithm; }

// Taking the output makes a GnuTLS context ready for the next message.
Mac MacKey::compute(base::Bytes message) {
  Mac mac{.octets = {}, .size = state_->row.digest_size};
  if (auto* hash = state_->hash.get()) {
    const auto key = state_->secret.octets();
    CHECK(gnutls_hash(hash, key.data(), key.size()) == GNUTLS_E_SUCCESS);
    CHECK(gnutls_hash(hash, message.data(), message.size()) == GNUTLS_E_SUCCESS);
    gnutls_hash_output(hash, mac.octets.data());
  } else {
    auto* hmac = state_->hmac.get();
    CHECK(gnutls_hmac(hmac, message.data(), message.size()) == GNUTLS_E_SUCCESS);
    gnutls_hmac_output(hmac, mac.octets.data());
  }
  return mac;
}

bool MacKey::verify(base::Bytes message, base::Bytes digest) {
  const Mac mac = compute(message);
  if (digest.empty() || digest.size() > mac.size) return false;
  return constant_time_equal(mac.view().first(digest.size()), digest);
}

}  // namespace noonmark::crypto
