#include <algorithm>

#include "base/check.h"
#include "core/engine_impl.h"

namespace noonmark::core {

/// Signs and encodes what is to be sent.
void Engine::Impl::finish(Transmit& t, const wire::Header& header, std::uint32_t key_id) {
  wire::encode(header, std::span(t.data).first<wire::kHeaderSize>());
  std::size_t size = wire::kHeaderSize;
  if (Key* key = key_id != 0 ? keys.find(key_id) : nullptr)
    size = key->sign(t.data, size, key->sent_length(header.version));
  t.size = static_cast<std::uint8_t>(size);
}

/// Symmetric packets use the service's port (RFC 9109 section 3 leaves them out), so that each side's answers
/// find the other's association.
void Engine::Impl::send_request(Association& a, Duration patience, Instant now, Outbox& out) {
  const auto& c = a.config();
  const auto* place = a.source();
  CHECK(place != nullptr);
  if (a.is_symmetric()) forget(a.take_superseded(now), out);
  Transmit t;
  t.id = static_cast<TransmitId>(next_transmit++);
  t.vpn = place->vpn;
  // A peer knows us by the address that it sends to.
  const auto chosen = a.is_symmetric() && !place->address ? a.state().last_local : place->address;
  t.local = {.address = chosen.value_or(IpAddress::any(c.key.address.family())),
             .port = a.is_symmetric() ? config.port : config.source_port,
             .scope = place->scope};
  t.remote = {.address = c.key.address, .port = c.port, .scope = place->scope};

  const ServerView system_now = a.is_symmetric() ? system.server_view(now) : ServerView{};
  wire::Header header;
  do header = a.compose(system_now, system.rate(), now, config.interleaved, random);
  while (outstanding.contains(header.transmit.raw()) && !a.is_symmetric());
  finish(t, header, c.key_id);

  const bool may_interleave = a.is_symmetric() || !header.origin.is_zero();
  a.on_sent({.id = t.id,
             .origin = header.transmit,
             .interleaved_origin = may_interleave ? header.receive : Timestamp{},
             .sent = now,
             .expires = a.is_symmetric() ? kNever : now.raw + patience},
            now, random);
  outstanding.emplace(header.transmit.raw(), &a);
  if (may_interleave && !header.receive.is_zero()) outstanding.emplace(header.receive.raw(), &a);
  transmits.emplace(t.id, &a);
  ++stats(c.key.address.family()).sent;
  ++a.statistics().sent;
  out.transmits.push_back(t);
}

void Engine::Impl::forget(const Request& request, Outbox& out) {
  forget_origins(request);
  if (transmits.erase(request.id) > 0) out.closed.push_back(request.id);
}

void Engine::Impl::forget_origins(const Request& request) {
  outstanding.erase(request.origin.raw());
  if (!request.interleaved_origin.is_zero()) outstanding.erase(request.interleaved_origin.raw());
}

void Engine::Impl::on_deadline(Probe& probe, Instant now, Outbox& out) {
  Association& a = probe.association();
  const auto expired = a.take_expired(now);
  forget(expired, out);
  if (a.has_held_reply()) take_samples(a, now, out);
  if (probe.is_due(now.raw)) {
    send_request(a, probe.patience(), now, out);
    probe.on_sent(now.raw);
  }
  if (!expired.empty()) tell(probe, out);
}

void Engine::Impl::tell(Probe& probe, Outbox& out) {
  if (probe.is_done()) return;
  if (probe.is_exhausted()) return finish(probe, std::nullopt, out);
  out.probes.push_back(probe.id());
}

void Engine::Impl::finish(Probe& probe, std::optional<Reason> refusal, Outbox& out) {
  if (probe.is_done()) return;
  probe.finish(refusal);
  for (const auto& request : probe.association().requests()) forget(request, out);
  close_answered(probe.association(), out);
  out.probes.push_back(probe.id());
}

void Engine::Impl::resolve(Probe& probe, Instant now, Outbox& out) {
  if (probe.is_done()) return;
  const auto place = place_of(probe.association().config());
  if (const auto* refusal = std::get_if<Reason>(&place)) return finish(probe, *refusal, out);
  probe.association().set_source(place, now.raw);
}

}  // namespace noonmark::core
