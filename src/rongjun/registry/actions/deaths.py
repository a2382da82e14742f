"""A person's death, and taking it back."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from rongjun.access.api import Actor
from rongjun.registry.actions.saying import hold, note, say
from rongjun.registry.logic import Period
from rongjun.registry.models import Death


def record_death(
    person: UUID, *, died_on: date, source: str, evidence: str = "", by: Actor, now: datetime
) -> None:
    """Record that the person died; another date recorded earlier is superseded, the same one stays.

    Refused("registry.no-such-file") outside the scope.
    """
    with transaction.atomic():
        row = hold(person)
        current = Death.objects.filter(person=row, superseded_at=None)
        if current.filter(valid_from=died_on).exists():
            return
        current.update(superseded_at=now)
        since = Period(died_on, None)
        say(Death, row, since, source=source, by=by, now=now, evidence=evidence)
        note("registry.death-recorded", row, by=by, now=now, detail={"died_on": died_on.isoformat()})


def retract_death(person: UUID, *, source: str, by: Actor, now: datetime) -> None:
    """Take back a death that was recorded of the living; nothing when there is none."""
    with transaction.atomic():
        row = hold(person)
        if Death.objects.filter(person=row, superseded_at=None).update(superseded_at=now):
            note("registry.death-retracted", row, by=by, now=now, detail={"source": source})
