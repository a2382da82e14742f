"""What changed in a year: wordings that came into force or ended, and what was adopted. Plain values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import zip_longest
from typing import Literal

from rongjun.rules.api import Benefit, Book, Version

Kind = Literal["started", "offered", "ended", "observed"]


@dataclass(frozen=True, slots=True)
class Moved:
    """One thing that happened to one benefit on a day, and by which documents.

    "observed" is a wording whose document names no day: its date is the one it was noted on.
    """

    on: date
    kind: Kind
    benefit: Benefit
    version: Version
    documents: str


def moved_in(book: Book, year: int) -> list[Moved]:
    """Everything that began or ended in a year, by day and code."""
    found = [each for benefit in book.benefits.values() for each in _moves(benefit) if each.on.year == year]
    return sorted(found, key=lambda each: (each.on, each.benefit.code, each.kind))


def years_of(book: Book) -> list[int]:
    """The years in which anything moved, the newest first."""
    moves = (each for benefit in book.benefits.values() for each in _moves(benefit))
    return sorted({each.on.year for each in moves}, reverse=True)


def _moves(benefit: Benefit) -> Iterator[Moved]:
    for version, following in zip_longest(benefit.versions, benefit.versions[1:]):
        basis = "；".join(map(str, version.basis))
        yield Moved(version.start, "observed" if version.is_observed else "started", benefit, version, basis)
        if version.enrolment:
            told = "；".join(map(str, version.enrolment.basis))
            yield Moved(version.enrolment.start, "offered", benefit, version, told)
        # A wording that another follows without a gap has not ended for anybody: it reads differently.
        if version.until and (following is None or (following.start - version.until).days > 1):
            yield Moved(version.until, "ended", benefit, version, basis)
