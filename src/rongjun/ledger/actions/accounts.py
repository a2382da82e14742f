"""Accounts, and between which amounts they stay."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from django.db import connection

from rongjun.access.api import acting_as_job
from rongjun.audit import api as audit
from rongjun.kernel.errors import Refused
from rongjun.kernel.money import Fen
from rongjun.ledger import logic, queries
from rongjun.ledger.actions import booking
from rongjun.ledger.actions.booking import JOB
from rongjun.ledger.logic import (
    Standing,
    Terms,
)
from rongjun.ledger.queries import rows_of

_OPEN = """
    insert into ledger_account (code, division, kind, title, purposes, needs_budget, opened_at, opened_by)
    values (%s, %s, %s, %s, %s, %s, %s, %s) on conflict (code) do nothing returning id
"""
_LIMIT = "insert into ledger_limit (account_id, division, floor, ceiling) values (%s, %s, %s, %s)"


def open_account(
    code: str,
    *,
    kind: str,
    division: int,
    title: str,
    by: str,
    now: datetime,
    floor: Fen | None = None,
    ceiling: Fen | None = None,
    purposes: Iterable[str] = (),
    needs_budget: bool = False,
) -> None:
    """Open an account of a division (12 digits), if there is none of this code; the same again does nothing.

    With a floor or a ceiling it is a limited account for good; without, it never becomes one. `purposes` are
    what money that leaves it may be spent on; none named, anything.
    Raises Refused("ledger.account-differs") where one of this code was opened on other terms.
    """
    assert kind in logic.KINDS, f"an account is one of {sorted(logic.KINDS)}"
    asked = sorted(set(purposes))
    with acting_as_job(JOB):
        opened = rows_of(_OPEN, [code, division, kind, title, asked, needs_budget, now, by])
        if not opened:
            _refuse_other_terms(
                code,
                (kind, division, frozenset(asked), needs_budget),
                is_limited=floor is not None or ceiling is not None,
            )
            return
        if floor is not None or ceiling is not None:
            with connection.cursor() as cursor:
                cursor.execute(_LIMIT, [opened[0][0], division, floor, ceiling])
        audit.note("ledger.account-opened", by=by, at=now, about=f"account:{code}", division=division)


def _refuse_other_terms(code: str, asked: tuple[object, ...], *, is_limited: bool) -> None:
    known = queries.terms_of([code])[code]
    has_limit = bool(rows_of("select from ledger_limit where account_id = %s", [known.number]))
    if (known.kind, known.division, known.purposes, known.needs_budget) != asked or has_limit != is_limited:
        raise Refused("ledger.account-differs", account=code)


def close_account(code: str, *, on: date, by: str, now: datetime) -> None:
    """From that day on nothing is posted to it; what is on it stays there to be seen.

    Raises Refused("ledger.no-such-account").
    """
    with acting_as_job(JOB):
        account = queries.terms_of([code])[code]
        with connection.cursor() as cursor:
            cursor.execute("update ledger_account set closed_on = %s where id = %s", [on, account.number])
        audit.note("ledger.account-closed", by=by, at=now, about=f"account:{code}", division=account.division)


def change_limit(
    code: str, *, floor: Fen | None, ceiling: Fen | None, reason: str, by: str, now: datetime
) -> None:
    """Give a limited account other limits.

    Raises Refused("ledger.…"): no-such-account, no-limit, limit-below-standing, reason-missing.
    """
    if not reason.strip():
        raise Refused("ledger.reason-missing")
    with acting_as_job(JOB):
        account = queries.terms_of([code])[code]
        set_limit(account, floor=floor, ceiling=ceiling)
        detail: dict[str, object] = {"floor": _int(floor), "ceiling": _int(ceiling), "reason": reason}
        about = f"account:{code}"
        audit.note(
            "ledger.limit-changed", by=by, at=now, about=about, division=account.division, detail=detail
        )


def _int(fen: Fen | None) -> int | None:
    return None if fen is None else int(fen)


def set_limit(account: Terms, *, floor: Fen | None, ceiling: Fen | None) -> None:
    """The limits of an account, where what is on it stays inside them; the rest of change_limit is words."""
    found = booking.hold_limits([account])
    if account.code not in found:
        raise Refused("ledger.no-limit", account=account.code)
    now_on = found[account.code]
    asked = Standing(account.code, now_on.posted, now_on.held_in, now_on.held_out, floor, ceiling)
    if asked.is_beyond:
        raise Refused("ledger.limit-below-standing", account=account.code)
    with connection.cursor() as cursor:
        sql = "update ledger_limit set floor = %s, ceiling = %s where account_id = %s"
        cursor.execute(sql, [_int(floor), _int(ceiling), account.number])
