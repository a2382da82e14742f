"""Opens a file for every row of a roster that can be loaded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction

from rongjun.access.api import Actor
from rongjun.audit import api as audit
from rongjun.kernel.errors import Refused
from rongjun.kernel.identifiers import ForeignPermit, IdentityNumber
from rongjun.registry.actions.saying import Said, insert
from rongjun.registry.logic import (
    fit_to_show,
    grams,
    sought_name,
)
from rongjun.registry.models import (
    Assertion,
    Contact,
    DisabilityRating,
    Household,
    IdentityDocument,
    ImportedRow,
    Particulars,
    Person,
    RosterImport,
    Service,
    Statement,
    Status,
)
from rongjun.registry.queries import (
    PHONE_INDEX,
    SEAL,
    Held,
    held_numbers,
    import_of,
    number_index,
    number_place,
    numbers_taken,
    phone_place,
)
from rongjun.registry.roster import Fault, RawRow, RosterRow, read_row

_CHUNK = 2000


def import_roster(
    rows: Sequence[RawRow],
    *,
    file_name: str,
    file_digest: bytes,
    by: Actor,
    synthetic: bool,
    now: datetime,
    today: date,
) -> UUID:
    """Open a file for every row that can be loaded; keep the reasons for every row that cannot.

    The same file again for the same division returns the first report and changes nothing. A row whose
    document is on file in scope is `unchanged`. Refused("registry.import-collided") when another import took
    one of the numbers at the same moment: nothing was loaded and it may simply be tried again.
    """
    earlier = import_of(file_digest, division=by.division)
    if earlier:
        return earlier
    work = _Import(by=by, now=now, today=today, file_name=_safe_name(file_name), file_digest=file_digest)
    work.decide(rows, synthetic=synthetic)
    try:
        with transaction.atomic():
            work.record()
    except IntegrityError as error:
        if "identity_number_once" not in str(error) and "roster_import_once" not in str(error):
            raise
        # Whoever was first has committed by now; it may have been this very file, handed in twice.
        twin = import_of(file_digest, division=by.division)
        if twin is None:
            raise Refused("registry.import-collided") from error
        return twin
    return work.roster


@dataclass(slots=True)
class _Import:
    """One import at work: a row ends up in exactly one of opened, unchanged and refused."""

    by: Actor
    now: datetime
    today: date
    file_name: str
    file_digest: bytes
    roster: UUID = field(default_factory=uuid4)
    opened: list[RosterRow] = field(default_factory=list)
    unchanged: list[tuple[int, UUID]] = field(default_factory=list)
    refused: list[tuple[int, tuple[Fault, ...]]] = field(default_factory=list)

    def decide(self, rows: Sequence[RawRow], *, synthetic: bool) -> None:
        """Sort every row into what becomes of it; writes nothing."""
        ready = []
        for raw in rows:
            row = read_row(raw, synthetic=synthetic, today=self.today)
            if isinstance(row, RosterRow) and not self.by.scope.contains(row.division):
                row = (_outside(row, self.by),)
            if isinstance(row, RosterRow):
                ready.append(row)
            else:
                self.refused.append((raw.number, row))
        self._compare(ready)

    def _compare(self, ready: Sequence[RosterRow]) -> None:
        """With what is on file, and with each other."""
        indexes = [number_index(row.document_type, row.document.number) for row in ready]
        here = held_numbers(indexes)
        elsewhere = numbers_taken(indexes) - set(here)
        first_row: dict[bytes, int] = {}
        for row, index in zip(ready, indexes, strict=True):
            earlier = first_row.setdefault(index, row.number)
            fault = _conflict(row, earlier=earlier, held=here.get(index), elsewhere=index in elsewhere)
            if fault:
                self.refused.append((row.number, (fault,)))
            elif index in here:
                self.unchanged.append((row.number, here[index].person))
            else:
                self.opened.append(row)

    def record(self) -> None:
        """Write the import, its files and the fate of every row, and note it."""
        # The import first: of two that bring the same file one waits here, before either holds a number.
        report = RosterImport.objects.create(
            id=self.roster,
            division=self.by.division,
            file_name=self.file_name,
            file_digest=self.file_digest,
            uploaded_at=self.now,
            uploaded_by=self.by.text,
            total=len(self.opened) + len(self.unchanged) + len(self.refused),
            opened=len(self.opened),
            unchanged=len(self.unchanged),
            refused=len(self.refused),
        )
        people = self._open_files()
        ImportedRow.objects.bulk_create(
            [
                *(self._row(row.number, "opened", person=people[row.number]) for row in self.opened),
                *(self._row(number, "unchanged", person=person) for number, person in self.unchanged),
                *(self._row(number, "refused", faults=faults) for number, faults in self.refused),
            ],
            batch_size=_CHUNK,
        )
        audit.note(
            "registry.roster-imported",
            by=self.by.text,
            role=self.by.role,
            about=f"roster:{self.roster}",
            division=self.by.division,
            detail={
                "total": report.total,
                "opened": report.opened,
                "unchanged": report.unchanged,
                "refused": report.refused,
            },
            at=self.now,
        )

    def _open_files(self) -> Mapping[int, UUID]:
        """One file a row; returns whose it is by the row's number."""
        source = f"花名册 {self.file_name}"[:120]
        files = [
            _NewFile(row, by=self.by, now=self.now, today=self.today, source=source) for row in self.opened
        ]
        Person.objects.bulk_create([file.person for file in files], batch_size=_CHUNK)
        # In the order of their index: two imports with the same numbers cannot wait for each other in a ring.
        documents = sorted((file.document for file in files), key=lambda said: bytes(said.number_index))
        insert(documents)
        said: dict[type[Assertion], list[Assertion]] = {}
        for assertion in (each for file in files for each in file.assertions):
            said.setdefault(type(assertion), []).append(assertion)
        for assertions in said.values():
            insert(assertions)
        return {file.row.number: file.person.id for file in files}

    def _row(
        self, number: int, outcome: str, *, person: UUID | None = None, faults: Iterable[Fault] = ()
    ) -> ImportedRow:
        return ImportedRow(
            roster_id=self.roster,
            division=self.by.division,
            row=number,
            outcome=outcome,
            person_id=person,
            faults=[asdict(fault) for fault in faults],
        )


