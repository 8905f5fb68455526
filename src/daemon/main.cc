#include <cstdio>
#include <cstdlib>
#include <CLI/CLI.hpp>
#include <malloc.h>

#include "build_info.h"
#include "daemon/daemon.h"
#include "daemon/options.h"
#include "io/server_workers.h"

int main(int argc, char** argv) {
  using namespace noonmark;
  constexpr int kWrongUsage = 2;

  // Fixed, so that it does not grow with what was freed: a large table is memory of its own, which is
  // nobody's until it is used and the kernel's again when it goes.
  constexpr int kOwnMapping = 1 << 20;
  mallopt(M_MMAP_THRESHOLD, kOwnMapping);

  daemon::Options options;
  std::string clock = "system", log_level = "info", config;
  bool no_control = false, no_sandbox = false;
  CLI::App app{
      "noonmarkd: keeps this machine's clock on its NTP servers' time, and serves it. Configured by "
      "`noonmark`.",
      "noonmarkd"};
  app.set_version_flag("--version", std::string("noonmarkd ") + daemon::kVersion);
  app.add_option("--state-dir", options.state_dir,
                 "configuration, key file, and what was learned of the clock")
      ->capture_default_str();
  app.add_option("--run-dir", options.run_dir, "control socket, lock and quality.json")
      ->capture_default_str();
  app.add_option("--config", config,
                 "take the configuration from this file of system-view commands; nothing is stored");
  app.add_option("--clock", clock, "system | observe | virtual:offset=SECONDS,frequency=PPM")
      ->capture_default_str();
  app.add_option("--leap-file", options.leap_file, "leap-seconds.list of the system; need not exist")
      ->capture_default_str();
  app.add_option("--server-workers", options.server_workers,
                 "threads that answer requests for the time; 0: the main one does")
      ->check(CLI::Range(0U, io::ServerWorkers::kMost))
      ->capture_default_str();
  app.add_option("--log-level", log_level, "error | warning | notice | info | debug")->capture_default_str();
  app.add_flag("--no-control", no_control, "open no control socket");
  app.add_flag("--no-sandbox", no_sandbox, "keep the capabilities that are dropped otherwise");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? EXIT_SUCCESS : kWrongUsage;
  }
  options.control = !no_control;
  options.sandbox = !no_sandbox;
  if (!config.empty()) options.config_file = config;
  const auto parsed_clock = daemon::parse_clock_option(clock);
  const auto level = base::parse_log_level(log_level);
  if (!parsed_clock || !level) {
    std::fprintf(stderr, "noonmarkd: %s\n",
                 parsed_clock ? "--log-level takes error, warning, notice, info or debug"
                              : parsed_clock.error().message.c_str());
    return kWrongUsage;
  }
  options.clock = *parsed_clock;
  options.log_level = *level;

  base::StderrLog log(options.log_level);
  if (const auto result = daemon::run_daemon(options, log); !result) {
    log.write(base::LogLevel::error, "noonmarkd: " + result.error().message);
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
