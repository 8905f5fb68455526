#include "config/keyring.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <fmt/format.h>

#include "base/check.h"
#include "config/base64.h"
#include "crypto/aead.h"
#include "io/file.h"

namespace noonmark::config {
namespace {

constexpr std::string_view kMarker = "%^%#";
/// Markers of VRP's ciphertexts: ours is the one of release 8.
constexpr std::array<std::string_view, 3> kVrpMarkers{kMarker, "%@%@", "%+%#"};
constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kHeaderSize = 2;  // version and form: authenticated, not encrypted
constexpr mode_t kKeyFileMode = 0600;

crypto::Secret random_key(base::Random& random) {
  std::array<std::uint8_t, crypto::kAeadKeySize> octets{};
  for (std::size_t i = 0; i < octets.size(); i += 8) {
    const std::uint64_t word = random.next();
    std::memcpy(octets.data() + i, &word, 8);
  }
  crypto::Secret key{std::span<const std::uint8_t>(octets)};
  crypto::wipe(octets);
  return key;
}

crypto::AeadNonce random_nonce(base::Random& random) {
  const std::array<std::uint64_t, 2> words{random.next(), random.next()};
  crypto::AeadNonce nonce{};
  std::memcpy(nonce.data(), words.data(), nonce.size());
  return nonce;
}

std::string_view as_text(std::span<const std::uint8_t> octets) {
  return {reinterpret_cast<const char*>(octets.data()), octets.size()};
}

bool is_wrapped(std::string_view text, std::string_view marker) {
  return text.size() > 2 * marker.size() && text.starts_with(marker) && text.ends_with(marker);
}

auto not_ours() {
  return base::fail(
      "The ciphertext cannot be decrypted with this device's key file; enter the password in plain text, or "
      "restore "
      "the key file that it was made with.");
}

}  // namespace

KeyRing::KeyRing(crypto::Secret key, base::Random& random) : key_(std::move(key)), random_(&random) {
  CHECK(key_.size() == crypto::kAeadKeySize);
}

base::Result<KeyRing> KeyRing::open(const std::string& path, base::Random& random) {
  auto content = io::read_file(path, crypto::kAeadKeySize + 1);
  if (!content && content.error().code == base::ErrorCode::unavailable) {
    KeyRing fresh(random_key(random), random);
    const auto written = io::write_file_atomically(path, as_text(fresh.key_.octets()), kKeyFileMode);
    if (!written) return tl::unexpected(written.error());
    return fresh;
  }
  if (!content) return tl::unexpected(content.error());
  crypto::Secret key{std::string_view(*content)};
  crypto::wipe({reinterpret_cast<std::uint8_t*>(content->data()), content->size()});
  if (key.size() != crypto::kAeadKeySize)
    return base::fail(
        fmt::format("The key file {} is damaged: it has to hold {} octets. Restore it from a backup, or "
                    "remove it and enter the NTP keys again.",
                    path, crypto::kAeadKeySize));
  return KeyRing(std::move(key), random);
}

std::string KeyRing::encipher(const Password& password) const {
  const auto nonce = random_nonce(*random_);
  std::vector<std::uint8_t> octets{kVersion, static_cast<std::uint8_t>(password.hex ? 1 : 0)};
  const auto sealed = crypto::seal(key_, nonce, password.secret.octets(), octets);
  octets.insert(octets.end(), nonce.begin(), nonce.end());
  octets.insert(octets.end(), sealed.begin(), sealed.end());
  return fmt::format("{}{}{}", kMarker, to_base64(octets), kMarker);
}

base::Result<Password> KeyRing::decipher(std::string_view ciphertext) const {
  if (!is_wrapped(ciphertext, kMarker)) return not_ours();
  const auto octets = from_base64(ciphertext.substr(kMarker.size(), ciphertext.size() - 2 * kMarker.size()));
  if (!octets || octets->size() <= kHeaderSize + crypto::kAeadNonceSize) return not_ours();
  const base::Bytes all(*octets);
  if (all[0] != kVersion)
    return base::fail(
        "The ciphertext is damaged, or of a version that this program does not know; enter the password in "
        "plain text.");
  crypto::AeadNonce nonce{};
  std::ranges::copy(all.subspan(kHeaderSize, nonce.size()), nonce.begin());
  auto secret = crypto::open(key_, nonce, all.subspan(kHeaderSize + nonce.size()), all.first(kHeaderSize));
  if (!secret) return not_ours();
  return Password{std::move(*secret), all[1] == 1};
}

bool KeyRing::is_ciphertext(std::string_view text) {
  return std::ranges::any_of(kVrpMarkers, [&](std::string_view marker) { return is_wrapped(text, marker); });
}

}  // namespace noonmark::config
