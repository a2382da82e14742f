"""Reads around feeds: who a batch of lines may be about, what waits for a decision, the balance of a day."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TypeVar
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Count, Q, QuerySet
from django.utils.timezone import localtime

from rongjun.kernel.balance import Balance
from rongjun.kernel.identifiers import DocumentType
from rongjun.kernel.words import Words, translatable
from rongjun.registry.feed_lines import FEEDS, FeedLine
from rongjun.registry.logic import sought_name
from rongjun.registry.matching import Known, LifeSign, are_similar
from rongjun.registry.models import (
    Assertion,
    Contact,
    Death,
    DisabilityRating,
    FeedCandidate,
    Household,
    IdentityDocument,
    Particulars,
    Person,
    Relation,
    Sentence,
    Statement,
)
from rongjun.registry.queries.covered import number_index
from rongjun.registry.queries.merged import LATEST, kept_file, merged_into

FEED_SOURCE = translatable("部门来件")
ROSTER_SOURCE = translatable("花名册")
INCOME = "has_no_income_source"
_Said = TypeVar("_Said", bound=Assertion)
# What somebody records only of a person they have met or heard from.
_SIGNS: Words[Mapping[type[Assertion], str]] = {
    Statement: "回答过问题",
    Contact: "登记过电话",
    Relation: "登记过亲属关系",
    Household: "登记过户籍",
    DisabilityRating: "评定过残疾等级",
}


# --- who a line may be about --------------------------------------------------------------------------------


def people_for(lines: Sequence[FeedLine], *, on: date) -> dict[int, list[Known]]:
    """By a line's place: who has its number, or its birth date and nearly its name; few queries for many.

    Whoever has several files is meant once, by the kept one.
    """
    indexes = [
        number_index(DocumentType.RESIDENT_ID, line.number.number) if line.number else b"" for line in lines
    ]
    holders = _holders([index for index in indexes if index])
    born = _born_on({line.birth_date for line in lines if line.birth_date})
    near = {place: _near(line, born) for place, line in enumerate(lines)}
    everybody = _known({*holders.values(), *(person for people in near.values() for person in people)}, on=on)
    found: dict[int, list[Known]] = {}
    for place, others in near.items():
        holder = holders.get(indexes[place])
        listed = dict.fromkeys([*([holder] if holder else []), *others])
        found[place] = [_as_holder(everybody[who], is_holder=who == holder) for who in listed]
    return found


def _near(line: FeedLine, born: Mapping[date, Sequence[tuple[UUID, str]]]) -> list[UUID]:
    """Those born on the line's day whose name is the same or differs in one character."""
    if line.birth_date is None:
        return []
    same = sought_name(line.name)
    return [
        person
        for person, name in born.get(line.birth_date, ())
        if sought_name(name) == same or are_similar(line.name, name)
    ]


def _as_holder(known: Known, *, is_holder: bool) -> Known:
    return replace(known, has_this_number=True) if is_holder else known


