"""Opens a file for every row of a roster that can be loaded: part by part, so it can be taken up again."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import IntegrityError, connection, transaction

from rongjun.access.api import Actor, Scope, acting_as_job, scope_of
from rongjun.audit import api as audit
from rongjun.kernel.errors import Refused
from rongjun.kernel.identifiers import ForeignPermit, IdentityNumber
from rongjun.kernel.words import translatable, worded
from rongjun.registry.actions.naming import write_terms
from rongjun.registry.actions.writing import insert, insert_values
from rongjun.registry.logic import (
    fit_to_show,
    sought_name,
)
from rongjun.registry.models import (
    DONE,
    RUNNING,
    Assertion,
    Contact,
    DisabilityRating,
    Household,
    IdentityDocument,
    ImportedRow,
    Particulars,
    Person,
    RosterImport,
    RosterPart,
    Service,
    Statement,
    Status,
)
from rongjun.registry.queries.covered import (
    PHONE_INDEX,
    SEAL,
    Held,
    held_numbers,
    number_index,
    number_place,
    numbers_taken,
    phone_place,
)
from rongjun.registry.queries.rosters import import_of, loaded_rows, row_place
from rongjun.registry.roster import Fault, RawRow, RosterRow, read_row

Values = dict[str, Any]  # of one row, by column
PART = 1000  # rows: what one transaction loads, and what a crash makes it do again
_TRIES = 3
_JOB = "registry.load-rosters"


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
    """Take a roster in and load all of it at once, in the caller's transaction if there is one.

    The same file again for the same division returns the first report and changes nothing. A row whose
    document is on file in scope is `unchanged`. Long rosters are better taken in and loaded part by part.
    """
    roster = take_in_roster(rows, file_name=file_name, file_digest=file_digest, by=by, now=now)
    while load_part(roster, synthetic=synthetic, now=now, today=today):
        pass
    return roster


def take_in_roster(
    rows: Sequence[RawRow], *, file_name: str, file_digest: bytes, by: Actor, now: datetime
) -> UUID:
    """Keep every row, sealed, to be loaded by `load_part`; from here on nothing of the file can be lost.

    The same file again for the same division returns the first import, wherever that has come to.
    """
    earlier = import_of(file_digest, division=by.division)
    if earlier:
        return earlier
    try:
        with transaction.atomic():
            return _keep(rows, file_name=_safe_name(file_name), file_digest=file_digest, by=by, now=now)
    except IntegrityError as error:
        # Somebody handed in this very file at the same moment, and has committed by now.
        twin = import_of(file_digest, division=by.division)
        if "roster_import_once" not in str(error) or twin is None:
            raise
        return twin


def load_part(roster: UUID, *, synthetic: bool, now: datetime, today: date) -> bool:
    """Load the next rows of an import that wait; says whether any wait after them. One transaction.

    Whoever loads waits for whoever is loading the same import: a part is loaded once.
    Refused("registry.import-collided") when other imports keep taking the same numbers at the same moment;
    the rows still wait.
    """
    with transaction.atomic():
        report = RosterImport.objects.select_for_update().filter(pk=roster).first()
        part = RosterPart.objects.filter(roster_id=roster).order_by("number").first()
        if report is None or part is None:
            return False
        rows = _unsealed(part)
        for attempt in range(1, _TRIES + 1):
            work = _Work(report, now=now, today=today)
            try:
                with transaction.atomic():
                    work.decide(rows, synthetic=synthetic)
                    work.record()
                break
            except IntegrityError as error:
                if "identity_number_once" not in str(error):
                    raise
                # Whoever was first has committed by now: the next look finds the number on file.
                if attempt == _TRIES:
                    raise Refused("registry.import-collided") from error
        part.delete()
        return work.count()


def load_waiting(*, synthetic: bool, now: datetime, today: date) -> bool:
    """Load the next rows of the oldest import that waits, in the scope it was handed in for.

    For the worker: an import that somebody else is loading is left to them. Says whether it loaded any.
    """
    waiting = RosterImport.objects.select_for_update(skip_locked=True).filter(state=RUNNING)
    found = waiting.order_by("uploaded_at", "id").first()
    if found is None:
        return False
    with acting_as_job(_JOB, scope=scope_of(found.division)):
        load_part(found.pk, synthetic=synthetic, now=now, today=today)
    return True


# --- rows that wait -----------------------------------------------------------------------------------------


def _keep(rows: Sequence[RawRow], *, file_name: str, file_digest: bytes, by: Actor, now: datetime) -> UUID:
    # The import first: of two that bring the same file one waits here.
    report = RosterImport.objects.create(
        division=by.division,
        division_label=by.division_label[:120],
        file_name=file_name,
        file_digest=file_digest,
        uploaded_at=now,
        uploaded_by=by.text,
        role=by.role,
        state=RUNNING if rows else DONE,
        total=len(rows),
        opened=0,
        unchanged=0,
        refused=0,
        waiting=len(rows),
    )
    RosterPart.objects.bulk_create(
        RosterPart(
            roster=report,
            division=by.division,
            number=number,
            rows_sealed=_sealed(report.id, number, rows[first : first + PART]),
        )
        for number, first in enumerate(range(0, len(rows), PART))
    )
    audit.note(
        "registry.roster-taken-in",
        by=by.text,
        role=by.role,
        about=f"roster:{report.id}",
        division=by.division,
        detail={"total": len(rows)},
        at=now,
    )
    return report.id


def _sealed(roster: UUID, number: int, rows: Sequence[RawRow]) -> bytes:
    told = [[row.number, dict(row.values), *(map(str, row.corrects or ()))] for row in rows]
    plain = zlib.compress(json.dumps(told, ensure_ascii=False).encode(), 1)
    return audit.keys().seal(SEAL, plain, _part_place(roster, number))


def _unsealed(part: RosterPart) -> list[RawRow]:
    place = _part_place(part.roster_id, part.number)
    plain = zlib.decompress(audit.keys().open(SEAL, bytes(part.rows_sealed), place))
    return [
        RawRow(number, values, (UUID(corrects[0]), int(corrects[1])) if corrects else None)
        for number, values, *corrects in json.loads(plain)
    ]


def _part_place(roster: UUID, number: int) -> bytes:
    return b"registry:roster-part:" + roster.bytes + number.to_bytes(4, "big")


@dataclass(slots=True)
class _Work:
    """One part at work: a row ends up in exactly one of opened, unchanged and refused."""

    report: RosterImport
    now: datetime
    today: date
    opened: list[RosterRow] = field(default_factory=list)
    unchanged: list[tuple[int, UUID]] = field(default_factory=list)
    refused: list[tuple[int, tuple[Fault, ...]]] = field(default_factory=list)
    raw: dict[int, RawRow] = field(default_factory=dict)

    @property
    def scope(self) -> Scope:
        """The divisions the file was handed in for."""
        return scope_of(self.report.division)

    def decide(self, rows: Sequence[RawRow], *, synthetic: bool) -> None:
        """Sort every row into what becomes of it; writes nothing."""
        self.raw = {raw.number: raw for raw in rows}
        scope, ready = self.scope, []
        for raw in rows:
            row = read_row(raw, synthetic=synthetic, today=self.today)
            if isinstance(row, RosterRow) and not scope.contains(row.division):
                row = (_outside(row, self.report.division_label),)
            if isinstance(row, RosterRow):
                ready.append(row)
            else:
                self.refused.append((raw.number, row))
        self._compare(ready)

    def _compare(self, ready: Sequence[RosterRow]) -> None:
        """With what is on file, with earlier rows of the same file, and with each other."""
        indexes = [number_index(row.document_type, row.document.number) for row in ready]
        here = held_numbers(indexes)
        elsewhere = numbers_taken(indexes) - set(here)
        by_person = loaded_rows(self.report.pk, [held.person for held in here.values()])
        loaded = {index: by_person[held.person] for index, held in here.items() if held.person in by_person}
        for row, index in zip(ready, indexes, strict=True):
            fault = _conflict(
                row, earlier=loaded.get(index), held=here.get(index), elsewhere=index in elsewhere
            )
            if fault:
                self.refused.append((row.number, (fault,)))
                continue
            loaded[index] = row.number
            if index in here:
                self.unchanged.append((row.number, here[index].person))
            else:
                self.opened.append(row)

    def record(self) -> None:
        """Write the files and the fate of every row."""
        people = self._open_files()
        insert_values(
            ImportedRow,
            [
                *(self._row(row.number, "opened", person=people[row.number]) for row in self.opened),
                *(self._row(number, "unchanged", person=person) for number, person in self.unchanged),
                *(self._row(number, "refused", faults=faults) for number, faults in self.refused),
            ],
        )
        self._mark_corrected()

    def count(self) -> bool:
        """Bring the import's figures up to date; note it when nothing waits any more, and say if any does."""
        report = self.report
        report.opened += len(self.opened)
        report.unchanged += len(self.unchanged)
        report.refused += len(self.refused)
        report.waiting -= len(self.raw)
        report.state = RUNNING if report.waiting else DONE
        report.save(update_fields=["opened", "unchanged", "refused", "waiting", "state"])
        if not report.waiting:
            self._note()
        return bool(report.waiting)

    def _note(self) -> None:
        report = self.report
        audit.note(
            "registry.roster-imported",
            by=report.uploaded_by,
            role=report.role,
            about=f"roster:{report.pk}",
            division=report.division,
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
        source = worded("花名册 {file_name}", file_name=self.report.file_name)[:120]
        by = self.report.uploaded_by
        files = [_NewFile(row, by=by, now=self.now, today=self.today, source=source) for row in self.opened]
        insert([file.person for file in files])
        # In the order of their index: two imports with the same numbers cannot wait for each other in a ring.
        documents = sorted((file.document for file in files), key=lambda said: said["number_index"])
        insert_values(IdentityDocument, documents)
        said: dict[type[Assertion], list[Values]] = {}
        for model, values in (each for file in files for each in file.assertions):
            said.setdefault(model, []).append(values)
        for model, rows in said.items():
            insert_values(model, rows)
        write_terms((file.person.id, file.person.division, file.person.name) for file in files)
        return {file.row.number: file.person.id for file in files}

    def _mark_corrected(self) -> None:
        """Refused rows of an earlier import that this one has loaded: what stood in them is forgotten."""
        loaded = [row.number for row in self.opened] + [number for number, _ in self.unchanged]
        mended = [corrects for number in loaded if (corrects := self.raw[number].corrects)]
        if mended:
            with connection.cursor() as cursor:
                cursor.execute(
                    "update registry_importedrow r set corrected_id = %s, original_sealed = null"
                    " from unnest(%s::uuid[], %s::int[]) as m (roster, row)"
                    " where r.roster_id = m.roster and r.row = m.row and r.outcome = 'refused'"
                    " and r.corrected_id is null and r.roster_id <> %s",
                    [
                        self.report.pk,
                        [roster for roster, _ in mended],
                        [row for _, row in mended],
                        self.report.pk,
                    ],
                )

    def _row(
        self, number: int, outcome: str, *, person: UUID | None = None, faults: Iterable[Fault] = ()
    ) -> Values:
        told = [asdict(fault) for fault in faults]
        return {
            "roster_id": self.report.pk,
            "division": self.report.division,
            "row": number,
            "outcome": outcome,
            "person_id": person,
            "faults": told,
            "original_sealed": self._original(number) if told else None,
            "corrected_id": None,
        }

    def _original(self, number: int) -> bytes:
        plain = json.dumps(dict(self.raw[number].values), ensure_ascii=False).encode()
        return audit.keys().seal(SEAL, plain, row_place(self.report.pk, number))


def _outside(row: RosterRow, label: str) -> Fault:
    return Fault(
        translatable("服务站区划代码"),
        str(row.division),
        "registry.outside-scope",
        worded("这个服务站不归{label}管，请核对代码，或请它所在的单位导入。", label=label),
    )


def _conflict(row: RosterRow, *, earlier: int | None, held: Held | None, elsewhere: bool) -> Fault | None:
    """Why a row that reads well cannot be loaded all the same."""
    number = row.document.masked
    if earlier is not None:
        return Fault(
            translatable("证件号码"),
            number,
            "registry.twice-in-workbook",
            worded("和第 {earlier} 行是同一个证件号码，请只留一行。", earlier=earlier),
        )
    if held and sought_name(held.name) != sought_name(row.name):
        return Fault(
            translatable("姓名"),
            row.name,
            "registry.name-differs",
            translatable(
                "这个证件号码已有档案，登记的是另一个姓名。请核对号码和姓名；如果是改了名，请按改名另行办理。"
            ),
        )
    if elsewhere:
        return Fault(
            translatable("证件号码"),
            number,
            "registry.on-file-elsewhere",
            translatable("这个证件号码在别的服务站已有档案。请联系市局办理转入，不要重复建档。"),
        )
    return None


def _safe_name(file_name: str) -> str:
    """A file's name fit to be kept and shown: printable, and without anybody's number."""
    return fit_to_show(file_name)[:200] or "花名册.xlsx"


class _NewFile:
    """What one row opens: a person, the document that identifies them, and all else the row says."""

    def __init__(self, row: RosterRow, *, by: str, now: datetime, today: date, source: str) -> None:
        self.row, self._by, self._today, self._source = row, by, today, source
        self.person = Person(
            id=uuid4(),
            division=row.division,
            name=row.name,
            opened_at=now,
            opened_by=by,
        )
        # Said in every one of a dozen rows: turned into text once.
        self._id, self._now = str(self.person.id), now.isoformat()
        self.document = self._document()
        self.assertions = [
            *self._about_the_person(),
            *self._about_service(),
            *(self._said(Statement, today, fact=fact, value=value) for fact, value in row.stated),
        ]

    def _document(self) -> Values:
        row, number = self.row, self.row.document
        index = number_index(row.document_type, number.number)
        shows_tail = isinstance(number, IdentityNumber | ForeignPermit)
        _, values = self._said(
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
        return values

    def _about_the_person(self) -> Iterable[tuple[type[Assertion], Values]]:
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
                number_tail=row.phone.number[-4:],
            )

    def _about_service(self) -> Iterable[tuple[type[Assertion], Values]]:
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

    def _said(self, model: type[Assertion], since: date, **said: Any) -> tuple[type[Assertion], Values]:
        return model, {
            "person_id": self._id,
            "division": self.person.division,
            "valid_from": since,
            "valid_to": None,
            "recorded_at": self._now,
            "superseded_at": None,
            "source": self._source,
            "evidence": "",
            "recorded_by": self._by,
            **said,
        }
