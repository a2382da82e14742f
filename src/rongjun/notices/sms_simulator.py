"""A stand-in for the text message gateway: takes messages, calls receipts in, goes wrong on demand.

`python -m rongjun.notices.sms_simulator 8002 http://localhost:8000/notices/receipts/sms/`, the secret in
RONGJUN_SMS_SECRET. `POST /messages` takes up to a hundred, signed; `POST /misbehave {"silent": 3}` asks for
trouble; `/inbox` and `/` show what lies at phones that cannot exist.
"""

from __future__ import annotations

import hmac
import json
import os
import sys
import time
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from urllib.request import Request

from rongjun.notices import simulating
from rongjun.notices.simulating import Handler, Server, inbox_page, receipts_of


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """How both sides sign: HMAC-SHA256 over the moment and the body."""
    return hmac.new(secret.encode(), timestamp.encode() + b"\n" + body, sha256).hexdigest()


class Gateway(Handler):
    """The gateway's addresses."""

    server: SmsServer

    def do_GET(self) -> None:  # noqa: N802 - http.server's name
        """The inbox, as a page or for a program."""
        if self.asked() == "/inbox":
            self.say(self.server.inbox.as_told())
        else:
            self.show(inbox_page("短信收件箱（模拟）", self.server.inbox))

    def do_POST(self) -> None:  # noqa: N802 - http.server's name
        """Messages, or how to go wrong with the next ones."""
        body = self.body()
        if self.asked() == "/misbehave":
            self.server.behaviour.ask(json.loads(body))
            self.say({})
            return
        told = signature(self.server.secret, self.headers.get("X-Timestamp", ""), body)
        if not hmac.compare_digest(told, self.headers.get("X-Signature", "")):
            self.say({"error": "signature"}, status=401)
            return
        ways = [(each, self.server.behaviour.next()) for each in json.loads(body)["messages"]]
        if any(way == "error" for _, way in ways):
            self.say({"error": "internal"}, status=500)
            return
        results = [self._take(each, way) for each, way in ways]
        if any(way == "silent" for _, way in ways):
            time.sleep(simulating.SILENCE_SECONDS)
        self.say({"results": results})

    def _take(self, message: dict[str, str], way: str) -> dict[str, str]:
        key = message["key"]
        if way == "refuse":
            return {"key": key, "status": "refused", "reason": "空号"}
        letter, is_new = self.server.inbox.take(
            key, message["to"], message["text"], arrives=way != "undelivered"
        )
        if is_new:
            for arrived, genuine, seconds in receipts_of(way):
                receipt = {"key": key, "reference": letter.reference, "arrived": arrived, "genuine": genuine}
                self.server.caller.later(receipt, seconds=seconds)
        return {"key": key, "status": "accepted", "reference": letter.reference}


class SmsServer(Server):
    """The gateway at its port."""

    def __init__(self, port: int, *, callback: str, secret: str) -> None:
        self.secret = secret
        super().__init__(port, Gateway, callback=callback)

    def receipt(self, told: Any) -> Request:
        """One receipt, signed by the moment it is called in; a forged one with another secret."""
        now = datetime.now(UTC)  # noqa: TID251 - another machine has a clock of its own
        line = {
            "key": told["key"],
            "reference": told["reference"],
            "status": "delivered" if told["arrived"] else "undelivered",
            "reason": "" if told["arrived"] else "关机超时",
            "at": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        }
        body, timestamp = (
            json.dumps({"receipts": [line]}, ensure_ascii=False).encode(),
            str(int(now.timestamp())),
        )
        secret = self.secret if told["genuine"] else "another"
        headers = {
            "Content-Type": "application/json",
            "X-Timestamp": timestamp,
            "X-Signature": signature(secret, timestamp, body),
        }
        return Request(self.callback, body, headers)  # noqa: S310 - our own address


def serve(port: int, callback: str, secret: str) -> None:
    """Answer at the port until the process ends."""
    with SmsServer(port, callback=callback, secret=secret) as server:
        server.serve_forever(poll_interval=0.5)


if __name__ == "__main__":
    serve(int(sys.argv[1]), sys.argv[2], os.environ["RONGJUN_SMS_SECRET"])
