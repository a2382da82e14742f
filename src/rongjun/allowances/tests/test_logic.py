"""The laws of what is owed and of settling it, on invented histories."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rongjun.allowances.loading import load_allowances
from rongjun.allowances.logic.history import Asserted, Award, Death
from rongjun.allowances.logic.lines import Owed
from rongjun.allowances.logic.months import (
    after_months,
    first_day,
    last_day,
    month_at,
    month_of,
    month_text,
    read_month,
)
from rongjun.allowances.logic.owing import months_owed
from rongjun.allowances.logic.schemes import AllowanceBook
from rongjun.allowances.logic.service import Service, service_years
from rongjun.allowances.logic.settling import Payment, settle
from rongjun.allowances.tests.strategies import FIRST, LAST, histories, moments
from rongjun.allowances.tests.test_worked_examples import POLICY
from rongjun.kernel.money import Fen
from rongjun.rules.api import Value

END = datetime(2026, 1, 1, tzinfo=UTC)
CALM = settings(max_examples=60, deadline=None)


@cache
def book() -> AllowanceBook:
    return load_allowances(POLICY, place="cities/qingdao", fictional="paid")


def owed_at(history: Iterable[Asserted], at: datetime, *, first: int = FIRST, last: int = LAST) -> Owed:
    return months_owed(history, first=first, last=last, known_at=at, book=book())


def rating(day: date, grade: int = 8, *, ref: str = "评残") -> Award:
    details: dict[str, Value] = {
        "disability_grade": grade,
        "disability_cause": "duty",
        "approved_by": "province",
    }
    return Award(ref, "disability-pension", "soldier", day, details)


@CALM
@given(histories, st.randoms(use_true_random=False), moments)
def test_the_order_in_which_events_are_told_does_not_matter(history, dice, at) -> None:
    shuffled = list(history)
    dice.shuffle(shuffled)
    assert owed_at(shuffled, at) == owed_at(history, at)


@CALM
@given(histories, moments)
def test_the_months_of_a_line_add_up_to_it_and_none_is_a_fen_off(history, at) -> None:
    for line in owed_at(history, at).lines:
        months = dict(line.by_month())
        assert Fen.total(months.values()) == line.would_be
        if not line.is_once:
            assert all(abs(Fraction(int(fen)) - line.monthly) < 1 for fen in months.values())
            assert line.first // 12 == line.last // 12


@CALM
@given(histories, moments, st.integers(0, LAST - FIRST))
def test_asking_for_fewer_months_changes_no_month(history, at, cut) -> None:
    whole, part = owed_at(history, at), owed_at(history, at, last=FIRST + cut)
    assert per_month(part) == {k: v for k, v in per_month(whole).items() if k[1] <= FIRST + cut}


def per_month(owed: Owed) -> dict[tuple[str, int], Fen]:
    found: dict[tuple[str, int], Fen] = {}
    for line in owed.lines:
        if line.state == "owed":
            found |= {(line.code, month): fen for month, fen in line.by_month()}
    return found


@CALM
@given(histories, moments)
def test_a_month_is_owed_once_for_each_scheme(history, at) -> None:
    seen = [
        (line.code, month)
        for line in owed_at(history, at).lines
        for month in range(line.first, line.last + 1)
    ]
    assert len(seen) == len(set(seen))


def frozen_months(owed: Owed) -> set[tuple[str, int]]:
    lines = [line for line in owed.lines if line.state in {"held", "gap"}]
    return {(line.code, month) for line in lines for month in range(line.first, line.last + 1)}


def sums(payments: Sequence[Payment], *, but: set[tuple[str, int]]) -> dict[str, int]:
    found: dict[str, int] = defaultdict(int)
    for payment in payments:
        if (payment.code, payment.month) not in but:
            found[payment.code] += int(payment.fen)
    return {code: fen for code, fen in found.items() if fen}


@CALM
@given(histories, st.lists(moments, min_size=1, max_size=5).map(sorted))
def test_through_any_corrections_what_was_paid_becomes_what_is_owed(history, runs) -> None:
    paid: list[Payment] = []
    for at in [*runs, END]:
        owed = owed_at(history, at)
        settlement = settle(owed, paid)
        paid += settlement.payments
        frozen = frozen_months(owed)
        due = {line.code: 0 for line in owed.lines}
        for line in owed.lines:
            due[line.code] += int(line.fen)
        assert sums(paid, but=frozen) == {code: fen for code, fen in due.items() if fen}


@CALM
@given(histories, st.lists(moments, min_size=1, max_size=4).map(sorted))
def test_a_run_again_pays_nothing(history, runs) -> None:
    paid: list[Payment] = []
    for at in runs:
        owed = owed_at(history, at)
        paid += settle(owed, paid).payments
        assert settle(owed, paid).deltas == ()
        assert settle(owed, paid).payments == ()


@CALM
@given(histories, moments)
def test_paid_month_by_month_nothing_already_paid_is_touched(history, at) -> None:
    paid: list[Payment] = []
    for last in range(FIRST, FIRST + 15):
        settlement = settle(owed_at(history, at, last=last), paid, run_month=last)
        assert {payment.month for payment in settlement.payments} <= {last}
        paid += settlement.payments
    whole = settle(owed_at(history, at, last=FIRST + 14), paid)
    assert whole.deltas == ()


@CALM
@given(histories, moments)
def test_the_same_case_gives_the_same_answer(history, at) -> None:
    assert owed_at(history, at) == owed_at(history, at)


@given(st.integers(0, 10**9), st.integers(0, 10**4))
def test_a_payment_outside_the_question_is_left_alone(fen, months) -> None:
    paid = [Payment("disability-pension", LAST + 1 + months, Fen(fen))]
    assert settle(owed_at([], END), paid).deltas == ()


# what was owed for March, as known in June and as known in December


def test_a_late_death_notice_is_recovered_from_the_month_after_the_death() -> None:
    told_in_june = datetime(2022, 6, 10, tzinfo=UTC)
    history = [Asserted(rating(date(2020, 5, 1))), Asserted(Death(date(2022, 2, 20)), told_in_june)]
    before = owed_at(history, told_in_june - timedelta(days=1), last=month_at(2022, 6))
    paid = settle(before, ()).payments
    found = settle(owed_at(history, told_in_june, last=month_at(2022, 6)), paid)
    recovered = [d for d in found.deltas if d.kind == "recovery"]
    assert [(d.cause, month_text(d.first), month_text(d.last)) for d in recovered] == [
        ("stopped", "2022-03", "2022-06")
    ]
    assert "2022-02-20 去世" in recovered[0].reasons[-1].text


def test_a_changed_grade_is_back_pay_with_the_award_as_its_cause() -> None:
    corrected = datetime(2022, 9, 1, tzinfo=UTC)
    history = [
        Asserted(rating(date(2020, 5, 1), 8), None, corrected),
        Asserted(rating(date(2020, 5, 1), 7), corrected),
    ]
    paid = settle(owed_at(history, corrected - timedelta(days=1), last=month_at(2022, 6)), ()).payments
    found = settle(owed_at(history, corrected, last=month_at(2022, 6)), paid)
    assert {d.cause for d in found.deltas} == {"award"}
    assert {d.kind for d in found.deltas} == {"back-pay"}


def test_an_earlier_start_pays_the_months_before_and_touches_none_that_were_paid() -> None:
    corrected = datetime(2022, 3, 1, tzinfo=UTC)
    history = [
        Asserted(rating(date(2021, 10, 15), 5), None, corrected),
        Asserted(rating(date(2021, 9, 15), 5), corrected),
    ]
    last = month_at(2021, 12)
    before = owed_at(history, corrected - timedelta(days=1), last=last)
    paid = settle(before, ()).payments
    after = owed_at(history, corrected, last=last)
    found = settle(after, paid)
    assert [(month_text(d.first), month_text(d.last)) for d in found.deltas] == [("2021-10", "2021-10")]
    assert before.fen + found.fen == after.fen
    # Taken alone, the longer line would put its fen on other months than those already paid.
    moved = settle(after, [replace(payment, standard=None) for payment in paid])
    assert len(moved.payments) > 1


def test_a_new_rate_is_back_pay_with_the_rate_as_its_cause() -> None:
    history = [Asserted(rating(date(2020, 5, 1)))]
    last = month_at(2022, 10)
    paid = [
        Payment("disability-pension", month_at(2022, 8) + number, Fen(155083), "465250/3")
        for number in range(3)
    ]
    found = settle(owed_at(history, END, first=month_at(2022, 8), last=last), paid)
    assert [(d.kind, d.cause, int(d.fen)) for d in found.deltas] == [("back-pay", "rate", 497750 - 465249)]
    assert "2022-08-01 起" in found.deltas[0].reasons[1].text


def test_two_files_of_one_person_paid_twice_give_one_of_them_back() -> None:
    one = [Asserted(rating(date(2020, 5, 1), ref="档案甲"))]
    other = [Asserted(rating(date(2020, 5, 1), ref="档案乙"))]
    last = month_at(2022, 6)
    paid = [
        replace(payment, file=file)
        for file, history in (("甲", one), ("乙", other))
        for payment in settle(owed_at(history, END, last=last), ()).payments
    ]
    owed = owed_at([*one, *other], END, last=last)
    found = settle(owed, paid)
    assert found.fen == -owed.fen
    assert {delta.cause for delta in found.deltas} == {"merged"}


def test_an_award_that_never_was_is_recovered() -> None:
    paid = settle(owed_at([Asserted(rating(date(2020, 5, 1)))], END), ()).payments
    found = settle(owed_at([], END), paid)
    assert {delta.cause for delta in found.deltas} == {"no-award"}
    assert found.fen == -Fen.total(payment.fen for payment in paid)


def test_who_bears_a_line_adds_up_to_it() -> None:
    kin = Asserted(Award("三属", "kin-pension", "martyr-kin", date(2020, 5, 1), {"relation": "spouse"}))
    lines = [line for line in owed_at([kin], END).lines if line.funding]
    assert {tuple(line.funding) for line in lines} == {("central", "county")}
    assert all(Fen.total(line.funding.values()) == line.fen for line in lines)


def test_a_held_month_is_neither_paid_nor_recovered() -> None:
    combat = Asserted(Award("参战", "combat-allowance", "combat", date(2020, 5, 1)))
    owed = owed_at([combat], END)
    assert {line.state for line in owed.lines} == {"held"}
    assert "户籍" in owed.lines[0].reasons[-1].text
    assert settle(owed, [Payment("combat-allowance", FIRST, Fen(80000))]).deltas == ()


def test_the_last_month_is_not_before_the_first() -> None:
    with pytest.raises(ValueError, match="last month"):
        owed_at([], END, first=LAST, last=FIRST)


# months and service


@given(st.dates(date(1900, 1, 1), date(2100, 1, 1)))
def test_a_day_lies_in_its_month(day) -> None:
    month = month_of(day)
    assert first_day(month) <= day <= last_day(month)
    assert read_month(month_text(month)) == month


@given(st.dates(date(1900, 1, 1), date(2000, 1, 1)), st.integers(0, 600))
def test_months_later_is_that_many_months_later(day, months) -> None:
    assert month_of(after_months(day, months)) == month_of(day) + months


@given(st.dates(date(1955, 1, 1), date(1990, 1, 1)), st.integers(0, 4000), st.integers(0, 400))
def test_longer_service_never_counts_less(start, days, more) -> None:
    for rounding in ("ceil-year", "half-year", "ceil-month"):
        shorter = service_years([Service(start, start + timedelta(days=days))], rounding=rounding)
        longer = service_years([Service(start, start + timedelta(days=days + more))], rounding=rounding)
        assert shorter <= longer
