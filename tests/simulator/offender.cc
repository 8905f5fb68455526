// Breaks one rule of preload.cc, as its argument says: the test of the test. `keep` breaks none of them.

#include <array>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <netinet/in.h>
#include <poll.h>
#include <span>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/random.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace {

/// A socket on the loopback with a datagram from itself in it.
int socket_with_datagram() {
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  bind(fd, generic, size);
  getsockname(fd, generic, &size);
  sendto(fd, "noon", 4, 0, generic, size);
  return fd;
}

void poll_once(int fd) {
  pollfd entry{fd, POLLIN, 0};
  poll(&entry, 1, 0);
}

void receive(int fd, std::size_t buffers, std::size_t control_size, int flags) {
  std::array<char, 64> data{};
  std::array<char, 512> control{};
  std::array<iovec, 2> parts{iovec{data.data(), 32}, iovec{data.data() + 32, 32}};
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = buffers;
  message.msg_control = control.data();
  message.msg_controllen = control_size;
  recvmsg(fd, &message, flags | MSG_DONTWAIT);
}

void keep() {
  if (socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0) >= 0 || socket(AF_INET6, SOCK_DGRAM, 0) >= 0 ||
      socket(AF_UNIX, SOCK_STREAM, 0) >= 0 || socket(AF_NETLINK, SOCK_RAW, 0) >= 0)
    std::puts("a socket that simulators do not have");
  const int fd = socket_with_datagram();
  poll_once(fd);
  receive(fd, 1, 256, 0);
  poll_once(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK));
  std::array<char, 4> random{};
  if (getrandom(random.data(), random.size(), 0) != 4) std::puts("no random numbers");
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC_RAW, &now);
  if (clock_gettime(CLOCK_BOOTTIME, &now) == 0) std::puts("a clock that simulators do not have");
}

void use_epoll() { epoll_create1(0); }
void use_ppoll() {
  const timespec now{};
  ppoll(nullptr, 0, &now, nullptr);
}
void use_pselect() {
  const timespec now{};
  pselect(0, nullptr, nullptr, nullptr, &now, nullptr);
}
void use_timerfd_cloexec() { timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC); }
void use_timerfd_boottime() { timerfd_create(CLOCK_BOOTTIME, 0); }
void watch_clock_set() {
  itimerspec later{};
  later.it_value.tv_sec = 8'000'000'000;
  timerfd_settime(timerfd_create(CLOCK_REALTIME, 0), TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &later,
                  nullptr);
}
void poll_pipe() {
  std::array<int, 2> ends{};
  if (pipe(ends.data()) == 0) poll_once(ends[0]);
}
void poll_eventfd() { poll_once(eventfd(0, 0)); }
void poll_signalfd() {
  sigset_t none;
  sigemptyset(&none);
  poll_once(signalfd(-1, &none, 0));
}
void poll_inotify() { poll_once(inotify_init1(0)); }
void use_sendmmsg() { sendmmsg(-1, nullptr, 0, 0); }
void use_accept4() { accept4(-1, nullptr, nullptr, 0); }
void read_socket() {
  std::array<char, 4> data{};
  if (read(socket_with_datagram(), data.data(), data.size()) != 4) std::puts("nothing read");
}
void write_socket() {
  if (write(socket_with_datagram(), "noon", 4) == 4) std::puts("written");
}
void use_syscall() { syscall(SYS_getpid); }
void use_getentropy() {
  std::array<char, 4> random{};
  if (getentropy(random.data(), random.size()) != 0) std::puts("no random numbers");
}
void read_other_clock() {
  timespec now{};
  clock_gettime(CLOCK_TAI, &now);
}
void sleep_until() {
  const timespec past{};
  clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &past, nullptr);
}
void receive_in_parts() {
  const int fd = socket_with_datagram();
  poll_once(fd);
  receive(fd, 2, 256, 0);
}
void receive_without_room() {
  const int fd = socket_with_datagram();
  poll_once(fd);
  receive(fd, 1, 64, 0);
}
void read_error_queue() {
  const int fd = socket_with_datagram();
  poll_once(fd);
  receive(fd, 1, 256, MSG_ERRQUEUE);
}
void drain() {
  const int fd = socket_with_datagram();
  poll_once(fd);
  receive(fd, 1, 256, 0);
  receive(fd, 1, 256, 0);
}
void use_fork() {
  const pid_t child = fork();
  if (child == 0) _exit(0);
  waitpid(child, nullptr, 0);
}
void use_sleep() { sleep(0); }
void use_second_thread() {
  std::thread([] { std::this_thread::sleep_until(std::chrono::steady_clock::now()); }).join();
}
void set_clock() {
  const timespec time{};
  clock_settime(CLOCK_MONOTONIC, &time);  // which nobody can set, were the preload not there
}

struct Offence {
  const char* name;
  void (*commit)();
  const char* reported_as;
};

constexpr std::array kOffences{
    Offence{"keep", keep, ""},
    Offence{"epoll", use_epoll, "epoll_create1()"},
    Offence{"ppoll", use_ppoll, "ppoll()"},
    Offence{"pselect", use_pselect, "pselect()"},
    Offence{"timerfd-cloexec", use_timerfd_cloexec, "timerfd_create() with flags other than TFD_NONBLOCK"},
    Offence{"timerfd-boottime", use_timerfd_boottime, "timerfd_create() of clock 7"},
    Offence{"watch-clock-set", watch_clock_set, "timerfd_settime() with flags other than TFD_TIMER_ABSTIME"},
    Offence{"poll-pipe", poll_pipe, "poll() of pipe:"},
    Offence{"poll-eventfd", poll_eventfd, "poll() of anon_inode:[eventfd]"},
    Offence{"poll-signalfd", poll_signalfd, "poll() of anon_inode:[signalfd]"},
    Offence{"poll-inotify", poll_inotify, "poll() of anon_inode:inotify"},
    Offence{"sendmmsg", use_sendmmsg, "sendmmsg()"},
    Offence{"accept4", use_accept4, "accept4()"},
    Offence{"read-socket", read_socket, "read() on a socket"},
    Offence{"write-socket", write_socket, "write() on a socket"},
    Offence{"syscall", use_syscall, "syscall(39)"},
    Offence{"getentropy", use_getentropy, "getentropy()"},
    Offence{"other-clock", read_other_clock, "clock_gettime() of clock 11"},
    Offence{"sleep-until", sleep_until, "clock_nanosleep() until a time"},
    Offence{"two-buffers", receive_in_parts, "recvmsg() with several buffers"},
    Offence{"little-control", receive_without_room, "recvmsg() with little room for control messages"},
    Offence{"error-queue", read_error_queue, "recvmsg(MSG_ERRQUEUE) without POLLPRI or POLLERR before it"},
    Offence{"drain", drain, "recvmsg() without POLLIN before it"},
    Offence{"fork", use_fork, "fork()"},
    Offence{"sleep", use_sleep, "sleep()"},
    Offence{"second-thread", use_second_thread, "clock_gettime() in a second thread"},
    Offence{"set-clock", set_clock, "clock_settime() that sets the clock"},
};

}  // namespace

/// Without an argument: the list of names, each with the report that must come.
int main(int argc, char** argv) {
  for (const Offence& offence : kOffences) {
    if (argc < 2) std::printf("%s\t%s\n", offence.name, offence.reported_as);
    if (argc == 2 && std::strcmp(argv[1], offence.name) == 0) offence.commit();
  }
}
