from datetime import UTC, date, datetime, timedelta, timezone
from fractions import Fraction

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rongjun.kernel.errors import Refused
from rongjun.kernel.worktime import (
    Calendar,
    Suspension,
    add_hours,
    add_working_days,
    china_day,
    consumed_time,
    due_moment,
    end_of_day,
    published_calendar,
    read_clock,
    start_of_day,
    working_days_between,
)

PUBLISHED = published_calendar()
NO_HOLIDAYS = Calendar(frozenset(), frozenset(), date(2025, 1, 1), date(2025, 12, 31))
MONDAY_NOON = datetime(2025, 6, 9, 12, tzinfo=UTC)
THREE_DAYS = timedelta(hours=72)

published_days = st.dates(PUBLISHED.first, PUBLISHED.last)
moments = st.datetimes(datetime(2025, 1, 1), datetime(2025, 3, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds
budgets = st.timedeltas(timedelta(seconds=1), timedelta(days=20))


@st.composite
def suspensions(draw: st.DrawFn) -> list[Suspension]:
    starts = draw(st.lists(moments, max_size=5))
    return [
        Suspension(start, start + draw(st.timedeltas(timedelta(0), timedelta(days=9)))) for start in starts
    ]


@pytest.mark.parametrize(
    ("day", "worked"),
    [
        (date(2025, 1, 26), True),  # Sunday worked for the Spring Festival
        (date(2025, 1, 27), True),
        (date(2025, 1, 28), False),
        (date(2025, 2, 4), False),
        (date(2025, 2, 5), True),
        (date(2025, 2, 8), True),  # Saturday worked for the Spring Festival
        (date(2025, 2, 9), False),
        (date(2025, 9, 28), True),  # Sunday worked for the National Day
        (date(2025, 10, 1), False),
        (date(2025, 10, 8), False),
        (date(2025, 10, 9), True),
        (date(2025, 10, 11), True),  # Saturday worked for the National Day
        (date(2026, 2, 14), True),
        (date(2026, 2, 23), False),
    ],
)
def test_known_days_are_as_the_state_council_announced(day: date, worked: bool) -> None:
    assert PUBLISHED.is_working_day(day) is worked


@given(published_days)
def test_every_published_day_agrees_with_the_package(day: date) -> None:
    assert PUBLISHED.is_working_day(day) == chinese_calendar.is_workday(day)


@pytest.mark.parametrize(
    ("start", "days", "due"),
    [
        (date(2025, 9, 30), 1, date(2025, 10, 9)),
        (date(2025, 9, 30), 3, date(2025, 10, 11)),
        (date(2025, 9, 26), 1, date(2025, 9, 28)),
        (date(2025, 1, 27), 5, date(2025, 2, 8) + timedelta(days=2)),
        (date(2025, 6, 9), 5, date(2025, 6, 16)),
        (date(2025, 10, 1), 0, date(2025, 10, 9)),
        (date(2025, 10, 9), 0, date(2025, 10, 9)),
        (date(2025, 10, 4), 1, date(2025, 10, 9)),
    ],
)
def test_working_days_jump_holidays_and_use_make_up_days(start: date, days: int, due: date) -> None:
    result = add_working_days(start, days, calendar=PUBLISHED)
    assert (result.on, result.provisional) == (due, False)


@given(published_days, st.integers(1, 60))
def test_counting_undoes_adding(start: date, days: int) -> None:
    due = add_working_days(start, days, calendar=PUBLISHED)
    counted = working_days_between(start, due.on, calendar=PUBLISHED)
    assert counted.days == days
    assert PUBLISHED.is_working_day(due.on)
    assert counted.provisional == due.provisional == (due.on > PUBLISHED.last)


def test_beyond_the_published_calendar_a_date_is_provisional_and_no_promise() -> None:
    last = NO_HOLIDAYS.last
    assert add_working_days(last - timedelta(days=1), 1, calendar=NO_HOLIDAYS, final=True).on == last
    beyond = add_working_days(last, 1, calendar=NO_HOLIDAYS)
    assert beyond.provisional
    assert working_days_between(last, beyond.on, calendar=NO_HOLIDAYS).provisional
    for promise in (
        lambda: add_working_days(last, 1, calendar=NO_HOLIDAYS, final=True),
        lambda: working_days_between(last, beyond.on, calendar=NO_HOLIDAYS, final=True),
        lambda: add_working_days(date(2024, 12, 31), 1, calendar=NO_HOLIDAYS, final=True),
    ):
        with pytest.raises(Refused) as refused:
            promise()
        assert refused.value.code == "worktime.beyond-published-calendar"
        assert refused.value.params["published_until"] == last


def test_publication_moves_a_provisional_date() -> None:
    published = Calendar(
        holidays=frozenset({date(2026, 1, 1), date(2026, 1, 2)}),
        make_up_days=frozenset({date(2026, 1, 4)}),
        first=NO_HOLIDAYS.first,
        last=date(2026, 12, 31),
    )
    before = add_working_days(date(2025, 12, 31), 1, calendar=NO_HOLIDAYS)
    after = add_working_days(date(2025, 12, 31), 1, calendar=published)
    assert (before.on, before.provisional) == (date(2026, 1, 1), True)
    assert (after.on, after.provisional) == (date(2026, 1, 4), False)


def test_impossible_calendars_and_limits_are_our_own_mistakes() -> None:
    day = date(2025, 5, 1)
    for holidays, make_up_days, first, last in [
        ({day}, {day}, NO_HOLIDAYS.first, NO_HOLIDAYS.last),
        ({date(2027, 5, 1)}, set[date](), NO_HOLIDAYS.first, NO_HOLIDAYS.last),
        (set[date](), set[date](), NO_HOLIDAYS.last, NO_HOLIDAYS.first),
    ]:
        with pytest.raises(ValueError, match=r"day"):
            Calendar(frozenset(holidays), frozenset(make_up_days), first, last)
    with pytest.raises(ValueError, match="negative"):
        add_working_days(day, -1, calendar=NO_HOLIDAYS)
    with pytest.raises(ValueError, match="before"):
        working_days_between(day, day - timedelta(days=1), calendar=NO_HOLIDAYS)
    with pytest.raises(TypeError, match="china_day"):
        add_working_days(MONDAY_NOON, 1, calendar=NO_HOLIDAYS)


def test_a_day_in_china_begins_eight_hours_before_it_does_in_greenwich() -> None:
    day = date(2025, 6, 9)
    assert start_of_day(day) == datetime(2025, 6, 8, 16, tzinfo=UTC)
    assert end_of_day(day) == datetime(2025, 6, 9, 16, tzinfo=UTC)
    assert china_day(end_of_day(day)) == date(2025, 6, 10)
    assert china_day(end_of_day(day) - timedelta(microseconds=1)) == day
    assert add_working_days(day, 0, calendar=NO_HOLIDAYS).at == end_of_day(day)


def test_72_natural_hours_do_not_stop_for_holidays() -> None:
    before_national_day = datetime(2025, 9, 30, 17, tzinfo=timezone(timedelta(hours=8)))
    due = add_hours(before_national_day, 72)
    assert due == datetime(2025, 10, 3, 9, tzinfo=UTC)
    assert due.utcoffset() == timedelta(0)
    assert due_moment(before_national_day, budget=THREE_DAYS) == due


def test_a_naive_moment_is_refused_everywhere() -> None:
    naive = datetime(2025, 6, 9, 12)  # noqa: DTZ001 - the point of this test
    for use in (
        lambda: add_hours(naive, 72),
        lambda: china_day(naive),
        lambda: Suspension(naive),
        lambda: Suspension(MONDAY_NOON, naive),
        lambda: read_clock(naive, now=MONDAY_NOON, budget=THREE_DAYS),
        lambda: read_clock(MONDAY_NOON, now=naive, budget=THREE_DAYS),
        lambda: consumed_time(naive, until=MONDAY_NOON),
        lambda: due_moment(naive, budget=THREE_DAYS),
    ):
        with pytest.raises(ValueError, match="time zone"):
            use()


def hours_later(hours: float) -> datetime:
    return MONDAY_NOON + timedelta(hours=hours)


def test_a_suspension_moves_the_due_moment_by_its_length() -> None:
    paused = [Suspension(hours_later(10), hours_later(34))]
    reading = read_clock(MONDAY_NOON, now=hours_later(40), budget=THREE_DAYS, suspensions=paused)
    assert reading.consumed == timedelta(hours=16)
    assert reading.left == timedelta(hours=56)
    assert reading.due_at == hours_later(96)
    assert reading.share == Fraction(16, 72)
    assert not reading.is_overdue


def test_a_clock_that_stands_still_has_no_due_moment_but_keeps_what_it_consumed() -> None:
    paused = [Suspension(hours_later(10))]
    reading = read_clock(MONDAY_NOON, now=hours_later(1000), budget=THREE_DAYS, suspensions=paused)
    assert (reading.consumed, reading.due_at) == (timedelta(hours=10), None)
    assert not reading.is_overdue


def test_a_suspension_after_the_budget_is_used_up_excuses_nothing() -> None:
    paused = [Suspension(hours_later(73))]
    reading = read_clock(MONDAY_NOON, now=hours_later(80), budget=THREE_DAYS, suspensions=paused)
    assert reading.due_at == hours_later(72)
    assert reading.consumed == timedelta(hours=73)
    assert reading.is_overdue
    assert reading.left == timedelta(0)
    assert reading.share > 1


def test_a_suspension_that_begins_at_the_due_moment_does_not_move_it() -> None:
    for paused in (Suspension(hours_later(72), hours_later(99)), Suspension(hours_later(72))):
        assert due_moment(MONDAY_NOON, budget=THREE_DAYS, suspensions=[paused]) == hours_later(72)


def test_the_last_moment_is_still_in_time() -> None:
    on_time = read_clock(MONDAY_NOON, now=hours_later(72), budget=THREE_DAYS)
    late = read_clock(MONDAY_NOON, now=hours_later(72) + timedelta(microseconds=1), budget=THREE_DAYS)
    assert on_time.share == 1
    assert (on_time.is_overdue, late.is_overdue) == (False, True)


def test_a_clock_read_before_its_start_has_consumed_nothing() -> None:
    paused = [Suspension(hours_later(-30), hours_later(-20))]
    assert consumed_time(MONDAY_NOON, until=hours_later(-5), suspensions=paused) == timedelta(0)
    paused = [Suspension(hours_later(-10), hours_later(10))]
    assert consumed_time(MONDAY_NOON, until=hours_later(-5), suspensions=paused) == timedelta(0)


def test_overlapping_suspensions_count_once() -> None:
    paused = [
        Suspension(hours_later(20), hours_later(30)),
        Suspension(hours_later(10), hours_later(25)),
        Suspension(hours_later(12), hours_later(13)),
    ]
    assert consumed_time(MONDAY_NOON, until=hours_later(40), suspensions=paused) == timedelta(hours=20)


@given(moments, budgets, suspensions())
def test_at_the_due_moment_exactly_the_budget_is_consumed(
    start: datetime, budget: timedelta, paused: list[Suspension]
) -> None:
    due = due_moment(start, budget=budget, suspensions=paused)
    assert due is not None
    assert consumed_time(start, until=due, suspensions=paused) == budget
    just_before = due - timedelta(microseconds=1)
    assert consumed_time(start, until=just_before, suspensions=paused) < budget


@given(moments, moments, moments, suspensions())
def test_a_clock_never_runs_backwards(
    a: datetime, b: datetime, start: datetime, paused: list[Suspension]
) -> None:
    earlier, later = sorted((a, b))
    first = consumed_time(start, until=earlier, suspensions=paused)
    second = consumed_time(start, until=later, suspensions=paused)
    assert timedelta(0) <= first <= second <= max(later - start, timedelta(0))


def test_a_clock_needs_a_budget_and_a_suspension_an_order() -> None:
    with pytest.raises(ValueError, match="budget"):
        read_clock(MONDAY_NOON, now=MONDAY_NOON, budget=timedelta(0))
    with pytest.raises(ValueError, match="before"):
        Suspension(MONDAY_NOON, hours_later(-1))
