#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "base/random.h"
#include "core/client_record.h"
#include "core/keyed_hash.h"

namespace noonmark::core {

/// The clients of a server, in bounded memory: sets of 16 records, found by a keyed hash of address and VPN
/// instance, so that nobody can choose clients that displace each other. A new client takes the place of the
/// one in its set that was not seen for longest. One cache line in front of each set has tags and order, so
/// that a look-up touches two lines. Memory is the kernel's zero pages until a client needs it. One thread.
class ClientTable {
 public:
  static constexpr std::size_t kWays = 16;
  using Slot = std::uint32_t;

  explicit ClientTable(base::Random& random) : hash_(random) {}

  /// Room for at least `capacity` clients; 0: none. Another capacity than before forgets all of them.
  void resize(std::size_t capacity);
  void clear();
  std::size_t capacity() const { return set_count_ * kWays; }
  std::size_t size() const { return size_; }
  std::uint64_t replaced() const { return replaced_; }

  /// Makes it the last seen one of its set. The reference is good until the next call.
  ClientRecord& find_or_add(const IpAddress& address, VpnId vpn);
  /// Null: not known. Does not count as seen.
  const ClientRecord* find(const IpAddress& address, VpnId vpn) const;
  ClientRecord* find(const IpAddress& address, VpnId vpn) {
    return const_cast<ClientRecord*>(std::as_const(*this).find(address, vpn));
  }
  Slot slot_of(const ClientRecord& record) const;
  ClientRecord& at(Slot slot) { return sets_[slot / kWays].records[slot % kWays]; }

  /// For a batch: prefetch_set() of each, then prefetch_record() of each, then find_or_add().
  std::uint64_t hash_of(const IpAddress& address, VpnId vpn) const;
  void prefetch_set(std::uint64_t hash) const { __builtin_prefetch(&set_of(hash)); }
  void prefetch_record(std::uint64_t hash) const;

  /// Calls `visit` with each record in use.
  template <class Visit>
  void for_each(Visit visit) const {
    for (std::size_t i = 0; i < set_count_; ++i)
      for (std::size_t way = 0; way < kWays; ++way)
        if (sets_[i].tag(way) != 0) visit(sets_[i].records[way]);
  }
  template <class Visit>
  void for_each(Visit visit) {
    std::as_const(*this).for_each([&](const ClientRecord& r) { visit(const_cast<ClientRecord&>(r)); });
  }

 private:
  /// All zero octets are an empty set.
  struct alignas(64) Set {
    std::array<std::uint64_t, kWays / 4> tags;  // four of 16 bits in each; 0: not in use
    std::uint64_t order;                        // see touch()
    alignas(64) std::array<ClientRecord, kWays> records;

    std::uint16_t tag(std::size_t way) const {
      return static_cast<std::uint16_t>(tags[way / 4] >> way % 4 * 16);
    }
    void set_tag(std::size_t way, std::uint16_t tag);
    std::size_t find(std::uint16_t tag, const IpAddress& address, VpnId vpn) const;  // kWays: not there
    void touch(std::size_t way);
    std::size_t least_recent() const;
  };
  static_assert(sizeof(Set) == 64 * (1 + kWays));
  struct Free {
    void operator()(void* memory) const;
  };

  Set& set_of(std::uint64_t hash) const { return sets_[(hash & 0xFFFFFFFF) * set_count_ >> 32]; }
  static std::uint16_t tag_of(std::uint64_t hash);

  KeyedHash hash_;
  std::unique_ptr<void, Free> memory_;
  Set* sets_ = nullptr;
  std::size_t set_count_ = 0;
  std::size_t size_ = 0;
  std::uint64_t replaced_ = 0;
};

}  // namespace noonmark::core
