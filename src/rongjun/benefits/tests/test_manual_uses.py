"""Somebody from out of town let in by a certificate: no number, counted apart, put right by reference."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.db import ProgrammingError, connection
from hypothesis import given
from hypothesis import strategies as st

from rongjun.access.api import acting_as, acting_as_job
from rongjun.benefits.actions import manual_uses
from rongjun.benefits.logic.manual_uses import Counted, Said, faults_of, manual_of
from rongjun.benefits.logic.savings import Coverage, PriceLine, Sums, bounds_of
from rongjun.benefits.models import UsePlace
from rongjun.benefits.queries import manual_uses as queries
from rongjun.benefits.queries import savings
from rongjun.benefits.tests.test_queries import officer
from rongjun.benefits.tests.uses_scene import HOUR, NOW, SHINAN, counted, rows_of, set_network
from rongjun.kernel.errors import Refused
from rongjun.rules.tests.strategies import book

CLERK = replace(officer("station-clerk", 990202901000), login="clerk")
CITY = replace(officer("city-officer", 990200000000), login="city")
DAY = date(2026, 11, 30)
FIRST = date(2026, 11, 1)


@pytest.fixture
def network(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    set_network(monkeypatch)
    monkeypatch.setattr(manual_uses, "book", book)


def said(**other: object) -> Said:
    kept = Said(place(), "bus", 2, 3, NOW - HOUR, "测试来客", "pref-veteran", "32")
    return replace(kept, **other)  # type: ignore[arg-type]


def place() -> int:
    with acting_as_job("test.place"):
        return int(UsePlace.objects.get(code="L1").id)


def recorded(**other: object) -> int:
    kept = said(**other)
    with acting_as(CLERK):
        return manual_uses.record_manual_use(kept, by=CLERK, now=NOW)


def by_hand() -> list[Counted]:
    with acting_as(CITY):
        return queries.counted_by_hand(FIRST, DAY)


pytestmark = pytest.mark.django_db


@pytest.mark.usefixtures("network")
def test_three_people_are_counted_and_no_use_of_a_card_is() -> None:
    recorded()
    assert by_hand() == [Counted(1, 2, DAY, 3)]
    assert counted() == (0, 0, 0)
    with acting_as(CITY):
        assert queries.by_hand_of_sources([1], FIRST, DAY) == {"bus": 3}
        assert queries.by_hand_of_sources([2], FIRST, DAY) == {}


@pytest.mark.usefixtures("network")
def test_they_are_in_no_sum_of_the_savings_and_in_the_upper_bound_alone() -> None:
    recorded()
    with acting_as(CITY):
        found = savings.figure(FIRST, DAY, fares=book().fares, known_at=DAY)
    fare = next(band.fen for band in book().fares.fares["bus"].versions[-1].bands if band.band == 2)
    assert (found.total.uses, found.total.savings_fen, found.bounds.lower_fen) == (0, 0, 0)
    assert found.bounds.upper_fen == 3 * fare
    assert [(each.programme, each.people) for each in found.by_hand] == [(1, 3)]
    assert "下限不含，只加在上限里" in found.formula


@pytest.mark.usefixtures("network")
def test_what_was_written_wrongly_is_struck_and_what_is_right_refers_to_it() -> None:
    wrong = recorded()
    right = said(people=2)
    with acting_as(CLERK):
        entry = manual_uses.correct_manual_use(wrong, right, reason="数错了", by=CLERK, now=NOW)
        lines, total = queries.manual_uses(first=0, limit=9)
    assert by_hand() == [Counted(1, 2, DAY, 2)]
    assert [(line.id, line.corrects, line.struck_reason) for line in lines] == [
        (entry, wrong, ""),
        (wrong, None, "数错了"),
    ]
    assert total == 2
    with acting_as(CLERK), pytest.raises(Refused, match="manual-no-such"):
        manual_uses.correct_manual_use(wrong, right, reason="再改", by=CLERK, now=NOW)


@pytest.mark.usefixtures("network")
def test_a_correction_that_cannot_be_kept_strikes_nothing() -> None:
    wrong = recorded()
    unfit = said(people=0)
    with acting_as(CLERK), pytest.raises(Refused, match="manual-unfit"):
        manual_uses.correct_manual_use(wrong, unfit, reason="数错了", by=CLERK, now=NOW)
    assert by_hand() == [Counted(1, 2, DAY, 3)]


@pytest.mark.usefixtures("network")
@pytest.mark.parametrize(
    ("other", "code"),
    [
        ({"name": "测试 990101199001011234"}, "benefits.manual-no-number"),
        ({"band": 99}, "benefits.manual-unfit"),
        ({"programme": "tram"}, "benefits.manual-unfit"),
        ({"place": 0}, "benefits.manual-unfit"),
        ({"used_at": None}, "benefits.manual-unfit"),
    ],
)
def test_what_cannot_be_is_not_kept(other: dict[str, object], code: str) -> None:
    with pytest.raises(Refused) as refused:
        recorded(**other)
    assert refused.value.code == code
    assert by_hand() == []


@pytest.mark.usefixtures("network")
def test_the_evidence_has_no_name_and_a_neighbour_sees_nothing() -> None:
    entry = recorded()
    (told,) = rows_of("select detail::text from audit_event where event = 'benefits.manual-use-recorded'")
    assert "测试来客" not in told[0]
    with acting_as(officer("station-clerk", 990212901000)):
        assert queries.manual_use(entry) is None


@pytest.mark.usefixtures("network")
def test_an_entry_is_never_removed_nor_its_count_changed() -> None:
    recorded()
    for statement in ("delete from benefits_manual_use", "update benefits_manual_use set people = 1"):
        with pytest.raises(ProgrammingError), acting_as(CITY), connection.cursor() as cursor:
            cursor.execute(statement)


@pytest.mark.usefixtures("network")
def test_a_clerk_is_offered_the_places_of_the_county_and_the_city_all() -> None:
    with acting_as(CLERK):
        assert {title for _id, title in queries.places_near(CLERK.division)} == {
            "bus-gates · 测试1路",
            "metro-daily · 测试站",
        }
    with acting_as(CITY):
        assert len(queries.places_near(CITY.division)) == 3
    assert CLERK.division // 10**6 == SHINAN // 10**6


# --- pure ---------------------------------------------------------------------------------------------------

days = st.dates(FIRST, DAY)
PRICES = [
    PriceLine(1, 1, FIRST, date(2026, 11, 14), 100, "fiscal", FIRST),
    PriceLine(1, 1, date(2026, 11, 15), DAY, 150, "fiscal", date(2026, 11, 15)),
    PriceLine(1, 2, FIRST, DAY, 200, "fiscal", FIRST),
]


def test_each_is_priced_by_the_fare_of_its_day_and_without_one_by_the_highest() -> None:
    found = manual_of(
        [Counted(1, 1, date(2026, 11, 14), 2), Counted(1, 1, date(2026, 11, 15), 1), Counted(1, 9, DAY, 1)],
        PRICES,
    )
    assert [(each.people, each.ordinary_fen, each.unpriced) for each in found] == [(4, 200 + 150 + 200, 1)]


def test_the_bounds_of_a_small_case_are_what_one_works_out_by_hand() -> None:
    """Mondays of 500 and 700, one missing between; one use without a fare; two by hand at 2.00 yuan."""
    missing = date(2026, 11, 9)
    coverage = [Coverage(1, 3, 2, (missing,))]
    daily = {1: {missing - timedelta(days=7): 500, missing + timedelta(days=7): 700}}
    bounds = bounds_of(Sums(savings_fen=1200), coverage, daily=daily, unpriced_at_most=200, by_hand=400)
    assert (bounds.lower_fen, bounds.upper_fen) == (1200, 1200 + 700 + 200 + 400)


@given(
    saved=st.integers(-1000, 10_000),
    unpriced=st.integers(0, 500),
    by_hand=st.integers(0, 500),
    missing=st.sets(days, max_size=5),
    daily=st.dictionaries(days, st.integers(-500, 2_000), max_size=8),
)
def test_the_figure_lies_between_its_bounds_and_more_is_missing_never_lowers_the_upper(
    *, saved: int, unpriced: int, by_hand: int, missing: set[date], daily: dict[date, int]
) -> None:
    def bounds(gone: set[date], hand: int) -> tuple[int, int]:
        coverage = [Coverage(1, 30, 30 - len(gone), tuple(sorted(gone)))]
        found = bounds_of(
            Sums(savings_fen=saved), coverage, daily={1: daily}, unpriced_at_most=unpriced, by_hand=hand
        )
        return found.lower_fen, found.upper_fen

    lower, upper = bounds(missing, by_hand)
    assert lower == saved <= upper
    assert bounds(missing | {DAY}, by_hand)[1] >= upper
    assert bounds(missing, by_hand + 1) == (lower, upper + 1)


@given(st.integers(-5, 100), st.integers(-40 * 24, 48))
def test_people_and_moment_are_within_reason(people: int, hours: int) -> None:
    one = Said(1, "bus", 2, people, NOW + timedelta(hours=hours), "测试", "serving", "37")
    fits = 1 <= people <= 60 and -31 * 24 <= hours <= 0
    assert (faults_of(one, now=NOW) == []) is fits
