#pragma once

#include <deque>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "core/clock_filter.h"
#include "core/exchange.h"
#include "core/outbox.h"
#include "core/poll.h"
#include "core/server_view.h"
#include "core/source_address.h"
#include "core/state.h"
#include "core/statistics.h"
#include "wire/packet.h"

namespace noonmark::core {

/// What is known of the rate of true against raw time, s/s.
struct ClockRate {
  double frequency = 0;
  double error = 0;
};

/// A packet that waits for its reply. `origin` stands in the place of our transmit timestamp and is what the
/// reply repeats. A client's is a random number: who does not see the request cannot answer it, and it tells
/// nothing about our clock.
struct Request {
  TransmitId id{};
  Timestamp origin;
  Timestamp interleaved_origin{};  // what a reply in the interleaved mode repeats; zero: there cannot be one
  Instant sent;
  bool stamped = false;  // `sent` is the kernel's
  bool settled = false;  // its outcome is known, though a reply may still come
  RawTime expires;
};

/// The request that a reply belongs to, by its origin timestamp.
struct Match {
  Request request;
  bool is_interleaved = false;
};

/// A reply that passed every test and waits, at most 10 ms, for its request's transmit stamp.
struct HeldReply {
  Request request;
  bool is_interleaved = false;
  wire::Header header;
  Instant received;
  RawTime until;
};

/// Whether the header is a kiss-o'-death that has to be obeyed: RATE, DENY or RSTR. Others count as an
/// unsynchronized server (RFC 5905 section 7.4).
bool is_kiss(const wire::Header& header);

/// The correctness of a valid header (RFC 5905 section 8, tests 3, 6 and 7); none: fit for a sample.
std::optional<DropReason> judge_reply(const wire::Header& header, bool is_interleaved = false);

/// One server at work, be it configured or mobilized by its packets: its peer variables, poll process and
/// clock filter. It never sees a socket: the engine sends what it asks for and hands it replies that match
/// one of its requests.
///
/// A client's requests are answered at once. Symmetric peers each send when their own poll is due (or,
/// passive, when the other's packet came), so a packet waits for its reply until two later ones were sent. A
/// broadcast client first asks the server as a client does, to learn the delay, then only listens.
class Association {
 public:
  Association(AssociationId id, const ServerConfig& config, std::int8_t precision);

  AssociationId id() const { return state_.id; }
  const ServerConfig& config() const { return state_.config; }
  AssociationMode mode() const { return state_.config.key.mode; }
  bool is_symmetric() const {
    return mode() == AssociationMode::active || mode() == AssociationMode::passive;
  }
  const AssociationState& state() const { return state_; }
  AssociationState& state() { return state_; }
  /// Counters of its packets; they outlive restarts.
  PacketStatistics& statistics() { return statistics_; }
  const ClockFilter& filter() const { return filter_; }

  /// New options of the same line that keep the samples (preference, preempt, poll range, bursts).
  void reconfigure(const ServerConfig& config);
  /// Forgets everything that was learned from the server; the first request is due at `when`. Gives the
  /// requests that are abandoned by it.
  std::vector<Request> restart(RawTime when);
  /// Where requests go from now on, or why none can be sent. A usable place after an unusable one restarts.
  /// Gives the requests that are abandoned by it.
  std::vector<Request> set_source(const std::variant<SourceChoice, Reason>& choice, RawTime when);
  const SourceChoice* source() const { return std::get_if<SourceChoice>(&source_); }

