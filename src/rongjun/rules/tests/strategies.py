"""Shared generators: the shipped book, random conditions, random people."""

import random
from datetime import date, timedelta
from functools import cache
from pathlib import Path

from hypothesis import strategies as st

from rongjun.rules.book import Book
from rongjun.rules.days import LONGEST, SPANS, latest_start
from rongjun.rules.loading import load_book
from rongjun.rules.vocabulary import Fact, Value

POLICY = Path(__file__).parents[4] / "policy"

DAYS = [
    date(2024, 2, 29),
    date(2025, 2, 28),
    date(2025, 3, 1),
    date(2024, 2, 28),
    date(2025, 4, 30),
    date(2026, 11, 23),
    date(2028, 12, 31),
]
AMOUNTS = [0, 1, 2, 12, 18, 30, 60, 64, 150]


@cache
def book() -> Book:
    return load_book(POLICY, city="qingdao")


def _constant(fact: Fact) -> st.SearchStrategy[str]:
    if fact.kind == "enum":
        return st.sampled_from(sorted(fact.values)).map(lambda value: f"'{value}'")
    if fact.kind == "division":
        fitting = [region.name for region in book().regions.values() if region.level == fact.level]
        return st.sampled_from(fitting) if fitting else st.nothing()
    if fact.kind == "date":
        return st.sampled_from([*DAYS, date(1954, 10, 31)]).map(lambda day: f"'{day.isoformat()}'")
    if fact.of:
        return st.sampled_from(AMOUNTS).map(str)
    return st.integers(fact.lowest, fact.highest).map(str)


@st.composite
def _comparison(draw: st.DrawFn, fact: Fact) -> str:
    if fact.kind == "bool":
        may_be_null = fact.is_stored and not fact.absent_false
        return fact.name + draw(
            st.sampled_from(["", "", " IS NULL", " IS NOT NULL"] if may_be_null else [""])
        )
    ordered = fact.kind not in {"enum", "division", "text"}
    shapes = ["=", "<>", "IN", "NOT IN", *(["IS NULL", "IS NOT NULL"] if fact.absent is None else [])]
    shape = draw(
        st.sampled_from([*shapes, "<", "<=", ">", ">=", "BETWEEN", "NOT BETWEEN"] if ordered else shapes)
    )
    if shape.startswith("IS"):
        return f"{fact.name} {shape}"
    if shape.endswith("IN"):
        values = draw(st.lists(_constant(fact), min_size=1, max_size=3, unique=True))
        return f"{fact.name} {shape} ({', '.join(values)})"
    if shape.endswith("BETWEEN"):
        ends = sorted(draw(st.tuples(_constant(fact), _constant(fact))), key=lambda t: (len(t), t))
        return f"{fact.name} {shape} {ends[0]} AND {ends[1]}"
    return f"{fact.name} {shape} {draw(_constant(fact))}"


def comparisons() -> st.SearchStrategy[str]:
    known = {region.level for region in book().regions.values()}
    facts = [f for f in book().vocabulary.facts.values() if f.kind != "division" or f.level in known]
    # Spans of time are few among the facts and the likeliest to be folded wrongly.
    spans = [fact for fact in facts if fact.of]
    return st.sampled_from([*facts, *spans * 5]).flatmap(_comparison)


def conditions() -> st.SearchStrategy[str]:
    """Texts of conditions over all facts of the shipped vocabulary."""
    return st.recursive(
        comparisons(),
        lambda inner: st.one_of(
            inner.map(lambda c: f"NOT ({c})"),
            st.lists(inner, min_size=2, max_size=4).map(lambda cs: "(" + " AND ".join(cs) + ")"),
            st.lists(inner, min_size=2, max_size=4).map(lambda cs: "(" + " OR ".join(cs) + ")"),
        ),
        max_leaves=8,
    )


def people(seed: int, *, count: int, on: date) -> list[dict[str, Value]]:
    """People with nulls, their dates mostly on, just before or just after the edges conditions ask about."""
    chance = random.Random(seed)
    stored = book().vocabulary.stored()
    return [{fact.name: _value(fact, chance, on=on) for fact in stored} for _ in range(count)]


def relatives(seed: int, *, most: int) -> list[dict[str, Value]]:
    """Up to `most` relations of one person, with nulls."""
    chance = random.Random(seed)
    kin = [fact for fact in book().vocabulary.stored() if fact.per_relation]
    count = chance.randint(0, most)
    return [{fact.name: _value(fact, chance, on=DAYS[0]) for fact in kin} for _ in range(count)]


def _value(fact: Fact, chance: random.Random, *, on: date) -> Value:
    if chance.random() < 0.25:
        return fact.absent or None
    if fact.kind == "bool":
        return chance.random() < 0.5
    if fact.kind == "enum":
        return chance.choice(sorted(fact.values))
    if fact.kind == "division":
        here = [region.code for region in book().regions.values() if region.level == fact.level]
        return chance.choice([*here, 410100000000])
    if fact.kind == "int":
        return chance.randint(fact.lowest, fact.highest)
    assert fact.kind == "date"
    kind = chance.choice(SPANS)
    amount = min(chance.choice(AMOUNTS), LONGEST[kind])
    return latest_start(kind, amount, on=on) + timedelta(days=chance.choice([-1, 0, 1, 1, 400]))
