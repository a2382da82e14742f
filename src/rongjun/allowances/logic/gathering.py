"""What the registry and the awards hold of a person, made into a history. No clock.

Nothing is left out for being superseded: `months_owed` itself asks what was known at a moment.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final, Literal, Protocol

from rongjun.allowances.logic.history import (
    Asserted,
    Award,
    Cancellation,
    Confirmation,
    Death,
    DeathCause,
    Event,
    Fact,
    Handover,
    Residence,
    Ruling,
    Suspension,
)
from rongjun.allowances.logic.service import Service
from rongjun.kernel.words import Words
from rongjun.rules.api import Value

# The scheme whose awards take grade and cause from the ratings on file (评残由省级批准).
RATED: Final = "disability-pension"
STATE_HOME: Final = "in-state-home"
CONSCRIPT: Final = "conscript"
SUSPENDED: Final = "rights-suspended"
CANCELLED: Final = "rights-cancelled"
FindingKind = Literal["death-cause", "pair", "confirmation"]
FINDINGS: Words[Mapping[str, str]] = {
    "death-cause": "去世原因",
    "pair": "两项待遇怎么办",
    "confirmation": "年度确认",
}


class Told(Protocol):
    """One assertion of the registry."""

    @property
    def kind(self) -> str: ...
    @property
    def id(self) -> int: ...
    @property
    def values(self) -> Any: ...
    @property
    def valid_from(self) -> date: ...
    @property
    def valid_to(self) -> date | None: ...
    @property
    def recorded_at(self) -> datetime: ...
    @property
    def superseded_at(self) -> datetime | None: ...
    @property
    def evidence(self) -> str: ...


@dataclass(frozen=True, slots=True)
class HeldAward:
    """An award as it is kept: granted at a moment, perhaps annulled (it never held) or ended on a day."""

    ref: str
    scheme: str
    category: str
    approved_on: date
    details: Mapping[str, Value]
    granted_at: datetime
    annulled_at: datetime | None = None
    ended_on: date | None = None
    ended_why: str = ""
    ended_at: datetime | None = None
    applied_on: date | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What two officers found that no other table says: a cause of death, a ruling, a confirmation."""

    kind: str
    content: Mapping[str, str]
    since: date
    document: str
    known_from: datetime
    known_to: datetime | None = None


@dataclass(slots=True)
class Papers:
    """All there is on one person before it is a history."""

    told: Sequence[Told] = ()
    awards: list[HeldAward] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def history_of(papers: Papers, *, kinds: Mapping[str, str]) -> tuple[Asserted, ...]:
    """The person's history. `kinds` gives the type of each stated fact (bool, int, date; others are text)."""
    return tuple(_events(papers, kinds))


def _events(papers: Papers, kinds: Mapping[str, str]) -> Iterator[Asserted]:
    ratings = [row for row in papers.told if row.kind == "rating"]
    left = [row.values[1] for row in papers.told if row.kind == "service" and row.superseded_at is None]
    discharged = max((day for day in left if day), default=None)
    for row in papers.told:
        for event in _of_row(row, kinds):
            yield Asserted(event, row.recorded_at, row.superseded_at)
    yield from _deaths(papers)
    for award in papers.awards:
        if award.scheme == RATED:
            yield from _rated(award, ratings, discharged)
        else:
            event = Award(
                award.ref, award.scheme, award.category, award.approved_on, award.details, award.applied_on
            )
            yield Asserted(event, award.granted_at, award.annulled_at)
        if award.ended_on and award.ended_at:
            ending = Cancellation(award.ended_on, award.ended_why, award.scheme)
            yield Asserted(ending, award.ended_at, award.annulled_at)
    for finding in papers.findings:
        for event in _found(finding):
            yield Asserted(event, finding.known_from, finding.known_to)


def _of_row(row: Told, kinds: Mapping[str, str]) -> Iterator[Event]:
    """What one assertion is in a history; deaths and ratings are told apart, by what else is known."""
    since, until, values = row.valid_from, row.valid_to, row.values
    if row.kind == "particulars" and values[0]:
        yield Fact("birth_date", values[0], date.min)
    elif row.kind == "household":
        county, kind = values
        if kind:
            yield Fact("household_kind", kind, since, until)
        if county:
            yield Residence(int(county) * 10**6, since)
    elif row.kind == "service":
        yield from _service(values, since)
    elif row.kind == "statement":
        name, text = values
        yield Fact(name, _typed(text, kinds.get(name, "text")), since, until)
    elif row.kind == "status":
        yield from _status(row)


