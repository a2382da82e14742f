"""Uses come in: a batch is judged, inserted, counted and answered in one transaction.

One statement inserts the rows and raises both rollups by what was really inserted, so a row that comes twice
counts once whoever sends it. Rows and rollup lines are taken in one order, or two batches could wait for each
other for ever.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from rongjun.audit import api as audit
from rongjun.benefits.logic import uses as logic
from rongjun.benefits.logic.uses import Columns, Judged
from rongjun.benefits.queries import uses as queries
from rongjun.benefits.queries.uses import Source
from rongjun.cards import api as cards
from rongjun.kernel.errors import Refused

FILE, CALL = "file", "call"
MOST_ROWS = 1000
LONG_AGO = datetime(1949, 10, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One batch as it came: of which source, under which key."""

    source: str
    key: str
    columns: Columns
    by: str


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a batch: every line not named here is a new use."""

    batch: int
    accepted: int
    repeated: Sequence[int]
    refused: Sequence[tuple[int, str]]
    late: int


@dataclass(frozen=True, slots=True)
class Rows:
    """What became of some rows of a batch."""

    accepted: int
    late: int
    repeated: list[int]
    refused: list[tuple[int, str]]


# --- a call -------------------------------------------------------------------------------------------------

_OPEN_BATCH = """
    insert into benefits_use_batch (division, source_id, channel, key, file, business_date,
                                    found, accepted, repeated, refused, waiting, late,
                                    received_at, received_by)
    values (%(division)s, %(source)s, %(channel)s, %(key)s, %(file)s, %(business_date)s,
            %(found)s, 0, 0, 0, %(found)s, 0, %(now)s, %(by)s)
    returning id
"""


def take_uses(delivery: Delivery, *, partner: str, now: datetime) -> Taken:
    """Take in the batch of one call; that a key comes once is seen to where calls are let in.

    Refused: "benefits.unknown-use-source" (also one of another partner), "benefits.use-source-by-file",
    "benefits.use-batch-size".
    """
    columns = delivery.columns
    if not 0 < len(columns) <= MOST_ROWS:
        raise Refused("benefits.use-batch-size", most=MOST_ROWS)
    with transaction.atomic(savepoint=False):
        source = queries.source(delivery.source, now=now)
        if source.partner != partner:
            raise Refused("benefits.unknown-use-source", code=delivery.source)
        if source.record != "device":
            raise Refused("benefits.use-source-by-file", code=delivery.source)
        batch = open_batch(
            source, channel=CALL, key=delivery.key, found=len(columns), by=delivery.by, now=now
        )
        note_batch(source, batch, found=len(columns), by=delivery.by, now=now)
        rows = take_rows(source, batch=batch, columns=columns, now=now)
        settle_others(batch, repeated=len(rows.repeated), refused=len(rows.refused))
    return Taken(batch, rows.accepted, rows.repeated, rows.refused, rows.late)


def open_batch(
    source: Source,
    *,
    channel: str,
    key: str,
    found: int,
    by: str,
    now: datetime,
    file: UUID | None = None,
    business_date: date | None = None,
) -> int:
    """The id of a new batch, all of whose rows wait."""
    values: dict[str, Any] = {
        "division": source.seat, "source": source.id, "channel": channel, "key": key,
        "file": file, "business_date": business_date, "found": found, "by": by, "now": now,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_OPEN_BATCH, values)
        return int(cursor.fetchone()[0])


def note_batch(source: Source, batch: int, *, found: int, by: str, now: datetime) -> None:
    """One event for a batch, however many rows it has; what became of them stands in the batch itself."""
    audit.note(
        "benefits.uses-taken",
        by=by,
        about=f"use-batch:{batch}",
        division=source.seat,
        detail={"source": source.code, "rows": found},
        at=now,
    )


# --- rows ---------------------------------------------------------------------------------------------------

_TAKE = """
with given as (
    select * from unnest(%(month)s::int[], %(reference)s::text[], %(card)s::bigint[],
                         %(used_at)s::timestamptz[], %(day)s::date[], %(programme)s::smallint[],
                         %(place)s::int[], %(band)s::smallint[], %(paid)s::int[], %(division)s::bigint[])
         as given(month, reference, card, used_at, day, programme, place, band, paid, division)
), fresh as (
    insert into benefits_use (month, source, reference, card, used_at, day, programme, place, band, paid,
                              division, batch)
    select month, %(source)s, reference, card, used_at, day, programme, place, band, paid, division, %(batch)s
    from given order by month, reference collate "C"
    on conflict do nothing
    returning month, reference, day, programme, division, band, paid
), counted as (
    select month, day, programme, division, band, paid, count(*) as n from fresh group by 1, 2, 3, 4, 5, 6
), by_day as (
    insert into benefits_use_day as kept (day, source, programme, division, band, paid, n)
    select day, %(source)s, programme, division, band, paid, n from counted order by 1, 2, 3, 4, 5, 6
    on conflict (day, source, programme, division, band, paid) do update set n = kept.n + excluded.n
), by_month as (
    insert into benefits_use_month as kept (month, span, source, programme, division, band, paid, n)
    select month, span, %(source)s, programme, division, band, paid, sum(n)
    from counted join unnest(%(span_day)s::date[], %(span_programme)s::smallint[], %(span)s::date[])
                      as spans(day, programme, span) using (day, programme)
    group by 1, 2, 3, 4, 5, 6, 7 order by 1, 2, 3, 4, 5, 6, 7
    on conflict (month, span, source, programme, division, band, paid) do update set n = kept.n + excluded.n
), settled as (
    update benefits_use_batch
    set accepted = accepted + (select count(*) from fresh),
        waiting = waiting - (select count(*) from fresh),
        late = late + (select count(*) from fresh where month = any (%(closed)s::int[]))
    where id = %(batch)s
)
select count(*), count(*) filter (where month = any (%(closed)s::int[])),
       case when count(*) < %(rows)s then coalesce(array_agg(month || ':' || reference), '{}') end
