#include "crypto/digest.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "base/check.h"

namespace noonmark::crypto {

std::array<std::uint8_t, 16> md5(base::Bytes data) {
  std::array<std::uint8_t, 16> digest{};
  GNUTLS_FIPS140_SET_LAX_MODE();  // a FIPS system refuses MD5 for security only
  const int status = gnutls_hash_fast(GNUTLS_DIG_MD5, data.data(), data.size(), digest.data());
  GNUTLS_FIPS140_SET_STRICT_MODE();
  CHECK(status == GNUTLS_E_SUCCESS);
  return digest;
}

}  // namespace noonmark::crypto
