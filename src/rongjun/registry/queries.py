"""Reads of people and of rosters handed in, in the scope of whoever asks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Lower, Replace

from rongjun.audit.api import keys
from rongjun.kernel.errors import Unfit
from rongjun.kernel.identifiers import DOCUMENT_LABELS, IdentityNumber
from rongjun.kernel.reading import compact
from rongjun.registry.duplicates import roots_of
from rongjun.registry.logic import (
    LABEL_OF_CATEGORY,
    RELATION_STATED,
    STATED,
    Tie,
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
    Merge,
    Particulars,
    Person,
    Relation,
    RosterImport,
    Service,
    Statement,
    Status,
)

# Purposes of the keys that seal and index what the registry keeps covered.
SEAL = "registry"
NUMBER_INDEX = "registry-identity-number"
PHONE_INDEX = "registry-phone"
PAGE = 50
LONGEST_NAME = 50
# Asked as known at this moment, pointers that have not ended are those there are.
LATEST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class PersonLine:
    """One person in a list: masked."""

    id: UUID
    name: str
    sex: str | None
    birth_date: date | None
    division: int
    number_mask: str
    categories: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PersonFile:
    """The head of a file: masked."""

    line: PersonLine
    phone_mask: str
    household_county: str
    documents: tuple[tuple[int, str, str], ...]  # (assertion id, document type, mask)


@dataclass(frozen=True, slots=True)
class HeldRelation:
    """One relation of a person to a soldier: since when, until when if it has an end, and what is stated."""

    id: UUID
    label: str
    since: date
    until: date | None
    stated: dict[str, str]
    source: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of a person's timeline."""

    on: date
    what: str
    detail: str
    is_key: bool


class ReportRow(NamedTuple):
    """What became of one row; `name` is "" for a refused row and for a person since moved out of scope."""

    number: int
    outcome: str
    person: UUID | None
    name: str
    faults: tuple[dict[str, str], ...]


@dataclass(frozen=True, slots=True)
class RosterReport:
    """What became of a workbook. total = opened + unchanged + refused."""

    id: UUID
    file_name: str
    uploaded_at: datetime
    uploaded_by: str
    total: int
    opened: int
    unchanged: int
    refused: int
    rows: tuple[ReportRow, ...] = ()


# --- what is known when -------------------------------------------------------------------------------------


def known(known_at: datetime) -> Q:
    """Assertions as they were known at a moment."""
    return Q(recorded_at__lte=known_at) & (Q(superseded_at=None) | Q(superseded_at__gt=known_at))


def in_force(on: date, known_at: datetime) -> Q:
    """Assertions that held on a day, as known at a moment."""
    return known(known_at) & Q(valid_from__lte=on) & (Q(valid_to=None) | Q(valid_to__gt=on))


# --- several files of one person ----------------------------------------------------------------------------


def pointers(known_at: datetime) -> dict[UUID, UUID]:
    """Every file in scope that was merged into another, and the kept file of that person, at a moment."""
    held = Merge.objects.filter(at__lte=known_at).filter(Q(ended_at=None) | Q(ended_at__gt=known_at))
    return roots_of(dict(held.values_list("other_id", "kept_id")))


def files_of(person: UUID, known_at: datetime = LATEST) -> RawSQL:
    """The person's file and every one merged into it, as known at a moment: for `person_id__in`."""
    return RawSQL("select registry_files_of(%s, %s)", [person, known_at])


def kept_file(file: UUID, *, known_at: datetime = LATEST) -> UUID:
    """The file a file was merged into, at the end of the chain; itself when it was not, or out of scope."""
    with connection.cursor() as cursor:
        cursor.execute("select registry_root_of(%s, %s)", [file, known_at])
        root: UUID = cursor.fetchone()[0]
    return root


def merged_into(people: Sequence[UUID], *, known_at: datetime) -> dict[UUID, UUID]:
    """Every file merged into one of these people's, with the kept one it belongs to."""
    sql = """
        select file, kept from unnest(%s::uuid[]) kept, registry_files_of(kept, %s) file where file <> kept
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, [list(people), known_at])
        return dict(cursor.fetchall())


def _pointing() -> QuerySet[Merge]:
    """Pointers that hold now, from the file of the outer query."""
    return Merge.objects.filter(other=OuterRef("pk"), at__isnull=False, ended_at=None)


def not_merged() -> QuerySet[Person]:
    """The files in scope that are somebody's: not merged into another, as of now."""
    return Person.objects.filter(~Exists(_pointing()))


