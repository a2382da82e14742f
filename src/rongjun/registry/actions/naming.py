"""What people are found by: the terms of their names (see `spelling`)."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db import connection

from rongjun.registry.models import NameTerm, Person
from rongjun.registry.spelling import terms


def write_terms(people: Iterable[tuple[UUID, int, str]]) -> None:
    """Write what these people are found by: each with the division that serves them, and the name."""
    # Ten rows a person: they are made there, in the order of their index, of which they then touch a third.
    rows = [(person, division, "\n".join(terms(name))) for person, division, name in people]
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(
                "insert into registry_nameterm (person_id, division, term)"
                " select person, division, term"
                " from unnest(%s::uuid[], %s::bigint[], %s::text[]) as named (person, division, terms),"
                " string_to_table(terms, E'\\n') as term order by term, person",
                [list(column) for column in zip(*rows, strict=True)],
            )


def rewrite_terms(person: Person, name: str) -> None:
    """The same anew for somebody whose name has changed."""
    NameTerm.objects.filter(person=person).delete()
    write_terms([(person.pk, person.division, name)])
