"""Who a signed-in citizen is, and for whom they act."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from rongjun.registry.logic.mandates import RELATIONS
from rongjun.registry.models import Mandate, Person
from rongjun.registry.queries.merged import all_files_of, kept_file


@dataclass(frozen=True, slots=True)
class InHand:
    """Whose file a citizen has in hand."""

    id: UUID
    name: str
    division: int


def file_in_hand() -> InHand | None:
    """The kept file a citizen has in hand, by row security; None when the mandate has ended meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute("select registry_files_in_hand()")
        files: list[UUID] = cursor.fetchone()[0]
    row = Person.objects.filter(pk=kept_file(files[0])).first() if files else None
    return InHand(row.id, row.name, row.division) if row else None


@dataclass(frozen=True, slots=True)
class MandateLine:
    """One mandate as pages show it; `state` is asked, granted, refused or over."""

    id: UUID
    person: UUID
    person_name: str
    helper_name: str
    relation_label: str
    proof: UUID
    asked_at: datetime
    state: str
    decided_at: datetime | None
    decided_by: str
    decision: str
    ends_at: datetime | None


def mandates_of_helper(person: UUID, *, now: datetime) -> list[MandateLine]:
    """For whom this person acts, or asked to, newest first."""
    return _lines(Mandate.objects.filter(helper_id__in=all_files_of(person)), now=now)


def mandates_over(person: UUID, *, now: datetime) -> list[MandateLine]:
    """Who acts for this person, or asked to, newest first."""
    return _lines(Mandate.objects.filter(person_id__in=all_files_of(person)), now=now)


def mandates_asked(*, now: datetime, limit: int = 200) -> list[MandateLine]:
    """What waits for a decision in scope, the oldest first."""
    return _lines(Mandate.objects.filter(state="asked"), now=now)[::-1][:limit]


def mandates_in_force(*, now: datetime, limit: int = 200) -> list[MandateLine]:
    """Which mandates hold in scope, the newest first."""
    return _lines(Mandate.objects.filter(state="granted", ends_at__gt=now), now=now)[:limit]


def _lines(rows: QuerySet[Mandate], *, now: datetime) -> list[MandateLine]:
    return [
        MandateLine(
            id=row.id,
            person=row.person_id,
            person_name=row.person_name,
            helper_name=row.helper_name,
            relation_label=RELATIONS[row.relation],
            proof=row.proof,
            asked_at=row.asked_at,
            state="over" if row.state == "granted" and row.ends_at and row.ends_at <= now else row.state,
            decided_at=row.decided_at,
            decided_by=row.decided_by,
            decision=row.decision,
            ends_at=row.ends_at,
        )
        for row in rows.order_by("-asked_at", "id")
    ]
