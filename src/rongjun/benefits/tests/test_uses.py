"""A batch of uses: each row counts once, whoever sends it how often, and what did not go in says why."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from rongjun.access.api import acting_as_job
from rongjun.benefits.actions import uses
from rongjun.benefits.models import UseRefusal
from rongjun.benefits.queries import uses as queries
from rongjun.benefits.queries.uses import rollup_differences
from rongjun.benefits.tests.uses_scene import (
    LOST,
    NOW,
    OTHER,
    columns,
    counted,
    rows_of,
    set_network,
    take,
    use,
)
from rongjun.kernel.errors import Refused
from tests.cluster import as_owner

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def network(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    set_network(monkeypatch)


def refusals() -> list[UseRefusal]:
    with as_owner():
        return list(UseRefusal.objects.order_by("id"))


# --- what goes in -------------------------------------------------------------------------------------------


def test_a_batch_goes_in_with_its_rollups() -> None:
    taken = take(use("U1"), use("U2", card=OTHER), use("U3", used_at="2026-10-03T09:00:00+08:00"))
    assert (taken.accepted, taken.repeated, taken.refused) == (3, [], [])
    assert counted() == (3, 3, 3)
    assert rows_of("select day::text, division, n from benefits_use_day order by 1, 2") == [
        ("2026-10-03", 990202000000, 1),
        ("2026-11-29", 990202000000, 1),
        ("2026-11-29", 990212000000, 1),
    ]


def test_a_row_that_comes_again_counts_once() -> None:
    take(use("U1"), use("U2"))
    again = take(use("U2"), use("U3"), key="key-00002")
    assert (again.accepted, again.repeated) == (1, [0])
    assert counted() == (3, 3, 3)


@pytest.mark.parametrize(
    "said",
    [
        {"card": OTHER},
        {"used_at": "2026-11-29T08:00:01+08:00"},
        {"programme": "metro"},
        {"place": "L2"},
        {"band": 1},
        {"paid": 100},
    ],
)
def test_the_same_reference_that_says_otherwise_is_a_conflict_with_both_sides(said: dict[str, Any]) -> None:
    take(use("U1"))
    assert take(use("U1"), key="key-00002").refused == []
    taken = take(use("U1", **said), key="key-00003")
    assert taken.refused == [(0, "conflict")]
    (kept,) = refusals()
    name, value = next(iter(said.items()))
    assert kept.fields[name] == value
    assert kept.stands["card"] == 7001
    assert set(kept.stands) == set(kept.fields)
    assert counted() == (1, 1, 1)


def test_within_a_batch_the_first_of_a_reference_stands() -> None:
    taken = take(use("U1"), use("U1"), use("U1", paid=5))
    assert (taken.accepted, taken.repeated, taken.refused) == (1, [1], [(2, "conflict")])


def test_a_moment_in_another_zone_is_the_same_moment_and_falls_into_the_month_of_beijing() -> None:
    take(use("U1", used_at="2026-10-31T16:30:00Z"))
    assert rows_of("select month, day::text from benefits_use") == [(202611, "2026-11-01")]
    again = take(use("U1", used_at="2026-11-01T00:30:00+08:00"), key="key-00002")
    assert again.repeated == [0]


def test_the_month_is_beijings_in_a_session_of_any_zone() -> None:
    with connection.cursor() as cursor:
        cursor.execute("set local time zone 'America/New_York'")
    take(use("U1", used_at="2026-11-01T00:30:00+08:00"))
    assert rows_of("select month, day::text from benefits_use") == [(202611, "2026-11-01")]


def test_a_fare_that_changes_within_the_month_cuts_its_rollup(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(_fares: object, programme: str, *, first: date, last: date) -> tuple[date, ...]:
        changes = (date(2026, 11, 16),) if programme == "bus" else ()
        return tuple(day for day in changes if first < day <= last)

    monkeypatch.setattr(queries, "breaks_within", breaks)
    days = ("2026-11-15T23:59:59+08:00", "2026-11-16T00:00:00+08:00")
    take(*(use(f"U{number}", used_at=at) for number, at in enumerate(days)))
    assert rows_of("select span::text, n from benefits_use_month order by 1") == [
        ("2026-11-01", 1),
        ("2026-11-16", 1),
    ]


def test_the_database_refuses_a_use_in_a_month_that_is_not_its_own() -> None:
    take(use("U1"))
    with as_owner(), pytest.raises(DatabaseError, match="use_month"), transaction.atomic():
        rows_of(
            "insert into benefits_use select 202610, source, 'U2', card, used_at, day, programme, place,"
            " band, paid, division, batch from benefits_use returning 1"
        )


# --- what does not ------------------------------------------------------------------------------------------

REFUSED = [
    ("reference", {"reference": "U 1"}),
    ("reference", {"reference": "110101199003070000"}),
    ("card", {"card": "7001"}),
    ("moment", {"used_at": "2026-11-29T08:00:00"}),
    ("band", {"band": -1}),
    ("paid", {"paid": True}),
    ("programme", {"programme": "tram"}),
    ("programme", {"programme": ["bus"]}),
    ("place", {"place": "L9"}),
    ("future", {"used_at": "2026-11-30T10:05:01+08:00"}),
    ("too-late", {"used_at": "2026-08-02T09:59:59+08:00"}),
    ("card-unknown", {"card": 7009}),
    ("card-not-usable", {"card": LOST, "used_at": "2026-11-20T12:00:00+08:00"}),
]
ALMOST: dict[str, dict[str, Any]] = {
    "reference": {"reference": "U-1"},
    "moment": {"used_at": "2026-11-29T08:00:00Z"},
    "future": {"used_at": "2026-11-30T10:05:00+08:00"},
    "too-late": {"used_at": "2026-08-02T10:00:00+08:00"},
    "card-not-usable": {"card": LOST, "used_at": "2026-11-20T11:59:59+08:00"},
}


@pytest.mark.parametrize(("reason", "said"), REFUSED)
def test_a_refused_row_is_kept_with_its_reason_and_its_neighbour_goes_in(
    reason: str, said: dict[str, Any]
) -> None:
    almost: dict[str, Any] = {"reference": "U2", **ALMOST.get(reason, {})}
    taken = take(use(**{"reference": "U1", **said}), use(**almost))
    assert taken.refused == [(0, reason)]
    assert taken.accepted == 1
    (kept,) = refusals()
    assert (kept.reason, kept.line, kept.state) == (reason, 0, "open")


def test_a_month_that_is_not_open_is_refused_and_goes_in_once_it_is() -> None:
    later = NOW.replace(year=2027, month=4)
    said = use("U1", used_at="2027-03-02T08:00:00+08:00")
    assert take(said, now=later).refused == [(0, "month-not-open")]
    with as_owner(), pytest.raises(DatabaseError, match="not one to open"), transaction.atomic():
        rows_of("select benefits_open_month(299901)")


def test_a_refused_row_keeps_no_personal_number() -> None:
    take(use("990101199003070000", place="10800138000"))
    (kept,) = refusals()
    assert (kept.reference, kept.fields["reference"], kept.fields["place"]) == ("", uses.UNKEPT, uses.UNKEPT)


def test_the_same_refused_row_again_is_kept_once() -> None:
    for number in range(2):
        take(use("U1", place="L9"), key=f"key-0000{number}")
    assert len(refusals()) == 1


def test_values_that_are_no_text_are_refused_and_break_nothing() -> None:
    odd = use("U1", place="\ud800", programme="a\x00b")
    assert take(odd, use("NULL")).refused == [(0, "programme")]
    assert rows_of("select reference from benefits_use") == [("NULL",)]


def test_a_late_use_of_a_closed_month_goes_in_and_is_counted_as_late() -> None:
    taken = take(
        use("U1", used_at="2026-09-30T23:59:59+08:00"), use("U2", used_at="2026-11-01T00:00:00+08:00")
    )
    assert (taken.accepted, taken.late) == (2, 1)


def test_a_use_of_a_month_before_the_opened_ones_goes_to_the_late_partition() -> None:
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("drop table benefits_use_202608")
    take(use("U1", used_at="2026-08-20T08:00:00+08:00"))
    assert rows_of("select month from benefits_use_late") == [(202608,)]


# --- who may ------------------------------------------------------------------------------------------------


def test_a_source_takes_one_kind_of_record_from_one_partner() -> None:
    with pytest.raises(Refused) as refused:
        take(use(place="S1"), source="metro-daily")
    assert refused.value.code == "benefits.use-source-by-file"
    delivery = uses.Delivery("bus-gates", "key-00001", columns([use()]), "partner:stranger")
    with pytest.raises(Refused) as strange, acting_as_job("test.uses"):
        uses.take_uses(delivery, partner="stranger", now=NOW)
    assert strange.value.code == "benefits.unknown-use-source"


@pytest.mark.parametrize(("size", "fits"), [(0, False), (1, True), (1000, True), (1001, False)])
def test_a_batch_has_its_size(size: int, *, fits: bool) -> None:
    rows = [use(f"U{number}") for number in range(size)]
    if fits:
        assert take(*rows).accepted == size
    else:
        with pytest.raises(Refused) as refused:
            take(*rows)
        assert refused.value.code == "benefits.use-batch-size"


# --- what the database keeps --------------------------------------------------------------------------------


@pytest.mark.parametrize("table", ["benefits_use", "benefits_use_void"])
@pytest.mark.parametrize("change", ["update {} set division = 0", "delete from {}", "truncate {} cascade"])
def test_a_use_is_never_edited_by_anybody(table: str, change: str) -> None:
    take(use())
    rows_of(
        "insert into benefits_use_void select month, source, reference, 1, -1, division, 'card-not-usable',"
        " used_at, 'test' from benefits_use returning 1"
    )
    with as_owner(), pytest.raises(DatabaseError, match="only ever added"), transaction.atomic():
        rows_of(f"{change.format(table)} returning 1" if "truncate" not in change else change.format(table))


def test_an_open_month_is_as_closed_to_everybody_as_the_table_says() -> None:
    months = rows_of(
        "select c.relname, c.relrowsecurity and c.relforcerowsecurity,"
        " c.relacl is null or c.relacl::text not like '%app_%'"
        " from pg_inherits i join pg_class c on c.oid = i.inhrelid"
        " where i.inhparent = 'benefits_use'::regclass"
    )
    named = {name for name, _, _ in months}
    assert named >= {f"benefits_use_{month}" for month in ("late", 202607, 202611, 202702)}
    assert {(locked, unopened) for _, locked, unopened in months} == {(True, True)}


def test_opening_months_again_opens_nothing() -> None:
    with acting_as_job("test.months"):
        assert uses.open_months(back=4, today=NOW.date()) == []


def test_a_rollup_line_that_is_wrong_is_found() -> None:
    take(use("U1"), use("U2", card=OTHER))
    with acting_as_job("test.look"):
        assert rollup_differences(202611) == 0
    rows_of("update benefits_use_day set n = n + 1 where division = 990212000000 returning 1")
    with acting_as_job("test.look"):
        assert rollup_differences(202611) > 0
