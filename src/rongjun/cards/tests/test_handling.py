"""From application to the end: who may do what with a card, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from rongjun.access.api import Actor, acting_as, acting_as_job
from rongjun.cards import actions
from rongjun.cards import api as cards
from rongjun.cards.api import Happened
from rongjun.cards.models import Carrier
from rongjun.cards.tests.cast import (
    CITY,
    CLERK,
    DAY,
    NOW,
    OFFICER,
    SINCE,
    STRANGER,
    TODAY,
    handed,
    people,
)
from rongjun.kernel.errors import Refused
from rongjun.notices import api as notices
from rongjun.registry import api as registry

pytestmark = pytest.mark.django_db
SOON = NOW + timedelta(hours=1)


def granted(verdict: str = "granted", code: str = "other.rongjun-card-without-charge") -> Any:
    """What the policy book said of the benefit a card is had by."""
    return SimpleNamespace(code=code, verdict=verdict, book="0" * 64)


@contextmanager
def refused(code: str) -> Iterator[None]:
    with pytest.raises(Refused) as told:
        yield
    assert told.value.code == code


def applied(person: UUID, *, by: Actor = CLERK, kind: str = "rongjun", **more: Any) -> int:
    with acting_as(by):
        return cards.apply_for(person, kind=kind, decision=granted(**more), by=by, now=NOW)


def approved(reference: int, by: Actor = OFFICER) -> None:
    with acting_as(by):
        cards.review(reference, approved=True, reason="材料齐全", by=by, now=NOW)


def made(person: UUID) -> int:
    """A card that lies at the station."""
    reference = applied(person)
    approved(reference)
    with acting_as_job("test.bank"):
        held = actions.hold([reference])
        told = [actions.Told(reference, kind, NOW, "测试") for kind in ("order", "make")]
        actions.tell(told, held=held, by="job:test", now=NOW)
    return reference


def given(reference: int, by: Actor = CLERK, **said: Any) -> None:
    with acting_as(by):
        cards.hand_over(reference, **{"checked": "居民身份证", **said}, by=by, now=SOON)


def state(reference: int) -> str:
    with acting_as(CITY):
        return Carrier.objects.get(pk=reference).state


def told(person: UUID) -> list[str]:
    with acting_as(CITY):
        return [line.title for line in notices.messages_of([person])]


def do(reference: int, kind: str, by: Actor = CLERK, **said: Any) -> None:
    with acting_as(by):
        cards.take_step(reference, kind, **{"reason": "测试", **said}, by=by, now=SOON)


# --- from application to the hand ---------------------------------------------------------------------------


def test_from_the_application_to_the_gate() -> None:
    (person,) = people(1)
    reference = made(person)
    assert state(reference) == "ready"
    given(reference)
    with acting_as_job("test.uses"):
        assert cards.carriers([reference])[reference].spans == ((SOON, None),)


@pytest.mark.parametrize(
    ("decision", "code"),
    [
        (None, "cards.not-entitled"),
        (granted("unknown"), "cards.not-entitled"),
        (granted("not-granted"), "cards.not-entitled"),
        (granted(code="other.something-else"), "cards.not-entitled"),
    ],
)
def test_only_who_is_entitled_by_the_book_applies(decision: Any, code: str) -> None:
    (person,) = people(1)
    with acting_as(CLERK), refused(code):
        cards.apply_for(person, kind="rongjun", decision=decision, by=CLERK, now=NOW)


def test_a_person_has_one_card_of_a_family_and_chooses_one_of_two_certificates() -> None:
    (person,) = people(1)
    benefit = "honour.preferential-treatment-card"
    applied(person)
    applied(person, kind="pref-veteran", code=benefit)
    with refused("cards.has-one"):
        applied(person, kind="pref-kin", code=benefit)


def test_who_took_the_application_in_does_not_review_it() -> None:
    (person,) = people(1)
    reference = applied(person, by=OFFICER)
    with refused("cards.by-another"):
        approved(reference, OFFICER)
    approved(reference, CITY)


def test_a_clerk_does_not_review() -> None:
    (person,) = people(1)
    reference = applied(person, by=OFFICER)
    with refused("cards.may-not"):
        approved(reference, CLERK)


def test_a_refused_application_is_over_and_may_be_made_again() -> None:
    (person,) = people(1)
    reference = applied(person)
    with acting_as(OFFICER):
        cards.review(reference, approved=False, reason="照片不合格", by=OFFICER, now=NOW)
    assert state(reference) == "refused"
    assert told(person) == ["您的荣军卡申领没有通过"]
    applied(person)


def test_nothing_is_handed_over_unchecked_or_to_the_dead() -> None:
    (person,) = people(1)
    reference = made(person)
    with refused("cards.identity-unchecked"):
        given(reference, checked=" ")
    with acting_as(CITY):
        registry.record_death(person, died_on=TODAY - DAY, source="测试", by=CITY, now=NOW)
    with refused("cards.holder-dead"):
        given(reference)


def test_a_card_that_got_lost_before_is_not_handed_over() -> None:
    (person,) = people(1)
    reference = made(person)
    do(reference, "lose")
    with refused("cards.not-now"):
        given(reference)


def test_a_neighbouring_county_touches_no_card() -> None:
    (reference,) = handed(people(1))
    with acting_as(STRANGER), refused("cards.no-such-card"):
        cards.report_loss(reference, reason="测试", by=STRANGER, now=NOW)


# --- loss ---------------------------------------------------------------------------------------------------


def test_a_temporary_loss_lifts_itself() -> None:
    (person,) = people(1)
    (reference,) = handed([person])
    with acting_as(CLERK):
        until = cards.report_loss(reference, reason="本人来电", days=5, by=CLERK, now=NOW)
    assert until == NOW + 5 * DAY
    assert state(reference) == "held"
    assert told(person) == ["您的荣军卡已临时挂失"]
    with acting_as_job("test.uses"):
        assert cards.carriers([reference])[reference].spans == ((SINCE, NOW), (until, None))
    with acting_as_job("test.job"):
        assert cards.end_due(by="job:test", now=until - timedelta(seconds=1)) == 0
        assert cards.end_due(by="job:test", now=until) == 1
        assert cards.end_due(by="job:test", now=until + DAY) == 0
        assert cards.changed_since(NOW) == []
    assert state(reference) == "valid"


@pytest.mark.parametrize("days", [0, 4, 16])
def test_a_temporary_loss_lasts_five_to_fifteen_days(days: int) -> None:
    (reference,) = handed(people(1))
    with acting_as(CLERK), refused("cards.hold-days"):
        cards.report_loss(reference, reason="测试", days=days, by=CLERK, now=NOW)


def test_a_card_expires_by_itself() -> None:
    (person,) = people(1)
    with acting_as(CITY):
        (reference,) = cards.take_over(
            [
                cards.TakenOver(
                    person, OFFICER.division + 901_000, "rongjun", "rongjun",
                    (Happened("take-over", SINCE, NOW + DAY),),
                )
            ],
            source="测试", by=CITY.text, now=NOW,
        )  # fmt: skip
    with acting_as_job("test.job"):
        assert cards.end_due(by="job:test", now=NOW + DAY) == 1
    assert state(reference) == "ended"


def test_the_old_card_is_dead_from_the_acceptance_of_the_new() -> None:
    (person,) = people(1)
    (old,) = handed([person])
    with acting_as(CLERK):
        with refused("cards.not-lost"):
            cards.accept_replacement(old, ground="lost", reason="丢了", by=CLERK, now=NOW)
        cards.take_step(old, "lose", reason="丢了", by=CLERK, now=NOW)
        new = cards.accept_replacement(old, ground="lost", reason="丢了", by=CLERK, now=NOW)
        with refused("cards.not-now"):
            cards.accept_replacement(old, ground="lost", reason="又丢了", by=CLERK, now=SOON)
    assert (state(old), state(new)) == ("replacing", "applied")
    approved(new)
    with acting_as_job("test.bank"):
        held = actions.hold([new])
        actions.tell(
            [actions.Told(new, kind, NOW, "测试") for kind in ("order", "make")],
            held=held,
            by="job:t",
            now=NOW,
        )
    given(new)
    assert (state(old), state(new)) == ("ended", "valid")
    with acting_as_job("test.uses"):
        spans = cards.carriers([old, new])
        assert (spans[old].spans, spans[new].spans) == (((SINCE, NOW),), ((SOON, None),))


def test_a_frozen_card_is_not_replaced_and_a_freeze_needs_its_document() -> None:
    (reference,) = handed(people(1))
    with refused("cards.document-missing"):
        do(reference, "freeze", OFFICER)
    with refused("cards.may-not"):
        do(reference, "freeze", CLERK, basis="虚构法字1号")
    do(reference, "freeze", OFFICER, basis="虚构法字1号")
    with acting_as(CLERK), refused("cards.frozen"):
        cards.accept_replacement(reference, ground="damaged", reason="坏了", by=CLERK, now=SOON)
    do(reference, "thaw", OFFICER, basis="虚构法字2号")
    assert state(reference) == "valid"


# --- ends ---------------------------------------------------------------------------------------------------


def test_an_end_by_document_takes_two_people() -> None:
    (reference,) = handed(people(1))
    with acting_as(OFFICER):
        with refused("cards.document-missing"):
            cards.propose_end(
                reference, kind="wrong", at=NOW, reason="不符合", document="", by=OFFICER, now=NOW
            )
        proposal = cards.propose_end(
            reference,
            kind="wrong",
            at=NOW - 9 * DAY,
            reason="不符合",
            document="虚构字1号",
            by=OFFICER,
            now=NOW,
        )
        with refused("cards.by-another"):
            cards.decide_end(proposal, approved=True, reason="属实", by=OFFICER, now=NOW)
        with refused("cards.proposed-already"):
            cards.propose_end(
                reference, kind="wrong", at=NOW, reason="不符合", document="虚构字2号", by=OFFICER, now=NOW
            )
    assert state(reference) == "valid"
    with acting_as(CITY):
        cards.decide_end(proposal, approved=True, reason="属实", by=CITY, now=SOON)
        with refused("cards.decided-already"):
            cards.decide_end(proposal, approved=True, reason="属实", by=CITY, now=SOON)
    assert state(reference) == "cancelled"
    with acting_as_job("test.uses"):
        assert cards.carriers([reference])[reference].spans == ((SINCE, NOW - 9 * DAY),)


def test_a_death_is_followed_back_to_its_day_and_taken_back_when_the_person_lives() -> None:
    dead, alive = people(2)
    card, other = handed([dead, alive])
    with acting_as(CITY):
        registry.record_death(dead, died_on=TODAY - 30 * DAY, source="测试", by=CITY, now=NOW)
    with acting_as_job("cards.follow-registry"):
        assert cards.follow_registry(since=NOW - DAY, now=NOW) == 1
        assert cards.follow_registry(since=NOW - DAY, now=NOW) == 0
    assert (state(card), state(other)) == ("cancelled", "valid")
    with acting_as_job("test.uses"):
        ((_, end),) = cards.carriers([card])[card].spans
    # The day itself is still the person's: until midnight in China, which is 16:00 UTC of that day.
    assert end is not None
    assert (end.date(), end.hour) == (TODAY - 30 * DAY, 16)
    with acting_as(CITY):
        registry.retract_death(dead, source="测试", by=CITY, now=SOON)
    with acting_as_job("cards.follow-registry"):
        assert cards.follow_registry(since=NOW - DAY, now=SOON) == 1
    assert state(card) == "valid"


def test_treatment_the_province_cancelled_takes_the_card_with_it() -> None:
    (person,) = people(1)
    (card,) = handed([person])
    with acting_as(OFFICER):
        proposal = registry.propose(
            person,
            kind="cancellation",
            content={"grounds": "expelled"},
            authority="province",
            document="虚构省字1号",
            valid_from=TODAY - 3 * DAY,
            by=OFFICER,
            now=NOW,
        )
    with acting_as_job("cards.follow-registry"):
        assert cards.follow_registry(since=NOW - DAY, now=NOW) == 0
    with acting_as(CITY):
        registry.approve(proposal, by=CITY, now=NOW)
    with acting_as_job("cards.follow-registry"):
        assert cards.follow_registry(since=NOW - DAY, now=NOW) == 1
    assert state(card) == "cancelled"
    with acting_as(CITY):
        event = next(each for each in cards.events_of([card]) if each.kind == "cancel")
    assert "虚构省字1号" in event.basis
