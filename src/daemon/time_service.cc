#include "daemon/time_service.h"

#include <algorithm>
#include <utility>
#include <fmt/format.h>

#include "cli/event_text.h"

namespace noonmark::daemon {
namespace {

core::Environment environment_of(const core::ClockDriver& clock, std::int64_t build_date,
                                 std::optional<core::SavedClock> saved) {
  return {.build_date = build_date,
          .precision = clock.precision(),
          .max_frequency = clock.max_frequency(),
          .initial_frequency = clock.initial_frequency(),
          .saved = std::move(saved)};
}

std::set<std::string> vpns_of(const core::NtpConfig& config) {
  std::set<std::string> names;
  for (const auto& s : config.servers) names.insert(s.key.vpn);
  for (const auto& s : config.source_interfaces) names.insert(s.vpn);
  for (const auto& family : config.families)
    for (const auto& l : family.listen_addresses) names.insert(l.vpn);
  names.erase("");
  return names;
}

}  // namespace

TimeService::TimeService(io::Loop& loop, core::ClockDriver& clock, base::Random& random,
                         io::ServerWorkers& workers, base::LogSink& log, std::int64_t build_date,
                         std::optional<core::SavedClock> saved)
    : loop_(loop),
      clock_(clock),
      workers_(workers),
      log_(log),
      engine_(environment_of(clock, build_date, std::move(saved)), random, clock.now()),
      sockets_(loop, engine_.responder(), workers, *this, log),
      watch_(loop, log, [this] { on_network_change(); }) {
  loop_.set_deadline(
      [this] { return deadline_ns(); },
      [this] {
        run([](core::Engine& e, core::Instant now, core::Outbox& out) { e.on_deadline(now, out); });
      });
  on_network_change();
}

TimeService::~TimeService() {
  if (telling_) loop_.cancel(*telling_);
}

void TimeService::run(const Step& step) {
  outbox_.clear();
  view_is_stale_ = true;
  step(engine_, clock_.now(), outbox_);
  // The engine may answer a command's outcome with another one.
  while (outbox_.clock) {
    const auto command = *std::exchange(outbox_.clock, std::nullopt);
    const auto result = clock_.apply(command);
    if (!result) log_.write(base::LogLevel::error, result.error().message);
    engine_.on_clock_applied(command.id, result, clock_.now(), outbox_);
  }
  for (const auto& transmit : outbox_.transmits) sockets_.send(transmit);
  for (const auto& answer : outbox_.answers) sockets_.answer(answer.query, answer.data);
  inform_workers();
  for (const auto id : outbox_.closed) sockets_.close(id);
  for (const auto& event : outbox_.events) {
    const auto line = cli::event_text(event);
    log_.write(line.level, line.line);
  }
  for (const auto id : outbox_.probes) tell(id);
  if (!outbox_.events.empty() && logged_) logged_();
  if (step_done_) step_done_();
  if (quality_changed_ && is_quality_new()) quality_changed_();
}

/// Without asking the engine for all of it: requests of clients come by here as well.
bool TimeService::is_quality_new() {
  const auto& state = engine_.state();
  if (outbox_.events.empty() && state == told_) return false;
  told_ = state;
  return true;
}

void TimeService::tell(core::ProbeId id) {
  if (std::ranges::find(news_, id) == news_.end()) news_.push_back(id);
  if (telling_) return;
  telling_ = loop_.post([this] {
    telling_.reset();
    for (const auto told : std::exchange(news_, {})) {
      const auto asker = askers_.find(told);
      if (asker == askers_.end()) continue;
      const auto news = asker->second.news;  // it may cancel the probe
      news();
    }
  });
}

void TimeService::inform_workers() {
  if (workers_.count() == 0) return;
  workers_.follow(clock_.served_line());
  workers_.use(engine_.server_policy());
  workers_.publish(engine_.server_view(clock_.now()));
}

core::PacketStatistics TimeService::statistics(core::Family family) {
  auto sum = engine_.statistics(family);
  workers_.visit([&](core::Responder& responder) { sum = sum + responder.statistics(family); });
  return sum;
}

std::optional<core::PacketStatistics> TimeService::statistics(const core::Interface& interface,
                                                              core::Family family) {
  auto sum = engine_.statistics(interface, family);
  workers_.visit([&](core::Responder& responder) {
    const auto* of = responder.interface_counters().find(engine_.network(), interface, family);
    if (of != nullptr) sum = sum.value_or(core::PacketStatistics{}) + *of;
  });
  return sum;
}

void TimeService::reset_statistics(const core::StatisticsScope& scope) {
  engine_.reset_statistics(scope);
  workers_.visit([&](core::Responder& responder) {
    if (scope.of == core::StatisticsScope::Of::family) responder.reset_statistics(scope.family);
    if (scope.of != core::StatisticsScope::Of::interfaces) return;
    if (scope.interface)
      responder.interface_counters().reset(engine_.network(), *scope.interface, scope.family);
    else
      responder.interface_counters().reset(scope.family);
  });
}

std::vector<core::ClientSummary> TimeService::clients(const core::ClientQuery& query) {
  std::vector<core::ClientSummary> found;
  visit_responders([&](core::Responder& responder) { core::merge(found, responder.clients(query), query); });
  if (workers_.count() == 0) return found;
  // A thread may know some of them without having listed them.
  std::vector<core::ClientSummary> whole;
  visit_responders([&](core::Responder& responder) {
    std::vector<core::ClientSummary> known;
    for (const auto& listed : found)
      if (const auto client = responder.find_client(listed.address, listed.vpn)) known.push_back(*client);
    core::merge(whole, std::move(known), query);
  });
  return whole;
}

std::vector<core::ClientSummary> TimeService::find_clients(const core::IpAddress& address) {
  const auto& vpns = network().vpns;
  std::vector<core::ClientSummary> found;
  visit_responders([&](core::Responder& responder) {
    std::vector<core::ClientSummary> known;
    for (const auto& vpn : vpns)
      if (const auto client = responder.find_client(address, vpn.id)) known.push_back(*client);
    core::merge(found, std::move(known), {.count = vpns.size()});
  });
  return found;
}

core::ClientTotals TimeService::client_totals() {
  core::ClientTotals sum;
  visit_responders([&](core::Responder& responder) { sum += responder.client_totals(); });
  return sum;
}

void TimeService::forget_clients() {
  visit_responders([](core::Responder& responder) { responder.forget_clients(); });
}

void TimeService::visit_responders(const std::function<void(core::Responder&)>& visit) {
  visit(engine_.responder());
  workers_.visit(visit);
}

core::Stamp TimeService::stamp(std::optional<std::int64_t> kernel_ns) {
  if (!kernel_ns) return {clock_.now(), core::StampSource::daemon};
  return {clock_.at_kernel_time(*kernel_ns), core::StampSource::kernel};
}

void TimeService::on_datagram(const io::Arrival& arrival) {
  core::Received received{.data = arrival.data,
                          .path = arrival.path,
                          .when = stamp(arrival.kernel_ns),
                          .service = arrival.service,
                          .request = arrival.request};
  run([&](core::Engine& e, core::Instant now, core::Outbox& out) { e.on_datagram(received, now, out); });
}

/// What answers say changes with what the engine does, and by the dispersion that they know of.
core::ServedLine TimeService::before_answers() {
  if (std::exchange(view_is_stale_, false)) engine_.responder().publish(engine_.server_view(clock_.now()));
  return clock_.served_line();
}

void TimeService::on_transmitted(core::TransmitId id, std::optional<std::int64_t> kernel_ns,
                                 const core::Departure& departure) {
  const auto when = stamp(kernel_ns);
  run([&](core::Engine& e, core::Instant now, core::Outbox& out) {
    e.on_transmitted(id, when, departure, now, out);
  });
}

void TimeService::on_send_error(core::TransmitId id, core::SendError error, int error_number) {
  run([&](core::Engine& e, core::Instant now, core::Outbox& out) {
    e.on_send_error(id, error, error_number, now, out);
  });
}

void TimeService::on_network_change() {
  sockets_.use_places(watch_.places());
  run([&](core::Engine& e, core::Instant now, core::Outbox& out) {
    e.on_network_change(watch_.view(), now, out);
  });
  listen();
}

void TimeService::apply(const core::NtpConfig& config) {
  use_vpns(config);
  run([&](core::Engine& e, core::Instant now, core::Outbox& out) { e.apply(config, now, out); });
  if (quality_changed_) quality_changed_();  // the error budget is of it
  listen();
}

void TimeService::reset_sessions() {
  run([](core::Engine& e, core::Instant now, core::Outbox& out) { e.reset_sessions(now, out); });
}

void TimeService::release_hold() {
  run([](core::Engine& e, core::Instant now, core::Outbox& out) { e.release_hold(now, out); });
}

void TimeService::set_leap_table(core::LeapTable table) {
  run([&](core::Engine& e, core::Instant now, core::Outbox& out) {
    e.set_leap_table(std::move(table), now, out);
  });
  if (quality_changed_) quality_changed_();
}

void TimeService::on_disturbance(const core::ClockDisturbance& disturbance) {
  if (const auto done = clock_.reassert(); !done) log_.write(base::LogLevel::error, done.error().message);
  run([&](core::Engine& e, core::Instant now, core::Outbox& out) {
    e.on_clock_disturbed(disturbance, now, out);
  });
}

base::Result<core::ProbeId> TimeService::start_probe(const core::ProbeRequest& request,
                                                     std::function<void()> news) {
  use_vpns(engine_.config(), request.server.key.vpn);  // the engine must know it before
  base::Result<core::ProbeId> id;
  run([&](core::Engine& e, core::Instant now, core::Outbox& out) { id = e.start_probe(request, now, out); });
  if (id) askers_.emplace(*id, Asker{request.server.key.vpn, std::move(news)});
  use_vpns(engine_.config());
  return id;
}

void TimeService::cancel_probe(core::ProbeId id) {
  if (askers_.erase(id) == 0) return;
  run([id](core::Engine& e, core::Instant, core::Outbox& out) { e.cancel_probe(id, out); });
  use_vpns(engine_.config());
}

void TimeService::use_vpns(const core::NtpConfig& config, const std::string& another) {
  auto names = vpns_of(config);
  names.insert(another);
  for (const auto& [id, asker] : askers_) names.insert(asker.vpn);
  watch_.use_vpns(std::move(names));
}

void TimeService::listen() {
  for (const auto family : {core::Family::ipv4, core::Family::ipv6})
    sockets_.serve(family, engine_.config().port, engine_.listening_vpns(family));
  sockets_.join(engine_.memberships());
}

std::optional<std::int64_t> TimeService::deadline_ns() {
  const auto next = engine_.next_deadline();
  if (next == core::kNever) return std::nullopt;
  return io::Loop::monotonic_ns() + std::max<std::int64_t>(0, (next - clock_.now().raw).nanoseconds());
}

}  // namespace noonmark::daemon
