"""One tree, three engines: not one person on whom they differ."""

from datetime import date, timedelta
from typing import cast

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rongjun.rules.conditions import parse_condition
from rongjun.rules.days import Span, latest_start
from rongjun.rules.deciding import decide_all, verdicts
from rongjun.rules.engines import as_polars, as_sql, compile_python
from rongjun.rules.folding import fold
from rongjun.rules.sweeping import PERSON, as_long, sweep, sweep_sql
from rongjun.rules.tests.in_sql import frame_of as frame_of_rows
from rongjun.rules.tests.in_sql import kin_facts, own_facts, population_sql
from rongjun.rules.tests.strategies import DAYS, book, book_of, city, conditions, people
from rongjun.rules.vocabulary import Value

_TYPES: dict[str, type[pl.DataType]] = {"bool": pl.Boolean, "date": pl.Date, "enum": pl.String}


def frame_of(rows: list[dict[str, Value]]) -> pl.DataFrame:
    schema: dict[str, type[pl.DataType]] = {PERSON: pl.Int64}
    schema |= {fact.name: _TYPES.get(fact.kind, pl.Int64) for fact in book().vocabulary.stored()}
    return pl.DataFrame([{PERSON: i, **row} for i, row in enumerate(rows)], schema=schema)


def in_duckdb(frame: pl.DataFrame, expressions: list[str]) -> list[tuple[bool | None, ...]]:
    with duckdb.connect() as connection:
        connection.register("people", frame.to_arrow())
        return connection.execute(f"SELECT {', '.join(expressions)} FROM people ORDER BY {PERSON}").fetchall()


@settings(max_examples=60, deadline=None)
@given(
    texts=st.lists(conditions(), min_size=1, max_size=4), seed=st.integers(0, 10**6), on=st.sampled_from(DAYS)
)
def test_python_polars_and_duckdb_agree_on_every_person(texts: list[str], seed: int, on: date) -> None:
    vocabulary = book().vocabulary
    trees = [parse_condition(text, vocabulary=vocabulary, regions=book().regions) for text in texts]
    rows = people(seed, count=40, on=on)
    folded = [fold(tree, vocabulary=vocabulary, on=on) for tree in trees]
    frame = frame_of(rows)

    program = compile_python(trees, vocabulary=vocabulary)
    python = [program(row, on=on) for row in rows]
    polars = frame.select(as_polars(tree).alias(str(i)) for i, tree in enumerate(folded)).rows()
    assert python == polars
    assert python == in_duckdb(frame, [as_sql(tree) for tree in folded])


@settings(max_examples=60, deadline=None)
@given(
    texts=st.lists(conditions(), min_size=1, max_size=4, unique=True),
    seed=st.integers(0, 10**6),
    on=st.sampled_from(DAYS),
)
def test_they_agree_for_every_set_of_relations(texts: list[str], seed: int, on: date) -> None:
    made = book_of(texts)
    rows, kin = city(seed, count=40, on=on)
    people_table, kin_table = (
        frame_of_rows(list(enumerate(rows)), own_facts()),
        frame_of_rows(kin, kin_facts()),
    )
    one_by_one = []
    for number, row in enumerate(rows):
        theirs = [relation for person, relation in kin if person == number]
        found = verdicts(made, facts=row, relations=theirs, on=on)
        one_by_one.append(tuple({"granted": True, "not-granted": False}.get(word) for word in found.values()))
    swept = sweep(made, frame=people_table, relations=kin_table, on=on).drop(PERSON).rows()
    assert one_by_one == swept
    with duckdb.connect() as connection:
        connection.register("people", people_table.to_arrow())
        connection.register("relations", kin_table.to_arrow())
        assert connection.execute(population_sql(made, on=on)).fetchall() == swept


