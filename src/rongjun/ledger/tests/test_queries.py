"""What the books answer about the past, and that they say when they do not add up."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection

from rongjun.access.api import acting_as_job
from rongjun.kernel.errors import Refused
from rongjun.kernel.money import Fen
from rongjun.ledger import actions
from rongjun.ledger import api as ledger
from rongjun.ledger.tests.scene import (
    BANK,
    BY,
    FUND,
    NOW,
    PAYEE,
    SOON,
    TODAY,
    hold,
    id_of,
    on,
    open_all,
    post,
    standing,
    told,
    transfer,
)
from tests.cluster import as_owner

TABLES = ("ledger_transfer", "ledger_entry")
SPOILED: dict[str, str] = {
    "unbalanced": "update ledger_entry set fen = fen + 1 where transfer_id = '{of}' and line = 1",
    "incomplete": "delete from ledger_entry where transfer_id = '{of}' and line = 2",
    "sum": "update ledger_entry set fen = fen + 1 where transfer_id = '{of}' and line = 1",
    "limit": "update ledger_limit set posted = posted + 1",
    "beyond": "alter table ledger_limit drop constraint ledger_floor_kept;update ledger_limit set floor=9999",
    "over-reversed": "update ledger_entry set fen = fen * 2 where transfer_id = '{reversal}'",
    "hold-forgotten": "delete from ledger_openhold",
    "hold-ended-open": "insert into ledger_openhold select '{ended}', now()",
    "hold-expired-open": "update ledger_openhold set expires_at = expires_at - interval '1 day'",
    "budget": "update ledger_limit set ceiling = ceiling + 1",
}


def found(now: Any = NOW) -> set[str]:
    with acting_as_job("test.check"):
        return {each.rule for each in ledger.faults(now=now)}


def scene() -> None:
    open_all()
    line: dict[str, Any] = {"fund": FUND, "year": 2026, "title": "慰问", "basis": "虚构"}
    ledger.add_budget_line("budget.2026", fen=Fen(500), **line, **told)
    post(1, FUND, PAYEE, 300, budget="budget.2026")
    ledger.reverse(id_of(2), of=id_of(1), fen=Fen(200), reason="付错了", on=TODAY, **told)
    hold(3, FUND, PAYEE, 10)
    hold(4, FUND, PAYEE, 10)
    ledger.release_hold(id_of(5), hold=id_of(4), on=TODAY, **told)


def test_every_rule_of_the_check_has_something_it_finds() -> None:
    assert {*SPOILED, "total"} == set(ledger.FAULTS)


@pytest.mark.django_db
@pytest.mark.parametrize("rule", SPOILED)
def test_what_was_changed_behind_the_ledgers_back_is_found(rule: str) -> None:
    scene()
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
    assert found() == set()
    ids = {"of": id_of(1), "reversal": id_of(2), "ended": id_of(4)}
    with as_owner(), connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"alter table {table} disable trigger user")
        cursor.execute(SPOILED[rule].format(**ids))
    assert rule in found()


@pytest.mark.django_db
def test_a_day_is_told_as_it_was_known() -> None:
    open_all()
    later = {"by": BY, "now": NOW + timedelta(days=5)}
    ledger.post(transfer(1, FUND, PAYEE, 300, on=date(2026, 3, 10)), by=BY, now=NOW)
    ledger.post(transfer(2, FUND, PAYEE, 50, on=date(2026, 3, 4)), **later)  # type: ignore[arg-type]

    def on_fund(day: date, known: Any) -> int:
        with acting_as_job("test.look"):
            return int(ledger.balance_at(FUND, on=day, known_at=known))

    assert on_fund(date(2026, 3, 5), NOW) == 1000
    assert on_fund(date(2026, 3, 5), later["now"]) == 950
    assert on_fund(date(2026, 3, 10), NOW) == 700
    assert on_fund(date(2026, 3, 10), later["now"]) == 650
    assert on_fund(date(2026, 3, 1), later["now"]) == 0


def test_a_balance_is_right_before_and_after_totals_are_drawn_and_in_a_restored_cluster(
    own_database: str,
) -> None:
    open_all()
    post(1, BANK, PAYEE, 5)
    assert on(BANK) == -1005
    assert actions.draw_totals() == 3  # nothing has moved on the fourth
    assert on(BANK) == -1005
    post(2, BANK, PAYEE, 5)
    assert on(BANK) == -1010
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("update ledger_watermark set below = '9000000000'")
        cursor.execute("update ledger_total set posted = 77")
    assert on(BANK) == -1010
    actions.draw_totals()
    assert on(BANK) == -1010
    assert found() == set()


def test_a_total_that_differs_from_its_entries_is_found(own_database: str) -> None:
    open_all()
    actions.draw_totals()
    assert found() == set()
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("update ledger_total set posted = posted + 1")
    assert found() == {"total"}


@pytest.mark.django_db
def test_what_was_held_too_long_is_given_back_by_the_worker() -> None:
    open_all()
    hold(1, FUND, PAYEE, 300)
    late: dict[str, Any] = {"by": BY, "now": SOON}
    with pytest.raises(Refused, match=r"^ledger\.hold-expired$"):
        ledger.settle_hold(id_of(2), hold=id_of(1), on=TODAY, **late)
    assert actions.expire_holds(on=TODAY, **told) == 0
    assert actions.expire_holds(on=TODAY, **late) == 1
    assert actions.expire_holds(on=TODAY, **late) == 0
    assert standing(FUND).left_out == 1000
    with acting_as_job("test.balance"):
        (day,) = ledger.balance(since=TODAY, until=TODAY)
    assert (day.taken_in, day.done, day.refused, day.waiting) == (1, 0, 1, 0)


@pytest.mark.django_db
def test_nobody_is_told_of_an_account_out_of_scope() -> None:
    with pytest.raises(Refused, match=r"^ledger\.no-such-account$"):
        standing("nowhere")
