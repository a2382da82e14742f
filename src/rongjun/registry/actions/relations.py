"""Relations of a person to a soldier."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

from django.db import transaction

from rongjun.access.api import Actor
from rongjun.kernel.errors import Refused, Unfit
from rongjun.kernel.words import translatable
from rongjun.registry.actions.saying import days_of, hold, note, say, say_again, take_out
from rongjun.registry.logic import (
    Period,
    Tie,
    stated_texts,
)
from rongjun.registry.models import (
    Person,
    Relation,
)
from rongjun.registry.queries.merged import files_of


def record_relation(
    person: UUID,
    *,
    dependant_of: str,
    relation: str,
    deceased_kind: str,
    stated: Mapping[str, object],
    source: str,
    valid_from: date,
    valid_to: date | None = None,
    evidence: str = "",
    relative: UUID | None = None,
    by: Actor,
    now: datetime,
) -> UUID:
    """Record that the person is so related to a soldier, and return the relation's name for later.

    `stated` are facts of this relation; a soldier's unit, posting or mission is not among those taken.
    Refused("registry.no-such-file") outside the scope, also of the relative; "registry.not-a-relation",
    "registry.relation-dates"; "registry.relation-on-file" when the same is on file by the same document.
    """
    try:
        tie, texts = Tie(dependant_of, relation, deceased_kind), stated_texts(stated)
    except Unfit as unfit:
        raise Refused("registry.not-a-relation", fault=unfit.sentence) from unfit
    held, series = Period(valid_from, valid_to), uuid4()
    if not held.has_days:
        raise Refused("registry.relation-dates")
    said = {**asdict(tie), "evidence": evidence, "relative_id": relative}
    with transaction.atomic():
        row = hold(person)
        _meet(relative, person)
        _refuse_twin(row, held, said)
        say(Relation, row, held, source=source, by=by, now=now, series=series, stated=texts, **said)
        note("registry.relation-recorded", row, by=by, now=now, detail={"relation": str(series)})
    return series


def end_relation(
    person: UUID,
    relation: UUID,
    *,
    valid_to: date,
    source: str,
    by: Actor,
    now: datetime,
) -> None:
    """Record that the relation no longer is from `valid_to` on; what it was before stands.

    Refused("registry.no-such-file") outside the scope, "registry.no-such-relation" when it is not there or
    had ended by then, "registry.relation-dates" when it had not begun.
    """
    gone = Period(valid_to, None)
    with transaction.atomic():
        row = hold(person)
        said = list(
            Relation.objects.filter(person_id__in=files_of(row.id), series=relation, superseded_at=None)
        )
        cut = [old for old in said if days_of(old).shared(gone)]
        if not cut:
            raise Refused("registry.no-such-relation")
        if all(old.valid_from >= valid_to for old in said):
            raise Refused("registry.relation-dates")
        for old in cut:
            take_out(old, gone, now=now, source=source, recorded_by=by.text)
        note("registry.relation-ended", row, by=by, now=now, detail={"relation": str(relation)})


def _meet(relative: UUID | None, person: UUID) -> None:
    if relative == person:
        raise Refused("registry.not-a-relation", fault=translatable("军人一方不能是本人。"))
    if relative is not None and not Person.objects.filter(pk=relative).exists():
        raise Refused("registry.no-such-file")


def _refuse_twin(person: Person, held: Period, said: Mapping[str, object]) -> None:
    """Two relations may be alike, as of a child of two martyrs; by one document they are the same."""
    alike = Relation.objects.filter(person_id__in=files_of(person.id), superseded_at=None, **said)
    if any(days_of(old).shared(held) for old in alike):
        raise Refused("registry.relation-on-file")


def only_relation(person: Person, *, on: date) -> UUID:
    """The one relation the person has that day. Refused("registry.which-relation") if none or several."""
    said = Relation.objects.filter(person_id__in=files_of(person.id), superseded_at=None)
    series = {old.series for old in said if days_of(old).shared(Period(on, on + timedelta(days=1)))}
    if len(series) != 1:
        raise Refused("registry.which-relation")
    return series.pop()


def state_of_relation(
    person: Person,
    series: UUID,
    stated: Mapping[str, str],
    *,
    answered: Period,
    source: str,
    by: Actor,
    now: datetime,
) -> None:
    """Say the relation anew for these days, with what is stated; other days keep what was said of them."""
    touched = False
    said = Relation.objects.filter(person_id__in=files_of(person.id), series=series, superseded_at=None)
    for old in said:
        both = days_of(old).shared(answered)
        if both is None:
            continue
        touched = True
        take_out(old, answered, now=now)
        say_again(old, both, now=now, source=source, recorded_by=by.text, stated={**old.stated, **stated})
    if not touched:
        raise Refused("registry.no-such-relation")
