"""荣军通: a signed question about opaque references, answered yes or no with a day, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from rongjun.access.api import acting_as, acting_as_job
from rongjun.benefits.actions import eligibility as answering
from rongjun.benefits.logic.eligibility import answers
from rongjun.benefits.models import Programme, UseSource
from rongjun.benefits.tests.uses_scene import NOW, rows_of
from rongjun.cards import api as cards
from rongjun.cards.api import Happened
from rongjun.kernel.crypto import Algorithm, sm3
from rongjun.kernel.crypto.symmetric import keyed_digest
from rongjun.partners import api as partners
from rongjun.registry import api as registry
from tests.cluster import as_owner
from tests.house.rooms import cards_cast

PATH = "/uses/eligibility"
CITY, SINCE, people, handed = cards_cast.CITY, cards_cast.SINCE, cards_cast.people, cards_cast.handed
EARLIER = cards_cast.NOW
BEIJING = timezone(timedelta(hours=8))
AT = datetime(2026, 11, 30, 10, 0, tzinfo=BEIJING)
hours = st.integers(-900, 900)


@given(start=hours, length=st.one_of(st.none(), st.integers(1, 900)), days=st.integers(1, 60))
def test_a_yes_holds_while_the_carrier_does_and_no_longer_than_agreed(start, length, days) -> None:
    begun = AT + timedelta(hours=start)
    end = None if length is None else begun + timedelta(hours=length)
    known = {7: SimpleNamespace(spans=[(begun, end)])}
    found = answers([7], known, entitled={7}, now=AT, days=days)[0]
    is_usable = begun <= AT and (end is None or end > AT)
    assert (found.valid_until is not None) == is_usable
    if found.valid_until is not None:
        assert AT.date() <= found.valid_until <= (AT + timedelta(days=days)).date()
        last_day_begins = datetime.combine(found.valid_until, datetime.min.time(), BEIJING)
        assert end is None or max(AT, last_day_begins) < end


def test_every_no_is_told_alike() -> None:
    ended = SimpleNamespace(spans=[(AT - timedelta(days=9), AT - timedelta(days=1))])
    usable = SimpleNamespace(spans=[(AT - timedelta(days=9), None)])
    asked, known = [8, 7, 6, 5], {7: ended, 6: usable, 5: usable}
    *noes, yes = answers(asked, known, entitled={8, 7, 5}, now=AT, days=31)
    assert [each.plain() for each in noes] == [{"reference": n, "eligible": False} for n in (8, 7, 6)]
    assert yes.valid_until is not None


PLANS = "living.rongjun-phone-plans"
AGREED: dict[str, Any] = {"purpose": "check-eligibility", "recipient": "telecom"}
HERE, ELSEWHERE = 370200000000, 110000000000
NO = {"eligible": False}


@pytest.fixture
def secret(monkeypatch: pytest.MonkeyPatch) -> bytes:
    """Of the operator, which may call."""
    Path(settings.STATIC_ROOT).mkdir(exist_ok=True)
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)
    with as_owner():
        Programme.objects.create(id=5, code="telecom", title="通信", benefit=PLANS, payer="carrier")
        UseSource.objects.create(
            id=1, code="telecom-daily", title="测试通信", partner="telecom", record="file",
            seat=990200000000, expected_since=NOW.date(),
        )  # fmt: skip
    with acting_as_job("test.agree"):
        said = partners.add_partner(
            "telecom", name="测试通信", division=990200000000, agreed={}, channels=["call"],
            expected_since=NOW.date(), by="operator:test", now=NOW, daily_calls=100,
        )  # fmt: skip
    return bytes.fromhex(said)


def says(person: UUID, *, given: bool = True, how: str = "window") -> None:
    """The person's word to this purpose and this recipient, after its notice was shown."""
    told: dict[str, Any] = {"how": how, "by": CITY, "now": EARLIER, "today": EARLIER.date()}
    with acting_as(CITY):
        registry.show_notice(person, notice="checking-eligibility", **told)
        registry.answer_consent(person, **AGREED, given=given, **told)


def lives(person: UUID, city: int) -> None:
    with acting_as(CITY):
        registry.state_fact(
            person, fact="residence_city", value=str(city), valid_from=SINCE.date(), valid_to=None,
            source="测试", by=CITY, now=EARLIER,
        )  # fmt: skip


def somebody(*, city: int = HERE, agrees: bool = True, more: Iterable[Happened] = (), n: int = 0) -> int:
    """A veteran's card; its reference."""
    (person,) = people(1, first=n)
    lives(person, city)
    if agrees:
        says(person)
    (reference,) = handed([person], more=more, first=n)
    return reference


