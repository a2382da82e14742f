"""专项督导, read: every benefit in force in every county with its unit, its task, its last check, its light.

What is late is found here, at the moment of reading; no job marks anything.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.conf import settings

from rongjun.access.api import Scope
from rongjun.benefits.logic.supervision import (
    CHECK,
    EXPECTED,
    SOUND,
    WITHDRAWN,
    Days,
    Standing,
    Tally,
    light_of,
    steps_open,
    tally,
)
from rongjun.benefits.models import Duty, SupervisionStep, SupervisionTask
from rongjun.kernel.identifiers import Level
from rongjun.places import api as places
from rongjun.rules.api import Benefit, Book

Key = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Responsible:
    """责任单位 of a benefit in a county; unnamed while only the policy file says who provides it."""

    unit: str
    expected: str
    is_named: bool


@dataclass(frozen=True, slots=True)
class Check:
    """The last check of an item: when, and what was found."""

    on: date
    outcome: str


@dataclass(frozen=True, slots=True)
class Item:
    """One benefit in one county: who answers for it, how it stands, its light on the day asked for."""

    code: str
    title: str
    area: str
    division: int
    responsible: Responsible
    standing: Standing
    light: str
    is_late: bool
    task: UUID | None
    round_title: str
    checked: Check | None


@dataclass(frozen=True, slots=True)
class StepLine:
    """One step of a task, as it was taken."""

    kind: str
    outcome: str
    said: str
    happened_on: date | None
    place: str
    due_on: date | None
    whom: str
    level: int
    proof: tuple[UUID, ...]
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class TaskFile:
    """A task with its history, the newest step first, and the steps that may follow now."""

    id: UUID
    title: str
    code: str
    benefit: str
    division: int
    unit: str
    expected: str
    standing: Standing
    light: str
    is_late: bool
    reported_by: str
    opened_at: datetime
    steps: tuple[StepLine, ...]
    may_follow: frozenset[str]


def days() -> Days:
    """The days the lights go by."""
    return Days(soon=settings.SUPERVISION_SOON_DAYS, fresh=settings.SUPERVISION_FRESH_DAYS)


def supervised_counties(scope: Scope, *, on: date) -> list[tuple[int, str]]:
    """Code and name of the counties in a scope, which are what is supervised."""
    return places.divisions_within(scope.lo, scope.hi, level=Level.COUNTY, on=on)


def items(
    book: Book, *, counties: Iterable[int], on: date, codes: Collection[str] | None = None
) -> list[Item]:
    """Every benefit in force in each of these counties, or some of them, by county and then by the book.

    A benefit the book has no more is listed while a task about it was opened here.
    """
    wanted = list(counties)
    told = {benefit.code: benefit for benefit, _ in book.in_force(on=on)}
    tasks, checks, duties = _newest_tasks(wanted), _last_checks(wanted), _duties(wanted)
    keys = [(code, county) for county in wanted for code in told]
    keys += [key for key in tasks if key[0] not in told]
    return [
        _item(key, told.get(key[0]), tasks.get(key), checks.get(key), duties.get(key), on=on)
        for key in keys
        if codes is None or key[0] in codes
    ]


def tallies(found: Iterable[Item], *, on: date) -> dict[int, Tally]:
    """The figures of each county among the items."""
    by_county: dict[int, list[Standing]] = {}
    for item in found:
        by_county.setdefault(item.division, []).append(item.standing)
    return {county: tally(standings, on=on, days=days()) for county, standings in by_county.items()}


def task_file(task: UUID, *, on: date) -> TaskFile | None:
    """One task in scope with its history; None when there is none."""
    row = SupervisionTask.objects.filter(pk=task).first()
    if row is None:
        return None
    check = _last_checks([row.division], code=row.code).get((row.code, row.division))
    standing = standing_of(row, check)
    return TaskFile(
        id=row.id,
        title=row.title,
        code=row.code,
        benefit=row.benefit,
        division=row.division,
        unit=row.unit,
        expected=row.expected,
        standing=standing,
        light=light_of(standing, on=on, days=days()),
        is_late=standing.is_late(on=on),
        reported_by=row.reported_by,
        opened_at=row.opened_at,
        steps=tuple(_step_line(step) for step in row.steps.order_by("-id")),
        may_follow=steps_open(standing, on=on),
    )


def responsible_for(benefit: Benefit, county: int, *, on: date) -> Responsible:
    """Who answers for a benefit in a county."""
    return _responsible(benefit, _duties([county]).get((benefit.code, county)), on=on)


def standing_of(row: SupervisionTask, check: Check | None = None) -> Standing:
    """A task's standing, in plain values."""
    sound_on = check.on if check and check.outcome == SOUND else None
    return Standing(row.state, row.due_on, row.level, row.ordered, sound_on)


def _item(
    key: Key,
    benefit: Benefit | None,
    row: SupervisionTask | None,
    check: Check | None,
    duty: Duty | None,
    *,
    on: date,
) -> Item:
    standing = standing_of(row, check) if row else Standing()
    if benefit:
        title, area, responsible = benefit.title, benefit.area, _responsible(benefit, duty, on=on)
    else:
        assert row, "a benefit outside the book is listed for its task"
        title, area, responsible = row.benefit, "", Responsible(row.unit, row.expected, is_named=True)
    return Item(
        code=key[0],
        title=title,
        area=area,
        division=key[1],
        responsible=responsible,
        standing=standing,
        light=light_of(standing, on=on, days=days()),
        is_late=standing.is_late(on=on),
        task=row.id if row else None,
        round_title=row.title if row else "",
        checked=check,
    )


def _responsible(benefit: Benefit, duty: Duty | None, *, on: date) -> Responsible:
    if duty:
        return Responsible(duty.unit, duty.expected, is_named=True)
    version = benefit.version(on=on) or benefit.versions[-1]
    return Responsible(benefit.provider, EXPECTED[version.grant.way], is_named=False)


def _newest_tasks(counties: Collection[int]) -> dict[Key, SupervisionTask]:
    """Of each item the newest task; one that was withdrawn is as if it had not been opened."""
    rows = SupervisionTask.objects.filter(division__in=counties).exclude(state=WITHDRAWN)
    newest = rows.order_by("code", "division", "-opened_at").distinct("code", "division")
    return {(row.code, row.division): row for row in newest}


def _last_checks(counties: Collection[int], *, code: str = "") -> Mapping[Key, Check]:
    rows = SupervisionStep.objects.filter(kind=CHECK, division__in=counties)
    if code:
        rows = rows.filter(task__code=code)
    newest = rows.order_by("task__code", "division", "-id").distinct("task__code", "division")
    told = newest.values_list("task__code", "division", "happened_on", "outcome")
    return {(each, county): Check(day, outcome) for each, county, day, outcome in told if day}


def _duties(counties: Collection[int]) -> dict[Key, Duty]:
    rows = Duty.objects.filter(division__in=counties)
    newest = rows.order_by("code", "division", "-id").distinct("code", "division")
    return {(row.code, row.division): row for row in newest}


def _step_line(step: SupervisionStep) -> StepLine:
    return StepLine(
        kind=step.kind,
        outcome=step.outcome,
        said=step.said,
        happened_on=step.happened_on,
        place=step.place,
        due_on=step.due_on,
        whom=step.whom,
        level=step.level,
        proof=tuple(UUID(each) for each in step.proof),
        by=step.by,
        at=step.at,
    )
