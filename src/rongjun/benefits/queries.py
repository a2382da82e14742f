"""Decisions: facts asked by name, judged by the book, for one person or for everybody in scope."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from uuid import UUID

import polars as pl
from django.conf import settings

from rongjun.rules import asking
from rongjun.rules.api import PERSON, Book, Decision, Value, as_long, decide_all, load_book, sweep


@cache
def book() -> Book:
    """The city's book, read once; PolicyError when a file is wrong."""
    return load_book(settings.POLICY_ROOT, city=settings.CITY)


def facts_of(person: UUID, *, on: date, known_at: datetime) -> Mapping[str, Value]:
    """Every stored fact somebody answers for; unknown ones are left out. KeyError outside the scope."""
    held = asking.facts_of(person, _asked(), on=on, known_at=known_at)
    return {name: value for name, value in held.items() if value is not None}  # type: ignore[misc]


def decisions_for(person: UUID, *, on: date, known_at: datetime) -> tuple[Decision, ...]:
    """Every benefit in force on a day judged for one person, with reasons. KeyError outside the scope."""
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


def swept_verdicts(person: UUID, *, on: date, known_at: datetime) -> list[tuple[str, str, str]]:
    """(code, title, verdict) the population sweep gives one person; empty outside the scope."""
    long = as_long(sweep_everybody(on=on, known_at=known_at)).filter(pl.col(PERSON) == str(person)).sort("code")
    return [(code, book().benefits[code].title, verdict) for _, code, verdict in long.rows()]


def _asked() -> frozenset[str]:
    stored = {fact.name for fact in book().vocabulary.stored()}
    return asking.answerable() & stored