# --- finding people -----------------------------------------------------------------------------------------


def find_people(text: str, *, on: date, known_at: datetime, first: int = 0) -> tuple[list[PersonLine], int]:
    """People whose name holds the text, or whose number ends in four given signs, or has this full number.

    An empty text gives everybody in scope; who is found by a merged file is shown as the kept one. Returns
    one page, by name, and the count of all.
    """
    found = _kept(_matching(text)) if text.strip() else not_merged()
    page = list(found.order_by("name", "id")[first : first + PAGE])
    return lines_for(page, on=on, known_at=known_at), found.count()


def _kept(found: QuerySet[Person]) -> QuerySet[Person]:
    """The same people by their kept files."""
    merged = found.filter(Exists(_pointing())).values_list("id", flat=True)
    kept = {kept_file(file) for file in merged}
    if not kept:
        return found
    return not_merged().filter(Q(id__in=found.values("id")) | Q(id__in=kept))


def _matching(text: str) -> QuerySet[Person]:
    sought = sought_name(text)
    typed = compact(sought)
    if len(typed) >= 8 and any(sign.isdecimal() for sign in typed):
        documents = IdentityDocument.objects.filter(number_index__in=_indexes_of(typed))
        numbered = Person.objects.filter(_holding(documents))
        if numbered.exists():
            return numbered
    if not 0 < len(sought) <= LONGEST_NAME:
        return Person.objects.none()
    # Comparing the whole drops those who hold the same pairs in another order.
    named = Q(name_grams__contains=grams(text), sought__contains=sought)
    if _is_tail(typed):
        named |= _holding(IdentityDocument.objects.filter(number_tail=typed))
    return Person.objects.alias(sought=Lower(Replace("name", Value(" ")))).filter(named)


def _is_tail(typed: str) -> bool:
    return len(typed) == 4 and typed[:3].isdecimal() and (typed[3].isdecimal() or typed[3] == "X")


def _holding(documents: QuerySet[IdentityDocument]) -> Q:
    return Q(id__in=documents.filter(superseded_at=None).values("person_id"))


def _indexes_of(typed: str) -> list[bytes]:
    """The index of a number as typed under every type of document; a 15-digit number in its modern form."""
    with suppress(Unfit):  # not a citizen's number: another document's, or a name with digits
        typed = IdentityNumber.from_text(typed, accept_legacy=True).number
    return [number_index(kind, typed) for kind in DOCUMENT_LABELS]


def lines_of(ids: Iterable[UUID], *, on: date, known_at: datetime) -> list[PersonLine]:
    """Lines of the people with these ids who are in scope, by name."""
    return lines_for(Person.objects.filter(pk__in=list(ids)).order_by("name", "id"), on=on, known_at=known_at)


def lines_for(people: Iterable[Person], *, on: date, known_at: datetime) -> list[PersonLine]:
    """The same people as lines, each by all their files, four queries for any number of them."""
    listed = list(people)
    kept = merged_into([person.id for person in listed], known_at=known_at)
    held = in_force(on, known_at) & Q(person_id__in=[*(person.id for person in listed), *kept])

    def whose(said: Assertion) -> UUID:
        return kept.get(said.person_id, said.person_id)

    def own_last(said: Assertion) -> bool:
        return said.person_id not in kept

    documents = sorted(IdentityDocument.objects.filter(held).order_by("-id"), key=own_last)
    masks = {whose(document): document.number_mask for document in documents}
    told = sorted(Particulars.objects.filter(held).order_by("id"), key=own_last)
    particulars = {whose(each): each for each in told}
    categories: dict[UUID, dict[str, None]] = {}
    for status in Status.objects.filter(held).order_by("id"):
        categories.setdefault(whose(status), {})[_label(status)] = None
    nothing = Particulars()
    return [
        PersonLine(
            id=person.id,
            name=person.name,
            sex=particulars.get(person.id, nothing).sex or None,
            birth_date=particulars.get(person.id, nothing).birth_date,
            division=person.division,
            number_mask=masks.get(person.id, ""),
            categories=tuple(categories.get(person.id, ())),
        )
        for person in listed
    ]


