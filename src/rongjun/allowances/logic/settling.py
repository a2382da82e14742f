"""What is owed against what was paid: back pay and recovery, month by month, each with its cause.

Laws (tested): paid + settled = owed for every person, scheme and month that can be computed; settling again
gives nothing; a month already paid by the standard that still holds keeps its fen.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal, NamedTuple

from rongjun.allowances.logic.lines import Line, Owed, Reason
from rongjun.allowances.logic.months import months_in_chinese
from rongjun.kernel.money import Fen, round_half_up
from rongjun.kernel.words import Words

Kind = Literal["regular", "back-pay", "recovery"]
KINDS: Final[Mapping[Kind, str]] = {"regular": "当月发放", "back-pay": "补发", "recovery": "追回"}
CAUSES: Words[Mapping[str, str]] = {
    "due": "到期应发",
    "not-paid-before": "以前没有发",
    "rate": "标准变了",
    "award": "批准的等级、类别或年限变了",
    "stopped": "已停发",
    "withheld": "不应发",
    "no-award": "没有有效的批准",
    "merged": "两份档案合并，重复发放",
    "rounding": "同一标准，分位找平",
    "other": "与已发数不符",
}
_FROZEN: Final = frozenset({"held", "gap"})


@dataclass(frozen=True, slots=True)
class Payment:
    """Fen paid for one month of one scheme; negative when recovered. `after-death` codes count as schemes.

    `standard`, `picked`, `award` and `rate` are those it was paid by, None when an older system did not say.
    `file` is the file (person) it was paid under; a merged person has several. `is_old`: an older system
    paid it, which rounds months in its own way.
    """

    code: str
    month: int
    fen: Fen
    standard: str | None = None
    award: str | None = None
    rate: str | None = None
    file: str = ""
    picked: str | None = None
    is_old: bool = False


@dataclass(frozen=True, slots=True)
class Delta:
    """One difference over consecutive months with one cause: positive is to pay, negative to recover."""

    code: str
    title: str
    kind: Kind
    cause: str
    first: int
    last: int
    fen: Fen
    payments: tuple[Payment, ...]
    reasons: tuple[Reason, ...]
    obstacles: tuple[str, ...]

    @property
    def is_payable(self) -> bool:
        """Whether it may be carried out: a rate that is not confirmed simulates and does not pay."""
        return not self.obstacles

    @property
    def text(self) -> str:
        """`补发 残疾抚恤金 2022 年 8 月至 10 月 2,400.00 元：标准变了`."""
        return (
            f"{KINDS[self.kind]} {self.title} {months_in_chinese(self.first, self.last)} "
            f"{abs(self.fen)} 元：{CAUSES[self.cause]}"
        )


class _Paid(NamedTuple):
    fen: Fen
    standard: str | None
    picked: str | None
    files: frozenset[str]
    is_old: bool = True


_NOTHING: Final = _Paid(Fen(0), None, None, frozenset())


@dataclass(frozen=True, slots=True)
class Settlement:
    """All differences of one person, and the lines left alone until a question is answered."""

    deltas: tuple[Delta, ...]
    frozen: tuple[Line, ...]

    @property
    def fen(self) -> Fen:
        """To pay less to recover."""
        return Fen.total(delta.fen for delta in self.deltas)

    @property
    def payments(self) -> tuple[Payment, ...]:
        """The entries that carry it out."""
        return tuple(payment for delta in self.deltas for payment in delta.payments)


def settle(owed: Owed, paid: Iterable[Payment], *, run_month: int | None = None) -> Settlement:
    """The differences between what is owed and what was paid, for the months of `owed`.

    `paid` are all payments of the person in the order they were made; months outside the question are left
    alone. Unpaid months equal to `run_month` are regular, all other payments are back pay.
    """
    ledger = _ledger(paid, first=owed.first, last=owed.last)
    found: list[Delta] = []
    frozen: list[Line] = []
    for line in owed.lines:
        if line.state in _FROZEN:
            frozen.append(line)
            for month in range(line.first, line.last + 1):
                ledger.pop((line.code, month), None)
            continue
        found += _line_deltas(line, ledger, run_month=run_month)
    found += _left_over(ledger)
    return Settlement(tuple(_joined(sorted(found, key=lambda d: (d.code, d.first, d.fen)))), tuple(frozen))


def _ledger(paid: Iterable[Payment], *, first: int, last: int) -> dict[tuple[str, int], _Paid]:
    ledger: dict[tuple[str, int], _Paid] = {}
    for each in paid:
        if first <= each.month <= last:
            before = ledger.get((each.code, each.month))
            if before is None:
                now = _Paid(each.fen, each.standard, each.picked, frozenset((each.file,)), each.is_old)
            else:
                files = before.files | {each.file}
                is_old = before.is_old and each.is_old
                now = _Paid(before.fen + each.fen, each.standard, each.picked, files, is_old)
            ledger[each.code, each.month] = now
    return ledger


def _targets(line: Line, paid: Mapping[int, _Paid]) -> dict[int, Fen]:
    """Each month's fen: months paid by this standard keep theirs, the rest falls on the others."""
    natural = dict(line.by_month())
    if line.state != "owed":
        return dict.fromkeys(natural, Fen(0))
    standard = line.standard
    kept = {month: now.fen for month, now in paid.items() if now.standard == standard and _near(now, line)}
    if all(natural[month] == fen for month, fen in kept.items()):
        return natural
    free = [month for month in natural if month not in kept]
    rest = line.fen - Fen.total(kept.values())
    if not free:
        if all(paid[month].is_old for month in kept):
            return kept  # an older system rounded its months; nobody is owed, or owes, the fen of that
        last = max(kept)
        return kept | {last: kept[last] + rest}
    done, shares = Fen(0), {}
    for number, month in enumerate(free, 1):
        upto = Fen(round_half_up(Fraction(int(rest) * number, len(free))))
        shares[month] = upto - done
        done = upto
    return kept | shares


