"""Ages and spans of time, folded into dates once, here, so that engines only ever compare dates.

Calendar rule (Civil Code, articles 200–202): a span of years or months ends on the corresponding day;
where the month has no such day, on its last day. So a person is N years old from the N-th birthday on,
that day included, and somebody born on 29 February completes a year on 28 February in a common year.
Days are counted as the difference of two dates: the day itself is day 0.
"""

from calendar import monthrange
from datetime import date, timedelta
from typing import Final, Literal

Span = Literal["age", "years_since", "months_since", "days_since"]
SPANS: Final[tuple[Span, ...]] = ("age", "years_since", "months_since", "days_since")
# Spans beyond this cannot be written in a condition, so folding never leaves the calendar.
LONGEST: Final[dict[Span, int]] = {
    "age": 150,
    "years_since": 150,
    "months_since": 1_800,
    "days_since": 55_000,
}
EARLIEST: Final = date(1900, 1, 1)


def _is_month_end(day: date) -> bool:
    return day.day == monthrange(day.year, day.month)[1]


def months_between(start: date, on: date) -> int:
    """Complete months from `start` to `on`; negative when `start` lies ahead."""
    months = (on.year - start.year) * 12 + on.month - start.month
    return months - 1 if on.day < start.day and not _is_month_end(on) else months


def span(kind: Span, start: date, *, on: date) -> int:
    """How much time of this kind has passed on day `on`."""
    if kind == "days_since":
        return (on - start).days
    months = months_between(start, on)
    return months if kind == "months_since" else months // 12


def latest_start(kind: Span, amount: int, *, on: date) -> date:
    """The last day from which at least `amount` has passed on day `on`: span >= amount ⟺ start <= this."""
    assert on >= EARLIEST, "conditions are judged on dates from 1900 on"
    assert 0 <= amount <= LONGEST[kind] + 1
    if kind == "days_since":
        return on - timedelta(days=amount)
    back = amount if kind == "months_since" else amount * 12
    index = on.year * 12 + on.month - 1 - back
    year, month = index // 12, index % 12 + 1
    last = monthrange(year, month)[1]
    return date(year, month, last if _is_month_end(on) else min(on.day, last))
