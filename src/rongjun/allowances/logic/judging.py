"""Whether an award may be granted: from which month it would pay, with reasons and facts. No clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal

from rongjun.allowances.logic.history import Asserted, Award, known_past
from rongjun.allowances.logic.lines import Line, Reason
from rongjun.allowances.logic.months import month_of
from rongjun.allowances.logic.owing import months_owed
from rongjun.allowances.logic.schemes import AllowanceBook
from rongjun.kernel.words import Words
from rongjun.rules.api import Value

Verdict = Literal["entitled", "refused", "unknown"]
VERDICTS: Words[Mapping[str, str]] = {
    "entitled": "符合条件",
    "refused": "不符合条件",
    "unknown": "差情况，还不能定",
}
_LATER: Final = frozenset({"owed", "gap"})


@dataclass(frozen=True, slots=True)
class Judged:
    """What a proposed award comes to: its verdict, from which month, and what that rests on."""

    verdict: Verdict
    first_month: int
    reasons: tuple[Reason, ...]
    facts: Mapping[str, Value]


def judge(
    history: Sequence[Asserted], *, ref: str, scheme: str, day: date, known_at: datetime, book: AllowanceBook
) -> Judged:
    """Judge the award `ref` within a history that holds it, as of a day."""
    past = known_past(history, at=known_at)
    mine = [award for award in past.awards if _is_of(award, ref)]
    facts = _facts(book, scheme, past.facts_on(day), mine)
    if not mine:
        said = Reason("档案里没有省级批准的残疾等级", "军人抚恤优待条例第28条")
        return Judged("refused", month_of(day), (said,), facts)
    first = min(month_of(award.approved_on) for award in mine)
    owed = months_owed(history, first=first, last=max(first, month_of(day)) + 1, known_at=known_at, book=book)
    refused = [
        reason for each in owed.refused if each.award in {a.ref for a in mine} for reason in each.reasons
    ]
    lines = [line for line in owed.of(scheme) if line.award in {a.ref for a in mine}]
    if refused and not lines:
        return Judged("refused", first, tuple(refused), facts)
    return _by_lines(lines, first, facts)


def _by_lines(lines: Sequence[Line], first: int, facts: Mapping[str, Value]) -> Judged:
    for verdict, states in (("entitled", _LATER), ("unknown", {"held"})):
        for line in lines:
            if line.state in states:
                kept: Verdict = "entitled" if verdict == "entitled" else "unknown"
                return Judged(kept, line.first, line.reasons, facts)
    reasons = lines[-1].reasons if lines else (Reason("没有一个月可以发", "待局方确认", is_stated=False),)
    return Judged("refused", lines[-1].first if lines else first, reasons, facts)


def _is_of(award: Award, ref: str) -> bool:
    return award.ref == ref or award.ref.startswith(f"{ref}/")


def _facts(
    book: AllowanceBook, scheme: str, on_day: Mapping[str, Value], awards: Sequence[Award]
) -> dict[str, Value]:
    """Those facts the scheme's rules read, as they were that day, and those the award fixes."""
    rules = book.schemes[scheme]
    asked = {fact for check in (*rules.refusals, *rules.requires) for fact in check.facts}
    behind = {each for fact in asked for each in (fact, book.vocabulary[fact].of) if each}
    fixed = dict(awards[-1].details) if awards else {}
    return {**{name: on_day[name] for name in sorted(behind & on_day.keys())}, **fixed}
