"""Which tokens of the provincial single sign-on are believed: pure, with a key of our own."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from rongjun.access.sso import TOLERANCE, read_id_token
from rongjun.access.sso_simulator import NOBODY, WAYS, Issuer, choosing_page, proves
from rongjun.kernel.errors import Refused
from rongjun.kernel.identifiers import IdentityNumber

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PEOPLE = [{"name": "测试<张三>", "number": NOBODY, "note": "78 岁，退役军人"}]
ISSUER = Issuer("http://localhost:1", PEOPLE)


def token(way: str = "well", **granted: str) -> str:
    asked = {"client_id": "rongjun", "nonce": "once", "person": "0", "way": way, **granted}
    return ISSUER.id_token(asked, now=NOW.timestamp())


def read(text: str, **kept: Any) -> Any:
    given = {
        "keys": ISSUER.keys()["keys"],
        "issuer": ISSUER.url,
        "audience": "rongjun",
        "nonce": "once",
        "now": NOW,
        **kept,
    }
    return read_id_token(text, **given)


def refusal(text: str, **kept: Any) -> str:
    with pytest.raises(Refused) as refused:
        read(text, **kept)
    return refused.value.code


def test_a_genuine_fresh_token_for_us_is_believed() -> None:
    assert read(token())["id_number"] == NOBODY


@pytest.mark.parametrize(
    ("changed", "kept"),
    [
        ({}, {"nonce": "another"}),
        ({}, {"nonce": ""}),
        ({}, {"audience": "somebody-else"}),
        ({}, {"issuer": "http://localhost:2"}),
        ({}, {"keys": []}),
        ({"way": "signature"}, {}),
        ({"way": "nonce"}, {}),
    ],
)
def test_what_does_not_fit_is_not_believed(changed: dict[str, str], kept: dict[str, Any]) -> None:
    assert refusal(token(**changed), **kept) == "access.province-unproven"


@pytest.mark.parametrize("text", ["", "a.b.c", "not a token"])
def test_what_is_no_token_is_not_believed(text: str) -> None:
    assert refusal(text) == "access.province-unproven"


def test_a_token_without_a_signature_is_not_believed() -> None:
    claims = jwt.decode(token(), options={"verify_signature": False})
    bare = jwt.encode(claims, "", algorithm="none", headers={"kid": "simulated-1"})
    assert refusal(bare) == "access.province-unproven"


def test_a_public_key_taken_for_a_password_opens_nothing() -> None:
    _head, body, _signature = token().split(".")
    head = base64.urlsafe_b64encode(b'{"alg": "HS256", "kid": "simulated-1"}').decode().rstrip("=")
    public = json.dumps(ISSUER.keys()["keys"][0]).encode()
    signature = hmac.digest(public, f"{head}.{body}".encode(), "sha256")
    forged = f"{head}.{body}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"
    assert refusal(forged) == "access.province-unproven"


def test_a_key_of_somebody_else_under_the_same_name_opens_nothing() -> None:
    other = Issuer(ISSUER.url, PEOPLE, key=ec.generate_private_key(ec.SECP256R1()))
    assert refusal(token(), keys=other.keys()["keys"]) == "access.province-unproven"


@pytest.mark.parametrize(
    ("at", "is_believed"),
    [
        (NOW - TOLERANCE, True),
        (NOW - TOLERANCE - timedelta(seconds=1), False),
        (NOW + timedelta(seconds=300) + TOLERANCE, True),
        (NOW + timedelta(seconds=301) + TOLERANCE, False),
    ],
)
def test_clocks_may_differ_by_a_minute(at: datetime, is_believed: bool) -> None:
    if is_believed:
        assert read(token(), now=at)
    else:
        assert refusal(token(), now=at) == "access.province-clock"


def test_a_clock_ten_minutes_ahead_is_told_apart_from_a_forgery() -> None:
    assert refusal(token("clock")) == "access.province-clock"


def test_the_simulator_shows_its_people_as_text_and_every_way() -> None:
    shown = choosing_page(PEOPLE, {"state": '"><script>'})
    assert "测试&lt;张三&gt;" in shown
    assert "<script>" not in shown
    assert all(f'value="{way}"' in shown for way in WAYS)


def test_the_simulators_nobody_is_invented() -> None:
    assert IdentityNumber.from_text(NOBODY).is_synthetic


def test_a_code_is_opened_only_by_whoever_asked_for_it() -> None:
    digest = hashlib.sha256(b"verifier").digest()
    challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    assert proves("verifier", challenge)
    assert not proves("another", challenge)
    assert not proves("verifier", "")
