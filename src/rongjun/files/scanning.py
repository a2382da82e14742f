"""Asks a virus scanner: clamd's INSTREAM over a Unix or TCP socket.

No answer, a late answer and an answer that is not understood are the same: nobody has scanned the file.
"""

from __future__ import annotations

import re
import socket
import struct
import time
from dataclasses import dataclass

CHUNK_BYTES = 64 * 1024
LONGEST_ANSWER = 4096
_FOUND = re.compile(r"stream: (.{1,200}) FOUND")


class ScannerUnavailable(Exception):  # noqa: N818 - said of the scanner, not of a mistake
    """Nobody could tell whether the file is clean; `str()` says what went wrong, in English, for the log."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the scanner said: the name of what it found, "" when it found nothing."""

    found: str

    @property
    def is_clean(self) -> bool:
        """Whether nothing was found."""
        return not self.found


@dataclass(frozen=True, slots=True)
class Scanner:
    """A clamd at `address`: `unix:/path/to/socket` or `tcp:host:port`; `seconds` for a whole scan."""

    address: str
    seconds: float = 10.0

    def scan(self, content: bytes) -> Verdict:
        """What the scanner says of `content`; raises ScannerUnavailable when it does not say."""
        deadline = time.monotonic() + self.seconds
        try:
            with self._connect() as line:
                _send(line, content, deadline=deadline)
                answer = _receive(line, deadline=deadline)
        except OSError as error:
            raise ScannerUnavailable(f"{type(error).__name__} at {self.address.split(':')[0]}") from error
        return _verdict(answer)

    def _connect(self) -> socket.socket:
        kind, _, where = self.address.partition(":")
        if kind == "unix":
            line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            line.settimeout(self.seconds)
            try:
                line.connect(where)
            except OSError:
                line.close()
                raise
            return line
        if kind == "tcp":
            host, _, port = where.rpartition(":")
            return socket.create_connection((host, int(port)), timeout=self.seconds)
        raise ScannerUnavailable("no scanner is named")


def _send(line: socket.socket, content: bytes, *, deadline: float) -> None:
    line.sendall(b"zINSTREAM\0")
    for start in range(0, len(content), CHUNK_BYTES):
        chunk = content[start : start + CHUNK_BYTES]
        _hurry(line, deadline)
        line.sendall(struct.pack(">I", len(chunk)) + chunk)
    _hurry(line, deadline)
    line.sendall(struct.pack(">I", 0))


def _receive(line: socket.socket, *, deadline: float) -> bytes:
    answer = b""
    while not answer.endswith(b"\0"):
        _hurry(line, deadline)
        part = line.recv(LONGEST_ANSWER)
        if not part:
            raise ScannerUnavailable("it hung up before it had answered")
        answer += part
        if len(answer) > LONGEST_ANSWER:
            raise ScannerUnavailable("its answer does not end")
    return answer[:-1]


def _hurry(line: socket.socket, deadline: float) -> None:
    """A scanner that says one sign now and then does not keep us past the deadline either."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise ScannerUnavailable("it took too long")
    line.settimeout(left)


def _verdict(answer: bytes) -> Verdict:
    text = answer.decode("utf-8", "replace")
    if text == "stream: OK":
        return Verdict("")
    found = _FOUND.fullmatch(text)
    if found is None:
        raise ScannerUnavailable("its answer is not one of the two that count")
    return Verdict(found[1])
