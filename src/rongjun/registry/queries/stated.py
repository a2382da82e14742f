"""What somebody stated of people, for an app that answers the fact and knows better of some of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import Q

from rongjun.registry.models import Statement
from rongjun.registry.queries.merged import files_of, pointers


@dataclass(frozen=True, slots=True)
class StatedAnswer:
    """One answer as it is written, and since when it is said to hold."""

    value: str
    since: date


def stated_answers(
    fact: str, *, on: date, known_at: datetime, person: UUID | None = None
) -> dict[UUID, StatedAnswer]:
    """The newest answer to one fact of each person in scope (or of one), as of a day, as known at a moment.

    Answers on files that were merged as known then are the kept file's.
    """
    held = Statement.objects.filter(
        Q(valid_to=None) | Q(valid_to__gt=on),
        Q(superseded_at=None) | Q(superseded_at__gt=known_at),
        fact=fact,
        valid_from__lte=on,
        recorded_at__lte=known_at,
    )
    if person is not None:
        held = held.filter(person_id__in=files_of(person, known_at))
    kept = {} if person else pointers(known_at)
    rows = held.order_by("recorded_at", "id").values_list("person_id", "value", "valid_from")
    return {person or kept.get(file, file): StatedAnswer(value, since) for file, value, since in rows}
