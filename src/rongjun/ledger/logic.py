"""Shapes of money that moves, and what may move: plain values in, plain values out.

A leg's amount is signed: money that arrives on an account is positive, money that leaves it negative.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from rongjun.kernel.errors import Refused
from rongjun.kernel.money import Fen
from rongjun.kernel.words import Words

# --- accounts -----------------------------------------------------------------------------------------------

FUND, BUDGET, BUDGETED = "fund", "budget", "budgeted"
# An open list: the database keeps the code as text.
KINDS: Words[dict[str, str]] = {
    FUND: "资金来源",
    "bank": "银行存款",
    "payable": "应付",
    "receivable": "应收",
    "spending": "支出",
    "allotment": "个人额度",
    BUDGET: "预算指标",
    BUDGETED: "预算总控",
}
# Accounts that count what a budget line has been charged; no money lies on them.
MEMO = frozenset({BUDGET, BUDGETED})

POST, HOLD, SETTLE, RELEASE, EXPIRE, REVERSAL = "post", "hold", "settle", "release", "expire", "reversal"
TRANSFER_KINDS: Words[dict[str, str]] = {
    POST: "记账",
    HOLD: "冻结",
    SETTLE: "结清冻结",
    RELEASE: "解除冻结",
    EXPIRE: "冻结到期",
    REVERSAL: "冲正",
}
# Which books a leg is written in: money that moved, money that is held, and what a hold gives back.
POSTED, HELD, FREED = "posted", "held", "freed"


@dataclass(frozen=True, slots=True)
class Terms:
    """What an account asks of whoever posts to it. `purposes` empty means any; `number` is the row's."""

    number: int
    code: str
    kind: str
    division: int
    purposes: frozenset[str] = frozenset()
    needs_budget: bool = False
    closed_on: date | None = None


@dataclass(frozen=True, slots=True)
class BudgetLine:
    """So much of a fund for one year: the accounts that count it, and for which fund."""

    code: str
    year: int
    fund: str
    account: str
    contra: str


@dataclass(frozen=True, slots=True)
class Standing:
    """What is on an account: posted, held on top, and how much may still leave or arrive (None: no limit)."""

    account: str
    posted: Fen
    held_in: Fen = Fen(0)  # noqa: RUF009 - immutable
    held_out: Fen = Fen(0)  # noqa: RUF009 - immutable; not positive
    floor: Fen | None = None
    ceiling: Fen | None = None

    @property
    def left_out(self) -> Fen | None:
        """How much may still leave before the floor, were every hold settled; never negative."""
        if self.floor is None:
            return None
        return Fen(max(0, self.posted + self.held_out - self.floor))

    @property
    def left_in(self) -> Fen | None:
        """How much may still arrive before the ceiling, were every hold settled; never negative."""
        if self.ceiling is None:
            return None
        return Fen(max(0, self.ceiling - self.posted - self.held_in))

    def after(self, entries: Iterable[Entry]) -> Standing:
        """The standing once these entries, all of this account, are written."""
        posted, held_in, held_out = self.posted, self.held_in, self.held_out
        for entry in entries:
            if entry.layer == POSTED:
                posted += entry.fen
            elif (entry.fen < 0) == (entry.layer == HELD):
                held_out += entry.fen
            else:
                held_in += entry.fen
        return replace(self, posted=posted, held_in=held_in, held_out=held_out)

    @property
    def is_beyond(self) -> bool:
        """Whether a limit would be passed if every hold were settled."""
        below = self.floor is not None and self.posted + self.held_out < self.floor
        return below or (self.ceiling is not None and self.posted + self.held_in > self.ceiling)


# --- what is asked ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Leg:
    """One side of a transfer: `fen` arrives on the account (positive) or leaves it (negative)."""

    account: str
    fen: Fen


@dataclass(frozen=True, slots=True)
class Transfer:
    """Money that is to move, under an id its caller made: asked again with the same id, it moves once.

    `on` is the day it counts for, `purpose` what it is spent on, `budget` the budget line it is charged to,
    `about` the caller's own reference ("payment:…"); nothing in it is personal data.
    """

    id: UUID
    legs: tuple[Leg, ...]
    on: date
    purpose: str = ""
    budget: str = ""
    about: str = ""


