"""Reads of what partners sent: batches, lines that wait, files that are missing, the balance of a day."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Max

from rongjun.audit.api import keys
from rongjun.kernel.balance import Balance
from rongjun.partners.formats import formats_in
from rongjun.partners.logic import Format, due_at
from rongjun.partners.models import BulkRefusal, InboundBatch, InboundItem, Partner

# The purpose of the keys that seal what partners send, and the keys they sign with.
SEAL = "partners"
LOOK_BACK = 14  # days in which a missing file is still asked for


@dataclass(frozen=True, slots=True)
class BatchReport:
    """A batch and what became of it; `waiting`, `done` and `refused` count its lines."""

    id: UUID
    partner: str
    partner_name: str
    channel: str
    file_name: str
    title: str
    business_date: date | None
    sequence: int | None
    digest: str
    received_at: datetime
    state: str
    count: int
    failing: str
    equation: str
    todo: str
    is_late: bool
    replaced_by: UUID | None
    close_reason: str
    close_asked_by: str
    closed_by: str
    closed_at: datetime | None
    drops_lines: bool
    waiting: int
    done: int
    refused: int


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """A line that went back, by the partner's own reference."""

    line: int
    key: str
    reason: str


@dataclass(frozen=True, slots=True)
class Missing:
    """A day's file that should have come by now."""

    partner: str
    partner_name: str
    title: str
    business_date: date
    hour: str


@dataclass(frozen=True, slots=True)
class WaitingItem:
    """A line that waits for its owner, with its content opened; held until the transaction ends."""

    id: int
    batch: UUID
    partner: str
    partner_name: str
    format: str
    business_date: date
    line: int
    key: str
    fields: Mapping[str, str]


def formats() -> Mapping[str, Format]:
    """The formats agreed on, by code."""
    return formats_in(settings.CONTRACTS_ROOT / "files")


def title_of(code: str) -> str:
    """A format's Chinese name; the code where we know no such format."""
    known = formats().get(code)
    return known.title if known else code


def is_partner(code: str) -> bool:
    """Whether we have agreed with a partner of this code."""
    return Partner.objects.filter(pk=code).exists()


# --- batches ------------------------------------------------------------------------------------------------


def batches(*, first: int = 0, limit: int = 50) -> tuple[list[BatchReport], int]:
    """Batches in scope, newest first, and how many there are."""
    rows = InboundBatch.objects.select_related("partner").defer("content_sealed")
    page = list(rows.order_by("-received_at", "id")[first : first + limit])
    return _reports(page), InboundBatch.objects.count()


def batch_report(batch: UUID) -> BatchReport | None:
    """One batch; None out of scope."""
    found = InboundBatch.objects.select_related("partner").defer("content_sealed").filter(pk=batch)
    reports = _reports(list(found))
    return reports[0] if reports else None


def drops_lines(row: InboundBatch) -> bool:
    """Whether giving this batch up loses lines; one whose head cannot be read may hold any number."""
    return bool(row.size) and row.declared_count != 0


def refused_lines(batch: UUID, *, most: int = 500) -> list[RefusedLine]:
    """The lines of a batch that went back, in order."""
    items = InboundItem.objects.filter(batch=batch, state="refused")
    bulk = BulkRefusal.objects.filter(batch=batch)
    names = ("line", "key", "reason")
    both = items.values_list(*names).union(bulk.values_list(*names), all=True)
    return [RefusedLine(*row) for row in both.order_by("line")[:most]]


