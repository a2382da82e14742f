"""Reads of the books: what is on an account, when it was, and what moved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection

from rongjun.kernel.errors import Refused
from rongjun.kernel.money import Fen
from rongjun.ledger.logic import BudgetLine, Entry, Standing, Terms


def rows_of(sql: str, params: Sequence[Any] | Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """The answer of one statement."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())


# --- accounts and what is on them ---------------------------------------------------------------------------

_TERMS = """
    select id, code, kind, division, purposes, needs_budget, closed_on from ledger_account
    where code = any (%s)
"""


def terms_of(codes: Iterable[str]) -> dict[str, Terms]:
    """What these accounts ask for, by code. Raises Refused("ledger.no-such-account")."""
    wanted = sorted(set(codes))
    found = {
        code: Terms(number, code, kind, division, frozenset(purposes), *more)
        for number, code, kind, division, purposes, *more in rows_of(_TERMS, [wanted])
    }
    for code in wanted:
        if code not in found:
            raise Refused("ledger.no-such-account", account=code)
    return found


_LIMITS = """
    select a.code, l.posted, l.held_in, l.held_out, l.floor, l.ceiling
    from ledger_limit l join ledger_account a on a.id = l.account_id
    where l.account_id = any (%s)
"""
# In the order of accounts, as the database counts them: two writers meet at the same account first.
_HOLD_LIMITS = f"{_LIMITS} order by l.account_id for update of l"


def limits_held(accounts: Iterable[Terms]) -> dict[str, Standing]:
    """The standings of those accounts that have a limit, held until the transaction ends."""
    numbers = sorted(account.number for account in accounts)
    return {row[0]: _standing(row) for row in rows_of(_HOLD_LIMITS, [numbers])}


def _standing(row: Sequence[Any]) -> Standing:
    code, *amounts = row
    return Standing(code, *(None if each is None else Fen(each) for each in amounts))  # type: ignore[arg-type]


_SUMMED = """
    select coalesce(sum(fen) filter (where layer = 'posted'), 0)::bigint,
           coalesce(sum(fen) filter (where layer <> 'posted' and (fen < 0) <> (layer = 'held')), 0)::bigint,
           coalesce(sum(fen) filter (where layer <> 'posted' and (fen < 0) = (layer = 'held')), 0)::bigint
    from ledger_entry where account_id = %s
"""


def standing(account: str) -> Standing:
    """What is on an account now: posted, held, and what is left where it has a limit.

    Raises Refused("ledger.no-such-account"), also out of scope.
    """
    (number,) = (each.number for each in terms_of([account]).values())
    limited = rows_of(_LIMITS, [[number]])
    if limited:
        return _standing(limited[0])
    ((posted, held_in, held_out),) = rows_of(_SUMMED, [number])
    return Standing(account, Fen(posted), Fen(held_in), Fen(held_out))


_BALANCE_AT = """
    select coalesce(sum(fen), 0)::bigint from ledger_entry
    where account_id = %s and layer = 'posted' and on_day <= %s and recorded_at <= %s
"""


def balance_at(account: str, *, on: date, known_at: datetime) -> Fen:
    """What was posted to an account for days up to `on`, as far as it was booked by `known_at`.

    Raises Refused("ledger.no-such-account"), also out of scope.
    """
    (number,) = (each.number for each in terms_of([account]).values())
    ((fen,),) = rows_of(_BALANCE_AT, [number, on, known_at])
    return Fen(fen)


# --- transfers ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Kept:
    """A transfer as it is in the books."""

    id: UUID
    kind: str
    on: date
    purpose: str
    about: str
    digest: bytes
    expires_at: datetime | None
    budget: str
    rows: tuple[Entry, ...]


_KEPT = """
    select t.id, t.kind, t.on_day, t.purpose, t.about, t.digest, t.expires_at, coalesce(b.code, '')
    from ledger_transfer t left join ledger_account b on b.id = t.budget_id where t.id = any (%s)
"""
_ROWS = """
    select e.transfer_id, a.code, e.layer, e.fen
    from ledger_entry e join ledger_account a on a.id = e.account_id
    where e.transfer_id = any (%s) order by e.transfer_id, e.line
"""


def kept(transfers: Iterable[UUID]) -> dict[UUID, Kept]:
    """Those of these transfers that are booked, with their entries in order."""
    ids = list(transfers)
    rows: dict[UUID, list[Entry]] = {}
    for transfer, account, layer, fen in rows_of(_ROWS, [ids]):
        rows.setdefault(transfer, []).append(Entry(account, layer, Fen(fen)))
    return {
        row[0]: Kept(
            id=row[0],
            kind=row[1],
            on=row[2],
            purpose=row[3],
            about=row[4],
            digest=bytes(row[5]),
            expires_at=row[6],
            budget=row[7],
            rows=tuple(rows.get(row[0], ())),
        )
        for row in rows_of(_KEPT, [ids])
    }


_TAKEN_BACK = """
    select a.code, e.layer, e.fen from ledger_transfer t join ledger_entry e on e.transfer_id = t.id
    join ledger_account a on a.id = e.account_id
    where t.corrects_id = %s order by t.recorded_at, t.id, e.line
"""


def taken_back(transfer: UUID) -> tuple[Entry, ...]:
    """What reversals have taken back of a transfer so far."""
    return tuple(Entry(account, layer, Fen(fen)) for account, layer, fen in rows_of(_TAKEN_BACK, [transfer]))


# --- budget lines -------------------------------------------------------------------------------------------

_LINE = """
    select a.code, b.year, f.code, a.code, c.code, b.account_id
    from ledger_budgetline b join ledger_account a on a.id = b.account_id
    join ledger_account f on f.id = b.fund_id join ledger_account c on c.id = b.contra_id
    where a.code = any (%s)
"""


def budget_lines_named(codes: Iterable[str]) -> dict[str, tuple[BudgetLine, int]]:
    """These budget lines and their rows' numbers. Raises Refused("ledger.no-such-budget")."""
    wanted = sorted(set(codes))
    if not wanted:
        return {}
    found = {row[0]: (BudgetLine(*row[:5]), row[5]) for row in rows_of(_LINE, [wanted])}
    for code in wanted:
        if code not in found:
            raise Refused("ledger.no-such-budget", budget=code)
    return found


@dataclass(frozen=True, slots=True)
class BudgetState:
    """A budget line: what it is in all, what has been charged, what is held on top, and what is left."""

    code: str
    title: str
    fund: str
    year: int
    amount: Fen
    charged: Fen
    held: Fen

    @property
    def left(self) -> Fen:
        """What may still be charged."""
        return self.amount - self.charged - self.held


_BUDGETS = """
    select a.code, a.title, f.code, b.year, l.ceiling, l.posted, l.held_in
    from ledger_budgetline b join ledger_account a on a.id = b.account_id
    join ledger_account f on f.id = b.fund_id join ledger_limit l on l.account_id = b.account_id
    where (%(fund)s = '' or f.code = %(fund)s) and (%(year)s = 0 or b.year = %(year)s)
    order by b.year desc, a.code
"""


def budgets(*, fund: str = "", year: int = 0) -> list[BudgetState]:
    """The budget lines in scope, of one fund, of one year, or all."""
    return [
        BudgetState(*row[:4], *map(Fen, row[4:])) for row in rows_of(_BUDGETS, {"fund": fund, "year": year})
    ]
