"""The savings figure from the rollups, by the shared text; which days operators delivered; bounds.

Rollups hold counts and no money, so a corrected fare changes the figure and no row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from datetime import date, datetime, timedelta
from functools import lru_cache
from operator import attrgetter
from pathlib import Path
from typing import Any

from django.db import connection
from django.db.models import Max

from rongjun.benefits.logic.manual_uses import Manual, manual_of
from rongjun.benefits.logic.savings import (
    FORMULA,
    SAVINGS_TEXT,
    Bounds,
    Coverage,
    PriceLine,
    Saved,
    Sums,
    Tally,
    all_prices,
    bounds_of,
    broken_months,
    coverage_of,
    days_asked,
    days_in,
    first_of,
    highest_prices,
    last_of,
    month_of,
    months_of,
    summed,
)
from rongjun.benefits.models import ClosedMonth
from rongjun.benefits.queries.manual_uses import counted_by_hand
from rongjun.cards.api import carriers
from rongjun.kernel.words import Words
from rongjun.rules.api import PAYERS, FareBook, as_postgres, digest_of

NO_PAYER: Words[str] = "没有票价，没有写明"
ROLLUPS, PARQUET, AGGREGATE = "rollups", "parquet", "aggregate"


@dataclass(frozen=True, slots=True)
class Network:
    """The numbers tallies are kept by: programmes, sources and names, since when each source is expected."""

    programmes: Mapping[str, int]
    programme_titles: Mapping[int, str]
    sources: Mapping[str, int]
    source_titles: Mapping[int, str]
    expected_since: Mapping[int, date]


@dataclass(frozen=True, slots=True)
class Figure:
    """What was saved from one day to another (both included), and everything it stands on. Whole fen."""

    first: date
    last: date
    known_at: date
    made_from: str
    lines: tuple[Saved, ...]
    coverage: tuple[Coverage, ...]
    bounds: Bounds
    network: Network
    fares: FareBook
    formula: str = FORMULA
    query: str = SAVINGS_TEXT
    # Let in by certificate, by programme: in no line and no sum.
    by_hand: tuple[Manual, ...] = ()

    @property
    def total(self) -> Sums:
        """All of it together."""
        return summed(self.lines)

    @property
    def query_digest(self) -> str:
        """SHA-256 of the shared text."""
        return digest_of(self.query)

    @property
    def digest(self) -> str:
        """SHA-256 over every line: two figures with one digest are equal to the fen, line by line."""
        return digest_of(sorted([list(map(_plain, _VALUES(line))) for line in self.lines], key=str))


_VALUES = attrgetter(
    *(field.name for field in fields(Saved))
)  # astuple copies every value, which takes longer


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value


def label(found: Figure, *, by: str, key: int | str) -> str:
    """What a part of the figure is called; a district is named by who shows it."""
    if by == "month":
        return f"{int(key) // 100}-{int(key) % 100:02d}"
    if by == "programme":
        return found.network.programme_titles.get(int(key), str(key))
    if by == "source":
        return found.network.source_titles.get(int(key), str(key))
    if by == "payer":
        return PAYERS.get(str(key), "") or NO_PAYER
    return str(key)


def network() -> Network:
    """Programmes and sources as they stand."""
    with connection.cursor() as cursor:
        cursor.execute("select id, code, title from benefits_programme order by id")
        programmes = cursor.fetchall()
        cursor.execute("select id, code, title, expected_since from benefits_use_source order by id")
        sources = cursor.fetchall()
    return Network(
        programmes={code: number for number, code, _title in programmes},
        programme_titles={number: title for number, _code, title in programmes},
        sources={code: number for number, code, _title, _since in sources},
        source_titles={number: title for number, _code, title, _since in sources},
        expected_since={number: since for number, _code, _title, since in sources},
    )


def programme_titles() -> dict[int, str]:
    """What each programme is called."""
    return dict(network().programme_titles)


def benefit_of(programme: str) -> str | None:
    """The benefit a programme delivers; None where nobody agreed on such a programme."""
    with connection.cursor() as cursor:
        cursor.execute("select benefit from benefits_programme where code = %s", [programme])
        row = cursor.fetchone()
    return str(row[0]) if row else None


def delivers(partner: str) -> bool:
    """Whether this partner is the operator of some source."""
    with connection.cursor() as cursor:
        cursor.execute("select exists (select 1 from benefits_use_source where partner = %s)", [partner])
        return bool(cursor.fetchone()[0])


def figure(first: date, last: date, *, fares: FareBook, known_at: date) -> Figure:
    """The figure from the rollups in the caller's scope: days both included, fares announced until then."""
    net = network()
    prices = all_prices(fares, known_at=known_at, programmes=net.programmes)
    lines = saved(_TALLIES, prices, **_pieces(first, last, fares=fares))
    return with_bounds(lines, first, last, fares=fares, known_at=known_at, made_from=ROLLUPS)


