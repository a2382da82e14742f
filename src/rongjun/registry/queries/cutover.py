"""Reads of what an old system had done."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from rongjun.audit.api import keys
from rongjun.registry.cutover import Entry
from rongjun.registry.models import (
    CutoverImport,
    CutoverRecord,
    IdentityDocument,
)
from rongjun.registry.queries.covered import SEAL
from rongjun.registry.queries.merged import all_files_of
from rongjun.registry.queries.rosters import RefusedRow


class CutoverThing(NamedTuple):
    """One thing the old system had done for a person, for the app it belongs to. Amounts in fen by name."""

    person: UUID
    key: str
    amounts: dict[str, int]
    content: dict[str, str]
    recorded_at: datetime
    row: int


@dataclass(frozen=True, slots=True)
class CutoverReport:
    """What became of a file of the old system; rows and fen add up."""

    id: UUID
    kind: str
    file_name: str
    uploaded_at: datetime
    uploaded_by: str
    rows: dict[str, int]  # total, recorded, unchanged, refused
    fen: dict[str, int]
    faults: tuple[dict[str, str], ...]


def cutover_records(
    kind: str, *, person: UUID | None = None, after: int = 0, source: UUID | None = None
) -> list[CutoverThing]:
    """What the old system had done of one kind (see `cutover.KINDS`), in scope, as it was recorded.

    Of one file, when `source` names it.
    """
    kept = CutoverRecord.objects.filter(kind=kind, id__gt=after)
    if person:
        kept = kept.filter(person_id__in=all_files_of(person))
    if source:
        kept = kept.filter(source_id=source)
    rows = kept.order_by("id").values_list("person_id", "key", "amounts", "content", "recorded_at", "row")
    return [CutoverThing(*row) for row in rows]


def recorded_things(
    kind: str, people: Sequence[UUID]
) -> dict[tuple[UUID, str], tuple[dict[str, int], dict[str, str]]]:
    """Amounts and content of what is on record for these people, by person and key."""
    kept = CutoverRecord.objects.filter(kind=kind, person_id__in=list(people))
    rows = kept.values_list("person_id", "key", "amounts", "content")
    return {(person, key): (amounts, _without_mask(content)) for person, key, amounts, content in rows}


def cutover_entries(kind: str) -> list[Entry]:
    """The same for everybody in scope, as one side of a comparison."""
    kept = CutoverRecord.objects.filter(kind=kind).values_list("person_id", "key", "amounts", "content")
    rows = list(kept)
    documents = IdentityDocument.objects.filter(
        person_id__in={person for person, *_ in rows}, superseded_at=None
    )
    masks = dict(documents.order_by("-id").values_list("person_id", "number_mask"))
    return [
        Entry(
            str(person), key, masks.get(person, ""), amounts, _without_mask(content), content.get("mask", "")
        )
        for person, key, amounts, content in rows
    ]


def _without_mask(content: dict[str, str]) -> dict[str, str]:
    return {name: text for name, text in content.items() if name != "mask"}


def cutover_of(file_digest: bytes, *, division: int) -> UUID | None:
    """The import of this very file for this division, if there was one."""
    handed_in = CutoverImport.objects.filter(file_digest=file_digest, division=division)
    return handed_in.values_list("id", flat=True).first()


def cutover_report(handed_in: UUID) -> CutoverReport | None:
    """What became of one file; None out of scope."""
    row = CutoverImport.objects.filter(pk=handed_in).first()
    return _cutover_report(row) if row else None


def cutover_reports() -> list[CutoverReport]:
    """The last hundred files of the old system handed in within scope, newest first."""
    return [_cutover_report(row) for row in CutoverImport.objects.order_by("-uploaded_at", "id")[:100]]


def _cutover_report(row: CutoverImport) -> CutoverReport:
    fates = ("total", "recorded", "unchanged", "refused")
    return CutoverReport(
        id=row.id,
        kind=row.kind,
        file_name=row.file_name,
        uploaded_at=row.uploaded_at,
        uploaded_by=row.uploaded_by,
        rows={fate: getattr(row, fate) for fate in fates},
        fen={fate: getattr(row, f"{fate}_fen") for fate in fates},
        faults=tuple(row.faults),
    )


def cutover_refused(handed_in: UUID) -> list[RefusedRow]:
    """What stood in the refused rows of such a file. The caller logs the read."""
    row = CutoverImport.objects.filter(pk=handed_in).exclude(refused_sealed=None).first()
    if row is None:
        return []
    told = json.loads(keys().open(SEAL, bytes(row.refused_sealed or b""), cutover_place(row.id)))
    return [RefusedRow(number, values, tuple(faults)) for number, values, faults in told]


def cutover_place(handed_in: UUID) -> bytes:
    """What the refused rows of such a file are bound to."""
    return b"registry:cutover-refused:" + handed_in.bytes
