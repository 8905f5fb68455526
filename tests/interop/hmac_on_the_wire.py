"""HMAC-SHA256 as it goes over the wire, recomputed by an independent program: Python's hmac.

A server of this file verifies every request and signs its reply; Noonmark must have sent a MAC of the length that its
version or `mac-length` says, and must accept replies with 20 and with 32 octets, but not with 16. Needs no root.
"""

import hashlib
import hmac
import pathlib
import select
import socket
import struct
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import noonmark

HEADER = struct.Struct("!BBbbIII8s8s8s8s")
UNIX_TO_NTP = 2_208_988_800
PASSWORD = "Noonmark-on-the-wire-256"
KEY_ID = 7
KEY_ID_OF_32 = 8  # the same password, with `mac-length 32`


class Case:
    """`sent`: octets of the MAC in a request; `answered`: in the reply; `good`: whether Noonmark must accept it."""

    def __init__(self, address, version, key_id, sent, answered, good):
        self.address, self.version, self.key_id = address, version, key_id
        self.sent, self.answered, self.good = sent, answered, good
        self.socket = None
        self.verified = 0

    def __str__(self):
        return f"version {self.version}, key {self.key_id}: request with {self.sent} octets, reply with {self.answered}"


CASES = [
    Case("127.0.0.11", 3, KEY_ID, 32, 32, True),
    Case("127.0.0.12", 4, KEY_ID, 20, 20, True),
    Case("127.0.0.13", 3, KEY_ID, 32, 20, True),
    Case("127.0.0.14", 4, KEY_ID, 20, 32, True),
    Case("127.0.0.15", 4, KEY_ID_OF_32, 32, 32, True),
    Case("127.0.0.16", 2, KEY_ID, 32, 32, True),
    Case("127.0.0.17", 1, KEY_ID, 32, 32, True),
    Case("127.0.0.18", 3, KEY_ID, 32, 16, False),
    Case("127.0.0.19", 4, KEY_ID, 20, 16, False),
]


def mac(key_id, data, length):
    return struct.pack("!I", key_id) + hmac.new(PASSWORD.encode(), data, hashlib.sha256).digest()[:length]


def timestamp():
    now = time.time_ns()
    seconds, rest = divmod(now, 1_000_000_000)
    return struct.pack("!II", (seconds + UNIX_TO_NTP) & 0xFFFFFFFF, (rest << 32) // 1_000_000_000)


def signed_reply(request, received, case):
    poll, transmit = request[2], request[40:48]
    header = HEADER.pack(case.version << 3 | 4, 2, poll, -20, 0, 1 << 8, 0x7F7F0101, received, transmit, received,
                         timestamp())
    return header + mac(case.key_id, header, case.answered)


class Server(threading.Thread):
    """Answers on one port of each case's address. `fault` is what was wrong with a request."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.fault = None
        for case in CASES:
            case.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            case.socket.bind((case.address, port))

    def run(self):
        by_socket = {case.socket: case for case in CASES}
        while True:
            for ready in select.select(list(by_socket), [], [])[0]:
                self.answer(by_socket[ready])

    def answer(self, case):
        request, client = case.socket.recvfrom(2048)
        received = timestamp()
        header, trailer = request[:HEADER.size], request[HEADER.size:]
        if trailer != mac(case.key_id, header, case.sent):
            self.fault = f"{case}: not the MAC that Python computes: {request.hex()}"
            return
        case.verified += 1
        case.socket.sendto(signed_reply(request, received, case), client)


def server_line(case, port):
    return (f"ntp-service unicast-server {case.address} port {port} version {case.version} "
            f"authentication-keyid {case.key_id} iburst minpoll 3 maxpoll 4")


def check(case, daemon, server):
    def settled():
        if server.fault:
            raise noonmark.Failure(server.fault)
        session = daemon.session(case.address)
        return session["reach"] > 0 if case.good else session["code"] in ("reply-mac-wrong", "reply-without-mac")

    noonmark.wait_until(settled, 20, lambda: f"{case}\n{daemon.text('display ntp-service explain')}")
    if case.verified == 0:
        raise noonmark.Failure(f"{case}: no request was seen")
    if not case.good and daemon.session(case.address)["reach"] != 0:
        raise noonmark.Failure(f"{case}: accepted")
    print(f"ok: {case}: {'accepted' if case.good else 'refused'}")


def main():
    with noonmark.test(100) as test:
        port = noonmark.free_port()
        server = Server(port)
        server.start()
        daemon = test.noonmarkd("client", "--clock", "virtual:offset=0.2,frequency=10")
        key = f"authentication-mode hmac-sha256 {PASSWORD}"
        daemon.configure(f"ntp-service authentication-keyid {KEY_ID} {key}",
                         f"ntp-service authentication-keyid {KEY_ID_OF_32} {key} mac-length 32",
                         *(server_line(case, port) for case in CASES))
        for case in CASES:
            check(case, daemon, server)
        daemon.wait_synchronized()


if __name__ == "__main__":
    main()
