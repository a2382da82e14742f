"""专项督导, acted: tasks opened, reported on, checked, ordered to be put right, escalated; clues noted.

Every step is a row with a name and a reason, and an event. The task's row is held while a step is taken: of
two at one moment the second is judged by where the first has led.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.utils.timezone import localtime

from rongjun.access.api import Actor
from rongjun.audit import api as audit
from rongjun.benefits.logic.supervision import (
    ARTICLE_57_SINCE,
    CHECK,
    CLOSED,
    CLUE,
    ESCALATE,
    LADDER,
    OPEN,
    ORDER,
    OUTCOMES,
    OWED_BY_CITY,
    REPORT,
    STATES,
    TASKED,
    WITHDRAW,
    order_was_ignored,
    state_after,
    steps_open,
)
from rongjun.benefits.models import Duty, SupervisionStep, SupervisionTask
from rongjun.benefits.queries import supervision as queries
from rongjun.files import api as files
from rongjun.kernel.errors import Refused
from rongjun.rules.api import Book

REPORTS, DIRECTS = "supervision.report", "supervision.direct"
PROOF = "delivery"


@dataclass(frozen=True, slots=True)
class Opened:
    """A round: how many tasks it opened, and how many items were left because a task is open there."""

    round: UUID
    opened: int
    left: int


def open_round(
    codes: Collection[str],
    counties: Collection[int],
    *,
    book: Book,
    title: str,
    reason: str,
    report_by: date,
    by: Actor,
    now: datetime,
    today: date,
) -> Opened:
    """Ask after these benefits in these counties at once; each gets a task, unless one is open there.

    Refused("supervision.may-not-direct"), ("supervision.nothing-chosen") when there is nothing in force or
    no county in scope among them, ("supervision.words-missing"), ("supervision.no-numbers"),
    ("supervision.date-not-ahead"), ("supervision.already-open") when each of them has an open task.
    """
    _require(by, DIRECTS)
    name, why = _words(title, least=2, most=80), _words(reason)
    _refuse_past(report_by, today=today)
    known = [code for code, _ in queries.supervised_counties(by.scope, on=today) if code in counties]
    found = queries.items(book, counties=known, on=today, codes=frozenset(codes) & frozenset(book.benefits))
    if not found:
        raise Refused("supervision.nothing-chosen")
    number = uuid4()
    rows = [
        SupervisionTask(
            id=uuid4(),
            round=number,
            title=name,
            code=item.code,
            benefit=item.title[:120],
            division=item.division,
            unit=item.responsible.unit,
            expected=item.responsible.expected,
            state=TASKED,
            due_on=report_by,
            opened_by=by.text,
            opened_at=now,
        )
        for item in found
    ]
    with transaction.atomic():
        # Where another opened a task a moment ago, the index on open tasks leaves ours out.
        SupervisionTask.objects.bulk_create(rows, ignore_conflicts=True)
        kept = set(SupervisionTask.objects.filter(round=number).values_list("id", flat=True))
        opened = [row for row in rows if row.id in kept]
        if not opened:
            raise Refused("supervision.already-open")
        SupervisionStep.objects.bulk_create(
            SupervisionStep(
                task=row, division=row.division, kind=OPEN, said=why, due_on=report_by, by=by.text, at=now
            )
            for row in opened
        )
        for county, count in Counter(row.division for row in opened).items():
            _note(
                "supervision.tasks-opened",
                [_about(row.id) for row in opened if row.division == county],
                division=county,
                detail={"round": str(number), "count": count, "report_by": report_by.isoformat()},
                by=by,
                now=now,
            )
    return Opened(number, len(opened), len(rows) - len(opened))


def name_unit(
    code: str,
    county: int,
    *,
    book: Book,
    unit: str,
    expected: str,
    reason: str,
    by: Actor,
    now: datetime,
    today: date,
) -> None:
    """Name the unit that answers for a benefit in a county, what it has to show, and by which document.

    Open tasks keep the unit they were given. Refused("supervision.may-not-direct"),
    ("supervision.nothing-chosen"), ("supervision.words-missing"), ("supervision.no-numbers").
    """
    _require(by, DIRECTS)
    if code not in book.benefits or county not in dict(queries.supervised_counties(by.scope, on=today)):
        raise Refused("supervision.nothing-chosen")
    said = {
        "unit": _words(unit, least=2, most=80),
        "expected": _words(expected, most=200),
        "reason": _words(reason, most=500),
    }
    with transaction.atomic():
        row = Duty.objects.create(code=code, division=county, named_by=by.text, named_at=now, **said)
        detail = {"duty": row.pk}
        _note("supervision.unit-named", f"benefit:{code}", division=county, detail=detail, by=by, now=now)


def report_delivery(
    task: UUID,
    *,
    said: str,
    papers: Sequence[tuple[str, bytes]],
    by: Actor,
    now: datetime,
    today: date,
) -> None:
    """The unit says how it delivers, or that it has put things right, and shows proof (name, content).

    Refused("supervision.no-such-task"), ("supervision.may-not-report"), ("supervision.step-not-now"),
    ("supervision.words-missing"), ("supervision.no-numbers"), ("supervision.proof-missing"), or as
    `files.store_upload` refuses a paper.
    """
    _require(by, REPORTS)
    words = _words(said)
    if not papers:
        raise Refused("supervision.proof-missing")
    row = _in_sight(task)
    _refuse_step(row, REPORT, today=today)
    # Outside the transaction: that a paper came and was refused is kept, and so is one of a lost race.
    proof = [
        files.store_upload(
            content,
            file_name=name,
            kind=PROOF,
            about=_about(row.id),
            division=row.division,
            by=by,
            now=now,
            purpose="督导佐证",
        )
        for name, content in papers
    ]
    with transaction.atomic():
        row = _held(task)
        row.reported_by = by.text
        _take(row, REPORT, said=words, proof=[str(each) for each in proof], by=by, now=now, today=today)
        for each in proof:
            files.link_upload(each, about=_about(row.id), by=by, now=now)


def check_delivery(
    task: UUID,
    *,
    outcome: str,
    happened_on: date,
    place: str,
    said: str,
    by: Actor,
    now: datetime,
    today: date,
) -> None:
    """A spot check of what a unit reported, or the check of what it put right, by somebody else.

    Refused("supervision.may-not-direct"), ("supervision.no-such-task"), ("supervision.step-not-now"),
    ("supervision.check-by-two") for whoever reported, ("supervision.outcome-missing"),
    ("supervision.day-unfit") for a day to come or before the task, ("supervision.words-missing"),
    ("supervision.no-numbers").
    """
    _require(by, DIRECTS)
    if outcome not in OUTCOMES:
        raise Refused("supervision.outcome-missing")
    words, where = _words(said), _words(place, least=2, most=120)
    with transaction.atomic():
        row = _held(task)
        if row.reported_by == by.text:
            raise Refused("supervision.check-by-two")
        _refuse_unfit_day(happened_on, row, today=today)
        given: dict[str, Any] = {"happened_on": happened_on, "place": where, "decides_over": row.reported_by}
        _take(row, CHECK, outcome=outcome, said=words, by=by, now=now, today=today, **given)


def order_correction(task: UUID, *, said: str, due_on: date, by: Actor, now: datetime, today: date) -> None:
    """Order the unit to put things right by a day (责令限期整改).

    Refused("supervision.may-not-direct"), ("supervision.no-such-task"), ("supervision.step-not-now"),
    ("supervision.date-not-ahead"), ("supervision.words-missing"), ("supervision.no-numbers").
    """
    _require(by, DIRECTS)
    words = _words(said)
    _refuse_past(due_on, today=today)
    with transaction.atomic():
        row = _held(task)
        _take(row, ORDER, said=words, due_on=due_on, by=by, now=now, today=today)


def escalate_task(
    task: UUID, *, whom: str, said: str, due_on: date, by: Actor, now: datetime, today: date
) -> None:
    """Take the matter one rung up, to somebody by name, with a new day for the unit.

    Refused as `order_correction`, and ("supervision.whom-missing").
    """
    _require(by, DIRECTS)
    words, name = _words(said), " ".join(whom.split())
    if not 2 <= len(name) <= 80:
        raise Refused("supervision.whom-missing")
    _refuse_numbers(name)
    _refuse_past(due_on, today=today)
    with transaction.atomic():
        row = _held(task)
        given: dict[str, Any] = {"whom": name, "level": row.level + 1, "due_on": due_on}
        _take(row, ESCALATE, said=words, by=by, now=now, today=today, **given)


def record_clue(task: UUID, *, conduct_on: date, said: str, by: Actor, now: datetime, today: date) -> None:
    """Note that conduct of a unit may be punishable (条例 57); who punishes decides that elsewhere.

    Refused("supervision.may-not-direct"), ("supervision.no-such-task"), ("supervision.clue-too-early") for
    conduct before the Regulation, ("supervision.day-unfit") for a day to come,
    ("supervision.clue-without-order") unless an order was not followed in its time,
    ("supervision.words-missing"), ("supervision.no-numbers").
    """
    _require(by, DIRECTS)
    words = _words(said)
    if conduct_on < ARTICLE_57_SINCE:
        raise Refused(
            "supervision.clue-too-early", day=conduct_on.isoformat(), since=ARTICLE_57_SINCE.isoformat()
        )
    with transaction.atomic():
        row = _held(task)
        if conduct_on > today:
            raise Refused("supervision.day-unfit", earliest=ARTICLE_57_SINCE.isoformat())
        if not order_was_ignored(queries.standing_of(row), on=today):
            raise Refused("supervision.clue-without-order")
        _take(row, CLUE, said=words, happened_on=conduct_on, by=by, now=now, today=today)


def withdraw_task(task: UUID, *, said: str, by: Actor, now: datetime, today: date) -> None:
    """Take back a task nobody has reported on, for a reason.

    Refused("supervision.may-not-direct"), ("supervision.no-such-task"), ("supervision.step-not-now"),
    ("supervision.words-missing"), ("supervision.no-numbers").
    """
    _require(by, DIRECTS)
    words = _words(said)
    with transaction.atomic():
        row = _held(task)
        _take(row, WITHDRAW, said=words, by=by, now=now, today=today)


def note_taken_out(what: str, *, rows: int, by: Actor, now: datetime, source: str) -> None:
    """A list of items was taken out as a file."""
    audit.note(
        "supervision.list-exported",
        by=by.text,
        role=by.role,
        division=by.division,
        detail={"rows": rows, "form": what},
        source=source,
        at=now,
    )


# --- what they are made of ----------------------------------------------------------------------------------


def _take(
    row: SupervisionTask,
    step: str,
    *,
    said: str,
    by: Actor,
    now: datetime,
    today: date,
    outcome: str = "",
    due_on: date | None = None,
    **given: Any,
) -> None:
    """Take a step that may follow: the task moves, the step is kept, the event noted."""
    _refuse_step(row, step, today=today)
    row.state = state_after(row.state, step, outcome)
    row.ordered = row.ordered or step == ORDER
    row.level = given.get("level", row.level)
    if step != CLUE:
        row.due_on = _owed_by(row.state, due_on, today=today)
    row.save(update_fields=["state", "due_on", "level", "ordered", "reported_by"])
    kept = SupervisionStep.objects.create(
        task=row,
        division=row.division,
        kind=step,
        outcome=outcome,
        said=said,
        due_on=due_on,
        by=by.text,
        at=now,
        **given,
    )
    detail = {"step": kept.pk, "outcome": outcome, "state": row.state}
    _note(_EVENTS[step], _about(row.id), division=row.division, detail=detail, by=by, now=now)


_EVENTS = {
    REPORT: "supervision.delivery-reported",
    CHECK: "supervision.delivery-checked",
    ORDER: "supervision.correction-ordered",
    ESCALATE: "supervision.task-escalated",
    CLUE: "supervision.clue-recorded",
    WITHDRAW: "supervision.task-withdrawn",
}


def _owed_by(state: str, due_on: date | None, *, today: date) -> date | None:
    """By when the next step is owed: the day just set, or the city's own days for its check."""
    if state in CLOSED:
        return None
    if state in OWED_BY_CITY:
        return today + timedelta(days=settings.SUPERVISION_CHECK_DAYS)
    assert due_on, "a unit is always told by when"
    return due_on