def _service(values: Sequence[Any], since: date) -> Iterator[Event]:
    enlisted, discharged, rank = values
    for name, value in (("enlisted_on", enlisted), ("discharged_on", discharged), ("rank_group", rank)):
        if value:
            yield Fact(name, value, date.min if name == "enlisted_on" else since)
    if discharged:
        # Whether the transfer was asked for in time is not on file: nobody is reminded of it here.
        yield Handover(discharged, applied_on=discharged)
    if rank == CONSCRIPT and enlisted and discharged and enlisted <= discharged:
        yield Service(enlisted, discharged)


def _status(row: Told) -> Iterator[Event]:
    (category,) = row.values
    if category == SUSPENDED:
        yield Suspension(row.valid_from, "待遇中止", row.evidence or None, row.valid_to)
    elif category == CANCELLED:
        yield Cancellation(row.valid_from, "待遇资格取消", None, row.evidence or None)
    elif category == STATE_HOME:
        yield Fact("is_in_state_home", True, row.valid_from, row.valid_to)


def _typed(text: str, kind: str) -> Value:
    if kind == "bool":
        return text == "true"
    if kind == "int":
        return int(text)
    return date.fromisoformat(text) if kind == "date" else text


def _deaths(papers: Papers) -> Iterator[Asserted]:
    """A death with its cause as far as found; a cause nobody has found is put before a person ("other")."""
    causes = sorted((f for f in papers.findings if f.kind == "death-cause"), key=lambda f: f.known_from)
    for row in papers.told:
        if row.kind != "death":
            continue
        begin, cause = row.recorded_at, "other"
        for found in causes:
            yield from _died(row, cause, begin, found.known_from)
            begin, cause = max(begin, found.known_from), found.content["cause"]
            if found.known_to is not None:
                yield from _died(row, cause, begin, found.known_to)
                begin, cause = max(begin, found.known_to), "other"
        yield from _died(row, cause, begin, None)


def _died(row: Told, cause: str, begin: datetime, end: datetime | None) -> Iterator[Asserted]:
    ends = [each for each in (end, row.superseded_at) if each is not None]
    until = min(ends) if ends else None
    if until is None or begin < until:
        told: DeathCause = (
            "illness" if cause == "illness" else "old-wound" if cause == "old-wound" else "other"
        )
        yield Asserted(Death(row.valid_from, told), begin, until)


def _rated(award: HeldAward, ratings: Sequence[Told], discharged: date | None) -> Iterator[Asserted]:
    """An award of the disability pension follows the ratings on file: each is an approval of its own."""
    starts = {row.valid_from for row in ratings}
    for row in ratings:
        begin = max(award.granted_at, row.recorded_at)
        ends = [each for each in (award.annulled_at, row.superseded_at) if each is not None]
        end = min(ends) if ends else None
        if end is not None and end <= begin:
            continue
        in_service = discharged is None or row.valid_from <= discharged
        details: dict[str, Value] = {
            **award.details,
            "disability_grade": row.values[0],
            "disability_cause": row.values[1],
            "rated_in_service": in_service,
            "approved_by": "army" if in_service else "province",
        }
        event = Award(
            f"{award.ref}/{row.id}", RATED, award.category, row.valid_from, details, award.applied_on
        )
        yield Asserted(event, begin, end)
        if row.valid_to is not None and row.valid_to not in starts:
            yield Asserted(Cancellation(row.valid_to, "残疾等级终止", RATED), begin, end)


def _found(finding: Finding) -> Iterator[Event]:
    if finding.kind == "pair":
        schemes = frozenset((finding.content["one"], finding.content["other"]))
        yield Ruling(schemes, finding.content["rule"], finding.document, finding.since)
    elif finding.kind == "confirmation":
        done = finding.content.get("confirmed_on")
        yield Confirmation(finding.since, date.fromisoformat(done) if done else None)
