"""Signals of misuse: found at night, looked at by a person, ended by a person with a reason."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from rongjun.access.api import Actor
from rongjun.audit import api as audit
from rongjun.benefits.logic.top_ups import MOST, rule_on
from rongjun.benefits.models import UseSignal
from rongjun.benefits.queries.top_ups import top_up_rules
from rongjun.kernel.errors import Refused

# A degree of a great circle, by the haversine: kilometres between a place and the one before.
_KILOMETRES = """
    2 * 6371 * asin(sqrt(least(1, sin(radians(lat - lat_before) / 2) ^ 2
        + cos(radians(lat)) * cos(radians(lat_before)) * sin(radians(lon - lon_before) / 2) ^ 2)))
"""
_OF_DAY = "u.month = %(month)s and u.day = %(day)s and u.used_at >= %(start)s and u.used_at < %(end)s"
_TRAVEL = f"""
    with steps as (
        select u.card, u.division, u.used_at, p.title, p.longitude as lon, p.latitude as lat,
               lag(u.used_at) over w as before, lag(p.title) over w as title_before,
               lag(p.longitude) over w as lon_before, lag(p.latitude) over w as lat_before
        from benefits_use u join benefits_use_place p on p.id = u.place
        where {_OF_DAY} and p.longitude is not null
        window w as (partition by u.card order by u.used_at, u.source, u.reference)
    ), legs as (
        select *, {_KILOMETRES} as km, extract(epoch from used_at - before) / 3600.0 as hours
        from steps where before is not null
    )
    select card, min(division), jsonb_agg(jsonb_build_object(
               'from', title_before, 'left', before, 'to', title, 'arrived', used_at,
               'km', round(km::numeric, 1), 'minutes', round((hours * 60)::numeric)) order by used_at)
    from legs where km > %(near)s and km > %(fastest)s * hours group by card
"""  # noqa: S608 - our own text
_MANY = f"""
    select card, min(division), jsonb_build_object(
               'uses', count(*), 'places', count(distinct place), 'first', min(used_at), 'last', max(used_at))
    from benefits_use u where {_OF_DAY} group by card having {{having}}
"""  # noqa: S608
# Outside the city's rule of that day: above what may be left on it, or up to more than it may hold.
_TOP_UPS = """
    select card, min(division), jsonb_agg(jsonb_build_object(
               'at', topped_at, 'before', before, 'amount', amount, 'after', before + amount,
               'below', %(below)s::int, 'up_to', %(up_to)s::int) order by topped_at)
    from benefits_top_up where day = %(day)s and (before >= %(below)s or before + amount > %(up_to)s)
    group by card
"""
_FIND = {
    "top-up": _TOP_UPS,
    "travel": _TRAVEL,
    "places": _MANY.format(having="count(distinct place) > %(most_places)s"),
    "times": _MANY.format(having="count(*) > %(most_uses)s"),
}
_KEEP = """
    insert into benefits_use_signal (division, day, kind, card, evidence, state, found_at, looked_by,
                                     ended_by, reason)
    select division, %(day)s, %(kind)s, card, evidence, 'open', %(now)s, '', '', ''
    from ({found}) as found(card, division, evidence)
    on conflict (day, kind, card) do nothing
