"""Decisions: facts asked by name, judged by the book, for one person or for everybody in scope."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import cast
from uuid import UUID

import polars as pl
from django.conf import settings

from rongjun.kernel.errors import Refused
from rongjun.rules import asking
from rongjun.rules.api import PERSON, Book, Decision, Value, as_long, decide_all, load_book, sweep


def book() -> Book:
    """The city's book; PolicyError when a file is wrong.

    Read once for the life of the process, so that all it decides is decided by one book: new policy is served
    by a new process.
    """
    return _read(settings.POLICY_ROOT, settings.CITY)


@lru_cache(maxsize=4)
def _read(root: Path, city: str) -> Book:
    return load_book(root, city=city)


def facts_of(person: UUID, *, on: date, known_at: datetime) -> Mapping[str, Value]:
    """Every stored fact somebody answers for; unknown ones are left out.

    Refused("registry.no-such-file") when there is no such file in scope (or was none yet at `known_at`).
    """
    try:
        held = asking.facts_of(person, _asked(), on=on, known_at=known_at)
    except KeyError:
        raise Refused("registry.no-such-file") from None
    return {name: cast(Value, value) for name, value in held.items() if value is not None}


def decisions_for(person: UUID, *, on: date, known_at: datetime) -> tuple[Decision, ...]:
    """Every benefit in force on a day judged for one person, with reasons. Refused as `facts_of`."""
    return decide_all(book(), facts=facts_of(person, on=on, known_at=known_at), on=on)


def sweep_everybody(*, on: date, known_at: datetime) -> pl.DataFrame:
    """The same judgement for all in scope: one row a person, a nullable Boolean column a benefit."""
    frame = asking.facts_of_many(_asked(), on=on, known_at=known_at).rename({asking.PERSON: PERSON})
    return sweep(book(), frame=frame, on=on)


def counts_by_benefit(*, on: date, known_at: datetime) -> list[tuple[str, str, int, int, int]]:
    """(code, title, granted, unknown, not granted) over everybody in scope, by code."""
    wide = sweep_everybody(on=on, known_at=known_at)
    rows = []
    for code in (name for name in wide.columns if name != PERSON):
        column = wide[code]
        granted, unknown = int(column.sum() or 0), column.null_count()
        rows.append((code, book().benefits[code].title, granted, unknown, wide.height - granted - unknown))
    return sorted(rows)


def people_with(code: str, verdict: str, *, on: date, known_at: datetime) -> list[UUID]:
    """Everybody in scope to whom the sweep gives this verdict for one benefit."""
    long = as_long(sweep_everybody(on=on, known_at=known_at))
    found = long.filter((pl.col("code") == code) & (pl.col("verdict") == verdict))
    return [UUID(person) for person in found[PERSON].sort()]


def swept_verdicts(person: UUID, *, on: date, known_at: datetime) -> list[tuple[str, str, str]]:
    """(code, title, verdict) the population sweep gives one person; Refused as `facts_of`."""
    wide = sweep_everybody(on=on, known_at=known_at).filter(pl.col(PERSON) == str(person))
    if wide.is_empty():
        raise Refused("registry.no-such-file")
    return [
        (code, book().benefits[code].title, verdict) for _, code, verdict in as_long(wide).sort("code").rows()
    ]


def _asked() -> frozenset[str]:
    return asking.answerable() & {fact.name for fact in book().vocabulary.stored()}
