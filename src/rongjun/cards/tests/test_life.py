"""The machine: what a set of events means, in whatever order they became known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from rongjun.cards.logic.life import (
    ENDED,
    FROZEN,
    HELD,
    LIVE,
    LOST,
    MARKS,
    OVER,
    READY,
    REPLACING,
    STATES,
    STEPS,
    VALID,
    Happened,
    life,
    opens_at,
    spans,
    standing_at,
)

DAY = timedelta(days=1)
START = datetime(2026, 3, 2, 9, tzinfo=UTC)
GIVEN = [Happened("take-over", START)]
# Few moments, so that events often meet at one and the same.
moments = st.integers(0, 40).map(lambda days: START + days * DAY)
until = st.integers(5, 15)


@st.composite
def events(draw: st.DrawFn) -> list[Happened]:
    """Anything that may be told of a carrier, sense or no sense."""
    told = []
    for kind in draw(st.lists(st.sampled_from(sorted(STEPS)), max_size=12)):
        at = draw(moments)
        ends = {"hold": at + draw(until) * DAY, "take-over": at + 30 * DAY, "hand-over": None}
        told.append(Happened(kind, at, ends.get(kind)))
    return told


def on(day: float) -> datetime:
    return START + day * DAY


@given(events(), st.randoms())
def test_the_order_in_which_we_hear_of_things_makes_no_difference(
    told: list[Happened], chance: object
) -> None:
    shuffled = list(told)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert life(shuffled) == life(told)


@given(events())
def test_a_life_moves_on_in_time_and_never_back_from_its_end(told: list[Happened]) -> None:
    lived = life(told)
    assert [at for at, _ in lived] == sorted(at for at, _ in lived)
    over = [place for place, (_, then) in enumerate(lived) if then.stage in OVER]
    assert over in ([], [len(lived) - 1])


@given(events(), moments)
def test_the_spans_say_what_the_standing_says(told: list[Happened], moment: datetime) -> None:
    found, standing = spans(told), standing_at(told, moment)
    assert opens_at(found.usable, moment) == standing.is_usable
    assert opens_at(found.in_hand, moment) == standing.is_in_hand
    assert not standing.is_usable or standing.is_in_hand


@given(events())
def test_spans_are_apart_and_in_order(told: list[Happened]) -> None:
    bounds = [bound for span in spans(told).usable for bound in span]
    assert None not in bounds[:-1]
    assert all(one < other for one, other in pairwise(bounds) if one and other)


@given(events(), moments)
def test_a_hold_that_lifts_itself_needs_nobody_to_say_so(told: list[Happened], at: datetime) -> None:
    held = [*told, Happened("hold", at, at + 5 * DAY)]
    lifts = [moment for moment, then in life(held) if HELD not in then.marks and moment == at + 5 * DAY]
    said = [*held, *(Happened("lift", moment) for moment in lifts)]
    assert spans(said).usable == spans(held).usable


@given(events(), moments)
def test_nothing_opens_after_death_whatever_else_is_told(told: list[Happened], died: datetime) -> None:
    dead = [*GIVEN, *told, Happened("die", died)]
    assert all(end is not None and end <= died for _, end in spans(dead).usable)


def test_every_state_and_every_step_has_its_word() -> None:
    led_to = {step.leads_to for step in STEPS.values()} | {step.puts for step in STEPS.values()}
    assert STATES.keys() == led_to - {""}
    assert set(LIVE) | {REPLACING} | OVER == set(STATES)
    assert set(MARKS) == {step.puts for step in STEPS.values()} - {""}
    assert {step.puts for step in STEPS.values()} == {step.lifts for step in STEPS.values()}


def test_from_application_to_the_hand() -> None:
    told = [
        Happened(kind, on(day)) for day, kind in enumerate(("apply", "approve", "order", "make", "hand-over"))
    ]
    assert [then.state for _, then in life(told)] == ["applied", "approved", "making", READY, VALID]
    assert spans(told).usable == ((on(4), None),)


def test_a_temporary_loss_leaves_a_hole() -> None:
    told = [*GIVEN, Happened("hold", on(3), on(8))]
    assert spans(told).usable == ((on(0), on(3)), (on(8), None))
    assert spans(told).in_hand == ((on(0), None),)
    assert standing_at(told, on(8)).state == VALID
    early = [*told, Happened("lift", on(5))]
    assert spans(early).usable == ((on(0), on(3)), (on(5), None))


def test_a_card_told_lost_twice_is_lost_until_the_later_end() -> None:
    told = [*GIVEN, Happened("hold", on(3), on(8)), Happened("hold", on(6), on(16))]
    assert spans(told).usable == ((on(0), on(3)), (on(16), None))


def test_the_old_carrier_opens_nothing_from_the_acceptance_of_the_new() -> None:
    told = [*GIVEN, Happened("lose", on(2)), Happened("replace", on(4)), Happened("close", on(20))]
    assert spans(told).usable == ((on(0), on(2)),)
    assert spans(told).in_hand == ((on(0), on(20)),)
    assert standing_at(told, on(5)).state == REPLACING
    assert standing_at(told, on(20)).state == ENDED


def test_a_freeze_and_a_loss_end_each_by_itself() -> None:
    told = [*GIVEN, Happened("lose", on(1)), Happened("freeze", on(2)), Happened("find", on(3))]
    assert standing_at(told, on(2)).state == FROZEN
    assert standing_at(told, on(3)).state == FROZEN
    assert spans([*told, Happened("thaw", on(4))]).usable == ((on(0), on(1)), (on(4), None))
    assert standing_at([*GIVEN, Happened("lose", on(1)), Happened("thaw", on(2))], on(2)).state == LOST


def test_a_death_heard_of_late_closes_what_was_opened_since() -> None:
    told = [*GIVEN, Happened("hold", on(5), on(10)), Happened("lift", on(6))]
    assert spans([*told, Happened("die", on(2))]).usable == ((on(0), on(2)),)


def test_a_card_expires_at_its_moment() -> None:
    told = [Happened("take-over", on(0), on(30)), Happened("hold", on(28), on(35))]
    assert spans(told).usable == ((on(0), on(28)),)
    assert standing_at(told, on(30)).state == ENDED


def test_what_lies_lost_at_the_station_is_not_usable_when_handed_over() -> None:
    path = ("apply", "approve", "order", "make")
    told = [*(Happened(kind, on(day)) for day, kind in enumerate(path)), Happened("lose", on(4))]
    assert spans([*told, Happened("hand-over", on(5))]).usable == ()
