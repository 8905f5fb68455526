#pragma once

#include <array>
#include <cstdint>
#include <netinet/in.h>
#include <optional>
#include <sys/socket.h>
#include <vector>

#include "core/authenticator.h"
#include "io/unique_fd.h"
#include "server/measures.h"

namespace noonmark::bench {

/// What to send, how fast, and for how long.
struct Load {
  base::Endpoint server;
  double seconds = 2;
  double rate = 0;            // requests per second, whatever comes back (open loop); 0: by the window
  int window = 0;             // requests that wait for a reply (closed loop)
  int batch = 32;             // the most messages per call of the kernel
  std::uint32_t sources = 1;  // addresses to send from in turn, beginning with ...
  std::optional<base::IpAddress>
      source;                          // IPv4; all of them must be this machine's. None: the kernel's choice
  std::uint32_t first_source = 0;      // how far behind `source` the first request's one is
  std::optional<core::KeyConfig> key;  // of the MAC on each request
  bool verifies = false;               // the MAC of each reply
  bool measures_stamps = false;        // the server runs on this machine's clock
};

struct LoadCounts {
  std::uint64_t sent = 0;
  std::uint64_t answered = 0;
  std::uint64_t lost = 0;
  std::uint64_t wrong = 0;  // not the reply to any request of ours
  std::uint64_t wrong_mac = 0;
  std::uint64_t kisses = 0;
  std::uint64_t unsynchronized = 0;  // answered so
  std::uint64_t repeated = 0;        // a second reply, or one that was given up
  std::int64_t idle_ns = 0;          // with nothing to do
  std::int64_t elapsed_ns = 1;
};

/// Sends requests for the time to one server and checks the origin timestamp of each reply. Requests are made
/// before, each with a random transmit timestamp whose low bits name its place, so that sending costs no MAC.
class LoadGenerator {
 public:
  explicit LoadGenerator(const Load& load);
  /// Until the time is over, then for the replies that are on their way.
  void run();

  const LoadCounts& counts() const { return counts_; }
  const Histogram& round_trip() const { return round_trip_; }
  const Histogram& forward() const { return forward_; }  // T2 - t1: from the send call to the server's stamp
  const Histogram& inside() const { return inside_; }    // T3 - T2
  const Histogram& backward() const {
    return backward_;
  }  // t4 - T3: from the server's stamp to the kernel's here

 private:
  static constexpr std::size_t kMaxBatch = 256;
  struct Place {
    std::uint64_t transmit = 0;
    std::int64_t sent_ns = 0;
    bool waits = false;
  };
  struct Incoming {
    std::array<std::uint8_t, 512> data;
    alignas(cmsghdr) std::array<std::uint8_t, 128> control;
    iovec whole;
  };

  void open();
  void make_requests();
  void prepare_messages();
  int allowance(std::int64_t since_start);
  int send(int most);
  int receive();
  void check(const mmsghdr& message, std::int64_t now);
  bool is_signed_right(base::Bytes packet);
  void measure(const mmsghdr& message, base::Bytes packet, std::int64_t sent_ns);
  void give_up_old(std::int64_t now);
  std::int64_t now_ns() const;
  std::size_t next_of(std::size_t place) const { return (place + 1) & (places_.size() - 1); }

  const Load& load_;
  std::optional<core::Key> key_;
  io::UniqueFd fd_;
  std::size_t request_size_ = 0;
  std::vector<Place> places_;  // a power of two
  std::vector<std::uint8_t> requests_;
  std::array<mmsghdr, kMaxBatch> out_{};
  std::array<iovec, kMaxBatch> out_data_{};
  alignas(
      cmsghdr) std::array<std::array<std::uint8_t, CMSG_SPACE(sizeof(in_pktinfo))>, kMaxBatch> out_control_{};
  std::array<mmsghdr, kMaxBatch> in_{};
  std::vector<Incoming> incoming_;
  std::size_t next_ = 0;    // place of the next request
  std::size_t oldest_ = 0;  // place of the oldest one that may wait
  std::uint32_t next_source_ = 0;
  std::int64_t offered_ = 0;
  int outstanding_ = 0;
  LoadCounts counts_;
  Histogram round_trip_, forward_, inside_, backward_;
};

}  // namespace noonmark::bench
