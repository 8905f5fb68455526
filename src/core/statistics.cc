#include "core/statistics.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <numeric>

namespace noonmark::core {
namespace {

const Interface* find_interface(const NetworkView& view, const InterfaceId& id) {
  const auto it = std::ranges::find_if(view.interfaces, [&](const Interface& i) {
    return i.index == id.index && home_of(view, i.vpn) == id.home;
  });
  return it == view.interfaces.end() ? nullptr : &*it;
}

InterfaceId id_of(const NetworkView& view, const Interface& interface) {
  return {home_of(view, interface.vpn), interface.index};
}

std::size_t index_of(Family family) { return static_cast<std::size_t>(family); }

}  // namespace

void PacketStatistics::add_drop(const DropRecord& record) {
  ++drops[static_cast<std::size_t>(record.reason)];
  if (last_drops.size() == kLastDrops) last_drops.erase(last_drops.begin());
  last_drops.push_back(record);
}

std::uint64_t PacketStatistics::dropped() const {
  return std::accumulate(drops.begin(), drops.end(), std::uint64_t{0});
}

std::uint64_t PacketStatistics::dropped(DropClass row) const {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < drops.size(); ++i)
    if (drop_class(static_cast<DropReason>(i)) == row) sum += drops[i];
  return sum;
}

PacketStatistics operator+(const PacketStatistics& a, const PacketStatistics& b) {
  PacketStatistics sum = a;
  sum.sent += b.sent;
  sum.send_failures += b.send_failures;
  sum.received += b.received;
  sum.processed += b.processed;
  std::ranges::transform(sum.drops, b.drops, sum.drops.begin(), std::plus<>());
  const auto is_earlier = [](const DropRecord& x, const DropRecord& y) {
    return (x.when - y.when) < Duration{};
  };
  sum.last_drops.clear();
  std::ranges::merge(a.last_drops, b.last_drops, std::back_inserter(sum.last_drops), is_earlier);
  if (const auto size = sum.last_drops.size(); size > PacketStatistics::kLastDrops)
    sum.last_drops.erase(sum.last_drops.begin(),
                         sum.last_drops.end() - static_cast<std::ptrdiff_t>(PacketStatistics::kLastDrops));
  return sum;
}

PacketStatistics* InterfaceCounters::find_or_add(const NetworkView& view, VpnId vpn, std::uint32_t index,
                                                 Family family) {
  const InterfaceId id{home_of(view, vpn), index};
  const auto known = counters_.find(id);
  if (known != counters_.end()) return &known->second[index_of(family)];
  if (index == 0 || find_interface(view, id) == nullptr) return nullptr;
  return &counters_[id][index_of(family)];
}

const PacketStatistics* InterfaceCounters::find(const NetworkView& view, const Interface& interface,
                                                Family family) const {
  const auto known = counters_.find(id_of(view, interface));
  return known == counters_.end() ? nullptr : &known->second[index_of(family)];
}

void InterfaceCounters::forget_missing(const NetworkView& view) {
  std::erase_if(counters_, [&](const auto& row) { return find_interface(view, row.first) == nullptr; });
}

void InterfaceCounters::reset(Family family) {
  for (auto& [id, families] : counters_) families[index_of(family)] = {};
}

void InterfaceCounters::reset(const NetworkView& view, const Interface& interface, Family family) {
  const auto known = counters_.find(id_of(view, interface));
  if (known != counters_.end()) known->second[index_of(family)] = {};
}

VpnId home_of(const NetworkView& view, VpnId vpn) {
  const Vpn* known = view.find_vpn(vpn);
  return known != nullptr && known->kind == Vpn::Kind::network_namespace ? vpn : VpnId::public_instance;
}

}  // namespace noonmark::core
