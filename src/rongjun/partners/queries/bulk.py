"""Bulk batches that wait, and their lines, read in parts."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from rongjun.audit.api import keys
from rongjun.partners import logic
from rongjun.partners.logic import Line
from rongjun.partners.models import BulkPart, InboundBatch
from rongjun.partners.queries import SEAL, formats


@dataclass(frozen=True, slots=True)
class BulkBatch:
    """An accepted batch with lines waiting; the first `settled` lines are done with."""

    id: UUID
    partner: str
    format: str
    business_date: date
    sequence: int
    found: int
    settled: int


def waiting_bulk(code: str, *, most: int = 1) -> list[BulkBatch]:
    """The oldest bulk batches of a format with lines waiting, held for the caller's transaction.

    Another worker passes them by.
    """
    rows = InboundBatch.objects.select_for_update(skip_locked=True).defer("content_sealed")
    found = rows.filter(format=code, is_bulk=True, state="accepted").order_by("received_at", "sequence")
    return [_waiting(row) for row in found[:most]]


def _waiting(row: InboundBatch) -> BulkBatch:
    assert row.business_date is not None
    assert row.sequence is not None
    return BulkBatch(
        id=row.id,
        partner=row.partner_id,
        format=row.format,
        business_date=row.business_date,
        sequence=row.sequence,
        found=row.found_count,
        settled=row.found_count - row.waiting_count,
    )


def bulk_lines(batch: BulkBatch, *, start: int, most: int) -> list[Line]:
    """Lines `start` to `start + most - 1`, fewer at the end. A line that cannot be read has its `fault`.

    Cheapest along the sealed parts, 10,000 lines each.
    """
    known = formats()[batch.format]
    return logic.read_rows(bulk_rows(batch.id, start=start, most=most), known, first=start)


def bulk_rows(batch: UUID, *, start: int, most: int) -> list[str]:
    """The same lines as they came. A part that is missing, or opens into another count, is an error."""
    assert start >= 1
    end = start + most
    parts = BulkPart.objects.filter(batch=batch, first_line__lt=end, first_line__gt=start - logic.PART_LINES)
    rows: list[str] = []
    for part in parts.order_by("first_line"):
        opened = open_part(part)
        assert len(opened) == part.lines
        assert part.first_line <= start + len(rows)
        rows += opened[max(0, start - part.first_line) : end - part.first_line]
    return rows


def seal_part(batch: UUID, first: int, rows: Sequence[str]) -> bytes:
    """Lines sealed together, bound to the batch and the number of the first; packed before, hard after."""
    packed = zlib.compress("\n".join(rows).encode(), 1)
    return keys().seal(SEAL, packed, part_place(batch, first))


def open_part(part: BulkPart) -> list[str]:
    """The lines of a part."""
    packed = keys().open(SEAL, bytes(part.content_sealed), part_place(part.batch_id, part.first_line))
    return zlib.decompress(packed).decode().split("\n")


def part_place(batch: UUID, first: int) -> bytes:
    """What a part is bound to."""
    return b"partners:part:" + batch.bytes + first.to_bytes(4, "big")


def refusal_place(batch: UUID, line: int) -> bytes:
    """What a refused line's content is bound to."""
    return b"partners:refusal:" + batch.bytes + line.to_bytes(4, "big")
