"""The checked condition: the only shape every engine, the Chinese sentence and the reasons are made from."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeAlias

Op = Literal["=", "<>", "<", "<=", ">", ">="]
OPPOSITE: dict[Op, Op] = {"=": "<>", "<>": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}


@dataclass(frozen=True, slots=True)
class Region:
    """A division a book knows by name; `code` has 12 digits."""

    name: str
    title: str
    code: int
    level: str


Constant: TypeAlias = int | str | date | Region


@dataclass(frozen=True, slots=True)
class Holds:
    """A truth value; with `absent_false` nothing known counts as false."""

    fact: str
    absent_false: bool


@dataclass(frozen=True, slots=True)
class Compare:
    """A fact beside one constant."""

    fact: str
    op: Op
    value: Constant


@dataclass(frozen=True, slots=True)
class OneOf:
    """IN and NOT IN."""

    fact: str
    values: tuple[Constant, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Between:
    """BETWEEN and NOT BETWEEN, both ends included."""

    fact: str
    low: Constant
    high: Constant
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Missing:
    """IS NULL and IS NOT NULL."""

    fact: str
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Not:
    """Kleene negation."""

    part: "Condition"


@dataclass(frozen=True, slots=True)
class All:
    """Kleene conjunction of two or more parts."""

    parts: "tuple[Condition, ...]"


@dataclass(frozen=True, slots=True)
class Either:
    """Kleene disjunction of two or more parts."""

    parts: "tuple[Condition, ...]"


Leaf: TypeAlias = Holds | Compare | OneOf | Between | Missing
Condition: TypeAlias = Leaf | Not | All | Either


def leaves(condition: Condition) -> Iterator[Leaf]:
    """Every comparison, left to right."""
    if isinstance(condition, Not):
        yield from leaves(condition.part)
    elif isinstance(condition, All | Either):
        for part in condition.parts:
            yield from leaves(part)
    else:
        yield condition


def top_parts(condition: Condition) -> tuple[Condition, ...]:
    """The conditions that must all hold: what a person is given one reason each for."""
    return condition.parts if isinstance(condition, All) else (condition,)


def conjunction(parts: tuple[Condition, ...]) -> Condition:
    """All parts in one condition."""
    assert parts
    return parts[0] if len(parts) == 1 else All(parts)


def bare(value: Constant) -> int | str | date:
    """A constant as an engine sees it: a region is its code."""
    return value.code if isinstance(value, Region) else value
