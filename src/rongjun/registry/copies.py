"""复制件: everything on a person's file, to be handed to the person and read by another system.

UTF-8 JSON: `{"format", "person", "opened_at", "made_at", "records", "decisions", "reads", "offers",
"enrolments", "messages"}`. A record is `{"kind", "said"}` with all columns of one row, both of its times
among them; numbers of the person are whole.
`read_copy` gives back exactly what `write_copy` was given.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import Model

from rongjun.registry.logic import GUARDED
from rongjun.registry.models import (
    Assertion,
    BankAccount,
    Contact,
    IdentityDocument,
    LegalHold,
    Person,
    Statement,
)
from rongjun.registry.models.privacy import AboutPerson
from rongjun.registry.queries.covered import opened
from rongjun.registry.queries.merged import all_files_of, files_of, kept_file

FORMAT: Final = "rongjun-copy/1"
# What only our own tables are made of, and says nothing to anybody else.
_INNER: Final = frozenset({"id", "person_id", "number_index", "number_tail", "text_digest"})

Plain = str | int | bool | None | list[Any] | dict[str, Any]


@dataclass(frozen=True, slots=True)
class CopiedRecord:
    """One row about the person: which table, and what it says."""

    kind: str
    said: Mapping[str, Plain]


@dataclass(frozen=True, slots=True)
class PersonCopy:
    """A whole file. All but the records come from other apps, as plain values."""

    person: str
    opened_at: str
    made_at: str
    records: tuple[CopiedRecord, ...]
    decisions: tuple[Mapping[str, Plain], ...] = ()
    reads: tuple[Mapping[str, Plain], ...] = ()
    offers: tuple[Mapping[str, Plain], ...] = ()
    enrolments: tuple[Mapping[str, Plain], ...] = ()
    messages: tuple[Mapping[str, Plain], ...] = ()


def copy_of(
    person: UUID,
    *,
    made_at: datetime,
    decisions: Sequence[Mapping[str, Plain]] = (),
    reads: Sequence[Mapping[str, Plain]] = (),
    offers: Sequence[Mapping[str, Plain]] = (),
    enrolments: Sequence[Mapping[str, Plain]] = (),
    messages: Sequence[Mapping[str, Plain]] = (),
) -> PersonCopy | None:
    """Everything the registry holds of a person in scope, what was corrected included; None out of scope.

    The caller has logged that the file is handed out. A restricted file is copied, too: it is the person's.
    """
    row = Person.objects.filter(pk=kept_file(person)).first()
    if row is None:
        return None
    return PersonCopy(
        person=str(row.id),
        opened_at=row.opened_at.isoformat(),
        made_at=made_at.isoformat(),
        records=tuple(_records(row.id)),
        decisions=tuple(decisions),
        reads=tuple(reads),
        offers=tuple(offers),
        enrolments=tuple(enrolments),
        messages=tuple(messages),
    )


def holds_guarded(person: UUID) -> bool:
    """Whether a copy of this person tells what only some may learn, now or of earlier days."""
    told = Statement.objects.filter(person_id__in=all_files_of(person), fact__in=GUARDED)
    return told.exists()


def write_copy(copied: PersonCopy) -> bytes:
    """As a file."""
    return json.dumps({"format": FORMAT, **asdict(copied)}, ensure_ascii=False, indent=1).encode()


def read_copy(content: bytes) -> PersonCopy:
    """Back again. Raises ValueError for anything that is not such a file."""
    told = json.loads(content)
    if not isinstance(told, dict) or told.pop("format", None) != FORMAT:
        raise ValueError(f"not a {FORMAT} file")
    records = tuple(CopiedRecord(each["kind"], each["said"]) for each in told.pop("records"))
    return PersonCopy(
        told["person"],
        told["opened_at"],
        told["made_at"],
        records,
        tuple(told["decisions"]),
        tuple(told["reads"]),
        # Copies made before anything was offered or told have none of it.
        tuple(told.get("offers", ())),
        tuple(told.get("enrolments", ())),
        tuple(told.get("messages", ())),
    )


def tables_of_a_person() -> list[type[Model]]:
    """Every table about one person, by name."""
    # Why something is held for the law may be nobody's to tell but the court's.
    told = [
        *Assertion.__subclasses__(),
        *(each for each in AboutPerson.__subclasses__() if each is not LegalHold),
    ]
    return sorted(told, key=lambda model: model.__name__)


def _records(person: UUID) -> Iterator[CopiedRecord]:
    for model in tables_of_a_person():
        for row in model._default_manager.filter(person_id__in=files_of(person)).order_by("pk"):
            yield CopiedRecord(model.__name__, _said(row))


def _said(row: Model) -> dict[str, Plain]:
    said: dict[str, Plain] = {}
    for field in row._meta.concrete_fields:
        if field.attname in _INNER:
            continue
        if field.attname == "number_sealed":
            said["number"] = _number(row)
        elif field.attname == "address_sealed":
            said["address"] = opened(row)
        else:
            said[field.attname] = _plain(getattr(row, field.attname))
    return said


def _number(row: Model) -> str:
    """The whole number of a document, telephone or account of the person; another's stays covered."""
    own = isinstance(row, IdentityDocument | Contact) or (
        isinstance(row, BankAccount) and row.belongs_to == row.person_id
    )
    return opened(row) if own else str(getattr(row, "number_mask", ""))


def _plain(value: object) -> Plain:
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    assert value is None or isinstance(value, str | int | bool | list | dict)
    return value
