"""What a run does for one person: lines to pay and to recover, what is set aside, what has changed. No clock.

A run looks at every month up to its own, or, where nothing can have changed since the last one, at this
month and the one before; `whole` says which.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from rongjun.allowances.logic.history import Asserted, Death
from rongjun.allowances.logic.lines import Line, Owed, Reason
from rongjun.allowances.logic.owing import months_owed
from rongjun.allowances.logic.schemes import AllowanceBook
from rongjun.allowances.logic.settling import CAUSES, Delta, Payment, settle
from rongjun.kernel.money import Fen, split
from rongjun.kernel.words import Words

LIFTED: Final = "recovery-lifted"
AFTER_DEATH: Final = ".after-death"
RUN_KINDS: Words[Mapping[str, str]] = {
    "regular": "当月发放",
    "back-pay": "补发",
    "recovery": "追回",
    LIFTED: "追回取消",
}
# What is set aside or looked at first, in the order a checker reads it.
ASIDE: Words[Mapping[str, str]] = {
    "no-account": "没有收款账户",
    "name-mismatch": "户名和姓名不一致",
    "bank-unfit": "银行文件写不下",
    "unconfirmed-rate": "标准未经确认，不能发",
    "gap": "缺标准",
    "held": "等一个答复",
    "confirmation": "年度确认逾期",
    "suspended": "待遇中止",
    "dead": "已去世",
    "by-hand": "要人来办",
    "refused": "批准不能成立",
}
# Fen two months of one standard may differ by, because a year is rounded as a whole.
_ROUNDING: Final = 1


@dataclass(frozen=True, slots=True)
class Asked:
    """One person as a run finds them. `first` is the first month to look at.

    `paid` are all live payments, oldest first; `turns` counts them by scheme and month under the person's
    own file. `lifts` are fen of recoveries still open, by scheme and month, `liftable` what is open in all.
    `floors` are the months from which we pay a scheme: what is owed for earlier ones was another's to pay.
    """

    person: str
    history: tuple[Asserted, ...]
    first: int
    paid: tuple[Payment, ...] = ()
    turns: Mapping[tuple[str, int], int] = field(default_factory=dict)
    lifts: Mapping[tuple[str, int], int] = field(default_factory=dict)
    liftable: int = 0
    floors: Mapping[str, int] = field(default_factory=dict)
    whole: bool = True


@dataclass(frozen=True, slots=True)
class RunLine:
    """One line of a run: a scheme, a month, fen to pay (or, negative, to recover) after `before`."""

    code: str
    title: str
    month: int
    turn: int
    before: int
    fen: int
    kind: str
    cause: str
    standard: str
    picked: str
    award: str
    rate: str
    reasons: tuple[Reason, ...]
    payers: Mapping[str, int]

    @property
    def is_paid(self) -> bool:
        """Whether money goes out by it."""
        return self.fen > 0 and self.kind != LIFTED


@dataclass(frozen=True, slots=True)
class Aside:
    """Something set aside, or to be looked at first."""

    kind: str
    code: str
    fen: int
    words: str


@dataclass(frozen=True, slots=True)
class Change:
    """What a person gets of a scheme this month against the month before, and why."""

    code: str
    before: int
    after: int
    why: str


@dataclass(frozen=True, slots=True)
class Reckoned:
    """One person's part of a run."""

    person: str
    lines: tuple[RunLine, ...]
    aside: tuple[Aside, ...]
    changes: tuple[Change, ...]
    is_dead: bool = False

    @property
    def pays(self) -> int:
        """Fen that go out."""
        return sum(line.fen for line in self.lines if line.is_paid)


def reckon(asked: Asked, *, month: int, known_at: datetime, book: AllowanceBook) -> Reckoned:
    """One person's part of the run of a month, as known at a moment."""
    first = min(asked.first, month)
    owed = months_owed(asked.history, first=first, last=month, known_at=known_at, book=book)
    owed = from_floors(owed, asked.floors, book=book)
    settlement = settle(owed, asked.paid, run_month=month)
    lines, aside = _Lines(asked, owed, book), list(_aside(asked, owed, known_at))
    for delta in settlement.deltas:
        if delta.is_payable:
            lines.add(delta)
        else:
            words = "；".join((delta.text, *delta.obstacles))
            aside.append(Aside("unconfirmed-rate", delta.code, int(delta.fen), words))
    died = any(isinstance(each.event, Death) and each.is_known(known_at) for each in asked.history)
    return Reckoned(asked.person, tuple(lines.found), tuple(aside), tuple(_changes(asked, owed, month)), died)


def from_floors(owed: Owed, floors: Mapping[str, int], *, book: AllowanceBook) -> Owed:
    """What is owed without the months before we began to pay a scheme; the fen of each month stay."""
    lines: list[Line] = []
    for line in owed.lines:
        scheme = book.schemes[line.code.removesuffix(AFTER_DEATH)]
        floor = floors.get(scheme.awards_of, 0)
        if line.last < floor:
            continue
        cut = max(0, floor - line.first)
        lines.append(replace(line, first=line.first + cut, lead=line.lead + cut) if cut else line)
    if len(lines) == len(owed.lines) and all(a is b for a, b in zip(lines, owed.lines, strict=True)):
        return owed
    spans = [(line.first, line.last) for line in lines if line.state == "gap"]
    gaps = tuple(gap for gap in owed.gaps if any(a <= gap.last and gap.first <= b for a, b in spans))
    return replace(owed, lines=tuple(lines), gaps=gaps)