_SINGLE = """
    select u.month, u.day, u.source, u.programme, cast(0 as bigint) as division, u.band, u.paid,
           count(*) as n
    from benefits_use u
    where u.month between cast('@first_month@' as int) and cast('@last_month@' as int)
      and u.day between cast('@first@' as date) and cast('@last@' as date)
      and not exists (select 1 from benefits_use_void v
                      where v.month = u.month and v.source = u.source and v.reference = u.reference
                      group by v.month having sum(v.effect) < 0)
      {whose}
    group by u.month, u.day, u.source, u.programme, u.band, u.paid
"""
_OF_CARDS = _SINGLE.format(whose="and u.card = any (cast('@cards@' as bigint[]))")
_IN_HAND = _SINGLE.format(whose="")


def saved_with(
    cards: Sequence[int], first: date, last: date, *, fares: FareBook, known_at: date
) -> list[Saved]:
    """What these carriers saved whoever held them, in the caller's scope; days both included.

    From the single uses, so only for as long as these are kept.
    """
    prices = all_prices(fares, known_at=known_at, programmes=network().programmes)
    return saved(_OF_CARDS, prices, cards=list(cards), **_within(first, last))


def saved_in_hand(first: date, last: date, *, fares: FareBook, known_at: date) -> list[Saved]:
    """What the cards of the file in hand saved; the policies of a citizen's role say whose uses those are."""
    prices = all_prices(fares, known_at=known_at, programmes=network().programmes)
    return saved(_IN_HAND, prices, **_within(first, last))


def _within(first: date, last: date) -> dict[str, Any]:
    months = {"first_month": month_of(first), "last_month": month_of(last)}
    return {**months, "first": first, "last": last}


def with_bounds(
    lines: Iterable[Saved], first: date, last: date, *, fares: FareBook, known_at: date, made_from: str
) -> Figure:
    """The lines of a figure with the coverage of its days and its bounds."""
    net, held = network(), tuple(lines)
    prices = all_prices(fares, known_at=known_at, programmes=net.programmes)
    coverage = coverage_of(net.expected_since, delivered_days(first, last), first=first, last=last)
    daily = _daily(days_asked(coverage), prices)
    highest = highest_prices(prices)
    unpriced = sum(line.unpriced * highest.get(line.programme, 0) for line in held)
    by_hand = manual_of(counted_by_hand(first, last), prices)
    bounds = bounds_of(
        summed(held),
        coverage,
        daily=daily,
        unpriced_at_most=unpriced,
        by_hand=sum(each.ordinary_fen for each in by_hand),
    )
    return Figure(first, last, known_at, made_from, held, coverage, bounds, net, fares, by_hand=by_hand)


def saved(tallies: str, prices: Sequence[PriceLine], **values: Any) -> list[Saved]:
    """The shared text over tallies given as SQL; `values` stand where it says `'@name@'`."""
    text = _text_for(tallies)
    with connection.cursor() as cursor:
        cursor.execute(text, {**_price_columns(prices), **values})
        return [Saved(*row) for row in sorted(cursor.fetchall(), key=_order)]