from fresh
"""
_SETTLE = """
    update benefits_use_batch
    set repeated = repeated + %(repeated)s, refused = refused + %(refused)s,
        waiting = waiting - %(repeated)s - %(refused)s
    where id = %(batch)s
"""
_STANDING = """
    select given.line, u.card, to_json(u.used_at) #>> '{}', p.code, l.code, u.band, u.paid,
           (u.card, u.used_at, u.programme, u.place, u.band, u.paid)
             = (given.card, given.used_at, given.programme, given.place, given.band, given.paid)
    from unnest(%(line)s::int[], %(month)s::int[], %(reference)s::text[], %(card)s::bigint[],
                %(used_at)s::timestamptz[], %(programme)s::smallint[], %(place)s::int[], %(band)s::smallint[],
                %(paid)s::int[])
         as given(line, month, reference, card, used_at, programme, place, band, paid)
    join benefits_use u on u.month = given.month and u.source = %(source)s and u.reference = given.reference
    join benefits_programme p on p.id = u.programme
    left join benefits_use_place l on l.id = u.place
    where not given.month || ':' || given.reference = any (%(fresh)s::text[])
"""


def take_rows(
    source: Source,
    *,
    batch: int,
    columns: Columns,
    now: datetime,
    numbers: Sequence[int] | None = None,
    keeps_refused: bool = True,
) -> Rows:
    """Judge waiting rows of a batch and take in what are uses, in the caller's transaction.

    Those it counts as accepted; the caller counts the others (`settle_others`), which may be more. Lines are
    counted from 0 on; `numbers` are those by which refused ones are kept, where they have others.
    """
    setting = queries.setting_for(source, now=now)
    judged, counties = _judge(columns, setting)
    accepted, late, stands = _insert(source, batch, judged, now=now)
    stands |= {line: columns.row(earlier) for line, earlier in judged.conflicts}
    repeated = sorted([*judged.repeated, *(line for line, side in stands.items() if side is None)])
    sides = {line: side for line, side in stands.items() if side is not None}
    refused = sorted([*judged.refused, *((line, "conflict") for line in sides)])
    if refused and keeps_refused:
        _keep_refused(
            source, batch, columns, refused, sides=sides, counties=counties, numbers=numbers, now=now
        )
    return Rows(accepted, late, repeated, refused)


def judge_again(source: Source, columns: Columns, *, now: datetime) -> Judged:
    """Rows judged as of now whenever they were used: what somebody decided is not too late."""
    setting = replace(queries.setting_for(source, now=now), earliest=LONG_AGO)
    return logic.judge(columns, setting, cards.carriers([card for card in columns.card if type(card) is int]))


def take_judged(source: Source, batch: int, judged: Judged, *, now: datetime) -> None:
    """Take in waiting rows of a batch that were judged before, in the caller's transaction."""
    _insert(source, batch, judged, now=now)


def _judge(columns: Columns, setting: logic.Setting) -> tuple[Judged, Mapping[int, int]]:
    """What becomes of the rows, and the county of every card that is one."""
    plain = logic.judge_plainly(columns, setting)
    if plain is not None:
        asked = plain.judged.card
        counties = cards.usable_throughout({*asked}, first=plain.first, last=plain.last)
        with suppress(KeyError):
            plain.judged.division = [counties[card] for card in asked]
            return plain.judged, counties
    known = cards.carriers(sorted({card for card in columns.card if type(card) is int and 0 < card < 2**53}))
    counties = {reference: carrier.division for reference, carrier in known.items()}
    return logic.judge(columns, setting, known), counties


def settle_others(batch: int, *, repeated: int, refused: int) -> None:
    """Count waiting rows of a batch that are no new uses."""
    if repeated or refused:
        with connection.cursor() as cursor:
            cursor.execute(_SETTLE, {"batch": batch, "repeated": repeated, "refused": refused})


