"""Reads of people and of rosters handed in, in the scope of whoever asks."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import BigAutoField, BinaryField, Count, F, Q, QuerySet, Sum
from django.db.models.expressions import RawSQL
from django.db.models.functions import TruncDate

from rongjun.access.api import Scope
from rongjun.audit.api import keys
from rongjun.kernel.balance import Balance
from rongjun.kernel.errors import Refused, Unfit
from rongjun.kernel.identifiers import DOCUMENT_LABELS, IdentityNumber, Phone
from rongjun.kernel.reading import compact
from rongjun.places import api as places
from rongjun.registry.cutover import Entry
from rongjun.registry.logic import (
    LABEL_OF_CATEGORY,
    RECORDED,
    RELATION_STATED,
    STATED,
    Tie,
    by_precedence,
    sought_name,
)
from rongjun.registry.logic.deciding import AUTHORITIES, CAUSES, WAITING, proposed_label
from rongjun.registry.logic.telling import MERITS, PAYEE_KINDS, PURPOSES
from rongjun.registry.models import (
    Assertion,
    BankAccount,
    Contact,
    CutoverImport,
    CutoverRecord,
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
from rongjun.registry.queries.merged import (
    all_files_of,
    as_kept,
    files_of,
    merged_into,
    not_merged,
)
from rongjun.registry.queries.privacy import closed_among, is_closed
from rongjun.registry.rights import covered_name
from rongjun.registry.spelling import ranges, whole_names

# Purposes of the keys that seal and index what the registry keeps covered.
SEAL = "registry"
NUMBER_INDEX = "registry-identity-number"
PHONE_INDEX = "registry-phone"
ACCOUNT_INDEX = "registry-account"
CARD_INDEX = "registry-card"
PAGE = 50
LONGEST_NAME = 50
SHORTEST_NUMBER = 8  # signs: of the documents we read none is shorter
MOST_FOUND = 1000  # whoever finds more people than that types another letter
MOST_LISTED = 10_000
_FEW_STATIONS = 10**6  # codes: a street has as many
COVERED_ADDRESS = "＊＊＊＊＊＊"
# Kinds of assertion that keep something sealed.
COVERED: Mapping[str, type[Assertion]] = {
    "document": IdentityDocument,
    "contact": Contact,
    "account": BankAccount,
    "payee": Payee,
    "residence": Residence,
}


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
class FileHead:
    """Whose file it is and who serves it, for pages that need no more of the head."""

    id: UUID
    name: str
    division: int
    restricted: bool


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
    mask: str  # stands where `open_covered` gives the whole; "" when nothing is covered


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
    """One line of a person's timeline; of a statement also the fact and the value it was stated with."""

    on: date
    what: str
    detail: str
    is_key: bool
    fact: str = ""
    value: str = ""


class ReportRow(NamedTuple):
    """What became of one row; `name` is "" for a refused row and for a person since moved out of scope."""

    number: int
    outcome: str
    person: UUID | None
    name: str
    faults: tuple[dict[str, str], ...]


class RefusedRow(NamedTuple):
    """A refused row as it stood in the file, unmasked, with its faults."""

    number: int
    values: dict[str, str]
    faults: tuple[dict[str, str], ...]


@dataclass(frozen=True, slots=True)
class RosterReport:
    """What became of a file. total = opened + unchanged + refused + waiting; some refused since corrected."""

    id: UUID
    file_name: str
    uploaded_at: datetime
    uploaded_by: str
    total: int
    opened: int
    unchanged: int
    refused: int
    waiting: int = 0
    corrected: int = 0
    rows: tuple[ReportRow, ...] = ()
    mended: frozenset[int] = frozenset()  # numbers of refused rows that a later import has loaded


# --- what is known when -------------------------------------------------------------------------------------


def known(known_at: datetime) -> Q:
    """Assertions as they were known at a moment."""
    return Q(recorded_at__lte=known_at) & (Q(superseded_at=None) | Q(superseded_at__gt=known_at))


