"""Lines of feeds read strictly, and compared with people: reasons in words, doubt said aloud."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rongjun.registry.feed_lines import FEEDS, FeedLine, change_in_words, read_line
from rongjun.registry.matching import Known, LifeSign, Match, already_so, are_similar, matches
from rongjun.registry.tests.strategies import TODAY, number, real_looking

BORN, DIED = date(1952, 3, 8), date(2024, 11, 20)
FIELDS: dict[str, dict[str, str]] = {
    "deaths": {"died_on": "2024-11-20"},
    "sentences": {"judged_on": "2024-11-01", "penalty": "fixed-term", "term_end": "2026-10-31"},
    "moves": {"moved_on": "2024-11-18", "county": "370203", "household_kind": "urban"},
    "pensions": {"since": "2024-11-01", "state": "receiving"},
}


def fields(feed: str = "deaths", **changed: str) -> dict[str, str]:
    person = {"name": "测试张三0001", "number": number(1), "birth_date": "1952-03-08", "sex": ""}
    return {**person, **FIELDS[feed], **changed}


def line(feed: str = "deaths", **changed: str) -> FeedLine:
    found = read_line(feed, fields(feed, **changed), synthetic=True, today=TODAY)
    assert isinstance(found, FeedLine), found
    return found


def fault(feed: str = "deaths", **changed: str) -> str:
    found = read_line(feed, fields(feed, **changed), synthetic=True, today=TODAY)
    assert isinstance(found, str)
    return found


def known(sequence: int = 1, **changed: Any) -> Known:
    said: dict[str, Any] = {
        "person": UUID(int=sequence),
        "division": 370202901000,
        "name": "测试张三0001",
        "sex": "",
        "birth_date": BORN,
        "number_mask": f"{number(sequence)[:6]}********{number(sequence)[-4:]}",
        "has_this_number": sequence == 1,
    }
    return Known(**{**said, **changed})


def match(said: FeedLine, *found: Known) -> Match:
    (only,) = matches(said, found)
    return only


def against(judged: Match) -> list[str]:
    return [reason.text for reason in judged.reasons if not reason.speaks_for]


# --- reading ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("feed", FEEDS)
def test_a_whole_line_is_read_and_says_what_it_would_change(feed: str) -> None:
    assert change_in_words(feed, line(feed).change)


def test_an_old_number_is_completed() -> None:
    full = number(1)
    found = line(number=full[:6] + full[8:17])
    assert found.was_legacy
    assert found.number is not None
    assert found.number.number == full


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"name": ""}, "姓名为空"),
        ({"number": "123"}, "18 位"),
        ({"number": real_looking()}, "虚构号码"),
        ({"number": "", "birth_date": ""}, "认不出是谁"),
        ({"birth_date": "1952-3-8"}, "出生日期不是"),
        ({"died_on": ""}, "日期不是"),
        ({"died_on": "2024-W01-1"}, "日期不是"),
        ({"died_on": "2024-11-25"}, "今天以后"),
        ({"died_on": "1951-01-01"}, "出生日期以前"),
        ({"sex": "男"}, "性别不是"),
    ],
)
def test_what_cannot_be_used_goes_back_with_a_sentence(changed: dict[str, str], said: str) -> None:
    assert said in fault(**changed)
    assert not any(value and value in fault(**changed) for key, value in changed.items() if key == "number")


@given(
    st.sampled_from(list(FEEDS)),
    st.dictionaries(st.sampled_from(sorted(fields("moves"))), st.text(), max_size=4),
)
def test_no_line_makes_the_reader_stumble(feed: str, changed: dict[str, str]) -> None:
    read_line(feed, {**fields(feed), **changed}, synthetic=True, today=TODAY)


# --- comparing ----------------------------------------------------------------------------------------------


def test_number_name_and_birth_date_leave_no_doubt() -> None:
    judged = match(line(), known())
    assert (judged.score, against(judged)) == (95, [])


def test_sure_means_nobody_else_is_asked_about() -> None:
    namesake = known(2)
    assert [each.known.person for each in matches(line(), [namesake, known()])] == [UUID(int=1)]


def test_a_namesake_with_the_same_birthday_is_asked_about_and_is_not_likely() -> None:
    judged = match(line(), known(2))
    assert judged.score < 50
    assert any("同名同生日" in text for text in against(judged))


def test_two_who_may_be_meant_say_so_of_each_other() -> None:
    both = matches(line(number=""), [known(2), known(3)])
    assert len(both) == 2
    assert all("还有另外 1 个人也可能是" in against(each) for each in both)


def test_a_number_with_another_name_is_doubted() -> None:
    judged = match(line(name="测试李四"), known())
    assert "姓名不同" in against(judged)
    assert judged.score < 50


def test_a_sign_of_life_after_the_day_of_death_speaks_against_it() -> None:
    before = match(line(), known(last_sign=LifeSign(DIED, "回答过问题")))
    after = match(line(), known(last_sign=LifeSign(DIED + timedelta(days=1), "回答过问题")))
    assert before.score - after.score == 50
    assert any("2024-11-21 还回答过问题" in text for text in against(after))


def test_the_dead_do_not_move() -> None:
    judged = match(line("moves"), known(died_on=date(2024, 1, 1)))
    assert any("已登记" in text for text in against(judged))


def test_another_sex_and_another_birth_date_speak_against_it() -> None:
    judged = match(line(sex="female"), known(sex="male", birth_date=date(1951, 3, 8)))
    assert {"性别不同", "出生日期不同"} <= set(against(judged))


@pytest.mark.parametrize(
    ("one", "other", "are"),
    [("张建国", "张健国", True), ("张建国", "张建", True), ("张建国", "李建军", False), ("张", "李", False)],
)
def test_names_are_similar_that_differ_in_one_character(one: str, other: str, *, are: bool) -> None:
    assert are_similar(one, other) is are
    assert are_similar(other, one) is are


def test_a_similar_name_counts_only_where_the_number_does_not_speak_against_it() -> None:
    assert matches(line(name="测试张三0002", number=""), [known(2)])
    far = number(5, born=date(1960, 1, 1))
    other = Known(**{**_as_kept(known(2)), "number_mask": f"999999********{far[-4:]}"})
    assert matches(line(name="测试张三0002"), [other]) == []


def _as_kept(said: Known) -> dict[str, Any]:
    return {name: getattr(said, name) for name in Known.__slots__}


def test_others_born_on_another_day_are_nobody() -> None:
    assert matches(line(), [known(2, birth_date=date(1952, 3, 9))]) == []


def test_what_the_file_says_already_is_no_question() -> None:
    assert already_so(line(), known(died_on=DIED))
    assert not already_so(line(), known(died_on=date(2024, 1, 1)))
    assert already_so(line("moves"), known(household=("370203", "urban")))
    assert not already_so(line("moves"), known(household=("370202", "urban")))
    assert already_so(line("pensions"), known(has_income=True))
    assert not already_so(line("sentences"), known())


@given(st.text(max_size=6), st.text(max_size=6))
def test_being_similar_goes_both_ways(one: str, other: str) -> None:
    assert are_similar(one, other) == are_similar(other, one)


@given(st.lists(st.integers(1, 4), unique=True, max_size=4), st.booleans(), st.sampled_from(list(FEEDS)))
def test_a_score_is_between_nothing_and_all(people: list[int], has_number: bool, feed: str) -> None:
    said = line(feed, **({} if has_number else {"number": ""}))
    assert all(0 <= each.score <= 100 for each in matches(said, [known(n) for n in people]))
