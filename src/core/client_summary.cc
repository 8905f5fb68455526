#include "core/client_summary.h"

#include <algorithm>
#include <utility>

namespace noonmark::core {
namespace {

constexpr std::uint32_t kEnoughRequests = 16;
/// The average of equal intervals stays a little below them: it is kept with 8 bits.
constexpr float kRounding = 15.0F / 16;

}  // namespace

bool asks_too_often(std::uint32_t requests, float average_interval, const RateLimits& limits) {
  const auto allowed = static_cast<float>(1 << limits.avg_interval);
  return requests >= kEnoughRequests && average_interval < allowed * kRounding;
}

void merge(std::vector<ClientSummary>& clients, std::vector<ClientSummary> more, const ClientQuery& query) {
  std::ranges::move(more, std::back_inserter(clients));
  std::ranges::sort(clients, {}, [&](const ClientSummary& client) { return query.order_of(client); });
  if (clients.size() > query.count) clients.resize(query.count);
}

ClientTotals& ClientTotals::operator+=(const ClientTotals& other) {
  records += other.records;
  capacity += other.capacity;
  replaced += other.replaced;
  kisses += other.kisses;
  for (std::size_t i = 0; i < by_version.size(); ++i) by_version[i] += other.by_version[i];
  for (std::size_t i = 0; i < drops.size(); ++i) drops[i] += other.drops[i];
  for (const auto& key : other.by_key) {
    const auto place = std::ranges::lower_bound(by_key, key.key_id, {}, &OfKey::key_id);
    if (place != by_key.end() && place->key_id == key.key_id)
      place->requests += key.requests;
    else
      by_key.insert(place, key);
  }
  return *this;
}

}  // namespace noonmark::core
