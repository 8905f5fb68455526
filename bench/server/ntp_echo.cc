// The least that a server can do on UDP sockets, as a measure for those that do more: takes what is there
// with one recvmmsg() and gives it back with one sendmmsg(), as a reply in nothing but its form.

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>  // which the next one needs
#include <linux/net_tstamp.h>
#include <netinet/in.h>
#include <string_view>
#include <sys/socket.h>

namespace {

constexpr std::size_t kBatch = 64;
constexpr std::size_t kOriginAt = 24, kTransmitAt = 40, kTimestamp = 8;

struct Message {
  sockaddr_in from;
  iovec data;
  std::array<std::uint8_t, 512> octets;
  alignas(cmsghdr) std::array<std::uint8_t, 256> control;
};

int listening_socket(std::uint16_t port) {
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  constexpr int kBuffer = 1 << 19;  // as noonmarkd
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &kBuffer, sizeof kBuffer);
  if (fd < 0 || bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    std::perror("ntp_echo");
    std::exit(1);
  }
  return fd;
}

void ask_to_be_told(int fd) {
  constexpr int kOn = 1, kStamps = SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_RX_SOFTWARE;
  setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &kStamps, sizeof kStamps);
  setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &kOn, sizeof kOn);
}

/// The control messages of the answer: from the address that was asked, by whatever way.
void answer_from_there(msghdr& header) {
  cmsghdr* found = CMSG_FIRSTHDR(&header);
  while (found != nullptr && found->cmsg_level != IPPROTO_IP) found = CMSG_NXTHDR(&header, found);
  if (found == nullptr) return;
  in_pktinfo info{};
  std::memcpy(&info, CMSG_DATA(found), sizeof info);
  info.ipi_ifindex = 0;
  cmsghdr* const out = CMSG_FIRSTHDR(&header);
  *out = {CMSG_LEN(sizeof info), IPPROTO_IP, IP_PKTINFO};
  std::memcpy(CMSG_DATA(out), &info, sizeof info);
  header.msg_controllen = CMSG_SPACE(sizeof info);
}

/// Mode, stratum, and the origin timestamp by which the client knows its reply.
void make_reply(std::array<std::uint8_t, 512>& packet) {
  packet[0] = static_cast<std::uint8_t>((packet[0] & 0xF8) | 4);
  packet[1] = 1;
  std::memcpy(&packet[kOriginAt], &packet[kTransmitAt], kTimestamp);
}

}  // namespace

int main(int argc, char** argv) {
  const bool told = argc == 3 && std::string_view(argv[2]) == "told";
  if (argc != 2 && !told) {
    std::fprintf(stderr, "usage: ntp_echo PORT [told]\n");
    return 2;
  }
  const int fd = listening_socket(static_cast<std::uint16_t>(std::atoi(argv[1])));
  if (told) ask_to_be_told(fd);
  static std::array<Message, kBatch> messages;
  static std::array<mmsghdr, kBatch> headers;
  for (std::size_t i = 0; i < kBatch; ++i) headers[i].msg_hdr.msg_iov = &messages[i].data;
  for (;;) {
    for (std::size_t i = 0; i < kBatch; ++i) {
      messages[i].data = {messages[i].octets.data(), messages[i].octets.size()};
      headers[i].msg_hdr.msg_iovlen = 1;
      headers[i].msg_hdr.msg_name = &messages[i].from;
      headers[i].msg_hdr.msg_namelen = sizeof messages[i].from;
      if (!told) continue;
      headers[i].msg_hdr.msg_control = messages[i].control.data();
      headers[i].msg_hdr.msg_controllen = messages[i].control.size();
    }
    const int count = recvmmsg(fd, headers.data(), kBatch, MSG_WAITFORONE, nullptr);
    for (int i = 0; i < count; ++i) {
      const auto at = static_cast<std::size_t>(i);
      messages[at].data.iov_len = headers[at].msg_len;
      make_reply(messages[at].octets);
      if (told) answer_from_there(headers[at].msg_hdr);
    }
    if (count > 0) sendmmsg(fd, headers.data(), static_cast<unsigned>(count), 0);
  }
}
