"""What people are told of what was decided about their benefits: who, of which decision, in which words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final
from uuid import UUID

from django.utils import timezone

from rongjun.benefits.logic import CHANNELS, GROUNDS, ONLINE_CHANNELS
from rongjun.benefits.models import Enrolment, Offer
from rongjun.kernel.words import listed
from rongjun.notices import api as notices
from rongjun.rules.api import Book, facts_read

# An offer a citizen declines for themselves is no news to them.
OWN_WORD: Final = "online"


@dataclass(slots=True)
class Offered:
    """What a round offers in one county, gathered by person: one message for each, however many benefits."""

    round: UUID
    titles: dict[tuple[UUID, int], list[str]] = field(default_factory=lambda: defaultdict(list))
    first: dict[UUID, date] = field(default_factory=dict)
    reads: dict[UUID, set[str]] = field(default_factory=lambda: defaultdict(set))

    def add(
        self, whom: Iterable[tuple[UUID, int]], *, title: str, answer_by: date, reads: Collection[str]
    ) -> None:
        """One benefit that was offered to these people (with their divisions)."""
        for person, division in whom:
            self.titles[person, division].append(title)
            self.first[person] = min(answer_by, self.first.get(person, answer_by))
            self.reads[person] |= set(reads)

    def messages(self) -> list[notices.Telling]:
        """One for each person."""
        return [
            notices.Telling(
                person,
                division,
                f"offers:{self.round}:{person}",
                {
                    "count": str(len(titles)),
                    "titles": listed(titles),
                    "answer_by": self.first[person].isoformat(),
                },
                self.reads[person],
            )
            for (person, division), titles in self.titles.items()
        ]


def tell_of_begin(enrolment: UUID, offer: Offer, book: Book, *, since: date, now: datetime) -> None:
    """A benefit began; also told who said yes at home: a helper may have said it for them."""
    title, gives = _named(offer.code, book, on=since)
    _tell(
        "enrolment-begun",
        offer,
        book,
        about=f"enrolment:{enrolment}",
        values={"title": title, "since": since.isoformat(), "gives": gives},
        now=now,
        on=since,
    )


def tell_of_no(offer: Offer, book: Book, *, channel: str, now: datetime) -> None:
    """Somebody noted that the person does not want it; one's own word at home is not told back."""
    if channel == OWN_WORD:
        return
    on = timezone.localtime(now).date()
    values = {"title": _named(offer.code, book, on=on)[0], "how": {**CHANNELS, **ONLINE_CHANNELS}[channel]}
    # It can be declined again after it was had: each time is a decision of its own.
    _tell(
        "offer-declined",
        offer,
        book,
        about=f"offer:{offer.pk}:{now.isoformat()}",
        values=values,
        now=now,
        on=on,
    )


def tell_of_end(
    enrolment: Enrolment, book: Book, *, ground: str, reason: str, on: date, now: datetime
) -> None:
    """A benefit ended, with the reason somebody wrote."""
    values = {
        "title": _named(enrolment.code, book, on=on)[0],
        "ended_on": on.isoformat(),
        "ground": GROUNDS[ground],
        "reason": reason,
    }
    _tell(
        "enrolment-ended", enrolment, book, about=f"enrolment:{enrolment.pk}", values=values, now=now, on=on
    )


def _tell(
    template: str,
    row: Offer | Enrolment,
    book: Book,
    *,
    about: str,
    values: dict[str, str],
    now: datetime,
    on: date,
) -> None:
    notices.tell(
        template,
        person=row.person_id,
        division=row.division,
        about=about,
        values=values,
        now=now,
        reads=facts_read(book, codes=[row.code], on=on) if row.code in book.benefits else (),
    )


def _named(code: str, book: Book, *, on: date) -> tuple[str, str]:
    """A benefit's title and what follows a yes; a benefit no book has any more keeps its code."""
    benefit = book.benefits.get(code)
    if benefit is None:
        return code, ""
    gives = next((told.gives for each, _, told in book.offered(on=on) if each.code == code), "")
    return benefit.title, gives
