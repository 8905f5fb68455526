#include "sim/runner.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <thread>

#include "sim/world.h"

namespace noonmark::sim {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kProgressEvery = std::chrono::milliseconds(200);

struct Job {
  std::size_t variant = 0, seed = 0;  // by index
  RunControl control;
  std::atomic<bool> done = false;
};
using Jobs = std::vector<std::unique_ptr<Job>>;

Jobs jobs_of(const std::vector<Variant>& variants, const RunPlan& plan) {
  Jobs jobs;
  for (std::size_t seed = 0; seed < plan.seeds; ++seed)
    for (std::size_t variant = 0; variant < variants.size(); ++variant) {
      auto job = std::make_unique<Job>();
      job->variant = variant;
      job->seed = seed;
      job->control.stop = plan.stop;
      jobs.push_back(std::move(job));
    }
  return jobs;
}

Progress progress_of(const Jobs& jobs, const std::vector<Variant>& variants, Clock::time_point start) {
  Progress p{.all = jobs.size()};
  double work = 0, done = 0;
  for (const auto& job : jobs) {
    const double duration = variants[job->variant].scenario.world.duration;
    work += duration;
    done += job->done ? duration : job->control.time.load(std::memory_order_relaxed);
    p.done += job->done ? 1 : 0;
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  p.share = work > 0 ? done / work : 1;
  p.speed = seconds > 0 ? done / seconds : 0;
  return p;
}

/// The mean of what is not NaN; of nothing: NaN.
template <class Value>
double mean_over(const std::vector<Figures>& seeds, Value value) {
  double sum = 0, count = 0;
  for (const auto& f : seeds) {
    const double v = value(f);
    if (std::isnan(v)) continue;
    sum += v;
    ++count;
  }
  return count > 0 ? sum / count : Figures::kNone;
}

}  // namespace

std::vector<std::vector<RunResult>> run_all(const std::vector<Variant>& variants, const RunPlan& plan) {
  std::vector<std::vector<RunResult>> results(variants.size(), std::vector<RunResult>(plan.seeds));
  auto jobs = jobs_of(variants, plan);
  std::atomic<std::size_t> next = 0;
  std::atomic<unsigned> busy = std::max(1u, plan.jobs);
  const auto work = [&] {
    for (std::size_t i = next++; i < jobs.size() && !(plan.stop != nullptr && *plan.stop); i = next++) {
      Job& job = *jobs[i];
      World world(variants[job.variant].scenario, plan.first_seed + job.seed, plan.trace && job.seed == 0);
      results[job.variant][job.seed] = world.run(job.control);
      job.done = true;
    }
    --busy;
  };
  const auto start = Clock::now();
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < std::max(1u, plan.jobs); ++i) threads.emplace_back(work);
  while (plan.progress && busy > 0) {
    std::this_thread::sleep_for(kProgressEvery);
    plan.progress(progress_of(jobs, variants, start));
  }
  for (auto& thread : threads) thread.join();
  return results;
}

Figures over_seeds(const std::vector<Figures>& seeds) {
  if (seeds.empty()) return {};
  const auto mean = [&](auto member) {
    return mean_over(seeds, [&](const Figures& f) { return static_cast<double>(f.*member); });
  };
  const auto root = [&](auto member) {
    return std::sqrt(mean_over(seeds, [&](const Figures& f) { return f.*member * (f.*member); }));
  };
  const auto whole = [&](auto member) { return static_cast<std::uint64_t>(std::llround(mean(member))); };
  Figures f{.members = seeds.front().members,
            .rms = root(&Figures::rms),
            .p50 = mean(&Figures::p50),
            .p99 = mean(&Figures::p99),
            .max = mean(&Figures::max),
            .first_hour = root(&Figures::first_hour),
            .frequency = root(&Figures::frequency),
            .synchronized = mean(&Figures::synchronized),
            .holdover = mean(&Figures::holdover),
            .mean_bound = mean(&Figures::mean_bound),
            .sent = whole(&Figures::sent),
            .received = whole(&Figures::received),
            .steps = whole(&Figures::steps),
            .losses = whole(&Figures::losses)};
  for (const auto& seed : seeds) {
    f.bound_use = std::fmax(f.bound_use, seed.bound_use);  // of a NaN and a number, the number
    f.violations += seed.violations;
    f.never_synchronized += seed.never_synchronized;
  }
  return f;
}

}  // namespace noonmark::sim
