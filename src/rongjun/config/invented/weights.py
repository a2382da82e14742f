"""The shares an invented city is drawn by, from its `invented-city.yaml`, which says they are fiction."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate
from pathlib import Path
from random import Random
from typing import Any, Generic, TypeVar

import yaml

Each = TypeVar("Each")


@dataclass(frozen=True, slots=True)
class Draw(Generic[Each]):
    """One of several, by weight."""

    among: tuple[Each, ...]
    sums: tuple[float, ...]

    @classmethod
    def by(cls, weights: Mapping[Each, float]) -> Draw[Each]:
        """A draw among the keys; nothing of weight 0 ever comes."""
        kept = {each: weight for each, weight in weights.items() if weight > 0}
        return cls(tuple(kept), tuple(accumulate(kept.values())))

    def one(self, chance: Random) -> Each:
        """Draw one."""
        return self.among[bisect_right(self.sums, chance.random() * self.sums[-1])]


@dataclass(frozen=True, slots=True)
class Era:
    """Years in which people enlisted alike."""

    first: int
    last: int
    women: float
    ranks: Draw[str]


@dataclass(frozen=True, slots=True)
class Weights:
    """Shares between 0 and 1, and draws by weight."""

    as_of: date
    counties: Draw[int]
    rural: Mapping[int, float]
    elsewhere: float
    outside: tuple[str, ...]
    kinds: Draw[str]
    eras: Draw[Era]
    among_veterans: Mapping[str, float]
    grades: Draw[int]
    on_subsidy: Mapping[str, float]
    stated: Mapping[str, tuple[float, float]]
    deaths: Sequence[tuple[int, float]]
    late: float
    late_days: int
    twice: float
    missing: float

    def yearly_death(self, age: int) -> float:
        """The chance that somebody of this age dies within a year."""
        return next((share for limit, share in self.deaths if age < limit), 1.0)


def read_weights(file: Path) -> Weights:
    """The shares written in a file. KeyError names what is missing."""
    told: dict[str, Any] = yaml.safe_load(file.read_text("utf-8"))
    assert told["fictional"] is True, "shares of an invented city say that they are invented"
    eras = {
        Era(each["from"], each["to"], each["women"] / 1000, Draw.by(each["ranks"])): each["share"]
        for each in told["eras"]
    }
    return Weights(
        as_of=told["as_of"],
        counties=Draw.by(told["counties"]),
        rural=_shares(told["rural"], of=100),
        elsewhere=told["elsewhere"]["share"] / 1000,
        outside=tuple(str(county) for county in told["elsewhere"]["counties"]),
        kinds=Draw.by(told["kinds"]),
        eras=Draw.by(eras),
        among_veterans=_shares(told["among_veterans"], of=1000),
        grades=Draw.by(dict(enumerate(told["grades"], start=1))),
        on_subsidy=_shares(told["on_subsidy"], of=100),
        stated={fact: (known / 100, yes / 100) for fact, (known, yes) in told["stated"].items()},
        deaths=sorted((age, share / 1000) for age, share in told["deaths"].items()),
        late=told["late"]["share"] / 100,
        late_days=told["late"]["days"],
        twice=told["mistakes"]["twice"] / 10_000,
        missing=told["mistakes"]["missing"] / 10_000,
    )


def _shares(told: Mapping[Any, float], *, of: int) -> dict[Any, float]:
    return {each: share / of for each, share in told.items()}
