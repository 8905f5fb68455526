#include "daemon/daemon.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>
#include <system_error>
#include <unistd.h>
#include <fmt/format.h>

#include "build_info.h"
#include "cli/configuration_text.h"
#include "cli/display.h"
#include "cli/log_relay.h"
#include "cli/server.h"
#include "config/datastore.h"
#include "config/keyring.h"
#include "config/store.h"
#include "config/translate.h"
#include "daemon/advice_watch.h"
#include "daemon/clock_memory.h"
#include "daemon/commit_surroundings.h"
#include "daemon/leap_watch.h"
#include "daemon/participant.h"
#include "daemon/quality_file.h"
#include "daemon/time_service.h"
#include "io/clock_disturbances.h"
#include "io/file.h"
#include "io/kernel_clock.h"
#include "io/linux_clock.h"
#include "io/loop.h"
#include "io/sandbox.h"
#include "io/software_clock.h"
#include "io/system_random.h"

namespace noonmark::daemon {
namespace {

constexpr std::size_t kMaxConfigFile = 4 << 20;

base::Result<void> make_directory(const std::string& path, std::filesystem::perms mode) {
  std::error_code error;
  if (std::filesystem::create_directories(path, error)) std::filesystem::permissions(path, mode, error);
  if (error)
    return base::fail(
        fmt::format("The directory {} cannot be made: {}. Choose another one with --state-dir or --run-dir.",
                    path, error.message()),
        base::ErrorCode::io);
  return {};
}

base::Result<io::LockFile> lock(const std::string& directory, std::filesystem::perms mode) {
  if (auto made = make_directory(directory, mode); !made) return tl::unexpected(made.error());
  return io::LockFile::acquire(directory + "/lock");
}

base::Result<std::unique_ptr<core::ClockDriver>> make_clock(const ClockOption& option,
                                                            io::KernelClock& kernel) {
  if (std::holds_alternative<SystemClockOption>(option)) {
    auto clock = io::LinuxClock::create(kernel);
    if (!clock) return tl::unexpected(clock.error());
    return std::move(*clock);
  }
  if (const auto* wrong = std::get_if<VirtualClockOption>(&option))
    return std::make_unique<io::SoftwareClock>(
        io::SoftwareClock::wrong_by(kernel, core::Duration::from_seconds(wrong->offset), wrong->frequency));
  return std::make_unique<io::SoftwareClock>(io::SoftwareClock::observing(kernel));
}

std::string host_name() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') return "noonmark";
  return name.data();
}

base::Result<config::Configuration> read_configuration(const std::string& path,
                                                       const config::KeyRing& keyring) {
  const auto text = io::read_file(path, kMaxConfigFile);
  if (!text) return tl::unexpected(text.error());
  auto loaded = cli::load_configuration(*text, keyring, cli::Judgement::file);
  if (loaded.refused.empty()) return std::move(loaded.configuration);
  std::string message = fmt::format(
      "{}: {} refused:", path,
      loaded.refused.size() == 1 ? "a line is" : fmt::format("{} lines are", loaded.refused.size()));
  for (const auto& line : loaded.refused)
    message += fmt::format("\n  line {}: {}", line.number, line.message);
  return base::fail(message);
}

/// What of the configuration is known already comes up now; what cannot be applied waits inside the service.
void start(TimeService& service, const config::Datastore& datastore, base::LogSink& log) {
  const auto translation = config::to_ntp_config(datastore.running(), datastore.keyring());
  for (const auto& problem : translation.problems) log.write(base::LogLevel::error, problem);
  if (const auto fit = service.prepare(translation.config); !fit) {
    log.write(base::LogLevel::error, "The stored configuration is not in force: " + fit.error().message);
    return;
  }
  service.apply(translation.config);
}

/// The date, s since 1970, to before which no clock is set. A simulator's clock may show any: there it is a
/// year before the start.
std::int64_t earliest_date(core::ClockDriver& clock) {
  constexpr std::int64_t kYear = 365 * 86400;
  if (!clock.is_simulated()) return kBuildDate;
  return std::min(kBuildDate, clock.now().served.unix_seconds_near(kBuildDate) - kYear);
}

}  // namespace

