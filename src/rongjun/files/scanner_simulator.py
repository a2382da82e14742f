"""A stand-in for clamd that knows one signature, the EICAR test file, and misbehaves on demand.

`python -m rongjun.files.scanner_simulator unix:/path/to/socket` or `tcp:127.0.0.1:3310`.
It speaks clamd's zPING, zVERSION and zINSTREAM; `zSIMULATE <word>` (its own) changes how it behaves:
`well`, `silent`, `slow`, `refuse`, `garbage`, `hang-up`, `hang-up-midway`, `too-large`.
"""

from __future__ import annotations

import os
import socket
import socketserver
import struct
import sys
import threading

# In two pieces, so that a scanner does not take this file for what it looks for.
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + rb"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
FOUND = "Eicar-Test-Signature"
LARGEST_STREAM = 100 * 1024 * 1024
WAYS = ("well", "silent", "slow", "refuse", "garbage", "hang-up", "hang-up-midway", "too-large")


class _Way:
    """How the simulator behaves now; shared by its threads."""

    word = "well"
    changed = threading.Event()


class _Conversation(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        """One command on one connection, as clamd does without IDSESSION."""
        command = self._command()
        if command.startswith(b"zSIMULATE "):
            self._change(command.removeprefix(b"zSIMULATE ").decode())
        elif _Way.word == "refuse":
            return
        elif command == b"zPING":
            self._say("PONG")
        elif command == b"zVERSION":
            self._say("ClamAV 1.4.0/simulated")
        elif command == b"zINSTREAM":
            self._scan()
        else:
            self._say("UNKNOWN COMMAND")

    def _command(self) -> bytes:
        said = b""
        while not said.endswith(b"\0") and len(said) < 1024:
            sign = self.rfile.read(1)
            if not sign:
                break
            said += sign
        return said.rstrip(b"\0")

    def _change(self, word: str) -> None:
        if word not in WAYS:
            self._say("UNKNOWN WAY")
            return
        _Way.word = word
        _Way.changed.set()
        _Way.changed = threading.Event()
        self._say("OK")

    def _scan(self) -> None:
        way = _Way.word
        if way == "hang-up":
            return
        content = self._content(midway=way == "hang-up-midway")
        if content is None:
            return
        if way == "silent":
            _Way.changed.wait(60)
        elif way == "slow":
            self._drip("stream: OK\0")
        elif way == "garbage":
            self.wfile.write(b"\xff\xfe stream: OK? \r\n\0")
        elif way == "too-large" or len(content) > LARGEST_STREAM:
            self._say("INSTREAM size limit exceeded. ERROR")
        else:
            self._say(f"stream: {FOUND} FOUND" if EICAR in content else "stream: OK")

    def _content(self, *, midway: bool) -> bytes | None:
        parts: list[bytes] = []
        while True:
            (length,) = struct.unpack(">I", self.rfile.read(4))
            if not length:
                return b"".join(parts)
            parts.append(self.rfile.read(length))
            if midway:
                return None

    def _drip(self, answer: str) -> None:
        changed = _Way.changed
        for sign in answer:
            self.wfile.write(sign.encode())
            if changed.wait(2):
                return

    def _say(self, answer: str) -> None:
        self.wfile.write(answer.encode() + b"\0")


class _Quiet:
    """A client that hangs up is nothing to report."""

    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing."""


class _Unix(_Quiet, socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    pass


class _Tcp(_Quiet, socketserver.ThreadingMixIn, socketserver.TCPServer):
    pass


def simulate(address: str, way: str) -> None:
    """Tell the simulator at a Unix address how to behave from now on."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(5)
        line.connect(address.removeprefix("unix:"))
        line.sendall(f"zSIMULATE {way}\0".encode())
        answer = line.recv(64)
    assert answer == b"OK\0", answer


def serve(address: str) -> None:
    """Answer at the address until the process ends."""
    kind, _, where = address.partition(":")
    server: socketserver.BaseServer
    if kind == "unix":
        if os.path.lexists(where):
            os.unlink(where)
        mask = os.umask(0o177)
        server = _Unix(where, _Conversation)
        os.umask(mask)
    else:
        host, _, port = where.rpartition(":")
        server = _Tcp((host, int(port)), _Conversation)
    with server:
        server.serve_forever(poll_interval=0.5)


if __name__ == "__main__":
    serve(sys.argv[1])
