#include "core/estimator/estimator.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <vector>

#include "core/estimator/clock_model.h"
#include "core/estimator/source_model.h"

namespace noonmark::core {
namespace {

using namespace estimator;

constexpr std::size_t kSlots = ClockModel::kSlots;
static_assert(kSlots == ClockEstimator::kMaxFeeding);

double square(double value) { return value * value; }

bool is_plausible(const Sample& sample) {  // false for NaN
  return std::abs(sample.offset) < kMaxOffset && sample.delay > 0 && sample.delay < kMaxOffset;
}

bool is_share(double value) { return value >= 0 && value <= 1; }
bool is_delay(double value) { return value > 0 && value < kMaxOffset; }

bool is_plausible(const SavedSource& saved) {
  return is_delay(saved.min_delay) && is_delay(saved.typical_excess) &&
         std::all_of(saved.law_weights.begin(), saved.law_weights.end(), is_share) &&
         std::any_of(saved.law_weights.begin(), saved.law_weights.end(), is_delay) &&
         std::all_of(saved.law_variances.begin(), saved.law_variances.end(), is_delay) &&
         std::abs(saved.bias) < saved.min_delay && is_delay(saved.bias_variance);
}

FrequencyPrior plausible(const ClockEstimator::Prior& prior) {
  const double deviation = prior.frequency_deviation;
  const bool is_known = std::abs(prior.frequency) < 1 && deviation > 0 && deviation < 1;
  const ClockEstimator::Prior used = is_known ? prior : ClockEstimator::Prior{};
  return {used.frequency, used.frequency_deviation, std::isfinite(prior.wander) ? prior.wander : 0};
}

}  // namespace

struct ClockEstimator::Impl {
  struct Bias {
    double mean = 0;
    double variance = 0;
  };
  struct Source {
    Source(double interval, const FrequencyPrior& prior, const SavedSource* saved)
        : model(interval, prior, saved) {
      if (saved != nullptr) bias = {saved->bias, saved->bias_variance};
    }
    SourceModel model;
    std::optional<Bias> bias;  // that an earlier run learned
  };
  struct Pending {
    AssociationId source{};
    Sample sample;
    PathEvent event;
  };
  using Way = History<ClockModel, ClockModel::Input, kSpan * kSlots>;
  static constexpr std::size_t kMaxPending = 64;
  static constexpr std::size_t kMaxStart = kStartSamples * kSlots;

  explicit Impl(const Prior& given) : prior(plausible(given)) {
    pending.reserve(kMaxPending);
    first.reserve(kMaxStart + 1);
  }

  Source* find(AssociationId id);
  const Source* find(AssociationId id) const { return const_cast<Impl*>(this)->find(id); }
  std::optional<std::size_t> slot_of(AssociationId id) const;
  bool feeds(AssociationId id) const { return std::ranges::find(feeding, id) != feeding.end(); }

  void set_feeding(std::span<const AssociationId> ids);
  void collect(const Pending& next);
  void begin();
  void follow(const Pending& next);
  void open_epoch(std::size_t slot, const PathEvent& event);
  std::size_t join(AssociationId id);
  std::size_t free_slot();
  Bias prior_bias(const Source& source) const;
  const FrequencyPrior& widest_prior() const;
  ClockModel::Input input(std::size_t slot, const Sample& sample) const;
  void refresh(ClockModel::Input& input) const;
  void note(const ClockModel::Input& input);
  void disturb(double offset, double frequency);
  void forget(AssociationId id);
  void distrust(AssociationId id);

