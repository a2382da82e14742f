"""Batches without a row per line: sealed in parts, settled by counts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from rongjun.audit.api import keys
from rongjun.partners import logic
from rongjun.partners.models import BulkPart, BulkRefusal, InboundBatch
from rongjun.partners.queries import SEAL, formats
from rongjun.partners.queries.bulk import BulkBatch, bulk_rows, refusal_place, seal_part

_REASON = 300


def seal_parts(batch: InboundBatch, rows: Sequence[str]) -> None:
    """Keep the lines of an accepted bulk batch, sealed in parts."""
    for start in range(0, len(rows), logic.PART_LINES):
        part = rows[start : start + logic.PART_LINES]
        BulkPart.objects.create(
            batch=batch,
            division=batch.division,
            first_line=start + 1,
            lines=len(part),
            content_sealed=seal_part(batch.id, start + 1, part),
        )


def settle_bulk(
    batch: BulkBatch, *, done: int, repeated: int, refused: Sequence[tuple[int, str]], now: datetime
) -> None:
    """Count what became of the next `done + repeated + len(refused)` lines; `refused`: numbers and reasons.

    Parts are settled in order: after a kill, the lines after the settled ones are what is left. In the
    caller's transaction, with what the lines became. With the last line the batch is processed.
    """
    with transaction.atomic():
        row = InboundBatch.objects.select_for_update().defer("content_sealed").get(pk=batch.id)
        settled = row.found_count - row.waiting_count
        count = done + repeated + len(refused)
        assert row.state == "accepted"
        assert 0 <= count <= row.waiting_count
        assert min(done, repeated) >= 0
        assert all(settled < line <= settled + count for line, _ in refused)
        _keep_refused(row, refused, start=settled + 1, count=count, now=now)
        row.done_count += done
        row.repeated_count += repeated
        row.refused_count += len(refused)
        row.waiting_count -= count
        if row.waiting_count == 0:
            row.state, row.processed_at = "processed", now
        row.save(
            update_fields=[
                *("done_count", "repeated_count", "refused_count", "waiting_count"),
                *("state", "processed_at"),
            ]
        )


def _keep_refused(
    row: InboundBatch, refused: Sequence[tuple[int, str]], *, start: int, count: int, now: datetime
) -> None:
    if not refused:
        return
    rows = bulk_rows(row.id, start=start, most=count)
    known = formats()[row.format]
    BulkRefusal.objects.bulk_create(
        BulkRefusal(
            batch=row,
            division=row.division,
            line=line,
            key=logic.read_rows([rows[line - start]], known, first=line)[0].key,
            reason=reason[:_REASON],
            content_sealed=keys().seal(SEAL, rows[line - start].encode(), refusal_place(row.id, line)),
            refused_at=now,
        )
        for line, reason in refused
    )
