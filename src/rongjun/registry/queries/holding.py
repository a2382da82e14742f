"""For whoever is told of a person by number: whose it is."""

from __future__ import annotations

from rongjun.registry.models import Person
from rongjun.registry.queries.covered import Held, held_numbers, number_index
from rongjun.registry.queries.merged import kept_file


def holder_of(kind: str, number: str) -> Held | None:
    """Whose document this is, within scope, by the kept file; for jobs that are sent numbers by partners."""
    index = number_index(kind, number)
    found = held_numbers([index]).get(index)
    if found is None:
        return None
    kept = kept_file(found.person)
    if kept == found.person:
        return found
    person = Person.objects.filter(pk=kept).first()
    return Held(person.id, person.name, person.division) if person else None
