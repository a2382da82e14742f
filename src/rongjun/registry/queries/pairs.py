"""Reads of duplicates and merges, in the scope of whoever asks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import combinations
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from rongjun.kernel.words import worded
from rongjun.registry.duplicates import REASONS, Reason, Trait
from rongjun.registry.logic import GUARDED, LABEL_OF_CATEGORY, Tie, sought_name
from rongjun.registry.models import (
    Assertion,
    Contact,
    DisabilityRating,
    DuplicateCandidate,
    Household,
    IdentityDocument,
    Merge,
    Particulars,
    Relation,
    Service,
    Statement,
    Status,
)
from rongjun.registry.queries import PAGE, in_force, known
from rongjun.registry.queries.merged import files_of
from rongjun.registry.queries.person import PersonFile, county_named, file_of

CROWD = 12  # a key that more files share than this, as a village's one telephone, says nothing of two of them

# --- who is compared ----------------------------------------------------------------------------------------

# A name without one of its characters: two names that differ in one, or have two neighbours turned, share
# such a key, as two equal names share all. With the birth date in it only likely pairs meet, in one pass.
_GROUPS = """
    with kept as (
        select id, lower(replace(name, ' ', '')) as name from registry_person person
        where not exists (
            select from registry_merge where other_id = person.id and at is not null and ended_at is null)),
    keys as (
        select kept.id, 'phone:' || encode(number_index, 'hex') as key
        from kept join registry_contact on person_id = kept.id where superseded_at is null
        union all
        select kept.id, 'name:' || birth_date || overlay(kept.name placing '' from place for 1)
        from kept join registry_particulars on person_id = kept.id,
             generate_series(1, length(kept.name)) place
        where superseded_at is null and birth_date is not null and length(kept.name) between 2 and 20
        union all
        select kept.id, 'service:' || kept.name || enlisted_on || discharged_on
        from kept join registry_service on person_id = kept.id
        where superseded_at is null and enlisted_on is not null and discharged_on is not null)
    select array_agg(distinct id) from keys group by key having count(*) between 2 and %s
