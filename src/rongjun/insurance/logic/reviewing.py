"""A review as values: its states, who may take the next step."""

from datetime import date
from typing import Final

from rongjun.kernel.worktime import add_working_days, published_calendar

OPEN, PROPOSED, CLOSED, APPEALED, OVERTAKEN = "open", "proposed", "closed", "appealed", "overtaken"
REVIEW_STATES: Final = {
    OPEN: "等人提出意见",
    PROPOSED: "等人复核",
    CLOSED: "已办结",
    APPEALED: "本人有异议",
    OVERTAKEN: "已有更正",
}
WAITING_REVIEWS: Final = frozenset({OPEN, PROPOSED, APPEALED})
ADMIT, REFUSE = "admit", "refuse"
ANSWERS: Final = {ADMIT: "准予", REFUSE: "不予"}
DAYS: Final = 10  # working days a review may take (待局方确认)


def due_on(today: date) -> date:
    """The day by which a review is due."""
    return add_working_days(today, DAYS, calendar=published_calendar()).on
