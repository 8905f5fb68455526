#pragma once

#include <algorithm>
#include <optional>

#include "core/association.h"
#include "core/engine.h"

namespace noonmark::core {

/// An association that takes no part in the selection and has a schedule of its own.
class Probe {
 public:
  Probe(ProbeId id, AssociationId association, const ProbeRequest& request, std::int8_t precision,
        RawTime now)
      : association_(association, request.server, precision), id_(id), request_(request), next_(now) {}

  Association& association() { return association_; }
  ProbeId id() const { return id_; }
  Duration patience() const { return request_.patience; }
  bool is_done() const { return done_; }
  bool is_due(RawTime now) const { return !done_ && next_ <= now; }
  void on_sent(RawTime now) { next_ = ++sent_ < request_.requests ? now + request_.spacing : kNever; }
  RawTime next_deadline() const { return done_ ? kNever : std::min(next_, association_.next_expiry()); }
  /// Whether nothing more can come.
  bool is_exhausted() const;
  /// `reason`: why it cannot go on; none: the association tells.
  void finish(std::optional<Reason> reason) {
    done_ = true;
    refusal_ = reason;
  }
  const std::optional<Reason>& refusal() const { return refusal_; }

 private:
  Association association_;
  ProbeId id_;
  ProbeRequest request_;
  RawTime next_;
  unsigned sent_ = 0;
  bool done_ = false;
  std::optional<Reason> refusal_;
};

}  // namespace noonmark::core
