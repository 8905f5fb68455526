#pragma once

#include <cstddef>

/// Every constant of the estimator. Times in seconds, frequencies in s/s, variances squared;
/// docs/estimator.md says for each section why.
namespace noonmark::core::estimator {

// Delay statistics, section 2
inline constexpr std::size_t kDelayWindow = 512;     // samples whose least delay is the path's
inline constexpr std::size_t kExcessWindow = 256;    // samples for the typical excess
inline constexpr double kExcessQuantile = 0.3;       // low: stays put when load comes and goes
inline constexpr double kYoungExcessQuantile = 0.5;  // of a window with fewer than
inline constexpr std::size_t kYoungWindow = 48;      // so many samples
inline constexpr double kLeastExcess = 2e-7;         // s
inline constexpr double kExcessMemory = 0.02;        // share of a new value in the slow typical excess
inline constexpr int kExcessSettled = 64;            // samples until that memory begins

// Noise laws, section 3
inline constexpr double kAsymmetryPrior = -5;      // log odds against every law that is not symmetric
inline constexpr double kHingeFloor = 0.04;        // relative variance of a directional law without excess
inline constexpr double kMaxRelativeExcess = 1e6;  // of the typical one, in the symmetric laws
inline constexpr double kSlopeDeviation = 0.3;     // of the free slope, offset error per excess
inline constexpr double kSlopeMemory = 400;        // poll intervals in which the slope is forgotten

// Bank of one source, section 4
inline constexpr std::size_t kWanderLevels = 7;
inline constexpr double kLeastWanderRatio = 1e-5;  // q T^1.5 / sigma of the first level
inline constexpr double kWanderRatioStep = 8;      // from level to level
inline constexpr double kScaleMemory = 48;         // samples that the scale of the noise remembers
inline constexpr double kScaleBias = 1.03;         // makes up for the clipped scores
inline constexpr int kCautiousScale = 12;          // samples in which the scale moves by R/S only
inline constexpr double kMaxScaleStep = 3;         // factor of one sample
inline constexpr double kLeastScale = 1e-20, kMaxScale = 1e8;  // s^2
inline constexpr double kLeastFirstScale = 1e-14;              // s^2
inline constexpr double kFirstScaleOfDelay = 1e-3;             // s^2 per squared delay, with one sample only
inline constexpr double kBankFloor = -60;                      // least log weight
inline constexpr double kBankReseed = -9;          // log weight below which a stray filter is seeded anew
inline constexpr double kBankForget = 0.985;       // of the log weight, each sample
inline constexpr double kNegligibleWeight = 1e-4;  // left out of the mixture
inline constexpr double kNegligibleLaw = 1e-3;     // left out of a sample's noise
inline constexpr std::size_t kBatch = 12;          // first samples that are evaluated together
inline constexpr double kPriorSpan = 30;  // s of first samples that may prove the frequency's prior wrong,
inline constexpr double kPriorMiss = 2;   // when they are so many deviations beyond what delays explain
inline constexpr int kBankLearning = 8;   // samples without forgetting, and before any seeding anew
inline constexpr int kBankRobust = 6;     // samples before the Huber gain

inline constexpr double kNoiseDoubt =
    16;  // samples from which the learned noise is worth more than the doubt

// Both kinds of filter, section 4
inline constexpr double kStudentDegrees = 6;  // of freedom, of the score
inline constexpr double kHuber = 3;           // standard deviations
inline constexpr double kStray = 9;           // squared deviations from the mixture
inline constexpr double kMaxGap = 1e6;        // s, longest prediction

// Clock model, section 5
inline constexpr std::size_t kClockFilters = 9;
inline constexpr double kLeastWander = 1e-11;  // s/s per sqrt(s)
inline constexpr double kWanderStep = 4;
inline constexpr double kClockForget = 0.97;    // of the log weight, each sample
inline constexpr double kStandingWeight = 60;   // samples that the long memory counts as
inline constexpr double kStandingMemory = 600;  // samples in which it forgets
inline constexpr double kStandingClip = 0.5;    // most that one sample says in it
inline constexpr double kClockFloor = -12;
inline constexpr double kClockReseed = -5;
inline constexpr double kClockReseeded = -2;      // log weight of a filter that was seeded anew
inline constexpr int kClockLearning = 8;          // updates without forgetting, Huber gain and seeding anew
inline constexpr double kAsymmetry = 0.05;        // deviation of a path's constant bias per least delay
inline constexpr double kLeastAsymmetry = 1e-7;   // s, added to it
inline constexpr double kDiffuseDelays = 10;      // delays: the start's deviation of the offset,
inline constexpr double kDiffuseVariance = 1e-8;  // s^2, and what is added to its square
inline constexpr std::size_t kStartSamples = 12;  // per feeding source

// Path epochs, section 6
inline constexpr int kEpochLearning = 24;  // samples before a source may have an epoch
inline constexpr std::size_t kLeastShifted = 7, kMostShifted = 14;  // samples that show it
inline constexpr double kShiftRatio = 4;      // of the shift to the spread and to the typical excess
inline constexpr double kSharpEdge = 0.35;    // of the shift: the most that the sample before has
inline constexpr double kShiftSpread = 0.75;  // quantile of the shifted samples for their spread
inline constexpr double kWayBack = 0.5;       // of the shift: below it the old path is back

// Steps, section 7
inline constexpr double kStepScore = 16;       // variances, from which a sample counts
inline constexpr int kStepCount = 4;           // samples of the same sign
inline constexpr int kHardCount = 2;           // what one counts that no honest path explains
inline constexpr double kHardDeviations = 5;   // beyond half the delay
inline constexpr int kStepLearning = 12;       // samples before steps are looked for
inline constexpr double kStepScaleGrowth = 2;  // of the noise's scale that a step may leave behind

// Guards, section 8
inline constexpr double kLeastNoise = 1e-12;     // of the variance of the prediction
inline constexpr double kLeastVariance = 1e-20;  // s^2
inline constexpr double kLeastOffsetVariance = 1e-20, kMaxVariance = 1e12;  // s^2
inline constexpr double kLeastFrequencyVariance = 1e-26, kMaxFrequencyVariance = 1e-4;
inline constexpr double kMaxSlopeVariance = 1;
inline constexpr double kLeastDeviation = 1e-9;                     // s, of what a source shows
inline constexpr double kLeastPivot = 1e-10;                        // of a variance, given those before it
inline constexpr double kMaxOffset = 4294967296.0;                  // s, span of NTP timestamps
inline constexpr double kLeastInterval = 1, kMaxInterval = 131072;  // s, polls 0 to 17

// History, section 9
inline constexpr std::size_t kSpan = 16;  // samples that can surely be taken back

// What an earlier run learned, section 10
inline constexpr int kSavedWeight = 24;          // samples that the saved noise counts as
inline constexpr double kSavedWanderSpread = 1;  // standard deviation of the saved wander, in levels
inline constexpr std::size_t kSavedJudged = 4;   // samples after which it is judged
inline constexpr double kSavedMiss = 10;         // typical excesses of their least delay from the saved one

}  // namespace noonmark::core::estimator
