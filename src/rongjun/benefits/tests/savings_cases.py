"""Invented uses with repeats, conflicts, voids and stopped cards, and their settlement worked out by hand."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from hypothesis import strategies as st

from rongjun.benefits.duck import engine
from rongjun.benefits.logic.savings import PriceLine, Settled, Tally
from rongjun.kernel.money import Fen
from rongjun.rules.api import FareBook
from rongjun.rules.tests.strategies import book

MONTH, FIRST = 202306, date(2023, 6, 1)
PROGRAMMES = {"bus": 1, "metro": 2}
CARDS = (101, 102, 103)
DISTRICTS = (990202000000, 990212000000)
AT = datetime(2023, 5, 31, 16, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Row:
    source: int
    reference: str
    arrived: int
    card: int
    used_at: datetime
    day: date
    programme: int
    place: int
    band: int
    paid: int
    division: int


@dataclass(frozen=True)
class City:
    rows: tuple[Row, ...]
    voids: frozenset[tuple[int, str]]
    spans: tuple[tuple[int, str, datetime, datetime | None], ...]
    fares: FareBook


minutes = st.integers(0, 30 * 24 * 60 - 1)


@st.composite
def rows(draw: st.DrawFn) -> tuple[Row, ...]:
    wanted = draw(
        st.lists(
            st.tuples(
                st.integers(1, 2), st.integers(0, 8), st.sampled_from(CARDS), minutes, st.integers(1, 2),
                st.integers(1, 4), st.sampled_from([0, 0, 50, 500]), st.sampled_from(DISTRICTS),
            ),
            max_size=25,
        )
    )  # fmt: skip
    made = []
    for arrived, (source, reference, card, minute, programme, band, paid, division) in enumerate(wanted):
        at = AT + timedelta(minutes=minute)
        day = (at + timedelta(hours=8)).date()
        made.append(Row(source, f"R{reference}", arrived, card, at, day, programme, 1, band, paid, division))
    again = draw(st.lists(st.sampled_from(made), max_size=6)) if made else []
    return (*made, *(replace(row, arrived=1000 + n) for n, row in enumerate(again)))


@st.composite
def spans(draw: st.DrawFn) -> tuple[tuple[int, str, datetime, datetime | None], ...]:
    found = []
    for card in CARDS[: draw(st.integers(0, 3))]:
        cuts = sorted(set(draw(st.lists(minutes, max_size=4))))
        for start, end in zip(cuts[::2], [*cuts[1::2], None], strict=False):
            ends = None if end is None else AT + timedelta(minutes=end)
            found.append((card, "rongjun", AT + timedelta(minutes=start), ends))
        if not cuts:
            found.append((card, "preferential", AT - timedelta(days=900), None))
    return tuple(found)


june = st.dates(date(2023, 5, 1), date(2023, 7, 31))


@st.composite
def fares(draw: st.DrawFn) -> FareBook:
    """One or more versions of both programmes, some of them corrections announced later."""
    found = {}
    for code in PROGRAMMES:
        fare = book().fares.fares[code]
        first = replace(fare.versions[0], start=date(2023, 1, 1), announced=date(2022, 12, 1))
        later = draw(st.dictionaries(st.tuples(june, june), st.integers(1, 900), max_size=3))
        versions = [
            replace(
                first, start=start, announced=announced, payer="operator",
                bands=tuple(replace(band, fen=Fen(fen)) for band in first.bands[:2]),
            )
            for (start, announced), fen in sorted(later.items())
        ]  # fmt: skip
        found[code] = replace(fare, versions=(first, *versions))
    return FareBook(found)


@st.composite
def cities(draw: st.DrawFn) -> City:
    made = draw(rows())
    keys = sorted({(row.source, row.reference) for row in made})
    voided = draw(st.sets(st.sampled_from(keys), max_size=3)) if keys else set()
    return City(made, frozenset(voided), draw(spans()), draw(fares()))


def fate_of(row: Row, city: City, prices: Sequence[PriceLine]) -> tuple[str, PriceLine | None, str | None]:
    """One row by hand: its fate, its price, the kind of its card."""
    same = [other for other in city.rows if (other.source, other.reference) == (row.source, row.reference)]
    first = min(same, key=lambda other: other.arrived)
    price = next(
        (
            p
            for p in prices
            if (p.programme, p.band) == (row.programme, row.band) and p.span <= row.day <= p.last_day
        ),
        None,
    )
    kind = next(
        (
            kind
            for card, kind, start, end in city.spans
            if card == row.card and start <= row.used_at and (end is None or row.used_at < end)
        ),
        None,
    )
    if row is not first and row.arrived != first.arrived:
        fate = (
            "repeated"
            if replace(row, arrived=0, division=0, day=FIRST)
            == replace(first, arrived=0, division=0, day=FIRST)
            else "conflict"
        )
    elif (row.source, row.reference) in city.voids:
        fate = "voided"
    elif kind is None:
        fate = "refused"
    elif price is None or price.fen is None:
        fate = "unpriced"
    else:
        fate = "counted"
    return fate, price, kind


def settled_by_hand(city: City, prices: Sequence[PriceLine]) -> list[Settled]:
    """The settlement, row after row."""
    uses: Counter[tuple[int, int, int, str, str]] = Counter()
    ordinary: Counter[tuple[int, int, int, str, str]] = Counter()
    paid: Counter[tuple[int, int, int, str, str]] = Counter()
    for row in city.rows:
        fate, price, _ = fate_of(row, city, prices)
        key = (row.source, row.programme, row.division, (price.payer if price else None) or "", fate)
        uses[key] += 1
        if fate == "counted":
            assert price is not None
            assert price.fen is not None
            ordinary[key] += price.fen
            paid[key] += row.paid
    lines = [
        Settled(
            MONTH, *key, uses=uses[key], ordinary_fen=ordinary[key], paid_fen=paid[key],
            savings_fen=ordinary[key] - paid[key],
        )
        for key in uses
    ]  # fmt: skip
    return sorted(lines, key=str)


def days_by_hand(city: City, prices: Sequence[PriceLine]) -> list[Tally]:
    """What a rollup by day holds: uses that count, priced or not."""
    counted: Counter[Tally] = Counter()
    for row in city.rows:
        fate, _, kind = fate_of(row, city, prices)
        if fate in {"counted", "unpriced"}:
            day = Tally(MONTH, row.day, row.source, row.programme, row.division, row.band, kind, row.paid, 0)
            counted[day] += 1
    return [replace(day, n=n) for day, n in counted.items()]


def write(city: City, folder: Path) -> Path:
    """The month as Parquet."""
    folder.mkdir(parents=True, exist_ok=True)
    with engine() as connection:
        connection.execute(
            """CREATE TABLE uses (month INTEGER, source SMALLINT, reference VARCHAR, arrived BIGINT,
            card BIGINT, used_at TIMESTAMPTZ, day DATE, programme SMALLINT, place INTEGER,
            band SMALLINT, paid INTEGER, division BIGINT);
            CREATE TABLE voids (source SMALLINT, reference VARCHAR);
            CREATE TABLE spans (card BIGINT, kind VARCHAR, starts_at TIMESTAMPTZ, ends_at TIMESTAMPTZ)"""
        )
        for row in city.rows:
            connection.execute(
                "INSERT INTO uses VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    MONTH, row.source, row.reference, row.arrived, row.card, row.used_at, row.day,
                    row.programme, row.place, row.band, row.paid, row.division,
                ],
            )  # fmt: skip
        for void in city.voids:
            connection.execute("INSERT INTO voids VALUES (?, ?)", list(void))
        for span in city.spans:
            connection.execute("INSERT INTO spans VALUES (?, ?, ?, ?)", list(span))
        for name in ("uses", "voids", "spans"):
            connection.execute(f"COPY {name} TO '{folder}/{name}.parquet' (FORMAT parquet)")
    return folder
