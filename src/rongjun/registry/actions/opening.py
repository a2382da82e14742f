"""Opens many files at once from whole records, a column at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from django.db import IntegrityError, transaction

from rongjun.access.api import Actor
from rongjun.audit import api as audit
from rongjun.kernel.errors import Refused
from rongjun.kernel.identifiers import ForeignPermit, IdentityNumber, LegacyIdentityNumber, admit
from rongjun.registry.actions.naming import write_terms
from rongjun.registry.actions.writing import insert_values
from rongjun.registry.logic import Tie, stated_text, stated_texts
from rongjun.registry.models import (
    Assertion,
    BankAccount,
    Contact,
    Death,
    DisabilityRating,
    Household,
    IdentityDocument,
    Particulars,
    Person,
    Relation,
    Service,
    Statement,
    Status,
)
from rongjun.registry.queries import on_file
from rongjun.registry.queries.covered import (
    ACCOUNT_INDEX,
    PHONE_INDEX,
    SEAL,
    account_place,
    number_index,
    number_place,
    phone_place,
)
from rongjun.registry.records import FileRecord, Opened, SaidRecord

# The assertions a record may hold, and the columns each has of its own. What is not here is counted as left
# out: a new table of the registry becomes loadable by one line.
KINDS: Mapping[str, tuple[type[Assertion], tuple[str, ...]]] = {
    "particulars": (Particulars, ("name", "sex", "birth_date")),
    "service": (Service, ("enlisted_on", "discharged_on", "rank_group", "placement_mode")),
    "status": (Status, ("category",)),
    "rating": (DisabilityRating, ("grade", "cause")),
    "household": (Household, ("county", "kind")),
    "statement": (Statement, ("fact", "value")),
    "death": (Death, ()),
    "relation": (
        Relation,
        ("series", "dependant_of", "relation", "deceased_kind", "stated", "relative_id"),
    ),
}
_Row: TypeAlias = Mapping[str, object]


def open_files(
    records: Sequence[FileRecord], *, source: str, by: Actor, synthetic: bool, now: datetime
) -> Opened:
    """Open a file for every record that has none yet, all or nothing, with one event for all of them.

    A record whose `id` is on file is left as it is, so the same records may be brought again. Raises Unfit
    for a number this installation may not hold or an assertion that says what no assertion can;
    Refused("registry.no-such-file") outside the scope, ("registry.import-collided") when another file has
    one of the numbers.
    """
    if not all(by.scope.contains(record.division) for record in records):
        raise Refused("registry.no-such-file")
    with transaction.atomic():
        held = on_file([record.id for record in records])
        work = _Opening(source=source, by=by, now=now)
        for record in records:
            if record.id not in held:
                work.take(record, synthetic=synthetic)
        try:
            work.write()
        except IntegrityError as error:
            if "identity_number_once" not in str(error):
                raise
            raise Refused("registry.import-collided") from error
        done = Opened(len(work.people), len(held), dict(work.left_out))
        if done.opened:
            audit.note(
                "registry.files-opened",
                by=by.text,
                role=by.role,
                about=f"records:{source}",
                division=by.division,
                detail={
                    "opened": done.opened,
                    "on_file": done.on_file,
                    "left_out": sum(work.left_out.values()),
                },
                at=now,
            )
    return done


class _Opening:
    """Records taken apart into rows by table."""

    def __init__(self, *, source: str, by: Actor, now: datetime) -> None:
        self.source, self.by, self.now = source, by.text, now
        self.people: list[_Row] = []
        self.names: list[tuple[UUID, int, str]] = []
        self.documents: list[_Row] = []
        self.contacts: list[_Row] = []
        self.accounts: list[_Row] = []
        self.said: dict[str, list[_Row]] = {}
        self.left_out: Counter[str] = Counter()

    def take(self, record: FileRecord, *, synthetic: bool) -> None:
        """Sort one record's rows; writes nothing."""
        assert record.opened_at <= self.now, "nobody knew it before it was known"
        self.names.append((record.id, record.division, record.name))
        self.people.append(
            {
                "id": record.id,
                "division": record.division,
                "name": record.name,
                "opened_at": record.opened_at,
                "opened_by": self.by,
            }
        )
        plain = SaidRecord("", record.opened_at.date(), {})
        shared = self._shared(record, plain)
        self.documents += self._documents(record, shared, synthetic=synthetic)
        self.contacts += self._contacts(record, shared, synthetic=synthetic)
        self.accounts += self._accounts(record, shared, synthetic=synthetic)
        for said in record.said:
            if said.kind in KINDS:
                own, values = KINDS[said.kind][1], _checked(said)
                told = {name: values.get(name, _ABSENT.get(name, "")) for name in own}
                self.said.setdefault(said.kind, []).append(self._shared(record, said) | told)
            else:
                self.left_out[said.kind] += 1

    def write(self) -> None:
        """Write every table's rows in one statement each."""
        insert_values(Person, self.people)
        write_terms(self.names)
        # In the order of their index: two that bring the same numbers cannot wait for each other in a ring.
        insert_values(IdentityDocument, sorted(self.documents, key=_by_index))
        insert_values(Contact, self.contacts)
        insert_values(BankAccount, self.accounts)
        for kind, rows in self.said.items():
            insert_values(KINDS[kind][0], rows)

    def _shared(self, record: FileRecord, said: SaidRecord) -> dict[str, object]:
        known_from = said.recorded_at or record.opened_at
        assert known_from <= self.now, "nobody knew it before it was known"
        return {
            "person_id": record.id,
            "division": record.division,
            "valid_from": said.valid_from,
            "valid_to": said.valid_to,
            "recorded_at": known_from,
            "superseded_at": said.superseded_at,
            "source": self.source,
            "evidence": said.evidence,
            "recorded_by": self.by,
        }

    def _documents(self, record: FileRecord, shared: _Row, *, synthetic: bool) -> Iterable[_Row]:
        for document in record.documents:
            number = admit(document.number, synthetic=synthetic)
            index = number_index(document.kind, number.number)
            sealed = audit.keys().seal(SEAL, number.number.encode(), number_place(record.id, index))
            shows_tail = isinstance(number, IdentityNumber | ForeignPermit | LegacyIdentityNumber)
            tail = number.number[-4:] if shows_tail else ""
            yield {**shared, "kind": document.kind, **_sealed(sealed, index, number.masked, tail)}

    def _contacts(self, record: FileRecord, shared: _Row, *, synthetic: bool) -> Iterable[_Row]:
        for phone in record.phones:
            number = admit(phone, synthetic=synthetic).number.encode()
            sealed = audit.keys().seal(SEAL, number, phone_place(record.id))
            index = audit.keys().index(PHONE_INDEX, number)
            yield {**shared, **_sealed(sealed, index, phone.masked, phone.number[-4:])}

    def _accounts(self, record: FileRecord, shared: _Row, *, synthetic: bool) -> Iterable[_Row]:
        for account in record.accounts:
            number = admit(account.number, synthetic=synthetic)
            index = audit.keys().index(ACCOUNT_INDEX, number.number.encode())
            sealed = audit.keys().seal(SEAL, number.number.encode(), account_place(record.id, index))
            yield {
                **shared,
                "valid_from": account.valid_from,
                "belongs_to": record.id,
                "purpose": account.purpose,
                "kind": account.number.kind.value,
                "bank": account.bank,
                "holder": account.holder,
                "number_sealed": sealed,
                "number_index": index,
                "number_mask": number.masked,
            }


def _by_index(row: _Row) -> bytes:
    index = row["number_index"]
    assert isinstance(index, bytes)
    return index


def _sealed(sealed: bytes, index: bytes, mask: str, tail: str) -> _Row:
    return {"number_sealed": sealed, "number_index": index, "number_mask": mask, "number_tail": tail}


_ABSENT: Mapping[str, object] = {
    **dict.fromkeys(("birth_date", "enlisted_on", "discharged_on", "relative_id")),
    "deceased_kind": "none",
    "dependant_of": "none",
    "stated": {},
}


def _checked(said: SaidRecord) -> Mapping[str, object]:
    """What the assertion says, as its columns hold it. Raises Unfit for what cannot be said."""
    values = said.said
    if said.kind == "statement":
        stated_text(str(values["fact"]), str(values["value"]))
    if said.kind == "relation":
        Tie(str(values["dependant_of"]), str(values["relation"]), str(values.get("deceased_kind", "none")))
        stated = values.get("stated", {})
        assert isinstance(stated, Mapping)
        return {**values, "stated": stated_texts(stated)}
    return values
