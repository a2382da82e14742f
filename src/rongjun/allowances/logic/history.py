"""A person's history as assertions with two times, and what of it was known at a moment.

Dates inside an event say when it was so; `recorded_at` and `superseded_at` say when we knew it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, TypeAlias, TypeVar

from rongjun.allowances.logic.service import Service
from rongjun.rules.api import Value

T = TypeVar("T")
DeathCause = Literal["illness", "old-wound", "other"]


@dataclass(frozen=True, slots=True)
class Award:
    """A scheme granted: an approval, a confirmation, or a changed rating.

    `category` is one of the scheme's; `details` are facts fixed by this award (grade, cause, who approved).
    A later award of the same scheme takes the place of the earlier one from its own first month.
    """

    ref: str
    scheme: str
    category: str
    approved_on: date
    details: Mapping[str, Value] = field(default_factory=dict)
    applied_on: date | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact with its days: from `since` up to, not including, `until`."""

    name: str
    value: Value
    since: date
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Death:
    """The person died; a declaration of death counts until it is superseded."""

    died_on: date
    cause: DeathCause = "illness"


@dataclass(frozen=True, slots=True)
class Suspension:
    """Rights suspended by the province (待遇中止); `restored_on` is the county's confirmation afterwards.

    Without `document` (the province's decision) nothing may be carried out.
    """

    event_on: date
    why: str
    document: str | None = None
    restored_on: date | None = None


@dataclass(frozen=True, slots=True)
class Cancellation:
    """An entitlement ended for good from the month after `on`; `scheme` None means all of them."""

    on: date
    why: str
    scheme: str | None = None
    document: str | None = None


@dataclass(frozen=True, slots=True)
class Confirmation:
    """The yearly confirmation (年度确认): the notice given for want of it, and the day it was made."""

    notified_on: date
    confirmed_on: date | None = None


@dataclass(frozen=True, slots=True)
class Residence:
    """Where the household is registered and pensions were transferred to: a 12-digit division."""

    division: int
    since: date


@dataclass(frozen=True, slots=True)
class Handover:
    """Discharged or handed over: the forces pay until December of that year."""

    on: date
    applied_on: date | None = None


@dataclass(frozen=True, slots=True)
class Ruling:
    """An officer's decision how two schemes meet in this person, where no rule says so."""

    schemes: frozenset[str]
    rule: str
    document: str
    since: date


Event: TypeAlias = (
    Award | Fact | Death | Suspension | Cancellation | Confirmation | Residence | Handover | Ruling | Service
)


@dataclass(frozen=True, slots=True)
class Asserted:
    """One event as we came to know it; None means known from the beginning, or still."""

    event: Event
    recorded_at: datetime | None = None
    superseded_at: datetime | None = None

    def is_known(self, at: datetime) -> bool:
        """Whether this was what we knew at a moment."""
        known = self.recorded_at is None or self.recorded_at <= at
        return known and (self.superseded_at is None or at < self.superseded_at)


@dataclass(frozen=True, slots=True)
class Past:
    """What was known of one person at a moment; the order in which it was told leaves no trace."""

    awards: tuple[Award, ...]
    facts: Mapping[str, tuple[Fact, ...]]
    death: Death | None
    suspensions: tuple[Suspension, ...]
    cancellations: tuple[Cancellation, ...]
    confirmations: tuple[Confirmation, ...]
    residences: tuple[Residence, ...]
    handover: Handover | None
    services: tuple[Service, ...]
    rulings: tuple[Ruling, ...]

    def facts_on(self, day: date) -> dict[str, Value]:
        """Every dated fact as it was on a day; the later of two that overlap counts."""
        found: dict[str, Value] = {}
        for name, periods in self.facts.items():
            for period in periods:
                if period.since > day:
                    break
                if period.until is None or day < period.until:
                    found[name] = period.value
        return found


def known_past(history: Iterable[Asserted], *, at: datetime) -> Past:
    """The part of a history that was known at a moment, in an order of its own."""
    events = [each.event for each in history if each.is_known(at)]
    deaths = sorted(_of(events, Death), key=lambda death: (death.died_on, death.cause))
    handovers = sorted(_of(events, Handover), key=lambda each: each.on)
    return Past(
        awards=tuple(sorted(_of(events, Award), key=_award_order)),
        facts=_facts(_of(events, Fact)),
        death=deaths[0] if deaths else None,
        suspensions=tuple(sorted(_of(events, Suspension), key=_suspension_order)),
        cancellations=tuple(sorted(_of(events, Cancellation), key=lambda c: (c.on, c.why, c.scheme or ""))),
        confirmations=tuple(
            sorted(_of(events, Confirmation), key=lambda c: (c.notified_on, c.confirmed_on or date.max))
        ),
        residences=tuple(sorted(set(_of(events, Residence)), key=lambda r: (r.since, r.division))),
        handover=handovers[-1] if handovers else None,
        services=tuple(sorted(set(_of(events, Service)), key=lambda s: (s.start, s.end))),
        rulings=tuple(sorted(_of(events, Ruling), key=lambda r: (r.since, r.document, r.rule))),
    )


def _award_order(award: Award) -> tuple[date, str, str, str]:
    told = ",".join(f"{name}={award.details[name]}" for name in sorted(award.details))
    return award.approved_on, award.ref, award.category, told


def _suspension_order(suspension: Suspension) -> tuple[date, str, date]:
    return suspension.event_on, suspension.why, suspension.restored_on or date.max


def _facts(periods: list[Fact]) -> Mapping[str, tuple[Fact, ...]]:
    byname: dict[str, list[Fact]] = {}
    for period in sorted(periods, key=lambda f: (f.name, f.since, f.until or date.max, str(f.value))):
        byname.setdefault(period.name, []).append(period)
    return {name: tuple(found) for name, found in byname.items()}


def _of(events: list[Event], kind: type[T]) -> list[T]:
    return [event for event in events if isinstance(event, kind)]
