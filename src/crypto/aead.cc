#include "crypto/aead.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <memory>

#include "base/check.h"

namespace noonmark::crypto {
namespace {

struct CipherCloser {
  void operator()(gnutls_aead_cipher_hd_t cipher) const { gnutls_aead_cipher_deinit(cipher); }
};
using Cipher = std::unique_ptr<std::remove_pointer_t<gnutls_aead_cipher_hd_t>, CipherCloser>;

Cipher make_cipher(const Secret& key) {
  CHECK(key.size() == kAeadKeySize);
  // gnutls_datum_t has no const form; the key is only read.
  const gnutls_datum_t datum{const_cast<unsigned char*>(key.octets().data()),
                             static_cast<unsigned>(key.size())};
  gnutls_aead_cipher_hd_t cipher = nullptr;
  CHECK(gnutls_aead_cipher_init(&cipher, GNUTLS_CIPHER_AES_256_GCM, &datum) == GNUTLS_E_SUCCESS);
  return Cipher(cipher);
}

}  // namespace

std::vector<std::uint8_t> seal(const Secret& key, const AeadNonce& nonce, base::Bytes plaintext,
                               base::Bytes associated_data) {
  const Cipher cipher = make_cipher(key);
  std::vector<std::uint8_t> sealed(plaintext.size() + kAeadTagSize);
  std::size_t size = sealed.size();
  const int status = gnutls_aead_cipher_encrypt(cipher.get(), nonce.data(), nonce.size(),
                                                associated_data.data(), associated_data.size(), kAeadTagSize,
                                                plaintext.data(), plaintext.size(), sealed.data(), &size);
  CHECK(status == GNUTLS_E_SUCCESS && size == sealed.size());
  return sealed;
}

base::Result<Secret> open(const Secret& key, const AeadNonce& nonce, base::Bytes sealed,
                          base::Bytes associated_data) {
  if (sealed.size() < kAeadTagSize)
    return base::fail("the ciphertext is too short: enter it as it was displayed");
  const Cipher cipher = make_cipher(key);
  int status = GNUTLS_E_SUCCESS;
  auto plaintext = Secret::make(sealed.size() - kAeadTagSize, [&](std::span<std::uint8_t> out) {
    std::size_t size = out.size();
    status = gnutls_aead_cipher_decrypt(cipher.get(), nonce.data(), nonce.size(), associated_data.data(),
                                        associated_data.size(), kAeadTagSize, sealed.data(), sealed.size(),
                                        out.data(), &size);
  });
  if (status != GNUTLS_E_SUCCESS)
    return base::fail(
        "the ciphertext was altered or made with another key file: enter the password in plain text");
  return plaintext;
}

}  // namespace noonmark::crypto
