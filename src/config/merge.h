#pragma once

#include "config/model.h"

namespace noonmark::config {

struct Merge {
  Configuration merged;
  /// The rows that both sides changed, each in its own way, as `theirs` has them (as `mine` where theirs has
  /// none).
  Configuration contested;
  bool conflict = false;
};

/// The changes from `base` to `mine` put upon `theirs`, row by row.
Merge merge(const Configuration& base, const Configuration& mine, const Configuration& theirs);

}  // namespace noonmark::config
