#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <unistd.h>
#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "sim/app.h"
#include "sim/scenario_format.h"
#include "sim/tree.h"

namespace {

using namespace noonmark;

constexpr int kWrongUsage = 2;
constexpr std::uint64_t kMaxSeeds = 1000;
constexpr std::uint64_t kMaxSeed = UINT32_MAX;
std::atomic<bool> stop = false;  // a signal handler reaches nothing else
static_assert(std::atomic<bool>::is_always_lock_free);

void stop_on_signals() {
  for (const int number : {SIGINT, SIGTERM}) std::signal(number, [](int) { stop = true; });
  std::signal(SIGPIPE, SIG_IGN);
}

void show(const sim::Progress& p) {
  std::fprintf(stderr, "\r%3.0f %% of %zu runs, %.0f times faster than time  ", 100 * p.share, p.all,
               p.speed);
}
void clear_progress() { std::fprintf(stderr, "\r%50s\r", ""); }

/// On a line of its own, though progress may stand there.
void remark(const std::string& sentence) { std::fprintf(stderr, "noonmark-sim: %s\n", sentence.c_str()); }
void warn(const std::string& sentence) { remark("warning: " + sentence); }

int tell(const base::Error& error) {
  remark(error.message);
  return error.code == base::ErrorCode::invalid ? kWrongUsage : EXIT_FAILURE;
}

int carry_out(const sim::Request& request) {
  stop_on_signals();
  const bool terminal = ::isatty(STDERR_FILENO) == 1;
  const auto outcome = sim::carry_out(
      request, stop,
      {.progress = terminal ? show : std::function<void(const sim::Progress&)>(), .warn = warn});
  if (terminal) clear_progress();
  if (!outcome) return tell(outcome.error());
  std::fputs(outcome->text.c_str(), stdout);
  std::fflush(stdout);
  for (const auto& sentence : outcome->remarks) remark(sentence);
  return outcome->failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

void add_run_options(CLI::App& command, sim::Request& request) {
  command.add_option("--set", request.settings, "NAME.KEY=VALUE: put this line into the section NAME")
      ->allow_extra_args(false)
      ->take_all();
  command
      .add_option("--what-if", request.what_if,
                  "the same in a second variant, which is shown beside the first")
      ->allow_extra_args(false)
      ->take_all();
  command.add_option("--seed", request.first_seed, "number of the first world")
      ->capture_default_str()
      ->check(CLI::Range(std::uint64_t{0}, kMaxSeed));
  command.add_option("--seeds", request.seeds, "how many worlds (default: as the scenario says)")
      ->check(CLI::Range(std::uint64_t{1}, kMaxSeeds));
  command
      .add_option("--jobs", request.jobs,
                  "threads (default: one for each processor); they do not change the results")
      ->check(CLI::Range(1u, 256u));
  command.add_option("--json", request.json, "write the results to this file");
  command.add_flag("--strict", request.strict,
                   "status 1 if a clock was ever beyond its published error bound, or never synchronized");
}

void add_run(CLI::App& app, sim::Request& request) {
  auto* run = app.add_subcommand("run", "run scenarios and show how accurate the clocks were");
  run->add_option("FILE", request.files, "scenarios")->required();
  add_run_options(*run, request);
  run->add_option("--config", request.config,
                  "a second variant: every client with the commands of this file instead of its own");
  run->add_option("--compare", request.compare, "a second variant: this scenario");
  run->add_option("--plot", request.plot,
                  "draw errors and published bounds of the first world into this .svg or .png");
  run->add_option("--trace", request.trace, "write all samples of the first world to this file");
}

void add_tree(CLI::App& app, sim::Request& request, sim::TreeShape& shape, bool& print) {
  auto* tree = app.add_subcommand("tree", "run a tree of clients of which each level serves the next");
  tree->add_option("--nodes", shape.nodes, "clients")->capture_default_str()->check(CLI::Range(1u, 90000u));
  tree->add_option("--fan-out", shape.fan_out, "clients of one server")
      ->capture_default_str()
      ->check(CLI::Range(2u, 1000u));
  tree->add_option("--upstream", shape.upstream, "servers of one client")
      ->capture_default_str()
      ->check(CLI::Range(1u, 16u));
  tree->add_option("--masters", shape.masters, "servers with a reference clock")
      ->capture_default_str()
      ->check(CLI::Range(1u, 100u));
  tree->add_option("--options", shape.options, "of the clients' server lines")->capture_default_str();
  tree->add_option("--hours", shape.hours, "how long")->capture_default_str()->check(CLI::Range(0.1, 1000.0));
  tree->add_flag("--print", print, "show the scenario instead of running it");
  add_run_options(*tree, request);
}

/// What is wrong with the first word, if it should be a command and is none.
std::string unknown_command(const CLI::App& app, int argc, char** argv) {
  const std::string word = argc > 1 ? argv[1] : "-";
  std::vector<std::string> names;
  for (const auto* command : app.get_subcommands({})) names.push_back(command->get_name());
  if (word.starts_with('-') || std::ranges::find(names, word) != names.end()) return "";
  return fmt::format("{} is no command; the commands are {}", word, fmt::join(names, ", "));
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{
      "noonmark-sim: what accuracy to expect of a network's clocks, and what a change of the configuration "
      "brings. "
      "It runs the engine of noonmarkd in virtual time.",
      "noonmark-sim"};
  app.set_version_flag("--version", "noonmark-sim " NOONMARK_VERSION);
  sim::Request request;
  sim::TreeShape shape;
  std::vector<std::string> checked;
  bool print = false, help_format = false;
  request.jobs = std::max(1u, std::thread::hardware_concurrency());
  app.add_flag("--help-format", help_format,
               "show what figures and traces contain, and the format of scenario files");
  app.require_subcommand(0, 1);
  app.failure_message([](const CLI::App*, const CLI::Error& error) {
    return fmt::format(
        "noonmark-sim: {}\nnoonmark-sim --help, or noonmark-sim run --help, tells the options.\n",
        error.what());
  });
  add_run(app, request);
  add_tree(app, request, shape, print);
  app.add_subcommand("check", "read scenarios and say what is wrong with them")
      ->add_option("FILE", checked, "scenarios")
      ->required();
  if (const auto wrong = unknown_command(app, argc, argv); !wrong.empty()) {
    remark(wrong);
    return kWrongUsage;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? EXIT_SUCCESS : kWrongUsage;
  }
  if (help_format) {
    std::fputs((sim::results_reference() + "\n## The format\n" + sim::format_reference()).c_str(), stdout);
    return EXIT_SUCCESS;
  }
  if (app.got_subcommand("check")) {
    const auto fit = sim::check_files(checked, warn);
    return fit ? EXIT_SUCCESS : tell(fit.error());
  }
  if (app.got_subcommand("tree")) {
    if (print) {
      std::fputs(sim::tree_scenario(shape).c_str(), stdout);
      return EXIT_SUCCESS;
    }
    request.tree = shape;
    return carry_out(request);
  }
  if (app.got_subcommand("run")) return carry_out(request);
  std::fputs(app.help().c_str(), stderr);
  return kWrongUsage;
}
