"""What was ever told of many people, with both times, as plain rows: for whoever reckons over years."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Q

from rongjun.registry.logic.deciding import CANCELLED, SUSPENDED
from rongjun.registry.models import (
    Assertion,
    BankAccount,
    Death,
    DisabilityRating,
    Household,
    Merge,
    Particulars,
    Payee,
    Person,
    Service,
    Statement,
    Status,
)
from rongjun.registry.queries.covered import opened
from rongjun.registry.queries.merged import LATEST, as_kept, merged_into


class TimedRow(NamedTuple):
    """One assertion: of which file, what kind, what it says, when it holds and when we knew it so.

    `valid_to` is the first day it no longer holds. `evidence` is the document, else the source.
    """

    file: UUID
    kind: str
    id: int
    values: tuple[Any, ...]
    valid_from: date
    valid_to: date | None
    recorded_at: datetime
    superseded_at: datetime | None
    evidence: str


# Kinds of assertion and the columns told of each, in this order.
_TOLD: Mapping[str, tuple[type[Assertion], tuple[str, ...]]] = {
    "particulars": (Particulars, ("birth_date",)),
    "service": (Service, ("enlisted_on", "discharged_on", "rank_group")),
    "rating": (DisabilityRating, ("grade", "cause")),
    "household": (Household, ("county", "kind")),
    "death": (Death, ()),
}
_STATUSES = ("status", Status, ("category",))
_STATEMENTS = ("statement", Statement, ("fact", "value"))


def told_of_many(
    people: Sequence[UUID], *, statuses: Iterable[str], facts: Iterable[str], known_at: datetime
) -> dict[UUID, list[TimedRow]]:
    """Every row of these kinds about these people (kept files), whatever superseded it; one query a kind.

    Of categories those named and what stops treatment, of stated facts those named. Files merged into a
    person's, as known at a moment, are read with it. Nobody is left out: no row is an empty list.
    """
    whose = {person: person for person in people}
    whose |= merged_into(list(people), known_at=known_at)
    found: dict[UUID, list[TimedRow]] = {person: [] for person in people}
    files = list(whose)
    wanted_statuses = [SUSPENDED, CANCELLED, *statuses]
    asked: list[tuple[str, type[Assertion], tuple[str, ...], dict[str, object]]] = [
        *((kind, model, columns, {}) for kind, (model, columns) in _TOLD.items()),
        (*_STATUSES, {"category__in": wanted_statuses}),
        (*_STATEMENTS, {"fact__in": list(facts)}),
    ]
    for kind, model, columns, only in asked:
        for row in _rows(kind, model, columns, files, only):
            found[whose[row.file]].append(row)
    return found


_TIMES = ("valid_from", "valid_to", "recorded_at", "superseded_at", "evidence", "source")


def _rows(
    kind: str,
    model: type[Assertion],
    columns: tuple[str, ...],
    files: Sequence[UUID],
    only: Mapping[str, object],
) -> Iterable[TimedRow]:
    rows = model._default_manager.filter(person_id__in=files)
    told = rows.filter(**only).order_by("id").values_list("person_id", "id", *columns, *_TIMES)
    count = len(columns)
    for file, key, *rest in told.iterator(5000):
        start, end, recorded, superseded, evidence, source = rest[count:]
        values = tuple(rest[:count])
        yield TimedRow(file, kind, key, values, start, end, recorded, superseded, evidence or source)


def told_since(since: datetime) -> set[UUID]:
    """People in scope (kept files as now known) of whom anything was told or taken back since a moment.

    A merge that began or ended since counts for both files.
    """
    found: set[UUID] = set()
    told: list[type[Assertion]] = [*(model for model, _ in _TOLD.values()), Status, Statement]
    for model in told:
        for moment in ("recorded_at", "superseded_at"):
            rows = model._default_manager.filter(**{f"{moment}__gte": since})
            found |= set(rows.values_list("person_id", flat=True))
    found |= _merged_since(since)
    return set(as_kept(list(found)))


def _merged_since(since: datetime) -> set[UUID]:
    changed = Merge.objects.filter(Q(at__gte=since) | Q(ended_at__gte=since))
    return {file for pair in changed.values_list("kept_id", "other_id") for file in pair}


def divisions_of(people: Sequence[UUID]) -> dict[UUID, int]:
    """The division that serves each of these files."""
    return dict(Person.objects.filter(pk__in=people).values_list("id", "division"))


# --- where money goes ---------------------------------------------------------------------------------------

OWN = "own"


@dataclass(frozen=True, slots=True, repr=False)
class PayAccount:
    """An account somebody is paid on: of the person (`kind` "own") or of a payee of that kind.

    `number` is whole: whoever asks has logged why. `matches` says that the holder's name is the owner's.
    """

    kind: str
    payee: UUID
    holder: str
    name: str
    bank: str
    number: str = field(repr=False)
    mask: str

    @property
    def matches(self) -> bool:
        """Whether the account is held under the name on file."""
        return self.holder == self.name


def pay_accounts(people: Sequence[UUID], *, purpose: str, on: date) -> dict[UUID, list[PayAccount]]:
    """The accounts of these people (kept files) and of their payees for a purpose on a day, as now known.

    Whole numbers are opened: for payment runs, which log it once for all. One query a table.
    """
    whose = {person: person for person in people}
    whose |= merged_into(list(people), known_at=LATEST)
    files = list(whose)
    names = dict(Person.objects.filter(pk__in=files).values_list("id", "name"))
    payees = _payees(files, on=on)
    found: dict[UUID, list[PayAccount]] = {}
    rows = BankAccount.objects.filter(
        person_id__in=files, superseded_at=None, purpose=purpose, valid_from__lte=on
    )
    # A kept file's own account has the last word over one of a merged file.
    for row in sorted(_standing(rows, on), key=lambda row: (row.person_id != whose[row.person_id], -row.id)):
        kept = whose[row.person_id]
        if row.belongs_to in whose:
            kind, name = OWN, names[kept]
        elif row.belongs_to in payees:
            kind, name = payees[row.belongs_to]
        else:
            continue
        found.setdefault(kept, []).append(
            PayAccount(kind, row.belongs_to, row.holder, name, row.bank, opened(row), row.number_mask)
        )
    return found


def _payees(files: Sequence[UUID], *, on: date) -> dict[UUID, tuple[str, str]]:
    """By series, the kind and name of each payee on a day."""
    rows = Payee.objects.filter(person_id__in=files, superseded_at=None, valid_from__lte=on)
    return {
        row.series: (row.kind, row.payee.name if row.payee else row.name)
        for row in _standing(rows.select_related("payee"), on)
    }


def _standing(rows: Any, on: date) -> list[Any]:
    return [row for row in rows.order_by("id") if row.valid_to is None or row.valid_to > on]
