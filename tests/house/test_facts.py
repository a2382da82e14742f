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
ANSWERED = Counter(name for source in FACT_SOURCES for name in (*source.names, *source.relation_names))
ATTESTED = "部队证明，办一件事用一次、到期作废；由 cases 随那一件事保存，登记库不存"
# Facts of the vocabulary that nobody answers yet, and what they wait for.
SILENT = {
    "sponsor_in_combat_unit": ATTESTED,
    "sponsor_on_island_2": ATTESTED,
    "sponsor_on_island_3": ATTESTED,
    "sponsor_on_special_island": ATTESTED,
    "sponsor_in_remote_area": ATTESTED,
    "on_combat_mission": ATTESTED,
    "near_discharge": ATTESTED,
    "travels_with_entitled": "看的是当时当场，由 cases 在核验时答",
}


def test_every_owner_is_an_app_of_the_house() -> None:
    assert [
        name for name, fact in FACTS.items() if not (PACKAGE / fact.owner / "__init__.py").is_file()
    ] == []


def test_every_fact_is_answered_or_says_what_it_waits_for() -> None:
    assert sorted(set(FACTS) - set(ANSWERED)) == sorted(SILENT)
    assert all(SILENT.values())


def test_an_app_that_keeps_facts_answers_all_of_its_own() -> None:
    assert [name for name in SILENT if (PACKAGE / FACTS[name].owner / "facts.py").exists()] == []


def test_a_fact_of_a_relation_is_answered_as_one() -> None:
    asked = {name for source in FACT_SOURCES for name in source.relation_names}
    assert asked == {name for name in ANSWERED if FACTS[name].per_relation}


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
            for ask, names in (
                (source.frame, source.names),
                (source.relations, source.relation_names),
            ):
                frame = ask(sorted(names), on=date(2026, 1, 1), known_at=timezone.now())
                wrong = {
                    name: frame.schema[name]
                    for name in names
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
        assert asking.relations_of(bare, sorted(ANSWERED), on=today, known_at=timezone.now()) == []
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
