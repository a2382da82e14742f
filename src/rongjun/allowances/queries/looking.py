"""Who has to be looked at from the beginning, and who only since the last run: nothing else can have changed.

What a person is owed follows from what was told of them, their awards, what was found, the book and the day.
A run settles every month as of its own moment. So of whoever nothing was told since, only the months after
that run are open, and the calendar year they lie in, whose fen are rounded together.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Q
from django.utils.timezone import localtime

from rongjun.allowances.logic.schemes import AllowanceBook
from rongjun.allowances.models import (
    Award,
    Finding,
    OldPayment,
    PayException,
    PayLine,
    PayOrder,
    PayRun,
    Receivable,
)
from rongjun.allowances.queries import yearly
from rongjun.registry import api as registry

# A moment is that of the request, which may be kept a while later: what that run could not yet see is looked
# at again. Looking at somebody twice changes nothing.
_OVERLAP: Final = timedelta(days=1)
# What was set aside for these reasons may be payable by now, whatever was told.
_OPEN: Final = (
    "no-account",
    "name-mismatch",
    "bank-unfit",
    "unconfirmed-rate",
    "gap",
    "held",
    "confirmation",
    "refused",
)


@dataclass(frozen=True, slots=True)
class Look:
    """From which month people are looked at: `first`, but for those in `whole`; None is everybody whole."""

    first: int = 0
    whole: frozenset[UUID] | None = field(default=None)

    def is_whole(self, person: UUID) -> bool:
        """Whether a person is looked at from the beginning."""
        return self.whole is None or person in self.whole


def look_of(row: PayRun, *, book: AllowanceBook) -> Look:
    """How a run looks at its people; at everybody whole where the last one leaves that open."""
    last = (
        PayRun.objects.filter(division=row.division, state__in=("released", "empty"), number__lt=row.number)
        .order_by("-known_at", "-number")
        .first()
    )
    if last is None or last.book != book.digest or last.month > row.month or last.known_at > row.known_at:
        return Look()
    if _rates_were_told(book, since=_day(last.known_at), until=_day(row.known_at)):
        return Look()
    begin = last.month + 1
    return Look(begin - begin % 12, frozenset(_changed(last)))


def _day(moment: datetime) -> date:
    return localtime(moment).date()


def _rates_were_told(book: AllowanceBook, *, since: date, until: date) -> bool:
    """Whether a rate became known after a day until another: it may reach back as far as it likes."""
    return any(since < rate.known_from <= until for rate in book.rates.rates)


def _changed(last: PayRun) -> set[UUID]:
    since = last.known_at - _OVERLAP
    found = set(registry.told_since(since))
    awards = Award.objects.filter(
        Q(decided_at__gte=since) | Q(ended_at__gte=since) | Q(annulled_at__gte=since), state="granted"
    )
    findings = Finding.objects.filter(
        Q(checked_at__gte=since) | Q(superseded_at__gte=since) | Q(kind="confirmation")
    )
    aside = PayException.objects.filter(run=last, kind__in=_OPEN)
    returned = PayOrder.objects.filter(state="returned", answered_at__gte=since)
    taken_back = PayLine.objects.filter(run__withdrawn_at__gte=since)
    owing = Receivable.objects.filter(state="open")
    taken_over = OldPayment.objects.filter(takeover__checked_at__gte=since)
    files = yearly.changed_since(since)
    for rows in (awards, findings, aside, returned, taken_back, owing, taken_over):
        files |= set(rows.values_list("person_id", flat=True))
    pointers = registry.merged_files()
    return found | files | {pointers.get(file, file) for file in files}