def _reports(rows: Sequence[InboundBatch]) -> list[BatchReport]:
    counted = _lines_by_state([row.id for row in rows if not row.is_bulk])
    for row in rows:
        if row.is_bulk:
            counted[row.id, "waiting"] = row.waiting_count
            counted[row.id, "done"] = row.done_count + row.repeated_count
            counted[row.id, "refused"] = row.refused_count
    return [
        BatchReport(
            id=row.id,
            partner=row.partner_id,
            partner_name=row.partner.name,
            channel=row.channel,
            file_name=row.file_name,
            title=title_of(row.format) if row.format else "",
            business_date=row.business_date,
            sequence=row.sequence,
            digest=bytes(row.digest).hex(),
            received_at=row.received_at,
            state=row.state,
            count=row.found_count,
            failing=row.failing,
            equation=row.equation,
            todo=row.todo,
            is_late=row.is_late,
            replaced_by=row.replaced_by_id,
            close_reason=row.close_reason,
            close_asked_by=row.close_asked_by,
            closed_by=row.closed_by,
            closed_at=row.closed_at,
            drops_lines=drops_lines(row),
            waiting=counted.get((row.id, "waiting"), 0),
            done=counted.get((row.id, "done"), 0),
            refused=counted.get((row.id, "refused"), 0),
        )
        for row in rows
    ]


def _lines_by_state(batches: Sequence[UUID]) -> dict[tuple[UUID, str], int]:
    sql = """
        select batch_id, state, count(*) from partners_inbounditem
        where batch_id = any (%s) group by batch_id, state
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, [list(batches)])
        return {(batch, state): count for batch, state, count in cursor.fetchall()}


def last_sequence(partner: str, code: str) -> int:
    """The newest sequence that was accepted of this partner in this format; 0 before the first."""
    taken = InboundBatch.objects.filter(
        partner=partner, format=code, state__in=["accepted", "processed"]
    ).aggregate(newest=Max("sequence"))
    return taken["newest"] or 0


# --- sealed content -----------------------------------------------------------------------------------------


def batch_place(batch: UUID) -> bytes:
    """What a batch's content is bound to."""
    return b"partners:batch:" + batch.bytes


def item_place(batch: UUID, line: int) -> bytes:
    """What a line's content is bound to."""
    return b"partners:item:" + batch.bytes + line.to_bytes(4, "big")


def key_place(partner: str) -> bytes:
    """What a partner's key is bound to."""
    return b"partners:key:" + partner.encode()


def take_waiting(*, owner: str, most: int) -> list[WaitingItem]:
    """The oldest lines that wait for `owner`, held for the caller's transaction; others pass them by."""
    rows = InboundItem.objects.select_for_update(skip_locked=True, of=("self",))
    rows = rows.select_related("batch__partner").defer("batch__content_sealed")
    return [_opened(row) for row in rows.filter(state="waiting", owner=owner).order_by("id")[:most]]


def _opened(row: InboundItem) -> WaitingItem:
    batch = row.batch
    assert batch.business_date is not None
    content = keys().open(SEAL, bytes(row.content_sealed), item_place(batch.id, row.line))
    return WaitingItem(
        id=row.id,
        batch=batch.id,
        partner=batch.partner_id,
        partner_name=batch.partner.name,
        format=batch.format,
        business_date=batch.business_date,
        line=row.line,
        key=row.key,
        fields=json.loads(content),
    )


# --- what should have come ----------------------------------------------------------------------------------


def missing_files(*, now: datetime) -> list[Missing]:
    """Files of the last 14 days that were due by `now` (local time) and have not been accepted."""
    earliest = now.date() - timedelta(days=LOOK_BACK)
    came = set(
        InboundBatch.objects.filter(
            state__in=["accepted", "processed"], business_date__gte=earliest
        ).values_list("partner_id", "format", "business_date")
    )
    return [
        Missing(partner.code, partner.name, title_of(code), day, hour)
        for partner in Partner.objects.order_by("code")
        for code, hour in sorted(partner.agreed.items())
        for day in _days(max(partner.expected_since, earliest), now.date())
        if hour and (partner.code, code, day) not in came and is_due(day, hour, now=now)
    ]


def _days(first: date, end: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((end - first).days)]


def is_due(business_date: date, hour: str, *, now: datetime) -> bool:
    """Whether a day's file should be here by now (local time)."""
    day, at = due_at(business_date, hour)
    return (now.date(), now.time().replace(tzinfo=None)) >= (day, at)


