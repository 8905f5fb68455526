"""A shell without the program `noonmark`: the control socket of a daemon, spoken to line by line."""

import json
import socket


class Closed(Exception):
    """The daemon has closed the connection, or died."""


class Shell:
    """A session. Use it as a context manager."""

    def __init__(self, daemon, json_output=False):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(20)
        self.socket.connect(str(daemon.run_dir / "control.sock"))
        self.buffer = b""
        self.greeting = self.read()
        self.ask({"op": "open", "interactive": True, "json": json_output, "force": False})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def read(self):
        while b"\n" not in self.buffer:
            try:
                received = self.socket.recv(65536)
            except ConnectionError as error:
                raise Closed from error
            if not received:
                raise Closed
            self.buffer += received
        line, self.buffer = self.buffer.split(b"\n", 1)
        return json.loads(line)

    def send(self, *requests):
        try:
            self.socket.sendall("".join(json.dumps(request) + "\n" for request in requests).encode())
        except ConnectionError as error:
            raise Closed from error

    def ask(self, request):
        self.send(request)
        response = self.read()
        while "status" not in response:  # a notice
            response = self.read()
        return response

    def execute(self, *lines):
        """The output of all lines; a question is answered with Yes. The second value: whether one was refused."""
        output, refused = "", False
        for line in lines:
            response = self.ask({"op": "execute", "line": line})
            while True:
                output += response["output"]
                refused |= response["status"] == "refused"
                if "question" not in response:
                    break
                response = self.ask({"op": "answer", "text": "y"})
        return output, refused

    def display(self, line):
        """A display as JSON."""
        output, refused = self.execute(line + " | json")
        if refused:
            raise AssertionError(f"{line}: {output}")
        return json.loads(output)
