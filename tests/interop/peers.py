"""chronyd and NTPsec's ntpd as servers and as clients, each alone in its network namespace, unable to set a clock."""

import csv
import os
import re
import subprocess
import sys

import noonmark

PEERS = noonmark.ROOT / "build/peers"
LIBRARIES = {"LD_LIBRARY_PATH": f"{PEERS}/usr/lib/x86_64-linux-gnu"}
POLL = "iburst minpoll 3 maxpoll 4"


def fetch():
    """Has chronyd and ntpd unpacked; skips the test where they cannot be had."""
    got = subprocess.run([noonmark.ROOT / "tools/fetch-peers", PEERS], capture_output=True, text=True)
    if got.returncode != 0:
        noonmark.skip(f"chronyd and ntpd cannot be fetched: {got.stderr.strip()}")


def _lines(*lines):
    return "".join(f"{line}\n" for line in lines)


def server_line(address, version, key):
    """Both daemons write it alike."""
    return f"server {address} {POLL}" + (f" version {version}" if version else "") + (f" key {key}" if key else "")


class Chronyd:
    """`keys`: (id, algorithm as Noonmark calls it, password); `servers`: (address, version or None, key id or None).

    `lines`, if any, is its configuration in its own words instead of `servers`.
    """

    name = "chronyd"
    _types = {"md5": "MD5", "aes-128-cmac": "AES128", "aes-256-cmac": "AES256", "digest-sha1": "SHA1",
              "digest-sha256": "SHA256", "digest-sha384": "SHA384", "digest-sha512": "SHA512"}

    def __init__(self, test, namespace, keys, servers=(), lines=()):
        self.directory = test.directory / namespace.name
        self.directory.mkdir(mode=0o700)
        self.namespace = namespace
        key_file = self.directory / "keys"
        key_file.write_text(_lines(*(f"{id} {self._types[algorithm]} ASCII:{password}"
                                     for id, algorithm, password in keys)))
        # Else chronyd would leave out the sources without a key.
        role = ["authselectmode ignore", *lines] if lines else \
               ["port 0", "authselectmode ignore", *(server_line(*server) for server in servers)] if servers else \
               ["local stratum 2", "allow 0/0", "allow ::/0"]
        configuration = self.directory / "chrony.conf"
        configuration.write_text(_lines(f"keyfile {key_file}", "cmdport 0", f"bindcmdaddress {self._socket()}",
                                        f"pidfile {self.directory}/pid", *role))
        self.process = test.process(namespace.name, *noonmark.WITHOUT_SYS_TIME, PEERS / "usr/sbin/chronyd", "-x", "-d",
                                    "-u", "root", "-f", configuration, namespace=namespace, environment=LIBRARIES)

    def _socket(self):
        return self.directory / "socket"

    def _ask(self, *words):
        # chronyc makes its own socket beside chronyd's.
        return noonmark.run(PEERS / "usr/bin/chronyc", "-n", "-c", "-h", self._socket(), *words,
                            env={**os.environ, **LIBRARIES})

    def interleaves(self, address):
        """Whether its last exchange with that source was in the interleaved mode."""
        report = noonmark.run(PEERS / "usr/bin/chronyc", "-n", "-h", self._socket(), "ntpdata", address,
                              env={**os.environ, **LIBRARIES})
        return re.search(r"^Interleaved +: Yes", report, re.MULTILINE) is not None

    def is_serving(self):
        """A chronyd with `local` serves from its first moment."""
        return self._socket().exists()

    def sources(self):
        """By address: whether it is selectable, whether anything valid has come from it, and its offset in s."""
        rows = csv.reader(self._ask("sources").splitlines())
        # mode, state, address, stratum, poll, reach, last, offset before, offset, error. What chronyd calls an offset
        # is the local clock's against the server's.
        return {row[2]: {"selectable": row[1] in "*+-", "reached": row[5] != "0", "offset": -float(row[8])}
                for row in rows}


class Ntpd:
    """NTPsec; parameters as for Chronyd."""

    name = "ntpd"
    _types = {"md5": "md5", "aes-128-cmac": "aes-128", "aes-256-cmac": "aes-256", "digest-sha1": "sha1",
              "digest-sha256": "sha256", "digest-sha384": "sha384", "digest-sha512": "sha512"}
    _plain_key_length = 20  # longer ones are read as hexadecimal digits

    def __init__(self, test, namespace, keys, servers=(), lines=()):
        self.directory = test.directory / namespace.name
        self.directory.mkdir(mode=0o700)
        self.namespace = namespace
        key_file = self.directory / "keys"
        key_file.write_text(_lines(*(f"{id} {self._types[algorithm]} {self._key(password)}"
                                     for id, algorithm, password in keys)))
        # `disable ntp` would keep a server unsynchronized for ever; without CAP_SYS_TIME, and with the local clock as
        # its reference, it has neither the right nor a reason to touch the clock.
        role = ["disable ntp", *(lines or (server_line(*server) for server in servers))] if servers or lines else \
               ["refclock local stratum 2 minpoll 0 maxpoll 0"]
        configuration = self.directory / "ntp.conf"
        configuration.write_text(_lines(
            f"keys {key_file}", "trustedkey " + " ".join(str(key[0]) for key in keys), "disable kernel",
            f"driftfile {self.directory}/drift", f"statsdir {self.directory}/",
            # One source is enough, none is left out for there being many, the local clock need not wait for others.
            "tos minsane 1 maxclock 50 orphanwait 2",
            # Without its built-in rate limit, and with answers to ntpq.
            "restrict default", "unrestrict default limited noquery", "restrict 127.0.0.1", *role))
        self.process = test.process(namespace.name, *noonmark.WITHOUT_SYS_TIME, PEERS / "usr/sbin/ntpd", "-n", "-g",
                                    "-c", configuration, "-p", self.directory / "pid", namespace=namespace,
                                    environment=LIBRARIES)

    def _key(self, password):
        return password if len(password) <= self._plain_key_length else password.encode().hex()

    def _ask(self, command):
        return noonmark.run(*self.namespace.prefix(), sys.executable, PEERS / "usr/bin/ntpq", "-n", "-w", "-c", command,
                            "127.0.0.1", env={**os.environ, **LIBRARIES,
                                              "PYTHONPATH": f"{PEERS}/usr/lib/python3/dist-packages"})

    def is_serving(self):
        """Whether it follows its local clock and bounds the error: what it says before no client may use."""
        variables = self._ask("rv 0 leap,rootdisp")
        found = re.search(r"leap=00, rootdisp=([\d.]+)", variables)
        return found is not None and float(found[1]) < 500

    def sources(self):
        """As Chronyd.sources()."""
        found = {}
        for line in self._ask("peers").splitlines():
            # tally and address, reference, stratum, type, when, poll, reach, delay, offset, jitter; a long address has
            # a line of its own.
            match = re.match(r"(.)([0-9a-f.:]+)\s+\S+\s+\d+\s+u\s+\S+\s+\S+\s+(\d+)\s+\S+\s+(\S+)", line)
            if match:
                tally, address, reach, offset = match.groups()
                found[address] = {"selectable": tally in "*o+-#", "reached": reach != "0",
                                  "offset": float(offset) / 1000}
        return found
