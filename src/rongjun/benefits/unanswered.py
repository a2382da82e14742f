"""What a sweep found nobody has answered: of whom, which fact, how many benefits hang on it. No Django.

Kept by the division that serves a person, so that a station reads its own people and nobody else's.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import polars as pl

from rongjun.rules.api import PERSON

FACT, HANGING = "fact", "hanging"
_ASKED = {PERSON: pl.String, FACT: pl.String, HANGING: pl.UInt16}


@dataclass(frozen=True, slots=True)
class OpenFact:
    """One fact of one person that is not on file, and how many of their undecided benefits read it."""

    person: str
    fact: str
    hanging: int


@dataclass(frozen=True, slots=True)
class OpenHere:
    """What is open in one division: how many people it serves, how many lack each fact, and the lines."""

    division: int
    people: int
    facts: Mapping[str, int]
    lines: pl.DataFrame


def open_facts(
    facts: pl.DataFrame, verdicts: pl.DataFrame, *, readers: Mapping[str, Collection[str]]
) -> pl.DataFrame:
    """A line for each fact of each person that is null while a benefit that reads it is undecided."""
    whole = facts.join(verdicts, on=PERSON, how="left")
    asked = {
        name: sorted(set(codes) & set(verdicts.columns)) for name, codes in readers.items() if name in facts
    }
    parts = [
        whole.filter(pl.col(name).is_null()).select(
            PERSON,
            pl.lit(name).alias(FACT),
            pl.sum_horizontal([pl.col(code).is_null() for code in codes]).cast(pl.UInt16).alias(HANGING),
        )
        for name, codes in asked.items()
        if codes
    ]
    if not parts:
        return pl.DataFrame(schema=_ASKED)
    return pl.concat(parts).filter(pl.col(HANGING) > 0)


def by_division(lines: pl.DataFrame, *, serving: Mapping[str, int]) -> Iterator[OpenHere]:
    """The lines of each division, the facts most hangs on in front; divisions without any, too."""
    counted: dict[int, int] = {}
    for division in serving.values():
        counted[division] = counted.get(division, 0) + 1
    where = pl.DataFrame(
        {PERSON: list(serving), "division": list(serving.values())},
        schema={PERSON: pl.String, "division": pl.Int64},
    )
    held = {
        int(division): part.drop("division")
        for (division,), part in lines.join(where, on=PERSON).partition_by("division", as_dict=True).items()
    }
    for division, people in sorted(counted.items()):
        part = held.get(division, pl.DataFrame(schema=_ASKED))
        told = part.group_by(FACT).len().sort(FACT).rows()
        yield OpenHere(division, people, {str(name): int(count) for name, count in told}, in_order(part))


def in_order(lines: pl.DataFrame) -> pl.DataFrame:
    """What most hangs on first; the questions to one person stay together where as much hangs on them."""
    return lines.sort([HANGING, PERSON, FACT], descending=[True, False, False])


def still_open(
    lines: pl.DataFrame, *, but: Collection[tuple[str, str]], without: Collection[str]
) -> pl.DataFrame:
    """The lines in order, without what was answered since (`but`) and the facts not to be told."""
    kept = lines.filter(~pl.col(FACT).is_in(list(without)))
    if but:
        answered = pl.DataFrame(list(but), schema={PERSON: pl.String, FACT: pl.String}, orient="row")
        kept = kept.join(answered, on=[PERSON, FACT], how="anti")
    return in_order(kept)