def _order(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """By month, source, programme, division, payer and fare, of which the last may be none."""
    return (*row[:5], row[5] or date.min)


@lru_cache(maxsize=64)
def _text_for(tallies: str) -> str:
    """The text as PostgreSQL reads it; checking and writing it takes longer than running it."""
    return (
        as_postgres(SAVINGS_TEXT, {"tallies": tallies, "prices": _PRICES})
        .replace("'@", "%(")
        .replace("@'", ")s")
    )


# A literal that becomes a parameter after the text was written: sqlglot reads no driver's placeholders.
_PRICES = """
    select programme, band, span, last_day, fen, payer, version
    from unnest(cast('@programme@' as smallint[]), cast('@band@' as smallint[]), cast('@span@' as date[]),
                cast('@last_day@' as date[]), cast('@fen@' as int[]), cast('@payer@' as text[]),
                cast('@version@' as date[]))
         as given(programme, band, span, last_day, fen, payer, version)
"""
_COLUMNS = ("programme", "band", "span", "last_day", "fen", "payer", "version")


def _price_columns(prices: Sequence[PriceLine]) -> dict[str, Any]:
    rows = [astuple(price) for price in prices]
    return {name: [row[at] for row in rows] for at, name in enumerate(_COLUMNS)}


# Whole months; parts of months in which no fare changes, summed before they are priced, for one of the days
# stands for all; days of months in which one does. One text whatever is asked, so that it is written once.
# Subselects that cannot be taken apart are asked piece by piece, by the index, whatever is believed of
# row security.
_TALLIES = """
    select month, span as day, source, programme, division, band, paid, n
    from benefits_use_month where n > 0 and month = any (cast('@whole@' as int[]))
    union all
    select part.month, u.day, u.source, u.programme, u.division, u.band, u.paid, u.n
    from unnest(cast('@part_month@' as int[]), cast('@part_first@' as date[]), cast('@part_last@' as date[]))
         as part(month, first, last)
    cross join lateral (
        select min(d.day) as day, source, programme, division, band, paid, cast(sum(n) as bigint) as n
        from benefits_use_day d where d.day between part.first and part.last and d.n > 0
        group by source, programme, division, band, paid
    ) as u
    union all
    select cut.month, u.day, u.source, u.programme, u.division, u.band, u.paid, u.n
    from unnest(cast('@cut_month@' as int[]), cast('@cut_first@' as date[]), cast('@cut_last@' as date[]))
         as cut(month, first, last)
    cross join lateral (
        select day, source, programme, division, band, paid, n
        from benefits_use_day d where d.day between cut.first and cut.last and d.n > 0 offset 0
    ) as u
"""


def _pieces(first: date, last: date, *, fares: FareBook) -> dict[str, Any]:
    """Which months are whole, of which days are asked, and in which of the months a fare changes."""
    broken = broken_months(fares, first=first, last=last)
    whole, found = (
        list[int](),
        {"part": list[tuple[int, date, date]](), "cut": list[tuple[int, date, date]]()},
    )
    for month in months_of(first, last):
        start, end = max(first, first_of(month)), min(last, last_of(month))
        if month not in broken and (start, end) == (first_of(month), last_of(month)):
            whole.append(month)
        else:
            found["cut" if month in broken else "part"].append((month, start, end))
    columns = {
        f"{kind}_{name}": [row[at] for row in rows]
        for kind, rows in found.items()
        for at, name in enumerate(("month", "first", "last"))
    }
    return {"whole": whole, **columns}


_DELIVERED = """
    select month, source, bit_or(days) from (
        select month, source, days from benefits_use_days_held
        where month between %(first_month)s and %(last_month)s
        union all
        select (extract(year from business_date) * 100 + extract(month from business_date))::int,
               source_id, 1 << (extract(day from business_date)::int - 1)
        from benefits_use_batch where business_date between %(first)s and %(last)s and waiting = 0
    ) told group by month, source
"""


def delivered_days(first: date, last: date) -> dict[int, frozenset[date]]:
    """By source the days for which something was delivered: uses of that day, or a file about it.

    Whole months are told: some of the days may lie before the first or after the last.
    """
    found: dict[int, set[date]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_DELIVERED, _within(first, last))
        for month, source, days in cursor.fetchall():
            found.setdefault(source, set()).update(days_in(month, days))
    return {source: frozenset(days) for source, days in found.items()}


# Each day is summed before it is priced: in which division somebody lives changes no price. Asked day by day
# as above.
_DAILY = """
    select cast(asked.day - date '2000-01-01' as int) as month, asked.day, asked.source, u.programme,
           cast(0 as bigint) as division, u.band, u.paid, u.n
    from unnest(cast('@asked_source@' as smallint[]), cast('@asked_day@' as date[])) as asked(source, day)
    cross join lateral (
        select programme, band, paid, cast(sum(n) as bigint) as n from benefits_use_day d
        where d.day = asked.day and d.source = asked.source and d.n > 0 group by programme, band, paid
    ) as u
"""


def _daily(asked: Sequence[tuple[int, date]], prices: Sequence[PriceLine]) -> dict[int, dict[date, int]]:
    """Savings by source and day: the shared text, a day standing where a month does."""
    found: dict[int, dict[date, int]] = {}
    if not asked:
        return found
    sources, days = [source for source, _day in asked], [day for _source, day in asked]
    for line in saved(_DAILY, prices, asked_source=sources, asked_day=days):
        day = date(2000, 1, 1) + timedelta(days=line.month)
        of_source = found.setdefault(line.source, {})
        of_source[day] = of_source.get(day, 0) + line.savings_fen
    return found


def day_tallies(month: int) -> list[Tally]:
    """The rollup by day of one month, for holding an archive against it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select %s, day, source, programme, division, band, null, paid, n from benefits_use_day"
            " where n > 0 and day between %s and %s",
            [month, first_of(month), last_of(month)],
        )
        return [Tally(*row) for row in cursor.fetchall()]


# --- closed months ------------------------------------------------------------------------------------------


def closings(months: Iterable[int]) -> dict[int, ClosedMonth]:
    """The newest closing of each of these months that has one."""
    rows = ClosedMonth.objects.filter(month__in=list(months)).order_by("month", "turn")
    return {row.month: row for row in rows}


def last_turn(month: int) -> int:
    """How often a month was closed."""
    return ClosedMonth.objects.filter(month=month).aggregate(most=Max("turn"))["most"] or 0


def held_months() -> list[int]:
    """Months whose single uses are here."""
    with connection.cursor() as cursor:
        cursor.execute(
            r"""select substr(c.relname, 14)::int from pg_inherits i join pg_class c on c.oid = i.inhrelid
            where i.inhparent = 'benefits_use'::regclass and c.relname ~ '^benefits_use_\d{6}$' order by 1"""
        )
        return [month for (month,) in cursor.fetchall()]


def voided(month: int) -> list[tuple[int, str]]:
    """The uses of a month that count no more, by source and reference."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select source, reference from benefits_use_void where month = %s"
            " group by source, reference having sum(effect) < 0 order by 1, 2",
            [month],
        )
        return list(cursor.fetchall())


_CARDS_AT_ONCE = 20_000


def spans_of_month(month: int) -> list[tuple[int, str, datetime, datetime | None]]:
    """When the cards used in a month could be used, as now known."""
    with connection.cursor() as cursor:
        cursor.execute("select distinct card from benefits_use where month = %s order by 1", [month])
        cards = [card for (card,) in cursor.fetchall()]
    found = []
    for start in range(0, len(cards), _CARDS_AT_ONCE):
        known = carriers(cards[start : start + _CARDS_AT_ONCE])
        for reference, carrier in sorted(known.items()):
            found += [(reference, carrier.kind, begun, ended) for begun, ended in carrier.spans]
    return found


_COPY = """
    copy (select month, source, reference, batch, card, (extract(epoch from used_at) * 1000000)::bigint, day,
                 programme, place, band, paid, division
          from benefits_use where month = {month} order by source, reference) to stdout (format csv)
"""


def write_uses(month: int, csv: Path) -> None:
    """Every use of a month in the caller's scope, as text, row by row: nothing of it is held in memory."""
    with (
        connection.cursor() as cursor,
        csv.open("wb") as file,
        cursor.copy(_COPY.format(month=month)) as rows,
    ):
        for part in rows:
            file.write(part)
