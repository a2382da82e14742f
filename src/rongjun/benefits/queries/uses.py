"""Reads of uses: who delivers, what a batch is judged against, deliveries by day, refusals, recounts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils.timezone import localtime

from rongjun.benefits.logic import uses as logic
from rongjun.benefits.models import Programme, UseSource
from rongjun.benefits.queries import book
from rongjun.kernel.errors import Refused
from rongjun.rules.api import FareBook, breaks_within

CLOCK_SLACK = timedelta(minutes=5)  # a gate's clock may be this far ahead


@dataclass(frozen=True, slots=True)
class Source:
    """An operator's source of record with what its batches are judged by: codes, open months, fares."""

    id: int
    code: str
    partner: str
    record: str
    seat: int
    programmes: Mapping[str, int]
    places: Mapping[str, int]
    newest_month: int
    fares: FareBook


# "0" is the code of a use that has no place, as a telephone has none.
_SOURCE = r"""
    select s.id, s.code, s.partner, s.record, s.seat,
           (select coalesce(json_object_agg(p.code, p.id), '{}') from benefits_programme p),
           (select (coalesce(jsonb_object_agg(l.code, l.id), '{}') || '{"0": 0}')::json
            from benefits_use_place l where l.source_id = s.id),
           (select coalesce(max(substr(c.relname, 14)::int), 0)
            from pg_inherits i join pg_class c on c.oid = i.inhrelid
            where i.inhparent = 'benefits_use'::regclass and c.relname ~ '^benefits_use_\d{6}$')
    from benefits_use_source s where s.code = %s
"""
# What a process has read of sources, and when. Asked for every batch anew, it would cost as much as judging
# the rows; a place or month that is newer than this is refused now and taken in when uses are judged again.
_KEPT: dict[str, tuple[datetime, Source]] = {}
KEPT_FOR = timedelta(seconds=10)


def source(code: str, *, now: datetime) -> Source:
    """The source of that code, as read at most ten seconds ago. Refused("benefits.unknown-use-source")."""
    read_at, kept = _KEPT.get(code, (now, None))
    if kept is None or not timedelta(0) <= now - read_at < KEPT_FOR:
        kept = _read_source(code)
        _KEPT[code] = now, kept
    return kept


def forget_sources() -> None:
    """Read every source anew: for tests, each of which has a network of its own."""
    _KEPT.clear()


def _read_source(code: str) -> Source:
    with connection.cursor() as cursor:
        cursor.execute(_SOURCE, [code])
        row = cursor.fetchone()
    if row is None:
        raise Refused("benefits.unknown-use-source", code=code)
    said: tuple[Any, ...] = (*row, book().fares)
    return Source(*said)


def source_by_file(partner: str, *, now: datetime) -> Source | None:
    """The source of this partner that comes by daily file; None where none was agreed on."""
    code = UseSource.objects.filter(partner=partner, record="file").values_list("code", flat=True).first()
    return source(code, now=now) if code else None


def setting_for(of: Source, *, now: datetime) -> logic.Setting:
    """What a batch of this source is judged against now."""
    return logic.Setting(
        programmes=of.programmes,
        places=of.places,
        newest_month=of.newest_month,
        earliest=now - timedelta(days=settings.USES_LATE_DAYS),
        latest=now + CLOCK_SLACK,
    )


def closed_months(months: Iterable[int], *, now: datetime) -> list[int]:
    """Which of these months are closed by now."""
    today = localtime(now).date()
    return [
        month
        for month in sorted(set(months))
        if logic.is_month_closed(month, today, closes_on=settings.USES_MONTH_CLOSES_ON)
    ]


def spans_of(
    pairs: Iterable[tuple[str, int]], *, fares: FareBook, programmes: Mapping[str, int]
) -> list[tuple[str, int, str]]:
    """For each day and programme the first day of the part of the month in which no fare can change."""
    codes = {number: code for code, number in programmes.items()}
    return [
        (day, programme, _span(fares, codes[programme], date.fromisoformat(day)).isoformat())
        for day, programme in sorted(pairs)
    ]


def _span(fares: FareBook, programme: str, day: date) -> date:
    first = day.replace(day=1)
    breaks = breaks_within(fares, programme, first=first, last=day)
    return breaks[-1] if breaks else first


def programmes() -> dict[str, int]:
    """The number of every programme by its code."""
    return dict(Programme.objects.values_list("code", "id"))


# --- the rollups against the rows ---------------------------------------------------------------------------

_RECOUNT = """
    select count(*) from (
        select day, source, programme, division, band, paid, sum(n)::bigint as n from (
            select u.day, u.source, u.programme, u.division, u.band, u.paid, 1 as n
            from benefits_use u where u.month = %(month)s
            union all
            select u.day, u.source, u.programme, u.division, u.band, u.paid, v.effect
            from benefits_use_void v join benefits_use u using (month, source, reference)
            where v.month = %(month)s
        ) every group by 1, 2, 3, 4, 5, 6 having sum(n) <> 0
    ) counted
    full join (
        select * from benefits_use_day
        where day >= make_date(%(month)s / 100, %(month)s %% 100, 1)
          and day < make_date(%(month)s / 100, %(month)s %% 100, 1) + interval '1 month' and n <> 0
    ) kept using (day, source, programme, division, band, paid, n)
    where counted.day is null or kept.day is null
"""
_MONTHS = """
    select count(*) from (
        select source, programme, division, band, paid, sum(n) as n from benefits_use_day
        where day >= make_date(%(month)s / 100, %(month)s %% 100, 1)
          and day < make_date(%(month)s / 100, %(month)s %% 100, 1) + interval '1 month'
        group by 1, 2, 3, 4, 5 having sum(n) <> 0
    ) days
    full join (
        select source, programme, division, band, paid, sum(n) as n from benefits_use_month
        where month = %(month)s group by 1, 2, 3, 4, 5 having sum(n) <> 0
    ) months using (source, programme, division, band, paid, n)
    where days.source is null or months.source is null
"""


def rollup_differences(month: int) -> int:
    """How many lines of a month's rollups are not what its rows and difference rows say."""
    found = 0
    with connection.cursor() as cursor:
        for sql in (_RECOUNT, _MONTHS):
            cursor.execute(sql, {"month": month})
            found += cursor.fetchone()[0]
    return found
