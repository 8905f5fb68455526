#include "io/server_workers.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <linux/filter.h>
#include <pthread.h>
#include <sys/socket.h>
#include <utility>
#include <fmt/format.h>

namespace noonmark::io {
namespace {

/// Signals that the process gets while it lives go to other threads; those that it starts inherit that.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

/// The number in its group of the socket that a datagram is for: 0 unless it is of mode 3 and to an address
/// of this machine, else one more than the hash of its source address. Loads from 0 on are of the UDP
/// payload. Some kernels ask for the socket of a multicast datagram, too, which all that joined the group
/// should get.
std::vector<sock_filter> spreading_program(base::Family family, std::size_t workers, std::uint32_t hash_key) {
  const auto load = [](std::uint16_t size, int from) {
    return sock_filter BPF_STMT(static_cast<std::uint16_t>(BPF_LD | size | BPF_ABS),
                                static_cast<std::uint32_t>(from));
  };
  constexpr std::uint32_t kModeMask = 7, kModeClient = 3;
  const bool is_v4 = family == base::Family::ipv4;
  const int source_at = SKF_NET_OFF + (is_v4 ? 12 : 8);
  const int destination_at = SKF_NET_OFF + (is_v4 ? 16 : 24);
  const std::uint32_t first_group = is_v4 ? 0xE0 : 0xFF;  // by the first octet
  const int words = is_v4 ? 1 : 4;

  std::vector<sock_filter> program{
      load(BPF_B, destination_at),
      BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, first_group, 3, 0),
      load(BPF_B, 0),
      BPF_STMT(BPF_ALU | BPF_AND | BPF_K, kModeMask),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kModeClient, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, 0),
      BPF_STMT(BPF_LDX | BPF_IMM, 0),
  };
  const auto add = [&](std::initializer_list<sock_filter> more) {
    program.insert(program.end(), more.begin(), more.end());
  };
  for (int word = 0; word < words; ++word)
    add({load(BPF_W, source_at + 4 * word), BPF_STMT(BPF_ALU | BPF_XOR | BPF_X, 0),
         BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, hash_key), BPF_STMT(BPF_MISC | BPF_TAX, 0)});
  add({BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 16),
       BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, static_cast<std::uint32_t>(workers)),
       BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, 1), BPF_STMT(BPF_RET | BPF_A, 0)});
  return program;
}

}  // namespace

ServerWorkers::ServerWorkers(unsigned count, base::Random& random)
    : hash_key_(static_cast<std::uint32_t>(random.next()) | 1) {  // odd: a multiplication loses nothing
  for (unsigned i = 0; i < count; ++i) workers_.push_back(std::make_unique<ServerWorker>(random));
}

void ServerWorkers::start() {
  const SignalsBlocked none;
  for (std::size_t i = 0; i < workers_.size(); ++i) workers_[i]->start(fmt::format("server {}", i + 1));
}

void ServerWorkers::post_to_all(const ServerWorker::Task& task) {
  for (const auto& worker : workers_) worker->post(task);
}

void ServerWorkers::use(const std::shared_ptr<const core::ServerPolicy>& policy) {
  if (policy == policy_) return;
  policy_ = policy;
  post_to_all([policy](auto& state) { state.responder.use(policy); });
}

void ServerWorkers::publish(const core::ServerView& view) {
  if (view.continues(view_)) return;
  view_ = view;
  post_to_all([view](auto& state) { state.responder.publish(view); });
}

void ServerWorkers::follow(const core::ServedLine& line) {
  if (line == line_) return;
  line_ = line;
  post_to_all([line](auto& state) { state.line = line; });
}

int ServerWorkers::listen(const PortKey& key, const VpnPlace& place, const UdpSocket& first) {
  if (workers_.empty()) return 0;
  auto program = spreading_program(key.family, workers_.size(), hash_key_);
  const sock_fprog code{static_cast<unsigned short>(program.size()), program.data()};
  if (::setsockopt(first.fd(), SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &code, sizeof code) != 0) return errno;
  std::vector<UdpSocket> sockets;
  while (sockets.size() < workers_.size()) {
    auto socket =
        UdpSocket::open(place, {base::IpAddress::any(key.family), key.port, 0}, UdpSocket::PortUse::group);
    if (!socket) return socket.error();
    socket->prepare_to_serve();
    sockets.push_back(std::move(*socket));
  }
  for (std::size_t i = 0; i < workers_.size(); ++i)
    workers_[i]->call([&](auto& state) { state.listen(key, std::move(sockets[i])); });
  ports_.insert(key);
  return 0;
}

void ServerWorkers::close(const PortKey& key) {
  if (ports_.erase(key) == 0) return;
  for (const auto& worker : workers_) worker->call([&](auto& state) { state.close(key); });
}

void ServerWorkers::visit(const std::function<void(core::Responder&)>& visit) {
  for (const auto& worker : workers_) worker->call([&](auto& state) { visit(state.responder); });
}

}  // namespace noonmark::io