@pytest.mark.parametrize("on", DAYS)
def test_every_comparison_of_a_span_is_folded_right_at_its_very_edge(on: date) -> None:
    vocabulary = book().vocabulary
    ends = ["= 18", "<> 18", "< 18", "<= 18", "> 18", ">= 18", "IN (18, 60)", "NOT IN (18, 60)"]
    ends += ["BETWEEN 18 AND 60", "NOT BETWEEN 18 AND 60", "IS NULL", "IS NOT NULL"]
    for fact in [fact for fact in vocabulary.facts.values() if fact.of]:
        trees = [parse_condition(f"{fact.name} {end}", vocabulary=vocabulary) for end in ends]
        edges = [latest_start(cast(Span, fact.kind), n, on=on) for n in (17, 18, 19, 60, 61)]
        rows: list[dict[str, Value]] = [{fact.of: None}]
        rows += [{fact.of: edge + timedelta(days=shift)} for edge in edges for shift in (-1, 0, 1)]
        program = compile_python(trees, vocabulary=vocabulary)
        folded = [as_polars(fold(tree, vocabulary=vocabulary, on=on)) for tree in trees]
        swept = frame_of(rows).select(expr.alias(str(i)) for i, expr in enumerate(folded)).rows()
        assert swept == [program(row, on=on) for row in rows]


def test_the_shipped_book_gives_a_population_the_same_answers_three_times() -> None:
    on = date(2026, 11, 23)
    rows = people(7, count=500, on=on)
    frame = frame_of(rows)
    wide = sweep(book(), frame=frame, on=on)
    texts = sweep_sql(book(), on=on)

    one_by_one = [verdicts(book(), facts=row, on=on) for row in rows]
    with_reasons = [{d.code: d.verdict for d in decide_all(book(), facts=row, on=on)} for row in rows]
    words = {True: "granted", False: "not-granted", None: "unknown"}
    swept = [{code: words[row[code]] for code in texts} for row in wide.iter_rows(named=True)]
    queried = [
        {code: words[cell] for code, cell in zip(texts, row, strict=True)}
        for row in in_duckdb(frame, list(texts.values()))
    ]
    assert one_by_one == with_reasons == swept == queried
    assert {word for row in swept for word in row.values()} == {"granted", "not-granted", "unknown"}


def test_a_sweep_in_rows_says_the_same_in_words() -> None:
    on = date(2026, 11, 23)
    rows = people(3, count=20, on=on)
    long = as_long(sweep(book(), frame=frame_of(rows), on=on, codes=["eldercare.welfare-home-first"]))
    assert long.columns == [PERSON, "code", "verdict"]
    said = dict(zip(long[PERSON], long["verdict"], strict=True))
    assert said == {
        i: verdicts(book(), facts=row, on=on)["eldercare.welfare-home-first"] for i, row in enumerate(rows)
    }


def test_a_column_nobody_supplies_is_unknown_for_everybody() -> None:
    frame = pl.DataFrame({PERSON: [1], "is_veteran": [True]})
    wide = sweep(book(), frame=frame, on=date(2026, 11, 23))
    assert wide["transport.city-transit-pref-card"].to_list() == [None]
    assert wide["transport.city-transit-serving"].to_list() == [False]


def test_a_column_of_the_wrong_type_is_a_loud_mistake() -> None:
    frame = pl.DataFrame({PERSON: [1], "birth_date": ["1960-01-01"]})
    with pytest.raises(TypeError, match="birth_date"):
        sweep(book(), frame=frame, on=date(2026, 11, 23))


def test_kin_among_a_persons_own_facts_count_as_one_relation_more_in_a_sweep_too() -> None:
    on = date(2026, 11, 23)
    own: dict[str, Value] = {"is_soldier_family": True, "dependant_of": "martyr", "relation": "child"}
    wife: dict[str, Value] = {"dependant_of": "active_soldier", "relation": "spouse"}
    frame = pl.DataFrame([{PERSON: 1, **own}, {PERSON: 2, "is_soldier_family": True}], infer_schema_length=2)
    relations = pl.DataFrame([{PERSON: 1, **wife}, {PERSON: 2, **wife}])
    words = {True: "granted", False: "not-granted", None: "unknown"}
    one, two = (
        {code: words[cell] for code, cell in row.items() if code != PERSON}
        for row in sweep(book(), frame=frame, relations=relations, on=on).iter_rows(named=True)
    )
    assert one == verdicts(book(), facts=own, relations=[wife], on=on)
    assert two == verdicts(book(), facts={"is_soldier_family": True}, relations=[wife], on=on)
    assert one != two
