"""What the rules learn of cards: what is held on a day and how it stands, as known at a moment."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from rongjun.access.api import acting_as
from rongjun.cards import actions
from rongjun.cards.api import Happened, Told
from rongjun.cards.tests.cast import CITY, DAY, NEXT_DOOR, NOW, SINCE, STRANGER, TODAY, handed, people
from rongjun.registry import api as registry
from rongjun.rules import asking

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)
LONG_AGO = SINCE.date()
HOLDS, STATE = "holds_pref_card", "card_state"


def fact(person: UUID, name: str, *, on: date = TODAY, known_at: datetime = LATER) -> object:
    """Of one person, and the same out of the question about everybody."""
    with acting_as(CITY):
        alone = asking.facts_of(person, [name], on=on, known_at=known_at)[name]
        everybody = asking.facts_of_many(["is_veteran", name], on=on, known_at=known_at)
        listed = dict(everybody.select("person", name).iter_rows())
    assert listed[str(person)] == alone
    return alone


def stated(person: UUID, value: str, *, since: date = LONG_AGO) -> None:
    with acting_as(CITY):
        registry.state_fact(
            person, fact=HOLDS, value=value, valid_from=since, valid_to=None, source="测试", by=CITY, now=NOW
        )


def tell(reference: int, kind: str, at: datetime, *, now: datetime = LATER, **more: Any) -> None:
    with acting_as(CITY):
        held = actions.hold([reference])
        actions.tell([Told(reference, kind, at, "测试", **more)], held=held, by=CITY.text, now=now)


# --- 优待证 -------------------------------------------------------------------------------------------------


def test_of_whom_nobody_has_said_anything_it_is_not_known_whether_they_hold_one() -> None:
    (person,) = people(1)
    assert fact(person, HOLDS) is None


@pytest.mark.parametrize(("value", "holds"), [("true", True), ("false", False)])
def test_of_one_issued_elsewhere_what_was_stated_is_told(value: str, holds: bool) -> None:
    (person,) = people(1)
    stated(person, value)
    assert fact(person, HOLDS) is holds


def test_a_card_we_handed_over_says_more_than_an_answer() -> None:
    (person,) = people(1)
    handed([person], kind="pref-veteran")
    stated(person, "false")
    assert fact(person, HOLDS) is True


def test_it_is_held_from_the_day_of_the_hand_over_to_the_day_it_ended() -> None:
    (person,) = people(1)
    ended = NOW - 5 * DAY
    handed([person], kind="pref-veteran", more=[Happened("bank-close", ended)])
    first = SINCE.date()
    asked = {
        day: fact(person, HOLDS, on=day) for day in (first - DAY, first, ended.date(), ended.date() + DAY)
    }
    assert list(asked.values()) == [None, True, True, False]


def test_an_answer_of_before_the_end_is_out_of_date_and_a_later_one_is_not() -> None:
    old, new = people(2)
    ended = NOW - 9 * DAY
    handed([old, new], kind="pref-veteran", more=[Happened("bank-close", ended)])
    stated(old, "true")
    stated(new, "true", since=TODAY)
    assert fact(old, HOLDS) is False
    assert fact(new, HOLDS) is True


def test_a_late_word_of_an_end_changes_what_is_known_and_not_what_was_known() -> None:
    (person,) = people(1)
    (reference,) = handed([person], kind="pref-veteran")
    tell(reference, "bank-close", NOW - 9 * DAY, now=LATER)
    assert fact(person, HOLDS, known_at=NOW) is True
    assert fact(person, HOLDS, known_at=LATER) is False


def test_a_lost_one_is_still_held_and_a_card_of_the_city_is_none() -> None:
    lost, other = people(2)
    handed([lost], kind="pref-veteran", more=[Happened("lose", NOW - DAY)])
    handed([other], first=10)
    assert fact(lost, HOLDS) is True
    assert fact(other, HOLDS) is None


def test_facts_come_only_of_people_in_scope() -> None:
    (mine,) = people(1, station=NEXT_DOOR)
    (theirs,) = people(1, first=1)
    handed([mine], kind="pref-veteran", station=NEXT_DOOR)
    handed([theirs], kind="pref-veteran", first=5)
    with acting_as(STRANGER):
        frame = asking.facts_of_many(["is_veteran", HOLDS, STATE], on=TODAY, known_at=LATER)
    assert frame.select("person", HOLDS).rows() == [(str(mine), True)]


# --- how the 荣军卡 stands ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("events", "stands"),
    [
        ([], "valid"),
        ([Happened("hold", NOW - DAY, NOW + 6 * DAY)], "held"),
        ([Happened("lose", NOW - DAY)], "lost"),
        ([Happened("freeze", NOW - DAY)], "frozen"),
        ([Happened("lose", NOW - 2 * DAY), Happened("freeze", NOW - DAY)], "frozen"),
        ([Happened("replace", NOW - DAY)], "replacing"),
        ([Happened("bank-close", NOW - DAY)], None),
    ],
)
def test_a_card_stands_as_its_life_says(events: list[Happened], stands: str | None) -> None:
    (person,) = people(1)
    handed([person], more=events)
    assert fact(person, STATE) == stands
    assert fact(person, STATE, on=TODAY - 4 * DAY) == "valid"


def test_a_hold_that_lifts_itself_is_over_on_the_day_after() -> None:
    (person,) = people(1)
    until = NOW + 6 * DAY
    handed([person], more=[Happened("hold", NOW - DAY, until)])
    assert fact(person, STATE, on=until.date() - DAY) == "held"
    assert fact(person, STATE, on=until.date()) == "valid"


def test_what_was_not_known_then_is_not_told_of_then() -> None:
    (person,) = people(1)
    (reference,) = handed([person])
    tell(reference, "lose", NOW - 3 * DAY, now=LATER)
    assert fact(person, STATE, known_at=NOW) == "valid"
    assert fact(person, STATE, known_at=LATER) == "lost"


def test_today_it_stands_as_when_it_is_asked_and_on_another_day_as_at_its_end() -> None:
    (person,) = people(1)
    (reference,) = handed([person])
    tell(reference, "lose", NOW + timedelta(minutes=30))
    assert fact(person, STATE, known_at=LATER) == "lost"
    assert fact(person, STATE, on=TODAY - DAY, known_at=LATER) == "valid"


def test_who_has_a_new_card_and_an_old_one_has_a_card_that_is_valid() -> None:
    (person,) = people(1)
    handed([person], more=[Happened("replace", NOW - 2 * DAY)])
    handed([person], first=10)
    assert fact(person, STATE) == "valid"
