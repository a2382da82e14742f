"""Booking, holding, correcting on a real database: what is answered, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from rongjun.kernel.errors import Refused
from rongjun.kernel.money import Fen
from rongjun.ledger import api as ledger
from rongjun.ledger.tests.scene import (
    BANK,
    FUND,
    PAYEE,
    QUOTA,
    TODAY,
    hold,
    id_of,
    on,
    open_all,
    post,
    settle_now,
    standing,
    sums,
    told,
    transfer,
)

pytestmark = pytest.mark.django_db


def refused(code: str) -> Any:
    return pytest.raises(Refused, match=f"^{code}$")


def test_what_leaves_one_account_arrives_on_the_other() -> None:
    open_all()
    booked = post(1, FUND, PAYEE, 300)
    assert (booked.fen, booked.is_new) == (300, True)
    assert (on(FUND), on(PAYEE), on(BANK)) == (700, 300, -1000)
    settle_now()
    assert sums() == (0, 0, 0)


def test_the_same_id_with_the_same_content_moves_once() -> None:
    open_all()
    post(1, FUND, PAYEE, 300)
    again = post(1, FUND, PAYEE, 300)
    assert (again.fen, again.is_new) == (300, False)
    assert on(FUND) == 700


def test_the_same_id_with_other_content_is_refused() -> None:
    open_all()
    post(1, FUND, PAYEE, 300)
    with refused("ledger.id-reused"):
        post(1, FUND, PAYEE, 301)
    assert on(FUND) == 700


def test_a_floor_lets_through_the_last_fen_and_not_one_more() -> None:
    open_all()
    with refused("ledger.limit-exceeded"):
        post(1, FUND, PAYEE, 1001)
    post(2, FUND, PAYEE, 1000)
    assert on(FUND) == 0


def test_a_ceiling_counts_what_is_held() -> None:
    open_all()
    hold(1, FUND, QUOTA, 400)
    with refused("ledger.limit-exceeded"):
        post(2, BANK, QUOTA, 101)
    assert standing(QUOTA).left_in == 100
    post(3, BANK, QUOTA, 100)
    assert standing(QUOTA).left_in == 0


def test_clamped_takes_what_is_left_and_says_how_much() -> None:
    open_all()
    assert post(1, FUND, QUOTA, 400, clamp=True).fen == 400
    assert post(2, FUND, QUOTA, 400, clamp=True).fen == 100
    assert post(3, FUND, QUOTA, 400, clamp=True).fen == 0
    again = post(2, FUND, QUOTA, 400, clamp=True)
    assert (again.fen, again.is_new) == (100, False)
    settle_now()
    assert on(QUOTA) == 500


def test_a_settled_part_frees_the_rest() -> None:
    open_all()
    hold(1, FUND, QUOTA, 400)
    assert (on(FUND), standing(FUND).held_out, standing(FUND).left_out) == (1000, -400, 600)
    settled = ledger.settle_hold(id_of(2), hold=id_of(1), fen=Fen(250), on=TODAY, **told)
    assert settled.fen == 250
    assert (on(FUND), on(QUOTA), standing(FUND).held_out, standing(QUOTA).held_in) == (750, 250, 0, 0)
    settle_now()
    assert sums() == (0, 0, 0)


def test_linked_are_booked_together_or_not_at_all() -> None:
    open_all()
    with refused("ledger.limit-exceeded"):
        ledger.post_linked([transfer(1, FUND, PAYEE, 600), transfer(2, FUND, PAYEE, 600)], **told)
    assert on(FUND) == 1000
    both = [transfer(3, FUND, PAYEE, 600), transfer(4, BANK, FUND, 100)]
    assert [booked.is_new for booked in ledger.post_linked(both, **told)] == [True, True]
    assert [booked.is_new for booked in ledger.post_linked(both, **told)] == [False, False]
    with refused("ledger.id-reused"):
        ledger.post_linked([both[0], transfer(5, BANK, FUND, 100)], **told)
    assert on(FUND) == 500


def test_a_reversal_takes_back_no_more_than_moved() -> None:
    open_all()
    post(1, FUND, PAYEE, 300)
    given: dict[str, Any] = {"of": id_of(1), "reason": "付错了", "on": TODAY, **told}
    ledger.reverse(id_of(2), fen=Fen(100), **given)
    assert on(FUND) == 800
    with refused("ledger.beyond-original"):
        ledger.reverse(id_of(3), fen=Fen(201), **given)
    assert ledger.reverse(id_of(4), **given).fen == 200
    assert on(FUND) == 1000
    with refused("ledger.beyond-original"):
        ledger.reverse(id_of(5), **given)
    assert not ledger.reverse(id_of(4), **given).is_new
    settle_now()


def test_money_of_a_restricted_fund_goes_where_it_may() -> None:
    open_all()
    ledger.open_account(
        "fund.gift", kind="fund", division=370200000000, title="定向", purposes=["care.gift"], **told
    )
    post(1, BANK, "fund.gift", 500)
    with refused("ledger.purpose-not-allowed"):
        post(2, "fund.gift", PAYEE, 100, purpose="care.travel")
    post(3, "fund.gift", PAYEE, 100, purpose="care.gift")
    assert on("fund.gift") == 400


def test_a_budget_line_counts_what_leaves_its_fund() -> None:
    open_all()
    line: dict[str, Any] = {"fund": FUND, "year": 2026, "title": "慰问", "basis": "虚构预〔2026〕1号"}
    ledger.add_budget_line("budget.2026.gifts", fen=Fen(500), **line, **told)
    post(1, FUND, PAYEE, 300, budget="budget.2026.gifts")
    with refused("ledger.limit-exceeded"):
        post(2, FUND, PAYEE, 201, budget="budget.2026.gifts")
    assert standing("budget.2026.gifts").left_in == 200
    ledger.amend_budget("budget.2026.gifts", fen=Fen(1), basis="虚构预〔2026〕2号", **told)
    post(2, FUND, PAYEE, 201, budget="budget.2026.gifts")
    ledger.reverse(id_of(3), of=id_of(1), reason="付错了", on=TODAY, **told)
    assert standing("budget.2026.gifts").left_in == 300
    assert (on(FUND), on("budget.2026.gifts")) == (799, 201)
    settle_now()
    assert sums() == (0, 0, 0)
