"""The life of a carrier (荣军卡, 优待证) as data: which step leads where, and what a set of events means.

A life is judged by what happened and when it happened, never by the order in which we heard of it.
Stages follow one another; marks (temporary loss, freeze, …) lie upon a stage and come and go by themselves.
No Django, no clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from rongjun.kernel.words import Words

Span: TypeAlias = tuple[datetime, datetime | None]

# --- states -------------------------------------------------------------------------------------------------

NOTHING, APPLIED, APPROVED, MAKING, READY = "", "applied", "approved", "making", "ready"
VALID, REPLACING, ENDED, CANCELLED, REFUSED = "valid", "replacing", "ended", "cancelled", "refused"
HELD, LOST, SUSPENDED, FROZEN = "held", "lost", "suspended", "frozen"
# The gravest mark a carrier bears is its state; without one, its stage is.
MARKS: Final = (FROZEN, SUSPENDED, LOST, HELD)
OVER: Final = frozenset({ENDED, CANCELLED, REFUSED})
# Of each kind a person has one carrier in one of these states.
LIVE: Final = (APPLIED, APPROVED, MAKING, READY, VALID, *MARKS)
STATES: Words[Mapping[str, str]] = {
    APPLIED: "待审",
    APPROVED: "已备案",
    MAKING: "制卡中",
    READY: "待领",
    VALID: "正常",
    HELD: "临时挂失",
    LOST: "正式挂失",
    FROZEN: "冻结",
    SUSPENDED: "待遇中止",
    REPLACING: "换证中",
    ENDED: "失效",
    CANCELLED: "注销",
    REFUSED: "未通过",
}
# 5 to 15 days, at the bank's choice.
SHORTEST_HOLD, LONGEST_HOLD = timedelta(days=5), timedelta(days=15)

# --- steps --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Step:
    """One kind of event: the stages in which it counts, where it leads, the mark it puts on or takes off.

    A `grave` step takes two people and a document.
    """

    counts_in: frozenset[str]
    leads_to: str = ""
    puts: str = ""
    lifts: str = ""
    grave: bool = False


def _step(*counts_in: str, leads_to: str = "", puts: str = "", lifts: str = "", grave: bool = False) -> Step:
    return Step(frozenset(counts_in), leads_to, puts, lifts, grave)


_PATH = (APPLIED, APPROVED, MAKING, READY)
_ANY = (*_PATH, VALID, REPLACING)
# In the order in which steps of one and the same moment are taken.
STEPS: Final[Mapping[str, Step]] = {
    "apply": _step(NOTHING, leads_to=APPLIED),
    "take-over": _step(NOTHING, leads_to=VALID),
    "refuse": _step(APPLIED, leads_to=REFUSED),
    "approve": _step(APPLIED, leads_to=APPROVED),
    "order": _step(APPROVED, leads_to=MAKING),
    "fail": _step(MAKING, leads_to=APPROVED),
    "make": _step(MAKING, leads_to=READY),
    "hand-over": _step(MAKING, READY, leads_to=VALID),
    "withdraw": _step(*_PATH, leads_to=REFUSED),
    "hold": _step(READY, VALID, puts=HELD),
    "lift": _step(READY, VALID, lifts=HELD),
    "lose": _step(READY, VALID, puts=LOST),
    "find": _step(READY, VALID, lifts=LOST),
    "suspend": _step(READY, VALID, puts=SUSPENDED),
    "resume": _step(READY, VALID, lifts=SUSPENDED),
    "freeze": _step(READY, VALID, puts=FROZEN),
    "thaw": _step(READY, VALID, lifts=FROZEN),
    "replace": _step(READY, VALID, leads_to=REPLACING),
    "close": _step(REPLACING, leads_to=ENDED),
    "expire": _step(VALID, leads_to=ENDED),
    "bank-close": _step(*_ANY, leads_to=CANCELLED),
    "move-away": _step(*_ANY, leads_to=CANCELLED, grave=True),
    "cancel": _step(*_ANY, leads_to=CANCELLED),
    "wrong": _step(*_ANY, leads_to=CANCELLED, grave=True),
    "die": _step(*_ANY, leads_to=CANCELLED),
}
# An event of this kind takes another one back: it had not happened.
RETRACT: Final = "retract"
STEP_WORDS: Words[Mapping[str, str]] = {
    "apply": "申领",
    "take-over": "原系统移交",
    "refuse": "审核未通过",
    "approve": "审核备案",
    "order": "交银行制卡",
    "fail": "制卡失败",
    "make": "制卡完成",
    "hand-over": "领取",
    "withdraw": "撤回申领",
    "hold": "临时挂失",
    "lift": "解除临时挂失",
    "lose": "正式挂失",
    "find": "解除正式挂失",
    "suspend": "中止待遇",
    "resume": "恢复待遇",
    "freeze": "司法冻结",
    "thaw": "解除冻结",
    "replace": "受理补换",
    "close": "新证已领",
    "expire": "到期",
    "bank-close": "银行销卡",
    "move-away": "户籍迁出",
    "cancel": "取消待遇",
    "wrong": "违规发证收回",
    "die": "去世",
    RETRACT: "更正",
}
assert STEP_WORDS.keys() == {*STEPS, RETRACT}
# How the evidence calls each, in the past.
EVENTS: Final[Mapping[str, str]] = {
    "apply": "applied-for",
    "take-over": "taken-over",
    "refuse": "refused",
    "approve": "approved",
    "order": "ordered",
    "fail": "making-failed",
    "make": "made",
    "hand-over": "handed-over",
    "withdraw": "withdrawn",
    "hold": "held",
    "lift": "hold-lifted",
    "lose": "lost",
    "find": "found",
    "suspend": "suspended",
    "resume": "resumed",
    "freeze": "frozen",
    "thaw": "thawed",
    "replace": "replacement-accepted",
    "close": "replaced",
    "expire": "expired",
    "bank-close": "closed-by-bank",
    "move-away": "moved-away",
    "cancel": "cancelled",
    "wrong": "wrongly-issued",
    "die": "holder-died",
    RETRACT: "event-retracted",
}
assert EVENTS.keys() == {*STEPS, RETRACT}
EVENT_WORDS: Final[Mapping[str, str]] = {f"cards.{name}": STEP_WORDS[kind] for kind, name in EVENTS.items()}
_RANK: Final = {kind: place for place, kind in enumerate(STEPS)}


@dataclass(frozen=True, slots=True)
class Happened:
    """Something that happened to a carrier: `at` is when it was so. `until` ends a hold, or the carrier."""

    kind: str
    at: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """How a carrier stands from a moment on."""

    stage: str = NOTHING
    marks: frozenset[str] = frozenset()
    held_until: datetime | None = None
    expires_at: datetime | None = None

    @property
    def state(self) -> str:
        """The word for it: the gravest mark, else the stage."""
        if self.stage not in (READY, VALID):
            return self.stage
        return next((mark for mark in MARKS if mark in self.marks), self.stage)

    @property
    def is_usable(self) -> bool:
        """Whether the carrier opens a gate."""
        return self.state == VALID

    @property
    def is_in_hand(self) -> bool:
        """Whether the person has it, be it lost, frozen or just being replaced."""
        return self.stage in (VALID, REPLACING)

    @property
    def next_at(self) -> datetime | None:
        """The moment at which something ends by itself; None when nothing will."""
        ends = [self.held_until if HELD in self.marks else None, self.expires_at]
        return min((each for each in ends if each and self.stage in (READY, VALID)), default=None)


# --- what events mean ---------------------------------------------------------------------------------------


def counts(step: Step, standing: Standing) -> bool:
    """Whether the step changes anything of how the carrier stands."""
    return standing.stage in step.counts_in and (not step.lifts or step.lifts in standing.marks)


def after(standing: Standing, event: Happened) -> Standing:
    """How the carrier stands when this has happened; the same when the step does not count there."""
    step = STEPS[event.kind]
    if not counts(step, standing):
        return standing
    if step.puts == HELD:
        assert event.until is not None, "a temporary loss says when it lifts itself"
        until = max(event.until, standing.held_until or event.until)
        return replace(standing, marks=standing.marks | {HELD}, held_until=until)
    if step.puts:
        return replace(standing, marks=standing.marks | {step.puts})
    if step.lifts:
        held = None if step.lifts == HELD else standing.held_until
        return replace(standing, marks=standing.marks - {step.lifts}, held_until=held)
    expires = event.until if step.leads_to == VALID else standing.expires_at
    return replace(standing, stage=step.leads_to, expires_at=expires)


def by_itself(standing: Standing, at: datetime) -> Standing:
    """How the carrier stands when a moment of its own has come: the hold is off, or it has expired."""
    if standing.expires_at is not None and standing.expires_at <= at:
        return replace(standing, stage=ENDED)
    return replace(standing, marks=standing.marks - {HELD}, held_until=None)


def life(events: Iterable[Happened]) -> tuple[tuple[datetime, Standing], ...]:
    """Every moment at which the carrier came, or will come, to stand otherwise, in order.

    What ends by itself is in it, so that nobody has to act for it to end. Events that had no effect where
    they fell are passed over; in which order they are given makes no difference.
    """
    return tuple(_changes(sorted(events, key=_order)))


def _order(event: Happened) -> tuple[datetime, int, float]:
    return event.at, _RANK[event.kind], event.until.timestamp() if event.until else 0.0


def _changes(ordered: list[Happened]) -> Iterator[tuple[datetime, Standing]]:
    standing = Standing()
    for event in ordered:
        for at, then in _until(standing, event.at):
            standing = then
            yield at, then
        then = after(standing, event)
        if then != standing:
            standing = then
            yield event.at, then
    yield from _until(standing, None)


def _until(standing: Standing, moment: datetime | None) -> Iterator[tuple[datetime, Standing]]:
    """What comes by itself up to and at a moment; all of it when the moment is None."""
    while (at := standing.next_at) is not None and (moment is None or at <= moment):
        standing = by_itself(standing, at)
        yield at, standing


def standing_at(events: Iterable[Happened], moment: datetime) -> Standing:
    """How the carrier stands at a moment, by these events."""
    return _at(life(events), moment)


def _at(lived: Iterable[tuple[datetime, Standing]], moment: datetime) -> Standing:
    standing = Standing()
    for at, then in lived:
        if at > moment:
            break
        standing = then
    return standing


@dataclass(frozen=True, slots=True)
class Spans:
    """Half-open spans of time: in which a carrier opens a gate, and in which the person has it at all."""

    usable: tuple[Span, ...]
    in_hand: tuple[Span, ...]


def spans(events: Iterable[Happened]) -> Spans:
    """The spans of a carrier by these events, those that are to come included."""
    return _spans_of(life(events))


def _spans_of(lived: tuple[tuple[datetime, Standing], ...]) -> Spans:
    return Spans(
        _spans((at, then.is_usable) for at, then in lived),
        _spans((at, then.is_in_hand) for at, then in lived),
    )


def standing_and_spans(events: Iterable[Happened], moment: datetime) -> tuple[Standing, Spans]:
    """Both at once, for many carriers."""
    lived = life(events)
    return _at(lived, moment), _spans_of(lived)


def _spans(told: Iterable[tuple[datetime, bool]]) -> tuple[Span, ...]:
    found: list[Span] = []
    start: datetime | None = None
    for at, holds in told:
        if holds and start is None:
            start = at
        elif not holds and start is not None:
            if start < at:
                found.append((start, at))
            start = None
    if start is not None:
        found.append((start, None))
    return tuple(found)


def opens_at(usable: Iterable[Span], moment: datetime) -> bool:
    """Whether a moment lies in one of the spans."""
    return any(start <= moment and (end is None or moment < end) for start, end in usable)
