"""The kinds of card a city has, read strictly from its `cards.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from rongjun.cards.logic.life import LONGEST_HOLD, SHORTEST_HOLD
from rongjun.kernel.errors import Unfit


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of card: `entitled_by` is the benefit of the policy book that says who may have one.

    `free_again` says whether another after the first costs nothing.
    """

    code: str
    label: str
    family: str
    entitled_by: str
    free_again: bool


@dataclass(frozen=True, slots=True)
class Place:
    """A category of holders, or a ground of a replacement, and where it is taken in."""

    code: str
    label: str
    at: str


@dataclass(frozen=True, slots=True)
class Check:
    """The yearly check: of which families, since when, how many days ahead it is told of, in which ways."""

    families: frozenset[str]
    begins: date
    ahead: timedelta
    ways: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class CardBook:
    """What a city says of its cards. `maker` and `operators` are the names of partners."""

    kinds: Mapping[str, Kind]
    categories: Mapping[str, Place]
    replacements: Mapping[str, Place]
    hold: timedelta
    stop_within: timedelta
    home_from_age: int
    check: Check
    maker: str
    operators: tuple[str, ...]
    confirmed: bool

    def label(self, kind: str) -> str:
        """The name of a kind; of one that is no more, its code."""
        return self.kinds[kind].label if kind in self.kinds else kind


def read_cards(told: Mapping[str, Any]) -> CardBook:
    """The kinds in a file as read from YAML. Raises Unfit for one that says less, more or otherwise."""
    try:
        known = set(_KEYS)
        if set(told) != known:
            raise KeyError(", ".join(sorted(set(told) ^ known)))
        hold = timedelta(days=told["hold_days"])
        if not SHORTEST_HOLD <= hold <= LONGEST_HOLD:
            raise ValueError("hold_days")
        kinds = [Kind(**each) for each in told["kinds"]]
        return CardBook(
            kinds={each.code: each for each in kinds},
            categories=_places(told["categories"]),
            replacements=_places(told["replacements"]),
            hold=hold,
            stop_within=timedelta(hours=told["stop_hours"]),
            home_from_age=int(told["home_from_age"]),
            check=_check(told["check"]),
            maker=str(told["partners"]["maker"]),
            operators=tuple(map(str, told["partners"]["operators"])),
            confirmed=bool(told["confirmed"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise Unfit("cards.kinds-unfit", f"cards.yaml 读不懂：{error}。") from error


_KEYS = (
    "checked", "confirmed", "source", "hold_days", "stop_hours", "home_from_age", "check", "partners",
    "kinds", "categories", "replacements",
)  # fmt: skip


def _places(told: list[dict[str, str]]) -> dict[str, Place]:
    return {each["code"]: Place(**each) for each in told}


def _check(told: Mapping[str, Any]) -> Check:
    if not isinstance(told["from"], date) or set(told) != {"families", "from", "ahead_days", "ways"}:
        raise ValueError("check")
    return Check(
        families=frozenset(map(str, told["families"])),
        begins=told["from"],
        ahead=timedelta(days=int(told["ahead_days"])),
        ways={each["code"]: each["label"] for each in told["ways"]},
    )
