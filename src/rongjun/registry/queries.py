"""Reads of people and of rosters handed in, in the scope of whoever asks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import BigAutoField, BinaryField, Q, QuerySet, Value
from django.db.models.functions import Lower, Replace

from rongjun.audit.api import keys
from rongjun.kernel.errors import Refused, Unfit
from rongjun.kernel.identifiers import DOCUMENT_LABELS, IdentityNumber
from rongjun.kernel.reading import compact
from rongjun.registry.logic import (
    LABEL_OF_CATEGORY,
    RELATION_STATED,
    STATED,
    Tie,
    by_precedence,
    grams,
    sought_name,
)
from rongjun.registry.logic.deciding import AUTHORITIES, CAUSES, WAITING, proposed_label
from rongjun.registry.logic.telling import MERITS, PAYEE_KINDS, PURPOSES
from rongjun.registry.models import (
    Assertion,
    BankAccount,
    Contact,
    Death,
    DisabilityRating,
    Household,
    IdentityDocument,
    ImportedRow,
    Merit,
    Particulars,
    Payee,
    Person,
    Proposal,
    Relation,
    Residence,
    RosterImport,
    Service,
    Servicing,
    Statement,
    Status,
)
from rongjun.registry.privacy_reads import closed_among, is_closed
from rongjun.registry.rights import covered_name

# Purposes of the keys that seal and index what the registry keeps covered.
SEAL = "registry"
NUMBER_INDEX = "registry-identity-number"
PHONE_INDEX = "registry-phone"
ACCOUNT_INDEX = "registry-account"
PAGE = 50
LONGEST_NAME = 50


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
    restricted: bool = False


@dataclass(frozen=True, slots=True)
class PersonFile:
    """The head of a file: masked."""

    line: PersonLine
    phone_mask: str
    household_county: str
    documents: tuple[tuple[int, str, str], ...]  # (assertion id, document type, mask)
    died_on: date | None = None


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
class HeldAccount:
    """An account money goes to, masked; `payee` is None for the person's own."""

    id: int
    payee: UUID | None
    purpose: str
    kind: str
    bank: str
    holder: str
    number_mask: str


@dataclass(frozen=True, slots=True)
class HeldPayee:
    """Who receives for the person: somebody on file (`person`), or named and masked."""

    id: UUID
    kind: str
    person: UUID | None
    name: str
    number_mask: str
    evidence: str


@dataclass(frozen=True, slots=True)
class HeldAssertion:
    """One thing said of a person, masked, in words."""

    kind: str
    id: int
    what: str
    since: date
    until: date | None
    source: str
    evidence: str
    fields: Mapping[str, str]  # what a correction starts from; nothing sealed is in it


@dataclass(frozen=True, slots=True)
class HeldProposal:
    """What somebody proposed of a person, and what became of it."""

    id: UUID
    person: UUID
    name: str
    division: int
    kind: str
    what: str
    authority: str
    document: str
    valid_from: date
    state: str
    made_by: str
    made_at: datetime
    decided_by: str
    decided_at: datetime | None
    reason: str


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


# --- finding people -----------------------------------------------------------------------------------------


def find_people(text: str, *, on: date, known_at: datetime, first: int = 0) -> tuple[list[PersonLine], int]:
    """People whose name holds the text, or whose number ends in four given signs, or has this full number.

    An empty text gives everybody in scope. Returns one page, by name, and the count of all.
    """
    found = _matching(text)
    page = list(found.order_by("name", "id")[first : first + PAGE])
    return lines_for(page, on=on, known_at=known_at), found.count()


def count_matching(text: str) -> int:
    """How many people `find_people` finds."""
    return _matching(text).count()


def everybody_matching(text: str, *, on: date, known_at: datetime) -> list[PersonLine]:
    """Everybody `find_people` finds, in its order, without those whose file is restricted."""
    found = list(_matching(text).order_by("name", "id"))
    return [line for line in lines_for(found, on=on, known_at=known_at) if not line.restricted]