def ours(paid: Iterable[Payment], floors: Mapping[str, int], *, book: AllowanceBook) -> Iterator[Payment]:
    """The payments we answer for: of an old system's those of a scheme and month we are to pay.

    What it paid before, or for a scheme nobody is granted here, is neither owed nor claimed back by us.
    """
    for payment in paid:
        scheme = book.schemes.get(payment.code.removesuffix(AFTER_DEATH))
        floor = floors.get(scheme.awards_of) if scheme else None
        if not payment.is_old or (floor is not None and payment.month >= floor):
            yield payment


@dataclass(slots=True)
class _Lines:
    """Differences taken apart into months, with what they lift and who bears them."""

    asked: Asked
    owed: Owed
    book: AllowanceBook
    found: list[RunLine] = field(default_factory=list)
    lifted: int = 0
    before: dict[tuple[str, int], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for payment in self.asked.paid:
            key = payment.code, payment.month
            self.before[key] = self.before.get(key, 0) + int(payment.fen)

    def add(self, delta: Delta) -> None:
        """The lines of one difference."""
        for payment in delta.payments:
            fen = int(payment.fen)
            lift = self._lift(payment, fen)
            if lift:
                self._line(delta, payment, lift, LIFTED)
            if fen - lift:
                self._line(delta, payment, fen - lift, delta.kind)

    def _lift(self, payment: Payment, fen: int) -> int:
        """How much of a payment only takes back a recovery that is still open."""
        open_fen = self.asked.lifts.get((payment.code, payment.month), 0)
        lift = max(0, min(fen, open_fen, self.asked.liftable - self.lifted))
        self.lifted += lift
        return lift

    def _line(self, delta: Delta, payment: Payment, fen: int, kind: str) -> None:
        key = payment.code, payment.month
        earlier = sum(1 for line in self.found if (line.code, line.month) == key)
        self.found.append(
            RunLine(
                code=payment.code,
                title=delta.title,
                month=payment.month,
                turn=self.asked.turns.get(key, 0) + earlier,
                before=self.before.get(key, 0),
                fen=fen,
                kind=kind,
                cause=delta.cause,
                standard=payment.standard or "",
                picked=payment.picked or "",
                award=payment.award or "",
                rate=payment.rate or "",
                reasons=delta.reasons,
                payers=self._payers(payment, fen) if fen > 0 and kind != LIFTED else {},
            )
        )
        self.before[key] = self.before.get(key, 0) + fen

    def _payers(self, payment: Payment, fen: int) -> dict[str, int]:
        """Who bears a payment, by the shares of its rate; "" where no order says."""
        shares = next(
            (line.rate.shares for line in self.owed.lines if line.rate and line.rate.ref == payment.rate), {}
        )
        if not shares:
            return {"": fen}
        parts = split(Fen(fen), [int(part) for part in shares.values()])
        return {payer: int(part) for payer, part in zip(shares, parts, strict=True) if part}


def _aside(asked: Asked, owed: Owed, known_at: datetime) -> Iterator[Aside]:
    for gap in owed.gaps:
        yield Aside("gap", gap.series, 0, gap.text)
    for line in owed.lines:
        if line.state == "held" and (asked.whole or line.last >= owed.last - 1):
            yield Aside("held", line.code, int(line.would_be), _said(line, line.reasons[-1:]))
        if line.state == "withheld" and line.last == owed.last and line.reasons:
            kind = _paused(line.reasons[-1].text)
            if kind:
                yield Aside(kind, line.code, int(line.would_be), _said(line, line.reasons[-1:]))
    for refused in owed.refused:
        yield Aside("refused", refused.scheme, 0, "；".join(reason.text for reason in refused.reasons))
    for reason in owed.follow_ups:
        yield Aside("by-hand", "", 0, f"{reason.text}〔{reason.clause}〕")
    for each in asked.history:
        if isinstance(each.event, Death) and each.is_known(known_at) and asked.whole:
            yield Aside("dead", "", 0, f"{each.event.died_on} 去世")


def _paused(text: str) -> str:
    if "待遇中止" in text:
        return "suspended"
    return "confirmation" if "未确认" in text else ""


def _said(line: Line, reasons: Sequence[Reason]) -> str:
    return f"{line.title} {line.period_text}：{'；'.join(reason.text for reason in reasons)}"


def _changes(asked: Asked, owed: Owed, month: int) -> Iterator[Change]:
    """Schemes of which the month differs from what was paid for the month before."""
    before: dict[str, int] = {}
    for payment in asked.paid:
        if payment.month == month - 1 and not payment.code.endswith(AFTER_DEATH):
            before[payment.code] = before.get(payment.code, 0) + int(payment.fen)
    now = {line.code: line for line in owed.lines if line.first <= month <= line.last and not line.is_once}
    for code in sorted(before.keys() | now.keys()):
        line, earlier = now.get(code), before.get(code, 0)
        later = int(dict(line.by_month())[month]) if line and line.state == "owed" else 0
        if abs(later - earlier) > _ROUNDING:
            yield Change(code, earlier, later, _why(line, earlier, later))


def _why(line: Line | None, before: int, after: int) -> str:
    if line is None:
        return "没有有效的批准"
    if not after:
        return line.reasons[-1].text if line.reasons else CAUSES["stopped"]
    if not before:
        return line.reasons[0].text if line.reasons else CAUSES["due"]
    rated = line.reasons[1] if len(line.reasons) > 1 else line.reasons[0]
    return rated.text
