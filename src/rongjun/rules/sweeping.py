"""The whole population at once: the same conditions, folded to dates, run by Polars."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Final

import polars as pl

from rongjun.rules.book import Book
from rongjun.rules.deciding import full_condition
from rongjun.rules.engines import as_polars, as_sql
from rongjun.rules.folding import fold
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


def sweep(book: Book, *, frame: pl.DataFrame, on: date, codes: Collection[str] | None = None) -> pl.DataFrame:
    """Judge a population on a day: one row a person, one nullable Boolean column a benefit in force.

    `frame` has `person_id` and a column for each stored fact; a column that is not there is unknown for
    everybody (or false, as declared). True is granted, False not-granted, null unknown. Raises TypeError
    when a column has a type its fact cannot have.
    """
    folded = _folded(book, on=on, codes=codes)
    ready = _typed(book, frame)
    return ready.select(PERSON, *(as_polars(condition).alias(code) for code, condition in folded.items()))


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
    return {code: as_sql(c, columns=columns) for code, c in _folded(book, on=on, codes=codes).items()}


def _folded(book: Book, *, on: date, codes: Collection[str] | None) -> dict[str, Condition]:
    return {
        benefit.code: fold(full_condition(book, benefit, version, on=on), vocabulary=book.vocabulary, on=on)
        for benefit, version in book.in_force(on=on)
        if codes is None or benefit.code in codes
    }


def _typed(book: Book, frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with exactly the columns the facts need, each of the right type."""
    columns = [pl.col(PERSON)]
    for fact in book.vocabulary.stored():
        wanted = _TYPES[fact.kind]
        if fact.name not in frame.columns:
            columns.append(pl.lit(fact.absent or None, dtype=wanted).alias(fact.name))
            continue
        if not _fits(frame.schema[fact.name], fact):
            raise TypeError(f"{fact.name} 的列类型是 {frame.schema[fact.name]}，应是 {wanted.__name__}")
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