def in_force(on: date, known_at: datetime) -> Q:
    """Assertions that held on a day, as known at a moment."""
    return known(known_at) & Q(valid_from__lte=on) & (Q(valid_to=None) | Q(valid_to__gt=on))


# --- finding people -----------------------------------------------------------------------------------------


def find_people(
    text: str, *, on: date, known_at: datetime, first: int = 0, scope: Scope | None = None
) -> tuple[list[PersonLine], int]:
    """People found by name, pinyin, initials, the last four signs of a number, or a whole number or phone.

    The exact name comes first, then names that begin so, then the rest. An empty text gives everybody in
    scope, by name. Returns one page, and the count of all up to MOST_FOUND (MOST_LISTED for everybody).
    `scope` repeats what the database enforces, so that a station's few are not looked for among all. Who is
    found by a merged file is shown as the kept one.
    """
    if not text.strip():
        ids, total = _everybody(scope, first=first)
    else:
        found = as_kept(_matching(text, scope))
        ids, total = found[first : first + PAGE], len(found)
    return lines_for(_in_order(ids), on=on, known_at=known_at), total


def count_matching(text: str, *, scope: Scope | None = None) -> int:
    """How many people `find_people` lists; everybody in scope for an empty text."""
    return len(as_kept(_matching(text, scope))) if text.strip() else not_merged().count()


def everybody_matching(
    text: str, *, on: date, known_at: datetime, scope: Scope | None = None
) -> list[PersonLine]:
    """Everybody `find_people` lists, in its order, without those whose file is restricted."""
    everybody = not_merged().order_by("name", "id")
    found = _in_order(as_kept(_matching(text, scope))) if text.strip() else everybody
    return [line for line in lines_for(found, on=on, known_at=known_at) if not line.restricted]


def is_whole_number(text: str) -> bool:
    """Whether this could be somebody's whole number, which may not stand in an address."""
    typed = compact(text)
    return len(typed) >= SHORTEST_NUMBER and sum(sign.isdecimal() for sign in typed) >= SHORTEST_NUMBER - 2


# Asked for together, the planner would first gather everybody in scope, whom it takes for a few.
_EACH = """
    select p.* from unnest(%s::uuid[]) with ordinality as wanted (id, place)
    cross join lateral (select * from registry_person where id = wanted.id limit 1) p order by wanted.place
"""


def _in_order(ids: Sequence[UUID]) -> list[Person]:
    return list(Person.objects.raw(_EACH, [list(ids)])) if ids else []


def _matching(text: str, scope: Scope | None) -> list[UUID]:
    typed = compact(sought_name(text))
    if is_whole_number(text):
        numbered = _numbered(typed)
        if numbered:
            return numbered
    if len(sought_name(text)) > LONGEST_NAME:
        return []
    ids = _named(ranges(text), scope, most=MOST_FOUND)
    return list(dict.fromkeys([*(_ending_in(typed) if _is_tail(typed) else ()), *ids]))[:MOST_FOUND]


def _numbered(typed: str) -> list[UUID]:
    """Whose document or telephone has this whole number."""
    documents = IdentityDocument.objects.filter(number_index__in=_indexes_of(typed), superseded_at=None)
    found = list(documents.values_list("person_id", flat=True))
    with suppress(Unfit):
        phone = keys().index(PHONE_INDEX, Phone.from_text(typed).number.encode())
        contacts = Contact.objects.filter(number_index=phone, superseded_at=None)
        found += contacts.order_by("person__name", "id").values_list("person_id", flat=True)[:PAGE]
    return list(dict.fromkeys(found))