"""


def find_signals(day: date, *, now: datetime) -> int:
    """Look over one day of uses and put cards on the list, once for each kind; returns how many were new."""
    start = datetime.fromisoformat(f"{day}T00:00:00+08:00")
    rule = rule_on(top_up_rules(), day)
    values: dict[str, Any] = {
        "day": day, "month": day.year * 100 + day.month, "now": now,
        "start": start, "end": datetime.fromisoformat(f"{day}T23:59:59.999999+08:00"),
        "near": settings.USE_SIGNALS["near_km"], "fastest": settings.USE_SIGNALS["fastest_kmh"],
        "most_places": settings.USE_SIGNALS["places_a_day"], "most_uses": settings.USE_SIGNALS["uses_a_day"],
        "below": rule.below_fen if rule else MOST, "up_to": rule.up_to_fen if rule else 2 * MOST,
    }  # fmt: skip
    found = 0
    with transaction.atomic(), connection.cursor() as cursor:
        for kind, sql in _FIND.items():
            cursor.execute(_KEEP.format(found=sql), {**values, "kind": kind})
            found += cursor.rowcount
    return found


# Unique within its month by the key; across months nothing but a look can tell.
_TWICE = """
    insert into benefits_use_refusal (division, source_id, batch_id, line, reference, digest, reason, fields,
                                      stands, state, recorded_at, closed_by, closed_reason)
    select later.division, later.source, later.batch, 0, later.reference,
           sha256(convert_to(later.month || ':' || later.source || ':' || later.reference, 'UTF8')),
           'month-twice', {later}, {earlier}, 'open', %(now)s, '', ''
    from benefits_use later
    join benefits_use earlier using (source, reference)
    join benefits_programme later_p on later_p.id = later.programme
    join benefits_programme earlier_p on earlier_p.id = earlier.programme
    left join benefits_use_place later_l on later_l.id = later.place
    left join benefits_use_place earlier_l on earlier_l.id = earlier.place
    where later.month = %(month)s and earlier.month = any (%(before)s)
    on conflict (source_id, digest, reason) do nothing
"""
_SIDE = """jsonb_build_object('reference', {0}.reference, 'card', {0}.card, 'used_at', {0}.used_at,
           'programme', {0}_p.code, 'place', {0}_l.code, 'band', {0}.band, 'paid', {0}.paid)"""


def find_twice(month: int, *, before: Sequence[int], now: datetime) -> int:
    """Put uses of a month before an officer whose source and reference stand in an earlier one too.

    Both count until somebody says which is none. Returns how many were new to the list.
    """
    sql = _TWICE.format(later=_SIDE.format("later"), earlier=_SIDE.format("earlier"))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, {"month": month, "before": list(before), "now": now})
        return int(cursor.rowcount)


def look_at_signal(signal: int, *, by: Actor, now: datetime) -> None:
    """Take a signal up. Refused("benefits.no-such-signal"), ("benefits.signal-looked-at")."""
    with transaction.atomic():
        row = _hold(signal)
        if row.state != "open":
            raise Refused("benefits.signal-looked-at")
        row.state, row.looked_by, row.looked_at = "looked-at", by.text, now
        row.save(update_fields=["state", "looked_by", "looked_at"])
        _note("benefits.signal-looked-at", row, by=by, now=now)


def end_signal(signal: int, *, outcome: str, reason: str, by: Actor, now: datetime) -> None:
    """Say that a signal is explained, or followed up elsewhere. It changes no card and no use.

    Refused: "benefits.no-such-signal", "benefits.signal-not-looked-at", "benefits.signal-ended",
    "benefits.signal-reason-missing".
    """
    assert outcome in {"explained", "followed-up"}
    if not reason.strip() or audit.looks_personal(reason):
        raise Refused("benefits.signal-reason-missing")
    with transaction.atomic():
        row = _hold(signal)
        if row.state == "open":
            raise Refused("benefits.signal-not-looked-at")
        if row.state != "looked-at":
            raise Refused("benefits.signal-ended")
        row.state, row.ended_by, row.ended_at, row.reason = outcome, by.text, now, reason.strip()[:500]
        row.save(update_fields=["state", "ended_by", "ended_at", "reason"])
        _note(f"benefits.signal-{outcome}", row, by=by, now=now)


def _hold(signal: int) -> UseSignal:
    row = UseSignal.objects.select_for_update().filter(pk=signal).first()
    if row is None:
        raise Refused("benefits.no-such-signal")
    return row


def _note(event: str, row: UseSignal, *, by: Actor, now: datetime) -> None:
    audit.note(
        event,
        by=by.text,
        role=by.role,
        about=f"use-signal:{row.id}",
        division=row.division,
        detail={"kind": row.kind},
        at=now,
    )