def _matching(text: str) -> QuerySet[Person]:
    if not text.strip():
        return Person.objects.all()
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
    """The same people as lines, four queries for any number; of a restricted file only that there is one."""
    listed = list(people)
    closed = closed_among(person.id for person in listed)
    held = in_force(on, known_at) & Q(person_id__in=[person.id for person in listed])
    masks = dict(
        IdentityDocument.objects.filter(held).order_by("-id").values_list("person_id", "number_mask")
    )
    particulars = {told.person_id: told for told in Particulars.objects.filter(held).order_by("id")}
    categories: dict[UUID, list[str]] = {}
    for status in Status.objects.filter(held).order_by("id"):
        categories.setdefault(status.person_id, []).append(status.category)
    nothing = Particulars()
    return [
        _covered(person)
        if person.id in closed
        else PersonLine(
            id=person.id,
            name=person.name,
            sex=particulars.get(person.id, nothing).sex or None,
            birth_date=particulars.get(person.id, nothing).birth_date,
            division=person.division,
            number_mask=masks.get(person.id, ""),
            categories=tuple(
                LABEL_OF_CATEGORY.get(code, code) for code in by_precedence(categories.get(person.id, ()))
            ),
        )
        for person in listed
    ]


def on_file(ids: Iterable[UUID]) -> frozenset[UUID]:
    """Of these keys, those of files in scope."""
    return frozenset(Person.objects.filter(pk__in=list(ids)).values_list("pk", flat=True))


def _covered(person: Person) -> PersonLine:
    return PersonLine(person.id, covered_name(person.name), None, None, person.division, "", (), True)


def _label(status: Status) -> str:
    return LABEL_OF_CATEGORY.get(status.category, status.category)


# --- one person's file --------------------------------------------------------------------------------------


def file_of(person: UUID, *, on: date, known_at: datetime) -> PersonFile | None:
    """The head of a file; None when there is none in scope. Of a restricted file the line, covered."""
    row = Person.objects.filter(pk=person).first()
    if row is None:
        return None
    (line,) = lines_for([row], on=on, known_at=known_at)
    if line.restricted:
        return PersonFile(line, "", "", ())
    held = in_force(on, known_at) & Q(person=row)
    phone = Contact.objects.filter(held).order_by("-valid_from", "-id").first()
    household = Household.objects.filter(held).order_by("-valid_from", "-id").first()
    documents = IdentityDocument.objects.filter(held).order_by("id")
    return PersonFile(
        line=line,
        phone_mask=phone.number_mask if phone else "",
        household_county=household.county if household else "",
        documents=tuple(documents.values_list("id", "kind", "number_mask")),
        died_on=died_on([person], known_at=known_at).get(person),
    )


def timeline(person: UUID, *, known_at: datetime) -> list[Moment]:
    """Service, categories, ratings and answers of a person as known at a moment, newest first.

    Empty out of scope, and of a restricted file.
    """
    if is_closed(person):
        return []
    said = known(known_at) & Q(person_id=person)
    moments: list[Moment] = []
    for service in Service.objects.filter(said):
        if service.enlisted_on:
            moments.append(Moment(service.enlisted_on, "入伍", service.source, is_key=False))
        if service.discharged_on:
            moments.append(Moment(service.discharged_on, "退役", service.source, is_key=True))
    for status in Status.objects.filter(said):
        moments += _from_until(status, f"登记：{_label(status)}", f"不再登记：{_label(status)}")
    moments += [
        _since(rating, f"残疾等级 {rating.grade} 级", is_key=True)
        for rating in DisabilityRating.objects.filter(said)
    ]
    for relation in _relations(person, known_at=known_at):
        moments += _beginning_and_end(relation)
    moments += [_since(answer, "补充情况") for answer in Statement.objects.filter(said)]
    moments += _standing(said)
    return sorted(moments, key=lambda moment: (moment.on, moment.what), reverse=True)


def _since(said: Assertion, what: str, *, is_key: bool = False) -> Moment:
    return Moment(said.valid_from, what, said.source, is_key=is_key)


def _from_until(said: Assertion, since: str, until: str) -> Iterator[Moment]:
    yield _since(said, since)
    if said.valid_to is not None:
        yield Moment(said.valid_to, until, said.source, is_key=True)


def _standing(said: Q) -> Iterator[Moment]:
    """What is told of life and death, dwelling, station, merits and money."""
    for kind, model, what in _WHAT:
        if kind in _TOLD_AS:
            for row in model._default_manager.filter(said):
                yield _since(row, f"{_TOLD_AS[kind]}{what(row)}", is_key=kind == "death")
    for moved in Servicing.objects.filter(said):
        yield _since(moved, "档案转到别的服务站")


