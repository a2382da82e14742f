"""What was saved, worked out: prices as engines join them, sums, bounds, the aggregate's bytes. Pure."""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from itertools import pairwise
from operator import attrgetter
from pathlib import Path
from typing import Final

from rongjun.kernel.words import Words
from rongjun.rules.api import FareBook, NoFareError, breaks_within, ordinary_price, price_rows

SQL: Final = Path(__file__).parents[1] / "sql"
_JUDGED: Final = (SQL / "judged.sql").read_text("utf-8")
SETTLEMENT_TEXT: Final = _JUDGED + (SQL / "settlement.sql").read_text("utf-8")
TALLY_TEXT: Final = _JUDGED + (SQL / "tally.sql").read_text("utf-8")
SAVINGS_TEXT: Final = (SQL / "savings.sql").read_text("utf-8")
FATES: Final = ("counted", "repeated", "conflict", "voided", "refused", "unpriced")


@dataclass(frozen=True, slots=True)
class PriceLine:
    """A price as the shared texts join it: days `span` to `last_day`, whole fen; None where there is none."""

    programme: int
    band: int
    span: date
    last_day: date
    fen: int | None
    payer: str | None
    version: date | None


@dataclass(frozen=True, slots=True)
class Settled:
    """One line of a settlement: uses of one source, programme, division and payer with one fate."""

    month: int
    source: int
    programme: int
    division: int
    borne_by: str
    fate: str
    uses: int
    ordinary_fen: int
    paid_fen: int
    savings_fen: int


@dataclass(frozen=True, slots=True)
class Tally:
    """How many uses of a day, or of the days from `day` on with one price: what savings are made of.

    `kind` is the kind of card, None where it was not kept.
    """

    month: int
    day: date
    source: int
    programme: int
    division: int
    band: int
    kind: str | None
    paid: int
    n: int


@dataclass(frozen=True, slots=True)
class Saved:
    """One line of the savings: whole fen; uses without a fare are in `unpriced` and saved nothing."""

    month: int
    source: int
    programme: int
    division: int
    borne_by: str
    version: date | None
    uses: int
    unpriced: int
    above_price: int
    ordinary_fen: int
    paid_fen: int
    savings_fen: int