"""


def likely_pairs() -> list[tuple[UUID, UUID]]:
    """Pairs of files in scope worth comparing, each once, in the order of their ids; merged files left out.

    One pass over names, telephones and service; never everybody with everybody.
    """
    pairs: set[tuple[UUID, UUID]] = set()
    with connection.cursor() as cursor:
        cursor.execute(_GROUPS, [2 * CROWD])
        for (together,) in cursor.fetchall():
            if len(together) <= CROWD:
                pairs.update(combinations(sorted(together), 2))
    return sorted(pairs)


def traits_of(people: Collection[UUID], *, on: date, known_at: datetime) -> dict[UUID, Trait]:
    """What is compared of these files, five queries for any number of them."""
    held = in_force(on, known_at) & Q(person_id__in=list(people))
    numbers: dict[UUID, set[tuple[str, str]]] = {}
    for person, kind, mask in IdentityDocument.objects.filter(held).values_list(
        "person_id", "kind", "number_mask"
    ):
        numbers.setdefault(person, set()).add((kind, mask))
    phones: dict[UUID, set[bytes]] = {}
    for person, index in Contact.objects.filter(held).values_list("person_id", "number_index"):
        phones.setdefault(person, set()).add(bytes(index))
    served: dict[UUID, set[tuple[date, date]]] = {}
    for person, start, end in Service.objects.filter(held).values_list(
        "person_id", "enlisted_on", "discharged_on"
    ):
        if start and end:
            served.setdefault(person, set()).add((start, end))
    told = {each.person_id: each for each in Particulars.objects.filter(held).order_by("valid_from", "id")}
    homes = Household.objects.filter(held).order_by("valid_from", "id").values_list("person_id", "county")
    counties = dict(homes)
    nothing = Particulars()
    return {
        person: Trait(
            name=sought_name(told.get(person, nothing).name),
            sex=told.get(person, nothing).sex,
            birth_date=told.get(person, nothing).birth_date,
            county=counties.get(person, ""),
            numbers=frozenset(numbers.get(person, ())),
            phones=frozenset(phones.get(person, ())),
            services=frozenset(served.get(person, ())),
        )
        for person in people
    }


def candidates_of(pairs: Sequence[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], list[DuplicateCandidate]]:
    """Whatever was proposed of these pairs, the oldest first."""
    firsts, seconds = {first for first, _ in pairs}, {second for _, second in pairs}
    found: dict[tuple[UUID, UUID], list[DuplicateCandidate]] = {}
    rows = DuplicateCandidate.objects.filter(person_a_id__in=firsts, person_b_id__in=seconds)
    for row in rows.order_by("id"):
        found.setdefault((row.person_a_id, row.person_b_id), []).append(row)
    return found


# --- the work list ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CandidateLine:
    """One pair that waits for a decision."""

    id: int
    people: tuple[UUID, UUID]
    names: tuple[str, str]
    divisions: tuple[int, int]
    score: int
    reasons: tuple[Reason, ...]
    found_at: datetime
    found_by: str
    state: str
    decided_by: str
    reason: str


def duplicate_pairs(*, first: int = 0) -> tuple[list[CandidateLine], int]:
    """One page of the open pairs in scope, the likeliest first, and how many there are.

    While a file points to another, its pairs are not shown: the kept file has its own.
    """
    rows = open_pairs().select_related("person_a", "person_b")
    page = rows.order_by("-score", "id")[first : first + PAGE]
    return [_line(row) for row in page], rows.count()


def open_pairs() -> QuerySet[DuplicateCandidate]:
    """The pairs in scope that somebody has to look at."""
    return DuplicateCandidate.objects.filter(~_points("person_a"), ~_points("person_b"), state="open")


def _points(side: str) -> Exists:
    return Exists(Merge.objects.filter(other=OuterRef(side), at__isnull=False, ended_at=None))


def _line(row: DuplicateCandidate) -> CandidateLine:
    return CandidateLine(
        id=row.id,
        people=(row.person_a_id, row.person_b_id),
        names=(row.person_a.name, row.person_b.name),
        divisions=(row.division, row.division_b),
        score=row.score,
        reasons=tuple(REASONS[code] for code in row.reasons if code in REASONS),
        found_at=row.found_at,
        found_by=row.found_by,
        state=row.state,
        decided_by=row.decided_by,
        reason=row.reason,
    )


@dataclass(frozen=True, slots=True)
class Pair:
    """A candidate with the heads of both files, and the proposal that waits for it if there is one."""

    line: CandidateLine
    files: tuple[PersonFile, PersonFile]
    services: tuple[str, str]
    waiting: UUID | None


def pair(candidate: int, *, on: date, known_at: datetime) -> Pair | None:
    """One candidate with both files side by side; None out of scope."""
    row = DuplicateCandidate.objects.filter(pk=candidate).select_related("person_a", "person_b").first()
    if row is None:
        return None
    people = (row.person_a_id, row.person_b_id)
    one, other = (file_of(person, on=on, known_at=known_at) for person in people)
    if one is None or other is None:
        return None
    traits = traits_of(people, on=on, known_at=known_at)
    waiting = Merge.objects.filter(kept_id__in=people, other_id__in=people, ended_at=None)
    return Pair(
        line=_line(row),
        files=(one, other),
        services=(_served(traits[people[0]]), _served(traits[people[1]])),
        waiting=waiting.values_list("id", flat=True).first(),
    )


def _served(trait: Trait) -> str:
    return "；".join(
        worded("{start} 至 {end}", start=start, end=end) for start, end in sorted(trait.services)
    )


# --- merges -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MergeLine:
    """A proposal or a merge: which file into which, by whom and why, and how it ended."""

    id: UUID
    kept: UUID
    kept_name: str
    other: UUID
    other_name: str
    reason: str
    merged_by: str
    proposed_at: datetime
    approved_by: str
    at: datetime | None
    ended_at: datetime | None
    ended_by: str
    ended_reason: str

    @property
    def state(self) -> str:
        """waiting, in-force, declined or undone."""
        if self.at is None:
            return "waiting" if self.ended_at is None else "declined"
        return "in-force" if self.ended_at is None else "undone"


def waiting_merges() -> list[MergeLine]:
    """The proposals in scope that wait for a second officer, the oldest first."""
    return _merges(Merge.objects.filter(at=None, ended_at=None).order_by("proposed_at", "id"))


def merges_of(person: UUID) -> list[MergeLine]:
    """The files merged into the person's file, near or far, that are so now; the oldest merge first."""
    held = Merge.objects.filter(kept_id__in=files_of(person), at__isnull=False, ended_at=None)
    return _merges(held.order_by("at", "id"))


