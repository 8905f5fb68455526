// A preload that puts a time daemon, unmodified, into the world of a scenario (docs/simulator.md): the
// clocks, the sockets and the waiting of its process are those of a machine in that world. Time passes while
// the process waits.
//
//   NOONMARK_MACHINE        the scenario file; the process is its first client
//   NOONMARK_MACHINE_SEED   the world's seed, as for noonmark-sim
//   NOONMARK_MACHINE_TRACE  here the clock is written: lines of world time and error, s
//   NOONMARK_MACHINE_RAW    "steered": CLOCK_MONOTONIC_RAW is CLOCK_MONOTONIC, as on some systems
//
// At the world's end the process gets SIGTERM. For processes that keep to the rules of preload.cc, of one
// thread, IPv4 and UDP. What it does not stand in for is the kernel's: run it without CAP_SYS_TIME. Of the
// scenario it has neither leap seconds nor the client's own events, stamp noise and granularity.

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <dlfcn.h>
#include <fstream>
#include <ifaddrs.h>
#include <iterator>
#include <linux/errqueue.h>
#include <linux/if_ether.h>
#include <linux/net_tstamp.h>
#include <map>
#include <memory>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <poll.h>
#include <queue>
#include <sys/random.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <unistd.h>
#include <fcntl.h>

#include "io/control_message.h"
#include "io/socket_address.h"
#include "sim/ideal_server.h"
#include "sim/link.h"
#include "sim/oscillator.h"
#include "sim/scenario_format.h"

// The function that this one stands in front of.
#define REAL(function) reinterpret_cast<decltype(&function)>(dlsym(RTLD_NEXT, #function))

