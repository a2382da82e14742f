"""What waits for a name: one proposes, another decides, a third hears appeals; the database holds to it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, transaction

from rongjun.access.api import Actor, acting_as, acting_as_job
from rongjun.insurance import actions
from rongjun.insurance.models import ClaimDecision, InsuredYear, Payout, Review, Settlement
from rongjun.insurance.tests.scene import (
    NOW,
    decisions,
    insured,
    open_reviews,
    payouts,
    refund,
    set_scene,
    settlement,
    states,
    take,
    years,
)
from rongjun.kernel.errors import Refused
from tests.cluster import as_owner
from tests.house.claims_rooms import Message, bank, settle_now

pytestmark = pytest.mark.django_db
FIRST, SECOND, THIRD = (bank.person(login) for login in ("first", "second", "third"))
CLERK = bank.person("window", role="station-clerk")


@pytest.fixture(autouse=True)
def _scene() -> None:
    set_scene()


@pytest.fixture
def held() -> UUID:
    """A bill of somebody whose cover ended the day before."""
    insured(until=date(2024, 12, 1))
    take(settlement(2), place=1)
    (review,) = open_reviews()
    return review.id


def propose(review: UUID, answer: str = "admit", *, by: Actor = FIRST, why: str = "资格证明已补交") -> None:
    with acting_as(by):
        actions.propose_answer(review, answer=answer, why=why, by=by, now=NOW)


def check(review: UUID, *, agrees: bool = True, by: Actor = SECOND) -> None:
    with acting_as(by):
        actions.check_review(review, agrees=agrees, by=by, now=NOW)


def test_admitted_by_two_it_counts_and_is_paid(held: UUID) -> None:
    assert years() == [(0, 0, 0)]
    propose(held)
    assert payouts() == []
    check(held)
    assert years() == [(4_000_000, 3_500_000, 500_000)]
    assert payouts() == [(3_500_000, "reserved")]
    assert states() == {"0001": "decided"}
    assert decisions()[-1].signed_by == "测试first、测试second"


def test_refused_by_two_nothing_is_paid_and_the_names_stand_there(held: UUID) -> None:
    propose(held, "refuse", why="出院日已不在参保范围")
    check(held)
    assert (years(), payouts(), states()) == ([(0, 0, 0)], [], {"0001": "refused"})
    assert decisions()[-1].adverse
    assert decisions()[-1].signed_by == "测试first、测试second"


def test_sent_back_it_waits_for_another_word(held: UUID) -> None:
    propose(held, "refuse", why="出院日已不在参保范围")
    check(held, agrees=False)
    propose(held, "admit")
    check(held)
    assert payouts() == [(3_500_000, "reserved")]


def test_an_appeal_goes_to_a_third_whose_word_is_the_last(held: UUID) -> None:
    propose(held, "refuse", why="出院日已不在参保范围")
    check(held)
    with acting_as(FIRST):
        actions.appeal(held, said="资格是后来才改的", by=FIRST, now=NOW)
    for same in (FIRST, SECOND):
        with acting_as(same), pytest.raises(Refused, match="appeal-by-a-third"):
            actions.answer_appeal(held, answer="admit", why="核对属实", by=same, now=NOW)
    with acting_as(THIRD):
        actions.answer_appeal(held, answer="admit", why="核对属实", by=THIRD, now=NOW)
    assert (years(), payouts()) == ([(4_000_000, 3_500_000, 500_000)], [(3_500_000, "reserved")])
    assert states() == {"0001": "decided"}


@pytest.mark.parametrize(
    ("by", "code"), [(FIRST, "check-by-two"), (CLERK, "may-not-check")], ids=["the same", "a clerk"]
)
def test_the_second_is_another_and_may(held: UUID, by: Actor, code: str) -> None:
    propose(held)
    with pytest.raises(Refused, match=code):
        check(held, by=by)


@pytest.mark.parametrize(
    ("answer", "why", "code"),
    [
        ("", "属实，请准予", "answer-missing"),
        ("admit", "好", "words-missing"),
        ("admit", "电话 10000000009", "no-numbers"),
    ],
)
def test_an_answer_has_a_reason_without_numbers(held: UUID, answer: str, why: str, code: str) -> None:
    with pytest.raises(Refused, match=code):
        propose(held, answer, why=why)


def test_taking_money_back_is_signed_or_left(held: UUID) -> None:
    insured(2)
    take(settlement(1), place=2, sequence=2)
    take(refund(1, 3), place=3, sequence=2)
    (review,) = [each for each in open_reviews() if each.reasons == ["recover"]]
    with pytest.raises(Refused, match="cannot-waive"):
        propose(review.id, "refuse", why="不用退回了吧")
    propose(review.id, "admit", why="医院已整单退费")
    check(review.id)
    assert [each.signed_by for each in decisions() if each.outcome == "signed"] == ["测试first、测试second"]
    assert states()["0003"] == "decided"


def test_a_correction_overtakes_what_was_asked() -> None:
    insured()
    take(settlement(1, dise_codg="I21.900"), place=1)
    take(settlement(3, begndate="2024-12-02", dise_codg="I21.900"), place=2)
    (review,) = open_reviews()
    assert review.reasons == ["split-stay"]
    assert payouts() == [(3_500_000, "reserved")]
    take(settlement(3, begndate="2024-12-02", dise_codg="J18.900", version=2), place=3)
    assert open_reviews() == []
    # The corrected stay is another illness: nobody needs to look, and what waited is paid with it.
    assert sum(fen for fen, state in payouts() if state == "reserved") == 7_500_000
    with pytest.raises(Refused, match="review-moved-on"):
        propose(review.id)


def test_the_message_of_what_waits_comes_when_it_is_signed(held: UUID) -> None:
    with acting_as_job("test.look"):
        assert Message.objects.count() == 0
    propose(held)
    check(held)
    with acting_as_job("test.look"):
        assert Message.objects.count() == 1


# --- what the database holds to -----------------------------------------------------------------------------


def refused_by_database(change: Any, *, by: Actor = FIRST) -> None:
    with acting_as(by), pytest.raises(DatabaseError), transaction.atomic():
        change()


def test_nobody_signs_in_anothers_name(held: UUID) -> None:
    row = Review.objects.filter(pk=held)
    refused_by_database(
        lambda: row.update(state="proposed", answer="admit", proposed_by=SECOND.text, proposed_why="属实属实")
    )
    propose(held)
    refused_by_database(lambda: row.update(state="closed", checked_by=FIRST.text))
    refused_by_database(lambda: row.update(state="closed", checked_by=SECOND.text))
    refused_by_database(lambda: row.update(state="closed"), by=SECOND)


def test_no_job_signs(held: UUID) -> None:
    with acting_as_job("test.sign"), pytest.raises(DatabaseError), transaction.atomic():
        Review.objects.filter(pk=held).update(state="proposed", proposed_by="job:test.sign")


def test_no_role_edits_a_record_a_decision_or_the_past_of_a_payout() -> None:
    insured()
    take(settlement(1), place=1)
    changes: tuple[Callable[[], object], ...] = (
        lambda: Settlement.objects.update(total=1),
        lambda: ClaimDecision.objects.update(post=1),
        lambda: ClaimDecision.objects.all().delete(),
        lambda: Payout.objects.update(fen=1),
        lambda: Payout.objects.update(state="paid", batch=UUID(int=1)),
    )
    for change in changes:
        with as_owner(), pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_a_year_is_the_sum_of_its_decisions() -> None:
    insured()
    take(settlement(1), place=1)
    with acting_as_job("test.year"):
        InsuredYear.objects.update(payout=3_400_000)
        with pytest.raises(DatabaseError, match="decisions"), transaction.atomic():
            settle_now()
        InsuredYear.objects.update(payout=3_500_000)


def test_another_district_sees_none_of_it(held: UUID) -> None:
    stranger = bank.person("next-door", role="district-officer", division=370203000000)
    with acting_as(stranger):
        assert Settlement.objects.count() == Review.objects.count() == 0
        with pytest.raises(Refused, match="no-such-review"):
            actions.propose_answer(held, answer="admit", why="资格证明已补交", by=stranger, now=NOW)