# --- the balance --------------------------------------------------------------------------------------------

_FILES = """
    select (received_at at time zone %(zone)s)::date, channel || ':' || partner_id || ':files', count(*),
           count(*) filter (where state in ('accepted', 'processed')),
           count(*) filter (where state in ('quarantined', 'closed')),
           count(*) filter (where state = 'received')
    from partners_inboundbatch
    where (received_at at time zone %(zone)s)::date between %(since)s and %(until)s
    group by 1, 2
"""
# What a batch said it holds stands against what is kept of its lines: a lost line shows as a gap.
_LINES = """
    select (b.received_at at time zone %(zone)s)::date, b.channel || ':' || b.partner_id || ':' || b.format,
           sum(b.declared_count), sum(i.done), sum(i.refused), sum(i.waiting)
    from partners_inboundbatch b
    cross join lateral (
        select count(*) filter (where state = 'done') as done,
               count(*) filter (where state = 'refused') as refused,
               count(*) filter (where state = 'waiting') as waiting
        from partners_inbounditem where batch_id = b.id
    ) i
    where not b.is_bulk and b.state in ('accepted', 'processed')
      and (b.received_at at time zone %(zone)s)::date between %(since)s and %(until)s
    group by 1, 2
"""
# What waits of a bulk batch is what its parts hold and nobody settled: a lost part or refusal is a gap too.
_BULK = """
    select (b.received_at at time zone %(zone)s)::date, b.channel || ':' || b.partner_id || ':' || b.format,
           sum(b.declared_count), sum(b.done_count + b.repeated_count), sum(r.refused),
           sum(p.held - b.done_count - b.repeated_count - b.refused_count)
    from partners_inboundbatch b
    cross join lateral (
        select coalesce(sum(lines), 0) as held from partners_bulkpart where batch_id = b.id
    ) p
    cross join lateral (select count(*) as refused from partners_bulkrefusal where batch_id = b.id) r
    where b.is_bulk
      and (b.received_at at time zone %(zone)s)::date between %(since)s and %(until)s
    group by 1, 2
"""
# What we send: what callers handed over stands against what partners acknowledged; what was held back for
# want of consent, or closed, counts as refused.
_OUT_FILES = """
    select (made_at at time zone %(zone)s)::date, 'out:' || partner_id || ':files', count(*),
           count(*) filter (where state = 'acknowledged'), count(*) filter (where state = 'closed'),
           count(*) filter (where state in ('waiting', 'sent', 'gave-up'))
    from partners_outboundbatch
    where (made_at at time zone %(zone)s)::date between %(since)s and %(until)s
    group by 1, 2
"""
_OUT_LINES = """
    select (made_at at time zone %(zone)s)::date, 'out:' || partner_id || ':' || format,
           sum(given_count), coalesce(sum(acknowledged_count), 0),
           sum(withheld_count) + coalesce(sum(count) filter (where state = 'closed'), 0),
           coalesce(sum(count) filter (where state in ('waiting', 'sent', 'gave-up')), 0)
    from partners_outboundbatch
    where (made_at at time zone %(zone)s)::date between %(since)s and %(until)s
    group by 1, 2
"""


def balance(*, since: date, until: date) -> list[Balance]:
    """By day and channel (`file:civil-affairs:files` counts files, `…:deaths/1` lines), both days included.

    A file that is quarantined or was closed counts as refused. `out:transit:free-rides/1` is what we send.
    """
    asked: dict[str, date | str] = {"since": since, "until": until, "zone": settings.TIME_ZONE}
    with connection.cursor() as cursor:
        rows = []
        for sql in (f"{_FILES} union all {_OUT_FILES}", " union all ".join((_LINES, _BULK, _OUT_LINES))):
            cursor.execute(sql, asked)
            rows += cursor.fetchall()
    return sorted(
        (Balance(day, channel, *map(int, counts)) for day, channel, *counts in rows),
        key=lambda each: (each.day, each.channel),
    )
