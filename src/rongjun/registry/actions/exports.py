"""Lists taken out of the house: few people with a reason, many with a second approval, each with a mark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

from django.db import transaction
from django.utils import timezone

from rongjun.access.api import Actor
from rongjun.audit import api as audit
from rongjun.kernel.errors import Refused
from rongjun.places import api as places
from rongjun.registry.export_sheet import Mark, people_sheet
from rongjun.registry.models import ExportRequest
from rongjun.registry.queries import PersonLine, count_matching, everybody_matching
from rongjun.registry.queries.privacy import export_number

# So many people one event names; ten thousand in one row would be hard to read and to index.
NAMED_TOGETHER = 500
# A workbook of more is neither read nor made in reasonable time.
LARGEST = 20_000


@dataclass(frozen=True, slots=True)
class Taken:
    """A workbook on its way to whoever asked, and nowhere else."""

    number: str
    content: bytes
    people: int


def take_list(text: str, *, reason: str, most: int, by: Actor, now: datetime, day: date) -> Taken:
    """The list as the page shows it, as a workbook; who is on it is in the evidence.

    Refused("registry.export-reason-missing") without a reason, "registry.export-empty" of nobody,
    "registry.export-needs-approval" of more people than one may take alone.
    """
    reason = _reason(reason)
    with transaction.atomic():
        count = count_matching(text)
        if count > most:
            raise Refused("registry.export-needs-approval", people=count, most=most)
        lines = everybody_matching(text, on=day, known_at=now)
        _refuse_empty(lines)
        return _take(uuid4(), lines, reason=reason, by=by, now=now, day=day)


def request_export(text: str, *, reason: str, by: Actor, now: datetime) -> UUID:
    """Ask for a list that needs a second person.

    Refused as in `take_list`, "registry.no-numbers-here" when the search could be somebody's number, and
    "registry.export-too-many" of more than a workbook should hold.
    """
    reason = _reason(reason)
    if audit.looks_personal(text):
        raise Refused("registry.no-numbers-here")
    with transaction.atomic():
        count = count_matching(text)
        if not count:
            raise Refused("registry.export-empty")
        if count > LARGEST:
            raise Refused("registry.export-too-many", people=count, most=LARGEST)
        row = ExportRequest.objects.create(
            division=by.division,
            sought=text.strip()[:50],
            people=count,
            reason=reason,
            requested_at=now,
            requested_by=by.text,
        )
        _note("registry.export-requested", row, by=by, now=now)
    return row.id


def decide_export(
    request: UUID, *, approve: bool, words: str, open_for: timedelta, by: Actor, now: datetime
) -> None:
    """Approve or refuse somebody else's request; an approved one can be taken once, for so long.

    Refused("registry.export-decided") when it is not there or decided, "registry.export-own-request" of one's
    own (the database says so, too), "registry.export-reason-missing" for a refusal without a word.
    """
    if not approve:
        words = _reason(words)
    with transaction.atomic():
        row = ExportRequest.objects.select_for_update().filter(pk=request, state="waiting").first()
        if row is None:
            raise Refused("registry.export-decided")
        if row.requested_by == by.text:
            raise Refused("registry.export-own-request")
        ExportRequest.objects.filter(pk=row.pk).update(
            state="approved" if approve else "refused",
            decided_at=now,
            decided_by=by.text,
            decision=words.strip()[:200],
            open_until=now + open_for if approve else None,
        )
        _note("registry.export-approved" if approve else "registry.export-refused", row, by=by, now=now)


def take_approved(request: UUID, *, by: Actor, now: datetime, day: date) -> Taken:
    """The approved list, once, to whoever asked for it, made at this moment and kept nowhere.

    Refused("registry.export-not-open") for anybody else, a second time, after its time, from another division
    than it was asked for, or when it has grown beyond what was approved.
    """
    with transaction.atomic():
        mine = ExportRequest.objects.filter(
            pk=request, state="approved", requested_by=by.text, division=by.division, open_until__gte=now
        )
        row = mine.first()
        if row is None or not _claim(row, now=now):
            raise Refused("registry.export-not-open")
        lines = everybody_matching(row.sought, on=day, known_at=now)
        if not 0 < len(lines) <= row.people:
            raise Refused("registry.export-not-open")
        return _take(row.pk, lines, reason=row.reason, by=by, now=now, day=day)


def _claim(row: ExportRequest, *, now: datetime) -> bool:
    # The update is the lock: of two downloads at once the second finds nothing to take.
    return bool(ExportRequest.objects.filter(pk=row.pk, state="approved").update(state="taken", taken_at=now))


def _take(
    request: UUID, lines: Sequence[PersonLine], *, reason: str, by: Actor, now: datetime, day: date
) -> Taken:
    number = export_number(request)
    parts = [lines[at : at + NAMED_TOGETHER] for at in range(0, len(lines), NAMED_TOGETHER)]
    for part, named in enumerate(parts, start=1):
        audit.note_read(
            [f"person:{line.id}" for line in named],
            event="registry.people-exported",
            by=by.text,
            role=by.role,
            purpose=reason,
            division=by.division,
            detail={"export": number, "part": part, "parts": len(parts), "people": len(lines)},
            at=now,
        )
    at = timezone.localtime(now).strftime("%Y-%m-%d %H:%M")
    mark = Mark(by.name, by.login, by.division_label, at, number)
    stations = places.paths_of({line.division for line in lines}, on=day)
    return Taken(number, people_sheet(lines, stations=stations, on=day, mark=mark, reason=reason), len(lines))


def _note(event: str, row: ExportRequest, *, by: Actor, now: datetime) -> None:
    audit.note(
        event,
        by=by.text,
        role=by.role,
        about=f"export:{row.pk}",
        purpose=row.reason,
        division=row.division,
        detail={"people": row.people, "export": export_number(row.pk)},
        at=now,
    )


def _refuse_empty(lines: Sequence[PersonLine]) -> None:
    if not lines:
        raise Refused("registry.export-empty")


def _reason(text: str) -> str:
    reason = text.strip()[:200]
    if len(reason) < 4:
        raise Refused("registry.export-reason-missing")
    if audit.looks_personal(reason):
        raise Refused("registry.no-numbers-here")
    return reason
