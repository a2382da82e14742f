"""Moves: of the household, and of the file to another station."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from rongjun.access.api import Actor
from rongjun.files import api as files
from rongjun.kernel.errors import Refused, Unfit
from rongjun.kernel.identifiers import DivisionCode
from rongjun.registry.actions.assertions import record
from rongjun.registry.actions.saying import hold, note, say, take_out
from rongjun.registry.logic import Period
from rongjun.registry.models import Person, Servicing
from rongjun.registry.queries.merged import file_ids_of


def move_household(
    person: UUID,
    *,
    county: str,
    kind: str,
    valid_from: date,
    source: str,
    evidence: str = "",
    by: Actor,
    now: datetime,
) -> None:
    """Record where the household is registered from a day on; refused as `record`."""
    record(
        person,
        kind="household",
        said={"county": county, "kind": kind},
        valid_from=valid_from,
        source=source,
        evidence=evidence,
        by=by,
        now=now,
        synthetic=False,  # a household has no number of its own
    )


def move_file(
    person: UUID,
    *,
    station: int,
    valid_from: date,
    source: str,
    evidence: str = "",
    by: Actor,
    now: datetime,
) -> None:
    """Hand the file to another station, with every row about the person (the database cascades it).

    The person's papers go along. Both stations have to lie in the scope of whoever does it: between
    districts that is the city.
    Refused("registry.no-such-file"), "registry.station-outside", "registry.station-same",
    "registry.evidence-missing".
    """
    _refuse_outside(station, by)
    if not source.strip():
        raise Refused("registry.evidence-missing")
    with transaction.atomic():
        row = hold(person)
        if row.division == station:
            raise Refused("registry.station-same")
        came_from, period = row.division, Period(valid_from, None)
        for old in Servicing.objects.filter(person=row, superseded_at=None):
            take_out(old, period, now=now)
        moved = {"station": station, "came_from": came_from, "evidence": evidence}
        say(Servicing, row, period, source=source, by=by, now=now, **moved)
        detail = {"from": str(came_from), "to": str(station)}
        note("registry.file-moved", row, by=by, now=now, detail=detail)
        Person.objects.filter(pk=row.pk).update(division=station)
        for file in file_ids_of(row.pk):
            files.move_uploads(f"person:{file}", division=station, by=by, now=now)


def _refuse_outside(station: int, by: Actor) -> None:
    try:
        DivisionCode(station)
    except Unfit as unfit:
        raise Refused("registry.station-outside") from unfit
    if not by.scope.contains(station):
        raise Refused("registry.station-outside")
