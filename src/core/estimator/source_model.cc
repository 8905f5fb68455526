#include "core/estimator/source_model.h"

#include <algorithm>
#include <cmath>
#include <span>

namespace noonmark::core::estimator {
namespace {

void replay(FilterBank& bank, const Reading& reading) { bank.step(reading); }

/// A bias that may be anything up to half the shift, either way.
double variance_of(double shift) { return shift * shift / 12; }

}  // namespace

SourceModel::SourceModel(double interval, const FrequencyPrior& prior, const SavedSource* saved)
    : interval_(interval), prior_(prior) {
  if (saved == nullptr) return;
  saved_ = *saved;
  delays_.expect(saved->min_delay, saved->typical_excess);
}

Excess SourceModel::excess(double delay) const {
  return {std::max(0.0, delay - delays_.min_delay()), delays_.typical_excess()};
}

Reading SourceModel::reading(const Sample& sample) const {
  return {sample.at, sample.offset, sample.delay, excess(sample.delay)};
}

PathEvent SourceModel::add(const Sample& sample) {
  PathEvent event;
  if (is_old_path_back(sample.delay)) {
    event = close_epoch();
  } else if (const auto shift = find_shift(sample.delay)) {
    event = open_epoch(*shift, sample.delay);
  }
  learn_delay(sample.delay);
  if (batch_size_ < kBatch) {
    start(sample);
  } else {
    history_.add(reading(sample), bank_, kSpan);
    bank_.step(reading(sample));
  }
  return event;
}

/// Section 2: the slow typical excess tells congestion from a shift.
void SourceModel::learn_delay(double delay) {
  delays_.add(delay);
  const double memory = bank_.samples() < kExcessSettled || history_.size() == 0 ? 1 : kExcessMemory;
  slow_excess_ += memory * (delays_.typical_excess() - slow_excess_);
}

/// Section 4.6: the first samples are evaluated anew with each that comes, since what is known of the path's
/// delays still moves.
void SourceModel::start(const Sample& sample) {
  batch_[batch_size_++] = sample;
  check_saved();
  check_prior();
  if (saved_) {
    bank_.start(reading(batch_[0]), interval_, prior_, *saved_);
  } else {
    bank_.start(reading(batch_[0]), interval_, prior_, batch_size_ == 1);
  }
  for (std::size_t i = 1; i < batch_size_; ++i) bank_.step(reading(batch_[i]));
  if (batch_size_ < kBatch) return;
  history_.restart(bank_);
  saved_.reset();
}

/// Section 4.6: a frequency that is far from what was expected shows after the first polls.
void SourceModel::check_prior() {
  const Reading first = reading(batch_[0]);
  const Reading last = reading(batch_[batch_size_ - 1]);
  const double span = (last.at - first.at).seconds();
  if (span < kPriorSpan) return;
  const double miss = std::abs((last.offset - first.offset) / span - prior_.frequency);
  const double doubt = ((first.excess.value + last.excess.value) / 2 + last.excess.typical) / span;
  if (miss - doubt > kPriorMiss * prior_.deviation) prior_.deviation = miss;
}

/// Section 10: delays that have nothing to do with the saved ones are those of another path.
void SourceModel::check_saved() {
  if (!saved_ || batch_size_ < kSavedJudged) return;
  std::array<double, kBatch> delays;
  std::transform(batch_.begin(), batch_.end(), delays.begin(), [](const Sample& s) { return s.delay; });
  const std::span<const double> known(delays.data(), batch_size_);
  const double least = *std::min_element(known.begin(), known.end());
  const double miss = std::abs(least - saved_->min_delay);
  if (miss <= kSavedMiss * std::max(saved_->typical_excess, kLeastExcess)) return;
  delays_.restart(known);
  saved_.reset();
}

/// Section 6.2.
bool SourceModel::is_old_path_back(double delay) const {
  return base_delay_ > 0 && delay - base_delay_ < kWayBack * base_shift_;
}

PathEvent SourceModel::close_epoch() {
  delays_.restart(std::span(&base_delay_, 1));
  base_delay_ = -1;
  bank_.set_epoch(0);
  history_.restart(bank_);
  return {.kind = PathEvent::Kind::epoch_closed};
}

/// Section 6.1: a shift of the least delay that keeps the spread and begins at once is another route, not
/// congestion.
std::optional<SourceModel::Shift> SourceModel::find_shift(double delay) const {
  if (bank_.samples() <= kEpochLearning) return std::nullopt;
  for (std::size_t samples = kLeastShifted; samples <= kMostShifted && samples < history_.size(); ++samples) {
    double min_delay = 0;
    if (is_shift(samples, delay, min_delay)) return Shift{samples, min_delay};
  }
  return std::nullopt;
}

bool SourceModel::is_shift(std::size_t samples, double delay, double& min_delay) const {
  std::array<double, kMostShifted> delays;
  delays[0] = delay;
  for (std::size_t i = 1; i < samples; ++i) delays[i] = history_[history_.size() - i].delay;
  const auto end = delays.begin() + static_cast<std::ptrdiff_t>(samples);
  min_delay = *std::min_element(delays.begin(), end);
  const double shift = min_delay - delays_.min_delay();
  const double before = history_[history_.size() - samples].delay - delays_.min_delay();
  if (shift <= kShiftRatio * slow_excess_ || before >= kSharpEdge * shift) return false;
  const auto upper =
      delays.begin() + static_cast<std::ptrdiff_t>(static_cast<double>(samples) * kShiftSpread);
  std::nth_element(delays.begin(), upper, end);
  return shift > kShiftRatio * (*upper - min_delay);
}

/// Section 6.1: back to the time before the shift, then again with an unknown bias.
PathEvent SourceModel::open_epoch(const Shift& shift, double delay) {
  const std::size_t shifted = shift.samples - 1;  // in the history
  const std::size_t first = history_.size() - shifted;
  const double variance = variance_of(shift.min_delay - delays_.min_delay());
  if (base_delay_ < 0) base_delay_ = delays_.min_delay();
  base_shift_ = shift.min_delay - base_delay_;

  std::array<double, kMostShifted> delays;
  for (std::size_t i = 0; i < shifted; ++i) delays[i] = history_[first + i].delay;
  delays[shifted] = delay;
  delays_.restart(std::span(delays).first(shift.samples));

  bank_ = history_.before(first, replay);
  bank_.set_epoch(variance);
  for (std::size_t i = first; i < history_.size(); ++i) {
    Reading again = history_[i];
    again.excess = excess(again.delay);
    again.excess.typical = std::max(again.excess.typical, slow_excess_ / 2);
    bank_.step(again);
  }
  history_.restart(bank_);
  return {.kind = PathEvent::Kind::epoch_opened, .variance = variance, .back = shifted};
}

double SourceModel::epoch_variance() const { return base_delay_ > 0 ? variance_of(base_shift_) : 0; }

/// Section 4.7: what few samples say of the noise may be much too little.
Noise SourceModel::noise(double delay) const {
  Noise result = bank_.noise(excess(delay));
  const double doubt = kNoiseDoubt / bank_.samples();
  result.variance *= 1 + doubt * doubt;
  return result;
}

double SourceModel::typical_noise() const {
  return std::sqrt(noise(delays_.min_delay() + delays_.typical_excess()).variance);
}

void SourceModel::disturb(double offset, double frequency) {
  bank_.disturb(offset, frequency);
  history_.restart(bank_);
  batch_size_ = kBatch;  // what came before does not belong to what comes now
}

void SourceModel::save(SavedSource& saved) const {
  saved.min_delay = base_delay_ > 0 ? base_delay_ : delays_.min_delay();
  saved.typical_excess = delays_.typical_excess();
  bank_.save(saved);
}

}  // namespace noonmark::core::estimator
