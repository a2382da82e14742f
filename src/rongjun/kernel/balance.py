"""What came in on one day by one channel, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Balance:
    """One channel's day: `taken_in` = `done` + `refused` + `waiting`, or something was lost."""

    day: date
    channel: str
    taken_in: int
    done: int
    refused: int
    waiting: int

    @property
    def gap(self) -> int:
        """How many are unaccounted for; 0 when nothing was lost."""
        return self.taken_in - self.done - self.refused - self.waiting
