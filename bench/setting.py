"""What one run measures, handed to the processes that measure through a folder of plain files."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final, cast

import polars as pl

from bench.population import FULL, SEED, Population, invent
from rongjun.rules.api import PERSON, Book, Value, load_book

ROOT: Final = Path(__file__).resolve().parent.parent
POLICY: Final = ROOT / "policy"
ON: Final = date(2026, 12, 1)
Person = tuple[dict[str, Value], list[dict[str, Value]]]


@dataclass(frozen=True, slots=True)
class Size:
    """How many people, how many of them judged one by one, how often everybody is swept.

    `city` is how many live in the invented city that is measured with a database, `seconds` how long its
    pages are asked for.
    """

    name: str
    people: int
    known: int
    sampled: int
    alone: int
    sweeps: int
    city: int
    seconds: int


SIZES: Final[Mapping[str, Size]] = {
    "full": Size("full", people=FULL, known=2_000, sampled=500, alone=100, sweeps=11, city=FULL, seconds=60),
    "small": Size(
        "small", people=20_000, known=500, sampled=200, alone=30, sweeps=11, city=4_000, seconds=15
    ),
}


@dataclass(frozen=True, slots=True)
class Setting:
    """The folder of one run and three populations.

    `people` have nulls and relations; of `known` everything is known; `everybody` is like `people` but of
    full size whatever the size of the run, for a comparison in which small numbers show fixed costs only.
    """

    folder: Path
    size: Size
    city: str

    def book(self) -> Book:
        """The book that is measured."""
        return load_book(POLICY, city=self.city)

    def save(self, *, everybody: bool) -> None:
        """Invent the people and write everything down. Runs once, in the process that starts the others."""
        book, counts = self.book(), {"people": self.size.people, "known": self.size.known}
        if everybody and self.size.people != FULL:
            counts["everybody"] = FULL
        for name, count in counts.items():
            made = invent(
                book.vocabulary,
                regions=book.regions,
                count=count,
                on=ON,
                seed=SEED,
                complete=name == "known",
            )
            made.people.write_ipc(self.folder / f"{name}.arrow", compression="lz4")
            made.relations.write_ipc(self.folder / f"{name}-relations.arrow", compression="lz4")
        told = {"size": asdict(self.size), "city": self.city}
        (self.folder / "setting.json").write_text(json.dumps(told), "utf-8")

    def population(self, name: str) -> Population:
        """Read a population; compressed, it ends in memory of our own and not in a mapped file."""
        name = "people" if name == "everybody" and self.size.people == FULL else name
        people = pl.read_ipc(self.folder / f"{name}.arrow")
        relations = pl.read_ipc(self.folder / f"{name}-relations.arrow")
        return Population(people, relations)


def opened(folder: Path) -> Setting:
    """The setting another process saved."""
    told = json.loads((folder / "setting.json").read_text("utf-8"))
    return Setting(folder, Size(**told["size"]), told["city"])


def one_by_one(population: Population, count: int) -> list[Person]:
    """The first people with their relations, as a page has them: what is not known is not there."""
    first = population.people.head(count)
    theirs = population.relations.filter(pl.col(PERSON).is_in(first[PERSON].implode()))
    relations: dict[str, list[dict[str, Value]]] = {}
    for row in theirs.iter_rows(named=True):
        relations.setdefault(row[PERSON], []).append(_known(row))
    return [(_known(row), relations.get(row[PERSON], [])) for row in first.iter_rows(named=True)]


def _known(row: Mapping[str, Any]) -> dict[str, Value]:
    return {name: cast(Value, value) for name, value in row.items() if name != PERSON and value is not None}


def flat(people: Sequence[Person]) -> list[dict[str, Value]]:
    """Each person with at most one relation as one set of facts."""
    assert all(len(relations) <= 1 for _, relations in people)
    return [{**facts, **(relations[0] if relations else {})} for facts, relations in people]