def _ending_in(tail: str) -> list[UUID]:
    """Whose document or telephone ends in these four signs, by name."""
    found: set[UUID] = set()
    for table in (IdentityDocument, Contact):
        numbers = table._default_manager.filter(number_tail=tail, superseded_at=None)
        found |= set(numbers.values_list("person_id", flat=True)[:MOST_FOUND])
    return [person.id for person in sorted(_in_order(list(found)), key=lambda each: (each.name, each.id))]


# The planner takes any scope for one row in two hundred, and would call helpers dearer than the search.
_ALONE = "select set_config('max_parallel_workers_per_gather', '0', true)"
# Each range is read in the order of an index and no farther than needed, however many hold the words.
_RANGE = """
    (select {place} as place, term, person_id from registry_nameterm
     where term >= %s and term < %s {within} order by term, person_id limit %s)
"""


def _named(wanted: Sequence[tuple[str, str]], scope: Scope | None, *, most: int) -> list[UUID]:
    within, bounds = _within(scope)
    sql = " union all ".join(_RANGE.format(place=place, within=within) for place in range(len(wanted)))
    params: list[str | int] = []
    for lo, hi in wanted:
        params += [lo, hi, *bounds, most]
    if not wanted:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_ALONE)
        cursor.execute(f"select * from ({sql}) found order by place, term, person_id", params)  # noqa: S608
        return list(dict.fromkeys(person for _, _, person in cursor.fetchall()))[:most]


def _within(scope: Scope | None) -> tuple[str, list[int]]:
    """Told apart only for a few stations: of a whole district every tenth person found is in scope anyway."""
    if scope is None or scope.hi - scope.lo >= _FEW_STATIONS:
        return "", []
    return "and served_by between %s and %s", [scope.lo, scope.hi]


# As `not_merged`, for a list of names.
_UNMERGED = """
    and not exists (select from registry_merge m where m.other_id = registry_nameterm.person_id
                    and m.at is not null and m.ended_at is null)
"""


def _everybody(scope: Scope | None, *, first: int) -> tuple[list[UUID], int]:
    lo, hi = whole_names()
    within, bounds = _within(scope)
    within += _UNMERGED
    some = f"select from registry_nameterm where term >= %s and term < %s {within} limit %s"
    counted = f"select count(*) from ({some}) n"  # noqa: S608 - our names
    with connection.cursor() as cursor:
        cursor.execute(_ALONE)
        cursor.execute(counted, [lo, hi, *bounds, MOST_LISTED])
        (total,) = cursor.fetchone()
        page, first = _RANGE.format(place=0, within=within), min(first, MOST_LISTED)
        cursor.execute(f"{page} offset %s", [lo, hi, *bounds, first + PAGE, first])
        return [person for _, _, person in cursor.fetchall()], total


def _is_tail(typed: str) -> bool:
    return len(typed) == 4 and typed[:3].isdecimal() and (typed[3].isdecimal() or typed[3] == "X")


def _indexes_of(typed: str) -> list[bytes]:
    """The index of a number as typed under every type of document; a 15-digit number in its modern form."""
    with suppress(Unfit):  # not a citizen's number: another document's, or a name with digits
        typed = IdentityNumber.from_text(typed, accept_legacy=True).number
    return [number_index(kind, typed) for kind in DOCUMENT_LABELS]


class Whereabouts(NamedTuple):
    """Where a number is on file: the person (for the evidence only), the station, the name's first sign."""

    person: UUID
    division: int
    masked_name: str


def whereabouts(typed: str) -> Whereabouts | None:
    """Where a document's whole number is on file in the whole city; None when nowhere, or not permitted."""
    with connection.cursor() as cursor:
        cursor.execute("select * from registry_look_up(%s::bytea[])", [_indexes_of(compact(typed))])
        row = cursor.fetchone()
    return Whereabouts(*row) if row else None


def lines_of(ids: Iterable[UUID], *, on: date, known_at: datetime) -> list[PersonLine]:
    """Lines of the people with these ids who are in scope, by name."""
    return lines_for(Person.objects.filter(pk__in=list(ids)).order_by("name", "id"), on=on, known_at=known_at)


