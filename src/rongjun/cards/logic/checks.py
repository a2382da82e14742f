"""When a card's yearly check (年度确认) falls due. No Django, no clock.

Whether the city has one, and by when, nobody has published (待局方确认): it is a service of the station, and
one that is missed changes nothing of the card.
"""

from __future__ import annotations

from datetime import date

WAITING, DONE, LAPSED = "waiting", "done", "lapsed"


def due_on(*, handed_on: date, done_on: date | None, begins: date) -> date:
    """The day the next check is due: a year after the last one; else a yearly day of the hand-over.

    The first is never within a year of the hand-over, nor before the city began (`begins`).
    """
    if done_on is not None:
        return _in_year(done_on, done_on.year + 1)
    first = max(begins, _in_year(handed_on, handed_on.year + 1))
    day = _in_year(handed_on, first.year)
    return day if day >= first else _in_year(handed_on, first.year + 1)


def _in_year(day: date, year: int) -> date:
    """The same day of another year; of the 29th of February, the 28th where there is none."""
    try:
        return day.replace(year=year)
    except ValueError:
        return day.replace(year=year, day=28)
