"""Operators' daily files become uses, in parts, each one transaction with what the partner is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from rongjun.benefits.actions.uses import FILE, note_batch, open_batch, settle_others, take_rows
from rongjun.benefits.logic import uses as logic
from rongjun.benefits.models import UseBatch
from rongjun.benefits.queries import uses as queries
from rongjun.benefits.queries.uses import Source
from rongjun.partners import api as partners

FORMAT = "uses/1"
PART = 10_000  # as partners seal them: each is opened once


@dataclass(frozen=True, slots=True)
class LoadStep:
    """How far a file is: lines settled of those found."""

    file: UUID
    settled: int
    found: int


def load_part(*, by: str, now: datetime) -> LoadStep | None:
    """Load the next part of the oldest file that waits; None when none does.

    Killed anywhere, the part is as if it had not begun, and the next call begins with it.
    """
    with transaction.atomic():
        waiting = partners.waiting_bulk(FORMAT)
        if not waiting:
            return None
        file = waiting[0]
        lines = partners.bulk_lines(file, start=file.settled + 1, most=PART)
        source = queries.source_by_file(file.partner, now=now)
        if source is None:
            told = [(line.number, logic.said_of("source")) for line in lines]
            partners.settle_bulk(file, done=0, repeated=0, refused=told, now=now)
        else:
            _load_lines(source, file, lines, by=by, now=now)
    return LoadStep(file.id, file.settled + len(lines), file.found)


def _load_lines(
    source: Source,
    file: partners.BulkBatch,
    lines: Sequence[partners.Line],
    *,
    by: str,
    now: datetime,
) -> None:
    batch = _batch_of(source, file, by=by, now=now)
    whole = [line for line in lines if not line.fault]
    columns = logic.as_columns([logic.from_text(line.fields, line.key) for line in whole])
    numbers = [line.number for line in whole]
    rows = take_rows(source, batch=batch, columns=columns, numbers=numbers, now=now)
    told = [(line.number, line.fault) for line in lines if line.fault]
    told += [(numbers[place], logic.said_of(reason)) for place, reason in rows.refused]
    settle_others(batch, repeated=len(rows.repeated), refused=len(told))
    partners.settle_bulk(file, done=rows.accepted, repeated=len(rows.repeated), refused=sorted(told), now=now)


def _batch_of(source: Source, file: partners.BulkBatch, *, by: str, now: datetime) -> int:
    """The batch of a file, opened with its first part."""
    key = f"file:{file.id}"
    known = UseBatch.objects.filter(source=source.id, key=key).values_list("id", flat=True).first()
    if known:
        return known
    batch = open_batch(
        source, channel=FILE, key=key, found=file.found, file=file.id,
        business_date=file.business_date, by=by, now=now,
    )  # fmt: skip
    note_batch(source, batch, found=file.found, by=by, now=now)
    return batch
