"""Receipts as gateways call them in: signed, matched, in any order, and refused when they are not theirs."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from pytest_django.fixtures import Settings

from rongjun.audit import api as audit
from rongjun.notices.gateways import sign
from rongjun.notices.tests.gateways import SECRET, TOKEN
from rongjun.notices.tests.scene import at_work, person, tell
from rongjun.notices.tests.test_sending import Told, bind, rounds, sendings, state
from rongjun.notices.wechat_simulator import signature

pytestmark = pytest.mark.django_db
SMS_URL, WECHAT_URL = "/notices/receipts/sms/", "/notices/receipts/wechat/"


@pytest.fixture(autouse=True)
def agreed(settings: Settings) -> None:
    """An agreement with both gateways."""
    Path(settings.STATIC_ROOT).mkdir(exist_ok=True)  # where nothing is collected, WhiteNoise warns
    settings.NOTICE_GATEWAYS = {
        "sms": {"url": "http://localhost:1", "secret": SECRET, "simulated": True},
        "wechat": {
            "url": "http://localhost:1",
            "appid": "wx",
            "secret": SECRET,
            "token": TOKEN,
            "template": "t",
            "simulated": True,
        },
    }


def moment(**earlier: int) -> str:
    now = datetime.now(UTC)  # noqa: TID251 - the address reads the clock
    return str(int((now - timedelta(**earlier)).timestamp()))


def line_of(key: str, status: str = "delivered") -> dict[str, str]:
    return {"key": key, "reference": "1", "status": status, "reason": ""}


def call(*lines: dict[str, Any], secret: str = SECRET, timestamp: str = "") -> HttpResponse:
    body, at = json.dumps({"receipts": lines}).encode(), timestamp or moment()
    headers = {"X-Timestamp": at, "X-Signature": sign(secret, at, body)}
    response: Any = Client().post(SMS_URL, body, content_type="application/json", headers=headers)
    return response  # type: ignore[no-any-return]


def test_a_signed_receipt_ends_the_message_and_again_is_harmless() -> None:
    tell(person())
    rounds(Told())
    (row,) = sendings()
    for _ in range(2):
        assert call(line_of(str(row.id))).status_code == 200
    assert state() == ("delivered", ["arrived"])


@pytest.mark.parametrize("how", ["secret", "old", "body"])
def test_what_is_not_theirs_changes_nothing_and_leaves_an_event(how: str) -> None:
    tell(person())
    rounds(Told())
    (row,) = sendings()
    line = line_of(str(row.id)) if how != "body" else {"status": "delivered"}
    secret, at = ("another" if how == "secret" else SECRET), (moment(hours=1) if how == "old" else "")
    assert call(line, secret=secret, timestamp=at).status_code == 403
    assert state() == ("sending", ["accepted"])
    with at_work():
        events = [each.event for each in audit.events(limit=20)]
    assert "notices.receipt-refused" in events


def test_one_we_do_not_know_is_to_be_called_in_again_and_the_others_count() -> None:
    tell(person())
    rounds(Told())
    (row,) = sendings()
    assert call(line_of("00000000-0000-0000-0000-000000000000"), line_of(str(row.id))).status_code == 404
    assert state() == ("delivered", ["arrived"])


def event(reference: str, *, status: str = "success", token: str = TOKEN) -> int:
    timestamp = moment()
    body = (
        "<xml><Event><![CDATA[TEMPLATESENDJOBFINISH]]></Event>"
        f"<MsgID>{reference}</MsgID><Status><![CDATA[{status}]]></Status></xml>"
    )
    asked = {"timestamp": timestamp, "nonce": "n", "signature": signature(token, timestamp, "n")}
    response = Client().post(WECHAT_URL, body, content_type="text/xml", query_params=asked)
    return int(response.status_code)


def test_an_event_of_the_platform_ends_the_message() -> None:
    who = person()
    bind(who)
    tell(who)
    rounds(Told("wechat"))
    (row,) = sendings()
    assert event(row.reference, token="another") == 403
    assert event("none of ours") == 404
    assert state()[0] == "sending"
    assert event(row.reference) == 200
    assert state() == ("delivered", ["arrived"])


def test_who_has_blocked_the_account_gets_a_text_message() -> None:
    who = person()
    bind(who)
    tell(who)
    rounds(Told("wechat"))
    assert event(sendings()[0].reference, status="failed:user block") == 200
    assert [(each.channel, each.state) for each in sendings()] == [("wechat", "refused"), ("sms", "waiting")]


def test_without_an_agreement_nothing_is_taken(settings: Settings) -> None:
    settings.NOTICE_GATEWAYS = {"sms": {"url": ""}, "wechat": {"url": ""}}
    assert call(line_of("x")).status_code == 403


def test_an_entity_that_swells_is_not_read() -> None:
    timestamp = moment()
    asked = {"timestamp": timestamp, "nonce": "n", "signature": signature(TOKEN, timestamp, "n")}
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><xml><Event>&b;</Event></xml>'
    response = Client().post(WECHAT_URL, bomb, content_type="text/xml", query_params=asked)
    assert response.status_code == 403
