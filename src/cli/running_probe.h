#pragma once

#include <functional>
#include <optional>
#include <utility>

#include "cli/display.h"

namespace noonmark::cli {

/// A probe that is forgotten with its object.
class RunningProbe {
 public:
  explicit RunningProbe(const Probes& probes) : probes_(probes) {}
  ~RunningProbe() { stop(); }
  RunningProbe(const RunningProbe&) = delete;
  RunningProbe& operator=(const RunningProbe&) = delete;

  /// `news` is called after each outcome and at the end. Ends the one before.
  base::Result<void> start(const core::ProbeRequest& request, std::function<void()> news) {
    stop();
    auto id = probes_.start(request, std::move(news));
    if (!id) return tl::unexpected(id.error());
    id_ = *id;
    return {};
  }
  std::optional<core::ProbeState> state() const { return id_ ? probes_.state(*id_) : std::nullopt; }
  void stop() {
    if (id_) probes_.cancel(*id_);
    id_.reset();
  }

 private:
  const Probes& probes_;
  std::optional<core::ProbeId> id_;
};

}  // namespace noonmark::cli