namespace {

using namespace noonmark;
using base::Endpoint;
using base::IpAddress;

constexpr double kReadingTakes = 50e-9;     // s, of a clock before the first wait; later it stands still
constexpr double kTimerLateness = 50e-6;    // s, of a wait that nothing ends
constexpr double kWakesAtOnce = 1e-9;       // s before a deadline
constexpr double kFrequencyUnit = 65536e6;  // of timex.freq
constexpr long kNominalTick = 10000;        // us, of 100 Hz
constexpr long kMostError = 16'000'000;     // us, of timex.maxerror
constexpr int kInterface = 2;
constexpr std::uint16_t kFirstPort = 32768;
constexpr int kPatience = 1000;  // waits after the end before the process is given up

[[noreturn]] void give_up(const std::string& why) {
  std::fprintf(stderr, "machine: %s\n", why.c_str());
  _exit(70);
}

std::string setting(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

sim::Scenario scenario_of_environment() {
  const auto path = setting("NOONMARK_MACHINE");
  std::ifstream file(path);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  auto scenario = sim::parse_scenario(text, path);
  if (!scenario) give_up(scenario.error().message);
  if (scenario->clients.empty()) give_up(path + ": no client");
  return std::move(*scenario);
}

timespec timespec_of(double seconds) {
  const double whole = std::floor(seconds);
  return {.tv_sec = static_cast<time_t>(whole), .tv_nsec = static_cast<long>((seconds - whole) * 1e9)};
}

/// The kernel's clocks over the oscillator of a machine.
class Clocks {
 public:
  Clocks(const sim::OscillatorConfig& config, std::uint64_t seed, double grid, bool raw_is_steered)
      : oscillator_(config, seed, grid), raw_is_steered_(raw_is_steered) {
    oscillator_error_ = real_error_ = oscillator_.error_at(0);
  }

  void advance(double time) {
    const double error = oscillator_.error_at(time);
    const double raw = (time - time_) + (error - oscillator_error_);
    raw_ += raw;
    monotonic_ += raw * rate();
    real_error_ += raw * rate() - (time - time_);
    oscillator_error_ = error;
    time_ = time;
  }

  double time() const { return time_; }
  double error() const { return real_error_; }
  double monotonic() const { return monotonic_; }
  double raw() const { return raw_is_steered_ ? monotonic_ : raw_; }
  timespec real(std::int64_t epoch) const {
    timespec t = timespec_of(time_ + real_error_);
    t.tv_sec += epoch;
    return t;
  }
  double true_interval(double of_monotonic) const {
    return of_monotonic / (rate() * (1 + oscillator_.frequency()));
  }

  int adjust(timex& request) {
    if ((request.modes & ADJ_TICK) != 0 && std::abs(request.tick - kNominalTick) > kNominalTick / 10)
      return EINVAL;
    const bool single_shot = (request.modes & ADJ_OFFSET_SINGLESHOT) == ADJ_OFFSET_SINGLESHOT;
    if ((request.modes & ADJ_OFFSET) != 0 && request.offset != 0)
      give_up(single_shot ? "adjtime() is not simulated" : "the kernel's loop is not simulated");
    if (!single_shot && (request.modes & ADJ_SETOFFSET) != 0) {
      const double unit = (request.modes & ADJ_NANO) != 0 ? 1e-9 : 1e-6;
      step(static_cast<double>(request.time.tv_sec) + static_cast<double>(request.time.tv_usec) * unit);
    }
    if ((request.modes & ADJ_FREQUENCY) != 0) state_.freq = request.freq;
    if ((request.modes & ADJ_TICK) != 0) state_.tick = request.tick;
    if ((request.modes & ADJ_STATUS) != 0) state_.status = request.status;
    if ((request.modes & ADJ_MAXERROR) != 0) state_.maxerror = request.maxerror;
    if ((request.modes & ADJ_ESTERROR) != 0) state_.esterror = request.esterror;
    if (!single_shot && (request.modes & ADJ_TAI) != 0) state_.tai = static_cast<int>(request.constant);
    const auto modes = request.modes;
    request = state_;
    request.modes = modes;
    return 0;
  }

  void step(double by) {
    real_error_ += by;
    state_.status |= STA_UNSYNC;
    state_.maxerror = state_.esterror = kMostError;
  }

 private:
  double rate() const {
    return static_cast<double>(state_.tick) / kNominalTick +
           static_cast<double>(state_.freq) / kFrequencyUnit;
  }
  static timex unsynchronized() {
    timex state{};
    state.tick = kNominalTick;
    state.status = STA_UNSYNC;
    state.maxerror = state.esterror = kMostError;
    return state;
  }

  sim::Oscillator oscillator_;
  bool raw_is_steered_;
  timex state_ = unsynchronized();
  double time_ = 0, oscillator_error_ = 0;
  double raw_ = 0, monotonic_ = 0, real_error_ = 0;
};

struct Message {
  Endpoint remote;
  timespec stamp{};
  std::vector<std::uint8_t> data;
};

/// In front of a datagram that comes back with its transmit stamp.
struct [[gnu::packed]] FrameHeader {
  ethhdr ethernet;
  iphdr ip;
  udphdr udp;
};

std::vector<std::uint8_t> frame_to(const Endpoint& remote) {
  FrameHeader header{};
  header.ethernet.h_proto = htons(ETH_P_IP);
  header.ip.version = 4;
  header.ip.ihl = sizeof header.ip / 4;
  header.ip.protocol = IPPROTO_UDP;
  header.ip.daddr = io::to_in_addr(remote.address).s_addr;
  header.udp.dest = htons(remote.port);
  const auto* const octets = reinterpret_cast<const std::uint8_t*>(&header);
  return {octets, octets + sizeof header};
}

struct Socket {
  std::uint16_t port = 0;
  std::optional<Endpoint> connected;
  int stamping = 0;
  bool packet_info = false;
  std::queue<Message> received, sent;  // sent: what waits in the error queue
};

struct Server {
  sim::IdealServer server;
  sim::LinkPair path;
};

class Machine {
 public:
  static Machine& instance() {
    static auto* const machine = new Machine;  // outlives what runs at the exit
    return *machine;
  }

  Clocks& clocks() { return clocks_; }
  std::int64_t epoch() const { return truth_.epoch; }
  void look_at_clock() {
    if (!has_waited_) clocks_.advance(clocks_.time() + kReadingTakes);
  }
  std::uint64_t random() { return draws_.next(); }
  const IpAddress& address() const { return address_; }
  bool has_kernel_stamps() const { return client_.kernel_stamps; }

  int open_socket();
  Socket* find(int fd) {
    const auto it = sockets_.find(fd);
    return it == sockets_.end() ? nullptr : &it->second;
  }
  void close_socket(int fd) { sockets_.erase(fd); }
  void bind(Socket& socket, std::uint16_t port) {
    socket.port = port != 0 ? port : next_port_;
    if (port == 0) next_port_ = next_port_ == UINT16_MAX ? kFirstPort : std::uint16_t(next_port_ + 1);
  }
  void send(Socket& socket, const Endpoint& remote, base::Bytes data);

  /// Lets time pass until `ready` says so, or `seconds` of CLOCK_MONOTONIC are over. False: the world has
  /// ended.
  template <class Ready>
  bool wait(double seconds, Ready ready);

 private:
  struct Packet {
    double at = 0;
    std::uint64_t order = 0;
    bool to_server = false;
    core::Transmit transmit;
    Server* server = nullptr;
    bool operator<(const Packet& other) const { return at != other.at ? at > other.at : order > other.order; }
  };

  Machine();
  void add_servers();
  void launch(core::Transmit transmit, Server& server, bool to_server, double at);
  void step(double until);
  void arrive(Packet packet);
  void deliver(const core::Transmit& reply);
  void trace();

  sim::Scenario scenario_ = scenario_of_environment();
  const sim::ClientConfig& client_ = scenario_.clients.front();
  std::uint64_t seed_ = std::strtoull(setting("NOONMARK_MACHINE_SEED").c_str(), nullptr, 10);
  std::string stream_ = (client_.twin.empty() ? client_.name : client_.twin) + "/0";
  sim::TrueTime truth_{.epoch = static_cast<std::int64_t>(scenario_.world.start), .leap = {}};
  IpAddress address_ =
      sim::member_address(scenario_, static_cast<std::uint32_t>(scenario_.servers.size()), 0);
  sim::Draws draws_{sim::stream_seed(seed_, stream_ + "/machine")};
  Clocks clocks_;
  std::map<IpAddress, Server> servers_;
  std::map<int, Socket> sockets_;
  std::priority_queue<Packet> packets_;
  std::uint64_t order_ = 0;
  std::uint16_t next_port_ = kFirstPort;
  std::FILE* trace_ = nullptr;
  double next_trace_ = 0;
  bool has_waited_ = false;
  int waits_after_end_ = 0;
};

Machine::Machine()
    : clocks_(sim::oscillator_of(scenario_, client_), sim::stream_seed(seed_, stream_ + "/oscillator"),
              scenario_.world.grid, setting("NOONMARK_MACHINE_RAW") == "steered") {
  add_servers();
  const auto path = setting("NOONMARK_MACHINE_TRACE");
  trace_ = std::fopen(path.c_str(), "w");
  if (trace_ == nullptr) give_up("cannot write " + path);
}

void Machine::add_servers() {
  for (std::uint32_t group = 0; group < scenario_.servers.size(); ++group) {
    const auto& config = scenario_.servers[group];
    for (std::uint32_t member = 0; member < config.count; ++member) {
      const auto address = sim::member_address(scenario_, group, member);
      const auto seed = sim::stream_seed(seed_, config.name + '/' + std::to_string(member));
      const auto path_seed = sim::stream_seed(seed_, stream_ + "/path/" + address.to_string());
      servers_.try_emplace(address,
                           Server{.server = {config, truth_, {.address = address, .port = 123}, seed},
                                  .path = {sim::path_of(scenario_, client_, config.name), path_seed}});
    }
  }
}

// --- the network

int Machine::open_socket() {
  const int fd = open("/dev/null", O_RDWR);  // so that its number is nobody else's
  if (fd >= 0) sockets_[fd] = {};
  return fd;
}

void Machine::send(Socket& socket, const Endpoint& remote, base::Bytes data) {
  if (socket.port == 0) bind(socket, 0);
  if ((socket.stamping & SOF_TIMESTAMPING_TX_SOFTWARE) != 0) {
    auto frame = frame_to(remote);
    frame.insert(frame.end(), data.begin(), data.end());
    socket.sent.push({.remote = remote, .stamp = clocks_.real(epoch()), .data = std::move(frame)});
  }
  const auto server = servers_.find(remote.address);
  core::Transmit transmit;
  if (server == servers_.end() || remote.port != 123 || data.size() > transmit.data.size()) return;
  transmit.local = {.address = address_, .port = socket.port};
  transmit.remote = remote;
  std::ranges::copy(data, transmit.data.begin());
  transmit.size = static_cast<std::uint8_t>(data.size());
  launch(transmit, server->second, true, clocks_.time());
}

void Machine::launch(core::Transmit transmit, Server& server, bool to_server, double at) {
  const auto port = to_server ? transmit.local.port : transmit.remote.port;
  if (const auto delay = server.path.carry(!to_server, at, port))
    packets_.push({.at = at + *delay,
                   .order = order_++,
                   .to_server = to_server,
                   .transmit = transmit,
                   .server = &server});
}

void Machine::arrive(Packet packet) {
  if (!packet.to_server) return deliver(packet.transmit);
  auto& server = packet.server->server;
  if (const auto reply = server.answer(packet.transmit, packet.at))
    launch(*reply, *packet.server, false, packet.at + server.turnaround());
}

void Machine::deliver(const core::Transmit& reply) {
  for (auto& [fd, socket] : sockets_) {
    if (socket.port != reply.remote.port || (socket.connected && *socket.connected != reply.local)) continue;
    const auto data = reply.bytes();
    socket.received.push(
        {.remote = reply.local, .stamp = clocks_.real(epoch()), .data = {data.begin(), data.end()}});
    return;
  }
}

// --- time

void Machine::trace() {
  if (next_trace_ > 0) std::fprintf(trace_, "%.3f %.12f\n", clocks_.time(), clocks_.error());
  next_trace_ += scenario_.world.sample_interval;
}

/// On to `until`, or to what happens before.
void Machine::step(double until) {
  double next = std::min(until, next_trace_);
  if (!packets_.empty()) next = std::min(next, packets_.top().at);
  clocks_.advance(std::max(next, clocks_.time()));
  if (clocks_.time() >= next_trace_) trace();
  if (packets_.empty() || packets_.top().at > clocks_.time()) return;
  auto packet = packets_.top();
  packets_.pop();
  arrive(std::move(packet));
}

template <class Ready>
bool Machine::wait(double seconds, Ready ready) {
  has_waited_ = true;
  const double deadline = clocks_.monotonic() + seconds;
  while (!ready()) {
    if (clocks_.time() >= scenario_.world.duration) {
      std::fflush(trace_);
      if (++waits_after_end_ > kPatience) give_up("SIGTERM does not end the process");
      raise(SIGTERM);
      return false;
    }
    const double left = deadline - clocks_.monotonic();
    if (left <= kWakesAtOnce) {
      clocks_.advance(clocks_.time() + kTimerLateness);
      return true;
    }
    // A frequency is constant on the grid only, so that a step ends there.
    step(clocks_.time() + std::min(clocks_.true_interval(left), scenario_.world.grid));
  }
  return true;
}

// --- what the functions of libc share

Machine& machine() { return Machine::instance(); }

int failed(int error) {
  errno = error;
  return -1;
}

std::optional<Endpoint> endpoint_of(const void* address, socklen_t size) {
  if (address == nullptr || size < sizeof(sockaddr_in)) return std::nullopt;
  return io::endpoint_of(static_cast<const sockaddr*>(address));
}

void put_endpoint(const Endpoint& endpoint, void* to, socklen_t& size) {
  const io::SocketAddress address(endpoint);
  if (to == nullptr) return;
  std::memcpy(to, address.data(), std::min(size, address.size()));
  size = address.size();
}

template <class Value>
void put_control(msghdr& message, std::size_t& used, int level, int type, const Value& value) {
  const std::span whole(static_cast<std::uint8_t*>(message.msg_control), message.msg_controllen);
  if (used + CMSG_SPACE(sizeof value) > whole.size()) give_up("little room for control messages");
  used += io::put_control(whole.subspan(used), level, type, value);
}

void put_controls(msghdr& message, const Socket& socket, const Message& content, bool of_error_queue) {
  std::size_t used = 0;
  if (socket.packet_info) {
    in_pktinfo info{};
    info.ipi_ifindex = kInterface;
    info.ipi_addr = info.ipi_spec_dst = io::to_in_addr(machine().address());
    put_control(message, used, IPPROTO_IP, IP_PKTINFO, info);
  }
  if (of_error_queue || (socket.stamping & SOF_TIMESTAMPING_RX_SOFTWARE) != 0)
    put_control(message, used, SOL_SOCKET, SCM_TIMESTAMPING, scm_timestamping{.ts = {content.stamp, {}, {}}});
  if (of_error_queue) {
    sock_extended_err error{};
    error.ee_errno = ENOMSG;
    error.ee_origin = SO_EE_ORIGIN_TIMESTAMPING;
    put_control(message, used, IPPROTO_IP, IP_RECVERR, error);
  }
  message.msg_controllen = used;
}

bool is_ready(int fd, bool read, bool error_queue) {
  const Socket* const socket = machine().find(fd);
  if (socket == nullptr) give_up("waits for a descriptor that is no socket of the machine");
  return (read && !socket->received.empty()) || (error_queue && !socket->sent.empty());
}

double seconds_of(const timeval* timeout) {
  return timeout == nullptr
             ? INFINITY
             : static_cast<double>(timeout->tv_sec) + static_cast<double>(timeout->tv_usec) * 1e-6;
}

int keep_ready(int count, fd_set* set, bool error_queue) {
  int ready = 0;
  for (int fd = 0; set != nullptr && fd < count; ++fd) {
    if (!FD_ISSET(fd, set)) continue;
    if (is_ready(fd, !error_queue, error_queue))
      ++ready;
    else
      FD_CLR(fd, set);
  }
  return ready;
}

}  // namespace

extern "C" {

#define EXPORT __attribute__((visibility("default")))

EXPORT int clock_gettime(clockid_t clock, timespec* time) noexcept {
  auto& m = machine();
  m.look_at_clock();
  switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE: *time = m.clocks().real(m.epoch()); return 0;
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_COARSE: *time = timespec_of(m.clocks().monotonic()); return 0;
    case CLOCK_MONOTONIC_RAW: *time = timespec_of(m.clocks().raw()); return 0;
    default: return failed(EINVAL);
  }
}

EXPORT int gettimeofday(timeval* time, void*) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  *time = {.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
  return 0;
}

EXPORT time_t time(time_t* result) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (result != nullptr) *result = now.tv_sec;
  return now.tv_sec;
}

