"""What was saved, worked out: prices as engines join them, sums, bounds, the aggregate's bytes. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Final

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


def months_of(first: date, last: date) -> list[int]:
    """Every month from the first day's to the last day's."""
    found, month = [], month_of(first)
    while month <= month_of(last):
        found.append(month)
        month = next_month(month)
    return found


def month_prices(
    fares: FareBook, *, month: int, known_at: date, programmes: Mapping[str, int]
) -> list[PriceLine]:
    """The prices of one month, cut wherever any version ever announced begins or ends.

    So a tally of a span can be priced again after a correction that was known by then; a band that has no
    price in a span stands there without one.
    """
    lines = []
    for code, number in sorted(programmes.items()):
        versions = fares.fares[code].versions if code in fares.fares else ()
        bands = sorted({band.band for version in versions for band in version.bands})
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