def lines_for(people: Iterable[Person], *, on: date, known_at: datetime) -> list[PersonLine]:
    """The same people as lines, four queries for any number; of a restricted file only that there is one."""
    listed = list(people)
    closed = closed_among(person.id for person in listed)
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
    categories: dict[UUID, list[str]] = {}
    for status in Status.objects.filter(held).order_by("id"):
        categories.setdefault(whose(status), []).append(status.category)
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
    """The head of a person's file, the kept one of several; None out of scope. Covered when restricted."""
    row = Person.objects.filter(pk=RawSQL("registry_root_of(%s, %s)", [person, known_at])).first()
    if row is None:
        return None
    (line,) = lines_for([row], on=on, known_at=known_at)
    if line.restricted:
        return PersonFile(line, "", "", ())
    held = in_force(on, known_at) & Q(person_id__in=files_of(row.id, known_at))
    phone = Contact.objects.filter(held).order_by("-valid_from", "-id").first()
    household = Household.objects.filter(held).order_by("-valid_from", "-id").first()
    documents = IdentityDocument.objects.filter(held).order_by("id")
    return PersonFile(
        line=line,
        phone_mask=phone.number_mask if phone else "",
        household_county=household.county if household else "",
        documents=tuple(documents.values_list("id", "kind", "number_mask")),
        died_on=died_on([row.id], known_at=known_at).get(row.id),
    )


def head_of(person: UUID, *, known_at: datetime) -> FileHead | None:
    """Whose file it is and who serves it, in two queries; None out of scope. Covered when restricted."""
    row = Person.objects.filter(pk=RawSQL("registry_root_of(%s, %s)", [person, known_at])).first()
    if row is None:
        return None
    shut = is_closed(row.id)
    return FileHead(row.id, covered_name(row.name) if shut else row.name, row.division, restricted=shut)


def timeline(person: UUID, *, known_at: datetime) -> list[Moment]:
    """Service, categories, ratings and answers of a person as known at a moment, newest first.

    Empty out of scope, and of a restricted file.
    """
    if is_closed(person):
        return []
    said = known(known_at) & Q(person_id__in=files_of(person, known_at))
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
    moments += [
        replace(_since(answer, "补充情况"), fact=answer.fact, value=answer.value)
        for answer in Statement.objects.filter(said)
    ]
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


def answered(person: UUID, *, on: date, known_at: datetime) -> frozenset[str]:
    """The facts that rest on an answer alone, so that another answer puts them right."""
    if is_closed(person):
        return frozenset()
    held = in_force(on, known_at) & Q(person_id__in=files_of(person, known_at))
    told = set(Statement.objects.filter(held).values_list("fact", flat=True)) - RECORDED
    relations = relations_held(person, on=on, known_at=known_at)
    if len(relations) == 1:
        told |= set(relations[0].stated)
    return frozenset(told)


def _relations(person: UUID, *, known_at: datetime) -> list[list[Relation]]:
    """What is known of each relation of a person, day by day: the relations by their first day."""
    said: dict[UUID, list[Relation]] = {}
    rows = Relation.objects.filter(known(known_at), person_id__in=files_of(person, known_at))
    for row in rows.order_by("valid_from", "id"):
        said.setdefault(row.series, []).append(row)
    return list(said.values())


def _tie(row: Relation) -> Tie:
    return Tie(row.dependant_of, row.relation, row.deceased_kind)


# --- death, payees, accounts --------------------------------------------------------------------------------


def died_on(people: Iterable[UUID], *, known_at: datetime) -> dict[UUID, date]:
    """The day of death of those of these people in scope who are known to have died."""
    kept = merged_into(list(people), known_at=known_at)
    told = Death.objects.filter(known(known_at), person_id__in=[*people, *kept]).order_by("id")
    return {kept.get(person, person): day for person, day in told.values_list("person_id", "valid_from")}