EXPORT int adjtimex(timex* request) noexcept {
  auto& m = machine();
  m.look_at_clock();
  const int error = m.clocks().adjust(*request);
  request->time = {.tv_sec = m.clocks().real(m.epoch()).tv_sec,
                   .tv_usec = m.clocks().real(m.epoch()).tv_nsec / 1000};
  return error == 0 ? TIME_OK : failed(error);
}
EXPORT int ntp_adjtime(timex* request) noexcept { return adjtimex(request); }
EXPORT int clock_adjtime(clockid_t clock, timex* request) noexcept {
  return clock == CLOCK_REALTIME ? adjtimex(request) : failed(EINVAL);
}
EXPORT int clock_settime(clockid_t clock, const timespec* time) noexcept {
  if (clock != CLOCK_REALTIME) return failed(EINVAL);
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  machine().clocks().step(static_cast<double>(time->tv_sec - now.tv_sec) +
                          static_cast<double>(time->tv_nsec - now.tv_nsec) * 1e-9);
  return 0;
}
EXPORT int settimeofday(const timeval* time, const struct timezone*) noexcept {
  const timespec wanted{.tv_sec = time->tv_sec, .tv_nsec = time->tv_usec * 1000};
  return clock_settime(CLOCK_REALTIME, &wanted);
}

