"""A conflict is decided by two people, carried out by difference, and pays nothing twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, ProgrammingError, connection

from rongjun.access.api import acting_as, acting_as_job
from rongjun.benefits.actions import use_conflicts, use_replay, use_signals
from rongjun.benefits.logic import uses as logic
from rongjun.benefits.models import UseDecision, UseRefusal
from rongjun.benefits.queries import savings
from rongjun.benefits.queries import uses as queries
from rongjun.benefits.queries.operator_statements import month_of
from rongjun.benefits.queries.uses import rollup_differences
from rongjun.benefits.tests import uses_scene
from rongjun.benefits.tests.test_queries import officer
from rongjun.benefits.tests.uses_scene import (
    NOW,
    SHINAN,
    START,
    USABLE,
    counted,
    rows_of,
    set_network,
    take,
    use,
)
from rongjun.cards import api as cards
from rongjun.cards.api import Carrier
from rongjun.kernel.errors import Refused
from rongjun.kernel.money import Fen
from rongjun.rules.api import FareBook
from rongjun.rules.tests.strategies import book

pytestmark = pytest.mark.django_db
MAKER = replace(officer("city-officer", 990200000000), login="maker")
CHECKER = replace(MAKER, login="checker")


@pytest.fixture(autouse=True)
def network(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    set_network(monkeypatch)
    monkeypatch.setattr(cards, "changed_since", lambda moment: [])


def conflict(**other: Any) -> int:
    """A use of two versions: the first was taken in with band 0, the other says otherwise."""
    take(use("U1"), key="key-00001")
    take(use("U1", **(other or {"band": 2})), key="key-00002")
    return int(rows_of("select id from benefits_use_refusal order by id desc limit 1")[0][0])


def proposed(refusal: int, outcome: str, by: Any = MAKER) -> str:
    with acting_as(by):
        return use_conflicts.propose_outcome(refusal, outcome=outcome, reason="问过运营单位", by=by, now=NOW)


def decided(refusal: int, by: Any = CHECKER, *, agrees: bool = True) -> None:
    with acting_as(by):
        use_conflicts.decide_outcome(refusal, agrees=agrees, by=by, now=NOW)


def carried_out(minutes: int = 1) -> use_replay.Replayed:
    with acting_as_job("test.replay"):
        return use_replay.replay(by="job:test.replay", now=NOW + timedelta(minutes=minutes))


def counting() -> list[tuple[Any, ...]]:
    """Band and count of what counts, by the rollup of days."""
    return rows_of("select band, sum(n)::int from benefits_use_day where n <> 0 group by 1 order by 1")


def sound() -> bool:
    with acting_as_job("test.look"):
        return rollup_differences(202610) + rollup_differences(202611) == 0


def refused(work: Any) -> str:
    with pytest.raises(Refused) as said:
        work()
    return said.value.code


def test_the_other_side_stands_by_difference_once_two_have_said_so() -> None:
    refusal = conflict()
    assert proposed(refusal, "second") == "proposed"
    assert carried_out() == use_replay.Replayed(0, 0, 0)
    decided(refusal)
    assert carried_out(2) == use_replay.Replayed(voided=1, reinstated=0, taken=1)
    assert counting() == [(2, 1)]
    assert rows_of("select reference, band from benefits_use order by band") == [
        ("U1", 0),
        (f"~{refusal}", 2),
    ]
    assert rows_of("select reference, effect, reason from benefits_use_void") == [("U1", -1, "conflict")]
    assert rows_of("select state from benefits_use_refusal") == [("taken",)]
    assert sound()


def test_carried_out_again_it_changes_nothing_and_no_resend_counts_twice() -> None:
    refusal = conflict()
    proposed(refusal, "second")
    decided(refusal)
    carried_out()
    for number, again in enumerate((use("U1"), use("U1", band=2), use("U1"))):
        take(again, key=f"key-1000{number}")
    assert carried_out(3) == use_replay.Replayed(0, 0, 0)
    assert counting() == [(2, 1)]
    adding_up = "found = accepted + repeated + refused and waiting = 0"
    assert rows_of(f"select distinct {adding_up} from benefits_use_batch") == [(True,)]
    assert rows_of("select state from benefits_use_refusal") == [("taken",)]


def test_neither_side_counts_where_two_have_said_so() -> None:
    refusal = conflict()
    proposed(refusal, "neither")
    decided(refusal)
    carried_out()
    assert counted() == (1, 0, 0)
    assert sound()


def test_what_was_taken_first_stands_at_once_and_costs_no_second_person() -> None:
    refusal = conflict()
    assert proposed(refusal, "first") == "done"
    assert rows_of("select state, closed_reason from benefits_use_refusal") == [("closed", "问过运营单位")]
    assert carried_out() == use_replay.Replayed(0, 0, 0)
    assert counting() == [(0, 1)]


def test_nobody_decides_what_they_proposed() -> None:
    refusal = conflict()
    proposed(refusal, "second")
    assert refused(lambda: decided(refusal, by=MAKER)) == "benefits.conflict-by-two"
    with pytest.raises(IntegrityError, match="by_two"), acting_as(MAKER):
        UseDecision.objects.update(state="confirmed", decided_by=MAKER.text, decided_at=NOW)


def test_nobody_decides_in_the_name_of_another() -> None:
    refusal = conflict()
    proposed(refusal, "second")
    with pytest.raises(IntegrityError, match="own name"), acting_as(MAKER):
        UseDecision.objects.update(state="confirmed", decided_by=CHECKER.text, decided_at=NOW)


def test_a_proposal_that_is_declined_leaves_the_conflict_open() -> None:
    refusal = conflict()
    proposed(refusal, "second")
    assert refused(lambda: proposed(refusal, "neither")) == "benefits.conflict-proposed"
    decided(refusal, agrees=False)
    assert carried_out() == use_replay.Replayed(0, 0, 0)
    assert proposed(refusal, "neither") == "proposed"


@pytest.mark.parametrize(
    ("other", "outcome", "reason", "code"),
    [
        ({}, "both", "问过", "benefits.conflict-outcome"),
        ({}, "", "问过", "benefits.conflict-outcome"),
        ({}, "second", " ", "benefits.refusal-reason"),
        ({}, "second", "问过 " + "138" + "00000000", "benefits.refusal-reason"),
    ],
)
def test_what_is_missing_is_named(other: Any, outcome: str, reason: str, code: str) -> None:
    refusal = conflict(**other)
    with acting_as(MAKER):
        assert code == refused(
            lambda: use_conflicts.propose_outcome(refusal, outcome=outcome, reason=reason, by=MAKER, now=NOW)
        )


def test_a_side_whose_card_could_not_be_used_by_then_is_not_taken_in(monkeypatch: pytest.MonkeyPatch) -> None:
    refusal = conflict()
    monkeypatch.setitem(uses_scene.CARRIERS, USABLE, Carrier(USABLE, SHINAN, "rongjun", ()))
    assert refused(lambda: proposed(refusal, "second")) == "benefits.conflict-not-usable"


def test_a_use_voided_by_decision_does_not_come_back_by_its_card(monkeypatch: pytest.MonkeyPatch) -> None:
    refusal = conflict()
    stopped = Carrier(USABLE, SHINAN, "rongjun", ())
    back = uses_scene.CARRIERS[USABLE]
    proposed(refusal, "neither")
    decided(refusal)
    monkeypatch.setattr(cards, "changed_since", lambda moment: [USABLE])
    # The card's stop is judged before the decision is carried out, and taken back after it.
    monkeypatch.setitem(uses_scene.CARRIERS, USABLE, stopped)
    carried_out()
    monkeypatch.setitem(uses_scene.CARRIERS, USABLE, back)
    assert carried_out(2).reinstated == 0
    assert counted() == (1, 0, 0)
    assert sound()


def test_a_key_in_two_months_is_one_use_when_two_have_said_so() -> None:
    take(use("U1", used_at="2026-10-29T08:00:00+08:00"), key="key-00001")
    take(use("U1", used_at="2026-11-02T08:00:00+08:00", band=3), key="key-00002")
    with acting_as_job("test.twice"):
        assert use_signals.find_twice(202611, before=[202610], now=NOW) == 1
    with acting_as(MAKER):
        number = UseRefusal.objects.get(reason="month-twice").id
    proposed(number, "second")
    decided(number)
    assert carried_out().voided == 1
    assert counting() == [(3, 1)]
    assert rows_of("select found, accepted, refused from benefits_use_batch order by id") == [
        (1, 1, 0),
        (1, 1, 0),
    ]
    assert sound()


def test_no_difference_for_a_conflict_without_two_people_whoever_writes() -> None:
    conflict()
    one = use_replay.Difference(202611, 1, "U1", "2026-11-29", 1, -1, "conflict")
    with pytest.raises(IntegrityError, match="two people"), acting_as_job("test.void"):
        use_replay.write_differences([one], by="job:test", now=NOW)


def test_staff_write_no_difference_themselves() -> None:
    with pytest.raises(ProgrammingError), acting_as(MAKER), connection.cursor() as cursor:
        cursor.execute("insert into benefits_use_void select * from benefits_use_void")


@pytest.mark.parametrize("reason", logic.CONFLICTS)
def test_every_outcome_says_what_it_changes(reason: str) -> None:
    for outcome in logic.outcomes_of(reason):
        sides = logic.sides_voided(reason, outcome)
        standing = {"first"} if reason == "conflict" else {"first", "second"}
        assert set(sides) <= standing
        left = len(standing) - len(sides) + logic.uses_added(reason, outcome)
        assert left == {"first": 1, "second": 1, "neither": 0, "both": 2}[outcome]
    assert not logic.is_fit_reference(logic.key_of_decided(7))


# --- a fare that changes within the month -------------------------------------------------------------------


def test_a_fare_version_that_came_between_cuts_the_month_and_loses_no_use(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    days = [f"2026-11-{day:02d}T08:00:00+08:00" for day in (2, 20, 21)]
    take(*(use(f"U{place}", used_at=at) for place, at in enumerate(days)), key="key-00001")
    monkeypatch.setattr(queries, "breaks_within", lambda fares, code, *, first, last: _cut(first, last))
    queries.forget_sources()
    take(use("U9", used_at=days[1]), key="key-00002")
    assert rows_of("select span::text, n::int from benefits_use_month order by 1") == [
        ("2026-11-01", 3),
        ("2026-11-15", 1),
    ]
    monkeypatch.setattr(cards, "changed_since", lambda moment: [USABLE])
    monkeypatch.setitem(uses_scene.CARRIERS, USABLE, Carrier(USABLE, SHINAN, "rongjun", ((START, CUT),)))
    assert carried_out().voided == 3
    assert counted() == (4, 1, 1)
    assert sound()


def test_savings_and_settlement_of_such_a_month_are_by_the_fare_of_each_day() -> None:
    """Two rides at 1.00 before the 15th, three at 1.50 from then on: 6.50 yuan, worked out by hand."""
    fares = dearer_from_the_fifteenth()
    days = (2, 14, 15, 20, 21)
    take(*(use(f"U{day}", band=1, used_at=f"2026-11-{day:02d}T08:00:00+08:00") for day in days))
    with acting_as(MAKER):
        month = month_of("qd-transit", 202611, fares=fares, known_at=NOW)
        found = savings.figure(date(2026, 11, 1), date(2026, 11, 30), fares=fares, known_at=NOW.date())
    bus = {cell.fare_from: sums for cell, sums in month.cells.items()}
    assert {start: (sums.count, sums.ordinary) for start, sums in bus.items()} == {
        date(2021, 3, 1): (2, 200),
        CUT.date(): (3, 450),
    }
    assert found.total.savings_fen == 650
    assert {line.version: line.savings_fen for line in found.lines} == {
        date(2021, 3, 1): 200,
        CUT.date(): 450,
    }


def dearer_from_the_fifteenth() -> FareBook:
    """The shipped fares; the one-yuan bus costs 1.50 from 15 November 2026 on."""
    bus = book().fares.fares["bus"]
    first = bus.versions[0]
    bands = tuple(replace(band, fen=Fen(150)) if band.band == 1 else band for band in first.bands)
    later = replace(first, start=CUT.date(), announced=CUT.date(), bands=bands)
    return FareBook({**book().fares.fares, "bus": replace(bus, versions=(first, later))})


CUT = datetime.fromisoformat("2026-11-15T00:00:00+08:00")


def _cut(first: date, last: date) -> tuple[date, ...]:
    return (CUT.date(),) if first < CUT.date() <= last else ()