def _holders(indexes: Sequence[bytes]) -> dict[bytes, UUID]:
    sql = """
        select number_index, registry_root_of(person_id, 'infinity') from registry_identitydocument
        where number_index = any (%s::bytea[]) and superseded_at is null
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, [list(indexes)])
        return {bytes(index): person for index, person in cursor.fetchall()}


def _born_on(days: Collection[date]) -> dict[date, list[tuple[UUID, str]]]:
    sql = """
        select birth_date, registry_root_of(person_id, 'infinity'), name from registry_particulars
        where birth_date = any (%s::date[]) and superseded_at is null order by id
    """
    born: dict[date, list[tuple[UUID, str]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(sql, [list(days)])
        for day, person, name in cursor.fetchall():
            born.setdefault(day, []).append((person, name))
    return born


def _known(people: Collection[UUID], *, on: date) -> dict[UUID, Known]:
    """What is known of these people, whose kept files are named; what the kept file says comes first."""
    whose = {**{person: person for person in people}, **merged_into(list(people), known_at=LATEST)}
    held = Q(person_id__in=list(whose), superseded_at=None)
    lasting = held & Q(valid_from__lte=on) & (Q(valid_to=None) | Q(valid_to__gt=on))

    def own_last(rows: QuerySet[_Said]) -> list[_Said]:
        return sorted(rows, key=lambda row: row.person_id == whose[row.person_id])

    told = {whose[row.person_id]: row for row in own_last(Particulars.objects.filter(held).order_by("id"))}
    numbers = IdentityDocument.objects.filter(held, kind=DocumentType.RESIDENT_ID).order_by("id")
    masks = {whose[row.person_id]: row.number_mask for row in own_last(numbers)}
    households = Household.objects.filter(lasting).order_by("valid_from", "id")
    homes = {whose[row.person_id]: (row.county, row.kind) for row in households}
    deaths = {whose[row.person_id]: row.valid_from for row in own_last(Death.objects.filter(held))}
    income = Statement.objects.filter(lasting, fact=INCOME, value="false").values_list("person_id", flat=True)
    paid, signs, nothing = {whose[person] for person in income}, _signs(whose), Particulars()
    return {
        row.id: Known(
            person=row.id,
            division=row.division,
            name=row.name,
            sex=told.get(row.id, nothing).sex,
            birth_date=told.get(row.id, nothing).birth_date,
            number_mask=masks.get(row.id, ""),
            has_this_number=False,
            household=homes.get(row.id, ("", "")),
            died_on=deaths.get(row.id),
            has_income=row.id in paid,
            last_sign=signs.get(row.id),
        )
        for row in Person.objects.filter(pk__in=people)
    }


def _signs(whose: Mapping[UUID, UUID]) -> dict[UUID, LifeSign]:
    """The newest sign of each person; `whose` names the kept file of every file."""
    newest: dict[UUID, LifeSign] = {}
    for model, words in _SIGNS.items():
        rows = model._default_manager.filter(person_id__in=list(whose))
        # A roster and another office's file say nothing about anybody being seen.
        rows = rows.exclude(source__startswith=ROSTER_SOURCE).exclude(source__startswith=FEED_SOURCE)
        for file, moment in rows.order_by("recorded_at").values_list("person_id", "recorded_at"):
            person, day = whose[file], localtime(moment).date()
            if person not in newest or newest[person].on < day:
                newest[person] = LifeSign(day, words)
    return newest


# --- what waits for a decision ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CandidateLine:
    """One open or decided candidate in a list."""

    id: UUID
    feed: str
    person: UUID
    name: str
    said_name: str
    division: int
    score: int
    against: tuple[str, ...]
    change: dict[str, str]
    state: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Candidate:
    """Both sides of a candidate, and what speaks for and against."""

    line: CandidateLine
    source: str
    key: str
    said: dict[str, str]
    reasons: tuple[tuple[bool, str], ...]
    known: Known
    others: int
    decided_by: str
    decided_at: datetime | None
    decision_reason: str


@dataclass(frozen=True, slots=True)
class SentenceLine:
    """A sentence that is to be reported to the province."""

    id: int
    person: UUID
    name: str
    judged_on: date
    penalty: str
    term_end: date | None


def open_counts() -> dict[str, int]:
    """How many candidates in scope wait, by feed; every feed is named."""
    waiting = FeedCandidate.objects.filter(state="open").values("feed").annotate(count=Count("id"))
    return {**dict.fromkeys(FEEDS, 0), **{row["feed"]: row["count"] for row in waiting}}


def candidates(*, feed: str = "", first: int = 0, limit: int = 50) -> tuple[list[CandidateLine], int]:
    """Open candidates in scope, the likeliest first, and how many there are."""
    rows = FeedCandidate.objects.filter(state="open").select_related("person")
    rows = rows.filter(feed=feed) if feed else rows
    page = rows.order_by("-score", "recorded_at", "id")[first : first + limit]
    return [_line(row) for row in page], rows.count()


def candidate(wanted: UUID, *, on: date) -> Candidate | None:
    """One candidate with both sides as they are now; None out of scope."""
    row = FeedCandidate.objects.select_related("person").filter(pk=wanted).first()
    if row is None:
        return None
    kept = kept_file(row.person_id)
    known = _known([kept], on=on)[kept]
    return Candidate(
        line=_line(row),
        source=row.source,
        key=row.key,
        said=row.said,
        reasons=tuple((bool(each["for"]), str(each["text"])) for each in row.reasons),
        known=known,
        others=FeedCandidate.objects.filter(item=row.item_id).exclude(pk=row.pk).count(),
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        decision_reason=row.decision_reason,
    )


def _line(row: FeedCandidate) -> CandidateLine:
    return CandidateLine(
        id=row.id,
        feed=row.feed,
        person=row.person_id,
        name=row.person.name,
        said_name=str(row.said["name"]),
        division=row.division,
        score=row.score,
        against=tuple(str(each["text"]) for each in row.reasons if not each["for"]),
        change=row.change,
        state=row.state,
        recorded_at=row.recorded_at,
    )


def sentences_to_report() -> list[SentenceLine]:
    """Confirmed sentences in scope that were not yet reported to the province, the oldest first."""
    rows = Sentence.objects.filter(superseded_at=None, report_document="").select_related("person")
    return [
        SentenceLine(row.id, row.person_id, row.person.name, row.valid_from, row.penalty, row.term_end)
        for row in rows.order_by("recorded_at", "id")[:200]
    ]


# --- the balance --------------------------------------------------------------------------------------------

_BALANCE = """
    select (recorded_at at time zone %(zone)s)::date, 'feed:' || feed, count(*),
           count(*) filter (where state = 'confirmed'),
           count(*) filter (where state = 'dismissed'),
           count(*) filter (where state = 'open')
    from registry_feedcandidate
    where (recorded_at at time zone %(zone)s)::date between %(since)s and %(until)s
    group by 1, 2 order by 1, 2
"""


def feed_balance(*, since: date, until: date) -> list[Balance]:
    """Candidates by the day they were found and by feed: confirmed, dismissed, waiting for a person."""
    with connection.cursor() as cursor:
        cursor.execute(_BALANCE, {"since": since, "until": until, "zone": settings.TIME_ZONE})
        return [Balance(*row) for row in cursor.fetchall()]
