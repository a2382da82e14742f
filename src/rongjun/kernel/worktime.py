"""Working days on the published calendar, and clocks that run in natural hours.

Days are days in China (Asia/Shanghai); moments are aware and come back in UTC.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from functools import cache
from zoneinfo import ZoneInfo

import chinese_calendar.constants

from rongjun.kernel.errors import Refused

CHINA = ZoneInfo("Asia/Shanghai")
_DAY = timedelta(days=1)
_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Calendar:
    """The days off and make-up days that the State Council has published, ``first`` to ``last`` inclusive.

    ``holidays`` are days nobody works (weekend days may be among them),
    ``make_up_days`` are weekend days that everybody works (调休上班).
    Outside the published range only the weekend is known.
    """

    holidays: frozenset[date]
    make_up_days: frozenset[date]
    first: date
    last: date

    def __post_init__(self) -> None:
        if self.first > self.last:
            raise ValueError("a calendar's first day is not after its last")
        if self.holidays & self.make_up_days:
            raise ValueError("a day is either off or worked")
        if any(not self.is_published(day) for day in self.holidays | self.make_up_days):
            raise ValueError("a calendar names days only inside its published range")

    def is_published(self, day: date) -> bool:
        """Whether the calendar of ``day`` is known, so that a date resting on it is final."""
        return self.first <= day <= self.last

    def is_working_day(self, day: date) -> bool:
        """Whether people work on ``day``; outside the published range, whether it is Monday to Friday."""
        if day in self.make_up_days:
            return True
        return day.weekday() < _SATURDAY and day not in self.holidays


@cache
def published_calendar() -> Calendar:
    """Return the calendar as the package ``chinese_calendar`` publishes it, whole years only."""
    holidays = frozenset(chinese_calendar.constants.holidays)
    make_up_days = frozenset(chinese_calendar.constants.workdays)
    return Calendar(
        holidays=holidays,
        make_up_days=make_up_days,
        first=date(min(holidays).year, 1, 1),
        last=date(max(holidays).year, 12, 31),
    )


@dataclass(frozen=True, slots=True)
class Due:
    """A last day (in China); ``provisional`` (暂定) when it rests on days not yet published."""

    on: date
    provisional: bool

    @property
    def at(self) -> datetime:
        """The moment (UTC) at which the day is over and unfinished work is late."""
        return end_of_day(self.on)


@dataclass(frozen=True, slots=True)
class WorkingDays:
    """A number of working days; ``provisional`` (暂定) when some of them are not yet published."""

    days: int
    provisional: bool


def add_working_days(start: date, days: int, *, calendar: Calendar, final: bool = False) -> Due:
    """Return the last of ``days`` working days after ``start``.

    The day of ``start`` does not count (民法典第二百零一条); zero days are due on ``start`` itself or,
    when nobody works then, on the next working day (第二百零三条).
    ``final`` asks for a promise: beyond the published calendar it raises
    ``Refused("worktime.beyond-published-calendar")``.
    Negative ``days`` raise ``ValueError``.
    """
    _plain_day(start)
    if days < 0:
        raise ValueError("a time limit is not negative")
    day, left = start, days
    while left > 0 or not calendar.is_working_day(day):
        day += _DAY
        left -= calendar.is_working_day(day)
    return Due(day, _is_provisional(start, day, calendar=calendar, final=final))


def working_days_between(start: date, end: date, *, calendar: Calendar, final: bool = False) -> WorkingDays:
    """Count the working days after ``start`` up to and including ``end``: ``add_working_days`` undone.

    ``final`` as there; an ``end`` before ``start`` raises ``ValueError``.
    """
    _plain_day(start)
    _plain_day(end)
    if end < start:
        raise ValueError("the end is not before the start")
    days = (start + _DAY * step for step in range(1, (end - start).days + 1))
    worked = sum(calendar.is_working_day(day) for day in days)
    return WorkingDays(worked, _is_provisional(start, end, calendar=calendar, final=final))


def _plain_day(day: date) -> None:
    # A datetime is a date to Python, yet never equal to one: holidays would silently count as work.
    if isinstance(day, datetime):
        raise TypeError("a day is a date; use china_day() to find the day of a moment")


def _is_provisional(start: date, end: date, *, calendar: Calendar, final: bool) -> bool:
    provisional = not (calendar.is_published(start) and calendar.is_published(end))
    if provisional and final:
        raise Refused("worktime.beyond-published-calendar", on=end, published_until=calendar.last)
    return provisional


def china_day(moment: datetime) -> date:
    """Return the day it is in China at ``moment``; a naive moment raises ``ValueError``."""
    return _aware(moment).astimezone(CHINA).date()


def start_of_day(day: date) -> datetime:
    """Return the moment (UTC) at which ``day`` begins in China."""
    _plain_day(day)
    return datetime(day.year, day.month, day.day, tzinfo=CHINA).astimezone(UTC)


def end_of_day(day: date) -> datetime:
    """Return the moment (UTC) at which ``day`` is over in China: the beginning of the next one."""
    return start_of_day(day + _DAY)


def add_hours(start: datetime, hours: int) -> datetime:
    """Return the moment (UTC) ``hours`` natural hours later; a naive ``start`` raises ``ValueError``."""
    return _aware(start) + timedelta(hours=hours)


@dataclass(frozen=True, slots=True)
class Suspension:
    """A stretch in which a clock stands still; ``end`` is ``None`` while it lasts."""

    start: datetime
    end: datetime | None = None

    def __post_init__(self) -> None:
        start = _aware(self.start)
        if self.end is not None and _aware(self.end) < start:
            raise ValueError("a suspension does not end before it starts")


@dataclass(frozen=True, slots=True)
class Reading:
    """What a clock shows: ``due_at`` is ``None`` while it stands still with budget left."""

    budget: timedelta
    consumed: timedelta
    due_at: datetime | None

    @property
    def left(self) -> timedelta:
        """What remains of the budget, never less than nothing."""
        return max(self.budget - self.consumed, timedelta(0))

    @property
    def share(self) -> Fraction:
        """The consumed share of the budget, exact; above one when overdue."""
        return Fraction(self.consumed // _TICK, self.budget // _TICK)

    @property
    def is_overdue(self) -> bool:
        """Whether the budget is used up: the last moment itself is still in time."""
        return self.consumed > self.budget


_TICK = timedelta(microseconds=1)


def read_clock(
    start: datetime, *, now: datetime, budget: timedelta, suspensions: Iterable[Suspension] = ()
) -> Reading:
    """Read a clock that started at ``start`` with ``budget`` of natural time.

    For finished work pass the moment it was finished as ``now``.
    Overlapping suspensions count once.
    A budget that is not positive or a naive moment raises ``ValueError``.
    """
    if budget <= timedelta(0):
        raise ValueError("a clock needs a budget")
    pauses = _merged(suspensions)
    return Reading(
        budget=budget,
        consumed=_consumed(_aware(start), _aware(now), pauses),
        due_at=_due_at(_aware(start), budget, pauses),
    )


def consumed_time(start: datetime, *, until: datetime, suspensions: Iterable[Suspension] = ()) -> timedelta:
    """Return the time a clock has run from ``start`` to ``until``, suspensions left out, never negative."""
    return _consumed(_aware(start), _aware(until), _merged(suspensions))


def due_moment(
    start: datetime, *, budget: timedelta, suspensions: Iterable[Suspension] = ()
) -> datetime | None:
    """Return the moment (UTC) at which ``budget`` is used up; ``None`` when the clock stands still before."""
    return _due_at(_aware(start), budget, _merged(suspensions))


_Pause = tuple[datetime, datetime]
_FOR_EVER = datetime.max.replace(tzinfo=UTC)


def _merged(suspensions: Iterable[Suspension]) -> list[_Pause]:
    """Return the stretches of standstill in order, none touching another."""
    merged: list[_Pause] = []
    ends = ((_aware(pause.start), _aware(pause.end) if pause.end else _FOR_EVER) for pause in suspensions)
    for start, end in sorted(ends):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def _consumed(start: datetime, until: datetime, pauses: list[_Pause]) -> timedelta:
    nothing = timedelta(0)
    paused = (min(end, until) - max(begin, start) for begin, end in pauses)
    standstill = sum((max(stretch, nothing) for stretch in paused), nothing)
    return max(until - start, nothing) - standstill


def _due_at(start: datetime, budget: timedelta, pauses: list[_Pause]) -> datetime | None:
    running_since, left = start, budget
    for begin, end in pauses:
        if end <= running_since:
            continue
        ran = max(begin - running_since, timedelta(0))
        if ran >= left:
            break
        if end == _FOR_EVER:
            return None
        running_since, left = end, left - ran
    return running_since + left


def _aware(moment: datetime) -> datetime:
    if moment.utcoffset() is None:
        raise ValueError("a moment carries its time zone")
    return moment.astimezone(UTC)