def accounts_held(person: UUID, *, on: date, known_at: datetime) -> list[HeldAccount]:
    """The accounts in force on a day of the person and of their payees, masked; none of a restricted file."""
    if is_closed(person):
        return []
    files, own = files_of(person, known_at), {person, *merged_into([person], known_at=known_at)}
    held = BankAccount.objects.filter(in_force(on, known_at), person_id__in=files).order_by("purpose", "id")
    return [
        HeldAccount(
            id=row.id,
            payee=None if row.belongs_to in own else row.belongs_to,
            purpose=row.purpose,
            kind=row.kind,
            bank=row.bank,
            holder=row.holder,
            number_mask=row.number_mask,
        )
        for row in held
    ]


def payees_held(person: UUID, *, on: date, known_at: datetime) -> list[HeldPayee]:
    """Those who receive for the person on a day, the oldest first; a payee on file by their newest name.

    Nobody for a restricted file.
    """
    if is_closed(person):
        return []
    files = files_of(person, known_at)
    held = Payee.objects.filter(in_force(on, known_at), person_id__in=files).select_related("payee")
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
    """Whatever holds of a person on a day or will, kind by kind, so that it can be corrected or ended.

    Two queries, however many kinds there are. Nothing of a restricted file.
    """
    if is_closed(person):
        return []
    words = {kind: what for kind, _model, what in _WHAT}
    return [
        HeldAssertion(
            kind=kind,
            id=row.id,
            what=words[kind](row),
            since=row.valid_from,
            until=row.valid_to,
            source=row.source,
            evidence=row.evidence,
            fields=_clear(row),
            mask=_mask(row),
        )
        for kind, row in _standing_rows(person, on=on, known_at=known_at)
    ]


# Each kind has its own columns; as one document a row they fit under each other.
_STANDING = """
    (select '{kind}', to_jsonb(said) from {table} said
     where person_id in (select registry_files_of(%(person)s, %(known_at)s))
       and recorded_at <= %(known_at)s and (superseded_at is null or superseded_at > %(known_at)s)
       and (valid_to is null or valid_to > %(on)s)
     order by valid_from, id)
"""


def _standing_rows(person: UUID, *, on: date, known_at: datetime) -> Iterator[tuple[str, Any]]:
    """The rows of every kind that hold on a day or will, in the order of the kinds."""
    models = {kind: model for kind, model, _what in _WHAT}
    parts = [_STANDING.format(kind=kind, table=model._meta.db_table) for kind, model in models.items()]
    with connection.cursor() as cursor:
        cursor.execute(" union all ".join(parts), {"person": person, "on": on, "known_at": known_at})
        for kind, said in cursor.fetchall():
            yield kind, _row_of(models[kind], json.loads(said))


def _row_of(model: type[Assertion], said: Mapping[str, Any]) -> Assertion:
    """The row that was told as a document; PostgreSQL writes bytes as \\x and hexadecimal digits."""
    return model(
        **{
            field.attname: bytes.fromhex(said[field.attname][2:])
            if isinstance(field, BinaryField)
            else field.to_python(said[field.attname])
            for field in model._meta.concrete_fields
        }
    )


def _mask(row: Any) -> str:
    """What is shown in place of what a row keeps sealed; "" when it keeps nothing."""
    if isinstance(row, Residence):
        return COVERED_ADDRESS if row.address_sealed else ""
    return getattr(row, "number_mask", "")


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
        asked = asked.filter(person_id__in=all_files_of(person))
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


def county_named(code: str, *, on: date) -> str:
    """A county in words; one the list of divisions does not know keeps its six digits."""
    if not code.isdecimal():
        return code
    whole = int(code.ljust(12, "0"))
    return places.names_of([whole], on=on).get(whole, code)


def _rated(row: Any) -> str:
    return f"{_words(CAUSES, row.cause)} {row.grade} 级"


