"""Conditions as sentences."""

import pytest
from hypothesis import given, settings

from rongjun.rules.conditions import parse_condition
from rongjun.rules.phrases import phrase
from rongjun.rules.tests.strategies import book, conditions


def say(text: str) -> str:
    tree = parse_condition(text, vocabulary=book().vocabulary, regions=book().regions)
    return phrase(tree, vocabulary=book().vocabulary)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("age >= 60 AND household_city = this_city", "年龄不低于 60 岁，并且户籍在本市"),
        ("NOT age >= 60", "年龄低于 60 岁"),
        ("days_since_discharge <= 730", "退役后天数不多于 730 天"),
        ("disability_grade <= 6", "残疾等级为 6 级或更重"),
        ("disability_cause IN ('war', 'duty')", "致残性质是因战或因公"),
        ("NOT disability_cause IN ('war', 'duty')", "致残性质不在“因战、因公”之列"),
        ("birth_date < '1954-11-01'", "出生日期早于 1954 年 11 月 1 日"),
        ("NOT is_veteran OR is_three_kin", "不是退役军人，或者是“三属”"),
        ("service_years NOT BETWEEN 2 AND 12", "服役年数不在 2 年到 12 年之间"),
        ("household_city <> this_city", "户籍不在本市"),
        ("birth_date IS NULL", "出生日期未登记"),
        (
            "is_martyr_kin OR (NOT has_employer AND NOT (is_job_seeker AND age > 60))",
            "是烈士遗属，或者（没有工作单位，并且不属于〔正在求职，并且年龄高于 60 岁〕的情形）",
        ),
    ],
)
def test_a_condition_reads_as_a_sentence_a_clerk_would_sign(text: str, sentence: str) -> None:
    assert say(text) == sentence


@settings(max_examples=100, deadline=None)
@given(conditions())
def test_no_sentence_shows_a_name_from_the_code(text: str) -> None:
    assert not any(character.isascii() and character.isalpha() for character in say(text))