def between(source: str, target: str, fen: Fen) -> tuple[Leg, Leg]:
    """The two legs that move `fen` from one account to another."""
    return Leg(source, -fen), Leg(target, fen)


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the books."""

    account: str
    layer: str
    fen: Fen


@dataclass(frozen=True, slots=True)
class Booked:
    """How much moved or is held; `is_new` is false where the same had been booked before."""

    id: UUID
    fen: Fen
    is_new: bool


def digest(kind: str, transfer: Transfer, **more: object) -> bytes:
    """What makes two orders the same: everything but who asks and when."""
    said = {
        "kind": kind,
        "legs": [[leg.account, int(leg.fen)] for leg in transfer.legs],
        "on": transfer.on.isoformat(),
        "purpose": transfer.purpose,
        "budget": transfer.budget,
        "about": transfer.about,
        **{name: _plain(value) for name, value in more.items()},
    }
    return hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=False).encode()).digest()


def _plain(value: object) -> object:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    return int(value) if isinstance(value, Fen) else value


# --- what may move ------------------------------------------------------------------------------------------


def why_unfit(transfer: Transfer) -> list[Refused]:
    """What is wrong with an order whatever the books say."""
    reasons = []
    if len(transfer.legs) < 2 or Fen.total(leg.fen for leg in transfer.legs) != 0:
        reasons.append(Refused("ledger.unbalanced"))
    if any(leg.fen == 0 for leg in transfer.legs):
        reasons.append(Refused("ledger.empty-leg"))
    return reasons


def why_not(transfer: Transfer, terms: Mapping[str, Terms], *, line: BudgetLine | None) -> list[Refused]:
    """What the accounts and the budget line have against an order: closed, not for this, no budget."""
    reasons = []
    for leg in transfer.legs:
        account = terms[leg.account]
        if account.closed_on is not None and transfer.on >= account.closed_on:
            reasons.append(Refused("ledger.account-closed", account=account.code))
        if account.kind in MEMO:
            reasons.append(Refused("ledger.memo-account", account=account.code))
        if leg.fen < 0:
            reasons += _why_not_spent(transfer, account)
    return reasons + (_why_not_charged(transfer, line) if line else [])


def _why_not_spent(transfer: Transfer, account: Terms) -> list[Refused]:
    reasons = []
    if account.purposes and transfer.purpose not in account.purposes:
        purpose = transfer.purpose or "–"
        reasons.append(Refused("ledger.purpose-not-allowed", account=account.code, purpose=purpose))
    if account.needs_budget and not transfer.budget:
        reasons.append(Refused("ledger.budget-missing", account=account.code))
    return reasons


def _why_not_charged(transfer: Transfer, line: BudgetLine) -> list[Refused]:
    reasons = []
    if line.year != transfer.on.year:
        reasons.append(Refused("ledger.budget-other-year", budget=line.code, year=line.year))
    if not any(leg.account == line.fund and leg.fen < 0 for leg in transfer.legs):
        reasons.append(Refused("ledger.budget-other-fund", budget=line.code, fund=line.fund))
    return reasons


def charged(legs: Iterable[Leg], line: BudgetLine | None) -> tuple[Leg, ...]:
    """The legs, and beside them what a budget line is charged for what leaves its fund."""
    legs = tuple(legs)
    if line is None:
        return legs
    spent = -Fen.total(leg.fen for leg in legs if leg.account == line.fund)
    return (*legs, Leg(line.account, spent), Leg(line.contra, -spent))


def entries(legs: Iterable[Leg], layer: str) -> tuple[Entry, ...]:
    """The rows that write these legs."""
    return tuple(Entry(leg.account, layer, leg.fen) for leg in legs)


def freed(held: Iterable[Entry]) -> tuple[Entry, ...]:
    """The rows that end a hold: what it held, given back."""
    return tuple(Entry(entry.account, FREED, -entry.fen) for entry in held)


def why_beyond(rows: Sequence[Entry], standings: Mapping[str, Standing]) -> list[Refused]:
    """Which limits these rows would pass; rows of accounts without a limit never do."""
    later = after(rows, standings)
    beyond = [name for name in sorted(later) if later[name].is_beyond and later[name] != standings[name]]
    return [Refused("ledger.limit-exceeded", account=name, left=_left(standings[name])) for name in beyond]


def _left(standing: Standing) -> Fen:
    return min(each for each in (standing.left_out, standing.left_in) if each is not None)


def after(rows: Sequence[Entry], standings: Mapping[str, Standing]) -> dict[str, Standing]:
    """The standings once these rows are written."""
    return {
        name: standing.after(row for row in rows if row.account == name)
        for name, standing in standings.items()
    }


def clamped(legs: Sequence[Leg], standings: Mapping[str, Standing]) -> tuple[Leg, ...]:
    """Two legs (and the two of a budget line), lowered to what every limit among them still lets through.

    All legs are of one size; what is left may be nothing.
    """
    size = abs(legs[0].fen)
    assert all(abs(leg.fen) == size for leg in legs), "only legs of one size are lowered together"
    for leg in legs:
        standing = standings.get(leg.account)
        left = None if standing is None else standing.left_in if leg.fen > 0 else standing.left_out
        size = size if left is None else min(size, left)
    return tuple(Leg(leg.account, Fen(size) if leg.fen > 0 else -Fen(size)) for leg in legs)


def part_of(legs: Sequence[Leg], fen: Fen) -> tuple[Leg, ...] | None:
    """So much of legs that are all of one size; None where they are not and somebody has to say which."""
    size = abs(legs[0].fen)
    if any(abs(leg.fen) != size for leg in legs):
        return None
    return tuple(Leg(leg.account, fen if leg.fen > 0 else -fen) for leg in legs)


def is_within(part: Iterable[Leg], whole: Iterable[Leg]) -> bool:
    """Whether each account of the part has at most what the whole has there, in the same direction."""
    most, asked = totals(whole), totals(part)
    return all(
        abs(fen) <= abs(most.get(name, 0)) and fen * most.get(name, 0) >= 0 for name, fen in asked.items()
    )


def totals(legs: Iterable[Leg]) -> dict[str, int]:
    """What arrives on each account on balance, in fen."""
    found: dict[str, int] = {}
    for leg in legs:
        found[leg.account] = found.get(leg.account, 0) + int(leg.fen)
    return found


def moved(rows: Iterable[Entry], memo: frozenset[str]) -> Fen:
    """How much moved, or is held, in all: what arrived, budget lines left out."""
    counted = (row for row in rows if row.layer != FREED and row.account not in memo)
    return Fen.total(row.fen for row in counted if row.fen > 0)
