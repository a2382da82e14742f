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
        """The facts about a person it answers for."""

    @property
    def relation_names(self) -> frozenset[str]:
        """The facts about one relation of a person (`per: relation`) it answers for."""

    def frame(
        self, names: Collection[str], *, on: date, known_at: datetime, person: UUID | None = None
    ) -> pl.DataFrame:
        """A `person` column (text) and one column a name, null where unknown.

        The first source has a row for every person in scope, whatever is asked; others for whom they know of.
        """

    def relations(
        self, names: Collection[str], *, on: date, known_at: datetime, person: UUID | None = None
    ) -> pl.DataFrame:
        """One row a relation in force of people in scope: a `person` column (text) and one column a name.

        People without relations have no row.
        """


_sources: list[FactSource] = []


def connect(sources: Iterable[FactSource]) -> None:
    """Say who answers, first whoever knows all people; a fact with two owners is a mistake in the wiring."""
    _sources[:] = list(sources)
    named = [name for source in _sources for name in (*source.names, *source.relation_names)]
    twice = sorted({name for name in named if named.count(name) > 1})
    assert not twice, f"facts with two owners: {twice}"


def answerable() -> frozenset[str]:
    """Every fact somebody answers for, about people and about their relations."""
    return frozenset().union(*(source.names | source.relation_names for source in _sources))


def facts_of_many(
    names: Collection[str], *, on: date, known_at: datetime, person: UUID | None = None
) -> pl.DataFrame:
    """Facts as they were on a day, as known at a moment, of everybody in scope (or of one person).

    Columns nobody answers for are absent (the rules take that as unknown), and so are facts of relations.
    """
    wanted = [sorted(source.names & set(names)) for source in _sources]
    frames = [
        source.frame(asked, on=on, known_at=known_at, person=person)
        for place, (source, asked) in enumerate(zip(_sources, wanted, strict=True))
        if asked or (place == 0 and any(wanted))
    ]
    joined = frames[0] if frames else _nobody()
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


def relations_of_many(
    names: Collection[str], *, on: date, known_at: datetime, person: UUID | None = None
) -> pl.DataFrame:
    """The relations in force of everybody in scope (or of one person), a row each, several a person.

    Columns nobody answers for, and facts of people, are absent.
    """
    frames = []
    for source in _sources:
        wanted = sorted(source.relation_names & set(names))
        if wanted:
            frames.append(source.relations(wanted, on=on, known_at=known_at, person=person))
    # A relation has no name of its own yet: what two sources say of it could not be brought together.
    assert len(frames) <= 1, "two sources answer for relations; give relations a key to join them by"
    return frames[0] if frames else _nobody()


def relations_of(
    person: UUID, names: Collection[str], *, on: date, known_at: datetime
) -> list[dict[str, object]]:
    """The same query with one id: one mapping a relation, what is not known left out; empty out of scope."""
    frame = relations_of_many(names, on=on, known_at=known_at, person=person)
    return [
        {name: value for name, value in row.items() if name != PERSON and value is not None}
        for row in frame.iter_rows(named=True)
    ]


def _nobody() -> pl.DataFrame:
    return pl.DataFrame({PERSON: []}, schema={PERSON: pl.String})