def merge_line(merge: UUID) -> MergeLine | None:
    """One proposal or merge; None out of scope."""
    return next(iter(_merges(Merge.objects.filter(pk=merge))), None)


def _merges(rows: QuerySet[Merge]) -> list[MergeLine]:
    fields = [name for name in MergeLine.__dataclass_fields__ if not name.endswith("_name")]
    return [
        MergeLine(
            **{name: getattr(row, f"{name}_id" if name in {"kept", "other"} else name) for name in fields},
            kept_name=row.kept.name,
            other_name=row.other.name,
        )
        for row in rows.select_related("kept", "other")
    ]


# --- what was said since ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LaterSaid:
    """Something said of the kept file while the other pointed to it; a relation's rows are one thing."""

    name: str
    what: str
    source: str
    recorded_at: datetime
    recorded_by: str
    rows: tuple[Assertion, ...]


def later_said(merge: Merge) -> list[LaterSaid]:
    """What was said of the kept person since the merge (until its end) and still stands, the oldest first.

    What was said of the other file itself, as the end of a relation it holds, stays with it and is not here.
    """
    assert merge.at is not None
    since = known(merge.ended_at or datetime.max.replace(tzinfo=merge.at.tzinfo)) & Q(
        recorded_at__gt=merge.at
    )
    kept = Q(person_id__in=files_of(merge.kept_id)) & ~Q(person_id__in=files_of(merge.other_id))
    told = [each for kind in _kinds() for each in _told(kind, since & kept & Q(superseded_at=None))]
    return sorted(told, key=lambda each: (each.recorded_at, each.name))


def later_said_of(merge: UUID) -> list[LaterSaid]:
    """The same for a merge known by its id; empty out of scope and for a proposal."""
    row = Merge.objects.filter(pk=merge, at__isnull=False).first()
    return later_said(row) if row else []


def _kinds() -> list[type[Assertion]]:
    """Every table of assertions there is, so that a new one is not forgotten."""
    return sorted(Assertion.__subclasses__(), key=lambda kind: kind.__name__)


def _told(kind: type[Assertion], wanted: Q) -> Iterator[LaterSaid]:
    groups: dict[str, list[Assertion]] = {}
    for row in kind._default_manager.filter(wanted).order_by("id"):
        key = row.series if isinstance(row, Relation) else row.pk
        groups.setdefault(f"{kind.__name__.lower()}:{key}", []).append(row)
    for name, rows in groups.items():
        last = rows[-1]
        yield LaterSaid(name, _what(last), last.source, rows[0].recorded_at, last.recorded_by, tuple(rows))


def _what(row: Assertion) -> str:
    said = _SAID.get(type(row))
    return said(row) if said else type(row).__name__


_SAID: Mapping[type[Assertion], Callable[[Any], str]] = {
    Particulars: lambda row: worded("基本信息：{name}", name=row.name),
    IdentityDocument: lambda row: worded("证件：{number_mask}", number_mask=row.number_mask),
    Contact: lambda row: worded("电话：{number_mask}", number_mask=row.number_mask),
    Service: lambda row: worded(
        "服役：{enlisted_on} 至 {discharged_on}",
        enlisted_on=row.enlisted_on or "？",
        discharged_on=row.discharged_on or "？",
    ),
    Status: lambda row: worded(
        "类别：{category}", category=LABEL_OF_CATEGORY.get(row.category, row.category)
    ),
    DisabilityRating: lambda row: worded("残疾等级 {grade} 级", grade=row.grade),
    Household: lambda row: worded("户籍：{county}", county=county_named(row.county, on=row.valid_from)),
    Statement: lambda row: (
        worded("补充情况：{fact}", fact=row.fact) + ("" if row.fact in GUARDED else f" = {row.value}")
    ),
    Relation: lambda row: worded(
        "关系：{label}", label=Tie(row.dependant_of, row.relation, row.deceased_kind).label
    ),
}
