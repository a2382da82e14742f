"""Whom a run is for, and what of earlier runs still matters to them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from django.db.models import Sum

from rongjun.access.api import Scope
from rongjun.allowances.models import Award, HeirShare, PayLine, PayOrder, Receivable
from rongjun.allowances.queries.histories import CHUNK
from rongjun.registry import api as registry


def recipients(scope: Scope, *, known_at: datetime) -> list[UUID]:
    """Everybody in these divisions who was ever granted an award, by kept file."""
    pointers = registry.merged_files(known_at=known_at)
    rows = Award.objects.filter(state="granted", division__gte=scope.lo, division__lte=scope.hi)
    found = {
        pointers.get(person, person) for person in rows.values_list("person_id", flat=True).iterator(CHUNK)
    }
    return sorted(found)


def floors_of(people: Sequence[UUID], *, known_at: datetime) -> dict[UUID, dict[str, int]]:
    """By person and scheme, the month from which we pay, whatever the rules say of earlier ones."""
    kept = set(people)
    pointers = {file: to for file, to in registry.merged_files(known_at=known_at).items() if to in kept}
    found: dict[UUID, dict[str, int]] = {person: {} for person in people}
    rows = Award.objects.filter(state="granted", person_id__in=[*people, *pointers])
    for person, scheme, month in rows.values_list("person_id", "scheme", "first_month"):
        mine = found[pointers.get(person, person)]
        mine[scheme] = min(month, mine.get(scheme, month))
    return found


@dataclass(slots=True)
class Open:
    """What of recoveries is still open for one person, by scheme and month, and in all; in fen."""

    lifts: Counter[tuple[str, int]] = field(default_factory=Counter)
    left: int = 0


def open_recoveries(people: Sequence[UUID]) -> dict[UUID, Open]:
    """People with receivables that are not settled: what of which months may be lifted again."""
    left = dict(
        Receivable.objects.filter(person_id__in=list(people), state="open")
        .values_list("person_id")
        .annotate(left=Sum("remaining"))
    )
    found = {person: Open(left=amount) for person, amount in left.items()}
    rows = PayLine.objects.filter(person_id__in=list(found), live=True)
    rows = rows.filter(kind__in=("recovery", "recovery-lifted"))
    for person, code, month, fen in rows.values_list("person_id", "code", "month", "fen"):
        found[person].lifts[code, month] -= fen
    return found


def heir_parts(people: Sequence[UUID], *, on: date) -> dict[UUID, dict[UUID, int]]:
    """By person and payee, how many parts they receive, where two officers said so."""
    del on
    found: dict[UUID, dict[UUID, int]] = {}
    rows = HeirShare.objects.filter(person_id__in=list(people), superseded_at=None).exclude(checked_by="")
    for row in rows:
        found.setdefault(row.person_id, {})[row.payee] = row.parts
    return found


def shares_of(person: UUID) -> list[HeirShare]:
    """Shares of heirs that hold or wait, the oldest first."""
    return list(HeirShare.objects.filter(person_id=person, superseded_at=None).order_by("id"))


def unanswered_orders() -> dict[str, PayOrder]:
    """Payments that are let go and not yet settled, by their key."""
    rows = PayOrder.objects.filter(state__in=("ordered", "failed"), released_at__isnull=False)
    return {row.key: row for row in rows}
