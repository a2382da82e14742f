"""What holds for every plan, every bill and every order."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from hypothesis import assume, given
from hypothesis import strategies as st

from rongjun.insurance.api import (
    Bill,
    BillRef,
    Decision,
    History,
    Parts,
    Ruling,
    Standing,
    StopLoss,
    Terms,
    YearSoFar,
    decide,
    owed,
    take,
    take_all,
    to_post,
)
from rongjun.insurance.logic.deciding import NEW_YEAR
from rongjun.insurance.logic.years import Arrival
from rongjun.insurance.tests.strategies import (
    COVERED,
    arrivals,
    bills,
    fen,
    plan_of,
    refund_of,
    stop_losses,
    wordings,
)
from rongjun.kernel.money import Fen

some_bills = st.lists(bills(), max_size=5, unique_by=lambda bill: bill.ref)


def decided(terms: Terms, things: list[Arrival]) -> tuple[History, tuple[Decision, ...]]:
    return take_all(things, plan=plan_of(terms), standing=by_number)


def by_number(bill: Bill) -> Standing:
    """Bills of number 4 come from an institution nobody knows."""
    return COVERED._replace(is_known_institution=bill.ref.number != "4")


def years(history: History) -> dict[object, YearSoFar]:
    return {start: year for start, year in history.years.items() if year != NEW_YEAR}


@given(stop_losses, fen(), fen(), fen(1_000))
def test_a_higher_burden_is_owed_more_but_never_more_than_it_grew(
    stop: StopLoss, inside: Fen, outside: Fen, more: Fen
) -> None:
    here = owed(inside, outside, stop)
    assert 0 <= here <= inside + outside
    for there in (owed(inside + more, outside, stop), owed(inside, outside + more, stop)):
        assert here <= there <= here + more


@given(stop_losses, fen(80_000_000), fen(80_000_000))
def test_the_payout_stays_under_its_ceiling_and_the_person_under_theirs(
    stop: StopLoss, inside: Fen, outside: Fen
) -> None:
    payout = owed(inside, outside, stop)
    own = inside + outside - payout
    if stop.above_both == "payout-ceiling":
        assert payout <= stop.payout_max
        assert own <= stop.own_max or payout == stop.payout_max
    else:
        assert own <= stop.own_max


@given(wordings(), some_bills)
def test_payouts_of_a_year_never_pass_the_ceiling(terms: Terms, stays: list[Bill]) -> None:
    assume(terms.stop.above_both == "payout-ceiling")
    history, decisions = decided(terms, list(stays))
    for year in (*history.years.values(), *(each.after for each in decisions)):
        assert year.payout <= terms.stop.payout_max
        if year.payout < terms.stop.payout_max:
            assert year.burden - year.payout <= terms.stop.own_max


@given(wordings(), arrivals(), st.randoms(use_true_random=False))
def test_any_order_of_the_same_records_gives_the_same_years(terms: Terms, things, random) -> None:
    other = list(things)
    random.shuffle(other)
    assert years(decided(terms, things)[0]) == years(decided(terms, other)[0])


@given(wordings(), st.lists(bills(), min_size=1, max_size=5))
def test_cutting_a_year_into_stays_changes_nothing(terms: Terms, stays: list[Bill]) -> None:
    day = stays[0].discharged_on
    stays = [
        replace(bill, ref=BillRef("H99000000001", f"甲{at}"), discharged_on=day, admitted_on=day)
        for at, bill in enumerate(stays)
    ]
    cut, whole = decided(terms, [*stays])[0], decided(terms, [summed(stays)])[0]
    assert years(cut) == years(whole)


def summed(stays: list[Bill]) -> Bill:
    """One bill of everything."""
    return replace(
        stays[0],
        ref=BillRef("H99000000001", "全部"),
        total=Fen.total(bill.total for bill in stays),
        personal=Fen.total(bill.personal for bill in stays),
        parts=Parts(*(Fen.total(each) for each in zip(*(bill.parts or () for bill in stays), strict=True))),
        paid=tuple(pair for bill in stays for pair in bill.paid),
        also_paid=tuple(pair for bill in stays for pair in bill.also_paid),
    )


@given(wordings(), arrivals())
def test_the_payers_bear_exactly_the_bill(terms: Terms, things: list[Arrival]) -> None:
    history, decisions = decided(terms, things)
    borne = Fen.total(share.amount for each in decisions for share in each.shares)
    assert borne == Fen.total(bill.total for bill in history.counted())


@given(wordings(), bills(), fen(), fen(), fen())
def test_a_bill_is_shared_out_to_the_fen(
    terms: Terms, bill: Bill, inside: Fen, outside: Fen, own: Fen
) -> None:
    so_far = YearSoFar(inside, outside, owed(inside, outside, terms.stop), own)
    found = decide(bill, so_far=so_far, terms=terms, standing=COVERED)
    assert found.outcome == "counted"
    assert sum(share.amount for share in found.shares) == bill.total
    assert all(share.amount >= 0 for share in found.shares)
    assert 0 <= found.post <= found.after.burden - found.before.burden
    assert found.post == found.after.payout - found.before.payout


@given(wordings(), bills(), some_bills)
def test_every_line_leads_to_the_next(terms: Terms, bill: Bill, before: list[Bill]) -> None:
    _, decisions = decided(terms, [*before, bill])
    for each in decisions:
        for account, start, end in (
            ("burden", each.before.burden, each.after.burden),
            ("payout", each.before.payout, each.after.payout),
            ("own", each.before.own, each.after.own),
        ):
            lines = [line for line in each.lines if line.account == account]
            assert not lines or (lines[0].before, lines[-1].after) == (start, end)
            assert all(one.after == two.before for one, two in pairwise(lines))
            assert all(line.after - line.before == line.amount for line in lines)


@given(wordings(), some_bills, bills())
def test_a_refund_puts_the_year_back_as_it_was(terms: Terms, before: list[Bill], bill: Bill) -> None:
    known, _ = decided(terms, list(before))
    after, decisions = take_all(
        [bill, refund_of(bill)], plan=plan_of(terms), standing=by_number, history=known
    )
    assert years(after) == years(known)
    assert sum(each.post for each in decisions) == 0


@given(wordings(), arrivals())
def test_running_everything_again_pays_nothing(terms: Terms, things: list[Arrival]) -> None:
    known, _ = decided(terms, things)
    again, decisions = take_all(things, plan=plan_of(terms), standing=by_number, history=known)
    assert [each.post for each in decisions] == [0] * len(decisions)
    assert again.years == known.years
    assert to_post(known, again) == {}


@given(wordings(), arrivals())
def test_what_was_decided_is_always_what_is_owed(terms: Terms, things: list[Arrival]) -> None:
    """Corrections conserve: everything posted so far adds up to the payout of what counts now."""
    history, posted = History(), Fen(0)
    for thing in things:
        history, decisions = take(history, thing, plan=plan_of(terms), standing=by_number)
        posted += Fen.total(each.post for each in decisions)
        assert posted == sum(year.payout for year in history.years.values())
        for year in history.years.values():
            assert year.payout == owed(year.inside, year.outside, terms.stop)


@given(wordings(), some_bills, bills(), st.booleans())
def test_what_an_officer_admits_counts_as_if_nothing_had_been_held(
    terms: Terms, before: list[Bill], bill: Bill, admit: bool
) -> None:
    held = replace(bill, ref=bill.ref._replace(number="4"))
    ruling = Ruling(held.ref, 1, admit=admit, by="测试经办", why="核对过")
    ruled, decisions = decided(terms, [*before, held, ruling])
    sound = take_all([*before, *([held] if admit else [])], plan=plan_of(terms), standing=lambda _: COVERED)
    assert years(ruled) == years(sound[0])
    assert decisions[-1].signed_by == "测试经办"
    assert decisions[-2].outcome == "held"
    assert not admit or decisions[-1].post == decisions[-2].proposed


@given(wordings(), some_bills, st.data())
def test_a_corrected_fact_posts_only_the_difference(terms: Terms, stays: list[Bill], data) -> None:
    lost = {bill.ref for bill in stays if data.draw(st.booleans())}
    paid, _ = decided(terms, list(stays))
    known, _ = take_all(
        stays,
        plan=plan_of(terms),
        standing=lambda bill: COVERED._replace(is_known_institution=bill.ref not in lost),
    )
    kept = decided(terms, [bill for bill in stays if bill.ref not in lost])[0]
    assert years(known) == years(kept)
    for day, difference in to_post(paid, known).items():
        assert difference == kept.years.get(day, NEW_YEAR).payout - paid.years[day].payout
