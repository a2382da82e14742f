"""The policy book as a list people search: rows, filters, counts. Plain values in, plain values out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import groupby
from typing import Literal

from rongjun.desk.filters import Filters
from rongjun.kernel.reading import half_width
from rongjun.kernel.words import listed
from rongjun.rules.api import AREAS, Benefit, Book, Version, phrase

Standing = Literal["in-force", "coming", "ended"]
CONFIRMED, UNCONFIRMED = "yes", "no"
_ORDER = {area: number for number, area in enumerate(AREAS)}


@dataclass(frozen=True, slots=True)
class Asked(Filters):
    """The filters of the list; an empty one lets everything through."""

    area: str = ""
    level: str = ""
    who: str = ""
    kind: str = ""
    grade: str = ""
    sure: str = ""
    q: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One benefit in the list; `words` is everything it can be found by."""

    code: str
    title: str
    area: str
    level: str
    kind: str
    who: tuple[str, ...]
    grade: str
    provider: str
    sentence: str
    what: str
    basis: str
    note: str
    is_confirmed: bool
    standing: Standing
    start: date
    words: str


def rows_of(book: Book, *, on: date) -> tuple[Row, ...]:
    """Every benefit of the book, by area and code; the wording in force, or the nearest one."""
    return _rows(book, on)


def references_of(book: Book, *, on: date) -> tuple[Row, ...]:
    """Every item of other cities, by area and code."""
    return _references(book, on)


def matching(rows: Iterable[Row], asked: Asked) -> list[Row]:
    """The rows that pass every filter."""
    words = _plain(asked.q).split()
    return [row for row in rows if _passes(row, asked) and all(word in row.words for word in words)]


def counts_by_area(rows: Iterable[Row]) -> list[tuple[str, int]]:
    """(area, how many), in the order of the areas; areas without any are left out."""
    counted = Counter(row.area for row in rows)
    return [(area, counted[area]) for area in AREAS if counted[area]]


def by_area(rows: Iterable[Row]) -> list[tuple[str, list[Row]]]:
    """The rows under the name of their area; they come sorted."""
    return [(AREAS[area], list(each)) for area, each in groupby(rows, key=lambda row: row.area)]


def nearest_version(benefit: Benefit, *, on: date) -> tuple[Version, Standing]:
    """The wording in force on a day; before the first it is the first, after the end the last."""
    version = benefit.version(on=on)
    if version:
        return version, "in-force"
    coming = next((each for each in benefit.versions if each.start > on), None)
    return (coming, "coming") if coming else (benefit.versions[-1], "ended")


@lru_cache(maxsize=4)
def _rows(book: Book, on: date) -> tuple[Row, ...]:
    return _sorted(_row(book, benefit, on) for benefit in book.benefits.values())


@lru_cache(maxsize=4)
def _references(book: Book, on: date) -> tuple[Row, ...]:
    return _sorted(_row(book, benefit, on) for benefit in book.references.values())


def _sorted(rows: Iterable[Row]) -> tuple[Row, ...]:
    return tuple(sorted(rows, key=lambda row: (_ORDER[row.area], row.code)))


def _row(book: Book, benefit: Benefit, on: date) -> Row:
    version, standing = nearest_version(benefit, on=on)
    sentence = phrase(version.when, vocabulary=book.vocabulary)
    basis = listed((str(entry) for entry in version.basis), "；")
    found_by = (benefit.title, benefit.code, benefit.source_id or "", sentence, basis, benefit.provider)
    return Row(
        code=benefit.code,
        title=benefit.title,
        area=benefit.area,
        level=benefit.level,
        kind=benefit.kind,
        who=benefit.classes,
        grade=benefit.source_grade,
        provider=benefit.provider,
        sentence=sentence,
        what=version.what,
        basis=basis,
        note=version.note or "",
        is_confirmed=book.is_confirmed(benefit, version),
        standing=standing,
        start=version.start,
        words=_plain("\n".join((*found_by, version.what))),
    )


def _passes(row: Row, asked: Asked) -> bool:
    sure = CONFIRMED if row.is_confirmed else UNCONFIRMED
    named = {
        "area": row.area, "level": row.level, "kind": row.kind, "grade": row.grade, "sure": sure
    }  # fmt: skip
    same = all(getattr(asked, name) in ("", value) for name, value in named.items())
    return same and (not asked.who or asked.who in row.who)


def _plain(text: str) -> str:
    """For comparing: half-width, small letters."""
    return half_width(text).casefold()