_WHAT: tuple[tuple[str, type[Assertion], Callable[[Any], str]], ...] = (
    ("status", Status, _label),
    ("rating", DisabilityRating, _rated),
    ("particulars", Particulars, lambda row: f"{row.name} {row.birth_date or ''}".strip()),
    ("document", IdentityDocument, lambda row: row.number_mask),
    ("contact", Contact, lambda row: row.number_mask),
    ("service", Service, lambda row: f"{row.enlisted_on or '？'} 至 {row.discharged_on or '今'}"),
    ("household", Household, lambda row: county_named(row.county, on=row.valid_from)),
    ("residence", Residence, lambda row: county_named(row.county, on=row.valid_from)),
    ("merit", Merit, lambda row: row.title or MERITS[row.rank]),
    ("account", BankAccount, lambda row: f"{_words(PURPOSES, row.purpose)} {row.bank} {row.number_mask}"),
    ("payee", Payee, lambda row: f"{_words(PAYEE_KINDS, row.kind)} {row.name}".strip()),
    ("death", Death, lambda _row: "去世"),
)


# --- covered numbers ----------------------------------------------------------------------------------------


def open_covered(kind: str, assertion: int) -> str | None:
    """The whole number or address of an assertion of one of COVERED; None out of scope.

    The caller has logged the purpose. Refused("registry.restricted") when the file is restricted for whoever
    asks. Raises Tampered when the sealed value was changed or belongs to another person or number.
    """
    row = COVERED[kind].objects.filter(pk=assertion).first()  # type: ignore[attr-defined]
    if row is None:
        return None
    if is_closed(row.person_id):
        raise Refused("registry.restricted")
    return opened(row)


def opened(row: Any) -> str:
    """What a row keeps sealed, whole; "" when it keeps nothing."""
    sealed = bytes(row.address_sealed if isinstance(row, Residence) else row.number_sealed)
    return keys().open(SEAL, sealed, sealed_place(row, row.person_id)).decode() if sealed else ""


def sealed_place(row: Any, person: UUID) -> bytes:
    """What a row's sealed value is bound to when it is said of a person."""
    if isinstance(row, Residence):
        return address_place(person)
    if isinstance(row, Contact):
        return phone_place(person)
    place = {IdentityDocument: number_place, BankAccount: account_place, Payee: payee_place}[type(row)]
    return place(person, bytes(row.number_index))


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


class Held(NamedTuple):
    """Whose document a number is, for numbers on file within scope."""

    person: UUID
    name: str
    division: int


