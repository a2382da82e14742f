"""What the rooms of a computation hand to each other: one scheme in one stretch of unchanging months."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from rongjun.allowances.logic.history import Award, Past
from rongjun.allowances.logic.lines import Reason, RefusedAward, State
from rongjun.allowances.logic.rates import Gap, Rate
from rongjun.allowances.logic.schemes import AllowanceBook, Ground, Scheme
from rongjun.rules.api import Value


@dataclass(slots=True)
class Track:
    """One scheme in one person: which award counts from which month."""

    scheme: Scheme
    steps: list[tuple[int, Award, Reason]] = field(default_factory=list)
    refused: list[RefusedAward] = field(default_factory=list)

    def award_at(self, month: int) -> tuple[int, Award, Reason] | None:
        """The award that counts in a month."""
        found = None
        for step in self.steps:
            if step[0] <= month:
                found = step
        return found


@dataclass(frozen=True, slots=True)
class Cell:
    """One scheme in one stretch of months in which nothing changes."""

    state: State
    award: Award
    monthly: Fraction
    rate: Rate | None
    gap: Gap | None
    payer: int
    reasons: tuple[Reason, ...]
    obstacles: tuple[str, ...]


def facts_of(book: AllowanceBook, past: Past, award: Award, *, on: date) -> Mapping[str, Value]:
    """The facts a condition reads on a day: the person's, and those fixed by the award."""
    return {**book.defaults, **past.facts_on(on), **award.details}


def picked_of(scheme: Scheme, cell: Cell) -> str:
    """What picked the rate of a cell, but not the rate itself."""
    units = cell.monthly / cell.rate.monthly if cell.rate and scheme.per_service_year else 1
    return f"{cell.award.category} {tuple(scheme.key_of(cell.award))} {units}"


def said(text: str, ground: Ground) -> Reason:
    """A sentence with its clause."""
    return Reason(text, ground.clause, ground.is_stated)
