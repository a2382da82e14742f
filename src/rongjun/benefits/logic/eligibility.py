"""荣军通: may whoever shows this carrier have the plan? Yes or no and until when; who it is stays here."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

MOST_REFERENCES = 500


class Spans(Protocol):
    """What is asked of a carrier: when it can be used."""

    @property
    def spans(self) -> Sequence[tuple[datetime, datetime | None]]:
        """Half open, an open end is None."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Yes until a day, that day included; or no.

    A no is one and the same for a carrier we do not know or that opens nothing, a condition that is not met
    or not known, and a holder who has not agreed that this partner is told.
    """

    reference: int
    valid_until: date | None

    def plain(self) -> dict[str, object]:
        """As it is sent."""
        if self.valid_until is None:
            return {"reference": self.reference, "eligible": False}
        return {
            "reference": self.reference, "eligible": True, "valid_until": self.valid_until.isoformat()
        }  # fmt: skip


def answers(
    references: Sequence[int],
    carriers: Mapping[int, Spans],
    *,
    entitled: Collection[int],
    now: datetime,
    days: int,
) -> list[Answer]:
    """An answer for each reference in the order asked; a yes holds `days` days, or until the carrier ends.

    `entitled` are those whose holders may have the benefit and agreed that this is told. `now` is local time:
    the day a yes ends is told by the calendar here.
    """
    return [
        Answer(each, until_of(carriers.get(each), now=now, days=days) if each in entitled else None)
        for each in references
    ]


def until_of(carrier: Spans | None, *, now: datetime, days: int) -> date | None:
    """The last day a yes of now would hold for this carrier; None for one that opens nothing now."""
    if carrier is None:
        return None
    for start, end in carrier.spans:
        if start <= now and (end is None or now < end):
            last = (now + timedelta(days=days)).date()
            # The last day on whose beginning the carrier can still be used.
            ends = None if end is None else (end.astimezone(now.tzinfo) - timedelta(microseconds=1)).date()
            return last if ends is None else min(last, ends)
    return None