def _outside(row: RosterRow, by: Actor) -> Fault:
    return Fault(
        "服务站区划代码",
        str(row.division),
        "registry.outside-scope",
        f"这个服务站不归{by.division_label}管，请核对代码，或请它所在的单位导入。",
    )


def _conflict(row: RosterRow, *, earlier: int, held: Held | None, elsewhere: bool) -> Fault | None:
    """Why a row that reads well cannot be loaded all the same."""
    number = row.document.masked
    if earlier != row.number:
        return Fault(
            "证件号码",
            number,
            "registry.twice-in-workbook",
            f"和第 {earlier} 行是同一个证件号码，请只留一行。",
        )
    if held and sought_name(held.name) != sought_name(row.name):
        return Fault(
            "姓名",
            row.name,
            "registry.name-differs",
            "这个证件号码已有档案，登记的是另一个姓名。请核对号码和姓名；如果是改了名，请按改名另行办理。",
        )
    if elsewhere:
        return Fault(
            "证件号码",
            number,
            "registry.on-file-elsewhere",
            "这个证件号码在别的服务站已有档案。请联系市局办理转入，不要重复建档。",
        )
    return None


def _safe_name(file_name: str) -> str:
    """A file's name fit to be kept and shown: printable, and without anybody's number."""
    return fit_to_show(file_name)[:200] or "花名册.xlsx"


class _NewFile:
    """What one row opens: a person, the document that identifies them, and all else the row says."""

    def __init__(self, row: RosterRow, *, by: Actor, now: datetime, today: date, source: str) -> None:
        self.row, self._by, self._now, self._today, self._source = row, by, now, today, source
        self.person = Person(
            id=uuid4(),
            division=row.division,
            name=row.name,
            name_grams=grams(row.name),
            opened_at=now,
            opened_by=by.text,
        )
        self.document = self._document()
        self.assertions = [
            *self._about_the_person(),
            *self._about_service(),
            *(self._said(Statement, today, fact=fact, value=value) for fact, value in row.stated),
        ]

    def _document(self) -> IdentityDocument:
        row, number = self.row, self.row.document
        index = number_index(row.document_type, number.number)
        shows_tail = isinstance(number, IdentityNumber | ForeignPermit)
        return self._said(
            IdentityDocument,
            self._today,
            kind=row.document_type,
            number_sealed=audit.keys().seal(
                SEAL, number.number.encode(), number_place(self.person.id, index)
            ),
            number_index=index,
            number_mask=number.masked,
            number_tail=number.number[-4:] if shows_tail else "",
        )

    def _about_the_person(self) -> Iterable[Assertion]:
        row, today = self.row, self._today
        yield self._said(
            Particulars, row.birth_date or today, name=row.name, sex=row.sex, birth_date=row.birth_date
        )
        if row.household_county or row.household_kind:
            yield self._said(Household, today, county=row.household_county, kind=row.household_kind)
        if row.disability_grade is not None:
            yield self._said(DisabilityRating, today, grade=row.disability_grade, cause=row.disability_cause)
        if row.phone is not None:
            phone = row.phone.number.encode()
            yield self._said(
                Contact,
                today,
                number_sealed=audit.keys().seal(SEAL, phone, phone_place(self.person.id)),
                number_index=audit.keys().index(PHONE_INDEX, phone),
                number_mask=row.phone.masked,
            )

    def _about_service(self) -> Iterable[Assertion]:
        row, today = self.row, self._today
        for category in row.statuses:
            # Only for a veteran does the roster say since when; all else holds as of today.
            since = row.discharged_on if category == "veteran" else None
            yield self._said(Status, since or today, category=category)
        if row.enlisted_on or row.discharged_on or row.rank_group or row.placement_mode:
            yield self._said(
                Service,
                row.enlisted_on or row.discharged_on or today,
                enlisted_on=row.enlisted_on,
                discharged_on=row.discharged_on,
                rank_group=row.rank_group,
                placement_mode=row.placement_mode,
            )

    def _said(self, model: type[Said], since: date, **said: object) -> Said:
        return model(
            person=self.person,
            division=self.person.division,
            valid_from=since,
            recorded_at=self._now,
            source=self._source,
            recorded_by=self._by.text,
            **said,
        )
