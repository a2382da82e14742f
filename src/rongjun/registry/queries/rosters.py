"""Reads of rosters handed in, and what became of their rows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Count, F, QuerySet, Sum
from django.db.models.functions import TruncDate

from rongjun.audit.api import keys
from rongjun.kernel.balance import Balance
from rongjun.kernel.words import translatable
from rongjun.registry.models import (
    CutoverImport,
    ImportedRow,
    RosterImport,
)
from rongjun.registry.queries.covered import SEAL
from rongjun.registry.queries.privacy import closed_among
from rongjun.registry.rights import covered_name


class ReportRow(NamedTuple):
    """What became of one row; `name` is "" for a refused row and for a person since moved out of scope."""

    number: int
    outcome: str
    person: UUID | None
    name: str
    faults: tuple[dict[str, str], ...]


class RefusedRow(NamedTuple):
    """A refused row as it stood in the file, unmasked, with its faults."""

    number: int
    values: dict[str, str]
    faults: tuple[dict[str, str], ...]


@dataclass(frozen=True, slots=True)
class RosterReport:
    """What became of a file. total = opened + unchanged + refused + waiting; some refused since corrected."""

    id: UUID
    file_name: str
    uploaded_at: datetime
    uploaded_by: str
    total: int
    opened: int
    unchanged: int
    refused: int
    waiting: int = 0
    corrected: int = 0
    rows: tuple[ReportRow, ...] = ()
    mended: frozenset[int] = frozenset()  # numbers of refused rows that a later import has loaded


def import_of(file_digest: bytes, *, division: int) -> UUID | None:
    """The import of this very file for this division, if there was one."""
    handed_in = RosterImport.objects.filter(file_digest=file_digest, division=division)
    return handed_in.values_list("id", flat=True).first()


def loaded_rows(roster: UUID, people: Sequence[UUID]) -> dict[UUID, int]:
    """Which of these people an import has loaded already, and from which row first."""
    kept = ImportedRow.objects.filter(roster_id=roster, person_id__in=list(people))
    return {row.person_id: row.row for row in kept.order_by("-row").only("person_id", "row") if row.person_id}


def reports() -> list[RosterReport]:
    """The last hundred files handed in within scope, newest first."""
    rows = list(RosterImport.objects.order_by("-uploaded_at", "id")[:100])
    mended = _corrected([row.pk for row in rows])
    return [_report(row, (), corrected=mended.get(row.pk, 0)) for row in rows]


def report(roster: UUID) -> RosterReport | None:
    """One file; with what became of each row as soon as none waits. None out of scope."""
    row = RosterImport.objects.filter(pk=roster).first()
    if row is None:
        return None
    if row.waiting:
        return _report(row, (), corrected=0)
    kept = ImportedRow.objects.filter(roster=row).order_by("row")
    listed = list(kept.values_list("row", "outcome", "person_id", "person__name", "faults"))
    closed = closed_among(person for _n, _o, person, _name, _f in listed if person)
    rows = tuple(
        ReportRow(n, o, person, covered_name(name) if person in closed else name or "", tuple(f))
        for n, o, person, name, f in listed
    )
    mended = frozenset(kept.exclude(corrected=None).values_list("row", flat=True))
    return replace(_report(row, rows, corrected=len(mended)), mended=mended)


def refused_rows(roster: UUID) -> list[RefusedRow]:
    """What stood in refused rows that no later import has corrected. The caller logs the read."""
    kept = ImportedRow.objects.filter(roster_id=roster, outcome="refused").exclude(original_sealed=None)
    return [RefusedRow(row.row, json.loads(_opened(row)), tuple(row.faults)) for row in kept.order_by("row")]


def _opened(row: ImportedRow) -> bytes:
    return keys().open(SEAL, bytes(row.original_sealed or b""), row_place(row.roster_id, row.row))


def row_place(roster: UUID, row: int) -> bytes:
    """What a refused row's sealed cells are bound to."""
    return b"registry:roster-row:" + roster.bytes + row.to_bytes(4, "big")


def _corrected(rosters: Sequence[UUID]) -> dict[UUID, int]:
    kept = ImportedRow.objects.filter(roster_id__in=rosters).exclude(corrected=None)
    return dict(kept.values_list("roster_id").annotate(Count("id")))


def _report(row: RosterImport, rows: Iterable[ReportRow], *, corrected: int) -> RosterReport:
    return RosterReport(
        id=row.id,
        file_name=row.file_name,
        uploaded_at=row.uploaded_at,
        uploaded_by=row.uploaded_by,
        total=row.total,
        opened=row.opened,
        unchanged=row.unchanged,
        refused=row.refused,
        waiting=row.waiting,
        corrected=corrected,
        rows=tuple(rows),
    )


def refused_now() -> QuerySet[ImportedRow]:
    """Refused rows nobody has corrected. A workbook handed in again takes the place of the earlier one."""
    newest = RosterImport.objects.order_by("division", "file_name", "-uploaded_at", "id")
    newest = newest.distinct("division", "file_name")
    return ImportedRow.objects.filter(roster__in=newest, outcome="refused", corrected=None)


def balance(*, since: date, until: date) -> list[Balance]:
    """What came in as rosters and cut-over files, by day (both ends included), and what became of it."""
    return [
        *_balance(
            translatable("花名册"),
            RosterImport.objects.all(),
            since,
            until,
            done=F("opened") + F("unchanged"),
            waiting=F("waiting"),
        ),
        *_balance(
            translatable("割接"),
            CutoverImport.objects.all(),
            since,
            until,
            done=F("recorded") + F("unchanged"),
            waiting=F("total") - F("total"),
        ),
    ]


def _balance(
    channel: str, handed_in: QuerySet[Any], since: date, until: date, **shares: Any
) -> list[Balance]:
    days = handed_in.annotate(day=TruncDate("uploaded_at")).filter(day__gte=since, day__lte=until)
    sums = {name: Sum(share) for name, share in shares.items()}
    rows = days.values("day").annotate(taken_in=Sum("total"), turned_back=Sum("refused"), **_named_sums(sums))
    return [
        Balance(row["day"], channel, row["taken_in"], row["sum_done"], row["turned_back"], row["sum_waiting"])
        for row in rows.order_by("day")
    ]


def _named_sums(sums: dict[str, Sum]) -> dict[str, Sum]:
    return {f"sum_{name}": each for name, each in sums.items()}
