"""Carriers that come to be: taken over from the systems before us, many at once."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from rongjun.audit import api as audit
from rongjun.cards.actions.telling import span_values
from rongjun.cards.actions.writing import Row, insert
from rongjun.cards.logic.life import Happened, Spans, Standing, standing_and_spans
from rongjun.cards.logic.numbers import BANK_INDEX, TRANSIT_INDEX, CardNumber

FIRST_REFERENCE, REFERENCES = 10**13, 9 * 10**13


@dataclass(frozen=True, slots=True)
class TakenOver:
    """A carrier that was in somebody's hands before we kept any, and what had happened to it.

    `events` begin with "take-over". `bank_number` and `transit_number` are whole; only a mask and a keyed
    digest of each are kept.
    """

    person: UUID
    division: int
    kind: str
    family: str
    events: tuple[Happened, ...]
    category: str = ""
    bank: str = ""
    bank_number: CardNumber | None = None
    transit_number: CardNumber | None = None
    reference: int = 0


def new_reference() -> int:
    """名单编号: a random number of 14 digits. It says nothing of anybody, and is not used twice.

    Fourteen, because fewer could be a phone number and more an identity number or a bank card.
    """
    return FIRST_REFERENCE + secrets.randbelow(REFERENCES)


def _new_references(count: int) -> list[int]:
    # Asked of the system once for all: one by one, the asking takes longer than all else.
    drawn = memoryview(secrets.token_bytes(8 * count)).cast("Q")
    return [FIRST_REFERENCE + each % REFERENCES for each in drawn]


def take_over(
    taken: Sequence[TakenOver], *, source: str, by: str, role: str = "", now: datetime
) -> list[int]:
    """Open carriers for what another system held, all or nothing, with one event for all; their references.

    IntegrityError when a person has a live carrier of the family, or a number is another carrier's: whoever
    brings a list has looked.
    """
    with transaction.atomic():
        fresh = iter(_new_references(len(taken)))
        opened = [(each.reference or next(fresh), each) for each in taken]
        told = [standing_and_spans(each.events, now) for each in taken]
        insert(
            "cards_carrier",
            [
                _carrier(reference, each, standing, by=by, now=now)
                for (reference, each), (standing, _) in zip(opened, told, strict=True)
            ],
        )
        insert(
            "cards_carrierevent",
            [
                _event(reference, each, event, source=source, by=by, now=now)
                for reference, each in opened
                for event in each.events
            ],
        )
        insert(
            "cards_carrierspans",
            [
                _spans(reference, each, found, now=now)
                for (reference, each), (_, found) in zip(opened, told, strict=True)
            ],
        )
        if opened:
            audit.note(
                "cards.taken-over",
                by=by,
                role=role,
                about=f"records:{source}",
                detail={"carriers": len(opened)},
                at=now,
            )
    return [reference for reference, _ in opened]


def _carrier(reference: int, taken: TakenOver, standing: Standing, *, by: str, now: datetime) -> Row:
    bank, transit = taken.bank_number, taken.transit_number
    return {
        "reference": reference,
        "person_id": taken.person,
        "division": taken.division,
        "kind": taken.kind,
        "family": taken.family,
        "category": taken.category,
        "state": standing.state,
        "next_at": standing.next_at,
        "bank": taken.bank,
        "bank_number_mask": bank.masked if bank else "",
        "bank_number_digest": digest(BANK_INDEX, bank),
        "transit_number_mask": transit.masked if transit else "",
        "transit_number_digest": digest(TRANSIT_INDEX, transit),
        "opened_at": now,
        "opened_by": by,
    }


def digest(purpose: str, number: CardNumber | None) -> bytes | None:
    """The keyed digest by which a number finds its carrier again; nobody makes the number of it."""
    return audit.keys().index(purpose, number.number.encode()) if number else None


def _event(reference: int, taken: TakenOver, event: Happened, *, source: str, by: str, now: datetime) -> Row:
    return {
        "carrier_id": reference,
        "person_id": taken.person,
        "division": taken.division,
        "kind": event.kind,
        "at": event.at,
        "until": event.until,
        "recorded_at": now,
        "by": by,
        "decides_over": "",
        "reason": source,
        "basis": source if event.kind in ("freeze", "cancel", "suspend") else "",
    }


def _spans(reference: int, taken: TakenOver, found: Spans, *, now: datetime) -> Row:
    whose = {
        "carrier_id": reference,
        "person_id": taken.person,
        "division": taken.division,
        "kind": taken.kind,
    }
    return span_values(whose, usable=found.usable, in_hand=found.in_hand, now=now)