base::Result<void> run_daemon(const Options& options, base::LogSink& sink) {
  cli::LogRelay log(sink);
  const auto warn = [&](const std::vector<std::string>& sentences) {
    for (const auto& s : sentences) log.write(base::LogLevel::warning, s);
  };
  warn(io::forbid_core_dumps());
  io::raise_descriptor_limit();

  const auto state_lock = lock(options.state_dir, std::filesystem::perms::owner_all);
  if (!state_lock) return tl::unexpected(state_lock.error());
  std::optional<base::Result<io::LockFile>> run_lock;
  if (options.control && options.run_dir != options.state_dir) {
    using enum std::filesystem::perms;
    run_lock = lock(options.run_dir, owner_all | group_read | group_exec | others_read | others_exec);
    if (!*run_lock) return tl::unexpected(run_lock->error());
  }

  io::SystemRandom random;
  io::SystemKernelClock kernel;
  const auto clock = make_clock(options.clock, kernel);
  if (!clock) return tl::unexpected(clock.error());
  const std::int64_t build_date = earliest_date(**clock);
  const auto keyring = config::KeyRing::open(options.state_dir + "/key", random);
  if (!keyring) return tl::unexpected(keyring.error());
  io::Loop loop;
  loop.stop_on_signals();
  const bool stores = !options.config_file;
  ClockMemory memory_of_clock(options.state_dir + "/clock.json", oscillator_name(options.clock), log);
  io::ServerWorkers workers(options.server_workers, random);
  TimeService service(loop, **clock, random, workers, log, build_date,
                      stores ? memory_of_clock.recall() : std::nullopt);
  const LeapWatch leap_watch(options.leap_file, loop, service, log);
  const io::ClockDisturbances disturbances(
      loop, kernel, **clock, [&](const core::ClockDisturbance& d) { service.on_disturbance(d); });
  CommitSurroundings surroundings(loop, service, **clock, log, build_date);
  config::DiskFiles disk(options.state_dir);
  config::MemoryFiles memory;
  config::Files* const commits = options.config_file ? static_cast<config::Files*>(&memory) : &disk;
  config::Store store(*commits);
  config::Copies copies(disk);
  config::Datastore datastore(cli::kTextCodec, *keyring, store, copies, surroundings);
  if (options.config_file) {
    auto configuration = read_configuration(*options.config_file, *keyring);
    if (!configuration) return tl::unexpected(configuration.error());
    datastore.start_with(std::move(*configuration), *options.config_file);
  } else if (const auto loaded = datastore.load(); !loaded) {
    return loaded;
  }
  TimeParticipant participant(service);
  datastore.add(participant);
  start(service, datastore, log);

  cli::Services services{
      .datastore = datastore,
      .engine = service.engine(),
      .clock = **clock,
      .network = service.network(),
      .host_name = host_name(),
      .version = kVersion,
      .reset_sessions = [&] { service.reset_sessions(); },
      .release_hold = [&] { service.release_hold(); },
      .statistics = [&](core::Family family) { return service.statistics(family); },
      .interface_statistics = [&](const core::Interface& interface,
                                  core::Family family) { return service.statistics(interface, family); },
      .reset_statistics = [&](const core::StatisticsScope& scope) { service.reset_statistics(scope); },
      .clients = {.list = [&](const core::ClientQuery& query) { return service.clients(query); },
                  .find = [&](const core::IpAddress& address) { return service.find_clients(address); },
                  .totals = [&] { return service.client_totals(); },
                  .forget = [&] { service.forget_clients(); }},
      .probes = {.start =
                     [&](const core::ProbeRequest& request, std::function<void()> news) {
                       return service.start_probe(request, std::move(news));
                     },
                 .state = [&](core::ProbeId id) { return service.probe(id); },
                 .cancel = [&](core::ProbeId id) { service.cancel_probe(id); }},
      .log = &log,
      .build_date = build_date};
  AdviceWatch advice(loop, services, log);
  service.on_events([&] { advice.look_soon(); });
  std::optional<QualityFile> quality;  // outlives the sessions, whose end may change the configuration
  std::unique_ptr<cli::Server> control;
  if (options.control) {
    auto opened = cli::Server::open(loop, options.run_dir + "/control.sock", services, log);
    if (!opened) return tl::unexpected(opened.error());
    control = std::move(*opened);
    quality.emplace(options.run_dir + "/quality.json", loop, service, **clock, log, build_date);
    service.on_quality([&] { quality->changed(); });
  }
  if (options.sandbox) warn(io::drop_capabilities(std::holds_alternative<SystemClockOption>(options.clock)));
  workers.start();  // with the capabilities that are left
  log.write(base::LogLevel::info, fmt::format("noonmarkd {} is up", kVersion));
  if (stores) memory_of_clock.keep_regularly(loop, service);
  loop.run();
  if (stores) memory_of_clock.keep(service);
  log.write(base::LogLevel::info, "noonmarkd ends");
  return {};
}

}  // namespace noonmark::daemon
