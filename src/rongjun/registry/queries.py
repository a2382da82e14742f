"""Reads of people, in the scope of whoever asks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from rongjun.audit.api import keys
from rongjun.registry.logic import LABEL_OF_CATEGORY, grams
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

NUMBER_INDEX = "registry-identity-number"
PHONE_INDEX = "registry-phone"
PAGE = 50


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
class Moment:
    """One line of a person's timeline."""

    on: date
    what: str
    detail: str
    is_key: bool


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
    rows: tuple[tuple[int, str, UUID | None, str, tuple[dict[str, str], ...]], ...] = ()


def in_force(on: date, known_at: datetime) -> Q:
    """Assertions that held on a day, as known at a moment."""
    return (
        Q(valid_from__lte=on) & (Q(valid_to=None) | Q(valid_to__gt=on))
        & Q(recorded_at__lte=known_at) & (Q(superseded_at=None) | Q(superseded_at__gt=known_at))
    )


def find_people(text: str, *, on: date, known_at: datetime, first: int = 0) -> tuple[list[PersonLine], int]:
    """People whose name holds the text, or whose number ends in four given signs, or has this full number.

    An empty text gives everybody in scope. Returns one page and the count of all.
    """
    found = _matching(text.strip())
    page = list(found.order_by("name", "id")[first : first + PAGE])
    return lines_for(page, on=on, known_at=known_at), found.count()


def _matching(text: str) -> QuerySet[Person]:
    if not text:
        return Person.objects.all()
    digits = text.upper()
    if len(digits) == 4 and digits[:3].isdigit():
        held = IdentityDocument.objects.filter(superseded_at=None, number_mask__endswith=digits)
        return Person.objects.filter(id__in=held.values("person_id"))
    if len(digits) >= 8 and digits[:-1].isdigit():
        index = keys().index(NUMBER_INDEX, digits.encode())
        held = IdentityDocument.objects.filter(superseded_at=None, number_index=index)
        return Person.objects.filter(id__in=held.values("person_id"))
    return Person.objects.filter(name_grams__contains=grams(text), name__contains="".join(text.split()))


def lines_for(people: Iterable[Person], *, on: date, known_at: datetime) -> list[PersonLine]:
    """The same people as lines, two queries for any number of them."""
    listed = list(people)
    ids = [person.id for person in listed]
    masks = dict(IdentityDocument.objects.filter(in_force(on, known_at), person_id__in=ids)
                 .order_by("-id").values_list("person_id", "number_mask"))
    categories: dict[UUID, list[str]] = {}
    held = Status.objects.filter(in_force(on, known_at), person_id__in=ids).order_by("id")
    for person_id, category in held.values_list("person_id", "category"):
        categories.setdefault(person_id, []).append(LABEL_OF_CATEGORY.get(category, category))
    return [
        PersonLine(p.id, p.name, p.sex, p.birth_date, p.division, masks.get(p.id, ""),
                   tuple(categories.get(p.id, ())))
        for p in listed
    ]


def file_of(person: UUID, *, on: date, known_at: datetime) -> PersonFile | None:
    """The head of a file; None when there is none in scope."""
    row = Person.objects.filter(pk=person).first()
    if row is None:
        return None
    now = in_force(on, known_at)
    phone = Contact.objects.filter(now, person=row).order_by("-id").values_list("number_mask", flat=True).first()
    county = Household.objects.filter(now, person=row).order_by("-valid_from").values_list("county", flat=True).first()
    documents = IdentityDocument.objects.filter(now, person=row).order_by("id")
    return PersonFile(
        line=lines_for([row], on=on, known_at=known_at)[0],
        phone_mask=phone or "",
        household_county=county or "",
        documents=tuple(documents.values_list("id", "kind", "number_mask")),
    )


def timeline(person: UUID, *, known_at: datetime) -> list[Moment]:
    """Everything dated about a person as known at a moment, newest first."""
    known = Q(recorded_at__lte=known_at) & (Q(superseded_at=None) | Q(superseded_at__gt=known_at))

    def rows(model: type[Assertion]) -> Iterable[Assertion]:
        return model._default_manager.filter(known, person_id=person)

    moments: list[Moment] = []
    for service in rows(Service):
        assert isinstance(service, Service)
        if service.enlisted_on:
            moments.append(Moment(service.enlisted_on, "入伍", service.source, is_key=False))
        if service.discharged_on:
            moments.append(Moment(service.discharged_on, "退役", service.source, is_key=True))
    for status in rows(Status):
        assert isinstance(status, Status)
        moments.append(Moment(status.valid_from, "登记：" + LABEL_OF_CATEGORY.get(status.category, status.category),
                              status.source, is_key=False))
    for rating in rows(DisabilityRating):
        assert isinstance(rating, DisabilityRating)
        moments.append(Moment(rating.valid_from, f"残疾等级 {rating.grade} 级", rating.source, is_key=True))
    for stated in rows(Statement):
        assert isinstance(stated, Statement)
        moments.append(Moment(stated.valid_from, "补充情况", stated.source, is_key=False))
    return sorted(moments, key=lambda m: (m.on, m.what), reverse=True)


def open_number(document: int) -> str | None:
    """The full number of one document in scope; the caller must have logged the purpose."""
    row = IdentityDocument.objects.filter(pk=document).first()
    if row is None:
        return None
    return keys().open("registry", bytes(row.number_sealed), bound_to(row.person_id)).decode()


def bound_to(person: UUID) -> bytes:
    """What a sealed number of this person is bound to: moved to another row it does not open."""
    return b"registry:identity-number:" + person.bytes


def reports() -> list[RosterReport]:
    """Workbooks handed in within scope, newest first."""
    return [_report(row) for row in RosterImport.objects.order_by("-uploaded_at")[:100]]


def report(roster: UUID) -> RosterReport | None:
    """One workbook with what became of each row."""
    row = RosterImport.objects.filter(pk=roster).first()
    return None if row is None else _report(row, with_rows=True)


def _report(row: RosterImport, *, with_rows: bool = False) -> RosterReport:
    rows = ImportedRow.objects.filter(roster=row).select_related("person").order_by("row") if with_rows else []
    return RosterReport(
        id=row.id, file_name=row.file_name, uploaded_at=row.uploaded_at, uploaded_by=row.uploaded_by,
        total=row.total, opened=row.opened, unchanged=row.unchanged, refused=row.refused,
        rows=tuple((r.row, r.outcome, r.person_id, r.person.name if r.person else "", tuple(r.faults)) for r in rows),
    )


def counts() -> dict[str, int]:
    """Figures of the first screen: files in scope, workbooks, rows refused and not yet loaded again."""
    return {
        "people": Person.objects.count(),
        "imports": RosterImport.objects.count(),
        "refused": ImportedRow.objects.filter(outcome="refused").count(),
    }
