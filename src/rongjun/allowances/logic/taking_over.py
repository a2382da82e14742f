"""What an old system says it paid, made into payments; and how its month differs from ours. No clock.

Of a row with an amount that amount counts. Of "paid through" every month up to it that we reckon counts, at
the standard we know: whoever was paid through October was paid what was owed until then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from rongjun.allowances.logic.lines import Line, Owed
from rongjun.allowances.logic.settling import CAUSES, Payment, settle
from rongjun.kernel.money import Fen
from rongjun.kernel.words import Words

MONTHS, THROUGH = "paid-months", "paid-through"
FAULTS: Words[Mapping[str, str]] = {
    "scheme": "没有这个项目代码",
    "future": "月份还没有到",
    "amount": "金额要大于零",
    "paid": "这个月份本系统已经发过，不能再算老系统发的",
    "taken": "这个月份已经从另一份文件接过来了",
    "nothing": "本系统没有算出这些月份应发的钱（没有批准、缺标准或者暂挂），说不出老系统发了多少",
}
# Fen two systems may differ by in a month of one standard, because each rounds in its own way.
_NEAR: Final = 1


@dataclass(frozen=True, slots=True)
class Told:
    """One row of the old system's file: `fen` is None where it says only that it paid through `month`."""

    row: int
    person: str
    code: str
    month: int
    fen: int | None


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A row that is not taken over, and why (a key of `FAULTS`)."""

    row: int
    code: str
    month: int
    fen: int
    fault: str


@dataclass(frozen=True, slots=True)
class Taken:
    """One payment of the old system, by the row that says it."""

    row: int
    payment: Payment


Place = tuple[str, int]  # scheme and month


def take(
    told: Sequence[Told],
    owed: Owed,
    *,
    schemes: frozenset[str],
    this_month: int,
    paid: frozenset[Place] = frozenset(),
    taken: frozenset[Place] = frozenset(),
) -> tuple[list[Taken], list[LeftOut]]:
    """One person's rows as payments, and the rows that cannot be; nothing is taken twice.

    `paid` are places we paid ourselves, `taken` those another file already said. `owed` has to reach over
    every month that is told, and for "paid through" from the first month anything is owed.
    """
    lines = _by_place(owed.lines)
    had = set(taken)
    found: list[Taken] = []
    left: list[LeftOut] = []
    # Rows that name their amount first: of the months up to "paid through" they are the better word.
    for each in sorted(told, key=lambda row: (row.fen is None, row.row)):
        fault = _fault(each, schemes=schemes, this_month=this_month, paid=paid, had=had)
        mine = [] if fault else list(_payments(each, lines, had=had, paid=paid))
        if fault or not mine:
            left.append(LeftOut(each.row, each.code, each.month, each.fen or 0, fault or "nothing"))
            continue
        had |= {(payment.code, payment.month) for payment in mine}
        found += [Taken(each.row, payment) for payment in mine]
    return found, left


def _fault(
    each: Told, *, schemes: frozenset[str], this_month: int, paid: frozenset[Place], had: set[Place]
) -> str:
    place = each.code, each.month
    if each.code not in schemes:
        return "scheme"
    if each.month > this_month:
        return "future"
    if each.fen is None:
        return ""
    if each.fen <= 0:
        return "amount"
    if place in paid:
        return "paid"
    return "taken" if place in had else ""


def _by_place(lines: Iterable[Line]) -> dict[Place, tuple[Line, Fen]]:
    return {
        (line.code, month): (line, fen)
        for line in lines
        if line.state == "owed"
        for month, fen in line.by_month()
    }


def _payments(
    each: Told, lines: Mapping[Place, tuple[Line, Fen]], *, had: set[Place], paid: frozenset[Place]
) -> Iterator[Payment]:
    if each.fen is not None:
        line, _ours = lines.get((each.code, each.month), (None, Fen(0)))
        yield _payment(each, each.month, Fen(each.fen), line if line and _is_near(each.fen, line) else None)
        return
    for (code, month), (line, fen) in sorted(lines.items()):
        is_meant = code == each.code and month <= each.month and fen > 0
        if is_meant and (code, month) not in had and (code, month) not in paid:
            yield _payment(each, month, fen, line)


def _payment(each: Told, month: int, fen: Fen, line: Line | None) -> Payment:
    if line is None:
        return Payment(each.code, month, fen, file=each.person, is_old=True)
    rate = line.rate.ref if line.rate else None
    return Payment(
        each.code, month, fen, line.standard, line.award, rate, each.person, line.picked, is_old=True
    )


def _is_near(fen: int, line: Line) -> bool:
    """Whether an amount is the line's standard, but for how a month is rounded."""
    return (line.is_once and fen == line.fen) or abs(Fraction(fen) - line.monthly) <= _NEAR


# --- side by side -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Difference:
    """One person, scheme and month on which the systems do not agree; fen of each, None where we cannot say.

    `words` say why, as the reasons of the line do.
    """

    person: str
    code: str
    month: int
    ours: int | None
    theirs: int
    cause: str
    words: str


def side_by_side(person: str, owed: Owed, theirs: Iterable[Payment]) -> tuple[list[Difference], int]:
    """What we would have paid against what the old system paid, month by month; and how many agree."""
    paid = [each for each in theirs if owed.first <= each.month <= owed.last]
    held: dict[Place, int] = {}
    for each in paid:
        held[each.code, each.month] = held.get((each.code, each.month), 0) + int(each.fen)
    settlement = settle(owed, paid)
    found = [
        Difference(
            person,
            delta.code,
            payment.month,
            held.get((delta.code, payment.month), 0) + int(payment.fen),
            held.get((delta.code, payment.month), 0),
            CAUSES[delta.cause],
            "；".join(reason.text for reason in delta.reasons[-2:]),
        )
        for delta in settlement.deltas
        for payment in delta.payments
    ]
    for line in settlement.frozen:
        said = line.gap.text if line.gap else "；".join(reason.text for reason in line.reasons[-1:])
        for month in range(line.first, line.last + 1):
            word = "缺标准" if line.state == "gap" else "暂挂，等一个答复"
            amount = held.get((line.code, month), 0)
            found.append(Difference(person, line.code, month, None, amount, word, said))
    places = {(each.code, each.month) for each in found}
    equal = len({key for key, fen in held.items() if fen} - places)
    return sorted(found, key=lambda each: (each.code, each.month)), equal
