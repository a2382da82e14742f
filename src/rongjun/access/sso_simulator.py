"""A stand-in for the provincial single sign-on: invented people to sign in as, and misbehaviour on demand.

`python -m rongjun.access.sso_simulator 8001 people.json`; the file is a list of {"name", "number", "note"}.
OpenID Connect with authorization code and PKCE: discovery, /authorize (the page with the people), /token and
/jwks. Whoever signs in chooses the way the answer goes wrong, too: one of WAYS.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

from rongjun.kernel.identifiers import IdentityNumber

WAYS = {
    "well": "正常",
    "late": "很久不答",
    "nonce": "答非所问（随机数不对）",
    "signature": "签名不对",
    "clock": "时钟差十分钟",
    "unknown": "查无此人（号码没有建档）",
    "error": "内部出错（500）",
}
SILENCE_SECONDS = 8
KID = "simulated-1"
# Nobody's: an address code of invented people that the invented city never draws.
NOBODY = IdentityNumber.invented(born=date(1950, 1, 1), sequence=1, address="990999").number


@dataclass(slots=True)
class Issuer:
    """What the simulator knows: its people, its key, and the codes it has given out."""

    url: str
    people: list[dict[str, str]]
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def configuration(self) -> dict[str, Any]:
        """The discovery document."""
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/jwks",
            "response_types_supported": ["code"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["ES256"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }

    def keys(self) -> dict[str, Any]:
        """The public key tokens are checked with."""
        public = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(self.key.public_key()))
        return {"keys": [{**public, "kid": KID, "use": "sig", "alg": "ES256"}]}

    def code_for(self, asked: Mapping[str, str], *, person: int, way: str) -> str:
        """A code that opens one token, once."""
        code = secrets.token_urlsafe(24)
        self.codes[code] = {**asked, "person": str(person), "way": way}
        return code

    def id_token(self, granted: Mapping[str, str], *, now: float) -> str:
        """The signed answer, spoiled the way that was asked for."""
        way, person = granted["way"], self.people[int(granted["person"])]
        at = now + (600 if way == "clock" else 0)
        claims = {
            "iss": self.url,
            "aud": granted["client_id"],
            "sub": hashlib.sha256(f"{granted['client_id']} {person['number']}".encode()).hexdigest()[:24],
            "iat": at,
            "exp": at + 300,
            "nonce": "another" if way == "nonce" else granted.get("nonce", ""),
            "name": person["name"],
            "id_number": NOBODY if way == "unknown" else person["number"],
        }
        key = ec.generate_private_key(ec.SECP256R1()) if way == "signature" else self.key
        return jwt.encode(claims, key, algorithm="ES256", headers={"kid": KID})


def proves(verifier: str, challenge: str) -> bool:
    """Whether whoever asks for the token is who asked for the code (PKCE, S256)."""
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    return bool(challenge) and secrets.compare_digest(digest, challenge)


_STYLE = """
body { margin: 0; background: #f3f6fa; color: #1f2329 }
body { font: 20px/1.6 "PingFang SC", "Microsoft YaHei", sans-serif }
main { max-width: 560px; margin: 0 auto; padding: 20px 16px 40px }
h1 { font-size: 26px; margin: 8px 0 }
button { display: block; width: 100%; margin: 10px 0; padding: 14px 18px; min-height: 72px; text-align: left;
  font: inherit; border: 2px solid #41618f; border-radius: 12px; background: #fff; color: #1f2329 }
button small { display: block; color: #474e59; font-size: 17px }
label { display: block; min-height: 44px }
input { width: 22px; height: 22px; margin-right: 8px }
summary { min-height: 48px; margin-top: 16px }
"""


def page(title: str, body: str) -> str:
    """A page of the simulator."""
    return (
        f'<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">'
        f"<style>{_STYLE}</style></head><body><main>{body}</main></body></html>"
    )


def choosing_page(people: list[dict[str, str]], asked: Mapping[str, str]) -> str:
    """The people to sign in as, and below, folded, how the answer shall go wrong."""
    hidden = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in asked.items()
    )
    buttons = "".join(_button(str(number), each["name"], each["note"]) for number, each in enumerate(people))
    ways = "".join(
        f'<label><input type="radio" name="way" value="{way}"{" checked" * (way == "well")}>{words}</label>'
        for way, words in WAYS.items()
    )
    body = (
        "<h1>省统一登录（模拟）</h1><p>演示用，不是真的省平台。下面的人都是虚构的，点一位就用他的身份登录。</p>"
        f'<form method="post" action="/authorize">{hidden}{buttons}'
        f"<details><summary>让它出错（试提示语用）</summary>{ways}</details>"
        f"{_button('', '不登录了，返回', '')}</form>"
    )
    return page("省统一登录（模拟）", body)


def _button(value: str, name: str, note: str) -> str:
    return f'<button name="person" value="{value}">{escape(name)}<small>{escape(note)}</small></button>'


class Server(ThreadingHTTPServer):
    """The simulator at its port."""

    daemon_threads = True

    def __init__(self, port: int, people: list[dict[str, str]]) -> None:
        super().__init__(("127.0.0.1", port), _Conversation)
        self.issuer = Issuer(f"http://localhost:{self.server_port}", people)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is nothing to report."""


class _Conversation(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        where = urlsplit(self.path)
        issuer = self.server.issuer
        if where.path == "/.well-known/openid-configuration":
            self._json(issuer.configuration())
        elif where.path == "/jwks":
            self._json(issuer.keys())
        elif where.path == "/authorize":
            self._html(choosing_page(issuer.people, _single(where.query)))
        else:
            self._html(page("省统一登录（模拟）", "<h1>省统一登录（模拟）</h1><p>请从荣军的首页点进来。</p>"))

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", "0"))
        said = _single(self.rfile.read(length).decode())
        if self.path == "/authorize":
            self._chosen(said)
        else:
            self._token(said)

    def _chosen(self, said: dict[str, str]) -> None:
        person, way = said.pop("person", ""), said.pop("way", "well")
        back = {"state": said.get("state", "")}
        if person.isdecimal() and int(person) < len(self.server.issuer.people):
            back["code"] = self.server.issuer.code_for(said, person=int(person), way=way)
        else:
            back["error"] = "access_denied"
        self.send_response(302)
        self.send_header("Location", f"{said.get('redirect_uri', '/')}?{urlencode(back)}")
        self.end_headers()

    def _token(self, said: dict[str, str]) -> None:
        granted = self.server.issuer.codes.pop(said.get("code", ""), None)
        if granted is None or not proves(said.get("code_verifier", ""), granted.get("code_challenge", "")):
            self._json({"error": "invalid_grant"}, status=400)
            return
        if granted["way"] == "late":
            time.sleep(SILENCE_SECONDS)
        if granted["way"] == "error":
            self._json({"error": "server_error"}, status=500)
            return
        now = time.time()  # noqa: TID251 - another machine has a clock of its own
        token = self.server.issuer.id_token(granted, now=now)
        self._json({"access_token": secrets.token_urlsafe(16), "token_type": "Bearer", "id_token": token})

    def _json(self, said: object, *, status: int = 200) -> None:
        self._send(json.dumps(said).encode(), kind="application/json", status=status)

    def _html(self, text: str) -> None:
        self._send(text.encode(), kind="text/html; charset=utf-8", status=200)

    def _send(self, content: bytes, *, kind: str, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _single(text: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(text, keep_blank_values=True).items()}


def serve(port: int, people: Path) -> None:
    """Answer at the port until the process ends."""
    with Server(port, json.loads(people.read_text("utf-8"))) as server:
        server.serve_forever(poll_interval=0.5)


if __name__ == "__main__":
    serve(int(sys.argv[1]), Path(sys.argv[2]))
