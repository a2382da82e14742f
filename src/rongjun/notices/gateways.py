"""The two gateways messages leave by, each behind the same few calls. They keep nothing and decide nothing.

A gateway is a simulator or real, by its setting; an address goes only where it belongs (`may_carry`).
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha1, sha256
from typing import Any, Final, Protocol
from urllib.parse import urlencode

import requests
from defusedxml.ElementTree import ParseError, fromstring
from django.conf import settings

from rongjun.kernel.identifiers import Phone
from rongjun.notices.logic import SMS, WECHAT
from rongjun.notices.logic.sending import Answer, may_carry

SECONDS: Final = 3.0
INVENTED_OPENID: Final = "invented-"
# Clocks of two houses differ; a receipt from farther away may be an old one played again.
RECEIPT_WINDOW: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message to hand over: its key, where it goes, what it says (a text, or labelled fields)."""

    key: str
    to: str
    said: str | Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a gateway says became of a message; by our key or by its own reference."""

    key: str
    reference: str
    arrived: bool
    reason: str


class NotGenuine(Exception):  # noqa: N818 - said aloud where it is raised
    """A receipt that was not signed by its gateway, or long ago."""


class Gateway(Protocol):
    """What one channel can do."""

    code: str
    at_once: int
    # How long it knows a key; None for ever.
    key_lives: timedelta | None

    def send(self, messages: Sequence[Outgoing]) -> list[Answer]:
        """Hand them over; one answer each, in order. Never raises for what the outside does."""

    def receipts(self, body: bytes, said: Mapping[str, str], *, now: datetime) -> list[Receipt]:
        """Read what was called in; `said` are headers (text messages) or the question (公众号).

        Raises NotGenuine.
        """


def gateways() -> dict[str, Gateway]:
    """Those this installation has an agreement with."""
    found: dict[str, Gateway] = {}
    sms, wechat = settings.NOTICE_GATEWAYS[SMS], settings.NOTICE_GATEWAYS[WECHAT]
    if sms["url"]:
        found[SMS] = Sms(str(sms["url"]), str(sms["secret"]), is_simulated=bool(sms["simulated"]))
        found[SMS] = Sms(sms["url"], sms["secret"], is_simulated=sms["simulated"])
    if wechat["url"]:
        found[WECHAT] = _wechat(tuple(sorted(wechat.items())))
    return found


_kept: dict[object, Wechat] = {}


def _wechat(given: tuple[tuple[str, Any], ...]) -> Wechat:
    """One a process: it holds a token that lasts two hours."""
    if given not in _kept:
        said = dict(given)
        _kept.clear()
        _kept[given] = Wechat(
            said["url"],
            said["appid"],
            said["secret"],
            said["token"],
            said["template"],
            is_simulated=said["simulated"],
        )
    return _kept[given]


def _session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False  # no proxy of the operator's shell
    return session


def _belongs(*, is_invented: bool, is_simulated: bool) -> bool:
    return may_carry(is_invented=is_invented, is_simulated=is_simulated, is_synthetic=settings.SYNTHETIC)


NOT_OURS: Final = Answer("refused", reason="号码不归这条渠道：虚构的只走模拟器，真实的只走真渠道")


# --- text messages ------------------------------------------------------------------------------------------


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """How both sides sign: HMAC-SHA256 over the moment and the body."""
    return hmac.new(secret.encode(), timestamp.encode() + b"\n" + body, sha256).hexdigest()


@dataclass(slots=True)
class Sms:
    """短信: up to a hundred in a call; a key is known for ever."""

    url: str
    secret: str
    is_simulated: bool
    code: str = SMS
    at_once: int = 100
    key_lives: timedelta | None = None

    def send(self, messages: Sequence[Outgoing]) -> list[Answer]:
        """One call for all whose address belongs here."""
        ours = [
            each
            for each in messages
            if _belongs(is_invented=Phone(each.to).is_synthetic, is_simulated=self.is_simulated)
        ]
        told = self._call(ours) if ours else {}
        return [told.get(each.key, NOT_OURS) for each in messages]

    def _call(self, messages: Sequence[Outgoing]) -> dict[str, Answer]:
        lines = [{"key": each.key, "to": Phone(each.to).national, "text": each.said} for each in messages]
        body = json.dumps({"messages": lines}, ensure_ascii=False).encode()
        timestamp = str(int(_moment()))
        headers = {
            "Content-Type": "application/json",
            "X-Timestamp": timestamp,
            "X-Signature": sign(self.secret, timestamp, body),
        }
        answer = _post(f"{self.url}/messages", body, headers)
        if isinstance(answer, Answer):
            return {each.key: answer for each in messages}
        said = {each["key"]: each for each in answer.get("results", []) if isinstance(each, dict)}
        return {each.key: _sms_answer(said.get(each.key)) for each in messages}

    def receipts(self, body: bytes, said: Mapping[str, str], *, now: datetime) -> list[Receipt]:
        """`{"receipts": [{"key", "reference", "status", "reason", "at"}]}`, signed as our calls are."""
        timestamp = said.get("X-Timestamp", "")
        told = sign(self.secret, timestamp, body)
        if not hmac.compare_digest(told, said.get("X-Signature", "")):
            raise NotGenuine("signature")
        _refuse_old(timestamp, now=now)
        return [
            Receipt(each["key"], each["reference"], each["status"] == "delivered", each.get("reason", ""))
            for each in json.loads(body)["receipts"]
        ]


def _sms_answer(said: Mapping[str, Any] | None) -> Answer:
    match said or {}:
        case {"status": "accepted", "reference": str(reference)}:
            return Answer("accepted", reference)
        case {"status": "refused"}:
            return Answer("refused", reason=str((said or {}).get("reason", ""))[:80])
    match said:
        case {"status": "accepted", "reference": str(reference)}:
            return Answer("accepted", reference)
        case {"status": "refused", "reason": str(reason)}:
            return Answer("refused", reason=reason[:80])
        case _:  # it answered, but not of this one
            return Answer("unknown", reason="没有答到这一条")


# --- 公众号 -------------------------------------------------------------------------------------------------

# Codes after which the address is of no use, and those that only say "later".
_NO_USE: Final = {43004: "没有关注公众号", 40003: "用户标识不对", 43101: "用户拒收"}
_TOKEN_INVALID: Final = {40001, 40014, 42001}


@dataclass(slots=True)
class Wechat:
    """公众号模板消息: one a call; the platform knows a `client_msg_id` for ten minutes."""

    url: str
    appid: str
    secret: str
    token: str
    template: str
    is_simulated: bool
    code: str = WECHAT
    at_once: int = 10
    key_lives: timedelta | None = timedelta(minutes=10)
    held: dict[str, str] = field(default_factory=dict)

    def send(self, messages: Sequence[Outgoing]) -> list[Answer]:
        """One after the other; when the platform is away the rest is not tried."""
        answers: list[Answer] = []
        for each in messages:
            if not _belongs(is_invented=each.to.startswith(INVENTED_OPENID), is_simulated=self.is_simulated):
                answers.append(NOT_OURS)
            elif answers and answers[-1].kind in {"unknown", "not-taken"}:
                answers.append(Answer("not-taken", reason="前一条没有答复，这一条没有发"))
            else:
                answers.append(self._send(each))
        return answers

    def _send(self, message: Outgoing, *, again: bool = True) -> Answer:
        token = self._access()
        if isinstance(token, Answer):
            return token
        assert isinstance(message.said, Mapping)
        body = {
            "touser": message.to,
            "template_id": self.template,
            "client_msg_id": message.key,
            "data": {label: {"value": text} for label, text in message.said.items()},
        }
        address = f"{self.url}/cgi-bin/message/template/send?{urlencode({'access_token': token})}"
        answer = _post(address, json.dumps(body, ensure_ascii=False).encode(), {})
        if isinstance(answer, Answer):
            return answer
        code = answer.get("errcode")
        if code == 0:
            return Answer("accepted", str(answer.get("msgid", "")))
        if code in _TOKEN_INVALID:
            self.held.clear()
            return self._send(message, again=False) if again else Answer("not-taken", reason="令牌失效")
        if code in _NO_USE:
            return Answer("refused", reason=_NO_USE[code])
        return Answer("not-taken", reason=f"平台答复 {code}")

    def _access(self) -> str | Answer:
        if "token" not in self.held:
            asked = urlencode({"grant_type": "client_credential", "appid": self.appid, "secret": self.secret})
            answer = _get(f"{self.url}/cgi-bin/token?{asked}")
            if isinstance(answer, Answer):
                return Answer("not-taken", reason=answer.reason)
            if "access_token" not in answer:
                return Answer("not-taken", reason=f"没有拿到令牌（{answer.get('errcode')}）")
            self.held["token"] = str(answer["access_token"])
        return self.held["token"]

    def consent_url(self, *, back: str, state: str) -> str:
        """Where somebody consents to be told by the 公众号."""
        asked = {
            "appid": self.appid,
            "redirect_uri": back,
            "response_type": "code",
            "scope": "snsapi_base",
            "state": state,
        }
        return f"{self.url}/connect/oauth2/authorize?{urlencode(asked)}#wechat_redirect"

    def openid_for(self, code: str) -> str:
        """Whose consent this was; "" when the platform does not know or does not answer."""
        asked = {"appid": self.appid, "secret": self.secret, "code": code, "grant_type": "authorization_code"}
        answer = _get(f"{self.url}/sns/oauth2/access_token?{urlencode(asked)}")
        openid = "" if isinstance(answer, Answer) else str(answer.get("openid", ""))
        fits = _belongs(is_invented=openid.startswith(INVENTED_OPENID), is_simulated=self.is_simulated)
        return openid if openid and fits else ""

    def receipts(self, body: bytes, said: Mapping[str, str], *, now: datetime) -> list[Receipt]:
        """The event TEMPLATESENDJOBFINISH; other events are none of ours."""
        told = "".join(sorted((self.token, said.get("timestamp", ""), said.get("nonce", ""))))
        signed = sha1(told.encode()).hexdigest()  # noqa: S324 - the platform's way
        if not hmac.compare_digest(signed, said.get("signature", "")):
            raise NotGenuine("signature")
        _refuse_old(said.get("timestamp", ""), now=now)
        try:
            event = {each.tag: each.text or "" for each in fromstring(body)}
        except ParseError as error:
            raise NotGenuine("not XML") from error
        if event.get("Event") != "TEMPLATESENDJOBFINISH":
            return []
        status = event.get("Status", "")
        return [Receipt("", f"{event.get('MsgID', '')}", status == "success", status.removeprefix("failed:"))]


# --- the wire -----------------------------------------------------------------------------------------------


def _refuse_old(timestamp: str, *, now: datetime) -> None:
    if not timestamp.isdecimal() or len(timestamp) > 12:
        raise NotGenuine("timestamp")
    if abs(now.timestamp() - int(timestamp)) > RECEIPT_WINDOW.total_seconds():
        raise NotGenuine("too old")


def _moment() -> float:
    import time

    return time.time()  # noqa: TID251 - what a signature is made with is the wire's, not a decision's


def _post(url: str, body: bytes, headers: Mapping[str, str]) -> dict[str, Any] | Answer:
    try:
        with _session() as session:
            return _read(session.post(url, data=body, headers=dict(headers), timeout=SECONDS))
    except requests.ConnectTimeout:
        return Answer("not-taken", reason="连不上")
    except requests.ConnectionError as error:
        # A connection that broke after it stood may have carried the message.
        return Answer("not-taken" if "refused" in str(error).lower() else "unknown", reason="连接断了")
    except requests.RequestException:
        return Answer("unknown", reason="没有按时答复")


def _get(url: str) -> dict[str, Any] | Answer:
    try:
        with _session() as session:
            return _read(session.get(url, timeout=SECONDS))
    except requests.RequestException:
        return Answer("not-taken", reason="连不上")


def _read(response: requests.Response) -> dict[str, Any] | Answer:
    if response.status_code in {401, 403, 404}:
        return Answer("not-taken", reason=f"答复 {response.status_code}")
    if response.status_code != 200:
        return Answer("unknown", reason=f"答复 {response.status_code}")
    try:
        said = response.json()
    except ValueError:
        return Answer("unknown", reason="答复读不懂")
    return said if isinstance(said, dict) else Answer("unknown", reason="答复读不懂")
