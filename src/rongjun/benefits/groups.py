"""Whom a sweep found in which group: by age, category, what is missing, what is waited for. No Django.

A figure is how many a group holds and a list is who they are, both by the same mask, so they cannot differ.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from rongjun.rules.api import PERSON

# (code, from which age, below which age)
AGES: tuple[tuple[str, int, int], ...] = (
    ("0-29", 0, 30),
    ("30-44", 30, 45),
    ("45-59", 45, 60),
    ("60-69", 60, 70),
    ("70-79", 70, 80),
    ("80-", 80, 200),
)
NOBODY_KNOWS = "unknown"
NONE_OF_THEM = "none"
GROUPS = ("everybody", "age", "category", "missing", "waited-for")
Figures = dict[str, dict[str, int]]
Masks = Iterator[tuple[str, str, pl.Expr]]


@dataclass(frozen=True, slots=True)
class Asked:
    """What groups are made by: the fact of each category, the facts a file should hold, who reads a fact.

    `basics` names for each fact the one that makes it expected, "" where everybody has it.
    """

    categories: Mapping[str, str]
    basics: Mapping[str, str]
    readers: Mapping[str, frozenset[str]]


def figures_of(facts: pl.DataFrame, verdicts: pl.DataFrame, *, asked: Asked, on: date) -> Figures:
    """How many each group of a sweep holds."""
    whole = facts.join(verdicts, on=PERSON, how="left")
    masks = list(_masks(set(facts.columns), set(verdicts.columns), asked=asked, on=on))
    counted = whole.select(mask.sum().alias(f"{group}/{value}") for group, value, mask in masks)
    figures: Figures = {group: {} for group in GROUPS}
    for group, value, _ in masks:
        figures[group][value] = int(counted[f"{group}/{value}"][0] or 0)
    return figures


def mask_of(
    group: str, value: str, *, facts: Collection[str], benefits: Collection[str], asked: Asked, on: date
) -> pl.Expr | None:
    """Who belongs to one group, over the columns a sweep keeps; None where there is no such group."""
    masks = _masks(set(facts), set(benefits), asked=asked, on=on)
    return next((mask for named, held, mask in masks if (named, held) == (group, value)), None)


def _masks(facts: set[str], benefits: set[str], *, asked: Asked, on: date) -> Masks:
    yield "everybody", "all", pl.col(PERSON).is_not_null()
    yield from _by_age(facts, on=on)
    yield from _by_category(facts, asked.categories)
    for fact, expected in asked.basics.items():
        if fact in facts and expected in {"", *facts}:
            lacks = pl.col(fact).is_null()
            yield "missing", fact, lacks & pl.col(expected).fill_null(value=False) if expected else lacks
    for fact, readers in asked.readers.items():
        open_ = [pl.col(code).is_null() for code in sorted(readers & benefits)]
        if fact in facts and open_:
            yield "waited-for", fact, pl.col(fact).is_null() & pl.any_horizontal(open_)


def _by_age(facts: set[str], *, on: date) -> Masks:
    if "birth_date" not in facts:
        return
    born = pl.col("birth_date").dt
    had_birthday = born.month().cast(pl.Int32) * 100 + born.day() <= on.month * 100 + on.day
    age = on.year - born.year() - (~had_birthday).cast(pl.Int32)
    for code, lowest, below in AGES:
        yield "age", code, ((age >= lowest) & (age < below)).fill_null(value=False)
    yield "age", NOBODY_KNOWS, pl.col("birth_date").is_null()


def _by_category(facts: set[str], categories: Mapping[str, str]) -> Masks:
    held = {code: pl.col(fact).fill_null(value=False) for code, fact in categories.items() if fact in facts}
    for code, mask in held.items():
        yield "category", code, mask
    if held:
        yield "category", NONE_OF_THEM, ~pl.any_horizontal(list(held.values()))