def _near(now: _Paid, line: Line) -> bool:
    """Whether a month really was paid by the standard it names: off by less than the fen of a year."""
    parts = line.monthly.denominator
    return line.is_once or abs(int(now.fen) * parts - line.monthly.numerator) <= 12 * parts


def _line_deltas(line: Line, ledger: dict[tuple[str, int], _Paid], *, run_month: int | None) -> list[Delta]:
    months = [line.first] if line.is_once else list(range(line.first, line.last + 1))
    paid = {month: now for month in months if (now := ledger.pop((line.code, month), None))}
    found = []
    for month, target in _targets(line, paid).items():
        now = paid.get(month, _NOTHING)
        if target != now.fen:
            fen = target - now.fen
            kind: Kind = "recovery" if fen < 0 else "back-pay"
            if fen > 0 and not now.files and month == run_month:
                kind = "regular"
            found.append(
                _delta(line, month, fen, kind=kind, cause=_cause(line, now, kind=kind, target=target))
            )
    return found


def _delta(line: Line, month: int, fen: Fen, *, kind: Kind, cause: str) -> Delta:
    standard = line.standard if line.state == "owed" else None
    rate = line.rate.ref if line.rate and line.state == "owed" else None
    return Delta(
        code=line.code,
        title=line.title,
        kind=kind,
        cause=cause,
        first=month,
        last=month,
        fen=fen,
        payments=(Payment(line.code, month, fen, standard, line.award, rate, picked=line.picked),),
        reasons=line.reasons,
        obstacles=line.obstacles if fen > 0 else (),
    )


def _cause(line: Line, now: _Paid, *, kind: Kind, target: Fen) -> str:
    """Why a month differs, the plainest reason first."""
    if len(now.files) > 1 and now.fen > target:
        return "merged"
    if line.state in {"stopped", "withheld"}:
        return line.state
    if not now.fen:
        return "due" if kind == "regular" else "not-paid-before"
    if now.standard is None or now.standard == line.standard:
        return "rounding" if now.standard and _near(now, line) else "other"
    return "award" if now.picked not in {None, line.picked} else "rate"


def _left_over(ledger: Mapping[tuple[str, int], _Paid]) -> list[Delta]:
    """Months that were paid and that no line speaks of: there was no award after all."""
    found = []
    for (code, month), now in ledger.items():
        if now.fen:
            kind: Kind = "recovery" if now.fen > 0 else "back-pay"
            payment = Payment(code, month, -now.fen)
            said = Reason("这个月没有有效的批准，已发的应当退回", "待局方确认", is_stated=False)
            found.append(Delta(code, code, kind, "no-award", month, month, -now.fen, (payment,), (said,), ()))
    return found


def _joined(deltas: list[Delta]) -> list[Delta]:
    """Neighbouring months with one cause and one set of reasons as one line."""
    found: list[Delta] = []
    for delta in deltas:
        last = found[-1] if found else None
        if last and last.last + 1 == delta.first and _alike(last, delta):
            found[-1] = Delta(
                last.code,
                last.title,
                last.kind,
                last.cause,
                last.first,
                delta.last,
                last.fen + delta.fen,
                (*last.payments, *delta.payments),
                last.reasons,
                last.obstacles,
            )
        else:
            found.append(delta)
    return found


def _alike(a: Delta, b: Delta) -> bool:
    return (a.code, a.kind, a.cause, a.reasons, a.obstacles) == (
        b.code,
        b.kind,
        b.cause,
        b.reasons,
        b.obstacles,
    )


class Net(NamedTuple):
    """Money that moves: `pay` out, `recover` back, after an offset where it is allowed."""

    pay: Fen
    recover: Fen


def net(settlement: Settlement, *, offset: bool) -> Net:
    """Sum up; with `offset` what must be recovered is first taken from a payment after a death."""
    pay = Fen.total(d.fen for d in settlement.deltas if d.fen > 0)
    recover = Fen.total(-d.fen for d in settlement.deltas if d.fen < 0)
    if not offset:
        return Net(pay, recover)
    funeral = Fen.total(d.fen for d in settlement.deltas if d.fen > 0 and d.code.endswith(".after-death"))
    taken = Fen(min(funeral, recover))
    return Net(pay - taken, recover - taken)
