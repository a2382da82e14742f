"""POST /uses/batches as a partner's machine meets it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from rongjun.access.api import acting_as_job
from rongjun.benefits.actions.uses import MOST_ROWS
from rongjun.benefits.logic.uses import NAMES
from rongjun.benefits.tests.uses_scene import HOUR, NOW, counted, rows_of, set_network, use
from rongjun.kernel.crypto import Algorithm, sm3
from rongjun.kernel.crypto.symmetric import keyed_digest
from rongjun.partners import api as partners

pytestmark = pytest.mark.django_db
PATH = "/uses/batches"


@pytest.fixture
def secret(monkeypatch: pytest.MonkeyPatch) -> bytes:
    """Of the transit company, which may call."""
    Path(settings.STATIC_ROOT).mkdir(exist_ok=True)  # where nothing is collected, WhiteNoise warns
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)
    set_network(monkeypatch)
    with acting_as_job("test.agree"):
        said = partners.add_partner(
            "qd-transit", name="测试公交", division=990200000000, agreed={}, channels=["call"],
            expected_since=NOW.date(), by="operator:test", now=NOW, daily_calls=100,
        )  # fmt: skip
    return bytes.fromhex(said)


def body_of(*rows: dict[str, Any], source: str = "bus-gates") -> bytes:
    """The rows as one batch."""
    return json.dumps({"source": source, **{name: [row[name] for row in rows] for name in NAMES}}).encode()


def send(body: bytes, secret: bytes, *, key: str = "key-00001", client: Client | None = None) -> Any:
    """A signed call."""
    moment, digest = NOW.isoformat(), sm3(body).hex()
    signed = "\n".join(("POST", PATH, moment, key, digest)).encode()
    headers = {
        "X-Rongjun-Partner": "qd-transit",
        "X-Rongjun-Timestamp": moment,
        "Idempotency-Key": key,
        "X-Rongjun-Digest": digest,
        "X-Rongjun-Signature": keyed_digest(Algorithm.HMAC_SM3, secret, signed).hex(),
    }
    return (client or Client()).post(PATH, body, content_type="application/json", headers=headers)


def fresh(reference: str = "U1", **said: Any) -> dict[str, Any]:
    """A use of an hour ago."""
    return use(reference, used_at=(NOW - HOUR).isoformat(), **said)


def test_a_batch_is_answered_row_by_row(secret: bytes) -> None:
    said = body_of(fresh("U1"), fresh("U1"), fresh("U2", card=9))
    answer = send(said, secret)
    assert answer.status_code == 200
    told = answer.json()
    assert (told["accepted"], told["repeated"], told["refused"]) == (
        1, [1], [{"line": 2, "code": "card-unknown"}],
    )  # fmt: skip
    assert told["reasons"]["card-unknown"][0] == "名单上没有这个编号"
    assert counted() == (1, 1, 1)


def test_the_contract_names_the_columns_we_read() -> None:
    schema = json.loads((settings.CONTRACTS_ROOT / "uses.schema.json").read_text())
    assert set(schema["properties"]) == set(schema["required"]) == {"source", *NAMES}
    assert schema["properties"]["reference"]["maxItems"] == MOST_ROWS


def test_the_same_call_again_gets_the_same_answer(secret: bytes) -> None:
    said = body_of(fresh("U1"), fresh("U2", card=9))
    first = send(said, secret)
    assert send(said, secret).content == first.content
    assert rows_of("select found, accepted, refused from benefits_use_batch") == [(2, 1, 1)]


def test_the_same_key_with_other_content_is_refused(secret: bytes) -> None:
    send(body_of(fresh("U1")), secret)
    again = send(body_of(fresh("U2")), secret)
    assert (again.status_code, again.json()["code"]) == (409, "partners.call-key-reused")
    assert counted() == (1, 1, 1)


def test_a_call_that_is_not_signed_by_its_partner_learns_nothing(secret: bytes) -> None:
    answer = send(body_of(fresh("U1")), secret[::-1])
    assert (answer.status_code, answer.json()["code"]) == (401, "partners.call-not-genuine")
    assert counted() == (0, 0, 0)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[" * 100_000,
        b"[]",
        b'{"source": "bus-gates"}',
        body_of(fresh("U1")).replace(b'"U1"', b'"U1", "U2"'),
        body_of(fresh("U1")).replace(b'["U1"]', b'"U1"'),
        body_of(fresh("U1"), source="x").replace(b'"x"', b"[]"),
    ],
)
def test_a_body_of_another_shape_is_refused_whole(secret: bytes, body: bytes) -> None:
    answer = send(body, secret)
    assert (answer.status_code, answer.json()["code"]) == (400, "benefits.use-body-unfit")


def test_of_a_refused_call_nothing_is_kept_but_the_event(secret: bytes) -> None:
    answer = send(body_of(fresh("U1"), source="metro-daily"), secret)
    assert (answer.status_code, answer.json()["code"]) == (403, "benefits.use-source-by-file")
    assert rows_of("select count(*) from benefits_use_batch") == [(0,)]
    assert rows_of("select count(*) from audit_event where event = 'benefits.use-call-refused'") == [(1,)]
    assert send(body_of(fresh("U1")), secret).status_code == 200


def test_a_machine_passes_by_what_is_for_visitors(secret: bytes) -> None:
    answer = send(body_of(fresh("U1")), secret)
    assert not answer.cookies
    assert "Vary" not in answer.headers
    assert Client().get(PATH).status_code == 405
