#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>

namespace noonmark::base {

using Bytes = std::span<const std::uint8_t>;

/// Reads big-endian values from a span. A read past the end gives 0 and makes ok() false for good.
class ByteReader {
 public:
  explicit ByteReader(Bytes data) : data_(data) {}
  bool ok() const { return ok_; }
  std::size_t remaining() const { return data_.size() - at_; }
  std::size_t position() const { return at_; }

  template <class T>
  T read() {
    static_assert(std::is_unsigned_v<T>);
    if (!take(sizeof(T))) return 0;
    T value = 0;
    for (std::size_t i = at_ - sizeof(T); i < at_; ++i)
      value = static_cast<T>((std::uint64_t{value} << 8) | data_[i]);
    return value;
  }
  /// The next `size` bytes as a view, empty if there are fewer.
  Bytes read_bytes(std::size_t size) { return take(size) ? data_.subspan(at_ - size, size) : Bytes{}; }

 private:
  bool take(std::size_t size) {
    if (!ok_ || remaining() < size) return ok_ = false;
    at_ += size;
    return true;
  }
  Bytes data_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

/// Writes big-endian values into a span. A write past the end writes nothing and makes ok() false for good.
class ByteWriter {
 public:
  explicit ByteWriter(std::span<std::uint8_t> out) : out_(out) {}
  bool ok() const { return ok_; }
  std::size_t size() const { return at_; }

  template <class T>
  void write(T value) {
    static_assert(std::is_unsigned_v<T>);
    if (!room(sizeof(T))) return;
    for (std::size_t i = 0; i < sizeof(T); ++i)
      out_[at_ + i] = static_cast<std::uint8_t>(std::uint64_t{value} >> (8 * (sizeof(T) - 1 - i)));
    at_ += sizeof(T);
  }
  void write_bytes(Bytes bytes) {
    if (!room(bytes.size())) return;
    if (!bytes.empty()) std::memcpy(out_.data() + at_, bytes.data(), bytes.size());
    at_ += bytes.size();
  }

 private:
  bool room(std::size_t size) { return ok_ = ok_ && out_.size() - at_ >= size; }
  std::span<std::uint8_t> out_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

}  // namespace noonmark::base
