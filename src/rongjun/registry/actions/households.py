"""Where a person's household is registered."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from rongjun.access.api import Actor
from rongjun.registry.actions.saying import hold, note, say, take_out
from rongjun.registry.logic import Period
from rongjun.registry.models import Household


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
    """Record that the household is in `county` (six digits) from a day on; earlier days keep what they said.

    Refused("registry.no-such-file") outside the scope.
    """
    since = Period(valid_from, None)
    with transaction.atomic():
        row = hold(person)
        for old in Household.objects.filter(person=row, superseded_at=None):
            take_out(old, since, now=now)
        said = {"county": county, "kind": kind, "evidence": evidence}
        say(Household, row, since, source=source, by=by, now=now, **said)
        note("registry.household-moved", row, by=by, now=now, detail={"county": county})
