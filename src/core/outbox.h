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
#include "core/state.h"

namespace noonmark::core {

enum class TransmitId : std::uint64_t {};
enum class CommandId : std::uint32_t {};
enum class ProbeId : std::uint32_t {};

inline constexpr std::size_t kMaxPacket = 128;  // header and the longest MAC; we send no extension fields

/// A packet to send. Its transmit timestamp is already in place.
struct Transmit {
  enum class Purpose : std::uint8_t {
    request,  // from a socket of its own: `local.port` 0 is a random port; answers and errors come back with
              // `id`
    reply,    // from the service socket that got the request
  };
  TransmitId id{};
  Purpose purpose = Purpose::request;
  VpnId vpn = VpnId::public_instance;
  Endpoint local;  // unspecified address: the kernel's choice
  Endpoint remote;
  std::uint32_t interface_index = 0;  // replies: the interface the request came in on
  std::array<std::uint8_t, kMaxPacket> data{};
  std::uint8_t size = 0;
  base::Bytes bytes() const { return {data.data(), size}; }
};

/// The kernel's notion of how good its clock is, for other programs (adjtimex).
struct KernelClockStatus {
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
using Event = std::variant<SynchronizationChanged, ClockStepped, SessionChanged>;

/// What the engine wants done. Reused: the caller drains and clears it after each call.
struct Outbox {
  std::vector<Transmit> transmits;
  std::optional<ClockCommand> clock;
  std::vector<TransmitId> closed;  // requests that wait for nothing any more: their sockets may go
  std::vector<Event> events;
  std::vector<ProbeId> probes;  // with news: an outcome, or the end
  void clear() {
    transmits.clear();
    clock.reset();
    closed.clear();
    events.clear();
    probes.clear();
  }
};

}  // namespace noonmark::core
