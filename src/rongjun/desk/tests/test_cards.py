"""Questions on a card: what is asked, how it is answered, and which answers are none."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from rongjun.benefits.api import Asking, best_questions, read_answer
from rongjun.benefits.questions import YES_NO
from rongjun.desk.cards import Contesting, cards_for, grouped, wanted
from rongjun.kernel.errors import Refused
from rongjun.rules.api import Decision, Fact, MissingFact, Reason, Value, decide_all, load_book

TODAY = date(2024, 11, 24)
CITY = min(folder.name for folder in Path("policy/cities").iterdir())
BOOK = load_book(Path("policy"), city=CITY)
FACTS = BOOK.vocabulary.facts


def asking(askable: Collection[str] = frozenset(FACTS)) -> Asking:
    return Asking(BOOK, askable, "/facts/", TODAY)


def asked(*missing: str, askable: Collection[str] = frozenset(FACTS)) -> Mapping[str, Any] | None:
    """The question of a card whose decision lacks these facts."""
    lacks = tuple(MissingFact(name, FACTS[name].label, FACTS[name].question) for name in missing)
    reason = Reason(text="差", state="unknown", clause="", facts=(), missing=lacks)
    decision = decide_all(BOOK, facts={}, on=TODAY)[0]._replace(verdict="unknown", reasons=(reason,))
    (card,) = cards_for((decision,), asking(askable), Contesting())
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
    question = asked("household_city", "merit_rank", "in_hardship", askable={"merit_rank", "in_hardship"})
    assert question
    assert question["name"] == "merit_rank"
    assert asked("household_city", askable={"merit_rank"}) is None


def test_a_place_is_ours_by_a_button_or_elsewhere_by_its_code() -> None:
    question = asked("residence_city")
    assert question
    (here,) = question["answers"]
    assert (here["label"], here["value"]) == ("本市", str(BOOK.regions["this_city"].code))
    assert question["field"]["digits"] == 6


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
        ("residence_city", "990102", "990100000000"),
        ("residence_city", "９９０１０２００００００", "990100000000"),
        ("residence_province", "990102", "990000000000"),
        ("household_county", "990102", "990102000000"),
        ("graduated_on", "2024-11-24", "2024-11-24"),
        ("graduated_on", "１９９９-０７-０１", "1999-07-01"),
    ],
)
def test_an_answer_is_read_as_it_is_recorded(fact: str, given: str, read: str) -> None:
    assert read_answer(FACTS[fact], given, book=BOOK, today=TODAY) == read


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
        ("residence_city", ""),
        ("residence_city", "99"),
        ("residence_city", "990000"),
        ("household_county", "990100"),
        ("residence_city", "甲市"),
    ],
)
def test_what_lies_outside_the_limits_is_refused_with_the_limits(fact: str, given: str) -> None:
    with pytest.raises(Refused, match=r"registry\.answer-outside") as refused:
        read_answer(FACTS[fact], given, book=BOOK, today=TODAY)
    assert refused.value.params["limits"]


@pytest.mark.parametrize(
    ("fact", "given"),
    [("in_hardship", "perhaps"), ("school_stage", "nursery")],
)
def test_what_was_not_among_the_buttons_is_refused(fact: str, given: str) -> None:
    with pytest.raises(Refused, match=r"registry\.not-a-question"):
        read_answer(FACTS[fact], given, book=BOOK, today=TODAY)


def test_a_text_is_not_asked_for_with_a_button() -> None:
    with pytest.raises(Refused, match=r"registry\.not-a-question"):
        read_answer(Fact(name="words", kind="text", label="话"), "x", book=BOOK, today=TODAY)


# --- many decisions -----------------------------------------------------------------------------------------


def undecided(*missing: str, number: int = 0) -> Decision:
    lacks = tuple(MissingFact(name, FACTS[name].label, FACTS[name].question) for name in missing)
    reason = Reason(text="差", state="unknown", clause="", facts=(), missing=lacks)
    return decide_all(BOOK, facts={}, on=TODAY)[number]._replace(verdict="unknown", reasons=(reason,))


def test_first_is_asked_what_most_benefits_wait_for_and_it_says_how_many_that_settles() -> None:
    waiting = [
        undecided("in_hardship"),
        undecided("in_hardship", "merit_rank"),
        undecided("in_hardship", "school_stage"),
        undecided("merit_rank"),
    ]
    best = best_questions(waiting, asking({"in_hardship", "merit_rank"}))
    assert [(each["name"], each["waiting"]) for each in best.questions] == [
        ("in_hardship", 3),
        ("merit_rank", 2),
    ]
    assert best.settles == 3


def test_no_more_than_a_few_questions_are_put_first() -> None:
    facts = [name for name, fact in FACTS.items() if fact.kind == "bool" and fact.question][:9]
    best = best_questions([undecided(name) for name in facts], asking())
    assert (len(best.questions), best.settles) == (5, 5)


def test_nothing_undecided_asks_nothing() -> None:
    best = best_questions([], asking())
    assert (best.questions, best.settles) == ([], 0)


def test_a_search_finds_by_the_words_of_the_title_and_the_area() -> None:
    every = decide_all(BOOK, facts={}, on=TODAY)
    found = wanted(every, BOOK, words="公交　 免费", area="")
    assert found
    assert all("公交" in each.title and "免费" in each.title for each in found)
    assert wanted(every, BOOK, words="公交", area="legal") == []
    assert len(wanted(every, BOOK, words="", area="")) == len(every)


def test_cards_lie_under_their_area_folded_until_there_are_few() -> None:
    cards = cards_for(decide_all(BOOK, facts={}, on=TODAY), asking(), Contesting())
    groups = grouped(cards, unfolded=False)
    assert sum(group["count"] for group in groups) == len(cards)
    assert len(groups) == len({card["area"] for card in cards})
    assert not any(group["open"] for group in groups)
    assert all(card["fold"] and card["says_verdict"] for group in groups for card in group["cards"])
    few = [card for card in cards if card["verdict"] == "unknown"][:3]
    (*some,) = grouped(few, unfolded=False)
    assert all(group["open"] for group in some)
    assert not any(card["says_verdict"] for group in some for card in group["cards"])


def test_what_was_judged_by_a_relation_names_it() -> None:
    facts: dict[str, Value] = {"is_martyr_kin": True, "dependant_of": "martyr", "relation": "child"}
    cards = cards_for(decide_all(BOOK, facts=facts, on=TODAY), asking(), Contesting())
    assert {card["relation"] for card in cards} == {"", "烈士的子女"}


def test_an_unknown_says_who_would_know() -> None:
    lacks = tuple(
        MissingFact(name, FACTS[name].label, FACTS[name].question)
        for name in ("household_kind", "merit_rank")
    )
    reason = Reason(text="差", state="unknown", clause="", facts=(), missing=lacks)
    decision = decide_all(BOOK, facts={}, on=TODAY)[0]._replace(verdict="unknown", reasons=(reason,))
    (card,) = cards_for((decision,), asking(), Contesting())
    assert card["reasons"][0]["source"] == "能查到的地方：公安（户籍）；退役档案（立功受奖登记、奖励证书）"
    assert "公安（户籍）" in card["question"]["why"]
