#include "server/load_generator.h"

#include <algorithm>
#include <cstring>
#include <ctime>
#include <random>

#include "base/check.h"
#include "io/control_message.h"
#include "io/kernel_clock.h"
#include "io/socket_address.h"
#include "wire/packet.h"

namespace noonmark::bench {
namespace {

constexpr std::int64_t kGivenUpNs = 400'000'000;
constexpr std::size_t kFewestPlaces = 16'384, kMostPlaces = std::size_t{1} << 21;

std::int64_t read_ns(clockid_t clock) {
  timespec time{};
  CHECK(clock_gettime(clock, &time) == 0);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

LoadGenerator::LoadGenerator(const Load& load) : load_(load), next_source_(load.first_source % load.sources) {
  if (load.key) {
    auto key = core::Key::create(*load.key);
    CHECK(key);
    key_ = std::move(*key);
  }
  open();
  make_requests();
  prepare_messages();
}

void LoadGenerator::open() {
  const base::Family family = load_.server.address.family();
  fd_.reset(::socket(io::domain_of(family), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  CHECK(fd_);
  constexpr int kBuffer = 8 << 20, kOn = 1;
  if (::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUFFORCE, &kBuffer, sizeof kBuffer) != 0)
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &kBuffer, sizeof kBuffer);
  if (load_.measures_stamps)
    CHECK(::setsockopt(fd_.get(), SOL_SOCKET, SO_TIMESTAMPNS, &kOn, sizeof kOn) == 0);
  if (load_.source) {  // replies come to many addresses: the socket must take them all
    const io::SocketAddress any({base::IpAddress::any(family), 0, 0});
    CHECK(::bind(fd_.get(), any.data(), any.size()) == 0);
    return;
  }
  const io::SocketAddress server(load_.server);
  CHECK(::connect(fd_.get(), server.data(), server.size()) == 0);
}

void LoadGenerator::make_requests() {
  std::size_t count = kFewestPlaces;
  const double needed = load_.rate * 1.25e-9 * static_cast<double>(kGivenUpNs);
  while (count < kMostPlaces && static_cast<double>(count) < needed) count *= 2;
  places_.resize(count);
  const std::size_t mac = key_ ? key_->sent_length(4) + wire::kKeyIdSize : 0;
  request_size_ = wire::kHeaderSize + mac;
  requests_.resize(count * request_size_);
  std::mt19937_64 random(std::random_device{}());
  for (std::size_t i = 0; i < count; ++i) {
    places_[i].transmit = (random() & ~(std::uint64_t{count} - 1)) | i;
    wire::Header header;
    header.leap = wire::Leap::none;
    header.poll = 6;
    header.transmit = wire::Timestamp::from_raw(places_[i].transmit);
    const auto packet = std::span(requests_).subspan(i * request_size_, request_size_);
    wire::encode(header, packet.first<wire::kHeaderSize>());
    if (key_) key_->sign(packet, wire::kHeaderSize, mac - wire::kKeyIdSize);
  }
}

void LoadGenerator::prepare_messages() {
  static io::SocketAddress server(load_.server);
  incoming_.resize(static_cast<std::size_t>(load_.batch));
  for (std::size_t i = 0; i < incoming_.size(); ++i) {
    out_[i].msg_hdr.msg_iov = &out_data_[i];
    out_[i].msg_hdr.msg_iovlen = 1;
    if (load_.source) {
      out_[i].msg_hdr.msg_name = server.data();
      out_[i].msg_hdr.msg_namelen = server.size();
      out_[i].msg_hdr.msg_control = out_control_[i].data();
      out_[i].msg_hdr.msg_controllen = out_control_[i].size();
    }
    incoming_[i].whole = {incoming_[i].data.data(), incoming_[i].data.size()};
    in_[i].msg_hdr.msg_iov = &incoming_[i].whole;
    in_[i].msg_hdr.msg_iovlen = 1;
  }
}

std::int64_t LoadGenerator::now_ns() const {
  return read_ns(load_.measures_stamps ? CLOCK_REALTIME : CLOCK_MONOTONIC);
}

void LoadGenerator::run() {
  const std::int64_t start = read_ns(CLOCK_MONOTONIC);
  const auto length = static_cast<std::int64_t>(load_.seconds * 1e9);
  std::int64_t now = start;
  while (now - start < length) {
    const int received = receive();
    const int sent = send(allowance(now - start));
    const std::int64_t before = now;
    now = read_ns(CLOCK_MONOTONIC);
    if (received == 0 && sent == 0) counts_.idle_ns += now - before;
    give_up_old(now_ns());
  }
  counts_.elapsed_ns = now - start;
  while (outstanding_ > 0 && read_ns(CLOCK_MONOTONIC) < now + kGivenUpNs) receive();
  counts_.lost += static_cast<std::uint64_t>(outstanding_);
}

int LoadGenerator::allowance(std::int64_t since_start) {
  if (load_.window > 0) return std::min(load_.batch, load_.window - outstanding_);
  const double due = load_.rate * static_cast<double>(since_start) * 1e-9;
  const bool is_far_behind = due - static_cast<double>(offered_) > load_.rate * 0.01 + load_.batch;
  if (is_far_behind) offered_ = static_cast<std::int64_t>(due) - load_.batch;  // those are never sent
  return static_cast<int>(
      std::clamp<std::int64_t>(static_cast<std::int64_t>(due) - offered_, 0, load_.batch));
}

int LoadGenerator::send(int most) {
  std::size_t place = next_;
  unsigned count = 0;
  for (; static_cast<int>(count) < most && !places_[place].waits; ++count, place = next_of(place)) {
    out_data_[count] = {requests_.data() + place * request_size_, request_size_};
    if (!load_.source) continue;
    in_pktinfo info{};
    info.ipi_spec_dst.s_addr = htonl(load_.source->v4_value() + (next_source_ + count) % load_.sources);
    io::put_control(out_control_[count], IPPROTO_IP, IP_PKTINFO, info);
  }
  if (count == 0) return 0;
  const std::int64_t now = now_ns();
  const int sent = ::sendmmsg(fd_.get(), out_.data(), count, 0);
  for (int i = 0; i < sent; ++i, next_ = next_of(next_)) {
    places_[next_].waits = true;
    places_[next_].sent_ns = now;
  }
  if (sent <= 0) return 0;
  next_source_ = (next_source_ + static_cast<std::uint32_t>(sent)) % load_.sources;
  outstanding_ += sent;
  offered_ += sent;
  counts_.sent += static_cast<std::uint64_t>(sent);
  return sent;
}

int LoadGenerator::receive() {
  if (load_.measures_stamps)
    for (std::size_t i = 0; i < incoming_.size(); ++i) {
      in_[i].msg_hdr.msg_control = incoming_[i].control.data();
      in_[i].msg_hdr.msg_controllen = incoming_[i].control.size();
    }
  const int count =
      ::recvmmsg(fd_.get(), in_.data(), static_cast<unsigned>(incoming_.size()), MSG_DONTWAIT, nullptr);
  if (count <= 0) return 0;
  const std::int64_t now = now_ns();
  for (int i = 0; i < count; ++i) check(in_[static_cast<std::size_t>(i)], now);
  return count;
}

void LoadGenerator::check(const mmsghdr& message, std::int64_t now) {
  const base::Bytes packet(static_cast<const std::uint8_t*>(message.msg_hdr.msg_iov->iov_base),
                           message.msg_len);
  const bool is_reply = packet.size() >= wire::kHeaderSize && wire::mode_of(packet) == wire::Mode::server;
  const std::uint64_t origin = is_reply ? base::ByteReader(packet.subspan(24)).read<std::uint64_t>() : 0;
  Place& place = places_[origin & (places_.size() - 1)];
  if (!is_reply || place.transmit != origin) {
    ++counts_.wrong;
    return;
  }
  if (!place.waits) {
    ++counts_.repeated;
    return;
  }
  if (key_ && !is_signed_right(packet)) ++counts_.wrong_mac;
  place.waits = false;
  --outstanding_;
  if (packet[1] == 0) {
    const bool is_kiss =
        std::ranges::all_of(packet.subspan(12, 4), [](int c) { return c >= 'A' && c <= 'Z'; });
    ++(is_kiss ? counts_.kisses : counts_.unsynchronized);
    if (is_kiss) return;
  }
  ++counts_.answered;
  round_trip_.add(now - place.sent_ns);
  if (load_.measures_stamps) measure(message, packet, place.sent_ns);
}

bool LoadGenerator::is_signed_right(base::Bytes packet) {
  if (packet.size() != request_size_) return false;
  return !load_.verifies || key_->verify(wire::version_of(packet), packet.first(wire::kHeaderSize),
                                         packet.subspan(wire::kHeaderSize + wire::kKeyIdSize));
}

void LoadGenerator::measure(const mmsghdr& message, base::Bytes packet, std::int64_t sent_ns) {
  const cmsghdr* const control = CMSG_FIRSTHDR(&message.msg_hdr);
  if (control == nullptr || control->cmsg_type != SCM_TIMESTAMPNS) return;
  timespec stamp{};
  std::memcpy(&stamp, CMSG_DATA(control), sizeof stamp);
  base::ByteReader reader(packet.subspan(32));
  const auto received = wire::Timestamp::from_raw(reader.read<std::uint64_t>());
  const auto transmitted = wire::Timestamp::from_raw(reader.read<std::uint64_t>());
  const auto back = io::timestamp_of_unix_ns(std::int64_t{stamp.tv_sec} * 1'000'000'000 + stamp.tv_nsec);
  forward_.add((received - io::timestamp_of_unix_ns(sent_ns)).nanoseconds());
  inside_.add((transmitted - received).nanoseconds());
  backward_.add((back - transmitted).nanoseconds());
}

void LoadGenerator::give_up_old(std::int64_t now) {
  for (; oldest_ != next_; oldest_ = next_of(oldest_)) {
    Place& place = places_[oldest_];
    if (!place.waits) continue;
    if (now - place.sent_ns < kGivenUpNs) return;
    place.waits = false;
    --outstanding_;
    ++counts_.lost;
  }
}

}  // namespace noonmark::bench
