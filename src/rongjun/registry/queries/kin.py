"""Who stands near a person on file: next of kin, and guardians who may consent for a child."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Q

from rongjun.registry.logic import NOBODY, RELATIONS
from rongjun.registry.logic.telling import PAYEE_KINDS
from rongjun.registry.models import Death, Payee, Person, Relation
from rongjun.registry.queries.merged import file_ids_of
from rongjun.registry.queries.privacy import closed_among, standing
from rongjun.registry.rights import covered_name

# Of the person, whom the other one is.
_OTHER_WAY = {"child": "parent", "parent": "child"}
_STANDS_NEAR = ("guardian", "heir")


@dataclass(frozen=True, slots=True)
class HeldKin:
    """Somebody near the person, as on file today; `key` names them without a name or a number."""

    key: str
    name: str
    words: str
    is_guardian: bool


def kin_of(person: UUID, *, on: date) -> list[HeldKin]:
    """Guardians and heirs among the payees, and relations to people on file; the living only.

    The rights of a restricted file are exercised all the same, so a restriction covers nothing here.
    """
    files = file_ids_of(person)
    payees = Payee.objects.filter(standing(on), person_id__in=files, kind__in=_STANDS_NEAR)
    held = [
        HeldKin(
            key=f"payee:{row.series}",
            name=row.payee.name if row.payee else row.name,
            words=PAYEE_KINDS[row.kind],
            is_guardian=row.kind == "guardian",
        )
        for row in payees.select_related("payee").order_by("valid_from", "id")
    ]
    return [*held, *_relatives(files, on=on)]


def is_dead(person: UUID) -> bool:
    """Whether a death is on any of the person's files."""
    return Death.objects.filter(superseded_at=None, person_id__in=file_ids_of(person)).exists()


def _relatives(files: list[UUID], *, on: date) -> list[HeldKin]:
    told = Relation.objects.filter(standing(on), relative__isnull=False).exclude(relation=NOBODY)
    rows = told.filter(Q(person_id__in=files) | Q(relative_id__in=files)).order_by("valid_from", "id")
    words: dict[UUID, str] = {}
    for row in rows:
        assert row.relative_id
        if row.person_id in files:
            words[row.relative_id] = _OTHER_WAY.get(row.relation, row.relation)
        else:
            words[row.person_id] = row.relation
    dead = Death.objects.filter(superseded_at=None, person_id__in=list(words)).values("person_id")
    people = Person.objects.filter(pk__in=list(words)).exclude(pk__in=dead).order_by("name", "id")
    closed = closed_among(words)
    return [
        HeldKin(
            key=f"person:{row.id}",
            name=covered_name(row.name) if row.id in closed else row.name,
            words=RELATIONS[words[row.id]],
            is_guardian=words[row.id] == "parent",
        )
        for row in people
    ]