# What stands before each of these on a timeline.
_TOLD_AS = {
    "death": "",
    "merit": "表彰：",
    "residence": "常住地：",
    "account": "收款账户：",
    "payee": "收款人：",
}


def _beginning_and_end(told: Sequence[Relation]) -> Iterator[Moment]:
    first, last = told[0], told[-1]
    yield _since(first, f"登记：{_tie(first).label}")
    if last.valid_to is not None:
        yield Moment(last.valid_to, f"不再是{_tie(last).label}", last.source, is_key=True)


# --- relations ----------------------------------------------------------------------------------------------


def relations_held(person: UUID, *, on: date, known_at: datetime) -> list[HeldRelation]:
    """The person's relations in force on a day, the oldest first; empty out of scope or when restricted."""
    if is_closed(person):
        return []
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
    rows = Relation.objects.filter(known(known_at), person_id=person)
    for row in rows.order_by("valid_from", "id"):
        said.setdefault(row.series, []).append(row)
    return list(said.values())


def _tie(row: Relation) -> Tie:
    return Tie(row.dependant_of, row.relation, row.deceased_kind)


# --- death, payees, accounts --------------------------------------------------------------------------------


def died_on(people: Iterable[UUID], *, known_at: datetime) -> dict[UUID, date]:
    """The day of death of those of these people in scope who are known to have died."""
    told = Death.objects.filter(known(known_at), person_id__in=list(people))
    return dict(told.values_list("person_id", "valid_from"))


def accounts_held(person: UUID, *, on: date, known_at: datetime) -> list[HeldAccount]:
    """The accounts in force on a day of the person and of their payees, masked; by purpose."""
    held = BankAccount.objects.filter(in_force(on, known_at), person_id=person).order_by("purpose", "id")
    return [
        HeldAccount(
            id=row.id,
            payee=None if row.belongs_to == person else row.belongs_to,
            purpose=row.purpose,
            kind=row.kind,
            bank=row.bank,
            holder=row.holder,
            number_mask=row.number_mask,
        )
        for row in held
    ]


def payees_held(person: UUID, *, on: date, known_at: datetime) -> list[HeldPayee]:
    """Those who receive for the person on a day, the oldest first; a payee on file by their newest name."""
    held = Payee.objects.filter(in_force(on, known_at), person_id=person).select_related("payee")
    return [
        HeldPayee(
            id=row.series,
            kind=row.kind,
            person=row.payee_id,
            name=row.payee.name if row.payee else row.name,
            number_mask=row.number_mask,
            evidence=row.evidence,
        )
        for row in held.order_by("valid_from", "id")
    ]


# --- everything said, and what waits ------------------------------------------------------------------------


def assertions_held(person: UUID, *, on: date, known_at: datetime) -> list[HeldAssertion]:
    """Whatever holds of a person on a day or will, kind by kind, so that it can be corrected or ended."""
    standing = known(known_at) & (Q(valid_to=None) | Q(valid_to__gt=on)) & Q(person_id=person)
    return [
        HeldAssertion(
            kind=kind,
            id=row.id,
            what=what(row),
            since=row.valid_from,
            until=row.valid_to,
            source=row.source,
            evidence=row.evidence,
            fields=_clear(row),
        )
        for kind, model, what in _WHAT
        for row in model._default_manager.filter(standing).order_by("valid_from", "id")
    ]


def _clear(row: Assertion) -> dict[str, str]:
    """The columns of a kind's own that lie open, as text; "" for what is not known."""
    common = {field.name for field in Assertion._meta.get_fields()}
    own = [field for field in row._meta.concrete_fields if field.name not in common]
    return {
        field.attname: "" if (value := getattr(row, field.attname)) is None else str(value)
        for field in own
        if not isinstance(field, BinaryField | BigAutoField)
    }


