"""Names, periods, stated facts and covered numbers, without a database."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rongjun.kernel.errors import Unfit
from rongjun.registry.logic import (
    CATEGORIES,
    STATED,
    Period,
    Tie,
    fit_to_show,
    stated_text,
    tidy_name,
)
from rongjun.registry.tests.strategies import number, real_looking

DAYS = st.dates(date(2000, 1, 1), date(2000, 3, 1))


@st.composite
def periods(draw: st.DrawFn) -> Period:
    start = draw(DAYS)
    return Period(start, draw(st.none() | st.integers(1, 40).map(lambda days: start + timedelta(days=days))))


def _days(period: Period) -> set[date]:
    horizon = date(2000, 6, 1)
    return {
        day
        for day in (period.start + timedelta(days=n) for n in range(200))
        if day < (period.end or horizon) and day < horizon
    }


@given(periods(), periods())
def test_taking_a_period_out_leaves_exactly_the_other_days(held: Period, taken: Period) -> None:
    left = held.without(taken)
    assert set().union(*map(_days, left)) == _days(held) - _days(taken)
    assert sum(len(_days(piece)) for piece in left) == len(_days(held) - _days(taken))


@given(periods(), periods())
def test_the_days_two_periods_share_are_those_taking_out_would_take(held: Period, other: Period) -> None:
    both = held.shared(other)
    assert (_days(both) if both else set()) == _days(held) & _days(other)
    assert held.shared(other) == other.shared(held)


@pytest.mark.parametrize(
    ("words", "label"),
    [
        (("martyr", "spouse", "none"), "烈士的配偶"),
        (("none", "child", "kin_on_pension"), "领取定期抚恤金的“三属”的子女"),
        (("none", "none", "martyr"), "烈士的亲属"),
    ],
)
def test_a_relation_has_a_name_a_clerk_would_say(words: tuple[str, str, str], label: str) -> None:
    assert Tie(*words).label == label


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("张 三", "张三"),
        ("  欧阳　明 ", "欧阳明"),
        ("阿不都•买买提", "阿不都·买买提"),
        ("阿不都 · 买买提", "阿不都·买买提"),
        ("John   Smith", "John Smith"),
        ("测试Ａ１", "测试A1"),
    ],
)
def test_a_name_is_kept_in_one_form(written: str, kept: str) -> None:
    assert tidy_name(written) == kept


@given(st.text(max_size=30))
def test_tidying_a_name_twice_changes_nothing(text: str) -> None:
    assert tidy_name(tidy_name(text)) == tidy_name(text)


@given(st.text(max_size=8), st.sampled_from(["", " ", "-", "–", "　", "."]), st.text(max_size=8))
def test_no_number_of_a_person_survives_covering(before: str, gap: str, after: str) -> None:
    for whole in (real_looking(), number(7), "1" + "0" * 9 + "7"):
        covered = fit_to_show(f"{before} {gap.join(whole)} {after}")
        assert gap.join(whole) not in covered
        assert gap.join(whole[3:-3]) not in covered


@pytest.mark.parametrize("text", ["1970-12-01", "第 12 行", "花名册 20261124.xlsx", "370202901"])
def test_short_numbers_stay_readable(text: str) -> None:
    assert fit_to_show(text) == text


@pytest.mark.parametrize(
    ("fact", "value"),
    [
        ("in_hardship", "true"),
        ("merit_rank", "3"),
        ("birth_date", "1952-03-08"),
        ("residence_city", "370200000000"),
        ("rank_group", "nco"),
    ],
)
def test_an_answer_of_its_facts_kind_is_kept(fact: str, value: str) -> None:
    assert stated_text(fact, value) == value


@pytest.mark.parametrize(
    ("fact", "value"),
    [
        ("in_hardship", "maybe"),
        ("in_hardship", "True"),
        ("merit_rank", "-1"),
        ("merit_rank", "１"),
        ("birth_date", "1952-02-30"),
        ("birth_date", "19520308"),
        ("residence_city", "青岛"),
        ("rank_group", "'; drop table"),
        ("is_veteran", "true"),
        ("no_such_fact", "true"),
    ],
)
def test_any_other_answer_is_refused(fact: str, value: str) -> None:
    with pytest.raises(Unfit):
        stated_text(fact, value)


def test_a_category_is_one_fact_and_no_stated_one() -> None:
    facts = [category.fact for category in CATEGORIES if category.fact]
    assert len(set(facts)) == len(facts)
    assert not set(facts) & set(STATED)