def held_numbers(indexes: Sequence[bytes]) -> dict[bytes, Held]:
    """Of these numbers, those on file within scope, and whose they are."""
    sql = """
        select d.number_index, p.id, p.name, p.division from registry_identitydocument d
        join registry_person p on p.id = d.person_id
        where d.number_index = any (%s::bytea[]) and d.superseded_at is null
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, [list(indexes)])
        return {bytes(index): Held(*whose) for index, *whose in cursor.fetchall()}


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


def loaded_rows(roster: UUID, people: Sequence[UUID]) -> dict[UUID, int]:
    """Which of these people an import has loaded already, and from which row first."""
    kept = ImportedRow.objects.filter(roster_id=roster, person_id__in=list(people))
    return {row.person_id: row.row for row in kept.order_by("-row").only("person_id", "row") if row.person_id}


def reports() -> list[RosterReport]:
    """The last hundred files handed in within scope, newest first."""
    rows = list(RosterImport.objects.order_by("-uploaded_at", "id")[:100])
    mended = _corrected([row.pk for row in rows])
    return [_report(row, (), corrected=mended.get(row.pk, 0)) for row in rows]


def report(roster: UUID) -> RosterReport | None:
    """One file; with what became of each row as soon as none waits. None out of scope."""
    row = RosterImport.objects.filter(pk=roster).first()
    if row is None:
        return None
    if row.waiting:
        return _report(row, (), corrected=0)
    kept = ImportedRow.objects.filter(roster=row).order_by("row")
    listed = list(kept.values_list("row", "outcome", "person_id", "person__name", "faults"))
    closed = closed_among(person for _n, _o, person, _name, _f in listed if person)
    rows = tuple(
        ReportRow(n, o, person, covered_name(name) if person in closed else name or "", tuple(f))
        for n, o, person, name, f in listed
    )
    mended = frozenset(kept.exclude(corrected=None).values_list("row", flat=True))
    return replace(_report(row, rows, corrected=len(mended)), mended=mended)


def refused_rows(roster: UUID) -> list[RefusedRow]:
    """What stood in refused rows that no later import has corrected. The caller logs the read."""
    kept = ImportedRow.objects.filter(roster_id=roster, outcome="refused").exclude(original_sealed=None)
    return [RefusedRow(row.row, json.loads(_opened(row)), tuple(row.faults)) for row in kept.order_by("row")]


def _opened(row: ImportedRow) -> bytes:
    return keys().open(SEAL, bytes(row.original_sealed or b""), row_place(row.roster_id, row.row))


def row_place(roster: UUID, row: int) -> bytes:
    """What a refused row's sealed cells are bound to."""
    return b"registry:roster-row:" + roster.bytes + row.to_bytes(4, "big")


def _corrected(rosters: Sequence[UUID]) -> dict[UUID, int]:
    kept = ImportedRow.objects.filter(roster_id__in=rosters).exclude(corrected=None)
    return dict(kept.values_list("roster_id").annotate(Count("id")))


def _report(row: RosterImport, rows: Iterable[ReportRow], *, corrected: int) -> RosterReport:
    return RosterReport(
        id=row.id,
        file_name=row.file_name,
        uploaded_at=row.uploaded_at,
        uploaded_by=row.uploaded_by,
        total=row.total,
        opened=row.opened,
        unchanged=row.unchanged,
        refused=row.refused,
        waiting=row.waiting,
        corrected=corrected,
        rows=tuple(rows),
    )


def balance(*, since: date, until: date) -> list[Balance]:
    """What came in as rosters and cut-over files, by day (both ends included), and what became of it."""
    return [
        *_balance(
            "花名册",
            RosterImport.objects.all(),
            since,
            until,
            done=F("opened") + F("unchanged"),
            waiting=F("waiting"),
        ),
        *_balance(
            "割接",
            CutoverImport.objects.all(),
            since,
            until,
            done=F("recorded") + F("unchanged"),
            waiting=F("total") - F("total"),
        ),
    ]


def _balance(
    channel: str, handed_in: QuerySet[Any], since: date, until: date, **shares: Any
) -> list[Balance]:
    days = handed_in.annotate(day=TruncDate("uploaded_at")).filter(day__gte=since, day__lte=until)
    sums = {name: Sum(share) for name, share in shares.items()}
    rows = days.values("day").annotate(taken_in=Sum("total"), turned_back=Sum("refused"), **_named_sums(sums))
    return [
        Balance(row["day"], channel, row["taken_in"], row["sum_done"], row["turned_back"], row["sum_waiting"])
        for row in rows.order_by("day")
    ]


def _named_sums(sums: dict[str, Sum]) -> dict[str, Sum]:
    return {f"sum_{name}": each for name, each in sums.items()}


# --- what the old system had done ---------------------------------------------------------------------------


class CutoverThing(NamedTuple):
    """One thing the old system had done for a person, for the app it belongs to. Amounts in fen by name."""

    person: UUID
    key: str
    amounts: dict[str, int]
    content: dict[str, str]
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class CutoverReport:
    """What became of a file of the old system; rows and fen add up."""

    id: UUID
    kind: str
    file_name: str
    uploaded_at: datetime
    uploaded_by: str
    rows: dict[str, int]  # total, recorded, unchanged, refused
    fen: dict[str, int]
    faults: tuple[dict[str, str], ...]


