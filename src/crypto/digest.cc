#include "crypto/digest.h"

#include <nettle/md5.h>

namespace noonmark::crypto {

std::array<std::uint8_t, 16> md5(base::Bytes data) {
  std::array<std::uint8_t, 16> digest;
  md5_ctx context;
  md5_init(&context);
  md5_update(&context, data.size(), data.data());
  md5_digest(&context, digest.size(), digest.data());
  return digest;
}

}  // namespace noonmark::crypto
