"""What both simulators of gateways are made of: misbehaviour on demand, an inbox, receipts called in."""

from __future__ import annotations

import heapq
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, Request, build_opener

# How a gateway goes wrong, by name; "well" is what it does when nothing else was asked for.
WAYS = {
    "silent": "收下了，可是迟迟不答",
    "error": "没收下，内部出错",
    "refuse": "收件地址不行，退回",
    "undelivered": "收下了，回执说没送到",
    "no-receipt": "收下了，没有回执",
    "late": "回执很晚才来",
    "twice": "回执来两次",
    "forged": "先来一张假签名的回执",
}
SILENCE_SECONDS = 8.0
LATE_SECONDS = 20.0
SECOND = 1.0
MOST_CALLS = 20


@dataclass(frozen=True, slots=True)
class Letter:
    """One message as it lies at somebody's phone."""

    key: str
    to: str
    text: str
    reference: str


@dataclass(slots=True)
class Behaviour:
    """How often it shall still go wrong, and which way; thread-safe."""

    left: dict[str, int] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, wanted: Mapping[str, int]) -> None:
        """From now on so many messages go wrong that way."""
        with self.lock:
            self.left = {way: int(times) for way, times in wanted.items() if way in WAYS}

    def next(self) -> str:
        """How the next message is treated."""
        with self.lock:
            for way, times in self.left.items():
                if times > 0:
                    self.left[way] = times - 1
                    return way
        return "well"


@dataclass(slots=True)
class Inbox:
    """What was taken, once for each key, and what reached somebody."""

    taken: dict[str, Letter] = field(default_factory=dict)
    arrived: list[Letter] = field(default_factory=list)
    calls: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, key: str, to: str, text: str, *, arrives: bool) -> tuple[Letter, bool]:
        """The letter of this key, and whether it is new: a key that is known brings nothing twice."""
        with self.lock:
            self.calls += 1
            if key in self.taken:
                return self.taken[key], False
            letter = Letter(key, to, text, f"{len(self.taken) + 1:012d}")
            self.taken[key] = letter
            if arrives:
                self.arrived.append(letter)
            return letter, True

    def as_told(self) -> dict[str, Any]:
        """For whoever checks."""
        with self.lock:
            letters = [{"key": each.key, "to": each.to, "text": each.text} for each in self.arrived]
            return {"taken": len(self.taken), "calls": self.calls, "arrived": letters}


class Caller(threading.Thread):
    """Calls receipts in when they are due, and again until somebody says that they came."""

    def __init__(self, send: Callable[[Any], Request]) -> None:
        super().__init__(daemon=True)
        self._send, self._numbers = send, count()
        self._waiting: list[tuple[float, int, int, Any]] = []
        self._changed = threading.Condition()

    def later(self, receipt: Any, *, seconds: float) -> None:
        """Call this receipt in after so many seconds."""
        self._put(time.monotonic() + seconds, 0, receipt)

    def _put(self, due: float, calls: int, receipt: Any) -> None:
        with self._changed:
            heapq.heappush(self._waiting, (due, next(self._numbers), calls, receipt))
            self._changed.notify()

    def run(self) -> None:
        """Until the process ends."""
        while True:
            _due, _number, calls, receipt = self._next()
            if not self._call(receipt) and calls < MOST_CALLS:
                self._put(time.monotonic() + SECOND, calls + 1, receipt)

    def _next(self) -> tuple[float, int, int, Any]:
        with self._changed:
            while True:
                wait = self._waiting[0][0] - time.monotonic() if self._waiting else None
                if wait is not None and wait <= 0:
                    return heapq.heappop(self._waiting)
                self._changed.wait(wait)

    def _call(self, receipt: Any) -> bool:
        try:
            with build_opener(ProxyHandler({})).open(self._send(receipt), timeout=5) as answer:
                return bool(answer.status == 200)
        except URLError as error:
            # What was refused for good, a forged signature, is not called again.
            return getattr(error, "code", 0) in {400, 401, 403}
        except OSError:
            return False


def receipts_of(way: str) -> list[tuple[bool, bool, float]]:
    """The receipts a message gets by how it is treated: (arrived, genuine, after seconds)."""
    if way == "no-receipt":
        return []
    if way == "undelivered":
        return [(False, True, 0.2)]
    if way == "forged":
        return [(False, False, 0.1), (True, True, 0.3)]
    if way == "twice":
        return [(True, True, 0.2), (True, True, 0.4)]
    return [(True, True, LATE_SECONDS if way == "late" else 0.2)]


_STYLE = """
body { margin: 0; background: #f3f6fa; color: #1f2329 }
body { font: 18px/1.6 "PingFang SC", "Microsoft YaHei", sans-serif }
main { max-width: 640px; margin: 0 auto; padding: 20px 16px 40px }
h1 { font-size: 24px } li { margin: 12px 0; padding: 12px 16px; background: #fff; border-radius: 12px }
ul { list-style: none; padding: 0 } small { display: block; color: #474e59 }
button { font: inherit; min-height: 56px; padding: 8px 24px }
"""


def page(title: str, body: str) -> str:
    """A page of a simulator."""
    return (
        f'<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">'
        f"<style>{_STYLE}</style></head><body><main><h1>{title}</h1>{body}</main></body></html>"
    )


def inbox_page(title: str, inbox: Inbox) -> str:
    """What lies at invented people's phones, newest first."""
    letters = [
        f"<li><small>{escape(each.to)}</small>{escape(each.text)}</li>" for each in inbox.arrived[::-1]
    ]
    told = "".join(letters[:200]) or "<li>还没有</li>"
    return page(title, f"<p>演示用，人和号码都是虚构的。发到的消息在这里。</p><ul>{told}</ul>")


class Handler(BaseHTTPRequestHandler):
    """Answers in JSON or HTML; says nothing on the operator's screen."""

    def body(self) -> bytes:
        """What was sent."""
        return self.rfile.read(int(self.headers.get("Content-Length", "0")))

    def asked(self) -> str:
        """The path without its question."""
        return urlsplit(self.path).path

    def say(self, said: object, *, status: int = 200) -> None:
        """Answer in JSON."""
        self._send(json.dumps(said, ensure_ascii=False).encode(), kind="application/json", status=status)

    def show(self, text: str) -> None:
        """Answer with a page."""
        self._send(text.encode(), kind="text/html; charset=utf-8", status=200)

    def _send(self, content: bytes, *, kind: str, status: int) -> None:
        try:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
        except OSError:  # whoever asked did not wait
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """A simulator at its port."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, port: int, handler: type[Handler], *, callback: str) -> None:
        super().__init__(("127.0.0.1", port), handler)
        self.callback, self.behaviour, self.inbox = callback, Behaviour(), Inbox()
        self.caller = Caller(self.receipt)
        self.caller.start()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://localhost:{self.server_address[1]}"

    def receipt(self, told: Any) -> Request:
        """A receipt as this gateway calls it in."""
        raise NotImplementedError
