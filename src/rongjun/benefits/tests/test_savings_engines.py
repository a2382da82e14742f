"""Settlement and savings by DuckDB over Parquet are what a person works out row by row, to the fen."""

import json
from collections.abc import Sequence
from dataclasses import asdict, astuple
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings

from rongjun.benefits.duck import Month, savings_of, settle_month, tally_month
from rongjun.benefits.logic.savings import (
    SAVINGS_TEXT,
    SETTLEMENT_TEXT,
    TALLY_TEXT,
    PriceLine,
    Tally,
    all_prices,
    fates_of,
    month_prices,
    savings_by_hand,
)
from rongjun.benefits.tests.savings_cases import (
    AT,
    FIRST,
    MONTH,
    PROGRAMMES,
    City,
    Row,
    cities,
    days_by_hand,
    june,
    settled_by_hand,
    write,
)
from rongjun.rules.api import as_postgres, portable, relations_of
from rongjun.rules.tests.strategies import book


@pytest.mark.parametrize("text", [SETTLEMENT_TEXT, TALLY_TEXT, SAVINGS_TEXT])
def test_the_shared_texts_hold_nothing_that_engines_answer_differently(text: str) -> None:
    assert portable(text)


def test_the_texts_read_these_relations_and_no_others() -> None:
    assert relations_of(SETTLEMENT_TEXT) == relations_of(TALLY_TEXT) == {"uses", "voids", "spans", "prices"}
    assert relations_of(SAVINGS_TEXT) == {"tallies", "prices"}


@settings(max_examples=30, deadline=None)
@given(city=cities(), known=june)
def test_a_month_settles_as_by_hand_whatever_was_repeated_voided_or_stopped(city: City, known: date) -> None:
    prices = month_prices(city.fares, month=MONTH, known_at=known, programmes=PROGRAMMES)
    with TemporaryDirectory() as folder:
        found = settle_month(Month(write(city, Path(folder)), MONTH, prices))
    assert sorted(found, key=str) == settled_by_hand(city, prices)
    assert sum(fates_of(found).values()) == len(city.rows)


@settings(max_examples=20, deadline=None)
@given(city=cities(), known=june, later=june)
def test_days_spans_and_rows_save_the_same_to_the_fen_also_after_a_correction(
    city: City, known: date, later: date
) -> None:
    closing = month_prices(city.fares, month=MONTH, known_at=known, programmes=PROGRAMMES)
    prices = all_prices(city.fares, known_at=later, programmes=PROGRAMMES)
    with TemporaryDirectory() as folder:
        month = Month(write(city, Path(folder)), MONTH, closing)
        spans = tally_month(month)
        again = month_prices(city.fares, month=MONTH, known_at=later, programmes=PROGRAMMES)
        settled = settle_month(Month(month.folder, MONTH, again))
    days = days_by_hand(city, closing)
    expected = savings_by_hand(days, prices)
    assert sum(line.savings_fen for line in settled) == expected
    assert sum(line.savings_fen for line in savings_of(days, prices=prices)) == expected
    assert sum(line.savings_fen for line in savings_of(spans, prices=prices)) == expected


@pytest.mark.django_db
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(city=cities(), known=june)
def test_postgresql_answers_the_same_texts_like_duckdb(city: City, known: date) -> None:
    prices = month_prices(city.fares, month=MONTH, known_at=known, programmes=PROGRAMMES)
    with TemporaryDirectory() as folder:
        month = Month(write(city, Path(folder)), MONTH, prices)
        settled, tallied = settle_month(month), tally_month(month)
    for text, found in ((SETTLEMENT_TEXT, settled), (TALLY_TEXT, tallied)):
        rows = in_postgres(text, city, prices)
        assert sorted(map(str, rows)) == sorted(str(astuple(line)) for line in found)
    saved = savings_of(tallied, prices=prices)
    rows = in_postgres(SAVINGS_TEXT, city, prices, tallied)
    assert sorted(map(str, rows)) == sorted(str(astuple(line)) for line in saved)


_COLUMNS = {
    "uses": "month int, first_day date, source int, reference text, arrived bigint, card bigint,"
    " used_at timestamptz, day date, programme int, place int, band int, paid int, division bigint",
    "voids": "source int, reference text",
    "spans": "card bigint, kind text, starts_at timestamptz, ends_at timestamptz",
    "prices": "programme int, band int, span date, last_day date, fen int, payer text, version date",
    "tallies": "month int, day date, source int, programme int, division bigint, band int, kind text,"
    " paid int, n bigint",
}


def in_postgres(
    text: str, city: City, prices: Sequence[PriceLine], tallies: Sequence[Tally] = ()
) -> list[tuple[object, ...]]:
    data = {
        "uses": [asdict(row) | {"month": MONTH, "first_day": FIRST} for row in city.rows],
        "voids": [{"source": source, "reference": reference} for source, reference in city.voids],
        "spans": [dict(zip(("card", "kind", "starts_at", "ends_at"), s, strict=True)) for s in city.spans],
        "prices": [asdict(price) for price in prices],
        "tallies": [asdict(tally) for tally in tallies],
    }
    names = sorted(relations_of(text))
    relations = {
        name: f"SELECT * FROM jsonb_to_recordset(CAST('{json.dumps(data[name], default=str)}' AS jsonb))"
        f" AS given({_COLUMNS[name]})"
        for name in names
    }
    with connection.cursor() as cursor:
        cursor.execute(as_postgres(text, relations))
        return list(cursor.fetchall())


def test_a_text_with_a_join_less_is_seen_by_the_hand_check(tmp_path: Path) -> None:
    """The canary: without the look at card spans the settlement is another one."""
    row = Row(1, "R1", 0, 101, AT, FIRST, 1, 1, 1, 0, 990202000000)
    stopped = ((101, "rongjun", AT - timedelta(days=300), AT),)
    city = City((row,), frozenset(), stopped, book().fares)
    prices = month_prices(city.fares, month=MONTH, known_at=date(2023, 6, 30), programmes=PROGRAMMES)
    fates = fates_of(settle_month(Month(write(city, tmp_path), MONTH, prices)))
    assert (fates["counted"], fates["refused"]) == (0, 1)
