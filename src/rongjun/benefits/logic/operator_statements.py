"""运营单位结算: what a month's uses come to, what of it was settled before, and the difference that is left.

No Django, no clock. A statement never edits an earlier one: late uses, corrected fares and stopped cards
change what the month comes to, and the next statement of that month settles the difference.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from rongjun.kernel.crypto import sm3
from rongjun.kernel.money import Fen
from rongjun.kernel.words import Words

DRAFTED, CHECKED, RELEASED, WITHDRAWN = "drafted", "checked", "released", "withdrawn"
STATES: Words[Mapping[str, str]] = {
    DRAFTED: "待复核",
    CHECKED: "待放行",
    RELEASED: "已放行",
    WITHDRAWN: "已撤回",
}
OPEN_STATES: Final = frozenset({DRAFTED, CHECKED})

UPHELD, REJECTED = "upheld", "rejected"
OUTCOMES: Words[Mapping[str, str]] = {UPHELD: "成立，重出结算单", REJECTED: "不成立"}

# Who bears what the person did not pay. Only what the treasury bears is paid out by a statement.
FISCAL: Final = "fiscal"


@dataclass(frozen=True, slots=True, order=True)
class Cell:
    """What uses are counted by: one programme, county, fare band, price paid, fare version and payer.

    `division` has 12 digits; `paid_each` is fen a use; `fare_from` the day from which the fare version holds.
    """

    programme: str
    division: int
    band: int
    paid_each: int
    fare_from: date
    payer: str


@dataclass(frozen=True, slots=True)
class Sums:
    """Uses, what an ordinary adult would have paid for them, and what was paid; in fen."""

    count: int = 0
    ordinary: int = 0
    paid: int = 0

    @property
    def savings(self) -> Fen:
        """What the card saved: ordinary − paid."""
        return Fen(self.ordinary - self.paid)

    def __add__(self, other: Sums) -> Sums:
        return Sums(self.count + other.count, self.ordinary + other.ordinary, self.paid + other.paid)

    def __sub__(self, other: Sums) -> Sums:
        return Sums(self.count - other.count, self.ordinary - other.ordinary, self.paid - other.paid)


NOTHING: Final = Sums()


def differences(now: Mapping[Cell, Sums], before: Mapping[Cell, Sums]) -> dict[Cell, Sums]:
    """What is to be settled: now − settled before, cell by cell; cells without a difference are left out.

    Added to `before` they give `now`, whatever was settled in whatever order; a second look gives nothing.
    """
    cells = sorted(set(now) | set(before))
    found = {cell: now.get(cell, NOTHING) - before.get(cell, NOTHING) for cell in cells}
    return {cell: sums for cell, sums in found.items() if sums != NOTHING}


@dataclass(frozen=True, slots=True)
class Totals:
    """A statement in five figures; money in fen. `payable` is what the treasury owes, maybe below nothing."""

    count: int
    ordinary: Fen
    paid: Fen
    savings: Fen
    payable: Fen


def totals_of(lines: Mapping[Cell, Sums]) -> Totals:
    """The five figures of these lines."""
    whole = sum(lines.values(), NOTHING)
    payable = Fen.total(sums.savings for cell, sums in lines.items() if cell.payer == FISCAL)
    return Totals(whole.count, Fen(whole.ordinary), Fen(whole.paid), whole.savings, payable)


def payment_of(payable: int, *, carried: int) -> Fen:
    """What is paid out: this statement and what earlier ones left over, never less than nothing.

    `carried` is at most zero: what the operator owes back from earlier statements. What is not yet made good
    is carried on.
    """
    assert carried <= 0, "what was payable before was paid before"
    return Fen(max(0, payable + carried))


def digest_of(lines: Mapping[Cell, Sums]) -> str:
    """SM3 over the lines in their order, one text line each: whoever has the lines can say it again."""
    said = "\n".join(
        f"{cell.programme},{cell.division},{cell.band},{cell.paid_each},{cell.fare_from.isoformat()},{cell.payer},"
        f"{sums.count},{sums.ordinary},{sums.paid}"
        for cell, sums in sorted(lines.items())
    )
    return sm3(said.encode()).hex()


def added_up(statements: Iterable[Mapping[Cell, Sums]]) -> dict[Cell, Sums]:
    """What several statements of one month settled together."""
    found: dict[Cell, Sums] = {}
    for lines in statements:
        for cell, sums in lines.items():
            found[cell] = found.get(cell, NOTHING) + sums
    return found
