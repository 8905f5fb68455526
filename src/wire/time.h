#pragma once

#include <compare>
#include <cstdint>

namespace noonmark::wire {

/// Signed span of time, unit 2^-32 s, +-68 years: what subtracting two Timestamps yields. Arithmetic wraps.
class Duration {
 public:
  constexpr Duration() = default;
  static constexpr Duration from_raw(std::int64_t raw) {
    Duration d;
    d.raw_ = raw;
    return d;
  }
  static constexpr Duration from_nanoseconds(std::int64_t ns) {
    constexpr std::int64_t kSecond = 1'000'000'000;
    // In two parts: a division of 128 bits costs ten times as much.
    const auto whole = static_cast<std::uint64_t>(ns / kSecond) << 32;
    return from_raw(wrap(whole + bits(from_raw((ns % kSecond) * (std::int64_t{1} << 32) / kSecond))));
  }
  static constexpr Duration from_milliseconds(std::int64_t ms) { return from_nanoseconds(ms * 1'000'000); }
  /// Saturates at +-(2^31 - 1) s; a NaN gives 0.
  static constexpr Duration from_seconds(double s) {
    constexpr double kLimit = 2147483647.0;
    if (s != s) return {};
    return from_raw(static_cast<std::int64_t>((s > kLimit ? kLimit : s < -kLimit ? -kLimit : s) * 0x1p32));
  }
  /// 2^exponent seconds, exponent -32..30.
  static constexpr Duration from_exponent(int exponent) {
    return from_raw(std::int64_t{1} << (32 + exponent));
  }

  constexpr std::int64_t raw() const { return raw_; }
  constexpr double seconds() const { return static_cast<double>(raw_) * 0x1p-32; }
  constexpr std::int64_t nanoseconds() const {
    return static_cast<std::int64_t>((static_cast<Int128>(raw_) * 1'000'000'000) >> 32);
  }

  friend constexpr auto operator<=>(Duration, Duration) = default;
  friend constexpr Duration operator+(Duration a, Duration b) { return from_raw(wrap(bits(a) + bits(b))); }
  friend constexpr Duration operator-(Duration a, Duration b) { return from_raw(wrap(bits(a) - bits(b))); }
  friend constexpr Duration operator-(Duration a) { return Duration{} - a; }
  friend constexpr Duration operator/(Duration a, int n) { return from_raw(a.raw_ / n); }
  friend constexpr Duration operator*(Duration a, double k) { return from_seconds(a.seconds() * k); }
  constexpr Duration& operator+=(Duration d) { return *this = *this + d; }
  constexpr Duration& operator-=(Duration d) { return *this = *this - d; }

 private:
  __extension__ using Int128 = __int128;
  static constexpr std::uint64_t bits(Duration d) { return static_cast<std::uint64_t>(d.raw_); }
  static constexpr std::int64_t wrap(std::uint64_t v) { return static_cast<std::int64_t>(v); }
  std::int64_t raw_ = 0;
};

/// NTP timestamp format, 32.32 seconds since 1900 modulo 2^32 s (RFC 5905 section 6). It names no era, so it
/// has no order: subtract. Zero means "unknown".
class Timestamp {
 public:
  constexpr Timestamp() = default;
  static constexpr Timestamp from_raw(std::uint64_t raw) {
    Timestamp t;
    t.raw_ = raw;
    return t;
  }
  /// Seconds and nanoseconds since 1970 (any era); never gives the value 0.
  static constexpr Timestamp from_unix(std::int64_t seconds, std::int64_t nanoseconds) {
    const auto whole = static_cast<std::uint64_t>(seconds + kUnixEpoch) << 32;
    const auto raw = whole + static_cast<std::uint64_t>(Duration::from_nanoseconds(nanoseconds).raw());
    return from_raw(raw == 0 ? 1 : raw);
  }
  constexpr std::uint64_t raw() const { return raw_; }
  constexpr bool is_zero() const { return raw_ == 0; }
  constexpr std::uint32_t seconds() const { return static_cast<std::uint32_t>(raw_ >> 32); }
  constexpr std::uint32_t fraction() const { return static_cast<std::uint32_t>(raw_); }
  /// Seconds since 1970 (rounded down) in the era that puts it nearest to `pivot` (seconds since 1970).
  constexpr std::int64_t unix_seconds_near(std::int64_t pivot) const {
    const auto difference =
        static_cast<std::int32_t>(seconds() - static_cast<std::uint32_t>(pivot + kUnixEpoch));
    return pivot + difference;
  }

  friend constexpr bool operator==(Timestamp, Timestamp) = default;
  friend constexpr Duration operator-(Timestamp a, Timestamp b) {
    return Duration::from_raw(static_cast<std::int64_t>(a.raw_ - b.raw_));
  }
  friend constexpr Timestamp operator+(Timestamp t, Duration d) {
    return from_raw(t.raw_ + static_cast<std::uint64_t>(d.raw()));
  }
  friend constexpr Timestamp operator-(Timestamp t, Duration d) { return t + -d; }

  static constexpr std::int64_t kUnixEpoch = 2'208'988'800;  // 1970 in seconds since 1900

 private:
  std::uint64_t raw_ = 0;
};

/// NTP short format, unsigned 16.16 seconds: root delay and root dispersion on the wire (RFC 5905 section 6).
class ShortDuration {
 public:
  constexpr ShortDuration() = default;
  static constexpr ShortDuration from_raw(std::uint32_t raw) {
    ShortDuration d;
    d.raw_ = raw;
    return d;
  }
  /// Rounds up and saturates: an error bound must never shrink on its way to the wire. Negative and NaN give
  /// 0.
  static constexpr ShortDuration from_seconds(double s) {
    if (!(s > 0)) return {};
    if (s >= 65535.0) return from_raw(0xFFFFFFFF);
    const double scaled = s * 65536.0;
    const auto floor = static_cast<std::uint32_t>(scaled);
    return from_raw(static_cast<double>(floor) < scaled ? floor + 1 : floor);
  }
  constexpr std::uint32_t raw() const { return raw_; }
  constexpr double seconds() const { return static_cast<double>(raw_) / 65536.0; }
  friend constexpr auto operator<=>(ShortDuration, ShortDuration) = default;

 private:
  std::uint32_t raw_ = 0;
};

static_assert(sizeof(Timestamp) == 8 && sizeof(Duration) == 8 && sizeof(ShortDuration) == 4);

}  // namespace noonmark::wire
