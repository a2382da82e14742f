"""Saying and taking back: what every action on an assertion is made of."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import connection
from django.db.models import AutoField, BigAutoField, Field, GeneratedField, JSONField, Model

from rongjun.access.api import Actor
from rongjun.audit import api as audit
from rongjun.kernel.errors import Refused
from rongjun.registry.logic import (
    Period,
)
from rongjun.registry.merged import kept_file
from rongjun.registry.models import (
    Assertion,
    Person,
)
from rongjun.registry.privacy_reads import is_closed

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
    """Put into the evidence that something was done to the person\'s file."""
    audit.note(
        event,
        by=by.text,
        role=by.role,
        about=f"person:{person.id}",
        division=person.division,
        detail=detail,
        at=now,
    )


def insert(rows: Sequence[Model]) -> None:
    """Write rows of one kind, a column at a time: three times as fast as the ORM's way.

    What the database makes itself, keys and generated columns, is left to it.
    """
    if rows:
        fields = _written(type(rows[0]))
        insert_values(
            type(rows[0]), [{each.attname: getattr(row, each.attname) for each in fields} for row in rows]
        )


def insert_values(model: type[Model], rows: Sequence[Mapping[str, object]]) -> None:
    """The same for plain values by column; what a row does not say is the field's default.

    An import makes a dozen rows of each person: making objects of them would take as long as writing them.
    """
    if not rows:
        return
    fields = _written(model)
    columns = ", ".join(f'"{each.column}"' for each in fields)
    with connection.cursor() as cursor:
        cursor.execute(
            f"insert into {model._meta.db_table} ({columns})"  # noqa: S608 - our names
            f" select {', '.join(f'c{n}' + _AGAIN.get(type(each), '') for n, each in enumerate(fields))}"
            f" from unnest({', '.join(f'%s::{_sent_as(each)}[]' for each in fields)})"
            f" as t ({', '.join(f'c{n}' for n in range(len(fields)))})",
            [_column(rows, each) for each in fields],
        )


def _written(model: type[Model]) -> list[Any]:
    return [each for each in model._meta.concrete_fields if not _is_made_there(each)]


# An array of arrays would be taken apart whole, so it travels as text; so does JSON.
_AGAIN = {ArrayField: "::varchar[]", JSONField: "::jsonb"}


def _is_made_there(each: Field[object, object]) -> bool:
    return isinstance(each, AutoField | BigAutoField | GeneratedField)


def _sent_as(each: Field[object, object]) -> str:
    return "text" if type(each) in _AGAIN else str(each.db_type(connection))


def _column(rows: Sequence[Mapping[str, object]], each: Any) -> list[object]:
    default = None if each.attname in rows[0] else each.get_default()
    values: list[Any] = [row.get(each.attname, default) for row in rows]
    if isinstance(each, JSONField):
        return [json.dumps(value, ensure_ascii=False) for value in values]
    if isinstance(each, ArrayField):
        return ["{" + ",".join(map(_quoted, value)) + "}" for value in values]
    return values


def _quoted(text: str) -> str:
    marked = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{marked}"'
