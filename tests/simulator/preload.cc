// A preload that watches a daemon keep to what simulators of clocks and networks can do: they stand in for
// functions of libc, not for the kernel, and only for some of them. A call that they would answer wrongly, or
// not at all, is reported; a socket that they do not have is refused as they do, so that the fallbacks are
// used.
//
// Each distinct fault is one line on standard error, and in the file that NOONMARK_SIMULATOR_REPORT names.
// The call is then carried out all the same, except that a clock is never set. For programs of one thread; a
// call from another thread is itself a fault.

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdarg>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <dlfcn.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <spawn.h>
#include <string>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/timex.h>
#include <sys/uio.h>
#include <unistd.h>

// The function that this one stands in front of. Looked up each time: that is quick enough for a test.
#define REAL(function) reinterpret_cast<decltype(&function)>(dlsym(RTLD_NEXT, #function))

namespace {

constexpr std::size_t kLeastControlSize = 256;  // a simulator asserts that its control messages fit
constexpr int kMostDescriptors = 1024;

/// What the last poll() said of a descriptor and nobody has used yet: one message may be taken for each.
struct Readiness {
  bool data = false;
  bool error_queue = false;
};
std::array<Readiness, kMostDescriptors> readiness;

/// Made when first used, which may be before this library's own start, and never destroyed.
std::string& reported() {
  static auto* const lines = new std::string;
  return *lines;
}

void write_text(int fd, const std::string& text) {
  [[maybe_unused]] const ssize_t written = REAL(write)(fd, text.data(), text.size());
}

void append_to_report(const std::string& text) {
  const char* const path = std::getenv("NOONMARK_SIMULATOR_REPORT");
  if (path == nullptr) return;
  const int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  write_text(fd, text);
  close(fd);
}

__attribute__((constructor)) void make_report() { append_to_report(""); }

void report(const std::string& fault) {
  const std::string line = "simulator-rules: " + fault + '\n';
  if (reported().find(line) != std::string::npos) return;
  reported() += line;
  const int saved = errno;
  write_text(STDERR_FILENO, line);
  append_to_report(line);
  errno = saved;
}

bool is_socket(int fd) {
  struct stat status{};
  return fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode);
}

bool is_internet_socket(int fd) {
  int domain = 0;
  socklen_t size = sizeof domain;
  return REAL(getsockopt)(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 &&
         (domain == AF_INET || domain == AF_INET6);
}

std::string name_of(int fd) {
  std::array<char, 256> target{};
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  return readlink(link.c_str(), target.data(), target.size() - 1) > 0 ? target.data() : "";
}

/// The clocks, the network and waiting belong to one thread.
void in_main_thread(const char* function) {
  if (gettid() != getpid()) report(std::string(function) + "() in a second thread");
}

void on_socket(const char* function, int fd) {
  if (is_socket(fd)) report(std::string(function) + "() on a socket");
}

void check_clock(const char* function, clockid_t clock) {
  in_main_thread(function);
  if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC && clock != CLOCK_MONOTONIC_RAW)
    report(std::string(function) + "() of clock " + std::to_string(clock));
}

/// All other descriptors are reported ready, always.
void check_poll_set(const pollfd* set, nfds_t count) {
  in_main_thread("poll");
  readiness.fill({});
  for (const pollfd* entry = set; entry != set + count; ++entry) {
    if (entry->fd < 0 || entry->fd == INT_MAX) continue;
    if (!is_internet_socket(entry->fd) && name_of(entry->fd) != "anon_inode:[timerfd]")
      report("poll() of " + name_of(entry->fd));
  }
}

int noting_readiness(const pollfd* set, nfds_t count, int result) {
  for (const pollfd* entry = set; entry != set + count; ++entry) {
    if (entry->fd < 0 || entry->fd >= kMostDescriptors) continue;
    Readiness& ready = readiness[static_cast<std::size_t>(entry->fd)];
    ready.data = (entry->revents & POLLIN) != 0;
    ready.error_queue = (entry->revents & (POLLPRI | POLLERR)) != 0;
  }
  return result;
}

/// A message may be there when nothing was reported, but not in a simulator: it hands out another one, or
/// stops.
void check_receive(const char* function, int fd, int flags) {
  in_main_thread(function);
  if (fd < 0 || fd >= kMostDescriptors || !is_internet_socket(fd)) return;
  Readiness& ready = readiness[static_cast<std::size_t>(fd)];
  const bool of_error_queue = (flags & MSG_ERRQUEUE) != 0;
  bool& is_ready = of_error_queue ? ready.error_queue : ready.data;
  if (!is_ready)
    report(std::string(function) + (of_error_queue ? "(MSG_ERRQUEUE) without POLLPRI or POLLERR before it"
                                                   : "() without POLLIN before it"));
  is_ready = false;
}

