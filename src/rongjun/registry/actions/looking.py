"""Looking for a number beyond one's own divisions: answered in one line, and always on record."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import connection, transaction

from rongjun.access.api import Actor
from rongjun.audit import api as audit
from rongjun.kernel.errors import Refused
from rongjun.kernel.words import Words
from rongjun.registry.models import LookUp
from rongjun.registry.queries import is_whole_number, lines_of, whereabouts

PURPOSES: Words[tuple[str, ...]] = ("核对证件", "办理转入", "本人要求核对", "协查公函")
MOST_AN_HOUR = 20


@dataclass(frozen=True, slots=True)
class Found:
    """Where a number is on file: the station, and the name but for its first sign."""

    division: int
    masked_name: str


def note_people_listed(
    people: Iterable[UUID], *, by: Actor, purpose: str, source: str, now: datetime
) -> None:
    """Whoever is named on a page has been read: one event for all of them; nobody, and there is none."""
    shown = list(dict.fromkeys(f"person:{person}" for person in people))
    if shown:
        audit.note_read(
            shown,
            event="registry.people-listed",
            by=by.text,
            role=by.role,
            purpose=purpose,
            source=source,
            division=by.division,
            at=now,
        )


def names_shown(
    people: Iterable[UUID], *, on: date, by: Actor, purpose: str, source: str, now: datetime
) -> dict[UUID, str]:
    """The names of people a page shows, by id; that they were read is noted. Out of scope, none is there."""
    lines = lines_of(dict.fromkeys(people), on=on, known_at=now)
    note_people_listed([line.id for line in lines], by=by, purpose=purpose, source=source, now=now)
    return {line.id: line.name for line in lines}


def look_up_number(number: str, *, purpose: str, by: Actor, now: datetime) -> Found | None:
    """Whether a document's whole number is on file anywhere in the city; None when it is not.

    Every look leaves an event with its purpose, and so does every refusal beyond MOST_AN_HOUR an account
    and hour. Refused("registry.look-up-purpose"), "registry.look-up-not-a-number", "registry.look-up-limit".
    """
    if purpose not in PURPOSES:
        raise Refused("registry.look-up-purpose")
    if not is_whole_number(number):
        raise Refused("registry.look-up-not-a-number")
    with transaction.atomic():
        take_turn(by)
        is_over = LookUp.objects.filter(by=by.text, at__gt=now - timedelta(hours=1)).count() >= MOST_AN_HOUR
        found = None if is_over else whereabouts(number)
        if not is_over:
            LookUp.objects.create(
                division=by.division, by=by.text, at=now, purpose=purpose, found=found is not None
            )
        audit.note(
            "registry.number-looked-up",
            by=by.text,
            role=by.role,
            purpose=purpose,
            result="refused" if is_over else "done",
            division=by.division,
            detail={"found": found is not None},
            at=now,
        )
        if found:
            audit.note_read(
                f"person:{found.person}",
                event="registry.whereabouts-read",
                by=by.text,
                role=by.role,
                purpose=purpose,
                division=found.division,
                at=now,
            )
    # Raised after the note is kept, so that the refusal stays in the evidence.
    if is_over:
        raise Refused("registry.look-up-limit", most=MOST_AN_HOUR)
    return Found(found.division, found.masked_name) if found else None


def take_turn(by: Actor) -> None:
    """One look at a time for each account: two at once would both count what came before them."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"look-up {by.text}"])
