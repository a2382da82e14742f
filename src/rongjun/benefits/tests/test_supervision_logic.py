"""The road and the lights of supervision as plain values: what may follow, and what a day changes."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rongjun.benefits.logic import supervision as logic
from rongjun.benefits.logic.supervision import Days, Standing

TODAY = date(2026, 11, 30)
DAYS = Days(soon=3, fresh=365)
DATES = st.dates(date(2024, 1, 1), date(2029, 12, 31))
OPEN_STATES = sorted(set(logic.STATES) - logic.CLOSED)


@st.composite
def standings(draw: st.DrawFn) -> Standing:
    """Any standing a task can have, and that of an item nobody asked after."""
    sound_on = draw(st.none() | DATES)
    state = draw(st.sampled_from(["", logic.PASSED, *OPEN_STATES]))
    if state == "":
        return Standing(sound_on=sound_on)
    if state == logic.PASSED:
        return Standing(state, level=draw(st.integers(0, 3)), sound_on=draw(DATES))
    level = draw(st.integers(1 if state == logic.ESCALATED else 0, len(logic.LADDER)))
    return Standing(state, draw(DATES), level, draw(st.booleans()), sound_on)


def rank(light: str) -> int:
    """From nothing to worry about to what cannot wait."""
    return [logic.GREEN, logic.NONE, logic.AMBER, logic.RED].index(light)


@given(standings(), DATES, st.integers(0, 2000))
def test_no_light_gets_better_by_waiting(standing: Standing, on: date, later: int) -> None:
    now = logic.light_of(standing, on=on, days=DAYS)
    then = logic.light_of(standing, on=on + timedelta(days=later), days=DAYS)
    assert rank(then) >= rank(now)


@given(standings(), DATES)
def test_a_unit_that_is_late_is_red_and_one_found_in_place_and_fresh_is_green(s: Standing, on: date) -> None:
    light = logic.light_of(s, on=on, days=DAYS)
    if s.unit_is_late(on=on):
        assert light == logic.RED
    if s.state == logic.PASSED and s.sound_on and s.sound_on <= on <= s.sound_on + timedelta(days=DAYS.fresh):
        assert light == logic.GREEN


@given(standings(), DATES)
def test_only_what_was_found_in_place_is_green(standing: Standing, on: date) -> None:
    if logic.light_of(standing, on=on, days=DAYS) == logic.GREEN:
        assert standing.sound_on is not None


@given(st.lists(standings()), DATES)
def test_a_county_is_as_bad_as_its_worst_item_in_any_order(rows: list[Standing], on: date) -> None:
    told = logic.tally(rows, on=on, days=DAYS)
    lights = [logic.light_of(each, on=on, days=DAYS) for each in rows]
    assert sum(told.lights.values()) == len(rows)
    assert told.light == logic.tally(rows[::-1], on=on, days=DAYS).light
    seen = [light for light in lights if light != logic.NONE]
    assert told.light == (max(seen, key=rank) if seen else logic.NONE)
    assert told.late <= told.lights[logic.RED]
    assert told.in_place <= told.asked <= len(rows)


@given(standings(), DATES)
def test_every_step_that_may_follow_leads_somewhere_and_no_open_task_is_at_a_dead_end(
    standing: Standing, on: date
) -> None:
    steps = logic.steps_open(standing, on=on)
    for step in steps:
        outcomes = logic.OUTCOMES if step == logic.CHECK else ("",)
        assert {logic.state_after(standing.state, step, outcome) for outcome in outcomes} <= set(logic.STATES)
    assert bool(steps - {logic.CLUE}) == (standing.state in OPEN_STATES)


@given(standings(), DATES)
def test_nobody_within_their_days_is_escalated_and_nobody_beyond_the_ladder(s: Standing, on: date) -> None:
    if logic.ESCALATE in logic.steps_open(s, on=on):
        assert s.is_late(on=on) or s.state == logic.UNMENDED
        assert s.level < len(logic.LADDER)


@given(standings(), DATES)
def test_a_clue_needs_an_order_that_was_not_followed(standing: Standing, on: date) -> None:
    may = logic.CLUE in logic.steps_open(standing, on=on)
    assert not may or standing.ordered
    assert not may or standing.state not in logic.CLOSED


@pytest.mark.parametrize(
    ("standing", "light"),
    [
        (Standing(), logic.NONE),
        (Standing(logic.TASKED, TODAY + timedelta(3)), logic.NONE),
        (Standing(logic.TASKED, TODAY + timedelta(2)), logic.AMBER),
        (Standing(logic.TASKED, TODAY), logic.AMBER),
        (Standing(logic.TASKED, TODAY - timedelta(1)), logic.RED),
        (Standing(logic.REPORTED, TODAY - timedelta(1)), logic.AMBER),
        (Standing(logic.WANTING, TODAY + timedelta(9)), logic.AMBER),
        (Standing(logic.ORDERED, TODAY, ordered=True), logic.AMBER),
        (Standing(logic.ORDERED, TODAY - timedelta(1), ordered=True), logic.RED),
        (Standing(logic.UNMENDED, TODAY + timedelta(9), ordered=True), logic.RED),
        (Standing(logic.CORRECTED, TODAY + timedelta(9), level=1), logic.RED),
        (Standing(logic.PASSED, level=1, sound_on=TODAY), logic.GREEN),
        (Standing(logic.PASSED, sound_on=TODAY - timedelta(365)), logic.GREEN),
        (Standing(logic.PASSED, sound_on=TODAY - timedelta(366)), logic.AMBER),
        (Standing(logic.TASKED, TODAY + timedelta(9), sound_on=TODAY - timedelta(30)), logic.GREEN),
    ],
)
def test_the_light_of_a_day(standing: Standing, light: str) -> None:
    assert logic.light_of(standing, on=TODAY, days=DAYS) == light
