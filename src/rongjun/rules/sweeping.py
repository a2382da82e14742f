"""The whole population at once: the same conditions, folded to dates, run by Polars."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final

import polars as pl

from rongjun.rules.book import Book
from rongjun.rules.deciding import full_condition
from rongjun.rules.engines import as_polars, as_sql
from rongjun.rules.folding import fold, stored_facts
from rongjun.rules.tree import Condition
from rongjun.rules.vocabulary import Fact

PERSON: Final = "person_id"
_TYPES: Final[Mapping[str, type[pl.DataType]]] = {
    "bool": pl.Boolean,
    "int": pl.Int64,
    "division": pl.Int64,
    "date": pl.Date,
    "text": pl.String,
    "enum": pl.String,
}


def sweep(
    book: Book,
    *,
    frame: pl.DataFrame,
    on: date,
    codes: Collection[str] | None = None,
    relations: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Judge a population on a day: one row a person, one nullable Boolean column a benefit in force.

    `frame` has `person_id` and a column for each stored fact; a column that is not there is unknown for
    everybody (or what the vocabulary says of an absent fact). `relations` has `person_id` and the facts that
    are per relation, any number of rows a person; a rule over kin holds when it holds for one of them.
    True is granted, False not-granted, null unknown. Raises TypeError when a column has a type its fact
    cannot have.
    """
    plan = _plan(book, on)
    chosen = [code for code in plan.conditions if codes is None or code in codes]
    needed = {name for code in chosen for name in plan.reads[code]}
    ready = _typed(book, frame, needed)
    wide = ready.select(PERSON, *(plan.asked[code] for code in chosen))
    kin = [plan.asked[code] for code in chosen if code in plan.kin]
    if relations is None or relations.is_empty() or not kin:
        return wide
    rows = _relation_rows(book, frame, relations, needed)
    return _with_kin(wide, _kin_verdicts(book, ready, rows, kin))


@dataclass(frozen=True, slots=True)
class _Plan:
    """The conditions in force on a day, folded, as trees and as columns; what each reads; those over kin."""

    conditions: Mapping[str, Condition]
    asked: Mapping[str, pl.Expr]
    reads: Mapping[str, tuple[str, ...]]
    kin: frozenset[str]


@lru_cache(maxsize=8)
def _plan(book: Book, on: date) -> _Plan:
    vocabulary = book.vocabulary
    conditions = {
        benefit.code: fold(full_condition(book, benefit, version, on=on), vocabulary=vocabulary, on=on)
        for benefit, version in book.in_force(on=on)
    }
    reads = {code: stored_facts(condition, vocabulary=vocabulary) for code, condition in conditions.items()}
    kin = frozenset(code for code, names in reads.items() if any(vocabulary[n].per_relation for n in names))
    asked = {code: as_polars(condition).alias(code) for code, condition in conditions.items()}
    return _Plan(conditions, asked, reads, kin)


def _relation_rows(
    book: Book, frame: pl.DataFrame, relations: pl.DataFrame, needed: Collection[str]
) -> pl.DataFrame:
    """One row a relation. Facts of a relation among the person's own are one relation more."""
    theirs = {name for name in needed if book.vocabulary[name].per_relation}
    rows = _typed(book, relations, theirs)
    given = [name for name in theirs if name in frame.columns]
    if not given:
        return rows
    flat = frame.filter(pl.any_horizontal(pl.col(name).is_not_null() for name in given))
    return pl.concat([rows, _typed(book, flat, theirs).select(rows.columns)])


def _kin_verdicts(
    book: Book, ready: pl.DataFrame, rows: pl.DataFrame, kin: Sequence[pl.Expr]
) -> pl.DataFrame:
    """One row a person with relations: each rule over kin, judged per relation, the best standing."""
    own = [name for name in ready.columns if name == PERSON or not book.vocabulary[name].per_relation]
    judged = rows.join(ready.select(own), on=PERSON, how="inner").select(PERSON, *kin)
    return judged.group_by(PERSON).agg(pl.exclude(PERSON).any(ignore_nulls=False))


def _with_kin(wide: pl.DataFrame, judged: pl.DataFrame) -> pl.DataFrame:
    """The sweep with the rules over kin replaced for those who have relations."""
    rows = wide.select(PERSON).with_row_index("row").join(judged, on=PERSON, how="inner")
    place = rows["row"]
    return wide.with_columns(
        wide[code].scatter(place, rows[code]) for code in judged.columns if code != PERSON
    )


def as_long(wide: pl.DataFrame) -> pl.DataFrame:
    """A sweep as rows of (person_id, code, verdict), verdict in the words of `Verdict`."""
    long = wide.unpivot(index=PERSON, variable_name="code", value_name="held")
    verdict = (
        pl.when(pl.col("held")).then(pl.lit("granted")).when(pl.col("held").is_null()).then(pl.lit("unknown"))
    )
    return long.select(PERSON, "code", verdict.otherwise(pl.lit("not-granted")).alias("verdict"))


def sweep_sql(
    book: Book,
    *,
    on: date,
    columns: Mapping[str, str] | None = None,
    codes: Collection[str] | None = None,
) -> dict[str, str]:
    """The same conditions as SQL text for PostgreSQL and DuckDB, by code: true, false or NULL each."""
    columns = dict(columns or {})
    for fact in book.vocabulary.defaults():
        column = columns.get(fact.name, f'"{fact.name}"')
        columns[fact.name] = f"COALESCE({column}, '{fact.absent}')"
    return {
        code: as_sql(condition, columns=columns)
        for code, condition in _plan(book, on).conditions.items()
        if codes is None or code in codes
    }


def _typed(book: Book, frame: pl.DataFrame, names: Collection[str]) -> pl.DataFrame:
    """The frame with exactly the columns these facts need, each of the right type."""
    columns = [pl.col(PERSON)]
    for fact in book.vocabulary.stored():
        wanted = _TYPES[fact.kind]
        if fact.name in frame.columns and not _fits(frame.schema[fact.name], fact):
            raise TypeError(f"{fact.name} 的列类型是 {frame.schema[fact.name]}，应是 {wanted.__name__}")
        if fact.name not in names:
            continue
        if fact.name not in frame.columns:
            columns.append(pl.lit(fact.absent or None, dtype=wanted).alias(fact.name))
            continue
        column = pl.col(fact.name).cast(wanted)
        columns.append(column.fill_null(fact.absent) if fact.absent else column)
    return frame.select(columns)


def _fits(found: pl.DataType, fact: Fact) -> bool:
    if found == pl.Null:
        return True
    if fact.kind in {"int", "division"}:
        return found.is_integer()
    if fact.kind in {"text", "enum"}:
        return found in (pl.String, pl.Categorical, pl.Enum)
    return found == _TYPES[fact.kind]
