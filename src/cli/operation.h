#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "base/result.h"
#include "cli/display.h"

namespace noonmark::cli {

/// A display that takes a while. Its end destroys nothing: the owner does, after done() has returned.
/// Destroyed before, it stops at once and says nothing.
class Operation {
 public:
  struct Listener {
    /// Whole lines, which begin the text of the result.
    std::function<void(std::string_view)> progress;
    /// Once, not from within start().
    std::function<void(const base::Result<DisplayOutput>&)> done;
  };
  virtual ~Operation() = default;
  virtual void start(Listener listener) = 0;
  /// done() follows soon, with what there is.
  virtual void interrupt() = 0;
};

}  // namespace noonmark::cli
