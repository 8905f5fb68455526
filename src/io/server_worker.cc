#include "io/server_worker.h"

#include <future>
#include <pthread.h>
#include <sys/eventfd.h>
#include <utility>

#include "base/check.h"

namespace noonmark::io {
namespace {

constexpr int kRounds = 16;  // of batches, or of reports, before tasks get their turn

}  // namespace

void ServerWorker::State::listen(const PortKey& key, UdpSocket socket) {
  const auto [at, is_new] = sockets.emplace(key, std::move(socket));
  CHECK(is_new);
  loop.watch(at->second.fd(), POLLIN | POLLPRI, [this, key](short revents) { on_socket(key, revents); });
}

void ServerWorker::State::close(const PortKey& key) {
  const auto found = sockets.find(key);
  if (found == sockets.end()) return;
  loop.unwatch(found->second.fd());
  sockets.erase(found);
}

/// What is no request to an address of this machine came here only because such packets go to all sockets of
/// a port: it is the main thread's.
void ServerWorker::State::on_socket(const PortKey& key, short revents) {
  const UdpSocket& socket = sockets.at(key);
  if ((revents & (POLLERR | POLLPRI)) != 0) read_stamps(key, socket);
  if ((revents & POLLIN) == 0) return;
  for (int round = 0; round < kRounds; ++round)
    if (!server.answer(socket, key.vpn, line, RequestServer::Groups::leave)) return;
}

void ServerWorker::State::read_stamps(const PortKey& key, const UdpSocket& socket) {
  std::array<std::uint8_t, core::kMaxDatagram> frame;
  for (int round = 0; round < kRounds; ++round) {
    const auto report = socket.receive_report(frame);
    if (!report) {
      socket.take_error();
      return;
    }
    if (const auto* stamp = std::get_if<TransmitStamp>(&*report))
      server.on_stamp(*stamp, socket, key.vpn, line);
  }
}

ServerWorker::ServerWorker(base::Random& random)
    : state_(random), wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  CHECK(wake_);
  state_.loop.watch(wake_.get(), POLLIN, [this](short) { run_tasks(); });
}

ServerWorker::~ServerWorker() {
  if (!thread_.joinable()) return;
  post([](State& state) { state.loop.stop(); });
  thread_.join();
}

void ServerWorker::start(const std::string& name) {
  thread_ = std::thread([this] { state_.loop.run(); });
  pthread_setname_np(thread_.native_handle(), name.c_str());
}

void ServerWorker::post(Task task) {
  if (!thread_.joinable()) return task(state_);
  {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
  }
  CHECK(::eventfd_write(wake_.get(), 1) == 0);
}

void ServerWorker::call(const Task& task) {
  std::promise<void> done;
  post([&](State& state) {
    task(state);
    done.set_value();
  });
  done.get_future().wait();
}

void ServerWorker::run_tasks() {
  eventfd_t count = 0;
  ::eventfd_read(wake_.get(), &count);
  std::vector<Task> tasks;
  {
    const std::lock_guard lock(mutex_);
    tasks.swap(tasks_);
  }
  for (const Task& task : tasks) task(state_);
}

}  // namespace noonmark::io
