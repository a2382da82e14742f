"""What was paid too much is asked back in two people's names, and never kept out of another bill."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from django.db import DatabaseError, transaction
from hypothesis import given
from hypothesis import strategies as st

from rongjun.access.api import Actor, acting_as, acting_as_job
from rongjun.insurance import actions
from rongjun.insurance.logic.payouts import COMMITTED, LOOSE, Posted, Standing, move, owed_now
from rongjun.insurance.logic.recovering import Claimed, standing_claims
from rongjun.insurance.models import Receivable, ReceivableStep
from rongjun.insurance.tests.scene import (
    NOW,
    insured,
    open_reviews,
    payouts,
    refund,
    set_scene,
    settlement,
    take,
)
from rongjun.insurance.tests.test_payouts import pay
from rongjun.insurance.tests.test_payouts import posted as balance_of
from rongjun.kernel.errors import Refused
from rongjun.ledger import api as ledger
from tests.house.claims_rooms import bank

FIRST, SECOND, THIRD = (bank.person(login) for login in ("first", "second", "third"))
CLERK = bank.person("window", role="station-clerk")
DUE = 3_500_000


# --- the pure part ------------------------------------------------------------------------------------------

_BILLS = st.sampled_from("abc")
_PAYOUTS = st.lists(st.tuples(st.integers(1, 100), st.sampled_from(sorted(COMMITTED)), _BILLS), max_size=5)
_POSTED = st.lists(st.builds(Posted, st.integers(-100, 100), st.booleans()), max_size=5)
_CLAIMS = st.lists(
    st.tuples(st.integers(1, 100), st.integers(0, 100), st.integers(0, 100), _BILLS), max_size=3
)


@given(_POSTED, _PAYOUTS, _CLAIMS, _BILLS)
def test_afterwards_what_is_on_its_way_is_what_is_owed_and_what_is_asked_back(
    posted: list[Posted],
    paid: list[tuple[int, str, str]],
    asked: list[tuple[int, int, int, str]],
    about: str,
) -> None:
    rows = [Standing(place, fen, state, bill) for place, (fen, state, bill) in enumerate(paid)]
    claims = []
    for place, (fen, lifted, gone, bill) in enumerate(asked):
        up = min(fen, lifted)
        claims.append(Claimed(UUID(int=place), bill, fen, up, max(0, fen - up - gone)))
    found = move(posted, rows, claims=claims, about=about)
    cancelled = [row for row in rows if row.id in found.cancel]
    assert all(row.state in LOOSE for row in cancelled)
    on_way = sum(row.fen for row in rows if row not in cancelled) + found.reserve
    lifted_now = sum(each.fen for each in found.lift)
    assert on_way == owed_now(posted) + standing_claims(claims) - lifted_now + found.owed_back
    # What is lifted is of this bill, and no more than is left of it.
    left = {claim.id: claim.remaining for claim in claims if claim.settlement == about}
    assert all(each.fen <= left[each.id] for each in found.lift)


@given(st.integers(1, 100), st.integers(1, 100))
def test_a_claim_on_one_bill_takes_nothing_from_another(paid: int, next_bill: int) -> None:
    rows = [Standing(0, paid, "paid", "a")]
    back = move([Posted(paid, False), Posted(-paid, True)], rows, about="a")
    assert back.owed_back == paid
    claims = [Claimed(UUID(int=0), "a", paid, 0, paid)]
    posted = [Posted(paid, False), Posted(-paid, True), Posted(next_bill, False)]
    assert move(posted, rows, claims=claims, about="b").reserve == next_bill


# --- with the database --------------------------------------------------------------------------------------


@pytest.fixture
def taken_back() -> UUID:
    """A bill that was paid and then taken back; nobody has signed yet."""
    set_scene()
    bank.agree_with_bank()
    insured(1)
    take(settlement(1), place=1)
    pay()
    take(refund(1, 2), place=2)
    (row,) = receivables()
    return row.id


def receivables() -> list[Receivable]:
    with acting_as_job("test.look"):
        return list(Receivable.objects.order_by("made_at"))


def sign() -> None:
    for review in open_reviews():
        with acting_as(FIRST):
            actions.propose_answer(review.id, answer="admit", why="医院已整单退费", by=FIRST, now=NOW)
        with acting_as(SECOND):
            actions.check_review(review.id, agrees=True, by=SECOND, now=NOW)


def repay(row: UUID, fen: int, *, by: Actor = FIRST) -> None:
    with acting_as(by):
        actions.repay(row, fen=fen, on=NOW.date(), document="收据一号", by=by, now=NOW)


def give_up(row: UUID, fen: int, *, by: Actor = FIRST) -> int:
    with acting_as(by):
        actions.propose_write_off(row, fen=fen, document="核销批复一号", by=by, now=NOW)
        return ReceivableStep.objects.latest("id").id


def stands() -> tuple[int, str]:
    (row,) = receivables()
    return row.remaining, row.state


pytestmark = pytest.mark.django_db


def test_nobody_is_asked_before_two_have_signed_and_then_in_their_names(taken_back: UUID) -> None:
    assert stands() == (DUE, "waiting")
    with pytest.raises(Refused, match="receivable-not-now"):
        repay(taken_back, 1)
    sign()
    (row,) = receivables()
    assert (row.fen, row.state, row.signed_by) == (DUE, "open", "测试first、测试second")
    assert balance_of(row.account) == DUE
    assert balance_of(f"paid.insurance.{bank.CITY}") == 0
    with acting_as_job("test.look"):
        assert list(ledger.faults(now=bank.NOW)) == []


def test_the_next_bill_is_paid_whole(taken_back: UUID) -> None:
    take(settlement(3, total="100000.00"), place=3, now=NOW + timedelta(hours=1))
    sign()
    assert payouts() == [(DUE, "paid"), (5_500_000, "reserved")]
    assert stands() == (DUE, "open")


def test_it_is_repaid_in_parts_into_the_fund(taken_back: UUID) -> None:
    sign()
    before = balance_of("insurance.fund")
    repay(taken_back, 1_000_000)
    assert stands() == (2_500_000, "open")
    with pytest.raises(Refused, match="repaid-too-much"):
        repay(taken_back, 2_500_001)
    repay(taken_back, 2_500_000)
    assert stands() == (0, "settled")
    assert balance_of("insurance.fund") == before + DUE


def test_it_is_given_up_by_two(taken_back: UUID) -> None:
    sign()
    step = give_up(taken_back, DUE)
    assert stands() == (DUE, "open")
    with acting_as(FIRST), pytest.raises(Refused, match="write-off-by-two"):
        actions.write_off(step, by=FIRST, now=NOW)
    with acting_as(SECOND):
        actions.write_off(step, by=SECOND, now=NOW)
    assert stands() == (0, "settled")
    assert payouts() == [(DUE, "paid")]
    assert balance_of(f"paid.insurance.{bank.CITY}") == DUE


def test_what_is_owed_after_all_is_lifted() -> None:
    set_scene()
    bank.agree_with_bank()
    insured(1)
    take(settlement(1), place=1)
    pay()
    take(settlement(1, total="70000.00", version=2), place=2)
    sign()
    assert stands() == (1_000_000, "open")
    take(settlement(1, version=3), place=3)
    assert stands() == (0, "settled")
    assert payouts() == [(DUE, "paid")]
    with acting_as_job("test.look"):
        assert list(ledger.faults(now=bank.NOW)) == []


@pytest.mark.parametrize("step", ["repay", "give up"])
def test_a_window_recovers_nothing(taken_back: UUID, step: str) -> None:
    sign()
    with pytest.raises(Refused, match="may-not-recover"):
        (repay if step == "repay" else give_up)(taken_back, 1, by=CLERK)


def test_the_database_lets_nobody_ask_back_without_the_two(taken_back: UUID) -> None:
    rows = Receivable.objects.filter(pk=taken_back)
    for by in (FIRST, SECOND):
        with acting_as(by), pytest.raises(DatabaseError, match="by two"), transaction.atomic():
            rows.update(state="open", signed_by="别人", opened_at=NOW)
    with acting_as_job("test.ask"), pytest.raises(DatabaseError, match="by two"), transaction.atomic():
        rows.update(state="open", signed_by="别人", opened_at=NOW)


def test_the_database_lets_nobody_give_up_alone(taken_back: UUID) -> None:
    sign()
    step = ReceivableStep.objects.filter(pk=give_up(taken_back, DUE))
    for by, name in ((FIRST, FIRST.text), (FIRST, SECOND.text), (SECOND, FIRST.text)):
        with acting_as(by), pytest.raises(DatabaseError), transaction.atomic():
            step.update(checked_by=name, checked_at=NOW)
    assert stands() == (DUE, "open")
