#include "crypto/secret.h"

#include <algorithm>
#include <cstring>
#include <gnutls/gnutls.h>
#include <sys/mman.h>

#include "base/check.h"

namespace noonmark::crypto {

void wipe(std::span<std::uint8_t> memory) {
  if (!memory.empty()) explicit_bzero(memory.data(), memory.size());
}

bool constant_time_equal(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b) {
  if (a.size() != b.size()) return false;
  return a.empty() || gnutls_memcmp(a.data(), b.data(), a.size()) == 0;
}

/// A mapping of its own: the kernel rounds it up to whole pages and shares none of them with other data.
class Secret::Region {
 public:
  explicit Region(std::size_t size) : size_(size) {
    void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(memory != MAP_FAILED);
    CHECK(madvise(memory, size, MADV_DONTDUMP) == 0);
    data_ = static_cast<std::uint8_t*>(memory);
  }
  Region(const Region&) = delete;
  Region& operator=(const Region&) = delete;
  ~Region() {
    wipe(writable());  // munmap alone gives the page back to the kernel with its content
    munmap(data_, size_);
  }

  std::span<std::uint8_t> writable() { return {data_, size_}; }
  std::span<const std::uint8_t> octets() const { return {data_, size_}; }

 private:
  std::uint8_t* data_;
  std::size_t size_;
};

Secret Secret::make(std::size_t size, const std::function<void(std::span<std::uint8_t>)>& fill) {
  Secret secret;
  if (size == 0) {
    fill({});
    return secret;
  }
  auto region = std::make_shared<Region>(size);
  fill(region->writable());
  secret.region_ = std::move(region);
  return secret;
}

Secret::Secret(std::span<const std::uint8_t> octets)
    : Secret(make(octets.size(),
                  [octets](auto out) { std::copy(octets.begin(), octets.end(), out.begin()); })) {}

Secret::Secret(std::string_view text)
    : Secret(std::span(reinterpret_cast<const std::uint8_t*>(text.data()), text.size())) {}

std::span<const std::uint8_t> Secret::octets() const {
  return region_ ? region_->octets() : std::span<const std::uint8_t>{};
}

}  // namespace noonmark::crypto
