"""What cannot be so is put before an officer, with what was seen; nothing happens by itself."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import uuid4

import pytest

from rongjun.access.api import Actor, acting_as, acting_as_job, scope_of
from rongjun.benefits.actions import use_signals
from rongjun.benefits.models import UseSignal
from rongjun.benefits.tests.uses_scene import NOW, OTHER, counted, rows_of, set_network, take, use
from rongjun.kernel.errors import Refused
from tests.cluster import as_owner

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 29)
OFFICER = Actor(
    uuid4(), "officer", "测试", "staff", "city-officer", "", 990200000000, "示范", scope_of(990200000000),
    frozenset({"uses.read", "uses.signals"}),
)  # fmt: skip


@pytest.fixture(autouse=True)
def network(db: None, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.USE_SIGNALS = {"fastest_kmh": 120, "near_km": 3, "places_a_day": 1, "uses_a_day": 3}
    set_network(monkeypatch)


def at(reference: str, time: str, place: str = "L1", **said: Any) -> dict[str, Any]:
    return use(reference, used_at=f"2026-11-29T{time}+08:00", place=place, **said)


def found(kind: str) -> list[UseSignal]:
    with acting_as_job("test.signals"):
        use_signals.find_signals(DAY, now=NOW)
    with as_owner():
        return list(UseSignal.objects.filter(kind=kind).order_by("card"))


# The two places lie nine kilometres apart.
@pytest.mark.parametrize(("arrived", "signals"), [("08:04:00", 1), ("08:05:00", 0)])
def test_two_places_faster_than_anybody_travels_are_a_signal(arrived: str, signals: int) -> None:
    take(at("U1", "08:00:00", "L1"), at("U2", arrived, "L2"))
    rows = found("travel")
    assert len(rows) == signals
    if rows:
        (leg,) = rows[0].evidence
        assert (leg["from"], leg["to"], leg["km"], leg["minutes"]) == ("测试1路", "测试2路", 9.2, 4)


def test_two_cards_at_two_places_are_none() -> None:
    take(at("U1", "08:00:00", "L1"), at("U2", "08:01:00", "L2", card=OTHER))
    assert found("travel") == []


@pytest.mark.parametrize(("place", "signals"), [("L2", 1), ("L1", 0)])
def test_one_card_at_many_places_is_a_signal(place: str, signals: int) -> None:
    take(at("U1", "08:00:00"), at("U2", "18:00:00", place))
    assert len(found("places")) == signals


@pytest.mark.parametrize(("uses", "signals"), [(3, 0), (4, 1)])
def test_more_than_so_many_a_day_are_a_signal(uses: int, signals: int) -> None:
    take(*(at(f"U{number}", f"{8 + number:02d}:00:00") for number in range(uses)))
    rows = found("times")
    assert len(rows) == signals
    assert all(row.evidence["uses"] == uses for row in rows)


def test_uses_of_another_day_do_not_count_for_this_one() -> None:
    take(*(at(f"U{number}", f"{8 + number:02d}:00:00") for number in range(3)))
    take(
        use("U9", used_at="2026-11-30T00:00:00+08:00"),
        use("U8", used_at="2026-11-28T23:59:59+08:00"),
        key="key-2",
    )
    assert found("times") == []


def test_a_signal_is_found_once_and_changes_nothing_else() -> None:
    take(at("U1", "08:00:00", "L1"), at("U2", "08:01:00", "L2"))
    first = found("travel")
    assert [row.id for row in found("travel")] == [row.id for row in first]
    assert counted() == (2, 2, 2)
    assert rows_of("select count(*) from benefits_use_void") == [(0,)]


def signal() -> int:
    take(at("U1", "08:00:00", "L1"), at("U2", "08:01:00", "L2"))
    return found("travel")[0].id


def test_a_signal_is_looked_at_and_then_ended_with_a_reason() -> None:
    which = signal()
    with acting_as(OFFICER):
        with pytest.raises(Refused) as early:
            use_signals.end_signal(which, outcome="explained", reason="问过", by=OFFICER, now=NOW)
        use_signals.look_at_signal(which, by=OFFICER, now=NOW)
        with pytest.raises(Refused) as silent:
            use_signals.end_signal(which, outcome="explained", reason=" ", by=OFFICER, now=NOW)
        use_signals.end_signal(which, outcome="explained", reason="闸机时钟不准", by=OFFICER, now=NOW)
        with pytest.raises(Refused) as twice:
            use_signals.end_signal(which, outcome="followed-up", reason="再看", by=OFFICER, now=NOW)
        with pytest.raises(Refused) as looked:
            use_signals.look_at_signal(which, by=OFFICER, now=NOW)
    assert [each.value.code for each in (early, silent, twice, looked)] == [
        "benefits.signal-not-looked-at",
        "benefits.signal-reason-missing",
        "benefits.signal-ended",
        "benefits.signal-looked-at",
    ]
    assert rows_of(
        "select state, looked_by, ended_by, reason from benefits_use_signal where kind = 'travel'"
    ) == [("explained", "staff:officer", "staff:officer", "闸机时钟不准")]


@pytest.mark.parametrize(("month", "found_twice"), [("10", 1), ("11", 0)])
def test_one_reference_in_two_months_comes_before_an_officer_once(month: str, found_twice: int) -> None:
    take(use("U1", used_at=f"2026-{month}-05T08:00:00+08:00"))
    take(use("U1"), key="key-00002")
    for expected in (found_twice, 0):
        with acting_as_job("test.twice"):
            assert use_signals.find_twice(202611, before=[202609, 202610], now=NOW) == expected
    assert counted()[0] == 1 + found_twice
    twice = rows_of("select fields, stands from benefits_use_refusal where reason = 'month-twice'")
    assert len(twice) == found_twice
