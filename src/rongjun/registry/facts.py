"""What the registry tells the rules: each fact is one dated column, over many people or relations, or of one.

"As of" has two times: `on` is the day the thing had to hold, `known_at` the moment we had to know it.
No fact reads ciphertext. A table of our own speaks first; where it is silent, what somebody stated does.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import polars as pl
from django.db import connection

from rongjun.registry.logic import CATEGORIES, RELATION_STATED, RELATION_STATUSES, STATED, Kind

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

    Facts with the same `shared` name are made from one and the same aggregate.
    """

    table: str
    inner: str
    outer: str = "{0}"
    shared: str = ""


def _newest(table: str, column: str, outer: str = "{0}") -> Column:
    said = f"{column} is not null and {column}::text <> ''"
    newest = f"(array_agg({column} order by valid_from desc, id desc) filter (where {said}))[1]"
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
_SERVED = (
    "case when bool_and(enlisted_on is not null and discharged_on is not null) then"
    " extract(year from justify_days(sum(age(least(discharged_on, %(on)s::date), enlisted_on))))::bigint end"
)
_RECORDED: Mapping[str, Column] = {
    "birth_date": _newest("particulars", "birth_date"),
    "sex": _newest("particulars", "sex"),
    # The heaviest rating in force (1 is the heaviest), and the cause of that one.
    "disability_grade": Column("disabilityrating", "min(grade)::bigint"),
    "disability_cause": Column("disabilityrating", "(array_agg(cause order by grade, id))[1]"),
    "enlisted_on": Column("service", "min(enlisted_on)"),
    "discharged_on": Column("service", "max(discharged_on) filter (where discharged_on <= %(on)s)"),
    "service_years": Column("service", _SERVED),
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

    names: frozenset[str] = frozenset(COLUMNS)
    relation_names: frozenset[str] = frozenset(RELATION_COLUMNS)

    def frame(
        self, names: Collection[str], *, on: date, known_at: datetime, person: UUID | None = None
    ) -> pl.DataFrame:
        """One row a person on file at `known_at`, one column a name; one query, whatever is asked.

        Runs in the caller's scope, so only people the caller may see come. KeyError for a name not ours.
        """
        sql = _query(names, one_person=person is not None)
        return _asked(sql, names, on=on, known_at=known_at, person=person)

    def relations(
        self, names: Collection[str], *, on: date, known_at: datetime, person: UUID | None = None
    ) -> pl.DataFrame:
        """One row a relation in force, the oldest of a person first; one query, whatever is asked.

        Runs in the caller's scope. KeyError for a name not ours.
        """
        sql = _relations(names, one_person=person is not None)
        return _asked(sql, names, on=on, known_at=known_at, person=person)


SOURCE = RegistryFacts()


def _asked(
    sql: str, names: Collection[str], *, on: date, known_at: datetime, person: UUID | None
) -> pl.DataFrame:
    with connection.cursor() as cursor:
        cursor.execute(sql, {"on": on, "known_at": known_at, "person": person})
        rows = cursor.fetchall()
    schema: dict[str, type[pl.DataType]] = {name: _TYPES[KINDS[name]][0] for name in names}
    return pl.DataFrame(rows, schema={PERSON: pl.String, **schema}, orient="row")


def _relations(names: Collection[str], *, one_person: bool) -> str:
    shown = "".join(f", {RELATION_COLUMNS[name]} as {name}" for name in names)
    only = " and person_id = %(person)s" if one_person else ""
    return (
        f"select person_id::text{shown} from registry_relation"  # noqa: S608 - see `_query`
        f" where {_AS_OF}{only} order by person_id, valid_from, id"
    )


def _query(names: Collection[str], *, one_person: bool) -> str:
    """Every identifier and literal here is ours (COLUMNS); what callers give goes in as parameters."""
    tables: dict[str, dict[str, str]] = {}
    shown = ["person.id::text"]
    for name in names:
        answers = []
        for column in COLUMNS[name]:
            held = column.shared or name
            tables.setdefault(column.table, {})[held] = column.inner
            answers.append(column.outer.format(f"{column.table}.{held}"))
        shown.append(f"coalesce({', '.join(answers)}) as {name}")
    joins = [
        f"left join ({_aggregate(table, columns, one_person)}) {table} on {table}.person_id = person.id"
        for table, columns in tables.items()
    ]
    only = " and person.id = %(person)s" if one_person else ""
    return (
        f"select {', '.join(shown)} from registry_person person {' '.join(joins)}"  # noqa: S608 - see above
        f" where person.opened_at <= %(known_at)s{only} order by person.id"
    )


def _aggregate(table: str, columns: Mapping[str, str], one_person: bool) -> str:
    only = " and person_id = %(person)s" if one_person else ""
    held = ", ".join(f"{inner} as {name}" for name, inner in columns.items())
    return (
        f"select person_id, {held} from registry_{table}"  # noqa: S608 - see `_query`
        f" where {_AS_OF}{only} group by person_id"
    )
