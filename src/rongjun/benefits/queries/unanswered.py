"""差的情况: which facts nobody has answered in scope, by the newest sweep and what was said since."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import polars as pl
from django.db.models import QuerySet

from rongjun.access.api import Scope
from rongjun.benefits.logic import unpack_table
from rongjun.benefits.models import Unanswered
from rongjun.benefits.queries import KeptSweep
from rongjun.benefits.unanswered import FACT, OpenFact, still_open
from rongjun.registry import api as registry


@dataclass(frozen=True, slots=True)
class OpenPlace:
    """One division: how many people it serves, and how many questions were open by the sweep."""

    division: int
    people: int
    questions: int


def open_places(kept: KeptSweep, *, within: Scope, without: Collection[str]) -> list[OpenPlace]:
    """Every division in scope with what is open there, by its figures; `without` facts not to be told."""
    rows = _rows(kept, within).values_list("division", "people", "facts").order_by("division")
    return [
        OpenPlace(division, people, sum(count for name, count in facts.items() if name not in without))
        for division, people, facts in rows
    ]


@dataclass(frozen=True, slots=True)
class OpenFacts:
    """What is open in some divisions: one page of it, how many lines in all, and how many lack each fact."""

    lines: tuple[OpenFact, ...]
    total: int
    facts: dict[str, int]


def open_questions(
    kept: KeptSweep,
    *,
    within: Scope,
    without: Collection[str],
    fact: str = "",
    first: int = 0,
    limit: int = 0,
) -> OpenFacts:
    """What nobody has answered in some divisions, what most benefits hang on first.

    What was stated after the sweep began is left out; `without` are facts not to be told. Two queries,
    whatever the number of people.
    """
    tables = [unpack_table(bytes(each)) for each in _rows(kept, within).values_list("lines", flat=True)]
    if not tables:
        return OpenFacts((), 0, {})
    said = {(str(person), name) for person, name in registry.stated_since(kept.known_at)}
    every = still_open(pl.concat(tables), but=said, without=without)
    counted = dict(every.group_by(FACT).len().sort("len", FACT, descending=[True, False]).iter_rows())
    chosen = every.filter(pl.col(FACT) == fact) if fact else every
    rows = chosen.slice(first, limit).iter_rows()
    return OpenFacts(tuple(OpenFact(*row) for row in rows), chosen.height, counted)


def _rows(kept: KeptSweep, within: Scope) -> QuerySet[Unanswered]:
    return Unanswered.objects.filter(sweep=kept.id, division__range=(within.lo, within.hi))