def proposals(*, state: str | None = WAITING, person: UUID | None = None) -> list[HeldProposal]:
    """The proposals in scope, the oldest first; a hundred at most of those in this state (None: any)."""
    asked = Proposal.objects.select_related("person").order_by("made_at", "id")
    if state is not None:
        asked = asked.filter(state=state)
    if person is not None:
        asked = asked.filter(person_id=person)
    return [
        HeldProposal(
            id=row.id,
            person=row.person_id,
            name=row.person.name,
            division=row.person.division,
            kind=row.kind,
            what=proposed_label(row.kind, row.content),
            authority=AUTHORITIES[row.authority],
            document=row.document,
            valid_from=row.valid_from,
            state=row.state,
            made_by=row.made_by,
            made_at=row.made_at,
            decided_by=row.decided_by or "",
            decided_at=row.decided_at,
            reason=row.reason,
        )
        for row in asked[:100]
    ]


def proposals_waiting() -> int:
    """How many proposals in scope wait for a decision."""
    return Proposal.objects.filter(state=WAITING).count()


def _words(words: Mapping[str, str], code: str) -> str:
    return words.get(code, code)


def _rated(row: Any) -> str:
    return f"{_words(CAUSES, row.cause)} {row.grade} 级"


_WHAT: tuple[tuple[str, type[Assertion], Callable[[Any], str]], ...] = (
    ("status", Status, _label),
    ("rating", DisabilityRating, _rated),
    ("particulars", Particulars, lambda row: f"{row.name} {row.birth_date or ''}".strip()),
    ("document", IdentityDocument, lambda row: row.number_mask),
    ("contact", Contact, lambda row: row.number_mask),
    ("service", Service, lambda row: f"{row.enlisted_on or '？'} 至 {row.discharged_on or '今'}"),
    ("household", Household, lambda row: row.county),
    ("residence", Residence, lambda row: row.county),
    ("merit", Merit, lambda row: row.title or MERITS[row.rank]),
    ("account", BankAccount, lambda row: f"{_words(PURPOSES, row.purpose)} {row.bank} {row.number_mask}"),
    ("payee", Payee, lambda row: f"{_words(PAYEE_KINDS, row.kind)} {row.name}".strip()),
    ("death", Death, lambda _row: "去世"),
)


# --- covered numbers ----------------------------------------------------------------------------------------


def open_number(document: int) -> str | None:
    """The full number of one document; None out of scope. The caller has logged the purpose.

    Refused("registry.restricted") when the file is restricted for whoever asks.
    Raises Tampered when the sealed value was changed or belongs to another person or document.
    """
    row = IdentityDocument.objects.filter(pk=document).first()
    if row is None:
        return None
    if is_closed(row.person_id):
        raise Refused("registry.restricted")
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


def address_place(person: UUID) -> bytes:
    """What a sealed address is bound to."""
    return b"registry:address:" + person.bytes


def account_place(person: UUID, index: bytes) -> bytes:
    """What a sealed account number is bound to."""
    return b"registry:account:" + person.bytes + index


def payee_place(person: UUID, index: bytes) -> bytes:
    """What a payee's sealed document number is bound to: the person they receive for, and the number."""
    return b"registry:payee:" + person.bytes + index


def open_account(account: int) -> str | None:
    """The full number of one account; None out of scope. The caller has logged the purpose.

    Raises Tampered when the sealed value was changed or belongs elsewhere.
    """
    row = BankAccount.objects.filter(pk=account).first()
    if row is None:
        return None
    bound_to = account_place(row.person_id, bytes(row.number_index))
    return keys().open(SEAL, bytes(row.number_sealed), bound_to).decode()


def open_address(residence: int) -> str | None:
    """The full address of one residence; as `open_account`."""
    row = Residence.objects.filter(pk=residence).first()
    if row is None:
        return None
    sealed = bytes(row.address_sealed)
    return keys().open(SEAL, sealed, address_place(row.person_id)).decode() if sealed else ""


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
    listed = list(kept.values_list("row", "outcome", "person_id", "person__name", "faults"))
    closed = closed_among(person for _n, _o, person, _name, _f in listed if person)
    return _report(
        row,
        (
            ReportRow(n, o, person, covered_name(name) if person in closed else name or "", tuple(f))
            for n, o, person, name, f in listed
        ),
    )


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
        "people": Person.objects.count(),
        "imports": RosterImport.objects.count(),
        "refused": sum(newest.values_list("refused", flat=True)),
    }