def cutover_records(kind: str, *, person: UUID | None = None, after: int = 0) -> list[CutoverThing]:
    """What the old system had done of one kind (see `cutover.KINDS`), in scope, as it was recorded."""
    kept = CutoverRecord.objects.filter(kind=kind, id__gt=after)
    if person:
        kept = kept.filter(person_id__in=all_files_of(person))
    rows = kept.order_by("id").values_list("person_id", "key", "amounts", "content", "recorded_at")
    return [CutoverThing(*row) for row in rows]


def recorded_things(
    kind: str, people: Sequence[UUID]
) -> dict[tuple[UUID, str], tuple[dict[str, int], dict[str, str]]]:
    """Amounts and content of what is on record for these people, by person and key."""
    kept = CutoverRecord.objects.filter(kind=kind, person_id__in=list(people))
    rows = kept.values_list("person_id", "key", "amounts", "content")
    return {(person, key): (amounts, _without_mask(content)) for person, key, amounts, content in rows}


def cutover_entries(kind: str) -> list[Entry]:
    """The same for everybody in scope, as one side of a comparison."""
    kept = CutoverRecord.objects.filter(kind=kind).values_list("person_id", "key", "amounts", "content")
    rows = list(kept)
    documents = IdentityDocument.objects.filter(
        person_id__in={person for person, *_ in rows}, superseded_at=None
    )
    masks = dict(documents.order_by("-id").values_list("person_id", "number_mask"))
    return [
        Entry(
            str(person), key, masks.get(person, ""), amounts, _without_mask(content), content.get("mask", "")
        )
        for person, key, amounts, content in rows
    ]


def _without_mask(content: dict[str, str]) -> dict[str, str]:
    return {name: text for name, text in content.items() if name != "mask"}


def cutover_of(file_digest: bytes, *, division: int) -> UUID | None:
    """The import of this very file for this division, if there was one."""
    handed_in = CutoverImport.objects.filter(file_digest=file_digest, division=division)
    return handed_in.values_list("id", flat=True).first()


def cutover_report(handed_in: UUID) -> CutoverReport | None:
    """What became of one file; None out of scope."""
    row = CutoverImport.objects.filter(pk=handed_in).first()
    return _cutover_report(row) if row else None


def cutover_reports() -> list[CutoverReport]:
    """The last hundred files of the old system handed in within scope, newest first."""
    return [_cutover_report(row) for row in CutoverImport.objects.order_by("-uploaded_at", "id")[:100]]


def _cutover_report(row: CutoverImport) -> CutoverReport:
    fates = ("total", "recorded", "unchanged", "refused")
    return CutoverReport(
        id=row.id,
        kind=row.kind,
        file_name=row.file_name,
        uploaded_at=row.uploaded_at,
        uploaded_by=row.uploaded_by,
        rows={fate: getattr(row, fate) for fate in fates},
        fen={fate: getattr(row, f"{fate}_fen") for fate in fates},
        faults=tuple(row.faults),
    )


def cutover_refused(handed_in: UUID) -> list[RefusedRow]:
    """What stood in the refused rows of such a file. The caller logs the read."""
    row = CutoverImport.objects.filter(pk=handed_in).exclude(refused_sealed=None).first()
    if row is None:
        return []
    told = json.loads(keys().open(SEAL, bytes(row.refused_sealed or b""), cutover_place(row.id)))
    return [RefusedRow(number, values, tuple(faults)) for number, values, faults in told]


def cutover_place(handed_in: UUID) -> bytes:
    """What the refused rows of such a file are bound to."""
    return b"registry:cutover-refused:" + handed_in.bytes


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
        "refused": ImportedRow.objects.filter(roster__in=newest, outcome="refused", corrected=None).count(),
    }
