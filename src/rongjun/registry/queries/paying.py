"""For whoever pays a person or is told of one by number: whose a number is, and where money goes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from rongjun.registry.models import BankAccount, Person
from rongjun.registry.queries import in_force
from rongjun.registry.queries.covered import Held, held_numbers, number_index, opened
from rongjun.registry.queries.merged import files_of, kept_file, merged_into
from rongjun.registry.queries.privacy import is_closed


@dataclass(frozen=True, slots=True)
class PayTo:
    """An account money of one purpose goes to, whole; it is not to be shown to anybody."""

    holder: str
    account: str
    mask: str

    def __repr__(self) -> str:
        return f"PayTo({self.mask})"


def holder_of(kind: str, number: str) -> Held | None:
    """Whose document this is, within scope, by the kept file; for jobs that are sent numbers by partners."""
    index = number_index(kind, number)
    found = held_numbers([index]).get(index)
    if found is None:
        return None
    kept = kept_file(found.person)
    if kept == found.person:
        return found
    person = Person.objects.filter(pk=kept).first()
    return Held(person.id, person.name, person.division) if person else None


def account_to_pay(person: UUID, *, purpose: str, on: date, known_at: datetime) -> PayTo | None:
    """The account in force for this purpose, the person's own before a payee's; none of a restricted file."""
    if is_closed(person):
        return None
    own = {person, *merged_into([person], known_at=known_at)}
    held = BankAccount.objects.filter(
        in_force(on, known_at), person_id__in=files_of(person, known_at), purpose=purpose
    )
    rows = sorted(held.order_by("id"), key=lambda row: row.belongs_to not in own)
    return PayTo(rows[0].holder, opened(rows[0]), rows[0].number_mask) if rows else None
