"""Groups of a sweep: by age to the day, by category, what is missing and what is waited for."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from rongjun.benefits.groups import Asked, figures_of, mask_of
from rongjun.rules.api import PERSON

ON = date(2026, 3, 1)
FACTS = pl.DataFrame(
    {
        PERSON: ["a", "b", "c", "d"],
        "birth_date": [date(1966, 3, 1), date(1966, 3, 2), date(1956, 2, 29), None],
        "is_veteran": [True, True, False, False],
        "is_martyr_kin": [False, True, False, None],
        "enlisted_on": [date(1990, 1, 1), None, None, None],
        "has_employer": [None, True, None, None],
    },
    schema_overrides={"has_employer": pl.Boolean},
)
VERDICTS = pl.DataFrame({PERSON: ["d", "c", "b", "a"], "one": [True, None, True, None], "two": [True] * 4})
ASKED = Asked(
    categories={"veteran": "is_veteran", "martyr-kin": "is_martyr_kin", "unheard": "is_unheard"},
    basics={"birth_date": "", "enlisted_on": "is_veteran", "sex": ""},
    readers={"has_employer": frozenset({"one", "gone"}), "birth_date": frozenset({"two"})},
)


def figures() -> dict[str, dict[str, int]]:
    return figures_of(FACTS, VERDICTS, asked=ASKED, on=ON)


def test_a_birthday_decides_to_the_day_and_nobody_is_left_out() -> None:
    ages = figures()["age"]
    assert ages == {"0-29": 0, "30-44": 0, "45-59": 1, "60-69": 1, "70-79": 1, "80-": 0, "unknown": 1}
    assert sum(ages.values()) == FACTS.height


def test_categories_overlap_and_those_in_none_are_a_group_of_their_own() -> None:
    assert figures()["category"] == {"veteran": 2, "martyr-kin": 1, "none": 2}


def test_a_fact_is_missing_only_where_it_is_expected() -> None:
    assert figures()["missing"] == {"birth_date": 1, "enlisted_on": 1}


def test_a_fact_is_waited_for_where_a_benefit_that_reads_it_is_open() -> None:
    assert figures()["waited-for"] == {"has_employer": 2, "birth_date": 0}


@pytest.mark.parametrize(("group", "values"), figures().items())
def test_a_figure_is_how_many_its_list_has(group: str, values: dict[str, int]) -> None:
    whole = FACTS.join(VERDICTS, on=PERSON)
    for value, count in values.items():
        mask = mask_of(group, value, facts=FACTS.columns, benefits=VERDICTS.columns, asked=ASKED, on=ON)
        assert mask is not None
        assert whole.filter(mask).height == count


def test_there_is_no_group_nobody_made() -> None:
    assert mask_of("age", "90-", facts=FACTS.columns, benefits=VERDICTS.columns, asked=ASKED, on=ON) is None