def _label(status: Status) -> str:
    return LABEL_OF_CATEGORY.get(status.category, status.category)


# --- one person's file --------------------------------------------------------------------------------------


def file_of(person: UUID, *, on: date, known_at: datetime) -> PersonFile | None:
    """The head of a person's file; of the kept one for a file merged into it; None out of scope."""
    row = Person.objects.filter(pk=RawSQL("registry_root_of(%s, %s)", [person, known_at])).first()
    if row is None:
        return None
    held = in_force(on, known_at) & Q(person_id__in=files_of(row.id, known_at))
    phone = Contact.objects.filter(held).order_by("-valid_from", "-id").first()
    household = Household.objects.filter(held).order_by("-valid_from", "-id").first()
    documents = IdentityDocument.objects.filter(held).order_by("id")
    return PersonFile(
        line=lines_for([row], on=on, known_at=known_at)[0],
        phone_mask=phone.number_mask if phone else "",
        household_county=household.county if household else "",
        documents=tuple(documents.values_list("id", "kind", "number_mask")),
    )


def timeline(person: UUID, *, known_at: datetime) -> list[Moment]:
    """Service, categories, ratings and answers of a person as known at a moment, newest first."""
    said = known(known_at) & Q(person_id__in=files_of(person, known_at))
    moments: list[Moment] = []
    for service in Service.objects.filter(said):
        if service.enlisted_on:
            moments.append(Moment(service.enlisted_on, "入伍", service.source, is_key=False))
        if service.discharged_on:
            moments.append(Moment(service.discharged_on, "退役", service.source, is_key=True))
    moments += [_since(status, f"登记：{_label(status)}") for status in Status.objects.filter(said)]
    moments += [
        _since(rating, f"残疾等级 {rating.grade} 级", is_key=True)
        for rating in DisabilityRating.objects.filter(said)
    ]
    for relation in _relations(person, known_at=known_at):
        moments += _beginning_and_end(relation)
    moments += [_since(answer, "补充情况") for answer in Statement.objects.filter(said)]
    return sorted(moments, key=lambda moment: (moment.on, moment.what), reverse=True)


def _since(said: Assertion, what: str, *, is_key: bool = False) -> Moment:
    return Moment(said.valid_from, what, said.source, is_key=is_key)


def _beginning_and_end(told: Sequence[Relation]) -> Iterator[Moment]:
    first, last = told[0], told[-1]
    yield _since(first, f"登记：{_tie(first).label}")
    if last.valid_to is not None:
        yield Moment(last.valid_to, f"不再是{_tie(last).label}", last.source, is_key=True)


# --- relations ----------------------------------------------------------------------------------------------


def relations_held(person: UUID, *, on: date, known_at: datetime) -> list[HeldRelation]:
    """The person's relations in force on a day, the oldest first; empty out of scope."""
    return [
        HeldRelation(
            id=row.series,
            label=_tie(row).label,
            since=told[0].valid_from,
            until=told[-1].valid_to,
            stated=row.stated,
            source=row.source,
            evidence=row.evidence,
        )
        for told in _relations(person, known_at=known_at)
        for row in told
        if row.valid_from <= on and (row.valid_to is None or row.valid_to > on)
    ]


def askable(person: UUID, *, on: date, known_at: datetime) -> frozenset[str]:
    """The facts somebody can state of this person; of a relation only while the person has exactly one."""
    only = len(relations_held(person, on=on, known_at=known_at)) == 1
    return frozenset(STATED) | (frozenset(RELATION_STATED) if only else frozenset())


def _relations(person: UUID, *, known_at: datetime) -> list[list[Relation]]:
    """What is known of each relation of a person, day by day: the relations by their first day."""
    said: dict[UUID, list[Relation]] = {}
    rows = Relation.objects.filter(known(known_at), person_id__in=files_of(person, known_at))
    for row in rows.order_by("valid_from", "id"):
        said.setdefault(row.series, []).append(row)
    return list(said.values())


