"""Reads of uses: who delivers, what a batch is judged against, deliveries by day, refusals, recounts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import connection
from django.utils.timezone import localtime

from rongjun.benefits.logic import uses as logic
from rongjun.kernel.errors import Refused

NOWHERE = "0"  # the code of a use that has no place, as a telephone has none
CLOCK_SLACK = timedelta(minutes=5)  # a gate's clock may be this far ahead


@dataclass(frozen=True, slots=True)
class Source:
    """An operator's source of record as intake needs it, with the codes of the programmes."""

    id: int
    code: str
    partner: str
    record: str
    seat: int
    programmes: Mapping[str, int]
    newest_month: int


_SOURCE = r"""
    select s.id, s.code, s.partner, s.record, s.seat,
           (select coalesce(json_object_agg(p.code, p.id), '{}') from benefits_programme p),
           (select coalesce(max(substr(c.relname, 14)::int), 0)
            from pg_inherits i join pg_class c on c.oid = i.inhrelid
            where i.inhparent = 'benefits_use'::regclass and c.relname ~ '^benefits_use_\d{6}$')
    from benefits_use_source s where s.code = %s
"""


def source(code: str) -> Source:
    """The source of that code. Refused("benefits.unknown-use-source")."""
    with connection.cursor() as cursor:
        cursor.execute(_SOURCE, [code])
        row = cursor.fetchone()
    if row is None:
        raise Refused("benefits.unknown-use-source", code=code)
    return Source(*row)


def setting_for(of: Source, *, places: Iterable[object], now: datetime) -> logic.Setting:
    """What a batch of this source is judged against now; `places` are the codes it names."""
    asked = sorted({place for place in places if type(place) is str and logic.is_fit_code(place)})
    with connection.cursor() as cursor:
        cursor.execute(
            "select coalesce(json_object_agg(code, id), '{}') from benefits_use_place"
            " where source_id = %s and code = any (%s)",
            [of.id, asked],
        )
        known = {**cursor.fetchone()[0], NOWHERE: 0}
    return logic.Setting(
        programmes=of.programmes,
        places=known,
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


def version_starts(programme: int) -> list[date]:
    """The days on which a fare version of the programme begins."""
    del programme
    return []


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