  FrequencyPrior prior;
  std::map<AssociationId, std::unique_ptr<Source>> sources;
  std::map<AssociationId, SavedSource> expected;  // of sources without a sample
  std::vector<Pending> pending;
  std::vector<AssociationId> feeding;  // at most kSlots
  std::array<std::optional<AssociationId>, kSlots> slots;
  std::vector<Pending> first;  // samples of the start phase, by time
  bool has_estimate = false;
  bool is_starting = true;
  ClockModel clock;
  Way way;
};

ClockEstimator::Impl::Source* ClockEstimator::Impl::find(AssociationId id) {
  const auto it = sources.find(id);
  return it == sources.end() ? nullptr : it->second.get();
}

std::optional<std::size_t> ClockEstimator::Impl::slot_of(AssociationId id) const {
  const auto it = std::ranges::find(slots, std::optional(id));
  if (it == slots.end()) return std::nullopt;
  return static_cast<std::size_t>(it - slots.begin());
}

void ClockEstimator::Impl::set_feeding(std::span<const AssociationId> ids) {
  feeding.clear();
  for (const AssociationId id : ids) {
    if (feeding.size() < kSlots && find(id) != nullptr && !feeds(id)) feeding.push_back(id);
  }
}

/// Section 5.3: the constant bias of a path is unknown but small.
ClockEstimator::Impl::Bias ClockEstimator::Impl::prior_bias(const Source& source) const {
  const double variance = square(kAsymmetry * source.model.min_delay() + kLeastAsymmetry);
  if (!source.bias) return {0, variance};
  return {source.bias->mean, std::min(source.bias->variance, variance)};
}

/// Section 4.6: of the feeding sources.
const FrequencyPrior& ClockEstimator::Impl::widest_prior() const {
  const FrequencyPrior* widest = &prior;
  for (const AssociationId id : feeding) {
    const FrequencyPrior& own = find(id)->model.prior();
    if (own.deviation > widest->deviation) widest = &own;
  }
  return *widest;
}

ClockModel::Input ClockEstimator::Impl::input(std::size_t slot, const Sample& sample) const {
  ClockModel::Input result{.slot = slot, .at = sample.at, .offset = sample.offset, .delay = sample.delay};
  refresh(result);
  return result;
}

/// The noise by what the source knows now.
void ClockEstimator::Impl::refresh(ClockModel::Input& input) const {
  if (input.kind == ClockModel::Input::Kind::sample)
    input.noise = find(*slots[input.slot])->model.noise(input.delay);
}

/// A slot that is free, or that of a source that feeds no more: its states are marginalised out only when
/// their place is needed, so a source that comes back finds what was known of it.
std::size_t ClockEstimator::Impl::free_slot() {
  const auto is_usable = [&](const auto& slot) { return !slot || !feeds(*slot); };
  auto it = std::find(slots.begin(), slots.end(), std::nullopt);
  if (it == slots.end()) it = std::ranges::find_if(slots, is_usable);
  return static_cast<std::size_t>(it - slots.begin());
}

std::size_t ClockEstimator::Impl::join(AssociationId id) {
  if (const auto slot = slot_of(id)) return *slot;
  const std::size_t slot = free_slot();
  const Source& source = *find(id);
  const Bias bias = prior_bias(source);
  slots[slot] = id;
  clock.join(slot, bias.mean, bias.variance, source.model.epoch_variance());
  way.restart(clock);
  return slot;
}

/// Section 5.2: until there are enough samples of the feeding sources, all of them are evaluated anew.
void ClockEstimator::Impl::collect(const Pending& next) {
  if (first.size() == kMaxStart) first.erase(first.begin());
  const auto later = [](const Pending& a, const Pending& b) { return a.sample.at < b.sample.at; };
  first.insert(std::upper_bound(first.begin(), first.end(), next, later), next);
  const auto used = std::ranges::count_if(first, [&](const Pending& p) { return feeds(p.source); });
  if (used == 0) return;
  begin();
  const auto enough = static_cast<std::ptrdiff_t>(kStartSamples * feeding.size());
  is_starting = used < enough && first.size() < kMaxStart;
  if (is_starting) return;
  way.restart(clock);
  first.clear();
}

void ClockEstimator::Impl::begin() {
  has_estimate = false;
  slots.fill(std::nullopt);
  for (const Pending& p : first) {
    if (!feeds(p.source)) continue;
    if (!has_estimate) {
      const double offset = p.sample.offset - find(p.source)->model.noise(p.sample.delay).mean;
      clock.start(p.sample.at, offset, square(kDiffuseDelays * p.sample.delay) + kDiffuseVariance,
                  widest_prior());
      for (const AssociationId id : feeding) join(id);
      has_estimate = true;
    }
    clock.add(input(*slot_of(p.source), p.sample));
  }
}

void ClockEstimator::Impl::note(const ClockModel::Input& input) {
  const auto used =
      slots.size() - static_cast<std::size_t>(std::count(slots.begin(), slots.end(), std::nullopt));
  way.add(input, clock, kSpan * used);
  clock.add(input);
}

/// Section 6.1: the clock goes back too, to before the shifted samples of this source, and again through all
/// that came since.
void ClockEstimator::Impl::open_epoch(std::size_t slot, const PathEvent& event) {
  using Kind = ClockModel::Input::Kind;
  if (way.size() == Way::kCapacity) way.restart(clock);
  std::size_t position = way.size();
  for (std::size_t seen = 0; position > 0 && seen < event.back;) {
    --position;
    if (way[position].slot == slot && way[position].kind == Kind::sample) ++seen;
  }
  clock = way.before(position, [](ClockModel& model, const ClockModel::Input& input) { model.add(input); });
  way.insert(position, {.kind = Kind::epoch_opened, .slot = slot, .noise = {0, event.variance}});
  for (std::size_t i = position; i < way.size(); ++i) {
    refresh(way[i]);
    clock.add(way[i]);
  }
}

/// One more sample after the start phase.
void ClockEstimator::Impl::follow(const Pending& next) {
  using Kind = ClockModel::Input::Kind;
  if (const auto slot = slot_of(next.source)) {
    if (next.event.kind == PathEvent::Kind::epoch_opened) open_epoch(*slot, next.event);
    if (next.event.kind == PathEvent::Kind::epoch_closed) note({.kind = Kind::epoch_closed, .slot = *slot});
  }
  if (feeds(next.source)) note(input(join(next.source), next.sample));
}

void ClockEstimator::Impl::disturb(double offset, double frequency) {
  for (auto& [id, source] : sources) source->model.disturb(offset, frequency);
  clock.disturb(offset, frequency);
  way.restart(clock);
  pending.clear();
  first.clear();
}

void ClockEstimator::Impl::forget(AssociationId id) {
  expected.erase(id);
  sources.erase(id);
  std::erase(feeding, id);
  for (auto* list : {&pending, &first})
    std::erase_if(*list, [&](const Pending& p) { return p.source == id; });
  if (const auto slot = slot_of(id)) {
    slots[*slot].reset();
    clock.leave(*slot);
    way.restart(clock);
  }
}

/// Section 5.5: what the others show is not its doing, but what was learned of their biases beside it is.
void ClockEstimator::Impl::distrust(AssociationId id) {
  if (is_starting || !slot_of(id)) return;
  const auto stays = [&](const auto& slot) { return slot && *slot != id && feeds(*slot); };
  std::array<ClockModel::Kept, kSlots> kept;
  std::size_t count = 0;
  for (std::size_t slot = 0; slot < kSlots; ++slot) {
    if (!stays(slots[slot])) continue;
    const Bias bias = prior_bias(*find(*slots[slot]));
    kept[count++] = {slot, bias.mean, bias.variance};
  }
  if (count == 0) return;
  for (auto& slot : slots)
    if (!stays(slot)) slot.reset();
  clock.reopen(std::span(kept).first(count));
  way.restart(clock);
}

ClockEstimator::ClockEstimator(const Prior& prior) : impl_(std::make_unique<Impl>(prior)) {}
ClockEstimator::~ClockEstimator() = default;
ClockEstimator::ClockEstimator(ClockEstimator&&) noexcept = default;
ClockEstimator& ClockEstimator::operator=(ClockEstimator&&) noexcept = default;

bool ClockEstimator::learn(AssociationId id, const Sample& sample, double interval) {
  if (!is_plausible(sample)) return false;
  Impl::Source* source = impl_->find(id);
  if (source == nullptr) {
    const auto saved = impl_->expected.find(id);
    const double unit = interval > kLeastInterval ? std::min(interval, kMaxInterval) : kLeastInterval;
    auto made = std::make_unique<Impl::Source>(unit, impl_->prior,
                                               saved == impl_->expected.end() ? nullptr : &saved->second);
    source = impl_->sources.emplace(id, std::move(made)).first->second.get();
    impl_->expected.erase(id);
  } else if (sample.at <= source->model.at()) {
    return false;
  }
  const PathEvent event = source->model.add(sample);
  if (impl_->pending.size() == Impl::kMaxPending) impl_->pending.erase(impl_->pending.begin());
  impl_->pending.push_back({id, sample, event});
  return true;
}

void ClockEstimator::absorb(std::span<const AssociationId> feeding) {
  impl_->set_feeding(feeding);
  for (const Impl::Pending& next : impl_->pending) {
    impl_->is_starting ? impl_->collect(next) : impl_->follow(next);
  }
  impl_->pending.clear();
}

void ClockEstimator::distrust(AssociationId source) { impl_->distrust(source); }
void ClockEstimator::forget(AssociationId source) { impl_->forget(source); }

void ClockEstimator::expect(AssociationId source, const SavedSource& saved) {
  if (is_plausible(saved) && impl_->find(source) == nullptr) impl_->expected[source] = saved;
}

void ClockEstimator::disturb(double offset, double frequency) {
  if (std::isnan(offset) || std::isnan(frequency)) return;
  const double largest = std::sqrt(kMaxVariance);
  impl_->disturb(std::clamp(offset, -largest, largest), std::clamp(frequency, -1.0, 1.0));
}

std::optional<ClockEstimate> ClockEstimator::estimate(RawTime at) const {
  if (!impl_->has_estimate) return std::nullopt;
  const ClockModel& clock = impl_->clock;
  const double dt = (at - clock.at()).seconds();
  return ClockEstimate{.at = at,
                       .offset = clock.mixture().offset_after(dt),
                       .frequency = clock.mixture().frequency,
                       .offset_deviation = std::sqrt(clock.variance_after(std::max(0.0, dt))),
                       .frequency_deviation = std::sqrt(clock.frequency_variance_after(std::max(0.0, dt)))};
}

std::optional<SourceEstimate> ClockEstimator::source(AssociationId id, RawTime at) const {
  const Impl::Source* source = impl_->find(id);
  if (source == nullptr) return std::nullopt;
  const Mixture& mixture = source->model.bank().mixture();
  const double dt = (at - source->model.at()).seconds();
  SourceEstimate result;
  result.at = at;
  result.offset = mixture.offset_after(dt);
  result.frequency = mixture.frequency;
  result.offset_deviation = std::sqrt(mixture.variance_after(dt));
  result.frequency_deviation = std::sqrt(mixture.frequency_variance);
  result.min_delay = source->model.min_delay();
  result.noise = source->model.typical_noise();
  result.asymmetry = kAsymmetry * source->model.min_delay() + kLeastAsymmetry;
  result.samples = source->model.bank().samples();
  return result;
}

double ClockEstimator::growth(AssociationId id, double seconds) const {
  if (!(seconds > 0) || !std::isfinite(seconds)) return 1;
  if (const auto slot = impl_->slot_of(id); slot && impl_->has_estimate) {
    const double now = std::max(impl_->clock.shown_deviation(*slot, 0), kLeastDeviation);
    return impl_->clock.shown_deviation(*slot, seconds) / now;
  }
  const Impl::Source* source = impl_->find(id);
  return source == nullptr ? 1 : source->model.bank().growth(seconds);
}

double ClockEstimator::tracking_deviation(AssociationId id) const {
  if (const auto slot = impl_->slot_of(id); slot && impl_->has_estimate) {
    return std::max(impl_->clock.shown_deviation(*slot, 0), kLeastDeviation);
  }
  const Impl::Source* source = impl_->find(id);
  return source == nullptr ? 0 : std::sqrt(source->model.bank().mixture().offset_variance);
}

double ClockEstimator::surprise() const { return impl_->clock.surprise(); }
bool ClockEstimator::needs_confirmation() const { return impl_->clock.is_contradicted(); }
bool ClockEstimator::is_starting() const { return impl_->is_starting; }

SavedClock ClockEstimator::save(RawTime at) const {
  SavedClock result;
  const auto now = estimate(at);
  result.frequency = now ? now->frequency : impl_->prior.frequency;
  result.frequency_deviation = now ? now->frequency_deviation : impl_->prior.deviation;
  result.wander = now ? impl_->clock.wander() : impl_->prior.wander;
  return result;
}

std::optional<SavedSource> ClockEstimator::save(AssociationId id) const {
  const Impl::Source* source = impl_->find(id);
  if (source == nullptr) return std::nullopt;
  SavedSource result;
  source->model.save(result);
  const auto slot = impl_->slot_of(id);
  const Impl::Bias prior = impl_->prior_bias(*source);
  result.bias = slot ? impl_->clock.bias(*slot, result.bias_variance) : prior.mean;
  if (!slot) result.bias_variance = prior.variance;
  return result;
}

bool ClockEstimator::is_sound() const {
  return (!impl_->has_estimate || impl_->clock.is_sound()) &&
         std::ranges::all_of(impl_->sources, [](const auto& row) { return row.second->model.is_sound(); });
}

}  // namespace noonmark::core
