"""Files of invented partners for tests; nobody in them exists."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from hypothesis import strategies as st

from rongjun.kernel.identifiers import IdentityNumber
from rongjun.partners.formats import formats_in
from rongjun.partners.logic import write_file

CONTRACTS = Path(__file__).resolve().parents[4] / "contracts"
FORMATS = formats_in(CONTRACTS / "files")
DEATHS = FORMATS["deaths/1"]
USES = FORMATS["uses/1"]
CIVIL = "civil-affairs"
DAY = date(2024, 11, 23)
TODAY = date(2024, 11, 24)

words = st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=12)
keys = st.from_regex(r"[A-Z]{2}-[0-9]{4}", fullmatch=True)


def dead(sequence: int, *, died_on: str = "2024-11-20") -> list[str]:
    """A line of the dead of the day: key and columns."""
    born = date(1952, 3, 8)
    own = IdentityNumber.invented(born=born, sequence=sequence % 1000, address=f"99{sequence // 1000:04d}")
    return [f"HH-{sequence:04d}", f"测试张三{sequence:04d}", own.number, born.isoformat(), "", died_on]


def use(number: int, *, paid: str = "0") -> list[str]:
    """A line of the uses of the day: key and columns."""
    at = f"2024-11-23T{7 + number % 12:02d}:{number % 60:02d}:00+08:00"
    return [f"T-{number:07d}", str(10**12 + number), at, "bus", "12", "1", paid]


def file(
    rows: Sequence[Sequence[str]] = (),
    *,
    partner: str = CIVIL,
    day: date = DAY,
    sequence: int = 1,
    charset: str = "UTF-8",
    total: int | None = None,
) -> bytes:
    """A file of the dead that holds together, unless its total is said to be another."""
    kept = rows or [dead(1), dead(2)]
    return write_file(
        DEATHS, kept, partner=partner, business_date=day, sequence=sequence, charset=charset, total=total
    )


@st.composite
def rows(draw: st.DrawFn) -> list[list[str]]:
    """Rows with anything in their columns that is text."""
    columns = st.lists(words, min_size=len(DEATHS.columns), max_size=len(DEATHS.columns))
    return [[draw(keys), *draw(columns)] for _ in range(draw(st.integers(0, 6)))]
