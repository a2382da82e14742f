"""Uses are judged again when what is known of cards changes: by difference rows, never by an edit.

A late notice of death, a loss reported back to an earlier day, a card that was usable after all: each writes
a void or takes it back, and lowers or raises the rollups by exactly that.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from django.db import connection, transaction

from rongjun.audit import api as audit
from rongjun.benefits.actions.uses import (
    judge_again,
    numbers_text,
    settle_others,
    take_judged,
    take_rows,
    texts_text,
)
from rongjun.benefits.logic import uses as logic
from rongjun.benefits.models import UseReplay
from rongjun.benefits.queries import book
from rongjun.benefits.queries import uses as queries
from rongjun.cards import api as cards

# Whoever was still writing when we looked is met by the next look.
OVERLAP = timedelta(minutes=10)
CARDS_AT_ONCE = 500
REFUSALS_AT_ONCE = 2_000
NOT_USABLE, USABLE = "card-not-usable", "card-usable"


@dataclass(frozen=True, slots=True)
class Difference:
    """One use that from now on does not count (-1), or counts again (+1), and why."""

    month: int
    source: int
    reference: str
    day: str
    programme: int
    effect: int
    reason: str


@dataclass(frozen=True, slots=True)
class Replayed:
    """What judging again changed: uses voided and reinstated, refused rows taken in after all."""

    voided: int
    reinstated: int
    taken: int


def replay(*, by: str, now: datetime) -> Replayed:
    """Judge again what has to do with carriers that have changed since the last time; one transaction.

    Refused rows come in whose carrier, place or month is known by now.
    """
    with transaction.atomic():
        UseReplay.objects.get_or_create(id=1, defaults={"known_to": now})
        row = UseReplay.objects.select_for_update().get()
        changed = cards.changed_since(row.known_to - OVERLAP)
        voided = reinstated = 0
        for start in range(0, len(changed), CARDS_AT_ONCE):
            differing = _differences(changed[start : start + CARDS_AT_ONCE])
            written = write_differences(differing, by=by, now=now)
            voided += written.count(-1)
            reinstated += written.count(1)
        taken = _retry_refused(changed, by=by, now=now)
        voided_by_hand, taken_by_hand = carry_out(by=by, now=now)
        voided, taken = voided + voided_by_hand, taken + taken_by_hand
        row.known_to = now
        row.save()
        if voided or reinstated or taken:
            detail = {"voided": voided, "reinstated": reinstated, "taken": taken}
            audit.note("benefits.uses-judged-again", by=by, detail=detail, at=now)
    return Replayed(voided, reinstated, taken)


# --- differences --------------------------------------------------------------------------------------------

_OF_CARDS = """
    select u.month, u.source, u.reference, u.card, u.used_at, u.day::text, u.programme,
           coalesce(sum(v.effect), 0)::int, (array_agg(v.reason order by v.turn desc))[1]
    from benefits_use u left join benefits_use_void v using (month, source, reference)
    where u.card = any (%s) group by 1, 2, 3, 4, 5, 6, 7 order by 1, 2, 3
"""


def _differences(changed: Sequence[int]) -> list[Difference]:
    known = cards.carriers(changed)
    with connection.cursor() as cursor:
        cursor.execute(_OF_CARDS, [list(changed)])
        rows = cursor.fetchall()
    found = []
    for month, source, reference, card, used_at, day, programme, standing, reason in rows:
        carrier = known.get(card)
        usable = carrier is not None and logic.is_usable(carrier.spans, used_at)
        effect = logic.difference(usable=usable, standing=standing, voided_for=reason)
        if effect:
            why = NOT_USABLE if effect < 0 else USABLE
            found.append(Difference(month, source, reference, day, programme, effect, why))
    return found


# The rollup lines are held in the order in which intake takes them, before any is changed.
_GIVEN = """
    unnest(%(month)s::int[], %(source)s::smallint[], %(reference)s::text[], %(effect)s::smallint[],
           %(reason)s::text[]) as given(month, source, reference, effect, reason)
"""
_SPANS = """
    unnest(%(span_day)s::date[], %(span_programme)s::smallint[], %(span)s::date[])
        as spans(day, programme, span)
"""
_HOLD_DAYS = f"""
    select 1 from benefits_use_day d
    where (d.day, d.source, d.programme, d.division, d.band, d.paid) in (
        select u.day, u.source, u.programme, u.division, u.band, u.paid
        from {_GIVEN} join benefits_use u using (month, source, reference))
    order by d.day, d.source, d.programme, d.division, d.band, d.paid for update
