"""Deaths: told late or early, and taken back when the person turns out to live."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from rongjun.access.api import Actor
from rongjun.kernel.errors import Refused
from rongjun.registry.actions.assertions import refuse_impossible_death
from rongjun.registry.actions.saying import hold, note, say
from rongjun.registry.logic import Period
from rongjun.registry.models import Death
from rongjun.registry.queries.merged import all_files_of


def record_death(
    person: UUID, *, died_on: date, source: str, evidence: str = "", by: Actor, now: datetime
) -> None:
    """Record that the person died on a day, however long ago.

    Refused("registry.no-such-file") outside the scope; "registry.death-dates" for a day to come or before the
    person's birth; "registry.death-on-file" when a death is on file: another day is a correction of it.
    """
    if not source.strip():
        raise Refused("registry.evidence-missing")
    with transaction.atomic():
        row = hold(person)
        refuse_impossible_death(row, died_on, now=now)
        if Death.objects.filter(person_id__in=all_files_of(row.pk), superseded_at=None).exists():
            raise Refused("registry.death-on-file")
        say(Death, row, Period(died_on, None), source=source, by=by, now=now, evidence=evidence)
        note("registry.death-recorded", row, by=by, now=now, detail={"died_on": died_on.isoformat()})


def retract_death(person: UUID, *, source: str, by: Actor, now: datetime) -> None:
    """Take back that the person died (declared dead and found, or another person of that name).

    Refused("registry.no-such-file") outside the scope, "registry.no-such-assertion" when no death is on file.
    """
    if not source.strip():
        raise Refused("registry.evidence-missing")
    with transaction.atomic():
        row = hold(person)
        held = Death.objects.filter(person_id__in=all_files_of(row.pk), superseded_at=None)
        if not held.update(superseded_at=now):
            raise Refused("registry.no-such-assertion")
        note("registry.death-retracted", row, by=by, now=now, detail={"source": source})
