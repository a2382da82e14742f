"""What opens files and adds to them. Each is one transaction, in the scope of whoever asks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from uuid import UUID, uuid4

from django.db import IntegrityError, connection, transaction

from rongjun.access.api import Actor
from rongjun.audit import api as audit
from rongjun.kernel.errors import Refused
from rongjun.registry.logic import grams
from rongjun.registry.models import (
    Assertion,
    Contact,
    DisabilityRating,
    Household,
    IdentityDocument,
    ImportedRow,
    Person,
    RosterImport,
    Service,
    Statement,
    Status,
)
from rongjun.registry.queries import NUMBER_INDEX, PHONE_INDEX, bound_to
from rongjun.registry.roster import Fault, RawRow, RosterRow, read_row

_CHUNK = 2000


def import_roster(
    rows: Sequence[RawRow], *, file_name: str, file_digest: bytes, by: Actor, synthetic: bool, now: datetime,
    today: date,
) -> UUID:
    """Open a file for every row that can be loaded; keep the reasons for every row that cannot.

    The same workbook again returns the first report and changes nothing. A row whose document already has a
    file in scope is `unchanged`. Refused("registry.import-collided") when another import took one of the
    numbers at the same moment: nothing was loaded and it may simply be tried again.
    """
    known = RosterImport.objects.filter(file_digest=file_digest, division=by.division).values_list("id", flat=True)
    for earlier in known:
        return earlier
    outcome = _Outcome(roster=uuid4(), by=by, now=now, today=today, source=f"花名册 {file_name}"[:120])
    ready = [_checked(raw, outcome, synthetic=synthetic) for raw in rows]
    fresh = _separate([row for row in ready if row is not None], outcome)
    try:
        with transaction.atomic():
            for row in fresh:
                outcome.open_file(row)
            outcome.write()
            _record(outcome, rows, file_name=file_name, file_digest=file_digest)
    except IntegrityError as error:
        if "identity_number_once" in str(error):
            raise Refused("registry.import-collided") from error
        raise
    return outcome.roster


def state_fact(
    person: UUID, *, fact: str, value: str, valid_from: date, valid_to: date | None, source: str, by: Actor,
    now: datetime,
) -> None:
    """Record the answer to a question about a person; an earlier answer to the same question is superseded."""
    with transaction.atomic():
        row = Person.objects.filter(pk=person).first()
        if row is None:
            raise Refused("registry.no-such-file")
        Statement.objects.filter(person=row, fact=fact, superseded_at=None).update(superseded_at=now)
        Statement.objects.create(
            person=row, division=row.division, fact=fact, value=value, valid_from=valid_from, valid_to=valid_to,
            recorded_at=now, source=source, recorded_by=by.text,
        )
        audit.note("registry.fact-stated", by=by.text, role=by.role, about=[f"person:{person}"],
                   division=row.division, detail={"fact": fact}, at=now)


def numbers_taken(indexes: Iterable[bytes]) -> set[bytes]:
    """Which of these number indexes have a file anywhere: yes or no, never whose (a function of the database)."""
    with connection.cursor() as cursor:
        cursor.execute("select registry_numbers_taken(%s::bytea[])", [list(indexes)])
        return {bytes(row[0]) for row in cursor.fetchall()}


@dataclass(slots=True)
class _Outcome:
    """What one import is about to write; a row is in exactly one of opened, unchanged and refused."""

    roster: UUID
    by: Actor
    now: datetime
    today: date
    source: str
    people: list[Person] = field(default_factory=list)
    assertions: dict[type[Assertion], list[Assertion]] = field(default_factory=dict)
    rows: list[ImportedRow] = field(default_factory=list)

    def refuse(self, number: int, faults: Iterable[Fault]) -> None:
        self.rows.append(self._row(number, "refused", faults=[asdict(fault) for fault in faults]))

    def keep(self, number: int, person: UUID) -> None:
        self.rows.append(self._row(number, "unchanged", person_id=person))

    def count(self, outcome: str) -> int:
        return sum(row.outcome == outcome for row in self.rows)

    def open_file(self, row: RosterRow) -> None:
        person = Person(
            id=uuid4(), division=row.division, name=row.name, name_grams=grams(row.name), sex=row.sex,
            birth_date=row.birth_date, opened_at=self.now, opened_by=self.by.text,
        )
        self.people.append(person)
        self._identify(person, row)
        for category in row.statuses:
            since = row.discharged_on if category == "veteran" and row.discharged_on else self.today
            self._say(Status, person, since, category=category)
        if row.enlisted_on or row.discharged_on or row.rank_group or row.placement_mode:
            self._say(Service, person, row.enlisted_on or row.discharged_on or self.today,
                      enlisted_on=row.enlisted_on, discharged_on=row.discharged_on, rank_group=row.rank_group,
                      placement_mode=row.placement_mode)
        if row.disability_grade is not None:
            self._say(DisabilityRating, person, self.today, grade=row.disability_grade, cause=row.disability_cause)
        if row.household_county:
            self._say(Household, person, self.today, county=row.household_county, kind=row.household_kind)
        self.rows.append(self._row(row.number, "opened", person_id=person.id))

    def write(self) -> None:
        Person.objects.bulk_create(self.people, batch_size=_CHUNK)
        for model, said in self.assertions.items():
            model._default_manager.bulk_create(said, batch_size=_CHUNK)

    def _identify(self, person: Person, row: RosterRow) -> None:
        number = row.document.number.encode()
        self._say(IdentityDocument, person, self.today, kind=row.document_type,
                  number_sealed=audit.keys().seal("registry", number, bound_to(person.id)),
                  number_index=_index_of(row), number_mask=row.document.masked)
        if row.phone is not None:
            phone = row.phone.number.encode()
            self._say(Contact, person, self.today,
                      number_sealed=audit.keys().seal("registry", phone, b"registry:phone:" + person.id.bytes),
                      number_index=audit.keys().index(PHONE_INDEX, phone), number_mask=row.phone.masked)

    def _say(self, model: type[Assertion], person: Person, since: date, **said: object) -> None:
        self.assertions.setdefault(model, []).append(model(
            person=person, division=person.division, valid_from=since, recorded_at=self.now, source=self.source,
            recorded_by=self.by.text, **said,
        ))

    def _row(self, number: int, outcome: str, **said: object) -> ImportedRow:
        return ImportedRow(roster_id=self.roster, division=self.by.division, row=number, outcome=outcome, **said)


def _checked(raw: RawRow, outcome: _Outcome, *, synthetic: bool) -> RosterRow | None:
    row = read_row(raw, synthetic=synthetic, today=outcome.today)
    if isinstance(row, RosterRow) and not outcome.by.scope.contains(row.division):
        row = (Fault("服务站区划代码", str(row.division), "registry.outside-scope",
                      f"这个服务站不归{outcome.by.division_label}管，请核对代码，或请它所在的单位导入。"),)
    if isinstance(row, RosterRow):
        return row
    outcome.refuse(raw.number, row)
    return None


def _separate(rows: Sequence[RosterRow], outcome: _Outcome) -> list[RosterRow]:
    """Rows that open a file; those already on file, twice in the workbook, or on file elsewhere are answered."""
    indexes = {row.number: _index_of(row) for row in rows}
    held = dict(IdentityDocument.objects.filter(number_index__in=list(indexes.values()), superseded_at=None)
                .values_list("number_index", "person_id"))
    here = {bytes(index): person for index, person in held.items()}
    taken = numbers_taken(indexes.values()) - set(here)
    first_row: dict[bytes, int] = {}
    fresh = []
    for row in rows:
        index = indexes[row.number]
        earlier = first_row.setdefault(index, row.number)
        if earlier != row.number:
            outcome.refuse(row.number, [Fault("证件号码", row.document.masked, "registry.twice-in-workbook",
                                               f"和第 {earlier} 行是同一个证件号码，请只留一行。")])
        elif index in here:
            outcome.keep(row.number, here[index])
        elif index in taken:
            outcome.refuse(row.number, [Fault(
                "证件号码", row.document.masked, "registry.on-file-elsewhere",
                "这个证件号码在别的服务站已有档案。请联系市局办理转入，不要重复建档。")])
        else:
            fresh.append(row)
    return fresh


def _index_of(row: RosterRow) -> bytes:
    return audit.keys().index(NUMBER_INDEX, row.document.number.encode())


def _record(outcome: _Outcome, rows: Sequence[RawRow], *, file_name: str, file_digest: bytes) -> None:
    by = outcome.by
    report = RosterImport.objects.create(
        id=outcome.roster, division=by.division, file_name=file_name[:200], file_digest=file_digest,
        uploaded_at=outcome.now, uploaded_by=by.text, total=len(rows), opened=outcome.count("opened"),
        unchanged=outcome.count("unchanged"), refused=outcome.count("refused"),
    )
    ImportedRow.objects.bulk_create(outcome.rows, batch_size=_CHUNK)
    audit.note("registry.roster-imported", by=by.text, role=by.role, about=[f"roster:{report.id}"],
               division=by.division, at=outcome.now,
               detail={"total": report.total, "opened": report.opened, "unchanged": report.unchanged,
                       "refused": report.refused})
