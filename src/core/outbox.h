#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/net_address.h"
#include "core/instant.h"
#include "core/network_view.h"
#include "core/path.h"
#include "core/state.h"

namespace noonmark::core {

enum class TransmitId : std::uint64_t {};
enum class CommandId : std::uint32_t {};
enum class ProbeId : std::uint32_t {};

inline constexpr std::size_t kMaxPacket = 128;     // header and the longest MAC; we send no extension fields
inline constexpr std::size_t kMaxDatagram = 2048;  // what is looked at of a datagram that came in

/// A packet to send. Its transmit timestamp is already in place.
struct Transmit {
  enum class Purpose : std::uint8_t {
    request,  // from a socket of its own: `local.port` 0 is a random port; answers and errors come back with
              // `id`
    reply,    // from the service socket that got the request
    group,    // from the service socket, through `interface_index`, to a multicast or broadcast address
  };
  TransmitId id{};
  Purpose purpose = Purpose::request;
  VpnId vpn = VpnId::public_instance;
  Endpoint local;  // unspecified address: the kernel's choice
  Endpoint remote;
  std::uint32_t interface_index = 0;  // replies: the interface the request came in on
  std::uint8_t ttl = 0;               // group: the packet's time to live; 0: the kernel's default
  std::array<std::uint8_t, kMaxPacket> data{};
  std::uint8_t size = 0;
  base::Bytes bytes() const { return {data.data(), size}; }
};

/// The answer to a control query, from the service socket that got it.
struct ControlAnswer {
  Path query;
  std::vector<std::uint8_t> data;
};

/// The kernel's notion of how good its clock is, for other programs (adjtimex).
struct KernelClockStatus {
  std::optional<int> tai_offset{};  // s, TAI minus UTC, where it is known
  bool synchronized = false;
  wire::Leap leap = wire::Leap::unknown;
  double max_error = 16;        // s
  double estimated_error = 16;  // s
  bool operator==(const KernelClockStatus&) const = default;
};

/// One command to the clock driver. A slew is a frequency for a while: the core sends the next command when
/// it ends.
struct ClockCommand {
  CommandId id{};
  std::optional<Duration> step;  // added to the clock at once, before the frequency is set
  double frequency = 0;          // total rate correction against the raw oscillator, s/s; positive is faster
  KernelClockStatus status;
};

/// State changes worth a log line, with VRP's event names.
struct SynchronizationChanged {
  bool synchronized = false;
  std::string source;  // "192.0.2.1", "LOCAL(0)", or empty
  std::string vpn;
  UnsyncReason reason{};  // meaningful when not synchronized
};
struct ClockStepped {
  Duration by;
};
struct SessionChanged {  // the verdict of a session changed
  std::string source;
  std::string vpn;
  Reason from{};
  Reason to{};
};
/// A packet mobilized a session, or such a session was given up. Told at most once a minute for each address.
struct DynamicSessionChanged {
  bool mobilized = false;  // else given up: nothing was heard for long
  ServerKey server;
  std::string interface;  // whose line let it be mobilized; else empty
};
/// Holdover began (the loss itself is a SynchronizationChanged), or ended because the bound grew too large.
struct HoldoverChanged {
  bool begins = false;
  double error_bound = 0;  // s
};
/// The clock is held back, or no longer (none).
struct HoldChanged {
  std::optional<Hold> hold;
};
/// The error bound crossed the budget.
struct BudgetCrossed {
  bool exceeded = false;
  double error_bound = 0;  // s
  double limit = 0;        // s
};
/// Something other than this program changed the clock or stopped the machine.
struct ClockDisturbed {
  enum class How : std::uint8_t {
    stepped,    // another program set the clock
    suspended,  // the machine slept, or a virtual machine was paused
  };
  How how{};
  Duration by;  // stepped: how far; suspended: how long
};
/// A leap second is ahead, or no longer.
struct LeapChanged {
  wire::Leap leap = wire::Leap::none;
  std::int64_t at = 0;  // s since 1970: the second after it
};
/// The system's leap second table ends soon, or has ended.
struct LeapTableExpires {
  std::int64_t at = 0;  // s since 1970
  bool expired = false;
};
using Event =
    std::variant<SynchronizationChanged, ClockStepped, SessionChanged, DynamicSessionChanged, HoldoverChanged,
                 HoldChanged, BudgetCrossed, ClockDisturbed, LeapChanged, LeapTableExpires>;

/// What the engine wants done. Reused: the caller drains and clears it after each call.
struct Outbox {
  std::vector<Transmit> transmits;
  std::vector<ControlAnswer> answers;
  std::optional<ClockCommand> clock;
  std::vector<TransmitId> closed;  // requests that wait for nothing any more: their sockets may go
  std::vector<Event> events;
  std::vector<ProbeId> probes;  // with news: an outcome, or the end
  void clear() {
    transmits.clear();
    answers.clear();
    clock.reset();
    closed.clear();
    events.clear();
    probes.clear();
  }
};

}  // namespace noonmark::core
