"""Operators' files of top-ups are kept, so that one outside the rule can be looked at; nobody is charged."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from rongjun.benefits.actions.uses import numbers_text, texts_text
from rongjun.benefits.logic import top_ups as logic
from rongjun.benefits.logic import uses
from rongjun.benefits.logic.top_ups import TopUpRow
from rongjun.benefits.queries import uses as queries
from rongjun.cards import api as cards
from rongjun.partners import api as partners

FORMAT = "top-ups/1"
PART = 10_000

_KEEP = """
    insert into benefits_top_up (division, source_id, month, reference, card, topped_at, day, before, amount,
                                 file, recorded_at)
    select division, %(source)s, month, reference, card, topped_at, day, before, amount, %(file)s, %(now)s
    from unnest(%(division)s::bigint[], %(month)s::int[], %(reference)s::text[], %(card)s::bigint[],
                %(topped_at)s::timestamptz[], %(day)s::date[], %(before)s::int[], %(amount)s::int[])
         as given(division, month, reference, card, topped_at, day, before, amount)
    order by month, reference
    on conflict (source_id, month, reference) do nothing
    returning 1
"""


def load_top_ups(*, now: datetime) -> int | None:
    """Keep the next part of the oldest file of top-ups that waits; how many lines, None when none waits.

    A row that comes again is repeated; another under the same key is too, and the first stays.
    """
    with transaction.atomic():
        waiting = partners.waiting_bulk(FORMAT)
        if not waiting:
            return None
        file = waiting[0]
        lines = partners.bulk_lines(file, start=file.settled + 1, most=PART)
        source = queries.source_by_file(file.partner, now=now)
        refused = [(line.number, line.fault) for line in lines if line.fault]
        kept: list[TopUpRow] = []
        for line in lines:
            if line.fault:
                continue
            row = logic.read_row(line.fields, line.key) if source else "source"
            if isinstance(row, str):
                refused.append((line.number, uses.said_of(row)))
            else:
                kept.append(row)
        done = _keep(source.id, source.seat, kept, file=file, now=now) if source and kept else 0
        partners.settle_bulk(file, done=done, repeated=len(kept) - done, refused=sorted(refused), now=now)
    return len(lines)


def _keep(
    source: int, seat: int, rows: Sequence[TopUpRow], *, file: partners.BulkBatch, now: datetime
) -> int:
    known = cards.carriers(sorted({row.card for row in rows}))
    values: dict[str, Any] = {
        "source": source,
        "file": file.id,
        "now": now,
        "division": numbers_text([known[row.card].division if row.card in known else seat for row in rows]),
        "month": numbers_text([row.month for row in rows]),
        "reference": texts_text([row.reference for row in rows]),
        "card": numbers_text([row.card for row in rows]),
        "topped_at": texts_text([row.topped_at for row in rows]),
        "day": texts_text([row.day for row in rows]),
        "before": numbers_text([row.before for row in rows]),
        "amount": numbers_text([row.amount for row in rows]),
    }
    with connection.cursor() as cursor:
        cursor.execute(_KEEP, values)
        return len(cursor.fetchall())
