"""The simulators as processes of their own, and the receipts they call in."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit
from urllib.request import ProxyHandler, Request, build_opener

from rongjun.notices.gateways import Sms, Wechat

SECRET, TOKEN = "simulated-secret", "simulated-token"
_direct = build_opener(ProxyHandler({}))


def free_port() -> int:
    """One nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def ask(url: str, said: object = None) -> Any:
    """What an address answers."""
    body = None if said is None else json.dumps(said).encode()
    with _direct.open(Request(url, body), timeout=10) as answer:
        return json.load(answer)


@dataclass(slots=True)
class Called:
    """Receipts as they were called in: the path, headers and question, and the body."""

    url: str = ""
    calls: list[tuple[dict[str, str], dict[str, str], bytes]] = field(default_factory=list)
    status: int = 200

    def about(
        self, mark: str, *, count: int = 1, seconds: float = 10
    ) -> list[tuple[dict[str, str], dict[str, str], bytes]]:
        """So many calls whose body says this, waited for."""
        until = time.monotonic() + seconds
        while len(found := [each for each in self.calls if mark.encode() in each[2]]) < count:
            assert time.monotonic() < until, f"{len(found)} of {count} receipts came"
            time.sleep(0.02)
        return found


@contextmanager
def listening() -> Iterator[Called]:
    """Somebody who only notes what is called in."""
    called = Called()

    class Note(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            asked = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
            called.calls.append((dict(self.headers), asked, body))
            self.send_response(called.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Note) as server:
        server.daemon_threads = True
        called.url = f"http://localhost:{server.server_address[1]}/"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield called
        server.shutdown()
        thread.join()


@contextmanager
def running(code: str, callback: str) -> Iterator[str]:
    """A simulator as its own process; yields its address."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", f"rongjun.notices.{code}_simulator", str(port), callback],
        env={
            **os.environ,
            "RONGJUN_SMS_SECRET": SECRET,
            "RONGJUN_WECHAT_SECRET": SECRET,
            "RONGJUN_WECHAT_TOKEN": TOKEN,
        },
    )
    try:
        _wait_for(port)
        yield f"http://localhost:{port}"
    finally:
        process.kill()
        process.wait()


def _wait_for(port: int) -> None:
    for _ in range(200):
        with socket.socket() as probe:
            probe.settimeout(0.2)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("the simulator did not come up")


def sms(url: str, *, is_simulated: bool = True) -> Sms:
    """The adapter of text messages for a simulator."""
    return Sms(url, SECRET, is_simulated=is_simulated)


def wechat(url: str, *, is_simulated: bool = True) -> Wechat:
    """The adapter of the 公众号 for a simulator."""
    return Wechat(url, "wx", SECRET, TOKEN, "t", is_simulated=is_simulated)