EXPORT ssize_t getrandom(void* buffer, std::size_t size, unsigned) {
  auto* const octets = static_cast<std::uint8_t*>(buffer);
  std::generate(octets, octets + size, [] { return static_cast<std::uint8_t>(machine().random() >> 32); });
  return static_cast<ssize_t>(size);
}

EXPORT int socket(int domain, int type, int) noexcept {
  if (domain != AF_INET || type != SOCK_DGRAM) return failed(EINVAL);
  return machine().open_socket();
}

EXPORT int close(int fd) {
  machine().close_socket(fd);
  return REAL(close)(fd);
}

EXPORT int bind(int fd, const sockaddr* address, socklen_t size) noexcept {
  Socket* const socket = machine().find(fd);
  const auto local = endpoint_of(address, size);
  if (socket == nullptr || !local) return failed(EINVAL);
  machine().bind(*socket, local->port);
  return 0;
}

EXPORT int connect(int fd, const sockaddr* address, socklen_t size) {
  Socket* const socket = machine().find(fd);
  if (socket == nullptr) return failed(EINVAL);
  socket->connected = endpoint_of(address, size);
  if (socket->port == 0) machine().bind(*socket, 0);
  return 0;
}

EXPORT int getsockname(int fd, sockaddr* address, socklen_t* size) noexcept {
  const Socket* const socket = machine().find(fd);
  if (socket == nullptr) return failed(EINVAL);
  put_endpoint({.address = socket->connected ? machine().address() : IpAddress::any(base::Family::ipv4),
                .port = socket->port},
               address, *size);
  return 0;
}

