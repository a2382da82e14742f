"""The yearly check: when it is due, that it is told of once, and that one that is late changes nothing."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from rongjun.access.api import Actor, acting_as, acting_as_job
from rongjun.audit import api as audit
from rongjun.cards import actions
from rongjun.cards import api as cards
from rongjun.cards.api import Happened, Told
from rongjun.cards.logic.checks import due_on
from rongjun.cards.models import CardCheck, Carrier
from rongjun.cards.tests.cast import CITY, CLERK, DAY, NOW, STRANGER, TODAY, people, staff
from rongjun.cards.tests.test_handling import refused

BEGINS = date(2026, 11, 1)
dates = st.dates(date(2021, 3, 1), date(2026, 12, 31))


# --- when it is due -----------------------------------------------------------------------------------------


@given(handed_on=dates, begins=dates)
def test_the_first_is_a_yearly_day_of_the_hand_over_no_sooner_than_a_year_after_it(
    handed_on: date, begins: date
) -> None:
    due = due_on(handed_on=handed_on, done_on=None, begins=begins)
    assert due >= begins
    assert due.year > handed_on.year
    assert (due.month, due.day) in {(handed_on.month, handed_on.day), (2, 28)}
    assert due - max(begins, handed_on) <= timedelta(days=366)


@given(handed_on=dates, done_on=dates)
def test_the_next_is_a_year_after_the_last(handed_on: date, done_on: date) -> None:
    due = due_on(handed_on=handed_on, done_on=done_on, begins=BEGINS)
    assert timedelta(days=364) <= due - done_on <= timedelta(days=366)


def test_a_card_of_the_leap_day_is_due_on_the_28th() -> None:
    due = due_on(handed_on=date(2024, 2, 29), done_on=None, begins=date(2025, 1, 1))
    assert due == date(2025, 2, 28)


# --- what is done -------------------------------------------------------------------------------------------


def a_card(due_in: int, *, first: int = 0) -> int:
    """A card whose yearly day is so many days from today."""
    (person,) = people(1, first=first)
    at = NOW.replace(year=NOW.year - 2) + due_in * DAY
    taken = cards.TakenOver(person, CLERK.division, "rongjun", "rongjun", (Happened("take-over", at),))
    with acting_as(CITY):
        return cards.take_over([taken], source="测试", by=CITY.text, now=NOW)[0]


def planned(today: date = TODAY) -> int:
    with acting_as_job("cards.plan-checks"):
        return cards.plan_checks(by="job:test", now=NOW, today=today)


def waiting(by: Actor = CITY) -> list[cards.CheckLine]:
    with acting_as(by):
        return cards.checks_waiting()[0]


def confirmed(reference: int, *, by: Actor = CLERK, way: str = "home", today: date = TODAY) -> None:
    with acting_as(by):
        cards.confirm_check(reference, way=way, by=by, now=NOW, today=today)


def told() -> int:
    with acting_as_job("test.messages"), connection.cursor() as cursor:
        cursor.execute("select count(*) from notices_message where template = 'card-check-due'")
        return int(cursor.fetchone()[0])


@pytest.mark.django_db
def test_what_comes_near_is_listed_and_told_of_once() -> None:
    near, far = a_card(20), a_card(60, first=1)
    assert [planned(), planned()] == [1, 0]
    assert [line.reference for line in waiting()] == [near]
    assert told() == 1
    assert planned(TODAY + 40 * DAY) == 1
    assert [line.reference for line in waiting()] == [near, far]


@pytest.mark.django_db
def test_one_that_is_late_waits_on_and_the_card_opens_as_before() -> None:
    reference = a_card(2)
    planned()
    later = TODAY + timedelta(days=400)
    assert planned(later) == 0
    (line,) = waiting()
    assert line.is_late(later)
    with acting_as(CITY):
        assert Carrier.objects.get(pk=reference).state == "valid"
        assert cards.carriers([reference])[reference].spans[-1][1] is None


@pytest.mark.django_db
def test_a_check_that_is_done_is_due_again_in_a_year() -> None:
    reference = a_card(2)
    planned()
    confirmed(reference)
    assert waiting() == []
    assert planned() == 0
    assert planned(TODAY + timedelta(days=340)) == 1
    assert waiting()[0].due_on == TODAY.replace(year=TODAY.year + 1)
    with acting_as_job("test.events"):
        assert "cards.check-done" in {event.event for event in audit.events(limit=20)}


@pytest.mark.django_db
def test_a_try_that_met_nobody_leaves_it_waiting() -> None:
    reference = a_card(2)
    planned()
    with acting_as(CLERK):
        cards.note_try(reference, words="上门没有人", by=CLERK, now=NOW, today=TODAY)
    (line,) = waiting()
    assert (line.tried_on, line.words) == (TODAY, "上门没有人")


@pytest.mark.django_db
def test_a_card_that_ended_needs_no_check() -> None:
    reference = a_card(2)
    planned()
    with acting_as(CITY):
        held = actions.hold([reference])
        actions.tell([Told(reference, "bank-close", NOW, "销卡")], held=held, by=CITY.text, now=NOW)
    assert planned() == 0
    assert waiting() == []
    with acting_as(CITY):
        assert CardCheck.objects.get().state == "lapsed"


@pytest.mark.django_db
def test_who_may_not_and_what_does_not_wait_is_refused() -> None:
    reference, far = a_card(2), a_card(90, first=1)
    planned()
    with refused("cards.no-check-waits"):
        confirmed(far)
    with refused("cards.no-check-waits"):
        confirmed(reference, by=STRANGER)
    with refused("cards.no-such-way"):
        confirmed(reference, way="letter")
    with refused("cards.may-not"):
        confirmed(reference, by=staff("bureau-leader", login="leader"))
    with refused("cards.reason-missing"), acting_as(CLERK):
        cards.note_try(reference, words=" ", by=CLERK, now=NOW, today=TODAY)
    confirmed(reference)
    with refused("cards.no-check-waits"):
        confirmed(reference)


@pytest.mark.django_db
def test_a_check_that_is_over_stays_so() -> None:
    reference = a_card(2)
    planned()
    confirmed(reference)
    with acting_as(CITY), pytest.raises(DatabaseError), transaction.atomic():
        CardCheck.objects.update(words="别的")