def _insert(
    source: Source, batch: int, judged: Judged, *, now: datetime
) -> tuple[int, int, dict[int, dict[str, object] | None]]:
    """How many were new, how many of those late, and the others: None for the same use, or what stands."""
    if not judged.line:
        return 0, 0, {}
    values = _values(source, batch, judged, now=now)
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, values)
        accepted, late, fresh = cursor.fetchone()
        if fresh is None:
            return accepted, late, {}
        cursor.execute(_STANDING, {**values, "line": numbers_text(judged.line), "fresh": texts_text(fresh)})
        found = cursor.fetchall()
    reference = dict(zip(judged.line, judged.reference, strict=True))
    return accepted, late, {
        line: None if same else dict(zip(logic.NAMES, (reference[line], *said), strict=True))
        for line, *said, same in found
    }  # fmt: skip


def _values(source: Source, batch: int, judged: Judged, *, now: datetime) -> dict[str, Any]:
    pairs = set(zip(judged.day, judged.programme, strict=True))
    spans = queries.spans_of(pairs, fares=source.fares, programmes=source.programmes)
    return {
        "source": source.id,
        "batch": batch,
        "rows": len(judged.line),
        "month": numbers_text(judged.month),
        "reference": texts_text(judged.reference),
        "card": numbers_text(judged.card),
        "used_at": texts_text(judged.used_at),
        "day": texts_text(judged.day),
        "programme": numbers_text(judged.programme),
        "place": numbers_text(judged.place),
        "band": numbers_text(judged.band),
        "paid": numbers_text(judged.paid),
        "division": numbers_text(judged.division),
        "span_day": texts_text([day for day, _, _ in spans]),
        "span_programme": numbers_text([programme for _, programme, _ in spans]),
        "span": texts_text([span for _, _, span in spans]),
        "closed": numbers_text(queries.closed_months(judged.month, now=now)),
    }


# One text per column: the driver's own arrays cost more than everything else we do with a row. What is in
# them was checked letter by letter (logic.uses), so that nothing needs escaping.
def numbers_text(values: Sequence[int]) -> str:
    """A column of whole numbers as one text."""
    return "{" + str([*values])[1:-1] + "}"


def texts_text(values: Sequence[str]) -> str:
    """A column of texts as one text; what is in them was checked letter by letter."""
    return '{"' + '","'.join(values) + '"}' if values else "{}"


# --- months -------------------------------------------------------------------------------------------------

MONTHS_AHEAD = 3


def open_months(*, back: int, today: date) -> list[int]:
    """Open the months from so many before today's to three after it; returns those that were not open yet.

    A use of an older month goes to the partition of late ones, so a month is opened before its first use.
    """
    wanted = logic.months_around(today, back=back, ahead=MONTHS_AHEAD)
    with transaction.atomic(), connection.cursor() as cursor:
        return [month for month in wanted if _open_month(cursor, month)]


def _open_month(cursor: CursorWrapper, month: int) -> bool:
    cursor.execute("select benefits_open_month(%s)", [month])
    return bool(cursor.fetchone()[0])


# --- what did not go in -------------------------------------------------------------------------------------

_REFUSE = """
    insert into benefits_use_refusal (division, source_id, batch_id, line, reference, digest, reason, fields,
                                      stands, state, recorded_at, closed_by, closed_reason)
    select division, %(source)s, %(batch)s, line, reference, decode(digest, 'hex'), reason, fields, stands,
           'open', %(now)s, '', ''
    from jsonb_to_recordset(%(rows)s) as given(division bigint, line int, reference text, digest text,
                                               reason text, fields jsonb, stands jsonb)
    order by digest, reason
    on conflict (source_id, digest, reason) do nothing
"""
UNKEPT = "（像个人号码，不留）"
_LONGEST = 40


def _keep_refused(
    source: Source,
    batch: int,
    columns: Columns,
    refused: Sequence[tuple[int, str]],
    *,
    sides: Mapping[int, object],
    counties: Mapping[int, int],
    numbers: Sequence[int] | None,
    now: datetime,
) -> None:
    rows = []
    for line, reason in refused:
        said = columns.row(line)
        county = counties.get(said["card"]) if type(said["card"]) is int else None
        reference = said["reference"]
        fit = type(reference) is str and logic.is_fit_reference(reference)
        rows.append(
            {
                "division": county or source.seat,
                "line": numbers[line] if numbers else line,
                "reference": reference if fit else "",
                "digest": sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest(),
                "reason": reason,
                "fields": {name: _kept(name, value) for name, value in said.items()},
                "stands": sides.get(line, {}),
            }
        )
    with connection.cursor() as cursor:
        cursor.execute(_REFUSE, {"source": source.id, "batch": batch, "rows": json.dumps(rows), "now": now})


def _kept(name: str, value: object) -> object:
    """A value as it came, unless it looks like somebody's number or is no value at all."""
    if type(value) is int and name in {"card", "band", "paid"} and abs(value) < 2**53:
        return value
    text = str(value).encode("utf-8", "replace").decode().replace("\x00", "□")[:_LONGEST]
    return UNKEPT if name != "used_at" and audit.looks_personal(text) else text