EXPORT int setsockopt(int fd, int level, int option, const void* value, socklen_t size) noexcept {
  Socket* const socket = machine().find(fd);
  if (socket == nullptr) return failed(EINVAL);
  int number = 0;
  if (size >= sizeof number) std::memcpy(&number, value, sizeof number);
  if (level == SOL_SOCKET && option == SO_TIMESTAMPING) {
    if (!machine().has_kernel_stamps()) return failed(EINVAL);
    socket->stamping = number;
  }
  if (level == IPPROTO_IP && option == IP_PKTINFO) socket->packet_info = number != 0;
  return 0;
}

EXPORT int getsockopt(int fd, int level, int option, void* value, socklen_t* size) noexcept {
  if (machine().find(fd) == nullptr || level != SOL_SOCKET || option != SO_ERROR || *size < sizeof(int))
    return failed(EINVAL);
  const int no_error = 0;
  std::memcpy(value, &no_error, sizeof no_error);
  return 0;
}

EXPORT ssize_t sendmsg(int fd, const msghdr* message, int) {
  Socket* const socket = machine().find(fd);
  if (socket == nullptr) return failed(EBADF);
  auto remote = endpoint_of(message->msg_name, message->msg_namelen);
  if (!remote) remote = socket->connected;
  if (!remote || message->msg_iovlen != 1) return failed(EINVAL);
  const iovec& data = *message->msg_iov;
  machine().send(*socket, *remote, {static_cast<const std::uint8_t*>(data.iov_base), data.iov_len});
  return static_cast<ssize_t>(data.iov_len);
}

