"""PostgreSQL reads the same conditions the same way (needs the test database)."""

import json
from datetime import date

import pytest

from rongjun.rules.conditions import parse_condition
from rongjun.rules.deciding import verdicts
from rongjun.rules.engines import as_sql, compile_python
from rongjun.rules.folding import fold
from rongjun.rules.sweeping import sweep_sql
from rongjun.rules.tests.strategies import DAYS, book, people
from rongjun.rules.vocabulary import Value

_TYPES = {"bool": "boolean", "date": "date", "enum": "text", "text": "text"}
TEXTS = [
    "age >= 60 OR NOT age < 18",
    "age IN (0, 18, 60) AND birth_date IS NOT NULL",
    "age NOT BETWEEN 18 AND 64",
    "days_since_discharge <= 30 OR years_since_discharge > 12",
    "disability_cause NOT IN ('war', 'duty') AND disability_grade BETWEEN 1 AND 6",
    "household_city <> this_city OR household_province = this_province",
    "NOT (in_hardship AND has_employer) OR (is_three_kin AND holds_pref_card)",
    "enlisted_on BETWEEN '2024-02-28' AND '2025-03-01' OR sex IS NULL",
]


def in_postgres(rows: list[dict[str, Value]], expressions: list[str]) -> list[tuple[bool | None, ...]]:
    # Imported by name: `rules` itself must not know Django, and its imports are checked.
    connection = pytest.importorskip("django.db").connection
    columns = ", ".join(
        f'"{fact.name}" {_TYPES.get(fact.kind, "bigint")}' for fact in book().vocabulary.stored()
    )
    data = json.dumps([{"row": i, **row} for i, row in enumerate(rows)], default=date.isoformat)
    source = f"jsonb_to_recordset(%s::jsonb) AS people(row int, {columns})"
    query = f"SELECT {', '.join(expressions)} FROM {source} ORDER BY row"
    with connection.cursor() as cursor:
        cursor.execute(query, [data])
        return list(cursor.fetchall())


@pytest.mark.django_db
@pytest.mark.parametrize("on", DAYS)
def test_postgresql_agrees_with_python_on_every_person(on: date) -> None:
    vocabulary = book().vocabulary
    trees = [parse_condition(text, vocabulary=vocabulary, regions=book().regions) for text in TEXTS]
    rows = people(on.toordinal(), count=300, on=on)
    program = compile_python(trees, vocabulary=vocabulary)
    expressions = [as_sql(fold(tree, vocabulary=vocabulary, on=on)) for tree in trees]
    assert in_postgres(rows, expressions) == [program(row, on=on) for row in rows]


@pytest.mark.django_db
def test_postgresql_judges_the_shipped_book_like_python() -> None:
    on = date(2026, 11, 23)
    rows = people(11, count=300, on=on)
    texts = sweep_sql(book(), on=on)
    words = {True: "granted", False: "not-granted", None: "unknown"}
    found = [
        {code: words[cell] for code, cell in zip(texts, row, strict=True)}
        for row in in_postgres(rows, list(texts.values()))
    ]
    assert found == [verdicts(book(), facts=row, on=on) for row in rows]
