"""Cards as pages show them: whose, how they stand, what happened, what waits for somebody."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from rongjun.cards.kinds import card_book
from rongjun.cards.logic.life import (
    APPLIED,
    APPROVED,
    HELD,
    LOST,
    OVER,
    READY,
    REPLACING,
    RETRACT,
    STATES,
    STEP_WORDS,
    VALID,
)
from rongjun.cards.models import CardSending, Carrier, CarrierEvent, CarrierProposal


@dataclass(frozen=True, slots=True)
class CardLine:
    """One card for a list. `next_at` is when something ends by itself: a hold, or the card."""

    reference: int
    person: UUID
    division: int
    kind: str
    label: str
    category: str
    state: str
    state_word: str
    next_at: datetime | None
    bank_mask: str
    transit_mask: str
    opened_at: datetime
    opened_by: str
    replaces: int | None
    photo: UUID | None

    @property
    def is_over(self) -> bool:
        """Whether its life has ended."""
        return self.state in OVER or self.state == REPLACING

    @property
    def takes_photo(self) -> bool:
        """Whether it is not ordered yet."""
        return self.state in (APPLIED, APPROVED)

    @property
    def steps(self) -> tuple[str, ...]:
        """What somebody at a desk may do with it, as it stands."""
        return _STEPS.get(self.state, ())


# What can be done at a desk, by state; what needs more is asked when it is done.
_STEPS = {
    APPLIED: ("approve", "refuse", "withdraw"),
    "approved": ("withdraw",),
    "making": ("withdraw",),
    READY: ("hand-over", "lose", "withdraw"),
    VALID: ("hold", "lose", "replace", "freeze", "move-away", "wrong"),
    HELD: ("lift", "lose", "replace", "freeze", "move-away", "wrong"),
    LOST: ("find", "replace", "freeze", "move-away", "wrong"),
    "frozen": ("thaw", "wrong"),
    "suspended": ("wrong",),
}


@dataclass(frozen=True, slots=True)
class EventLine:
    """One thing that happened to a card; `retracted` when it was taken back since."""

    id: int
    reference: int
    kind: str
    word: str
    at: datetime
    until: datetime | None
    recorded_at: datetime
    by: str
    decides_over: str
    reason: str
    basis: str
    retracted: bool

    @property
    def was_late(self) -> bool:
        """Whether it was heard of on a later day than it was so."""
        return self.recorded_at.date() > self.at.date()


@dataclass(frozen=True, slots=True)
class EndLine:
    """A proposal that a card ends, which waits for another."""

    id: UUID
    reference: int
    person: UUID
    division: int
    word: str
    at: datetime
    reason: str
    document: str
    proposed_by: str
    proposed_at: datetime


def cards_of(files: Collection[UUID]) -> list[CardLine]:
    """The cards of these files in scope: what the person has first, then the newest."""
    rows = [_line(row) for row in Carrier.objects.filter(person_id__in=list(files)).order_by("-opened_at")]
    return sorted(rows, key=lambda line: line.is_over)


def card(reference: int) -> CardLine | None:
    """One card; None out of scope."""
    row = Carrier.objects.filter(pk=reference).first()
    return _line(row) if row else None


def events_of(references: Collection[int]) -> list[EventLine]:
    """What happened to these cards, the newest first; taken back things are marked, not left out."""
    rows = list(CarrierEvent.objects.filter(carrier__in=list(references)).order_by("-at", "-id"))
    gone = {row.retracts_id for row in rows if row.kind == RETRACT}
    return [
        EventLine(
            id=row.id,
            reference=row.carrier_id,
            kind=row.kind,
            word=STEP_WORDS[row.kind],
            at=row.at,
            until=row.until,
            recorded_at=row.recorded_at,
            by=row.by,
            decides_over=row.decides_over,
            reason=row.reason,
            basis=row.basis,
            retracted=row.id in gone,
        )
        for row in rows
    ]


def waiting_cards(
    state: str, *, people: Collection[UUID] | None = None, start: int = 0, most: int = 20
) -> tuple[list[CardLine], int]:
    """Cards in scope in a state in which somebody owes them something, the oldest first, and how many."""
    rows: QuerySet[Carrier] = Carrier.objects.filter(state=state)
    if people is not None:
        rows = rows.filter(person_id__in=list(people))
    listed = rows.order_by("opened_at", "reference")[start : start + most]
    return [_line(row) for row in listed], rows.count()


def ends_waiting(*, files: Collection[UUID] | None = None, most: int = 50) -> list[EndLine]:
    """Proposals in scope that wait for another, the oldest first; of these files only, if named."""
    rows = CarrierProposal.objects.filter(state="waiting")
    if files is not None:
        rows = rows.filter(person_id__in=list(files))
    return [
        EndLine(
            id=row.id,
            reference=row.carrier_id,
            person=row.person_id,
            division=row.division,
            word=STEP_WORDS[row.kind],
            at=row.at,
            reason=row.reason,
            document=row.document,
            proposed_by=row.proposed_by,
            proposed_at=row.proposed_at,
        )
        for row in rows.order_by("proposed_at")[:most]
    ]


def kinds_to_apply_for(cards: Sequence[CardLine]) -> list[str]:
    """The kinds of which the person has and is getting none of the family."""
    book = card_book()
    taken = {book.kinds[line.kind].family for line in cards if not line.is_over and line.kind in book.kinds}
    return [kind.code for kind in book.kinds.values() if kind.family not in taken]


def _line(row: Carrier) -> CardLine:
    return CardLine(
        reference=row.reference,
        person=row.person_id,
        division=row.division,
        kind=row.kind,
        label=card_book().label(row.kind),
        category=row.category,
        state=row.state,
        state_word=STATES[row.state],
        next_at=row.next_at,
        bank_mask=row.bank_number_mask,
        transit_mask=row.transit_number_mask,
        opened_at=row.opened_at,
        opened_by=row.opened_by,
        replaces=row.replaces_id,
        photo=row.photo,
    )


@dataclass(frozen=True, slots=True)
class StopLine:
    """A list of stops that an operator has not acknowledged in time."""

    id: UUID
    partner: str
    rows: int
    sent_at: datetime
    due_at: datetime


def overdue_stops(*, now: datetime) -> list[StopLine]:
    """Lists of stops in scope that should have been acknowledged by now, the longest due first."""
    rows = CardSending.objects.filter(due_at__lt=now, acknowledged_at=None).order_by("due_at", "partner")
    return [StopLine(row.id, row.partner, row.rows, row.sent_at, row.due_at) for row in rows if row.due_at]