void check_message(const char* function, const msghdr& message) {
  if (message.msg_iovlen != 1) report(std::string(function) + "() with several buffers");
}

bool is_allowed(long number) {
  constexpr std::array<long, 4> kAllowed{SYS_clock_adjtime, SYS_getrandom, SYS_futex, SYS_gettid};
  return std::ranges::find(kAllowed, number) != kAllowed.end();
}

/// No test of ours ever sets this machine's clock.
bool is_reading(const char* function, const timex* buffer) {
  if (buffer->modes == 0) return true;
  report(std::string(function) + "() that sets the clock");
  errno = EPERM;
  return false;
}

int refuse_to_set(const char* function) {
  report(std::string(function) + "() that sets the clock");
  errno = EPERM;
  return -1;
}

}  // namespace

// The functions themselves; libc's headers say what they are. Those of which nothing but the use is a fault:
#define FORBIDDEN(result, function, parameters, arguments) \
  result function parameters {                             \
    report(#function "()");                                \
    return REAL(function) arguments;                       \
  }

extern "C" {

FORBIDDEN(int, epoll_create, (int size) noexcept, (size))
FORBIDDEN(int, epoll_create1, (int flags) noexcept, (flags))
FORBIDDEN(int, epoll_ctl, (int epoll, int operation, int fd, epoll_event* event) noexcept,
          (epoll, operation, fd, event))
FORBIDDEN(int, epoll_wait, (int epoll, epoll_event* events, int most, int timeout),
          (epoll, events, most, timeout))
FORBIDDEN(int, epoll_pwait, (int epoll, epoll_event* events, int most, int timeout, const sigset_t* mask),
          (epoll, events, most, timeout, mask))
FORBIDDEN(int, ppoll, (pollfd * set, nfds_t count, const timespec* timeout, const sigset_t* mask),
          (set, count, timeout, mask))
FORBIDDEN(int, pselect,
          (int count, fd_set* in, fd_set* out, fd_set* exceptional, const timespec* timeout,
           const sigset_t* mask),
          (count, in, out, exceptional, timeout, mask))
FORBIDDEN(int, sendmmsg, (int fd, mmsghdr* messages, unsigned count, int flags), (fd, messages, count, flags))
FORBIDDEN(int, accept4, (int fd, sockaddr* address, socklen_t* size, int flags), (fd, address, size, flags))
FORBIDDEN(int, getpeername, (int fd, sockaddr* address, socklen_t* size) noexcept, (fd, address, size))
FORBIDDEN(unsigned, if_nametoindex, (const char* name) noexcept, (name))
FORBIDDEN(int, getentropy, (void* buffer, std::size_t size), (buffer, size))
FORBIDDEN(std::uint32_t, arc4random, () noexcept, ())
FORBIDDEN(std::uint32_t, arc4random_uniform, (std::uint32_t bound) noexcept, (bound))
FORBIDDEN(pid_t, fork, () noexcept, ())
FORBIDDEN(int, posix_spawn,
          (pid_t * child, const char* path, const posix_spawn_file_actions_t* actions,
           const posix_spawnattr_t* attributes, char* const* arguments, char* const* environment),
          (child, path, actions, attributes, arguments, environment))
FORBIDDEN(unsigned, sleep, (unsigned seconds), (seconds))

void arc4random_buf(void* buffer, std::size_t size) noexcept {
  report("arc4random_buf()");
  REAL(arc4random_buf)(buffer, size);
}

int socket(int domain, int type, int protocol) noexcept {
  constexpr int kFlags = SOCK_CLOEXEC | SOCK_NONBLOCK;
  if (domain == AF_INET && (type & kFlags) == 0) return REAL(socket)(domain, type, protocol);
  errno = EINVAL;
  return -1;
}

int poll(pollfd* set, nfds_t count, int timeout) {
  check_poll_set(set, count);
  return noting_readiness(set, count, REAL(poll)(set, count, timeout));
}

/// What poll() becomes where the compiler knows the size of the set.
int __poll_chk(pollfd* set, nfds_t count, int timeout, std::size_t) { return poll(set, count, timeout); }

ssize_t recv(int fd, void* buffer, std::size_t size, int flags) {
  check_receive("recv", fd, flags);
  return REAL(recv)(fd, buffer, size, flags);
}

ssize_t recvfrom(int fd, void* buffer, std::size_t size, int flags, sockaddr* address,
                 socklen_t* address_size) {
  check_receive("recvfrom", fd, flags);
  return REAL(recvfrom)(fd, buffer, size, flags, address, address_size);
}

ssize_t recvmsg(int fd, msghdr* message, int flags) {
  check_receive("recvmsg", fd, flags);
  check_message("recvmsg", *message);
  if (message->msg_controllen < kLeastControlSize) report("recvmsg() with little room for control messages");
  return REAL(recvmsg)(fd, message, flags);
}

ssize_t sendmsg(int fd, const msghdr* message, int flags) {
  in_main_thread("sendmsg");
  check_message("sendmsg", *message);
  return REAL(sendmsg)(fd, message, flags);
}

int getsockopt(int fd, int level, int option, void* value, socklen_t* size) noexcept {
  if (level != SOL_SOCKET || option != SO_ERROR) report("getsockopt() of another option than SO_ERROR");
  return REAL(getsockopt)(fd, level, option, value, size);
}

ssize_t read(int fd, void* buffer, std::size_t size) {
  on_socket("read", fd);
  return REAL(read)(fd, buffer, size);
}

/// What read() becomes where the compiler knows the size of the buffer.
ssize_t __read_chk(int fd, void* buffer, std::size_t size, std::size_t) { return read(fd, buffer, size); }

ssize_t readv(int fd, const iovec* buffers, int count) {
  on_socket("readv", fd);
  return REAL(readv)(fd, buffers, count);
}

ssize_t write(int fd, const void* data, std::size_t size) {
  on_socket("write", fd);
  return REAL(write)(fd, data, size);
}

ssize_t writev(int fd, const iovec* buffers, int count) {
  on_socket("writev", fd);
  return REAL(writev)(fd, buffers, count);
}

int timerfd_create(clockid_t clock, int flags) noexcept {
  if ((flags & ~TFD_NONBLOCK) != 0) report("timerfd_create() with flags other than TFD_NONBLOCK");
  if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC)
    report("timerfd_create() of clock " + std::to_string(clock));
  return REAL(timerfd_create)(clock, flags);
}

/// Simulators stop at every other flag, and at a moment of the real-time clock.
int timerfd_settime(int fd, int flags, const itimerspec* value, itimerspec* old) noexcept {
  if ((flags & ~TFD_TIMER_ABSTIME) != 0) report("timerfd_settime() with flags other than TFD_TIMER_ABSTIME");
  return REAL(timerfd_settime)(fd, flags, value, old);
}

/// They have no CLOCK_BOOTTIME, as old kernels: a program may ask.
int clock_gettime(clockid_t clock, timespec* time) noexcept {
  if (clock == CLOCK_BOOTTIME) {
    errno = EINVAL;
    return -1;
  }
  check_clock("clock_gettime", clock);
  return REAL(clock_gettime)(clock, time);
}

int clock_nanosleep(clockid_t clock, int flags, const timespec* time, timespec* left) {
  check_clock("clock_nanosleep", clock);
  if (flags != 0) report("clock_nanosleep() until a time");
  return REAL(clock_nanosleep)(clock, flags, time, left);
}

int adjtimex(timex* buffer) noexcept { return is_reading("adjtimex", buffer) ? REAL(adjtimex)(buffer) : -1; }

int ntp_adjtime(timex* buffer) noexcept {
  return is_reading("ntp_adjtime", buffer) ? REAL(ntp_adjtime)(buffer) : -1;
}

int clock_adjtime(clockid_t clock, timex* buffer) noexcept {
  return is_reading("clock_adjtime", buffer) ? REAL(clock_adjtime)(clock, buffer) : -1;
}

int clock_settime(clockid_t, const timespec*) noexcept { return refuse_to_set("clock_settime"); }

int settimeofday(const timeval*, const struct timezone*) noexcept { return refuse_to_set("settimeofday"); }

/// A simulator aborts at every other number.
long syscall(long number, ...) noexcept {
  if (!is_allowed(number)) report("syscall(" + std::to_string(number) + ")");
  std::va_list list;
  va_start(list, number);
  std::array<long, 6> arguments{};
  for (long& argument : arguments) argument = va_arg(list, long);
  va_end(list);
  return REAL(syscall)(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4],
                       arguments[5]);
}

}  // extern "C"
