"""Facts asked by name: whoever asks need not know which app owns the answer.

`config/wiring.py` connects the owners once; this module only keeps who answers for what.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

import polars as pl

PERSON = "person"


class FactSource(Protocol):
    """An app that knows facts about people."""

    @property
    def names(self) -> frozenset[str]:
        """The facts it answers for."""

    def frame(
        self, names: Collection[str], *, on: date, known_at: datetime, person: UUID | None = None
    ) -> pl.DataFrame:
        """One row a person in scope, a `person` column (text) and one column a name, null where unknown."""


_sources: list[FactSource] = []


def connect(sources: Iterable[FactSource]) -> None:
    """Say who answers; a fact with two owners is a mistake in the wiring."""
    _sources[:] = list(sources)
    named = [name for source in _sources for name in source.names]
    twice = sorted({name for name in named if named.count(name) > 1})
    assert not twice, f"facts with two owners: {twice}"


def answerable() -> frozenset[str]:
    """Every fact somebody answers for."""
    return frozenset().union(*(source.names for source in _sources))


def facts_of_many(
    names: Collection[str], *, on: date, known_at: datetime, person: UUID | None = None
) -> pl.DataFrame:
    """Facts as they were on a day, as known at a moment, of everybody in scope (or of one person).

    Columns nobody answers for are absent: the rules take an absent column as unknown.
    """
    frames = []
    for source in _sources:
        wanted = sorted(source.names & set(names))
        if wanted:
            frames.append(source.frame(wanted, on=on, known_at=known_at, person=person))
    joined = frames[0] if frames else pl.DataFrame({PERSON: []}, schema={PERSON: pl.String})
    for frame in frames[1:]:
        joined = joined.join(frame, on=PERSON, how="left")
    return joined


def facts_of(person: UUID, names: Collection[str], *, on: date, known_at: datetime) -> Mapping[str, object]:
    """The same query with one id; KeyError when the person is not in scope."""
    frame = facts_of_many(names, on=on, known_at=known_at, person=person)
    if frame.height == 0:
        raise KeyError(person)
    row = frame.row(0, named=True)
    row.pop(PERSON)
    return row