def _in_sight(task: UUID) -> SupervisionTask:
    row = SupervisionTask.objects.filter(pk=task).first()
    if row is None:
        raise Refused("supervision.no-such-task")
    return row


def _held(task: UUID) -> SupervisionTask:
    row = SupervisionTask.objects.select_for_update().filter(pk=task).first()
    if row is None:
        raise Refused("supervision.no-such-task")
    return row


def _require(by: Actor, permission: str) -> None:
    if by.may(permission):
        return
    if permission == REPORTS:
        raise Refused("supervision.may-not-report")
    raise Refused("supervision.may-not-direct")


def _refuse_step(row: SupervisionTask, step: str, *, today: date) -> None:
    if row.level >= len(LADDER) and step == ESCALATE:
        raise Refused("supervision.no-higher-level", last=LADDER[-1][1])
    if step not in steps_open(queries.standing_of(row), on=today):
        raise Refused("supervision.step-not-now", state=STATES[row.state])


def _refuse_past(day: date, *, today: date) -> None:
    if day <= today:
        raise Refused("supervision.date-not-ahead")


def _refuse_unfit_day(day: date, row: SupervisionTask, *, today: date) -> None:
    opened = localtime(row.opened_at).date()
    if not opened <= day <= today:
        raise Refused("supervision.day-unfit", earliest=opened.isoformat())


def _words(text: str, *, least: int = 4, most: int = 1000) -> str:
    words = " ".join(text.split())
    if not least <= len(words) <= most:
        raise Refused("supervision.words-missing", least=least, most=most)
    _refuse_numbers(words)
    return words


def _refuse_numbers(text: str) -> None:
    """Units and conduct are told without anybody's number: these pages have no masks."""
    if audit.looks_personal(text):
        raise Refused("supervision.no-numbers")


def _about(task: UUID) -> str:
    return f"supervision-task:{task}"


def _note(
    event: str,
    about: str | list[str],
    *,
    division: int,
    detail: dict[str, Any],
    by: Actor,
    now: datetime,
) -> None:
    audit.note(event, by=by.text, role=by.role, about=about, division=division, detail=detail, at=now)
