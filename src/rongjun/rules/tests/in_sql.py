"""A population with its relations as tables, and the query that judges it in PostgreSQL and DuckDB."""

from collections.abc import Mapping, Sequence
from datetime import date

import polars as pl

from rongjun.rules.book import Book
from rongjun.rules.sweeping import PERSON, sweep_sql
from rongjun.rules.tests.strategies import book
from rongjun.rules.vocabulary import Fact, Value

_TYPES: dict[str, type[pl.DataType]] = {"bool": pl.Boolean, "date": pl.Date, "enum": pl.String}
Row = tuple[int, Mapping[str, Value]]


def best_of_relations(rule: str) -> str:
    """One rule over all rows of a person as an SQL aggregate: true, false or NULL.

    It is OR with its three answers, over rows: true when the rule holds for one relation, NULL when it holds
    for none but may for one, else false. A rule that reads no kin is the same on every row of a person.
    """
    return f"CASE WHEN bool_or({rule}) THEN TRUE WHEN count(*) > count({rule}) THEN NULL ELSE FALSE END"


def population_sql(judged_by: Book, *, on: date) -> str:
    """One row a person in order, one column a benefit in force, from the tables `people` and `relations`.

    Somebody without relations has one row with no facts of kin, which is what rules over kin then read.
    """
    rules = sweep_sql(judged_by, on=on)
    judged = ", ".join(f'{rule} AS "{code}"' for code, rule in rules.items())
    best = ", ".join(best_of_relations(f'"{code}"') for code in rules)
    return f"""
        WITH each AS MATERIALIZED (
            SELECT {PERSON}, {judged} FROM people LEFT JOIN relations USING ({PERSON})
        )
        SELECT {best} FROM each GROUP BY {PERSON} ORDER BY {PERSON}
    """


def own_facts() -> list[Fact]:
    """The facts of a person."""
    return [fact for fact in book().vocabulary.stored() if not fact.per_relation]


def kin_facts() -> list[Fact]:
    """The facts of one relation of a person."""
    return [fact for fact in book().vocabulary.stored() if fact.per_relation]


def frame_of(rows: Sequence[Row], facts: Sequence[Fact]) -> pl.DataFrame:
    """Rows with the number of their person, one column a fact."""
    columns = {PERSON: pl.Series([number for number, _ in rows], dtype=pl.Int64)}
    for fact in facts:
        values = [row.get(fact.name) for _, row in rows]
        columns[fact.name] = pl.Series(values, dtype=_TYPES.get(fact.kind, pl.Int64))
    return pl.DataFrame(columns)
