"""Money to a member: set aside, drafted by one, checked, released, sent, answered by the bank, arrived."""

from __future__ import annotations

import pytest

from rongjun.access.api import acting_as, acting_as_job
from rongjun.insurance import actions
from rongjun.insurance.actions import Drafted
from rongjun.insurance.models import Payout
from rongjun.insurance.tests.scene import insured, payouts, set_scene, settlement, take
from rongjun.kernel.errors import Refused
from rongjun.ledger import api as ledger
from tests.house.claims_rooms import bank, send_released

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _scene() -> None:
    set_scene()
    bank.agree_with_bank()


def draft() -> Drafted:
    with acting_as(bank.MAKER):
        return actions.draft_payments(pay_on=bank.TODAY, by=bank.MAKER, now=bank.NOW)


def pay(*mischief: str) -> Drafted:
    """The whole road of what is set aside, as three people and the bank walk it."""
    drafted = draft()
    bank.released(bank.checked(drafted.batch))
    with acting_as_job("test.send"):
        assert send_released(by="job:test.send", now=bank.NOW) == 1
    bank.answered_by(bank.bank(*mischief), drafted.batch)
    with acting_as_job("insurance.follow-payments"):
        actions.follow_payments(most=100)
    return drafted


def posted(account: str) -> int:
    with acting_as_job("test.look"):
        return int(ledger.standing(account).posted)


def test_what_is_set_aside_arrives_and_the_books_say_so() -> None:
    insured(1)
    insured(2)
    take(settlement(1), place=1)
    take(settlement(2), place=2, sequence=2)
    drafted = pay()
    assert (drafted.count, drafted.fen, drafted.left_out) == (2, 7_000_000, 0)
    assert payouts() == [(3_500_000, "paid"), (3_500_000, "paid")]
    assert posted("insurance.payable") == 0
    assert posted(f"paid.insurance.{bank.CITY}") == 7_000_000
    assert posted("insurance.fund") == 100_000_000 - 7_000_000
    with acting_as_job("test.look"):
        assert list(ledger.faults(now=bank.NOW)) == []


def test_who_has_no_account_waits_with_the_reason() -> None:
    insured(1, with_account=False)
    insured(2)
    take(settlement(1), place=1)
    take(settlement(2), place=2, sequence=2)
    assert draft().left_out == 1
    with acting_as_job("test.look"):
        assert Payout.objects.get(state="reserved").fault == "没有医疗补助的收款账户，请先登记。"


def test_what_is_drafted_once_is_not_drafted_again() -> None:
    insured(1)
    take(settlement(1), place=1)
    draft()
    with pytest.raises(Refused, match=r"insurance\.nothing-to-pay"):
        draft()


def test_a_payment_that_came_back_is_still_owed() -> None:
    insured(1)
    take(settlement(1), place=1)
    insured(2)
    take(settlement(2), place=2, sequence=2)
    insured(3)
    take(settlement(3), place=3, sequence=3)
    pay("failures")
    assert sorted(state for _, state in payouts()) == ["drafted", "paid", "paid"]
    assert posted("insurance.payable") == 3_500_000
