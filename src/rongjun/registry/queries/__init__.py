"""Finding people and listing them, in the scope of whoever asks; what is known when."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import Q

from rongjun.access.api import Scope
from rongjun.audit.api import keys
from rongjun.kernel.errors import Unfit
from rongjun.kernel.identifiers import DOCUMENT_LABELS, IdentityNumber, Phone
from rongjun.kernel.reading import compact
from rongjun.registry.logic import (
    LABEL_OF_CATEGORY,
    by_precedence,
    sought_name,
)
from rongjun.registry.models import (
    Contact,
    IdentityDocument,
    Person,
    RosterImport,
)
from rongjun.registry.queries.covered import PHONE_INDEX, number_index
from rongjun.registry.queries.merged import (
    as_kept,
    not_merged,
)
from rongjun.registry.queries.privacy import closed_among
from rongjun.registry.queries.rosters import refused_now
from rongjun.registry.rights import covered_name
from rongjun.registry.spelling import ranges, whole_names

PAGE = 25  # what a screen shows; whoever looks for more types another letter
LONGEST_NAME = 50
SHORTEST_NUMBER = 8  # signs: of the documents we read none is shorter
MOST_FOUND = 1000  # whoever finds more people than that types another letter
MOST_LISTED = 10_000
_FEW_STATIONS = 10**6  # codes: a street has as many


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
        found = _matching(text, scope)
        ids, total = found[first : first + PAGE], len(found)
    return lines_for(ids, on=on, known_at=known_at), total


def count_matching(text: str, *, scope: Scope | None = None) -> int:
    """How many people `find_people` lists; everybody in scope for an empty text."""
    return len(_matching(text, scope)) if text.strip() else not_merged().count()


def everybody_matching(
    text: str, *, on: date, known_at: datetime, scope: Scope | None = None
) -> list[PersonLine]:
    """Everybody `find_people` lists, in its order, without those whose file is restricted."""
    everybody = not_merged().order_by("name", "id").values_list("id", flat=True)
    found = _matching(text, scope) if text.strip() else list(everybody)
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
    """The kept files of who is found, each once, best first."""
    typed = compact(sought_name(text))
    if is_whole_number(text):
        numbered = _numbered(typed)
        if numbered:
            return as_kept(numbered)
    if len(sought_name(text)) > LONGEST_NAME:
        return []
    ending = as_kept(_ending_in(typed)) if _is_tail(typed) else []
    named = _named(ranges(text), scope, most=MOST_FOUND)
    return list(dict.fromkeys([*ending, *named]))[:MOST_FOUND]


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


# Of a merged file the kept one, in the same statement: a thousand ids would not be sent to and fro for it.
_KEPT = """
    select case when m.id is null then found.person_id else registry_root_of(found.person_id, 'infinity') end
    from ({found}) found
    left join registry_merge m on m.other_id = found.person_id and m.at is not null and m.ended_at is null
    order by place, term, person_id
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
        cursor.execute(_KEPT.format(found=sql), params)
        return list(dict.fromkeys(person for (person,) in cursor.fetchall()))[:most]


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
    by_name = Person.objects.filter(pk__in=list(ids)).order_by("name", "id").values_list("id", flat=True)
    return lines_for(list(by_name), on=on, known_at=known_at)


# One statement for what a page shows of each, since twenty-five lines cost less than the way there. The
# person's own file has the last word over one merged into it; the closed subquery keeps the planner from
# gathering everybody in scope first, whom it takes for a few.
_LINES = """
    select p.id, p.name, p.division, document.number_mask, told.sex, told.birth_date, held.categories
    from unnest(%(people)s::uuid[]) with ordinality as wanted (id, place)
    cross join lateral (select id, name, division from registry_person where id = wanted.id limit 1) p
    cross join lateral (select array(select registry_files_of(p.id, %(known_at)s)) as ids) files
    left join lateral (
        select number_mask from registry_identitydocument where {held}
        order by person_id = p.id desc, id limit 1
    ) document on true
    left join lateral (
        select sex, birth_date from registry_particulars where {held}
        order by person_id = p.id desc, id desc limit 1
    ) told on true
    cross join lateral (
        select array_agg(category order by id) as categories from registry_status where {held}
    ) held
    order by wanted.place
""".format(  # noqa: S608 - our names
    held="person_id = any (files.ids) and valid_from <= %(on)s and (valid_to is null or valid_to > %(on)s)"
    " and recorded_at <= %(known_at)s and (superseded_at is null or superseded_at > %(known_at)s)"
)


def lines_for(people: Sequence[UUID], *, on: date, known_at: datetime) -> list[PersonLine]:
    """The people with these ids who are in scope as lines, in their order, in two queries for any number.

    Of a restricted file only that there is one.
    """
    if not people:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_LINES, {"people": list(people), "on": on, "known_at": known_at})
        found = cursor.fetchall()
    closed = closed_among(person for person, *_ in found)
    return [
        PersonLine(person, covered_name(name), None, None, division, "", (), True)
        if person in closed
        else PersonLine(
            id=person,
            name=name,
            sex=sex or None,
            birth_date=born,
            division=division,
            number_mask=mask or "",
            categories=tuple(LABEL_OF_CATEGORY.get(code, code) for code in by_precedence(categories or ())),
        )
        for person, name, division, mask, sex, born, categories in found
    ]


def on_file(ids: Iterable[UUID]) -> frozenset[UUID]:
    """Of these keys, those of files in scope."""
    return frozenset(Person.objects.filter(pk__in=list(ids)).values_list("pk", flat=True))


# --- the whole of it ----------------------------------------------------------------------------------------


def counties() -> list[int]:
    """The counties whose divisions serve somebody in scope, as twelve digits, in order."""
    with connection.cursor() as cursor:
        cursor.execute("select distinct division / 1000000 * 1000000 from registry_person order by 1")
        return [county for (county,) in cursor.fetchall()]


def serving_divisions() -> dict[str, int]:
    """For everybody in scope, the division that serves them; by the key as text, as the rules name people."""
    with connection.cursor() as cursor:
        cursor.execute("select id::text, division from registry_person")
        return dict(cursor.fetchall())


def counts() -> dict[str, int]:
    """Figures of the first screen: files in scope, workbooks, rows still refused."""
    return {
        "people": not_merged().count(),
        "imports": RosterImport.objects.count(),
        "refused": refused_now().count(),
    }
