"""Reads of one person's file: its head, its timeline, and everything said of the person."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import BigAutoField, BinaryField, Q
from django.db.models.expressions import RawSQL

from rongjun.kernel.words import Words, translatable, worded
from rongjun.places import api as places
from rongjun.registry.logic import (
    LABEL_OF_CATEGORY,
    RECORDED,
    RELATION_STATED,
    STATED,
    Tie,
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
    Merit,
    Particulars,
    Payee,
    Person,
    Proposal,
    Relation,
    Residence,
    Service,
    Servicing,
    Statement,
    Status,
)
from rongjun.registry.queries import PersonLine, in_force, known, lines_for
from rongjun.registry.queries.covered import COVERED_ADDRESS
from rongjun.registry.queries.merged import (
    all_files_of,
    files_of,
    merged_into,
)
from rongjun.registry.queries.privacy import is_closed
from rongjun.registry.rights import covered_name


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


# --- one person's file --------------------------------------------------------------------------------------


def file_of(person: UUID, *, on: date, known_at: datetime) -> PersonFile | None:
    """The head of a person's file, the kept one of several; None out of scope. Covered when restricted."""
    row = Person.objects.filter(pk=RawSQL("registry_root_of(%s, %s)", [person, known_at])).first()
    if row is None:
        return None
    (line,) = lines_for([row.id], on=on, known_at=known_at)
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
        moments += _from_until(
            status,
            worded("登记：{status}", status=_label(status)),
            worded("不再登记：{status}", status=_label(status)),
        )
    moments += [
        _since(rating, worded("残疾等级 {grade} 级", grade=rating.grade), is_key=True)
        for rating in DisabilityRating.objects.filter(said)
    ]
    for relation in _relations(person, known_at=known_at):
        moments += _beginning_and_end(relation)
    moments += [
        replace(_since(answer, translatable("补充情况")), fact=answer.fact, value=answer.value)
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
                yield _since(row, worded(_TOLD_AS[kind], what=what(row)), is_key=kind == "death")
    for moved in Servicing.objects.filter(said):
        yield _since(moved, translatable("档案转到别的服务站"))


# What stands before each of these on a timeline.
_TOLD_AS: Words[dict[str, str]] = {
    "death": "{what}",
    "merit": "表彰：{what}",
    "residence": "常住地：{what}",
    "account": "收款账户：{what}",
    "payee": "收款人：{what}",
}


def _beginning_and_end(told: Sequence[Relation]) -> Iterator[Moment]:
    first, last = told[0], told[-1]
    yield _since(first, worded("登记：{label}", label=_tie(first).label))
    if last.valid_to is not None:
        yield Moment(last.valid_to, worded("不再是{label}", label=_tie(last).label), last.source, is_key=True)


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


def stated_since(moment: datetime) -> set[tuple[UUID, str]]:
    """Of whom in scope, and which fact, somebody has stated after a moment."""
    rows = Statement.objects.filter(recorded_at__gt=moment, superseded_at=None)
    return set(rows.values_list("person_id", "fact"))


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


def _label(status: Status) -> str:
    return LABEL_OF_CATEGORY.get(status.category, status.category)


def _rated(row: Any) -> str:
    return worded("{causes} {grade} 级", causes=_words(CAUSES, row.cause), grade=row.grade)


_WHAT: tuple[tuple[str, type[Assertion], Callable[[Any], str]], ...] = (
    ("status", Status, _label),
    ("rating", DisabilityRating, _rated),
    ("particulars", Particulars, lambda row: f"{row.name} {row.birth_date or ''}".strip()),
    ("document", IdentityDocument, lambda row: row.number_mask),
    ("contact", Contact, lambda row: row.number_mask),
    (
        "service",
        Service,
        lambda row: worded(
            "{enlisted_on} 至 {discharged_on}",
            enlisted_on=row.enlisted_on or "？",
            discharged_on=row.discharged_on or "今",
        ),
    ),
    ("household", Household, lambda row: county_named(row.county, on=row.valid_from)),
    ("residence", Residence, lambda row: county_named(row.county, on=row.valid_from)),
    ("merit", Merit, lambda row: row.title or MERITS[row.rank]),
    ("account", BankAccount, lambda row: f"{_words(PURPOSES, row.purpose)} {row.bank} {row.number_mask}"),
    ("payee", Payee, lambda row: f"{_words(PAYEE_KINDS, row.kind)} {row.name}".strip()),
    ("death", Death, lambda _row: translatable("去世")),
)
