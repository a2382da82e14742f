"""At which telephone people are reached, for whoever brings them a message."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from django.db.models import Q

from rongjun.kernel.identifiers import Phone
from rongjun.registry.models import Contact
from rongjun.registry.queries import in_force
from rongjun.registry.queries.covered import opened
from rongjun.registry.queries.merged import merged_into
from rongjun.registry.queries.privacy import closed_among


def phones_of(people: Sequence[UUID], *, on: date, known_at: datetime) -> dict[UUID, Phone]:
    """The telephone each of these kept files is reached at, whole; the newest where several are in force.

    Whoever has none, or is restricted for whoever asks, is left out. The caller has logged the purpose.
    """
    asked = sorted(set(people) - closed_among(people), key=str)
    whose = {each: each for each in asked} | merged_into(asked, known_at=known_at)
    held = in_force(on, known_at) & Q(person_id__in=list(whose))
    rows = Contact.objects.filter(held).order_by("valid_from", "id")
    return {whose[row.person_id]: Phone(opened(row)) for row in rows}


def who_has_phone(people: Sequence[UUID], *, on: date, known_at: datetime) -> frozenset[UUID]:
    """Those of them with a telephone on file; nothing is uncovered."""
    asked = sorted(set(people) - closed_among(people), key=str)
    whose = {each: each for each in asked} | merged_into(asked, known_at=known_at)
    held = in_force(on, known_at) & Q(person_id__in=list(whose))
    return frozenset(
        whose[person] for person in Contact.objects.filter(held).values_list("person_id", flat=True)
    )
