"""POST /insurance/settlements as a hospital's machine meets it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from rongjun.access.api import acting_as_job
from rongjun.insurance.fhir import explanation_of
from rongjun.insurance.tests.scene import NOW, insured, msgid, set_scene, settlement, years
from rongjun.kernel.crypto import Algorithm, sm3
from rongjun.kernel.crypto.symmetric import keyed_digest
from rongjun.partners import api as partners
from tests.house.claims_rooms import number

pytestmark = pytest.mark.django_db
PATH = "/insurance/settlements"


@pytest.fixture
def secret(monkeypatch: pytest.MonkeyPatch) -> bytes:
    """Of the hospital, which may call."""
    Path(settings.STATIC_ROOT).mkdir(exist_ok=True)  # where nothing is collected, WhiteNoise warns
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)
    set_scene()
    insured()
    with acting_as_job("test.agree"):
        said = partners.add_partner(
            "hospital", name="测试医院", division=370200000000, agreed={}, channels=["call"],
            expected_since=NOW.date(), by="operator:test", now=NOW, daily_calls=100,
        )  # fmt: skip
    return bytes.fromhex(said)


def body_of(record: dict[str, Any] | None = None, *, place: int = 1, **said: Any) -> bytes:
    message = {"msgid": msgid(place), "certno": number(1), "settlement": record or settlement(1), **said}
    return json.dumps(message, ensure_ascii=False).encode()


def send(body: bytes, secret: bytes, *, key: str = "key-00001") -> Any:
    """A signed call."""
    moment, digest = NOW.isoformat(), sm3(body).hex()
    signed = "\n".join(("POST", PATH, moment, key, digest)).encode()
    headers = {
        "X-Rongjun-Partner": "hospital",
        "X-Rongjun-Timestamp": moment,
        "Idempotency-Key": key,
        "X-Rongjun-Digest": digest,
        "X-Rongjun-Signature": keyed_digest(Algorithm.HMAC_SM3, secret, signed).hex(),
    }
    return Client().post(PATH, body, content_type="application/json", headers=headers)


def test_a_bill_is_decided_before_it_is_answered(secret: bytes) -> None:
    answer = send(body_of(), secret)
    told = answer.json()
    assert (answer.status_code, told["state"], told["post_fen"], told["waits"]) == (
        200, "decided", 3_500_000, False,
    )  # fmt: skip
    assert years() == [(4_000_000, 3_500_000, 500_000)]


def test_a_bill_as_a_fhir_resource_is_decided_like_any(secret: bytes) -> None:
    message = {"msgid": msgid(1), "certno": number(1), "settlement": settlement(1)}
    answer = send(json.dumps(explanation_of(message)).encode(), secret)
    assert (answer.status_code, answer.json()["state"]) == (200, "decided")
    assert years() == [(4_000_000, 3_500_000, 500_000)]
    told = send(body_of(place=2), secret, key="key-00002").json()
    assert (told["state"], told["msgid"]) == ("duplicate", msgid(2))


def test_a_fhir_resource_with_a_fault_is_refused_whole(secret: bytes) -> None:
    resource = explanation_of({"msgid": msgid(1), "certno": number(1), "settlement": settlement(1)})
    del resource["provider"]
    answer = send(json.dumps(resource).encode(), secret)
    assert (answer.status_code, answer.json()["code"]) == (400, "insurance.body-unfit")
    assert years() == []


def test_the_same_message_by_another_call_gets_what_was_decided(secret: bytes) -> None:
    first = send(body_of(), secret).json()
    assert send(body_of(), secret, key="key-00002").json() == first
    assert years() == [(4_000_000, 3_500_000, 500_000)]


def test_a_message_id_is_used_once(secret: bytes) -> None:
    send(body_of(), secret)
    again = send(body_of(settlement(1, total="80001.00")), secret, key="key-00002")
    assert (again.status_code, again.json()["code"]) == (409, "insurance.msgid-reused")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"[" * 100_000,
        b'{"msgid": 1}',
        b"\xff\xfe",
        body_of(place=1).replace(b'"settlement"', b'"ruling"'),
        body_of(settlement(1, medfee_sumamt="8e4")),
        body_of(certno="990001194105060118"),
        body_of(setl_time="2024-12-20 10:00"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused_whole(secret: bytes, body: bytes) -> None:
    answer = send(body, secret)
    assert (answer.status_code, answer.json()["code"]) == (400, "insurance.body-unfit")
    assert years() == []
    assert number(1) not in answer.content.decode()


def test_who_cannot_sign_learns_nothing(secret: bytes) -> None:
    answer = send(body_of(), secret[::-1])
    assert (answer.status_code, answer.json()["code"]) == (401, "partners.call-not-genuine")
