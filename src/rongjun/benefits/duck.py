"""DuckDB over the Parquet of closed months: settlement, tallies and savings by the shared texts.

A month is a folder `yyyymm` with `uses.parquet`, `voids.parquet` and `spans.parquet`. Months do not depend
on each other, so they are settled one after another and memory is bounded by one month.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass, fields
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final, TypeVar

from rongjun.benefits.logic.savings import (
    SAVINGS_TEXT,
    SETTLEMENT_TEXT,
    TALLY_TEXT,
    PriceLine,
    Saved,
    Settled,
    Tally,
    first_of,
)
from rongjun.rules.api import as_duckdb

if TYPE_CHECKING:
    import duckdb

MEMORY: Final = "8GiB"
THREADS: Final = 2
_USES = """
CREATE VIEW uses AS SELECT month, DATE '{first}' AS first_day, source, reference, arrived, card, used_at,
  day, programme, place, band, paid, division FROM read_parquet('{folder}/uses.parquet');
CREATE VIEW voids AS SELECT source, reference FROM read_parquet('{folder}/voids.parquet')
  GROUP BY source, reference;
CREATE VIEW spans AS SELECT card, kind, starts_at, ends_at FROM read_parquet('{folder}/spans.parquet');
"""
_PRICES = """CREATE TABLE prices (programme SMALLINT, band SMALLINT, span DATE, last_day DATE,
  fen INTEGER, payer VARCHAR, version DATE)"""
_TALLIES = """CREATE TABLE tallies (month INTEGER, day DATE, source SMALLINT, programme SMALLINT,
  division BIGINT, band SMALLINT, kind VARCHAR, paid INTEGER, n BIGINT)"""
Line = TypeVar("Line", Settled, Tally, Saved)


@dataclass(frozen=True, slots=True)
class Month:
    """A closed month: where its Parquet lies, its prices, and how much an engine may take."""

    folder: Path
    month: int
    prices: Sequence[PriceLine]
    memory: str = MEMORY
    threads: int = THREADS


@contextmanager
def engine(*, memory: str = MEMORY, threads: int = THREADS) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB in memory with a bound; it spills to a folder of its own that is gone afterwards."""
    import duckdb  # a process that settles nothing does without it

    with TemporaryDirectory(prefix="rongjun-batch-") as spill:
        settings: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": memory,
            "threads": str(threads),
            "temp_directory": spill,
            "preserve_insertion_order": "false",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        }
        with duckdb.connect(":memory:", config=settings) as connection:
            yield connection


def settle_month(month: Month) -> list[Settled]:
    """Every use of a closed month judged again and priced; the fates add up to the rows that came in."""
    return _judged(SETTLEMENT_TEXT, Settled, month)


def tally_month(month: Month) -> list[Tally]:
    """What counts of a closed month, by span of one price: the lines of its aggregate."""
    return _judged(TALLY_TEXT, Tally, month)


def savings_of(tallies: Iterable[Tally], *, prices: Sequence[PriceLine]) -> list[Saved]:
    """The savings of tallies by the shared text."""
    with engine() as connection:
        connection.execute(_TALLIES)
        _fill(connection, "tallies", [astuple(tally) for tally in tallies])
        return _answer(connection, SAVINGS_TEXT, Saved, prices)


def _judged(text: str, shape: type[Line], month: Month) -> list[Line]:
    with engine(memory=month.memory, threads=month.threads) as connection:
        connection.execute(
            _USES.format(folder=_quoted(month.folder), first=first_of(month.month).isoformat())
        )
        return _answer(connection, text, shape, month.prices)


def _answer(
    connection: duckdb.DuckDBPyConnection, text: str, shape: type[Line], prices: Sequence[PriceLine]
) -> list[Line]:
    connection.execute(_PRICES)
    _fill(connection, "prices", [astuple(price) for price in prices])
    rows = connection.execute(as_duckdb(text)).fetchall()
    return sorted((shape(*row) for row in rows), key=_order)


def _order(line: Settled | Tally | Saved) -> tuple[str, ...]:
    """Engines give rows in any order; ours is the order of the columns."""
    return tuple(str(getattr(line, field.name)) for field in fields(line))


def _fill(connection: duckdb.DuckDBPyConnection, table: str, rows: Sequence[tuple[object, ...]]) -> None:
    """Many rows at once: a row at a time would be most of the time of a small batch."""
    most = 2_000
    for start in range(0, len(rows), most):
        part = rows[start : start + most]
        marks = ", ".join(f"({', '.join('?' * len(row))})" for row in part)
        connection.execute(f"INSERT INTO {table} VALUES {marks}", [v for row in part for v in row])  # noqa: S608 - our own names


_UNPACKED = """COPY (
  SELECT month, source, reference, arrived, card, CAST(make_timestamp(used_at) AS TIMESTAMPTZ) AS used_at,
    day, programme, place, band, paid, division
  FROM read_csv('{csv}', header = false, auto_detect = false, delim = ',', quote = '"', columns = {{
    'month': 'INTEGER', 'source': 'SMALLINT', 'reference': 'VARCHAR', 'arrived': 'BIGINT', 'card': 'BIGINT',
    'used_at': 'BIGINT', 'day': 'DATE', 'programme': 'SMALLINT', 'place': 'INTEGER', 'band': 'SMALLINT',
    'paid': 'INTEGER', 'division': 'BIGINT'}})
) TO '{folder}/uses.parquet' (FORMAT parquet, COMPRESSION zstd)"""
_OTHERS = {
    "voids": "source SMALLINT, reference VARCHAR",
    "spans": "card BIGINT, kind VARCHAR, starts_at TIMESTAMPTZ, ends_at TIMESTAMPTZ",
}


def write_month(
    folder: Path,
    *,
    csv: Path,
    voids: Sequence[tuple[int, str]],
    spans: Sequence[tuple[int, str, datetime, datetime | None]],
) -> int:
    """Write a month's three files; `csv` holds its uses, `used_at` in microseconds. How many uses."""
    with engine() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(_UNPACKED.format(csv=_quoted(csv), folder=_quoted(folder)))
        for name, rows in (("voids", voids), ("spans", spans)):
            connection.execute(f"CREATE TABLE {name} ({_OTHERS[name]})")
            _fill(connection, name, rows)
            connection.execute(f"COPY {name} TO '{_quoted(folder)}/{name}.parquet' (FORMAT parquet)")
        counted = connection.execute(
            f"SELECT COUNT(*) FROM read_parquet('{_quoted(folder)}/uses.parquet')"  # noqa: S608 - our own folder
        ).fetchone()
    assert counted is not None
    return int(counted[0])


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
