// Puts an NTP server under load and prints what came of it: one line of JSON. For namespaces and the
// loopback: public addresses are refused.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sched.h>

#include "server/load_generator.h"

namespace {

using namespace noonmark;
using base::IpAddress;

constexpr double kMostSeconds = 60;

bool is_private(const IpAddress& address) {
  if (!address.is_v4())
    return address.is_loopback() || address.is_link_local() || (address.bytes()[0] & 0xFE) == 0xFC;
  const std::uint32_t value = address.v4_value();
  return value >> 24 == 127 || value >> 24 == 10 || value >> 20 == 0xAC1 || value >> 16 == 0xC0A8;
}

/// ALGORITHM:ID:PASSWORD
std::optional<core::KeyConfig> parse_key(const std::string& text) {
  const auto first = text.find(':'), second = text.find(':', first + 1);
  if (first == text.npos || second == text.npos) return std::nullopt;
  const auto algorithm = crypto::parse_mac_algorithm(text.substr(0, first));
  if (!algorithm) return std::nullopt;
  core::KeyConfig key;
  key.id = static_cast<std::uint32_t>(std::stoul(text.substr(first + 1)));
  key.algorithm = *algorithm;
  key.secret = crypto::Secret(std::string_view(text).substr(second + 1));
  return key;
}

void pin(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<unsigned>(cpu), &set);
  if (sched_setaffinity(0, sizeof set, &set) != 0) std::perror("ntp_load: sched_setaffinity");
}

nlohmann::json quantiles(const bench::Histogram& histogram) {
  return {
      {"p10", histogram.quantile(0.1)}, {"p50", histogram.quantile(0.5)}, {"p99", histogram.quantile(0.99)}};
}

nlohmann::json report(const bench::LoadGenerator& generator, bool with_stamps) {
  const auto& counts = generator.counts();
  const double seconds = static_cast<double>(counts.elapsed_ns) * 1e-9;
  nlohmann::json json{{"sent", counts.sent},
                      {"answered", counts.answered},
                      {"replies_per_s", static_cast<double>(counts.answered) / seconds},
                      {"lost", counts.lost},
                      {"wrong", counts.wrong},
                      {"wrong_mac", counts.wrong_mac},
                      {"kisses", counts.kisses},
                      {"unsynchronized", counts.unsynchronized},
                      {"repeated", counts.repeated},
                      {"idle", static_cast<double>(counts.idle_ns) * 1e-9 / seconds},
                      {"round_trip_us", quantiles(generator.round_trip())}};
  if (with_stamps) {
    json["t2_t1_us"] = quantiles(generator.forward());
    json["t3_t2_us"] = quantiles(generator.inside());
    json["t4_t3_us"] = quantiles(generator.backward());
  }
  return json;
}

std::vector<std::uint64_t> difference(const std::vector<std::uint64_t>& before,
                                      std::vector<std::uint64_t> after) {
  for (std::size_t i = 0; i < std::min(before.size(), after.size()); ++i) after[i] -= before[i];
  return after;
}

}  // namespace

int main(int argc, char** argv) {
  bench::Load load;
  std::string server, source, key;
  std::uint16_t port = 123;
  int cpu = -1;
  pid_t pid = 0;
  CLI::App app{"Sends requests for the time and prints how they were answered, as JSON.", "ntp_load"};
  app.add_option("server", server, "address: loopback, private or link-local")->required();
  app.add_option("--port", port, "of the server");
  app.add_option("--rate", load.rate, "requests per second, whatever comes back");
  app.add_option("--window", load.window, "requests that wait for their replies")->check(CLI::Range(0, 8192));
  app.add_option("--seconds", load.seconds)->check(CLI::Range(0.01, kMostSeconds));
  app.add_option("--batch", load.batch, "most messages in a call of the kernel")->check(CLI::Range(1, 256));
  app.add_option("--source", source, "first of the IPv4 addresses to send from, all of them this machine's");
  app.add_option("--sources", load.sources, "how many")->check(CLI::Range(1, 1 << 24));
  app.add_option("--first-source", load.first_source, "with which of them to begin, 0 by default");
  app.add_option("--key", key, "ALGORITHM:ID:PASSWORD, the algorithm as in `authentication-mode`");
  app.add_flag("--verify", load.verifies, "check the MAC of each reply");
  app.add_flag("--stamps", load.measures_stamps, "compare timestamps: the server has this machine's clock");
  app.add_option("--cpu", cpu, "run on this CPU");
  app.add_option("--pid", pid, "of the server: its threads' CPU time is told");
  CLI11_PARSE(app, argc, argv);

  const auto address = IpAddress::parse(server);
  if (!address || !is_private(*address) || (load.rate > 0) == (load.window > 0)) {
    std::fprintf(stderr, "ntp_load: give a private address, and either --rate or --window\n");
    return 2;
  }
  load.server = {*address, port, 0};
  if (!source.empty()) load.source = IpAddress::parse_v4(source);
  if (!key.empty() && !(load.key = parse_key(key))) {
    std::fprintf(stderr, "ntp_load: --key takes ALGORITHM:ID:PASSWORD\n");
    return 2;
  }
  if (cpu >= 0) pin(cpu);
  bench::LoadGenerator generator(load);
  const auto before = bench::thread_cpu_ns(pid);
  generator.run();
  auto json = report(generator, load.measures_stamps);
  if (pid != 0) json["server_cpu_ns"] = difference(before, bench::thread_cpu_ns(pid));
  std::printf("%s\n", json.dump().c_str());
  const auto& counts = generator.counts();
  return counts.answered > 0 && counts.wrong + counts.wrong_mac == 0 ? 0 : 1;
}
