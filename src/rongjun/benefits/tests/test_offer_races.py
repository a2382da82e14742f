"""Two workers at one county, two yeses at one offer; canaries show that there is a race to lose."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, close_old_connections, connection

from rongjun.access.api import acting_as, acting_as_job
from rongjun.benefits import api as benefits
from rongjun.benefits.actions import enrolments
from rongjun.benefits.actions import offers as offering
from rongjun.benefits.models import Offer, SweptPart
from rongjun.benefits.tests.test_editions import adopt
from rongjun.benefits.tests.test_enrolments import CLERK, yes
from rongjun.benefits.tests.test_offers import AID, files, night, person, states
from rongjun.benefits.tests.test_queries import NOW, TODAY, officer
from rongjun.kernel.errors import Refused


def at_once(work: Callable[[], object]) -> list[object]:
    """What two threads get that do the same at one time; a refusal or a broken constraint by its name."""

    def one(_: int) -> object:
        try:
            return work()
        except Refused as refused:
            return refused.code
        except IntegrityError:
            return "twice"
        finally:
            connection.close()
            close_old_connections()

    with ThreadPoolExecutor(2) as pool:
        return sorted(pool.map(one, range(2)), key=str)


@pytest.fixture
def one_county(own_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One county that waits for its offers, and two workers that look for it at the same moment."""
    adopt(files())
    for number in range(3):
        person(number)
    benefits.entitle(on=TODAY, by="operator:test", now=NOW)
    with acting_as_job("test.begin"):
        kept = benefits.kept_sweep()
        assert kept
        offering._round_of(kept, now=NOW)
    barrier, found = threading.Barrier(2, timeout=20), offering._next_part

    def find_together(sweep: UUID) -> SweptPart | None:
        barrier.wait()
        part = found(sweep)
        barrier.wait()
        return part

    monkeypatch.setattr(offering, "_next_part", find_together)


def step() -> int:
    done = benefits.offer_next(by="operator:test", now=NOW)
    return sum(done.made.values()) if done else 0


def test_of_two_workers_one_makes_the_offers(one_county: None) -> None:
    assert at_once(step) == [0, 3]
    assert len(states()) == 3


def test_canary_without_the_lock_both_make_them(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    def blindly(sweep: UUID) -> SweptPart | None:
        return SweptPart.objects.filter(sweep=sweep, offered_at=None).first()

    barrier, without = threading.Barrier(2, timeout=20), offering._without

    def look_together(code: str, *given: Any) -> list[str]:
        people = without(code, *given)
        if code == AID:
            barrier.wait()
        return people

    monkeypatch.setattr(offering, "_next_part", blindly)
    monkeypatch.setattr(offering, "_without", look_together)
    request.getfixturevalue("one_county")
    assert at_once(step) == [3, "twice"], "only the last line of defence, the index, stands in the way"


@pytest.fixture
def two_yeses(own_database: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[object]]:
    """Two clerks note the same yes, each having found the offer open."""
    adopt(files())
    who = person()
    night()
    with acting_as(officer()):
        offer = benefits.offers_of([who])[0].id
    barrier, flip = threading.Barrier(2, timeout=20), enrolments._flip

    def flip_together(row: Offer, *given: object, **named: object) -> bool:
        barrier.wait()
        return flip(row, *given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(enrolments, "_flip", flip_together)
    return lambda: at_once(lambda: bool(yes(offer)))


def test_of_two_yeses_one_enrols(two_yeses: Callable[[], list[object]]) -> None:
    assert two_yeses() == [True, "benefits.offer-answered"]


def test_canary_without_the_guarded_update_both_enrol(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    def blindly(row: Offer, answer: str, **_: object) -> bool:
        given = {"channel": "counter", "answered_at": NOW, "answered_by": CLERK.text}
        return bool(Offer.objects.filter(pk=row.pk).update(state=answer, **given))

    monkeypatch.setattr(enrolments, "_flip", blindly)
    assert request.getfixturevalue("two_yeses")() == [True, "twice"]