def _tie(row: Relation) -> Tie:
    return Tie(row.dependant_of, row.relation, row.deceased_kind)


# --- covered numbers ----------------------------------------------------------------------------------------


def open_number(document: int) -> str | None:
    """The full number of one document; None out of scope. The caller has logged the purpose.

    Raises Tampered when the sealed value was changed or belongs to another person or document.
    """
    row = IdentityDocument.objects.filter(pk=document).first()
    if row is None:
        return None
    bound_to = number_place(row.person_id, bytes(row.number_index))
    return keys().open(SEAL, bytes(row.number_sealed), bound_to).decode()


def number_index(kind: str, number: str) -> bytes:
    """By what a document's number is found again without being readable."""
    return keys().index(NUMBER_INDEX, f"{kind}:{number}".encode())


def number_place(person: UUID, index: bytes) -> bytes:
    """What a sealed number is bound to: moved to another person or document it does not open."""
    return b"registry:identity-number:" + person.bytes + index


def phone_place(person: UUID) -> bytes:
    """What a sealed telephone number is bound to."""
    return b"registry:phone:" + person.bytes


class Held(NamedTuple):
    """Whose document a number is, for numbers on file within scope."""

    person: UUID
    name: str


def held_numbers(indexes: Sequence[bytes]) -> dict[bytes, Held]:
    """Of these numbers, those on file within scope, and whose they are."""
    sql = """
        select d.number_index, p.id, p.name from registry_identitydocument d
        join registry_person p on p.id = d.person_id
        where d.number_index = any (%s::bytea[]) and d.superseded_at is null
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, [list(indexes)])
        return {bytes(index): Held(person, name) for index, person, name in cursor.fetchall()}


def numbers_taken(indexes: Sequence[bytes]) -> set[bytes]:
    """Which of these numbers are on file anywhere: yes or no, never whose (a function of the database)."""
    with connection.cursor() as cursor:
        cursor.execute("select registry_numbers_taken(%s::bytea[])", [list(indexes)])
        return {bytes(row[0]) for row in cursor.fetchall()}


# --- rosters handed in --------------------------------------------------------------------------------------


def import_of(file_digest: bytes, *, division: int) -> UUID | None:
    """The import of this very file for this division, if there was one."""
    handed_in = RosterImport.objects.filter(file_digest=file_digest, division=division)
    return handed_in.values_list("id", flat=True).first()


def reports() -> list[RosterReport]:
    """The last hundred workbooks handed in within scope, newest first."""
    return [_report(row, ()) for row in RosterImport.objects.order_by("-uploaded_at", "id")[:100]]


def report(roster: UUID) -> RosterReport | None:
    """One workbook with what became of each row; None out of scope."""
    row = RosterImport.objects.filter(pk=roster).first()
    if row is None:
        return None
    kept = ImportedRow.objects.filter(roster=row).order_by("row")
    listed = kept.values_list("row", "outcome", "person_id", "person__name", "faults")
    return _report(row, (ReportRow(n, o, person, name or "", tuple(f)) for n, o, person, name, f in listed))


def _report(row: RosterImport, rows: Iterable[ReportRow]) -> RosterReport:
    return RosterReport(
        id=row.id,
        file_name=row.file_name,
        uploaded_at=row.uploaded_at,
        uploaded_by=row.uploaded_by,
        total=row.total,
        opened=row.opened,
        unchanged=row.unchanged,
        refused=row.refused,
        rows=tuple(rows),
    )


def counties() -> list[int]:
    """The counties whose divisions serve somebody in scope, as twelve digits, in order."""
    with connection.cursor() as cursor:
        cursor.execute("select distinct division / 1000000 * 1000000 from registry_person order by 1")
        return [county for (county,) in cursor.fetchall()]


def counts() -> dict[str, int]:
    """Figures of the first screen: files in scope, workbooks, rows still refused.

    A workbook handed in again under the same name takes the place of the earlier one.
    """
    newest = RosterImport.objects.order_by("division", "file_name", "-uploaded_at", "id")
    newest = newest.distinct("division", "file_name")
    return {
        "people": not_merged().count(),
        "imports": RosterImport.objects.count(),
        "refused": sum(newest.values_list("refused", flat=True)),
    }
