#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/random.h"
#include "core/clock_driver.h"
#include "core/engine.h"
#include "io/loop.h"
#include "io/network_watch.h"
#include "io/ntp_sockets.h"
#include "io/server_workers.h"

namespace noonmark::daemon {

/// The engine with its two ends: sockets and clock driver. What the engine wants done is done before each
/// method returns. Everything runs on the loop's thread, but for what workers do; what is passed in outlives
/// the object.
class TimeService final : private io::NtpSockets::Handler {
 public:
  TimeService(io::Loop& loop, core::ClockDriver& clock, base::Random& random, io::ServerWorkers& workers,
              base::LogSink& log, std::int64_t build_date, std::optional<core::SavedClock> saved);
  ~TimeService();

  base::Result<void> prepare(const core::NtpConfig& config) const { return engine_.prepare(config); }
  /// `config` has passed prepare().
  void apply(const core::NtpConfig& config);
  void reset_sessions();
  void release_hold();
  void set_leap_table(core::LeapTable table);
  /// Puts the clock's rate back in force and tells the engine.
  void on_disturbance(const core::ClockDisturbance& disturbance);
  std::optional<core::SavedClock> saved_clock() const { return engine_.saved_clock(clock_.now()); }

  /// Of the engine and of all workers. None: no packet was seen there.
  core::PacketStatistics statistics(core::Family family);
  std::optional<core::PacketStatistics> statistics(const core::Interface& interface, core::Family family);
  void reset_statistics(const core::StatisticsScope& scope);
  /// Those whom all threads answer.
  std::vector<core::ClientSummary> clients(const core::ClientQuery& query);
  std::vector<core::ClientSummary> find_clients(const core::IpAddress& address);
  core::ClientTotals client_totals();
  void forget_clients();
  /// Calls `visit` with the responder of each thread, while that does nothing else.
  void visit_responders(const std::function<void(core::Responder&)>& visit);

  /// core::Engine's, in VPN instances that no server line uses as well. `news` is called from the loop after
  /// each outcome and at the end, not after cancel_probe().
  base::Result<core::ProbeId> start_probe(const core::ProbeRequest& request, std::function<void()> news);
  std::optional<core::ProbeState> probe(core::ProbeId id) { return engine_.probe(id, clock_.now()); }
  void cancel_probe(core::ProbeId id);

  const core::Engine& engine() const { return engine_; }
  const core::NetworkView& network() const { return watch_.view(); }
  void refresh_network() { watch_.refresh(); }
  /// Called after each thing that the engine has done; an empty function ends that.
  void on_step(std::function<void()> done) { step_done_ = std::move(done); }
  /// Called after each step of the engine that had something for the log.
  void on_events(std::function<void()> logged) { logged_ = std::move(logged); }
  /// Called after each step of the engine that made another core::Quality, apart from the passing of time.
  void on_quality(std::function<void()> changed) { quality_changed_ = std::move(changed); }

 private:
  using Step = std::function<void(core::Engine&, core::Instant, core::Outbox&)>;

  void on_datagram(const io::Arrival& arrival) override;
  core::ServedLine before_answers() override;
  void on_transmitted(core::TransmitId id, std::optional<std::int64_t> kernel_ns,
                      const core::Departure& departure) override;
  void on_send_error(core::TransmitId id, core::SendError error, int error_number) override;
  void on_network_change();

  core::Stamp stamp(std::optional<std::int64_t> kernel_ns);
  std::optional<std::int64_t> deadline_ns();
  /// Lets the engine do one thing and carries out what it wants.
  void run(const Step& step);
  void inform_workers();
  void listen();
  void use_vpns(const core::NtpConfig& config, const std::string& another = {});
  void tell(core::ProbeId id);
  bool is_quality_new();

  struct Asker {
    std::string vpn;
    std::function<void()> news;
  };

  io::Loop& loop_;
  core::ClockDriver& clock_;
  io::ServerWorkers& workers_;
  base::LogSink& log_;
  core::Engine engine_;
  io::NtpSockets sockets_;
  io::NetworkWatch watch_;
  core::Outbox outbox_;
  std::map<core::ProbeId, Asker> askers_;
  std::vector<core::ProbeId> news_;
  std::optional<io::Loop::TaskId> telling_;
  std::function<void()> step_done_;
  std::function<void()> logged_;
  std::function<void()> quality_changed_;
  bool view_is_stale_ = true;  // the responder's
  core::SystemState told_;     // when quality_changed_ was called last
};

}  // namespace noonmark::daemon
