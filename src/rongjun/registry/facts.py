"""What the registry tells the rules: each fact is one dated column, over many people or relations, or of one.

"As of" has two times: `on` is the day the thing had to hold, `known_at` the moment we had to know it.
No fact reads ciphertext. A table of our own speaks first; where it is silent, what somebody stated does.
A person's files are read as one: what merged files say counts for the kept one, and they are not asked alone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import polars as pl
from django.db import connection

from rongjun.registry.logic import (
    ANSWERED_ELSEWHERE,
    CATEGORIES,
    RECORDED,
    RELATION_STATED,
    RELATION_STATUSES,
    STATED,
    Kind,
)
from rongjun.registry.queries.merged import pointers

PERSON = "person"
_TYPES: Mapping[Kind, tuple[type[pl.DataType], str]] = {
    "bool": (pl.Boolean, "boolean"),
    "int": (pl.Int64, "bigint"),
    "date": (pl.Date, "date"),
    "division": (pl.Int64, "bigint"),
    "text": (pl.String, "text"),
}
_AS_OF = (
    "valid_from <= %(on)s and (valid_to is null or valid_to > %(on)s)"
    " and recorded_at <= %(known_at)s and (superseded_at is null or superseded_at > %(known_at)s)"
)


@dataclass(frozen=True, slots=True)
class Column:
    """`inner` aggregates a person's rows in force in `table`; `outer` makes the fact of it.

    Facts with the same `shared` name are made from one and the same aggregate. `{own}` in an order puts the
    kept file's rows before those of files merged into it; `of_files` is the aggregate for a person with
    several files where it has to be another: two files may tell of one thing twice.
    """

    table: str
    inner: str
    outer: str = "{0}"
    shared: str = ""
    of_files: str = ""


def _newest(table: str, column: str, outer: str = "{0}", *, own: str = "") -> Column:
    said = f"{column} is not null and {column}::text <> ''"
    newest = f"(array_agg({column} order by {own}valid_from desc, id desc) filter (where {said}))[1]"
    return Column(table, newest, outer)


def _leading(digits: int, *, of: str = "household") -> Column:
    """The county, city or province of the household (or of the residence) as twelve digits."""
    return _newest(of, "county", f"rpad(left({{0}}, {digits}), 12, '0')::bigint")


def _stated(fact: str, outer: str = "{0}") -> Column:
    """All answers of a person are gathered once, the newest last; each fact is then a look into them."""
    gathered = "jsonb_object_agg(fact, value order by recorded_at, id)"
    answer = outer.format(f"({{0}}->>'{fact}')")
    return Column("statement", gathered, f"{answer}::{_TYPES[STATED[fact]][1]}", shared="said")


# Service that ended after the day asked about had not ended then; a period without both days has no length.
_IS_WHOLE = "bool_and(enlisted_on is not null and discharged_on is not null)"
_ENDED = "least(discharged_on, %(on)s::date)"
_YEARS = "extract(year from justify_days(sum(age({end}, {start}))))::bigint"
_SERVED = f"case when {_IS_WHOLE} then {_YEARS.format(end=_ENDED, start='enlisted_on')} end"
# Days that two files tell of are served once. The terms of one file do not overlap, so this says the same of
# them; it is not asked of everybody because it takes a fifth longer for the whole city's facts.
_SERVED_ONCE = (
    f"case when {_IS_WHOLE} then (select {_YEARS.format(end='upper(term)', start='lower(term)')} from"  # noqa: S608 - see `_query`
    f" unnest(range_agg(daterange(enlisted_on, greatest(enlisted_on, {_ENDED})))) term) end"
)
_RECORDED: Mapping[str, Column] = {
    "birth_date": _newest("particulars", "birth_date", own="{own}"),
    "sex": _newest("particulars", "sex", own="{own}"),
    # The heaviest rating in force (1 is the heaviest), and the cause of that one.
    "disability_grade": Column("disabilityrating", "min(grade)::bigint"),
    "disability_cause": Column("disabilityrating", "(array_agg(cause order by grade, id))[1]"),
    "enlisted_on": Column("service", "min(enlisted_on)"),
    "discharged_on": Column("service", "max(discharged_on) filter (where discharged_on <= %(on)s)"),
    "service_years": Column("service", _SERVED, of_files=_SERVED_ONCE),
    "rank_group": _newest("service", "rank_group"),
    "placement_mode": _newest("service", "placement_mode"),
    "household_county": _leading(6),
    "household_city": _leading(4),
    "household_province": _leading(2),
    "household_kind": _newest("household", "kind"),
    "residence_city": _leading(4, of="residence"),
    "residence_province": _leading(2, of="residence"),
    "merit_rank": Column("merit", "max(rank)::bigint"),
}
assert _RECORDED.keys() == RECORDED
# What follows from another answer that says more.
_DERIVED: Mapping[str, tuple[Column, ...]] = {
    "residence_province": (_stated("residence_city", "rpad(left({0}, 2), 12, '0')"),),
}
_STATUSES: Mapping[str, Column] = {
    category.fact: Column("status", f"bool_or(category = '{category.code}')", "coalesce({0}, false)")
    for category in CATEGORIES
    if category.fact
}


def _sources(fact: str) -> tuple[Column, ...]:
    if fact in _STATUSES:
        return (_STATUSES[fact],)
    recorded = (_RECORDED[fact],) if fact in _RECORDED else ()
    return (*recorded, *_DERIVED.get(fact, ()), _stated(fact))


COLUMNS: Mapping[str, tuple[Column, ...]] = {fact: _sources(fact) for fact in (*_STATUSES, *STATED)}
KINDS: Mapping[str, Kind] = {
    **{fact: STATED.get(fact, "bool") for fact in COLUMNS},
    **dict.fromkeys(("dependant_of", "relation", "deceased_kind"), "text"),
    **RELATION_STATED,
}


def _of_relation(fact: str) -> str:
    said = f"(stated->>'{fact}')::{_TYPES[RELATION_STATED[fact]][1]}"
    return f"coalesce({said}, false)" if fact in RELATION_STATUSES else said


RELATION_COLUMNS: Mapping[str, str] = {
    **{fact: fact for fact in ("dependant_of", "relation", "deceased_kind")},
    **{fact: _of_relation(fact) for fact in RELATION_STATED},
}


class RegistryFacts:
    """The registry as a source of facts."""

    names: frozenset[str] = frozenset(COLUMNS) - ANSWERED_ELSEWHERE
    relation_names: frozenset[str] = frozenset(RELATION_COLUMNS)

    def frame(
        self, names: Collection[str], *, on: date, known_at: datetime, person: UUID | None = None
    ) -> pl.DataFrame:
        """One row a person on file at `known_at`, one column a name; files then merged are one person's.

        Whoever had died by `on` is among them only when asked for alone: facts continue, reach does not.
        One query for one person, two for everybody, and a third where files are merged. Runs in the caller's
        scope, so only people the caller may see come. KeyError for a name not ours.
        """
        asked: dict[str, Any] = {"on": on, "known_at": known_at, "person": person}
        if person is not None:
            return _asked(_query(names, files=_OF_ONE), names, **asked)
        merged = _Merged.known(known_at)
        everybody = _asked(_query(names, but=merged), names, **asked, **merged.given)
        if not merged.files:
            return everybody
        joined = _asked(_query(names, files=_OF_MERGED), names, **asked, **merged.given)
        return pl.concat([everybody, joined]).sort(PERSON)

    def relations(
        self, names: Collection[str], *, on: date, known_at: datetime, person: UUID | None = None
    ) -> pl.DataFrame:
        """One row a relation in force, the oldest of a person first; those of merged files are the kept's.

        Runs in the caller's scope. KeyError for a name not ours.
        """
        asked: dict[str, Any] = {"on": on, "known_at": known_at, "person": person}
        if person is not None:
            return _asked(_relations(names, files=_OF_ONE), names, **asked)
        merged = _Merged.known(known_at)
        return _asked(
            _relations(names, files=_OF_MERGED if merged.files else ""), names, **asked, **merged.given
        )


# Which files are read for whom: a file, and the person's kept file. One that points to another is nobody's.
_OF_ONE = (
    "select registry_files_of(%(person)s, %(known_at)s), %(person)s::uuid"
    " where registry_root_of(%(person)s, %(known_at)s) = %(person)s::uuid"
)
_OF_MERGED = "select * from unnest(%(files)s::uuid[], %(roots)s::uuid[])"


@dataclass(frozen=True, slots=True)
class _Merged:
    """Every file in scope of a person with several, and the kept file of each, as known at a moment."""

    files: Sequence[UUID]
    roots: Sequence[UUID]

    @classmethod
    def known(cls, known_at: datetime) -> _Merged:
        roots = pointers(known_at)
        roots |= {root: root for root in roots.values()}
        return cls(list(roots), list(roots.values()))

    @property
    def given(self) -> dict[str, Any]:
        """The same as parameters."""
        return {"files": list(self.files), "roots": list(self.roots)}


SOURCE = RegistryFacts()


def _asked(sql: str, names: Collection[str], **given: Any) -> pl.DataFrame:
    with connection.cursor() as cursor:
        cursor.execute(sql, given)
        rows = cursor.fetchall()
    schema: dict[str, type[pl.DataType]] = {name: _TYPES[KINDS[name]][0] for name in names}
    return pl.DataFrame(rows, schema={PERSON: pl.String, **schema}, orient="row")


def _relations(names: Collection[str], *, files: str) -> str:
    shown = "".join(f", {RELATION_COLUMNS[name]} as {name}" for name in names)
    person, joined = "person_id", ""
    if files == _OF_ONE:
        person, joined = "root", f" join ({files}) files(file, root) on file = person_id"
    elif files:
        person, joined = (
            "coalesce(root, person_id)",
            f" left join ({files}) files(file, root) on file = person_id",
        )
    return (
        f"select {person}::text{shown} from registry_relation{joined}"  # noqa: S608 - see `_query`
        f" where {_AS_OF} order by {person}, valid_from, id"
    )


def _query(names: Collection[str], *, files: str = "", but: _Merged | None = None) -> str:
    """Every identifier and literal here is ours (COLUMNS); what callers give goes in as parameters.

    With `files`, only their people, each by all files; else everybody by their one file, `but` those merged.
    Of several people the dead are left out: they are not reached by anything, and are judged when asked for.
    """
    tables: dict[str, dict[str, Column]] = {}
    shown = ["person.id::text"]
    for name in names:
        answers = []
        for column in COLUMNS[name]:
            held = column.shared or name
            tables.setdefault(column.table, {})[held] = column
            answers.append(column.outer.format(f"{column.table}.{held}"))
        shown.append(f"coalesce({', '.join(answers)}) as {name}")
    joins = [
        f"left join ({_aggregate(table, columns, of_files=bool(files))}) {table}"
        f" on {table}.person_id = person.id"
        for table, columns in tables.items()
    ]
    of_whom = f"with files(file, root) as materialized ({files}) " if files else ""
    if files == _OF_ONE:
        # Named, so that the planner starts there: by the files alone it would first gather everybody.
        only = " and person.id = %(person)s and exists (select from files)"
    elif files:
        only = " and person.id in (select root from files)"
    else:
        only = " and person.id <> all(%(files)s::uuid[])" if but and but.files else ""
    if files != _OF_ONE:
        whose = "join files on file = person_id where root" if files else "where person_id"
        only += f" and not exists (select from registry_death {whose} = person.id and {_AS_OF})"
    return (
        f"{of_whom}select {', '.join(shown)} from registry_person person {' '.join(joins)}"  # noqa: S608 - see above
        f" where person.opened_at <= %(known_at)s{only} order by person.id"
    )


def _aggregate(table: str, columns: Mapping[str, Column], *, of_files: bool) -> str:
    if of_files:
        made = {name: column.of_files or column.inner for name, column in columns.items()}
        own = "(person_id = root) desc, "
        person, told = "root", f"files join registry_{table} on person_id = file"
    else:
        made, own = {name: column.inner for name, column in columns.items()}, ""
        person, told = "person_id", f"registry_{table}"
    held = ", ".join(f"{inner.replace('{own}', own)} as {name}" for name, inner in made.items())
    return f"select {person} as person_id, {held} from {told} where {_AS_OF} group by {person}"  # noqa: S608 - see `_query`
