#pragma once

#include <optional>

#include "config/datastore.h"
#include "daemon/time_service.h"

namespace noonmark::daemon {

/// Carries a commit to the time service.
class TimeParticipant final : public config::Participant {
 public:
  explicit TimeParticipant(TimeService& service) : service_(service) {}

  base::Result<void> prepare(const config::Configuration&, const core::NtpConfig& ntp) override {
    if (auto result = service_.prepare(ntp); !result) return result;
    prepared_ = ntp;
    return {};
  }
  void apply() override {
    service_.apply(*prepared_);
    prepared_.reset();
  }
  void abort() override { prepared_.reset(); }

 private:
  TimeService& service_;
  std::optional<core::NtpConfig> prepared_;
};

}  // namespace noonmark::daemon
