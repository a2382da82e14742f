"""The tree of divisions: what a city says of itself, what the package lists, and what a new list changes."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from rongjun.kernel.errors import Unfit
from rongjun.kernel.identifiers import DivisionCode, Level

FOREVER = date.max
UNCONFIRMED = "待局方确认"


@dataclass(frozen=True, slots=True)
class Row:
    """A division under one name. Half open: `valid_to` is the first day the name no longer holds."""

    code: int
    name: str
    level: str
    valid_from: date
    source: str
    valid_to: date | None = None
    successor: int | None = None

    def overlaps(self, other: Row) -> bool:
        """Whether there is a day on which both hold."""
        return self.valid_from < (other.valid_to or FOREVER) and other.valid_from < (self.valid_to or FOREVER)


@dataclass(frozen=True, slots=True)
class Closing:
    """A known row that ends on a day, and what took its place where that is known."""

    row: Row
    until: date
    successor: int | None


@dataclass(frozen=True, slots=True)
class Changes:
    """What a list changes in what is known; `contradicted` rows say another name of days already named."""

    opened: tuple[Row, ...]
    closed: tuple[Closing, ...]
    contradicted: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class City:
    """What a city's divisions.yaml says: the city, its counties, and those that are no more."""

    code: int
    name: str
    since: date
    source: str
    rows: tuple[Row, ...]

    @property
    def counties(self) -> tuple[Row, ...]:
        """The counties of today, in the order of the file."""
        return tuple(row for row in self.rows if row.level == Level.COUNTY and row.valid_to is None)


@dataclass(frozen=True, slots=True)
class Listing:
    """One city's part of a published list: (code, name, level), and the day the list tells of."""

    source: str
    as_of: date
    divisions: tuple[tuple[int, str, str], ...]

    @property
    def origin(self) -> str:
        """The package, whatever its version."""
        return self.source.split(" ")[0]


def read_city(written: Mapping[str, Any]) -> City:
    """A city from its divisions.yaml, codes filled to twelve digits. Raises Unfit when an entry is amiss."""
    try:
        since, source = _day(written["since"]), str(written["source"])
        city = Row(_code(written["code"]), str(written["name"]), Level.CITY, since, source)
        counties = [_county(entry, since=since, source=source) for entry in written["counties"]]
        former = [_county(entry, since=since, source=source) for entry in written.get("former") or ()]
    except (KeyError, TypeError) as wrong:
        raise Unfit(
            "division.city-file", f"divisions.yaml 里有一项没有写或写得不对（{wrong}），请补上再试。"
        ) from wrong
    return City(city.code, city.name, since, source, (city, *counties, *former))


def _county(entry: Mapping[str, Any], *, since: date, source: str) -> Row:
    until, successor = entry.get("until"), entry.get("successor")
    return Row(
        code=_code(entry["code"]),
        name=str(entry["name"]),
        level=Level.COUNTY,
        valid_from=_day(entry.get("from", since)),
        source=str(entry.get("source", source)),
        valid_to=None if until is None else _day(until),
        successor=None if successor is None else _code(successor),
    )


def _code(written: object) -> int:
    return DivisionCode.from_text(str(written)).code


def _day(written: object) -> date:
    if not isinstance(written, date):
        raise TypeError(str(written))
    return written


def read_listing(content: bytes) -> Listing:
    """A city's part of the package, as the build wrote it. Raises Unfit for anything else."""
    try:
        written = json.loads(content)
        rows = tuple((int(code), str(name), str(Level(level))) for code, name, level in written["divisions"])
        return Listing(str(written["source"]), date.fromisoformat(written["as_of"]), rows)
    except (ValueError, KeyError, TypeError) as wrong:
        raise Unfit(
            "division.listing-file", "区划文件读不出来，请重新生成网页文件（make demo）再试。"
        ) from wrong


def whole_tree(city: City, listing: Listing) -> list[Row]:
    """Every division from province to village: the city's own dated rows, and the package's below and above.

    What the package lists holds from the day of its list, since it says nothing of earlier ones; the province
    holds as long as the city.
    """
    told = {row.code for row in city.rows}
    source = f"{listing.source}（统计用区划代码，截至 {listing.as_of}）"
    return [
        *city.rows,
        *(
            Row(code, name, level, city.since if level == Level.PROVINCE else listing.as_of, source)
            for code, name, level in listing.divisions
            if code not in told
        ),
    ]


def changes(known: Iterable[Row], listed: Sequence[Row], *, as_of: date, origin: str) -> Changes:
    """What has to be written so that the listed rows hold; the same list again changes nothing.

    A new name ends the old one the day before; a row of the same origin that is listed no more ends on
    `as_of`. Rows of another origin (invented ones) stay.
    """
    by_code: dict[int, list[Row]] = defaultdict(list)
    for row in known:
        by_code[row.code].append(row)
    opened: list[Row] = []
    closed: list[Closing] = []
    contradicted: list[Row] = []
    for row in listed:
        there = [each for each in by_code[row.code] if each.overlaps(row)]
        last = there[-1] if len(there) == 1 else None
        if not there:
            opened.append(row)
        elif last and last.name == row.name:
            closed += _ended(last, row)
        elif last and last.valid_to is None and last.valid_from < row.valid_from:
            closed.append(Closing(last, row.valid_from, None))
            opened.append(row)
        elif all(each.name != row.name for each in there):
            contradicted.append(row)
    codes = {row.code for row in listed}
    gone = (row for rows in by_code.values() for row in rows if row.code not in codes)
    closed += [Closing(row, as_of, None) for row in gone if _is_gone(row, as_of=as_of, origin=origin)]
    return Changes(tuple(opened), tuple(closed), tuple(contradicted))


def _ended(there: Row, row: Row) -> Iterator[Closing]:
    if row.valid_to and there.valid_to is None and there.valid_from < row.valid_to:
        yield Closing(there, row.valid_to, row.successor)


def _is_gone(row: Row, *, as_of: date, origin: str) -> bool:
    return row.valid_to is None and row.valid_from < as_of and row.source.startswith(f"{origin} ")
