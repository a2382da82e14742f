"""荣军通: a signed question about opaque references, answered yes or no with a day, and nothing else."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from rongjun.access.api import acting_as_job
from rongjun.benefits.http import eligibility
from rongjun.benefits.logic.eligibility import answers
from rongjun.benefits.models import Programme
from rongjun.benefits.tests.uses_scene import LOST, NOW, OTHER, USABLE, known, set_network
from rongjun.kernel.crypto import Algorithm, sm3
from rongjun.kernel.crypto.symmetric import keyed_digest
from rongjun.partners import api as partners
from tests.cluster import as_owner

PATH = "/uses/eligibility"
BEIJING = timezone(timedelta(hours=8))
AT = datetime(2026, 11, 30, 10, 0, tzinfo=BEIJING)
hours = st.integers(-900, 900)


@given(start=hours, length=st.one_of(st.none(), st.integers(1, 900)), days=st.integers(1, 60))
def test_a_yes_holds_while_the_carrier_does_and_no_longer_than_agreed(start, length, days) -> None:
    begun = AT + timedelta(hours=start)
    end = None if length is None else begun + timedelta(hours=length)
    found = answers([7], {7: SimpleNamespace(spans=[(begun, end)])}, now=AT, days=days)[0]
    is_usable = begun <= AT and (end is None or end > AT)
    assert (found.valid_until is not None) == is_usable
    if found.valid_until is not None:
        assert AT.date() <= found.valid_until <= (AT + timedelta(days=days)).date()
        last_day_begins = datetime.combine(found.valid_until, datetime.min.time(), BEIJING)
        assert end is None or max(AT, last_day_begins) < end


def test_an_unknown_reference_and_one_that_ended_are_told_alike() -> None:
    ended = SimpleNamespace(spans=[(AT - timedelta(days=9), AT - timedelta(days=1))])
    unknown, stopped = answers([8, 7], {7: ended}, now=AT, days=31)
    assert unknown.plain() == {"reference": 8, "eligible": False}
    assert stopped.plain() == {"reference": 7, "eligible": False}


@pytest.fixture
def secret(monkeypatch: pytest.MonkeyPatch) -> bytes:
    """Of the operator, which may call."""
    Path(settings.STATIC_ROOT).mkdir(exist_ok=True)
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)
    set_network(monkeypatch)
    monkeypatch.setattr(eligibility, "carriers", known)
    with as_owner():
        Programme.objects.create(id=5, code="telecom", title="通信", benefit="x", payer="carrier")
    with acting_as_job("test.agree"):
        said = partners.add_partner(
            "qd-transit", name="测试通信", division=990200000000, agreed={}, channels=["call"],
            expected_since=NOW.date(), by="operator:test", now=NOW, daily_calls=100,
        )  # fmt: skip
    return bytes.fromhex(said)


def ask(said: object, secret: bytes, *, key: str = "key-00001") -> Any:
    body = json.dumps(said).encode()
    moment, digest = NOW.isoformat(), sm3(body).hex()
    signed = "\n".join(("POST", PATH, moment, key, digest)).encode()
    headers = {
        "X-Rongjun-Partner": "qd-transit",
        "X-Rongjun-Timestamp": moment,
        "Idempotency-Key": key,
        "X-Rongjun-Digest": digest,
        "X-Rongjun-Signature": keyed_digest(Algorithm.HMAC_SM3, secret, signed).hex(),
    }
    return Client().post(PATH, body, content_type="application/json", headers=headers)


@pytest.mark.django_db
def test_an_operator_learns_yes_or_no_and_a_day(secret: bytes) -> None:
    answer = ask({"programme": "telecom", "references": [USABLE, LOST, 99, OTHER]}, secret)
    assert answer.status_code == 200
    until = (NOW.astimezone(BEIJING) + timedelta(days=31)).date().isoformat()
    assert answer.json() == {
        "programme": "telecom",
        "on": date(2026, 11, 30).isoformat(),
        "answers": [
            {"reference": USABLE, "eligible": True, "valid_until": until},
            {"reference": LOST, "eligible": False},
            {"reference": 99, "eligible": False},
            {"reference": OTHER, "eligible": True, "valid_until": until},
        ],
    }


@pytest.mark.django_db
@pytest.mark.parametrize(
    "said",
    [
        {"programme": "telecom", "references": []},
        {"programme": "telecom", "references": ["7"]},
        {"programme": "telecom", "references": [True]},
        {"programme": "telecom", "references": [2**53]},
        {"programme": "telecom", "references": [7], "name": "x"},
        [],
    ],
)
def test_a_question_of_another_form_is_refused(secret: bytes, said: object) -> None:
    answer = ask(said, secret)
    assert (answer.status_code, answer.json()["code"]) == (400, "benefits.use-body-unfit")


@pytest.mark.django_db
def test_a_programme_nobody_agreed_on_and_a_wrong_signature_are_refused(secret: bytes) -> None:
    said = {"programme": "tram", "references": [USABLE]}
    assert ask(said, secret).json()["code"] == "benefits.unknown-use-source"
    answer = ask(said, b"other" * 8, key="key-00002")
    assert answer.status_code in {401, 403}
    assert "answers" not in answer.json()
