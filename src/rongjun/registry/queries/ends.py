"""What ends, for a person, what rests on being entitled: death, and treatment suspended or cancelled."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain
from uuid import UUID

from django.db.models import Q

from rongjun.registry.logic.deciding import CANCELLED, SUSPENDED
from rongjun.registry.models import Death, Status
from rongjun.registry.queries.merged import LATEST, as_kept, merged_into


@dataclass(frozen=True, slots=True)
class Stop:
    """Treatment stopped by the province from a day on, until before another; `document` is its decision."""

    cancelled: bool
    start: date
    end: date | None
    document: str


@dataclass(frozen=True, slots=True)
class Ends:
    """The day of death, and what stops treatment, as now known."""

    died_on: date | None = None
    stops: tuple[Stop, ...] = ()


_STOPS = Q(category__in=(SUSPENDED, CANCELLED))


def told_of_ends(since: datetime) -> list[UUID]:
    """People in scope (kept files) of whom such a thing was told, or taken back, since a moment."""
    told = Q(recorded_at__gte=since) | Q(superseded_at__gte=since)
    files = chain(
        Death.objects.filter(told).values_list("person_id", flat=True),
        Status.objects.filter(told, _STOPS).values_list("person_id", flat=True),
    )
    return as_kept(list(dict.fromkeys(files)))


def ends_of(people: Iterable[UUID]) -> dict[UUID, Ends]:
    """The ends of each of these people (kept files), all their files read as one."""
    whose = {person: person for person in people}
    whose |= merged_into(list(whose), known_at=LATEST)
    current = Q(superseded_at=None, person_id__in=list(whose))
    died = {whose[row.person_id]: row.valid_from for row in Death.objects.filter(current).order_by("id")}
    stops: dict[UUID, list[Stop]] = {}
    for row in Status.objects.filter(current, _STOPS).order_by("valid_from", "id"):
        stop = Stop(row.category == CANCELLED, row.valid_from, row.valid_to, row.evidence or row.source)
        stops.setdefault(whose[row.person_id], []).append(stop)
    return {
        person: Ends(died.get(person), tuple(stops.get(person, ())))
        for person in dict.fromkeys(whose.values())
    }
