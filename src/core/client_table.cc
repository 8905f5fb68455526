#include "core/client_table.h"

#include <cstdlib>
#include <utility>

#include "base/check.h"
#include "core/octets.h"

namespace noonmark::core {
namespace {

constexpr std::uint64_t kEachTag = 0x0001000100010001;
constexpr std::uint64_t kEachNibble = 0x1111111111111111;
constexpr std::uint64_t kIdentity = 0xFEDCBA9876543210;

/// The topmost bit of each zero lane, where `ones` has the lowest bit of every lane: none is missed, and the
/// lowest one is right.
constexpr std::uint64_t zero_lanes(std::uint64_t x, std::uint64_t ones, int lane_bits) {
  return (x - ones) & ~x & (ones << (lane_bits - 1));
}

}  // namespace

void ClientTable::Free::operator()(void* memory) const { std::free(memory); }

void ClientTable::resize(std::size_t capacity) {
  const std::size_t count = (capacity + kWays - 1) / kWays;
  if (count == set_count_) return;
  set_count_ = count;
  clear();
}

void ClientTable::clear() {
  memory_.reset();
  sets_ = nullptr;
  size_ = 0;
  replaced_ = 0;
  if (set_count_ == 0) return;
  std::size_t size =
      (set_count_ + 1) * sizeof(Set);  // calloc() leaves large memory to the kernel's zero pages
  memory_.reset(std::calloc(1, size));
  void* aligned = memory_.get();
  CHECK(aligned != nullptr);
  sets_ = static_cast<Set*>(std::align(alignof(Set), set_count_ * sizeof(Set), aligned, size));
}

std::uint64_t ClientTable::hash_of(const IpAddress& address, VpnId vpn) const {
  const std::uint64_t place = static_cast<std::uint32_t>(vpn);
  const auto* octets = address.bytes().data();
  if (address.is_v4()) return hash_.of(place << 32 | load<std::uint32_t>(octets));
  return hash_.of(load<std::uint64_t>(octets), load<std::uint64_t>(octets + 8), place);
}

std::uint16_t ClientTable::tag_of(std::uint64_t hash) {
  const auto tag = static_cast<std::uint16_t>(hash >> 48);
  return tag != 0 ? tag : 1;
}

void ClientTable::prefetch_record(std::uint64_t hash) const {
  const Set& set = set_of(hash);
  for (std::size_t i = 0; i < set.tags.size(); ++i)
    if (const auto found = zero_lanes(set.tags[i] ^ tag_of(hash) * kEachTag, kEachTag, 16))
      return __builtin_prefetch(&set.records[i * 4 + static_cast<std::size_t>(std::countr_zero(found)) / 16],
                                1);
  __builtin_prefetch(&set.records[set.least_recent()], 1);
}

ClientRecord& ClientTable::find_or_add(const IpAddress& address, VpnId vpn) {
  const auto hash = hash_of(address, vpn);
  Set& set = set_of(hash);
  std::size_t way = set.find(tag_of(hash), address, vpn);
  if (way == kWays) {
    way = set.least_recent();
    set.tag(way) == 0 ? void(++size_) : void(++replaced_);
    set.set_tag(way, tag_of(hash));
    set.records[way] = {};
    set.records[way].address = address;
    set.records[way].vpn = vpn;
  }
  set.touch(way);
  return set.records[way];
}

const ClientRecord* ClientTable::find(const IpAddress& address, VpnId vpn) const {
  if (set_count_ == 0) return nullptr;
  const auto hash = hash_of(address, vpn);
  const Set& set = set_of(hash);
  const std::size_t way = set.find(tag_of(hash), address, vpn);
  return way == kWays ? nullptr : &set.records[way];
}

ClientTable::Slot ClientTable::slot_of(const ClientRecord& record) const {
  const auto offset = reinterpret_cast<const char*>(&record) - reinterpret_cast<const char*>(sets_);
  const auto lines = static_cast<std::size_t>(offset) / sizeof(ClientRecord);
  return static_cast<Slot>(lines / (1 + kWays) * kWays + lines % (1 + kWays) - 1);
}

void ClientTable::Set::set_tag(std::size_t way, std::uint16_t tag) {
  const auto shift = way % 4 * 16;
  tags[way / 4] = (tags[way / 4] & ~(std::uint64_t{0xFFFF} << shift)) | std::uint64_t{tag} << shift;
}

std::size_t ClientTable::Set::find(std::uint16_t tag, const IpAddress& address, VpnId vpn) const {
  for (std::size_t i = 0; i < tags.size(); ++i)
    for (auto found = zero_lanes(tags[i] ^ tag * kEachTag, kEachTag, 16); found != 0; found &= found - 1) {
      const std::size_t way = i * 4 + static_cast<std::size_t>(std::countr_zero(found)) / 16;
      if (records[way].vpn == vpn && is_same(records[way].address, address)) return way;
    }
  return kWays;
}

/// `order` ^ kIdentity has the ways from the one last seen (lowest four bits) to the one not seen for
/// longest.
void ClientTable::Set::touch(std::size_t way) {
  const std::uint64_t ways = order ^ kIdentity;
  if ((ways & 0xF) == way) return;
  const int at = std::countr_zero(zero_lanes(ways ^ way * kEachNibble, kEachNibble, 4)) / 4 * 4;
  const std::uint64_t newer = ways & ((std::uint64_t{1} << at) - 1);
  const std::uint64_t moved =
      (newer << 4 | way) | (ways & ~((std::uint64_t{0xF} << at) | ((std::uint64_t{1} << at) - 1)));
  order = moved ^ kIdentity;
}

std::size_t ClientTable::Set::least_recent() const { return (order ^ kIdentity) >> 60; }

}  // namespace noonmark::core
