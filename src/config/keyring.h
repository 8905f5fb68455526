#pragma once

#include <string>
#include <string_view>

#include "base/random.h"
#include "base/result.h"
#include "crypto/secret.h"

namespace noonmark::config {

/// A deciphered password, and whether it was typed as hexadecimal digits (which the complexity check judges
/// by length).
struct Password {
  crypto::Secret secret;
  bool hex = false;
  bool operator==(const Password&) const = default;
};

/// Turns passwords into marked ciphertext and back, under the daemon's key file. The ciphertext is `%^%#`,
/// the Base64 of {version, form, nonce, sealed password}, `%^%#`: at most 388 characters for 255 octets, and
/// good wherever that key file is.
class KeyRing {
 public:
  /// Reads the key file; makes it (0600, 32 random octets, atomically) if there is none.
  static base::Result<KeyRing> open(const std::string& path, base::Random& random);
  /// `key` has crypto::kAeadKeySize octets; `random` outlives the ring.
  KeyRing(crypto::Secret key, base::Random& random);

  std::string encipher(const Password& password) const;
  /// Fails, with a message that says what to do, on what encipher() of this key file did not make.
  base::Result<Password> decipher(std::string_view ciphertext) const;

  /// Whether the text is wrapped in a marker of ours or of a VRP device: ciphertext, whoever made it.
  static bool is_ciphertext(std::string_view text);

 private:
  crypto::Secret key_;
  base::Random* random_;
};

}  // namespace noonmark::config