"""  # noqa: S608 - our own text
_HOLD_MONTHS = f"""
    select 1 from benefits_use_month m
    where (m.month, m.span, m.source, m.programme, m.division, m.band, m.paid) in (
        select u.month, span, u.source, u.programme, u.division, u.band, u.paid
        from {_GIVEN} join benefits_use u using (month, source, reference)
        join {_SPANS} using (day, programme))
    order by m.month, m.span, m.source, m.programme, m.division, m.band, m.paid for update
"""  # noqa: S608
# A use is void after an odd number of turns; a difference that does not fit the turn was made already. The
# piece of the month it is taken off may be newer than it is, when a fare version came between.
_WRITE = f"""
with next as (
    select u.*, given.effect, given.reason,
           1 + (select count(*) from benefits_use_void v
                where (v.month, v.source, v.reference) = (u.month, u.source, u.reference)) as turn
    from {_GIVEN} join benefits_use u using (month, source, reference)
), written as (
    insert into benefits_use_void (month, source, reference, turn, effect, division, reason, recorded_at,
                                   recorded_by)
    select month, source, reference, turn, effect, division, reason, %(now)s, %(by)s
    from next where effect = case when turn %% 2 = 1 then -1 else 1 end
    order by month, source, reference collate "C" on conflict do nothing
    returning month, source, reference, effect
), counted as (
    select n.month, n.day, n.source, n.programme, n.division, n.band, n.paid, sum(w.effect) as n
    from written w join next n using (month, source, reference) group by 1, 2, 3, 4, 5, 6, 7
), by_day as (
    update benefits_use_day d set n = d.n + c.n from counted c
    where (d.day, d.source, d.programme, d.division, d.band, d.paid)
        = (c.day, c.source, c.programme, c.division, c.band, c.paid)
), by_month as (
    insert into benefits_use_month as m (month, span, source, programme, division, band, paid, n)
    select month, span, source, programme, division, band, paid, sum(n)
    from counted join {_SPANS} using (day, programme)
    group by 1, 2, 3, 4, 5, 6, 7 order by 1, 2, 3, 4, 5, 6, 7
    on conflict (month, span, source, programme, division, band, paid) do update set n = m.n + excluded.n
)
select effect from written
"""  # noqa: S608


def write_differences(differing: Sequence[Difference], *, by: str, now: datetime) -> list[int]:
    """Write difference rows and change the rollups by them; returns the effects really written.

    In the caller's transaction. One that was written before writes nothing.
    """
    if not differing:
        return []
    pairs = {(each.day, each.programme) for each in differing}
    spans = queries.spans_of(pairs, fares=book().fares, programmes=queries.programmes())
    values: dict[str, Any] = {
        "month": numbers_text([each.month for each in differing]),
        "source": numbers_text([each.source for each in differing]),
        "reference": texts_text([each.reference for each in differing]),
        "effect": numbers_text([each.effect for each in differing]),
        "reason": texts_text([each.reason for each in differing]),
        "span_day": texts_text([day for day, _, _ in spans]),
        "span_programme": numbers_text([programme for _, programme, _ in spans]),
        "span": texts_text([span for _, _, span in spans]),
        "by": by,
        "now": now,
    }
    with connection.cursor() as cursor:
        cursor.execute(_HOLD_DAYS, values)
        cursor.execute(_HOLD_MONTHS, values)
        cursor.execute(_WRITE, values)
        return [effect for (effect,) in cursor.fetchall()]


# --- conflicts that were decided ----------------------------------------------------------------------------

_DECIDED = """
    select d.id, d.outcome, d.reason, d.adds, d.decided_by, r.id, r.reason, r.reference, r.fields, r.stands,
           s.id, s.code, r.batch_id
    from benefits_use_decision d join benefits_use_refusal r on r.id = d.refusal_id
    join benefits_use_source s on s.id = r.source_id
    where d.state = 'confirmed' order by d.id limit %s for update of d skip locked
"""
_STANDING = """
    select u.month, u.source, u.reference, u.day::text, u.programme,
           coalesce((select sum(v.effect) from benefits_use_void v
                     where (v.month, v.source, v.reference) = (u.month, u.source, u.reference)), 0)::int
    from benefits_use u where u.month = %s and u.source = %s and u.reference = %s
"""
_END = """
    with done as (update benefits_use_decision set state = 'done', done_at = %(now)s where id = %(decision)s)
    update benefits_use_refusal
    set state = %(state)s, closed_at = %(now)s, closed_by = %(by)s, closed_reason = %(why)s
    where id = %(refusal)s and state = 'open'
