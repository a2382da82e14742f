"""Accounts of an invented city and the days of an invented year, for the database tests."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from rongjun.access.api import acting_as_job
from rongjun.kernel.money import Fen
from rongjun.ledger import api as ledger

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
TODAY = date(2026, 3, 2)
SOON = NOW + timedelta(hours=1)
CITY, COUNTY = 370200000000, 370202000000
BY = "job:test"
FUND, BANK, PAYEE, QUOTA = "fund.care", "bank.city", "payable.county", "quota.person"
told: dict[str, Any] = {"by": BY, "now": NOW}


def id_of(number: int) -> UUID:
    """A transfer's id, short to write."""
    return UUID(int=number)


def open_all(*, fund: int = 1000, quota: int = 500) -> None:
    """A fund that may not be overdrawn with so much on it, a bank, somebody to pay, and a personal quota."""
    accounts: list[tuple[str, str, int, dict[str, Any]]] = [
        (FUND, "fund", CITY, {"floor": Fen(0)}),
        (BANK, "bank", CITY, {}),
        (PAYEE, "payable", COUNTY, {}),
        (QUOTA, "allotment", COUNTY, {"ceiling": Fen(quota)}),
    ]
    for code, kind, division, more in accounts:
        ledger.open_account(code, kind=kind, division=division, title=code, **more, **told)
    if fund:
        post(900, BANK, FUND, fund)


def transfer(number: int, source: str, target: str, fen: int, **more: Any) -> ledger.Transfer:
    """So much from one to another, today."""
    legs = ledger.between(source, target, Fen(fen))
    return ledger.Transfer(id_of(number), legs, **{"on": TODAY, **more})


def post(number: int, source: str, target: str, fen: int, **more: Any) -> ledger.Booked:
    """Booked."""
    clamp = more.pop("clamp", False)
    return ledger.post(transfer(number, source, target, fen, **more), clamp=clamp, **told)


def hold(number: int, source: str, target: str, fen: int, **more: Any) -> ledger.Booked:
    """Held for an hour."""
    clamp = more.pop("clamp", False)
    return ledger.hold(transfer(number, source, target, fen, **more), clamp=clamp, expires_at=SOON, **told)


def on(account: str) -> int:
    """What is posted there."""
    return int(standing(account).posted)


def standing(account: str) -> ledger.Standing:
    """What is there, seen by a job."""
    with acting_as_job("test.look"):
        return ledger.standing(account)


def sums() -> tuple[int, ...]:
    """Each book summed over everything: all zero, or money was made."""
    sql = "select coalesce(sum(fen), 0) from ledger_entry where layer = %s"
    with acting_as_job("test.look"), connection.cursor() as cursor:
        found = []
        for layer in ("posted", "held", "freed"):
            cursor.execute(sql, [layer])
            found.append(int(cursor.fetchone()[0]))
    return tuple(found)


def settle_now() -> None:
    """Let what waits for the end of the transaction be judged now."""
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        cursor.execute("set constraints all deferred")


Act = Callable[[], object]
