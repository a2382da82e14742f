"""Shared generators: the shipped book, random conditions, random people."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from itertools import islice
from pathlib import Path

from hypothesis import strategies as st

from rongjun.rules.book import Book, change_days, digest_of
from rongjun.rules.conditions import parse_condition
from rongjun.rules.days import LONGEST, SPANS, latest_start
from rongjun.rules.drafting import witnesses
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


def book_of(texts: Sequence[str]) -> Book:
    """The shipped book with these conditions in the place of its benefits, half of them behind the guards."""
    free, cash = (next(b for b in book().benefits.values() if b.kind == kind) for kind in ("free", "cash"))
    benefits = {}
    for number, text in enumerate(texts):
        when = parse_condition(text, vocabulary=book().vocabulary, regions=book().regions)
        version = replace(free.versions[-1], start=date(2000, 1, 1), until=None, when_text=text, when=when)
        code = f"other.made-{number}"
        benefits[code] = replace([free, cash][number % 2], code=code, versions=(version,))
    changes = change_days(benefits, book().guards)
    return replace(book(), digest=digest_of(list(texts)), benefits=benefits, changes=changes)


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


def city(
    seed: int, *, count: int, on: date
) -> tuple[list[dict[str, Value]], list[tuple[int, dict[str, Value]]]]:
    """An invented city: its people without facts of kin, and the relations with the number of their person.

    Chance alone meets few conditions, so most people also have what one benefit asks for, which then is
    granted, refused by another fact or left open. Some have no relation, some up to three.
    """
    chance = random.Random(seed)
    kin = {fact.name for fact in book().vocabulary.stored() if fact.per_relation}
    wished = _wishes(on)
    rows: list[dict[str, Value]] = []
    relations: list[tuple[int, dict[str, Value]]] = []
    for number, row in enumerate(people(seed, count=count, on=on)):
        wish = chance.choice(wished) if chance.random() < 0.7 else {}
        rows.append({name: wish.get(name, value) for name, value in row.items() if name not in kin})
        theirs = relatives(chance.randrange(10**9), most=chance.choice([0, 1, 3]))
        if not kin.isdisjoint(wish):
            theirs.append({name: value for name, value in wish.items() if name in kin})
        chance.shuffle(theirs)
        relations += [(number, each) for each in theirs[:3]]
    return rows, relations


@cache
def _wishes(on: date) -> list[dict[str, Value]]:
    """The facts of people each benefit was written for, a few a benefit."""
    found = []
    for _, version in book().in_force(on=on):
        each = witnesses(version.when, vocabulary=book().vocabulary, on=on)
        found += list(islice(each, 5))
    return found


def _value(fact: Fact, chance: random.Random, *, on: date) -> Value:
    if chance.random() < 0.25:
        return None
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
