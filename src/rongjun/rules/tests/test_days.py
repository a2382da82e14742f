"""Ages and spans."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rongjun.rules.days import LONGEST, SPANS, Span, latest_start, span

days = st.dates(min_value=date(1900, 1, 1), max_value=date(2100, 12, 31))


@pytest.mark.parametrize(
    ("born", "on", "age"),
    [
        (date(1966, 11, 23), date(2026, 11, 22), 59),
        (date(1966, 11, 23), date(2026, 11, 23), 60),
        (date(2004, 2, 29), date(2022, 2, 27), 17),
        (date(2004, 2, 29), date(2022, 2, 28), 18),
        (date(2004, 2, 29), date(2024, 2, 28), 19),
        (date(2004, 2, 29), date(2024, 2, 29), 20),
        (date(2005, 2, 28), date(2024, 2, 28), 19),
    ],
)
def test_a_year_is_complete_on_the_birthday_and_on_28_february_without_one(
    born: date, on: date, age: int
) -> None:
    assert span("age", born, on=on) == age


def test_a_month_ends_on_its_last_day_when_it_has_no_corresponding_day() -> None:
    assert span("months_since", date(2025, 1, 31), on=date(2025, 2, 27)) == 0
    assert span("months_since", date(2025, 1, 31), on=date(2025, 2, 28)) == 1


def test_the_day_of_discharge_is_day_nought() -> None:
    assert span("days_since", date(2026, 9, 1), on=date(2026, 9, 1)) == 0
    assert span("days_since", date(2026, 9, 1), on=date(2026, 10, 1)) == 30


@given(kind=st.sampled_from(SPANS), amount=st.integers(0, 150), on=days)
def test_the_folded_edge_is_exactly_where_the_span_is_reached(kind: Span, amount: int, on: date) -> None:
    edge = latest_start(kind, amount, on=on)
    assert span(kind, edge, on=on) == amount
    assert span(kind, edge + timedelta(days=1), on=on) < amount


@given(kind=st.sampled_from(SPANS), on=days)
def test_the_longest_span_of_a_condition_stays_inside_the_calendar(kind: Span, on: date) -> None:
    assert latest_start(kind, LONGEST[kind] + 1, on=on).year > 1700