def holder(reference: int) -> UUID:
    with acting_as(CITY):
        return cards.holders([reference])[reference]


def ask(said: object, secret: bytes, *, key: str = "key-00001") -> Any:
    body = json.dumps(said).encode()
    moment, digest = NOW.isoformat(), sm3(body).hex()
    signed = "\n".join(("POST", PATH, moment, key, digest)).encode()
    headers = {
        "X-Rongjun-Partner": "telecom",
        "X-Rongjun-Timestamp": moment,
        "Idempotency-Key": key,
        "X-Rongjun-Digest": digest,
        "X-Rongjun-Signature": keyed_digest(Algorithm.HMAC_SM3, secret, signed).hex(),
    }
    return Client().post(PATH, body, content_type="application/json", headers=headers)


def told_of(*references: int, secret: bytes, key: str = "key-00001") -> list[dict[str, object]]:
    """What is said of each, without its reference."""
    answer = ask({"programme": "telecom", "references": list(references)}, secret, key=key)
    assert answer.status_code == 200, answer.content
    said = answer.json()
    assert [each.pop("reference") for each in said["answers"]] == list(references)
    assert (said["programme"], said["on"]) == ("telecom", NOW.astimezone(BEIJING).date().isoformat())
    listed: list[dict[str, object]] = said["answers"]
    return listed


def yes(days: int = 31) -> dict[str, object]:
    until = (NOW.astimezone(BEIJING) + timedelta(days=days)).date().isoformat()
    return {"eligible": True, "valid_until": until}


@pytest.mark.django_db
def test_an_operator_learns_yes_and_a_day_or_a_no_that_says_nothing(secret: bytes) -> None:
    entitled = somebody()
    elsewhere = somebody(city=ELSEWHERE, n=1)
    silent = somebody(agrees=False, n=2)
    lost = somebody(more=[Happened("lose", EARLIER)], n=3)
    assert told_of(entitled, elsewhere, silent, lost, 99, secret=secret) == [yes(), NO, NO, NO, NO]


@pytest.mark.django_db
def test_a_residence_nobody_knows_is_no_yes(secret: bytes) -> None:
    (person,) = people(1)
    says(person)
    (reference,) = handed([person])
    assert told_of(reference, secret=secret) == [NO]


@pytest.mark.django_db
def test_a_consent_counts_from_the_moment_it_is_given_to_the_moment_it_is_taken_back(secret: bytes) -> None:
    reference = somebody(agrees=False)
    person = holder(reference)
    assert told_of(reference, secret=secret, key="key-00001") == [NO]
    says(person)
    assert told_of(reference, secret=secret, key="key-00002") == [yes()]
    with acting_as(CITY):
        registry.withdraw_consent(person, **AGREED, how="window", by=CITY, now=NOW)
    assert told_of(reference, secret=secret, key="key-00003") == [NO]


@pytest.mark.django_db
def test_a_consent_to_another_recipient_is_none_to_this_one(
    secret: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = somebody()
    monkeypatch.setattr(answering, "PURPOSE", "offers")
    assert told_of(reference, secret=secret) == [NO]


@pytest.mark.django_db
def test_of_a_restricted_file_nothing_is_told(secret: bytes) -> None:
    reference = somebody()
    asked: dict[str, Any] = {"by": CITY, "now": EARLIER}
    with acting_as(CITY):
        request = registry.receive_request(
            holder(reference), kind="restrict", asked_by="self", wish="请办", days=30,
            today=EARLIER.date(), **asked,
        )  # fmt: skip
        registry.answer_request(request, answer="已办妥。", **asked)
    assert told_of(reference, secret=secret) == [NO]


@pytest.mark.django_db
def test_the_person_sees_who_was_told_and_of_nobody_else_anything_is_noted(secret: bytes) -> None:
    entitled, silent = somebody(), somebody(agrees=False, n=1)
    told_of(entitled, silent, 99, secret=secret)
    rows = rows_of("select about, actor, detail from audit_event where event = 'registry.person-shared'")
    assert [(about, by) for about, by, _ in rows] == [([f"person:{holder(entitled)}"], "partner:telecom")]
    assert "能不能享受" in str(rows[0][2])
    counted = rows_of("select detail from audit_event where event = 'benefits.eligibility-answered'")
    said = json.loads(counted[0][0])
    assert (len(counted), said["asked"], said["yes"]) == (1, 3, 1)


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
    said = {"programme": "tram", "references": [7]}
    assert ask(said, secret).json()["code"] == "benefits.unknown-use-source"
    answer = ask(said, b"other" * 8, key="key-00002")
    assert answer.status_code in {401, 403}
    assert "answers" not in answer.json()
