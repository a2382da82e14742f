"""A stand-in for the 公众号 platform: tokens, messages, consent, events called in, trouble on demand.

`python -m rongjun.notices.wechat_simulator 8003 http://localhost:8000/notices/receipts/wechat/`, secrets in
RONGJUN_WECHAT_SECRET and RONGJUN_WECHAT_TOKEN. Addresses, field names and error codes are those of the
platform's documents; it asks for trouble as the simulator of text messages does, and by "token" as well.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
import time
from collections.abc import Mapping
from hashlib import sha1
from html import escape
from typing import Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import Request

from rongjun.notices import simulating
from rongjun.notices.simulating import WAYS, Handler, Server, inbox_page, page, receipts_of

WAYS.setdefault("token", "令牌突然失效")
# Nobody's on the real platform: theirs are 28 signs that begin with o.
INVENTED: Final = "invented-"
TOKEN_INVALID, NOT_FOLLOWING, BUSY = 40001, 43004, -1


def signature(token: str, timestamp: str, nonce: str) -> str:
    """How the platform signs what it calls in: SHA-1 over the sorted three."""
    return sha1("".join(sorted((token, timestamp, nonce))).encode()).hexdigest()  # noqa: S324 - theirs


class Platform(Handler):
    """The platform's addresses."""

    server: WechatServer

    def do_GET(self) -> None:  # noqa: N802 - http.server's name
        """Tokens, the consent page, the inbox."""
        said = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        match self.asked():
            case "/cgi-bin/token":
                self._token(said)
            case "/connect/oauth2/authorize":
                self.show(consent_page(said))
            case "/connect/agreed":
                self._agreed(said)
            case "/sns/oauth2/access_token":
                self._openid(said)
            case "/inbox":
                self.say(self.server.inbox.as_told())
            case _:
                self.show(inbox_page("公众号消息（模拟）", self.server.inbox))

    def do_POST(self) -> None:  # noqa: N802 - http.server's name
        """A template message, or how to go wrong with the next ones."""
        body = json.loads(self.body())
        if self.asked() == "/misbehave":
            self.server.behaviour.ask(body)
            self.say({})
            return
        token = parse_qs(urlsplit(self.path).query).get("access_token", [""])[0]
        way = self.server.behaviour.next()
        if token not in self.server.tokens or way == "token":
            self.server.tokens.discard(token)
            self.say({"errcode": TOKEN_INVALID, "errmsg": "invalid credential"})
        elif way == "error":
            self.say({"errcode": BUSY, "errmsg": "system error"})
        elif way == "refuse":
            self.say({"errcode": NOT_FOLLOWING, "errmsg": "require subscribe"})
        else:
            self._take(body, way)

    def _take(self, body: Mapping[str, Any], way: str) -> None:
        text = "；".join(f"{label}：{each['value']}" for label, each in body["data"].items())
        letter, is_new = self.server.inbox.take(
            body["client_msg_id"], body["touser"], text, arrives=way != "undelivered"
        )
        if is_new:
            for arrived, genuine, seconds in receipts_of(way):
                receipt = {"letter": letter, "arrived": arrived, "genuine": genuine}
                self.server.caller.later(receipt, seconds=seconds)
        if way == "silent":
            time.sleep(simulating.SILENCE_SECONDS)
        self.say({"errcode": 0, "errmsg": "ok", "msgid": int(letter.reference)})

    def _token(self, said: Mapping[str, str]) -> None:
        if said.get("secret") != self.server.secret:
            self.say({"errcode": TOKEN_INVALID, "errmsg": "invalid credential"})
            return
        token = secrets.token_urlsafe(16)
        self.server.tokens.add(token)
        self.say({"access_token": token, "expires_in": 7200})

    def _agreed(self, said: Mapping[str, str]) -> None:
        code = secrets.token_urlsafe(16)
        self.server.codes[code] = f"{INVENTED}{secrets.token_hex(9)}"
        self.send_response(302)
        back = urlencode({"code": code, "state": said.get("state", "")})
        self.send_header("Location", f"{said.get('redirect_uri', '/')}?{back}")
        self.end_headers()

    def _openid(self, said: Mapping[str, str]) -> None:
        openid = self.server.codes.pop(said.get("code", ""), "")
        if said.get("secret") != self.server.secret or not openid:
            self.say({"errcode": 40029, "errmsg": "invalid code"})
            return
        self.say({"openid": openid, "scope": "snsapi_base"})


def consent_page(said: Mapping[str, str]) -> str:
    """关注并同意: one button."""
    asked = urlencode({"redirect_uri": said.get("redirect_uri", ""), "state": said.get("state", "")})
    body = (
        "<p>演示用，不是真的公众号。同意以后，办理结果会发到这里。</p>"
        f'<p><a href="/connect/agreed?{escape(asked)}">关注“荣军”，同意接收</a></p>'
    )
    return page("关注公众号（模拟）", body)


class WechatServer(Server):
    """The platform at its port."""

    def __init__(self, port: int, *, callback: str, secret: str, token: str) -> None:
        self.secret, self.token = secret, token
        self.tokens: set[str] = set()
        self.codes: dict[str, str] = {}
        super().__init__(port, Platform, callback=callback)

    def receipt(self, told: Any) -> Request:
        """The event TEMPLATESENDJOBFINISH, signed with the token; a forged one with another."""
        letter = told["letter"]
        status = "success" if told["arrived"] else "failed:user block"
        body = (
            "<xml>"
            f"<ToUserName><![CDATA[gh_simulated]]></ToUserName><FromUserName><![CDATA[{letter.to}]]></FromUserName>"
            f"<CreateTime>{int(time.time())}</CreateTime><MsgType><![CDATA[event]]></MsgType>"  # noqa: TID251
            "<Event><![CDATA[TEMPLATESENDJOBFINISH]]></Event>"
            f"<MsgID>{int(letter.reference)}</MsgID><Status><![CDATA[{status}]]></Status></xml>"
        ).encode()
        timestamp, nonce = str(int(time.time())), secrets.token_hex(4)  # noqa: TID251 - a clock of its own
        token = self.token if told["genuine"] else "another"
        asked = urlencode(
            {"signature": signature(token, timestamp, nonce), "timestamp": timestamp, "nonce": nonce}
        )
        return Request(f"{self.callback}?{asked}", body, {"Content-Type": "text/xml"})  # noqa: S310


def serve(port: int, callback: str, secret: str, token: str) -> None:
    """Answer at the port until the process ends."""
    with WechatServer(port, callback=callback, secret=secret, token=token) as server:
        server.serve_forever(poll_interval=0.5)


if __name__ == "__main__":
    serve(
        int(sys.argv[1]), sys.argv[2], os.environ["RONGJUN_WECHAT_SECRET"], os.environ["RONGJUN_WECHAT_TOKEN"]
    )
