"""A batch judged a column at a time comes out as row by row."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rongjun.benefits.logic.uses import BEIJING, NAMES, Columns, Setting, judge, judge_plainly
from rongjun.cards.api import Carrier

NOW = datetime(2026, 11, 30, 2, 0, tzinfo=UTC)
SETTING = Setting(
    programmes={"bus": 1, "metro": 2},
    places={"0": 0, "L1": 11},
    newest_month=202611,
    earliest=NOW - timedelta(days=60),
    latest=NOW + timedelta(minutes=5),
)
START, END = datetime(2021, 3, 1, tzinfo=UTC), datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
CARRIERS = {
    1: Carrier(1, 990202000000, "rongjun", ((START, None),)),
    2: Carrier(2, 990212000000, "rongjun", ((START, END),)),
}
PLAIN: dict[str, st.SearchStrategy[Any]] = {
    "reference": st.from_regex(r"[A-Z]{3}[0-9]{6}", fullmatch=True),
    "card": st.sampled_from([1, 2]),
    "used_at": st.integers(0, 58 * 86_400).map(
        lambda seconds: (NOW - timedelta(seconds=seconds)).astimezone(BEIJING).isoformat()
    ),
    "programme": st.sampled_from(["bus", "metro"]),
    "place": st.sampled_from(["0", "L1"]),
    "band": st.integers(0, 9999),
    "paid": st.integers(0, 1_000_000),
}
PHONE, IDENTITY = "130" + "12345678", "110101" + "199001011234"
ODD: dict[str, list[Any]] = {
    "reference": ["", "x" * 33, 7, None, "a b", PHONE, IDENTITY, "A\n", "\u0661"],
    "card": [0, -1, 2**53, True, "1", 1.0, None, 99],
    "used_at": [
        "2026-02-30T08:00:00+08:00", "2026-11-01T08:00:00", "2026-11-01T00:00:00+00:00",
        "2026-W44-1T08:00:00+08:00", "2027-01-01T08:00:00+08:00", "2026-08-01T08:00:00+08:00",
        "2026-12-01T08:00:00+08:00", "2026-11-01", "2026-11-01T24:00:00+08:00",
        "2026-11-01T08:00:00+08:00\n", 5, None,
    ],
    "programme": ["tram", 1, None],
    "place": ["L9", 0, None],
    "band": [-1, 10_000, True, "1", None],
    "paid": [-1, 1_000_001, False, 1.5, None],
}  # fmt: skip
USUAL = {
    "reference": "U1", "card": 1, "used_at": "2026-11-01T08:00:00+08:00", "programme": "bus",
    "place": "L1", "band": 0, "paid": 0,
}  # fmt: skip


def columns_of(rows: list[dict[str, Any]]) -> Columns:
    return Columns(**{name: [row[name] for row in rows] for name in NAMES})


plain_batches = st.lists(
    st.fixed_dictionaries(PLAIN), min_size=1, max_size=12, unique_by=lambda row: row["reference"]
)


@given(rows=plain_batches, odd=st.data())
def test_a_batch_judged_a_column_at_a_time_comes_out_as_row_by_row(
    rows: list[dict[str, Any]], odd: st.DataObject
) -> None:
    if odd.draw(st.booleans()):
        name = odd.draw(st.sampled_from(NAMES))
        odd.draw(st.sampled_from(rows))[name] = odd.draw(st.sampled_from(ODD[name]))
    columns = columns_of(rows)
    plain = judge_plainly(columns, SETTING)
    if plain is None:
        return
    known = [CARRIERS.get(card) for card in plain.judged.card]
    if all(held and any(_covers(span, plain.first, plain.last) for span in held.spans) for held in known):
        plain.judged.division = [held.division for held in known if held]
        assert plain.judged == judge(columns, SETTING, CARRIERS)


def _covers(span: tuple[datetime, datetime | None], first: datetime, last: datetime) -> bool:
    start, end = span
    return start <= first and (end is None or last < end)


@given(rows=plain_batches)
def test_what_is_written_as_nearly_everybody_writes_it_is_judged_a_column_at_a_time(
    rows: list[dict[str, Any]],
) -> None:
    plain = judge_plainly(columns_of(rows), SETTING)
    assert plain is not None
    moments = [datetime.fromisoformat(row["used_at"]) for row in rows]
    assert (plain.first, plain.last) == (min(moments), max(moments))


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name in NAMES for value in ODD[name] if value != 99]
)
def test_whatever_is_odd_is_judged_row_by_row(name: str, value: object) -> None:
    assert judge_plainly(columns_of([USUAL]), SETTING) is not None
    assert judge_plainly(columns_of([USUAL | {"reference": "U2"}, USUAL | {name: value}]), SETTING) is None


def test_a_reference_that_comes_twice_is_judged_row_by_row() -> None:
    assert judge_plainly(columns_of([USUAL, USUAL | {"paid": 1}]), SETTING) is None
