#include "core/client_summary.h"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

namespace noonmark::core {
namespace {

constexpr std::uint32_t kEnoughRequests = 16;
/// The average of equal intervals stays a little below them: it is kept with 8 bits.
constexpr float kRounding = 15.0F / 16;

/// Of two threads' requests together. The older ones have ended, if none came for longer than usual.
float interval_together(const ClientSummary& newer, const ClientSummary& older) {
  const auto silence = static_cast<float>((newer.last_seen - older.last_seen).seconds());
  const float before = std::max(older.average_interval, silence);
  if (newer.requests < 2) return before;
  const float sum = newer.average_interval + before;
  return sum > 0 ? newer.average_interval * before / sum : 0;
}

ClientSummary together(const ClientSummary& a, const ClientSummary& b) {
  const auto& older = a.last_seen - b.last_seen < wire::Duration{} ? a : b;
  const auto& newer = &older == &a ? b : a;
  auto sum = newer;
  sum.average_interval = interval_together(newer, older);
  sum.requests += older.requests;
  sum.drops += older.drops;
  if (!sum.last_drop) sum.last_drop = older.last_drop;
  if (sum.key_id == 0) sum.key_id = older.key_id;
  return sum;
}

/// Puts all records of a client together.
void join_records(std::vector<ClientSummary>& clients) {
  const auto key = [](const ClientSummary& client) { return std::tie(client.vpn, client.address); };
  std::ranges::sort(clients, {}, key);
  std::vector<ClientSummary> joined;
  for (const auto& client : clients)
    if (!joined.empty() && key(joined.back()) == key(client))
      joined.back() = together(joined.back(), client);
    else
      joined.push_back(client);
  clients = std::move(joined);
}

}  // namespace

bool asks_too_often(std::uint32_t requests, float average_interval, const RateLimits& limits) {
  const auto allowed = static_cast<float>(1 << limits.avg_interval);
  return requests >= kEnoughRequests && average_interval < allowed * kRounding;
}

void merge(std::vector<ClientSummary>& clients, std::vector<ClientSummary> more, const ClientQuery& query) {
  std::ranges::move(more, std::back_inserter(clients));
  join_records(clients);
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
