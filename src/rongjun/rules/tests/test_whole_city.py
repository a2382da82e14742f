"""A whole invented city judged four times, rules over kin included: not one cell differs."""

from datetime import date
from functools import cache
from typing import Any

import duckdb
import polars as pl
import pytest

from rongjun.rules.deciding import verdicts
from rongjun.rules.sweeping import PERSON, sweep
from rongjun.rules.tests.in_sql import frame_of, kin_facts, own_facts, population_sql
from rongjun.rules.tests.strategies import book, city
from rongjun.rules.vocabulary import Fact, Value

pytestmark = pytest.mark.django_db

ON = date(2026, 11, 23)
SIZE = 20_000
_POSTGRES = {"bool": "boolean", "date": "date", "enum": "text"}
_HELD = {"granted": True, "not-granted": False, "unknown": None}
Cells = list[tuple[bool | None, ...]]


@cache
def the_city() -> tuple[list[dict[str, Value]], list[tuple[int, dict[str, Value]]]]:
    return city(23, count=SIZE, on=ON)


@cache
def frames() -> tuple[pl.DataFrame, pl.DataFrame]:
    people, relations = the_city()
    return frame_of(list(enumerate(people)), own_facts()), frame_of(relations, kin_facts())


@cache
def in_polars() -> Cells:
    people, relations = frames()
    return sweep(book(), frame=people, relations=relations, on=ON).drop(PERSON).rows()


def test_polars_and_python_judge_every_person_alike() -> None:
    people, relations = the_city()
    kin: list[list[dict[str, Value]]] = [[] for _ in people]
    for number, each in relations:
        kin[number].append(each)
    found = (verdicts(book(), facts=row, relations=of, on=ON) for row, of in zip(people, kin, strict=True))
    differing = sum(
        one != other
        for words, row in zip(found, in_polars(), strict=True)
        for one, other in zip(map(_HELD.__getitem__, words.values()), row, strict=True)
    )
    assert differing == 0


def test_polars_and_duckdb_judge_every_person_alike() -> None:
    people, relations = frames()
    with duckdb.connect() as connection:
        connection.register("people", people.to_arrow())
        connection.register("relations", relations.to_arrow())
        assert connection.execute(population_sql(book(), on=ON)).fetchall() == in_polars()


def load(cursor: Any, table: str, frame: pl.DataFrame, facts: list[Fact]) -> None:
    """A temporary table of the frame."""
    columns = ", ".join(f'"{fact.name}" {_POSTGRES.get(fact.kind, "bigint")}' for fact in facts)
    cursor.execute(f"CREATE TEMPORARY TABLE {table} ({PERSON} bigint, {columns}) ON COMMIT DROP")
    with cursor.copy(f"COPY {table} FROM STDIN (FORMAT csv)") as copy:
        copy.write(frame.write_csv(include_header=False))


def test_polars_and_postgresql_judge_every_person_alike() -> None:
    connection = pytest.importorskip("django.db").connection
    people, relations = frames()
    with connection.cursor() as cursor:
        load(cursor, "people", people, own_facts())
        load(cursor, "relations", relations, kin_facts())
        cursor.execute("SET LOCAL jit = off")
        cursor.execute(population_sql(book(), on=ON))
        assert cursor.fetchall() == in_polars()


def test_the_city_has_somebody_for_every_answer() -> None:
    people, relations = the_city()
    answers = [set(column) for column in zip(*in_polars(), strict=True)]
    assert all({True, False} <= found for found in answers)
    assert sum(None in found for found in answers) > len(answers) / 2
    counts = [0] * len(people)
    for number, _ in relations:
        counts[number] += 1
    assert set(counts) == {0, 1, 2, 3}