  RawTime next_deadline() const;
  /// The same without the next poll: expiries and held replies.
  RawTime next_expiry() const;
  bool is_due(RawTime now) const { return poll_.next() <= now; }
  /// The header of the packet that is sent now (RFC 5905 sections 8 and 9.2). A client's tells nothing of our
  /// clock: its transmit timestamp is random. A peer's has the system's variables. `may_interleave`: of a
  /// client.
  wire::Header compose(const ServerView& system, const ClockRate& rate, Instant now, bool may_interleave,
                       base::Random& random) const;
  /// Books a request that is sent now. The reach register shifts once per poll.
  void on_sent(const Request& request, Instant now, base::Random& random);
  /// A peer's packets wait for no time: all but the last one are taken out before the next is sent.
  std::vector<Request> take_superseded(Instant now);
  /// The requests that have waited long enough, taken out.
  std::vector<Request> take_expired(Instant now);
  std::optional<Match> find_request(Timestamp origin) const;
  const std::deque<Request>& requests() const { return requests_; }
  void on_transmitted(TransmitId id, const Stamp& stamp, const Departure& departure);
  /// A failed sending, or an ICMP error for it: only a fact for `explain`. False: the outcome was known
  /// before.
  bool on_send_error(TransmitId id, Reason reason, int error_number, Timestamp now);

  // Replies that match `request`, in the order of the tests:
  void note_problem(Reason reason);  // a reply that does not count: nothing changes but the fact
  /// What became of an outstanding request, for `explain`. The first word counts: false if it was not this.
  bool settle(TransmitId request, const Outcome& outcome);
  /// A kiss-o'-death that passed authentication. The request is used up.
  void on_kiss(const Request& request, const wire::Header& header, RawTime now);
  /// A reply without a sample (unsynchronized server and the like). The request is used up.
  void on_unfit_reply(const Request& request, const wire::Header& header, const Instant& received,
                      Reason reason);
  /// A fit reply. The request is used up; the sample comes from take_sample() once the transmit stamp is
  /// there.
  void on_reply(const Match& match, const wire::Header& header, const Instant& received, RawTime now);
  /// A peer's authenticated packet, whether it answers one of ours or not: our next one refers to it. One
  /// that answers none counts only while none did for three polls, and never if it is older than what is
  /// known: a spoofed or replayed packet cannot break an exchange that works (RFC 9769 section 3 names what
  /// counts as valid). False: it changed nothing.
  bool on_peer_packet(const wire::Header& header, const Instant& received, bool is_valid,
                      bool is_interleaved);
  /// A packet of our broadcast server; gives the sample if the delay is known.
  std::optional<Sample> on_broadcast(const wire::Header& header, const Instant& received, Timestamp origin,
                                     const ClockRate& rate, double correction);
  /// Whether a broadcast was sent before the last one that was taken, or at the same time.
  bool is_not_newer(const wire::Header& header) const {
    return last_transmit_ && (header.transmit - *last_transmit_) <= Duration{};
  }
  /// A broadcast client that knows the delay: it asks no more. Then what is_due() tells is that a broadcast
  /// is missing.
  bool is_listening() const { return broadcast_delay_.has_value(); }
  void on_missing_broadcast(Instant now);
  /// A passive peer answers at once.
  void answer_now(RawTime now) { poll_.answer_at(now); }
  /// Mobilized by packets, and nothing was heard for so long that it may be forgotten.
  bool is_lost() const { return is_dynamic(mode()) && state_.reach == 0 && state_.unanswered >= kLost; }
  /// Makes the sample of a held reply that has its stamp, or has waited for it long enough. `origin` is the
  /// raw scale's zero as a timestamp. `frequency` is the known rate of true against raw time. Null: none is
  /// ready. `correction` is served minus raw scale, s: it only tells the offset that is recorded.
  std::optional<Sample> take_sample(Timestamp origin, const ClockRate& rate, double correction, RawTime now);
  bool has_held_reply() const { return held_.has_value(); }
  bool awaits_stamp(RawTime now) const { return held_ && !held_->request.stamped && now < held_->until; }
  /// Requests that were answered and whose transmit stamp is there or given up, taken out.
  std::vector<TransmitId> take_answered() { return std::exchange(answered_, {}); }
  /// True time by the held reply, and the raw moment it belongs to.
  std::optional<std::pair<Timestamp, RawTime>> held_true_time() const;
  // For the poll process, see there.
  void adapt_poll(double growth, double surprise, RawTime now);
  void confirm(RawTime now) { poll_.confirm(now); }
  void hasten(RawTime now) { poll_.hasten(now); }