def first_of(month: int) -> date:
    """The first day of a month written yyyymm."""
    return date(month // 100, month % 100, 1)


def last_of(month: int) -> date:
    """The last day of a month written yyyymm."""
    return first_of(next_month(month)) - timedelta(days=1)


def next_month(month: int) -> int:
    """The month after, yyyymm."""
    return month + 1 if month % 100 < 12 else month + 89


def month_of(day: date) -> int:
    """The month of a day, yyyymm."""
    return day.year * 100 + day.month


def days_in(month: int, days: int) -> list[date]:
    """The days of a month written yyyymm whose bits are set, the first of the month being the lowest."""
    return [date(month // 100, month % 100, n + 1) for n in range(31) if days >> n & 1]


def may_go(month: int, *, today: date, kept_months: int) -> bool:
    """Whether the single uses of a month have been kept as long as they are to be: whole months after it."""
    after = month
    for _ in range(kept_months + 1):
        after = next_month(after)
    return today >= first_of(after)


def months_of(first: date, last: date) -> list[int]:
    """Every month from the first day's to the last day's."""
    found, month = [], month_of(first)
    while month <= month_of(last):
        found.append(month)
        month = next_month(month)
    return found


def month_prices(
    fares: FareBook,
    *,
    month: int,
    known_at: date,
    programmes: Mapping[str, int],
    held: Collection[tuple[int, int]] = (),
) -> list[PriceLine]:
    """The prices of one month, cut wherever any version ever announced begins or ends.

    So a tally of a span can be priced again after a correction that was known by then; a band that has no
    price in a span stands there without one. So does a band that no version names and that is `held`, by
    programme and band: its tallies are cut as those of its neighbours.
    """
    lines = []
    for code, number in sorted(programmes.items()):
        versions = fares.fares[code].versions if code in fares.fares else ()
        named = {band.band for version in versions for band in version.bands}
        bands = sorted(named | {band for programme, band in held if programme == number})
        cuts = breaks_within(fares, code, first=first_of(month), last=last_of(month))
        spans = [first_of(month), *cuts, first_of(next_month(month))]
        for start, after in pairwise(spans):
            for band in bands:
                line = PriceLine(number, band, start, after - timedelta(days=1), None, None, None)
                lines.append(_priced(line, fares, code, known_at=known_at))
    return lines


def _priced(line: PriceLine, fares: FareBook, code: str, *, known_at: date) -> PriceLine:
    try:
        price = ordinary_price(fares, code, band=line.band, day=line.span, known_at=known_at)
    except NoFareError:
        return line
    return replace(line, fen=int(price.fen), payer=price.payer, version=price.version.start)


def all_prices(fares: FareBook, *, known_at: date, programmes: Mapping[str, int]) -> list[PriceLine]:
    """Every price of every day, for pricing tallies of many months."""
    return [
        PriceLine(programmes[row.programme], row.band, row.start, row.end, row.fen, row.payer, row.version)
        for row in price_rows(fares, known_at=known_at)
        if row.programme in programmes
    ]


def broken_months(fares: FareBook, *, first: date, last: date) -> frozenset[int]:
    """Months in which some fare changes after the first day: their tallies are taken by the day."""
    days = {
        day
        for code in fares.fares
        for day in breaks_within(fares, code, first=first.replace(day=1), last=last)
        if day.day > 1
    }
    return frozenset(map(month_of, days))


def savings_by_hand(tallies: Iterable[Tally], prices: Sequence[PriceLine]) -> int:
    """The savings in whole fen, worked out one tally after another: what the engines are held to."""
    total = 0
    for tally in tallies:
        for price in prices:
            if (
                price.programme == tally.programme
                and price.band == tally.band
                and price.span <= tally.day <= price.last_day
                and price.fen is not None
            ):
                total += tally.n * (price.fen - tally.paid)
    return total


def fates_of(lines: Iterable[Settled]) -> dict[str, int]:
    """Uses by fate: they add up to what came in."""
    counted: Counter[str] = Counter()
    for line in lines:
        counted[line.fate] += line.uses
    return {fate: counted[fate] for fate in FATES}


# --- the figure ---------------------------------------------------------------------------------------------

BY: Final = ("month", "district", "programme", "payer", "source")
FORMULA: Words[str] = (
    "节省 = Σ 次数 ×（当天这一档的普通票价 − 实付），整数分；没有票价的使用省 0 元并单独计数。"
    "下限 = 节省（缺的日子当 0，实付高于票价的照减）；"
    "上限 = 节省 + Σ 缺的每一天按同一来源前后四周同一星期几的最高一天"
    "（没有就按这些天里最高的一天）+ Σ 没有票价的使用 × 该项目最高一档票价"
    " + Σ 外地证件登记的人数 × 当天这一档的普通票价（没有票价的按该项目最高一档）。"
    "外地证件登记（C 级）是窗口记的，没有刷卡：另外数，不在节省里，下限不含，只加在上限里。"
)
WEEKS: Final = (-4, -3, -2, -1, 1, 2, 3, 4)


@dataclass(frozen=True, slots=True)
class Sums:
    """Uses and whole fen of some lines together."""

    uses: int = 0
    unpriced: int = 0
    above_price: int = 0
    ordinary_fen: int = 0
    paid_fen: int = 0
    savings_fen: int = 0


_AMOUNTS: Final = attrgetter(*(field.name for field in fields(Sums)))


@dataclass(frozen=True, slots=True)
class Coverage:
    """Which days of a period a source should have delivered and which of them it did."""

    source: int
    expected: int
    delivered: int
    missing: tuple[date, ...]


@dataclass(frozen=True, slots=True)
class Bounds:
    """Whole fen between which the savings lie; `unbounded` are sources that never delivered a day."""

    lower_fen: int
    upper_fen: int
    missing_days: int
    unpriced: int
    unbounded: tuple[int, ...] = ()


def summed(lines: Iterable[Saved]) -> Sums:
    """All lines together."""
    held = [_AMOUNTS(line) for line in lines]
    return Sums(*map(sum, zip(*held, strict=True)))


def grouped(lines: Iterable[Saved], *, by: str) -> dict[int | str, Sums]:
    """The lines together by month, district, programme, payer or source; the parts add up to the whole."""
    name = {"district": "division", "payer": "borne_by"}.get(by, by)
    key, found = attrgetter(name), dict[int | str, list[Saved]]()
    for line in lines:
        found.setdefault(key(line), []).append(line)
    return {part: summed(found[part]) for part in sorted(found, key=str)}


def coverage_of(
    expected_since: Mapping[int, date], delivered: Mapping[int, frozenset[date]], *, first: date, last: date
) -> tuple[Coverage, ...]:
    """Source by source, the days from when it is expected (both ends included) and those that are missing."""
    found = []
    every = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    for source, since in sorted(expected_since.items()):
        days = every[max(0, (since - first).days) :]
        held = delivered.get(source, frozenset())
        missing = tuple(day for day in days if day not in held)
        found.append(Coverage(source, len(days), len(days) - len(missing), missing))
    return tuple(found)


def days_asked(coverage: Iterable[Coverage]) -> list[tuple[int, date]]:
    """Source and day of the days whose savings bound the missing ones: the same weekdays around each."""
    found = {
        (each.source, day + timedelta(days=7 * weeks))
        for each in coverage
        for day in each.missing
        for weeks in WEEKS
    }
    return sorted(found)


def bounds_of(
    total: Sums,
    coverage: Iterable[Coverage],
    *,
    daily: Mapping[int, Mapping[date, int]],
    unpriced_at_most: int,
    by_hand: int = 0,
) -> Bounds:
    """Lower and upper bound by `FORMULA`; `daily` are savings by source and day, fen.

    `by_hand` is what those would have paid who were let in by certificate: in the upper bound alone.
    """
    upper, missing, unbounded = total.savings_fen + unpriced_at_most + by_hand, 0, []
    for each in coverage:
        days = daily.get(each.source, {})
        missing += len(each.missing)
        if each.missing and not days:
            unbounded.append(each.source)
            continue
        upper += sum(_at_most(day, days) for day in each.missing)
    return Bounds(total.savings_fen, upper, missing, total.unpriced, tuple(unbounded))


def _at_most(day: date, days: Mapping[date, int]) -> int:
    """The most a missing day can have been: the best same weekday of four weeks around, or the best asked."""
    near = (day + timedelta(days=7 * weeks) for weeks in WEEKS)
    found = [days[each] for each in near if each in days]
    return max(0, max(found) if found else max(days.values()))


def highest_prices(prices: Iterable[PriceLine]) -> dict[int, int]:
    """The highest price of each programme, fen."""
    found: dict[int, int] = {}
    for price in prices:
        found[price.programme] = max(found.get(price.programme, 0), price.fen or 0)
    return found


# --- the aggregate ------------------------------------------------------------------------------------------

AGGREGATE_FORMAT: Final = "rongjun/use-aggregate/1"


@dataclass(frozen=True, slots=True)
class Counted:
    """One line of an aggregate: fare version × band × kind of card × payer × count, and where.

    `fen`, `payer` and `version` are the fare as known when the month was closed, so that the aggregate
    alone gives the figure of that day; with today's fares it gives today's.
    """

    tally: Tally
    fen: int | None
    payer: str | None
    version: date | None


@dataclass(frozen=True, slots=True)
class Aggregate:
    """A closed month without a single use. The same month gives the same bytes, and these are signed.

    `spans` are the first days of the pieces its counts were cut into, by programme.
    """

    month: int
    turn: int
    programmes: Mapping[str, int]
    sources: Mapping[str, int]
    spans: Mapping[int, tuple[date, ...]]
    lines: tuple[Counted, ...]

    @property
    def tallies(self) -> list[Tally]:
        """Its counts."""
        return [line.tally for line in self.lines]

    @property
    def savings_then(self) -> int:
        """The savings by the fares known when the month was closed, from the aggregate alone, fen."""
        priced = (line for line in self.lines if line.fen is not None)
        return sum(line.tally.n * ((line.fen or 0) - line.tally.paid) for line in priced)

    def bytes(self) -> bytes:
        """What is digested and signed."""
        whole = {
            "format": AGGREGATE_FORMAT,
            "month": self.month,
            "turn": self.turn,
            "programmes": dict(self.programmes),
            "sources": dict(self.sources),
            "spans": {
                str(programme): [day.isoformat() for day in days] for programme, days in self.spans.items()
            },
            "columns": list(_AGGREGATE_COLUMNS),
            "lines": sorted(map(_row, self.lines), key=str),
        }
        return json.dumps(whole, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


_AGGREGATE_COLUMNS: Final = (
    "day", "source", "programme", "division", "band", "kind", "paid", "n", "version", "fen", "payer",
)  # fmt: skip


def _row(line: Counted) -> list[object]:
    tally, version = line.tally, line.version
    return [
        tally.day.isoformat(), tally.source, tally.programme, tally.division, tally.band, tally.kind,
        tally.paid, tally.n, version.isoformat() if version else None, line.fen, line.payer,
    ]  # fmt: skip


def aggregate_of(
    tallies: Iterable[Tally],
    *,
    month: int,
    turn: int,
    prices: Iterable[PriceLine],
    programmes: Mapping[str, int],
    sources: Mapping[str, int],
) -> Aggregate:
    """The aggregate of a month's tallies with the fares of the day it was closed."""
    held = list(prices)
    known = {(price.programme, price.band, price.span): price for price in held}
    lines = []
    for tally in tallies:
        price = known.get((tally.programme, tally.band, tally.day))
        lines.append(
            Counted(tally, price.fen, price.payer, price.version)
            if price
            else Counted(tally, None, None, None)
        )
    return Aggregate(month, turn, dict(programmes), dict(sources), spans_of(held), tuple(lines))


def spans_of(prices: Iterable[PriceLine]) -> dict[int, tuple[date, ...]]:
    """The first days of the pieces a month's prices are cut into, by programme."""
    found: dict[int, set[date]] = {}
    for price in prices:
        found.setdefault(price.programme, set()).add(price.span)
    return {programme: tuple(sorted(days)) for programme, days in sorted(found.items())}


def read_aggregate(raw: bytes) -> Aggregate:
    """The aggregate these bytes say. Raises `ValueError` for anything else, other spellings too."""
    said = json.loads(raw)
    if not isinstance(said, dict) or said.get("format") != AGGREGATE_FORMAT:
        raise ValueError("不是使用汇总")
    month = said["month"]
    lines = tuple(
        Counted(
            Tally(month, date.fromisoformat(day), source, programme, division, band, kind, paid, n),
            fen,
            payer,
            date.fromisoformat(version) if version else None,
        )
        for day, source, programme, division, band, kind, paid, n, version, fen, payer in said["lines"]
    )
    spans = {
        int(programme): tuple(map(date.fromisoformat, days)) for programme, days in said["spans"].items()
    }
    found = Aggregate(month, said["turn"], said["programmes"], said["sources"], spans, lines)
    if found.bytes() != raw:
        raise ValueError("使用汇总的写法不对")
    return found


def late_breaks(aggregate: Aggregate, fares: FareBook) -> tuple[date, ...]:
    """Days of the month on which a fare now changes and the aggregate was not cut.

    A correction announced after the month was closed cut it where the aggregate was not cut: it then takes
    the tallies by day, which stay, to price it.
    """
    held = {line.tally.programme for line in aggregate.lines}
    found = set()
    for code, number in aggregate.programmes.items():
        days = breaks_within(fares, code, first=first_of(aggregate.month), last=last_of(aggregate.month))
        cut = aggregate.spans.get(number, ())
        found |= {day for day in days if number in held and day not in cut}
    return tuple(sorted(found))