EXPORT ssize_t sendto(int fd, const void* data, std::size_t size, int flags, const sockaddr* to,
                      socklen_t to_size) {
  iovec buffer{const_cast<void*>(data), size};
  msghdr message{};
  message.msg_name = const_cast<sockaddr*>(to);
  message.msg_namelen = to_size;
  message.msg_iov = &buffer;
  message.msg_iovlen = 1;
  return sendmsg(fd, &message, flags);
}
EXPORT ssize_t send(int fd, const void* data, std::size_t size, int flags) {
  return sendto(fd, data, size, flags, nullptr, 0);
}

EXPORT ssize_t recvmsg(int fd, msghdr* message, int flags) {
  Socket* const socket = machine().find(fd);
  if (socket == nullptr || message->msg_iovlen != 1) return failed(EBADF);
  const bool of_error_queue = (flags & MSG_ERRQUEUE) != 0;
  auto& queue = of_error_queue ? socket->sent : socket->received;
  if (queue.empty()) return failed(EAGAIN);
  const Message content = std::move(queue.front());
  queue.pop();
  put_endpoint(content.remote, message->msg_name, message->msg_namelen);
  const std::size_t size = std::min(content.data.size(), message->msg_iov->iov_len);
  std::memcpy(message->msg_iov->iov_base, content.data.data(), size);
  message->msg_flags = of_error_queue ? MSG_ERRQUEUE : 0;
  if (message->msg_control != nullptr) put_controls(*message, *socket, content, of_error_queue);
  return static_cast<ssize_t>(size);
}