  /// Whether it was restarted since this was asked last: what was learned of the source counts no more.
  bool take_restart() { return std::exchange(is_restarted_, false); }
  /// When the last valid reply came.
  RawTime last_heard() const { return last_heard_.value_or(RawTime{}); }

  /// The verdict that was last told, if the present one is another: it counts as told from now on.
  std::optional<Reason> take_change() {
    const Reason told = std::exchange(told_, state_.reason);
    return told == state_.reason ? std::nullopt : std::optional(told);
  }

  bool is_duplicate(const wire::Header& header) const;
  /// Test 1 of a symmetric peer's packets: the same transmit timestamp again, answered or not.
  bool is_repeated(const wire::Header& header) const {
    return is_duplicate(header) ||
           (heard_ && header.transmit == heard_->transmit && header.receive == heard_->receive);
  }
  bool is_denied() const { return denied_; }
  bool is_answering() const { return state_.reach != 0 && !filter_.is_empty(); }
  bool is_out() const { return out_; }  // preempt: an error has put it out
  bool is_out_error_gone() const { return !error_; }
  void bring_back() { out_ = false; }

  /// The verdict as far as the association alone can tell; none: it may take part in the selection.
  std::optional<Reason> own_verdict() const;
  /// Whether so many requests stayed without a valid reply that it counts as silent.
  bool is_silent() const;
  /// Why nothing usable comes: the last problem if it is fresh, else silence.
  Reason why_silent() const;
  /// Moves offset, distances and filter stages to `now`. `correction` is served minus raw scale, s.
  void refresh(RawTime now, const ClockRate& rate, double correction);

 private:
  static constexpr std::uint32_t kLost = 8;  // packets without answer
  void use_up(const Request& request, const wire::Header& header, const Instant& received);
  bool asks_interleaved() const;
  bool answers_interleaved() const;
  std::optional<Sample> sample_of(const Turn& turn, Timestamp transmit, int remote_precision,
                                  Timestamp origin, double frequency) const;
  static double bring_up(Sample& sample, RawTime at, const ClockRate& rate);
  void take_packet(const wire::Header& header, const Instant& received);
  void accept(const Sample& sample, Timestamp when, double correction);
  void learn_delay(RawTime now);
  void await_broadcast(RawTime now);
  void take_error();
  bool has_fresh_problem() const;
  void record(const Outcome& outcome);

  AssociationState state_;
  PacketStatistics statistics_;
  double precision_;
  PollProcess poll_;
  ClockFilter filter_;
  std::variant<SourceChoice, Reason> source_ = Reason::vpn_unknown;
  std::deque<Request> requests_;
  std::optional<HeldReply> held_;
  std::vector<TransmitId> answered_;
  std::optional<Timestamp> last_transmit_;  // of the last accepted reply, test 1
  Timestamp last_receive_;                  // and its receive timestamp
  // The interleaved mode, RFC 9769.
  std::optional<Turn> turn_;  // the last exchange
  InterleavedChoice choice_;
  // Symmetric peers.
  std::optional<Heard> heard_;
  bool has_heard_ = false;        // a valid packet, since we sent one
  unsigned answers_ = 0;          // packets that we sent since the last valid one
  bool was_only_answer_ = false;  // the packet before the last valid one was the only answer to its
                                  // predecessor
  bool peer_interleaves_ = false;
  std::optional<RawTime> last_sent_;  // our last packet's departure
  // Broadcast clients.
  std::optional<double> broadcast_delay_;  // s, measured by unicast
  std::optional<Broadcast> last_broadcast_;
  std::optional<Reason> problem_;
  std::uint32_t problem_at_ = 0;  // value of state_.sent when it was seen
  std::optional<RawTime> last_heard_;
  Reason told_ = Reason::waiting_for_reply;  // outlives a restart: who was followed is worth telling
  bool is_restarted_ = false;
  bool denied_ = false;
  bool out_ = false;
  bool error_ = false;
};

}  // namespace noonmark::core
