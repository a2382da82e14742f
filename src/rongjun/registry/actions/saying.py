"""Saying and taking back: what every action on an assertion is made of."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from rongjun.access.api import Actor
from rongjun.audit import api as audit
from rongjun.kernel.errors import Refused
from rongjun.registry.logic import (
    Period,
)
from rongjun.registry.models import (
    Assertion,
    Person,
)
from rongjun.registry.queries.merged import kept_file
from rongjun.registry.queries.privacy import is_closed

Said = TypeVar("Said", bound=Assertion)


def hold(person: UUID, *, though_restricted: bool = False) -> Person:
    """The person, held until the transaction ends; the kept file of one merged into it.

    Refused("registry.no-such-file") outside the scope; "registry.restricted" when the file is restricted for
    whoever asks, unless what is done is the person's own right.
    """
    # What is said at the same moment takes turns here, so that the later sees what it supersedes. A merge
    # may come in between finding the kept file and holding it; then it is found anew.
    kept = kept_file(person)
    row = lock_files([kept])[kept]
    if kept_file(person) != kept:
        return hold(person, though_restricted=though_restricted)
    if not though_restricted and is_closed(kept):
        raise Refused("registry.restricted")
    return row


def lock_files(files: Collection[UUID]) -> dict[UUID, Person]:
    """These files, held until the transaction ends, in the order of their ids: two cannot wait in a ring.

    Refused("registry.no-such-file") when one is outside the scope.
    """
    held = Person.objects.select_for_update().filter(pk__in=files).order_by("id")
    rows = {row.id: row for row in held}
    if len(rows) < len(set(files)):
        raise Refused("registry.no-such-file")
    return rows


def days_of(said: Assertion) -> Period:
    """The days an assertion speaks of."""
    return Period(said.valid_from, said.valid_to)


def say(
    model: type[Said],
    person: Person,
    period: Period,
    *,
    source: str,
    by: Actor,
    now: datetime,
    **said: object,
) -> None:
    """Write a new assertion about the person, for the days of `period`, known from `now` on."""
    model._default_manager.create(
        person=person,
        division=person.division,
        valid_from=period.start,
        valid_to=period.end,
        recorded_at=now,
        source=source,
        recorded_by=by.text,
        **said,
    )


def take_out(old: Said, taken: Period, *, now: datetime, **changed: object) -> None:
    """Close an assertion that speaks of these days, and say again what it says of other days."""
    left = days_of(old).without(taken)
    if left == [days_of(old)]:
        return
    type(old)._default_manager.filter(pk=old.pk).update(superseded_at=now)
    for period in left:
        say_again(old, period, now=now, **changed)


def say_again(old: Said, period: Period, *, now: datetime, **changed: object) -> None:
    """Write an assertion once more, for other days, known from `now` on, with what has changed."""
    said = {each.attname: getattr(old, each.attname) for each in old._meta.concrete_fields}
    del said["id"]
    said |= {"valid_from": period.start, "valid_to": period.end, "recorded_at": now, "superseded_at": None}
    type(old)._default_manager.create(**{**said, **changed})


def note(event: str, person: Person, *, by: Actor, now: datetime, detail: dict[str, str]) -> None:
    """Put into the evidence that something was done to the person's file."""
    audit.note(
        event,
        by=by.text,
        role=by.role,
        about=f"person:{person.id}",
        division=person.division,
        detail=detail,
        at=now,
    )