EXPORT int recvmmsg(int fd, mmsghdr* messages, unsigned, int flags, timespec*) {
  const ssize_t size = recvmsg(fd, &messages->msg_hdr, flags);
  if (size < 0) return -1;
  messages->msg_len = static_cast<unsigned>(size);
  return 1;
}

EXPORT int poll(pollfd* set, nfds_t count, int timeout) {
  const auto look = [set, count] {  // one descriptor at a time, as simulators do it
    int ready = 0;
    for (pollfd* entry = set; entry != set + count; ++entry) {
      entry->revents = 0;
      if (entry->fd < 0 || ready > 0) continue;
      if ((entry->events & POLLIN) != 0 && is_ready(entry->fd, true, false)) entry->revents |= POLLIN;
      if ((entry->events & POLLPRI) != 0 && is_ready(entry->fd, false, true)) entry->revents |= POLLPRI;
      ready += entry->revents != 0 ? 1 : 0;
    }
    return ready;
  };
  if (!machine().wait(timeout < 0 ? INFINITY : timeout * 1e-3, look)) return failed(EINTR);
  return look();
}
EXPORT int __poll_chk(pollfd* set, nfds_t count, int timeout, std::size_t) {
  return poll(set, count, timeout);
}

EXPORT int select(int count, fd_set* in, fd_set* out, fd_set* exceptional, timeval* timeout) {
  if (out != nullptr) FD_ZERO(out);
  const auto look = [&] {
    for (int fd = 0; fd < count; ++fd) {
      if (in != nullptr && FD_ISSET(fd, in) && is_ready(fd, true, false)) return true;
      if (exceptional != nullptr && FD_ISSET(fd, exceptional) && is_ready(fd, false, true)) return true;
    }
    return false;
  };
  if (!machine().wait(seconds_of(timeout), look)) return failed(EINTR);
  return keep_ready(count, in, false) + keep_ready(count, exceptional, true);
}

/// eth0 alone, with the machine's address.
EXPORT int getifaddrs(ifaddrs** list) noexcept {
  struct Interface {
    ifaddrs head{};
    sockaddr_in address{}, mask{};
    std::array<char, IF_NAMESIZE> name{"eth0"};
  };
  auto* const made = new Interface;
  made->address.sin_family = made->mask.sin_family = AF_INET;
  made->address.sin_addr = io::to_in_addr(machine().address());
  made->mask.sin_addr.s_addr = htonl(0xFF000000);
  made->head.ifa_name = made->name.data();
  made->head.ifa_flags = IFF_UP | IFF_RUNNING | IFF_BROADCAST;
  made->head.ifa_addr = reinterpret_cast<sockaddr*>(&made->address);
  made->head.ifa_netmask = reinterpret_cast<sockaddr*>(&made->mask);
  *list = &made->head;
  return 0;
}
EXPORT void freeifaddrs(ifaddrs*) noexcept {}  // few, and small

}  // extern "C"
