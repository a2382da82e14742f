"""Answers to questions about a person."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from rongjun.access.api import Actor
from rongjun.kernel.errors import Refused, Unfit
from rongjun.registry.actions.relations import only_relation, state_of_relation
from rongjun.registry.actions.saying import hold, note, say, take_out
from rongjun.registry.logic import (
    GUARDED,
    RELATION_STATED,
    Period,
    stated_text,
)
from rongjun.registry.models import (
    Person,
    Statement,
)


def state_fact(
    person: UUID,
    *,
    fact: str,
    value: str,
    valid_from: date,
    valid_to: date | None,
    source: str,
    by: Actor,
    now: datetime,
    relation: UUID | None = None,
) -> None:
    """Record the answer to a question about a person, for the days from `valid_from` until before `valid_to`.

    An earlier answer is superseded for those days and stands for all others. Refused("registry.no-such-file")
    outside the scope, Refused("registry.not-a-question") when the fact cannot be answered, or not so.
    "registry.guarded-fact" when the actor may not learn it: an answer would take another's place unseen.
    What is asked of a relation is recorded on `relation`, or on the only one the person has that day:
    Refused("registry.no-such-relation"), or "registry.which-relation" when there is none or several.
    """
    try:
        value = stated_text(fact, value)
    except Unfit as unfit:
        raise Refused("registry.not-a-question") from unfit
    if fact in GUARDED and not by.may("registry.read-guarded"):
        raise Refused("registry.guarded-fact")
    answered = Period(valid_from, valid_to)
    assert answered.has_days
    with transaction.atomic():
        row = hold(person)
        if fact in RELATION_STATED:
            series = relation or only_relation(row, on=valid_from)
            state_of_relation(row, series, {fact: value}, answered=answered, source=source, by=by, now=now)
        else:
            _supersede(row, fact, answered, now=now)
            say(Statement, row, answered, source=source, by=by, now=now, fact=fact, value=value)
        note("registry.fact-stated", row, by=by, now=now, detail={"fact": fact})


def _supersede(person: Person, fact: str, answered: Period, *, now: datetime) -> None:
    """Close every answer that speaks of these days, and say again what it says of other days."""
    for old in Statement.objects.filter(person=person, fact=fact, superseded_at=None):
        take_out(old, answered, now=now)