"""


def carry_out(*, by: str, now: datetime) -> tuple[int, int]:
    """What two people decided of conflicts becomes difference rows and, where it was so decided, a use.

    Returns how many uses stopped counting and how many began to.
    """
    with connection.cursor() as cursor:
        cursor.execute(_DECIDED, [REFUSALS_AT_ONCE])
        rows = cursor.fetchall()
    voided = taken = 0
    for decision, outcome, why, adds, decided_by, refusal, reason, reference, came, stood, *of in rows:
        source, code, batch = of
        fields, stands = json.loads(came), json.loads(stood)
        for side in logic.sides_voided(reason, outcome):
            said = fields if side == "second" else stands
            voided += _void(said, source, reference, reason=reason, by=by, now=now)
        added = _add(code, batch, refusal, fields, now=now) if adds else False
        taken += added
        ended = {"decision": decision, "refusal": refusal, "why": why, "by": decided_by, "now": now}
        with connection.cursor() as cursor:
            cursor.execute(_END, {**ended, "state": "taken" if added else "closed"})
    return voided, taken


def _void(
    said: Mapping[str, Any], source: int, reference: str, *, reason: str, by: str, now: datetime
) -> int:
    """Void the use of that key. One that is void for its card is void for this from now on."""
    moment = logic.read_moment(said["used_at"])
    assert moment is not None, "it was taken in by its moment"
    with connection.cursor() as cursor:
        cursor.execute(_STANDING, [moment[2], source, reference])
        row = cursor.fetchone()
    if row is None:  # its month was let go
        return 0
    month, _source, _reference, day, programme, standing = row

    def write(effect: int) -> list[int]:
        one = Difference(month, source, reference, day, programme, effect, reason)
        return write_differences([one], by=by, now=now)

    if standing < 0:
        write(1)
    written = write(-1)
    return len(written) if standing == 0 else 0


def _add(code: str, batch: int, refusal: int, fields: Mapping[str, Any], *, now: datetime) -> bool:
    """Take in the other side under a key no operator can write; False when its card could not be used."""
    columns = logic.as_columns([[fields[name] for name in logic.NAMES]])
    source = queries.source(code, now=now)
    judged = judge_again(source, columns, now=now)
    if judged.refused:
        return False
    judged.reference = [logic.key_of_decided(refusal)]
    with connection.cursor() as cursor:
        cursor.execute(_WAIT_AGAIN, {"batch": batch, "rows": 1})
    take_judged(source, batch, judged, now=now)
    return True


# --- refused rows -------------------------------------------------------------------------------------------

_RETRIED = """
    select r.id, s.code, r.batch_id, r.line, r.fields
    from benefits_use_refusal r join benefits_use_source s on s.id = r.source_id
    where r.state = 'open' and (
        r.reason in ('card-unknown', 'card-not-usable') and (r.fields ->> 'card')::bigint = any (%(cards)s)
        or r.reason = 'place' and exists (
            select from benefits_use_place l
            where l.source_id = r.source_id and l.code = r.fields ->> 'place')
        or r.reason = 'month-not-open')
    order by s.code, r.batch_id, r.id limit %(most)s for update of r skip locked
"""
_TAKEN = """
    update benefits_use_refusal
    set state = 'taken', closed_at = %(now)s, closed_by = %(by)s, closed_reason = 'judged-again'
    where id = any (%(ids)s)
"""
_WAIT_AGAIN = """
    update benefits_use_batch set refused = refused - %(rows)s, waiting = waiting + %(rows)s
    where id = %(batch)s
"""


def _retry_refused(changed: Sequence[int], *, by: str, now: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_RETRIED, {"cards": list(changed), "most": REFUSALS_AT_ONCE})
        rows = cursor.fetchall()
    grouped: Iterator[tuple[tuple[str, int], Iterator[Any]]] = groupby(rows, key=lambda row: (row[1], row[2]))
    return sum(_retry(code, batch, list(group), by=by, now=now) for (code, batch), group in grouped)


def _retry(code: str, batch: int, rows: Sequence[Any], *, by: str, now: datetime) -> int:
    """Rows of one batch judged again; those that still are refused stay as they are."""
    fields = [json.loads(row[4]) for row in rows]
    said = [[each[name] for name in logic.NAMES] for each in fields]
    with connection.cursor() as cursor:
        cursor.execute(_WAIT_AGAIN, {"batch": batch, "rows": len(rows)})
    taken = take_rows(
        queries.source(code, now=now),
        batch=batch,
        columns=logic.as_columns(said),
        keeps_refused=False,
        now=now,
    )
    settle_others(batch, repeated=len(taken.repeated), refused=len(taken.refused))
    refused = {line for line, _ in taken.refused}
    ids = [row[0] for place, row in enumerate(rows) if place not in refused]
    with connection.cursor() as cursor:
        cursor.execute(_TAKEN, {"ids": ids, "by": by, "now": now})
    return len(ids)
