"""Rows of an old system as payments, and what settling makes of them; no database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from rongjun.allowances.loading import load_allowances
from rongjun.allowances.logic.lines import Line, Owed
from rongjun.allowances.logic.months import month_at
from rongjun.allowances.logic.running import ours
from rongjun.allowances.logic.settling import Payment, settle
from rongjun.allowances.logic.taking_over import Told, side_by_side, take
from rongjun.kernel.money import Fen

CODE = "disability-pension"
JANUARY, DECEMBER = month_at(2025, 1), month_at(2025, 12)
YEARLY = Fraction(1_000_000)  # fen a year: 10,000 yuan, no whole fen a month


def line(first: int = JANUARY, last: int = DECEMBER, *, yearly: Fraction = YEARLY) -> Line:
    return Line(
        CODE,
        "残疾抚恤金",
        "A00001",
        "soldier",
        first,
        last,
        "owed",
        yearly / 12,
        first - JANUARY,
        None,
        0,
        (),
        (),
    )


def owed(*lines: Line) -> Owed:
    return Owed(
        min(each.first for each in lines),
        max(each.last for each in lines),
        date(2026, 1, 1),
        "",
        lines,
        (),
        (),
        (),
    )


def taken(
    told: Sequence[Told], known: Owed, **more: frozenset[tuple[str, int]]
) -> tuple[list[Payment], list[str]]:
    found, left = take(told, known, schemes=frozenset({CODE}), this_month=DECEMBER, **more)
    return [each.payment for each in found], [each.fault for each in left]


def row(number: int, month: int, fen: int | None) -> Told:
    return Told(number, "p", CODE, month, fen)


@pytest.mark.parametrize("rounded", [83_333, 83_334])
def test_a_year_an_old_system_paid_whole_keeps_its_rounding(rounded: int) -> None:
    payments, left = taken([row(n, JANUARY + n, rounded) for n in range(12)], owed(line()))
    assert (len(payments), left) == (12, [])
    assert {each.standard for each in payments} == {line().standard}
    assert settle(owed(line()), payments).deltas == ()
    of_ours = [replace(each, is_old=False) for each in payments]
    assert settle(owed(line()), of_ours).fen == YEARLY - 12 * rounded, "what we paid is rounded by the year"


@given(st.integers(JANUARY, DECEMBER), st.integers(0, 12))
def test_paid_through_is_what_was_owed_until_then_and_never_owed_again(until: int, shift: int) -> None:
    known = owed(line())
    payments, left = taken([row(1, until, None)], known)
    assert left == []
    assert settle(known, payments).fen == line().fen - Fen.total(each.fen for each in payments)
    assert {each.month for each in settle(known, payments).payments} == set(range(until + 1, DECEMBER + 1))
    # A raise nobody knew of: the old months are owed the difference, whatever it is.
    raised = owed(line(yearly=YEARLY + shift * 1200))
    assert settle(raised, payments).fen + Fen.total(each.fen for each in payments) == raised.fen


@given(
    st.lists(st.tuples(st.integers(JANUARY, DECEMBER + 2), st.integers(-5, 200_000) | st.none()), max_size=14)
)
def test_every_row_is_taken_or_left_out_and_no_month_twice(rows: list[tuple[int, int | None]]) -> None:
    told = [row(number, month, fen) for number, (month, fen) in enumerate(rows)]
    found, left = take(told, owed(line()), schemes=frozenset({CODE}), this_month=DECEMBER)
    assert {each.row for each in found} | {each.row for each in left} == {each.row for each in told}
    assert {each.row for each in found}.isdisjoint(each.row for each in left)
    places = [(each.payment.code, each.payment.month) for each in found]
    assert len(places) == len(set(places))


def test_an_amount_that_is_named_goes_before_paid_through() -> None:
    payments, _left = taken([row(1, JANUARY + 2, None), row(2, JANUARY + 1, 50_000)], owed(line()))
    assert {each.month: int(each.fen) for each in payments} == {
        JANUARY: 83_333, JANUARY + 1: 50_000, JANUARY + 2: 83_333,
    }  # fmt: skip


def test_what_was_paid_or_told_before_is_left_out_with_its_reason() -> None:
    place = frozenset({(CODE, JANUARY)})
    assert taken([row(1, JANUARY, 1)], owed(line()), paid=place)[1] == ["paid"]
    assert taken([row(1, JANUARY, 1)], owed(line()), taken=place)[1] == ["taken"]
    assert taken([row(1, JANUARY, None)], owed(line()), taken=place)[1] == ["nothing"]


def test_side_by_side_the_differences_are_the_whole_difference() -> None:
    theirs = [
        Payment(CODE, JANUARY, Fen(83_333)),
        Payment(CODE, JANUARY + 1, Fen(50_000)),
        Payment("x", JANUARY, Fen(7)),
    ]
    found, equal = side_by_side("p", owed(line(last=JANUARY + 2)), theirs)
    assert equal == 1
    assert [(each.code, each.month, each.ours, each.theirs) for each in found] == [
        (CODE, JANUARY + 1, 83_334, 50_000),
        (CODE, JANUARY + 2, 83_333, 0),
        ("x", JANUARY, 0, 7),
    ]


def test_of_an_old_system_we_answer_only_for_what_we_are_to_pay() -> None:
    book = load_allowances(settings.POLICY_ROOT, place=f"cities/{settings.CITY}")
    places = [(CODE, JANUARY), (CODE, JANUARY + 1), ("combat-allowance", JANUARY + 1), ("gone", JANUARY + 1)]
    old = [Payment(code, month, Fen(1), is_old=True) for code, month in places]
    assert list(ours(old, {CODE: JANUARY + 1}, book=book)) == [old[1]]
    mine = [replace(each, is_old=False) for each in old]
    assert list(ours(mine, {}, book=book)) == mine, "what we paid ourselves always counts"
