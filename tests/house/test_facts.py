"""Every fact of the vocabulary has one owner who answers in its type; nobody answers what nobody asks."""

from __future__ import annotations

from collections import Counter
from datetime import date
from uuid import UUID

import polars as pl
import pytest
from django.utils import timezone

from rongjun.access.api import Actor, acting_as, acting_as_job, actor_named
from rongjun.config.wiring import FACT_SOURCES
from rongjun.registry import api as registry
from rongjun.rules import asking
from rongjun.rules.api import Fact, load_book
from tests.house.scene import Scene, bare_row, hand_in
from tests.house.tree import PACKAGE, ROOT

TYPES: dict[str, type[pl.DataType]] = {
    "bool": pl.Boolean,
    "int": pl.Int64,
    "division": pl.Int64,
    "date": pl.Date,
    "text": pl.String,
    "enum": pl.String,
}


def stored() -> dict[str, Fact]:
    """The facts somebody has to know; the others are worked out from them."""
    city = min(folder.name for folder in (ROOT / "policy" / "cities").iterdir())
    return {fact.name: fact for fact in load_book(ROOT / "policy", city=city).vocabulary.stored()}


FACTS = stored()
ANSWERED = Counter(name for source in FACT_SOURCES for name in source.names)


def test_every_owner_is_an_app_of_the_house() -> None:
    assert [
        name for name, fact in FACTS.items() if not (PACKAGE / fact.owner / "__init__.py").is_file()
    ] == []


def test_every_fact_of_an_app_that_keeps_facts_is_answered() -> None:
    silent = [
        n for n, fact in FACTS.items() if (PACKAGE / fact.owner / "facts.py").exists() and not ANSWERED[n]
    ]
    assert silent == []


def test_no_fact_is_answered_twice() -> None:
    assert [name for name, times in ANSWERED.items() if times > 1] == []


def test_no_fact_is_answered_that_the_vocabulary_does_not_know() -> None:
    assert sorted(set(ANSWERED) - set(FACTS)) == []


def test_what_is_wired_is_what_is_asked() -> None:
    assert asking.answerable() == frozenset(ANSWERED)


def test_two_owners_of_one_fact_are_our_mistake() -> None:
    try:
        with pytest.raises(AssertionError, match="two owners"):
            asking.connect([*FACT_SOURCES, FACT_SOURCES[0]])
    finally:
        asking.connect(FACT_SOURCES)


@pytest.mark.django_db
def test_an_answer_has_the_type_of_its_fact_even_where_nobody_lives() -> None:
    with acting_as_job("house.ask-types"):
        for source in FACT_SOURCES:
            frame = source.frame(sorted(source.names), on=date(2026, 1, 1), known_at=timezone.now())
            wrong = {
                name: frame.schema[name]
                for name in source.names
                if name in FACTS and frame.schema[name] != TYPES[FACTS[name].kind]
            }
            assert wrong == {}
            assert frame.height == 0


@pytest.mark.django_db
def test_what_nobody_has_said_is_false_or_unknown_as_the_vocabulary_says(scene: Scene) -> None:
    bare = _file_that_says_nothing()
    today = timezone.localdate()
    with acting_as(_city()):
        held = asking.facts_of(bare, sorted(set(ANSWERED) & set(FACTS)), on=today, known_at=timezone.now())
    said = {"is_veteran", "birth_date", "sex"}  # what a category and an identity number say by themselves
    wrong = {
        name: value
        for name, value in held.items()
        if name not in said and value not in ((None, False) if FACTS[name].absent_false else (None,))
    }
    assert wrong == {}


def _file_that_says_nothing() -> UUID:
    roster = hand_in("city", [bare_row("city", 77)])
    with acting_as(_city()):
        done = registry.report(roster)
    assert done is not None
    person = done.rows[0][2]
    assert person is not None, done.rows
    return person


def _city() -> Actor:
    actor = actor_named("city", on=timezone.localdate())
    assert actor is not None
    return actor
