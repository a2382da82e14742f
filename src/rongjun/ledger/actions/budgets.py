"""Budget lines: so much of a fund for a year."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from rongjun.access.api import acting_as_job
from rongjun.audit import api as audit
from rongjun.kernel.errors import Refused
from rongjun.kernel.money import Fen
from rongjun.ledger import queries
from rongjun.ledger.actions import booking
from rongjun.ledger.actions.accounts import open_account, set_limit
from rongjun.ledger.actions.booking import JOB
from rongjun.ledger.logic import (
    BUDGET,
    BUDGETED,
)
from rongjun.ledger.queries import rows_of

_BUDGET_LINE = """
    insert into ledger_budgetline (account_id, division, fund_id, contra_id, year) values (%s, %s, %s, %s, %s)
"""
_BUDGET_CHANGE = """
    insert into ledger_budgetchange (line_id, division, fen, basis, "by", at) values (%s, %s, %s, %s, %s, %s)
"""


def add_budget_line(
    code: str, *, fund: str, year: int, fen: Fen, title: str, basis: str, by: str, now: datetime
) -> None:
    """So much of a fund for a year. `basis` is the document that says so.

    Raises Refused("ledger.…"): no-such-account, budget-exists, basis-missing, amount-not-positive.
    """
    if not basis.strip():
        raise Refused("ledger.basis-missing")
    if fen <= 0:
        raise Refused("ledger.amount-not-positive")
    with acting_as_job(JOB):
        source = queries.terms_of([fund])[fund]
        contra = f"{fund}/budgeted"
        told = {"division": source.division, "by": by, "now": now}
        open_account(contra, kind=BUDGETED, title=title_of_contra(fund), **told)  # type: ignore[arg-type]
        if rows_of("select from ledger_account where code = %s", [code]):
            raise Refused("ledger.budget-exists", budget=code)
        open_account(code, kind=BUDGET, title=title, floor=Fen(0), ceiling=fen, **told)  # type: ignore[arg-type]
        terms = queries.terms_of([code, contra])
        line = terms[code].number
        with connection.cursor() as cursor:
            cursor.execute(_BUDGET_LINE, [line, source.division, source.number, terms[contra].number, year])
            cursor.execute(_BUDGET_CHANGE, [line, source.division, int(fen), basis, by, now])


def title_of_contra(fund: str) -> str:
    """The name of the account that stands against all budget lines of a fund."""
    return f"{fund} 预算总控"


def amend_budget(code: str, *, fen: Fen, basis: str, by: str, now: datetime) -> None:
    """Raise a budget line, or lower it (negative), on the word of a document.

    Raises Refused("ledger.…"): no-such-budget, basis-missing, limit-below-standing.
    """
    if not basis.strip():
        raise Refused("ledger.basis-missing")
    with acting_as_job(JOB):
        line, number = queries.budget_lines_named([code])[code]
        account = queries.terms_of([line.account])[line.account]
        ceiling = booking.hold_limits([account])[line.account].ceiling
        assert ceiling is not None
        set_limit(account, floor=Fen(0), ceiling=ceiling + fen)
        with connection.cursor() as cursor:
            cursor.execute(_BUDGET_CHANGE, [number, account.division, int(fen), basis, by, now])
        audit.note(
            "ledger.budget-amended",
            by=by,
            at=now,
            about=f"account:{code}",
            division=account.division,
            detail={"fen": int(fen), "basis": basis},
        )
