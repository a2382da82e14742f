"""What the registry tells the rules: each fact is one dated column, over many people or one.

"As of" has two times: `on` is the day the thing had to hold, `known_at` the moment we had to know it.
No fact reads ciphertext.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import polars as pl
from django.db import connection

from rongjun.registry.logic import CATEGORIES

_PERSON = "person"
_AS_OF = (
    "valid_from <= %(on)s and (valid_to is null or valid_to > %(on)s)"
    " and recorded_at <= %(known_at)s and (superseded_at is null or superseded_at > %(known_at)s)"
)


@dataclass(frozen=True, slots=True)
class Column:
    """`inner` aggregates a person's rows in force in `table`; `outer` is what the fact is made of it."""

    table: str
    inner: str
    type: type[pl.DataType]
    outer: str = "{0}"


def _status(category: str) -> Column:
    return Column("status", f"bool_or(category = '{category}')", pl.Boolean, "coalesce({0}, false)")


def _latest(table: str, column: str, outer: str = "{0}") -> Column:
    return Column(table, f"(array_agg(nullif({column}, '') order by valid_from desc, id desc))[1]", pl.String, outer)


def _division(leading: str) -> Column:
    """Twelve digits from the first ones of the household's county."""
    column = _latest("household", "county", f"rpad({leading}, 12, '0')::bigint")
    return Column(column.table, column.inner, pl.Int64, column.outer)


def _stated(fact: str, kind: type[pl.DataType]) -> Column:
    newest = f"(array_agg(value order by recorded_at desc, id desc) filter (where fact = '{fact}'))[1]"
    return Column("statement", newest, kind, {pl.Boolean: "{0}::boolean", pl.Int64: "{0}::bigint"}.get(kind, "{0}"))


COLUMNS: Mapping[str, Column] = {
    **{category.fact: _status(category.code) for category in CATEGORIES},
    "birth_date": Column(_PERSON, "birth_date", pl.Date),
    "sex": Column(_PERSON, "sex", pl.String),
    "disability_grade": Column("disabilityrating", "min(grade)", pl.Int64),
    "disability_cause": Column("disabilityrating", "(array_agg(cause order by grade))[1]", pl.String),
    "enlisted_on": Column("service", "min(enlisted_on)", pl.Date),
    "discharged_on": Column("service", "max(discharged_on)", pl.Date),
    "service_years": Column("service", "extract(year from sum(age(discharged_on, enlisted_on)))::int", pl.Int64),
    "rank_group": _latest("service", "rank_group"),
    "placement_mode": _latest("service", "placement_mode"),
    "household_county": _division("left({0}, 6)"),
    "household_city": _division("left({0}, 4)"),
    "household_province": _division("left({0}, 2)"),
    "household_kind": _latest("household", "kind"),
    **{name: _stated(name, pl.Boolean) for name in (
        "in_hardship", "income_below_local_average", "cannot_care_for_self", "is_unsupported",
        "has_medical_insurance", "has_employer", "is_job_seeker", "was_student_before_service",
        "has_no_labour_capacity",
    )},
    "merit_rank": _stated("merit_rank", pl.Int64),
    "residence_city": _stated("residence_city", pl.Int64),
    "settlement_city": _stated("settlement_city", pl.Int64),
}


class RegistryFacts:
    """The registry as a source of facts."""

    names: frozenset[str] = frozenset(COLUMNS)

    def frame(
        self, names: Collection[str], *, on: date, known_at: datetime, person: UUID | None = None
    ) -> pl.DataFrame:
        """One query, whatever is asked; runs in the caller's scope, so only rows the caller may see come."""
        sql = _query(names, one_person=person is not None)
        with connection.cursor() as cursor:
            cursor.execute(sql, {"on": on, "known_at": known_at, "person": person})
            rows = cursor.fetchall()
        schema = {_PERSON: pl.String, **{name: COLUMNS[name].type for name in names}}
        return pl.DataFrame(rows, schema=schema, orient="row")


SOURCE = RegistryFacts()


def _query(names: Collection[str], *, one_person: bool) -> str:
    """Every identifier and literal here is ours (COLUMNS); what callers give goes in as parameters."""
    tables: dict[str, list[str]] = {}
    shown = []
    for name in names:
        column = COLUMNS[name]
        tables.setdefault(column.table, []).append(f"{column.inner} as {name}")
        shown.append(column.outer.format(f"{column.table}.{name}") + f" as {name}")
    people = tables.pop(_PERSON, [])
    joins = [f"left join ({_aggregate(table, columns, one_person)}) {table} on {table}.person_id = person.id"
             for table, columns in tables.items()]
    inner = ", ".join(["id", *people])
    only = "where id = %(person)s" if one_person else ""
    return (f"select person.id::text, {', '.join(shown)} from"  # noqa: S608 - see the docstring
            f" (select {inner} from registry_person {only}) person {' '.join(joins)} order by person.id")


def _aggregate(table: str, columns: list[str], one_person: bool) -> str:
    only = " and person_id = %(person)s" if one_person else ""
    return (f"select person_id, {', '.join(columns)} from registry_{table}"  # noqa: S608 - see `_query`
            f" where {_AS_OF}{only} group by person_id")
