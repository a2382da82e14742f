"""Questions on a card: what is asked, how it is answered, and which answers are none."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from rongjun.desk.cards import YES_NO, cards_for, read_answer
from rongjun.kernel.errors import Refused
from rongjun.rules.api import Fact, MissingFact, Reason, decide_all, load_book

TODAY = date(2024, 11, 24)
CITY = min(folder.name for folder in Path("policy/cities").iterdir())
BOOK = load_book(Path("policy"), city=CITY)
FACTS = BOOK.vocabulary.facts


def asked(*missing: str, askable: Collection[str] = frozenset(FACTS)) -> Mapping[str, Any] | None:
    """The question of a card whose decision lacks these facts."""
    lacks = tuple(MissingFact(name, FACTS[name].label, FACTS[name].question) for name in missing)
    reason = Reason(text="差", state="unknown", clause="", facts=(), missing=lacks)
    decision = decide_all(BOOK, facts={}, on=TODAY)[0]._replace(verdict="unknown", reasons=(reason,))
    (card,) = cards_for((decision,), BOOK, answer_url="/facts/", askable=askable, today=TODAY)
    question: Mapping[str, Any] | None = card["question"]
    return question


def test_yes_or_no_is_two_buttons() -> None:
    question = asked("in_hardship")
    assert question
    assert (question["answers"], question["field"]) == (YES_NO, None)


def test_each_word_of_a_choice_is_a_button_also_none_where_it_is_one() -> None:
    question = asked("school_stage")
    assert question
    assert {"label": "不在学", "value": "none"} in question["answers"]
    assert [button["value"] for button in question["answers"]] == list(FACTS["school_stage"].values)


def test_a_number_is_one_field_with_the_limits_of_the_fact() -> None:
    question = asked("disability_grade")
    assert question
    assert question["answers"] == []
    assert question["field"] == {
        "type": "number", "min": "1", "max": "10", "unit": "级", "limits": "1 到 10 的整数"
    }  # fmt: skip


def test_a_day_is_one_field_that_ends_today() -> None:
    question = asked("graduated_on")
    assert question
    assert question["field"]["type"] == "date"
    assert (question["field"]["min"], question["field"]["max"]) == ("1900-01-01", "2024-11-24")


def test_the_first_fact_that_can_be_answered_is_asked() -> None:
    question = asked("household_city", "merit_rank", "in_hardship")
    assert question
    assert question["name"] == "merit_rank"
    assert asked("household_city") is None


def test_what_would_not_be_taken_is_not_asked() -> None:
    of_a_relation = "was_supported_by_deceased"
    assert asked(of_a_relation, askable={"in_hardship"}) is None
    question = asked(of_a_relation, askable={"in_hardship", of_a_relation})
    assert question
    assert question["name"] == of_a_relation


@pytest.mark.parametrize(
    ("fact", "given", "read"),
    [
        ("in_hardship", "true", "true"),
        ("school_stage", "none", "none"),
        ("disability_grade", " ７ ", "7"),
        ("merit_rank", "0", "0"),
        ("graduated_on", "2024-11-24", "2024-11-24"),
        ("graduated_on", "１９９９-０７-０１", "1999-07-01"),
    ],
)
def test_an_answer_is_read_as_it_is_recorded(fact: str, given: str, read: str) -> None:
    assert read_answer(FACTS[fact], given, today=TODAY) == read


@pytest.mark.parametrize(
    ("fact", "given"),
    [
        ("disability_grade", ""),
        ("disability_grade", "0"),
        ("disability_grade", "11"),
        ("disability_grade", "-1"),
        ("disability_grade", "7.5"),
        ("disability_grade", "七"),
        ("disability_grade", "9" * 400),
        ("graduated_on", ""),
        ("graduated_on", "2024-11-25"),
        ("graduated_on", "1899-12-31"),
        ("graduated_on", "2023-02-29"),
        ("graduated_on", "20230228"),
        ("graduated_on", "2023-W05-1"),
    ],
)
def test_what_lies_outside_the_limits_is_refused_with_the_limits(fact: str, given: str) -> None:
    with pytest.raises(Refused, match=r"registry\.answer-outside") as refused:
        read_answer(FACTS[fact], given, today=TODAY)
    assert refused.value.params["limits"]


@pytest.mark.parametrize(
    ("fact", "given"),
    [("in_hardship", "perhaps"), ("school_stage", "nursery"), ("household_city", "370200000000")],
)
def test_what_was_not_among_the_buttons_is_refused(fact: str, given: str) -> None:
    with pytest.raises(Refused, match=r"registry\.not-a-question"):
        read_answer(FACTS[fact], given, today=TODAY)


def test_a_text_is_not_asked_for_with_a_button() -> None:
    with pytest.raises(Refused, match=r"registry\.not-a-question"):
        read_answer(Fact(name="words", kind="text", label="话"), "x", today=TODAY)
