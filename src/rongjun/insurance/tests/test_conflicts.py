"""Two contents of one settlement: two people say which stands; the later is then a correction."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.db import DatabaseError, transaction

from rongjun.access.api import Actor, acting_as, acting_as_job
from rongjun.insurance import actions
from rongjun.insurance.models import Conflict, Settlement
from rongjun.insurance.queries.conflicts import conflict_of, conflicts_open
from rongjun.insurance.queries.histories import bill_of
from rongjun.insurance.tests.scene import NOW, insured, payouts, refund, set_scene, settlement, take, years
from rongjun.kernel.errors import Refused
from tests.house.claims_rooms import bank, number

pytestmark = pytest.mark.django_db
FIRST, SECOND = (bank.person(login) for login in ("first", "second"))
CLERK = bank.person("window", role="station-clerk")


@pytest.fixture
def apart() -> UUID:
    """A bill of 80,000 came first, one of 90,000 under its number after it."""
    set_scene()
    insured(1)
    take(settlement(1, dise_codg="I21.900"), place=1)
    taken = take(settlement(1, total="90000.00", dise_codg="J18.900"), place=2)
    assert (taken.state, payouts()) == ("conflict", [(3_500_000, "reserved")])
    return taken.settlement


def propose(row: UUID, answer: str = "later", *, by: Actor = FIRST, why: str = "医院说后一次才对") -> None:
    with acting_as(by):
        actions.propose_standing(row, answer=answer, why=why, by=by, now=NOW)


def check(row: UUID, *, agrees: bool = True, by: Actor = SECOND) -> None:
    with acting_as(by):
        actions.check_standing(row, agrees=agrees, by=by, now=NOW)


def take_standing() -> int:
    with acting_as_job("insurance.take-standing"):
        return actions.take_standing(most=10, by="job:insurance.take-standing", now=NOW)


def test_the_later_stands_as_a_correction_and_once(apart: UUID) -> None:
    propose(apart)
    assert take_standing() == 0
    check(apart)
    assert (take_standing(), take_standing()) == (1, 0)
    assert years() == [(5_000_000, 4_500_000, 500_000)]
    assert sum(fen for fen, state in payouts() if state == "reserved") == 4_500_000
    with acting_as_job("test.look"):
        said = Conflict.objects.get(settlement=apart)
        assert said.taken is not None
        bill, same = bill_of(said.taken), bill_of(Settlement.objects.get(pk=apart))
    assert (bill.version, bill.total, bill.diagnosis) == (2, same.total, "J18.900")


def test_the_first_stands_and_nothing_moves(apart: UUID) -> None:
    propose(apart, "first")
    check(apart)
    assert take_standing() == 0
    assert years() == [(4_000_000, 3_500_000, 500_000)]
    with acting_as(FIRST):
        found = conflict_of(apart)
        assert found is not None
        assert (found.is_open, found.checked_name, conflicts_open()) == (False, "测试second", 0)


def test_sent_back_it_is_said_anew_by_whoever_says_it(apart: UUID) -> None:
    propose(apart)
    check(apart, agrees=False)
    propose(apart, "first", by=SECOND)
    check(apart, by=FIRST)
    assert take_standing() == 0
    with acting_as_job("test.look"):
        said = Conflict.objects.get(settlement=apart)
    assert (said.answer, said.proposed_by, said.checked_by) == ("first", SECOND.text, FIRST.text)


def test_what_is_another_persons_is_put_right_by_the_hospital(apart: UUID) -> None:
    insured(2)
    other = take(settlement(1), place=3, certno=number(2))
    take(refund(1, 4), place=4)
    again = take({**refund(1, 4), "psn_cash_pay": "-1.00"}, place=5)
    assert [other.state, again.state] == ["conflict", "conflict"]
    for row in (other.settlement, again.settlement):
        with pytest.raises(Refused, match="later-cannot-stand"):
            propose(row)


@pytest.mark.parametrize(
    ("by", "code"), [(FIRST, "check-by-two"), (CLERK, "may-not-check")], ids=["the same", "a clerk"]
)
def test_the_second_is_another_and_may(apart: UUID, by: Actor, code: str) -> None:
    propose(apart)
    with pytest.raises(Refused, match=code):
        check(apart, by=by)


def test_what_is_closed_is_not_opened_again(apart: UUID) -> None:
    propose(apart)
    with pytest.raises(Refused, match="conflict-moved-on"):
        propose(apart, "first", by=SECOND)
    check(apart)
    for again in (propose, check):
        with pytest.raises(Refused, match="conflict-moved-on"):
            again(apart)


def test_the_database_lets_nobody_say_it_alone_or_for_another(apart: UUID) -> None:
    propose(apart)
    rows = Conflict.objects.filter(settlement=apart)
    for by, name in ((FIRST, FIRST.text), (FIRST, SECOND.text), (SECOND, FIRST.text)):
        with acting_as(by), pytest.raises(DatabaseError), transaction.atomic():
            rows.update(state="closed", checked_by=name, checked_name="某", checked_at=NOW)
    with acting_as(SECOND), pytest.raises(DatabaseError), transaction.atomic():
        rows.update(answer="first")
