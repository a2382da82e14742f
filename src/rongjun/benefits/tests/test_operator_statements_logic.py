"""The difference that is settled: conserved through any looks, nothing when nothing changed."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from rongjun.benefits.logic.operator_statements import (
    FISCAL,
    NOTHING,
    Cell,
    Sums,
    added_up,
    differences,
    digest_of,
    payment_of,
    totals_of,
)

cells = st.builds(
    Cell,
    programme=st.sampled_from(["bus", "metro"]),
    division=st.sampled_from([370202000000, 370203000000]),
    band=st.integers(0, 2),
    paid_each=st.sampled_from([0, 100]),
    fare_from=st.sampled_from([date(2023, 1, 1), date(2023, 5, 1)]),
    payer=st.sampled_from([FISCAL, "operator"]),
)
sums = st.builds(
    Sums, count=st.integers(0, 10**6), ordinary=st.integers(0, 10**9), paid=st.integers(0, 10**9)
)
looks = st.dictionaries(cells, sums, max_size=8)


def standing(lines: dict[Cell, Sums]) -> dict[Cell, Sums]:
    """Without the cells that come to nothing."""
    return {cell: each for cell, each in lines.items() if each != NOTHING}


@given(st.lists(looks, max_size=6))
def test_what_was_settled_adds_up_to_the_last_look(seen: list[dict[Cell, Sums]]) -> None:
    settled: list[dict[Cell, Sums]] = []
    for look in seen:
        settled.append(differences(look, added_up(settled)))
    assert standing(added_up(settled)) == standing(seen[-1] if seen else {})


@given(looks, looks)
def test_a_second_look_at_the_same_settles_nothing(before: dict[Cell, Sums], now: dict[Cell, Sums]) -> None:
    first = differences(now, before)
    assert differences(now, added_up([before, first])) == {}


@given(st.lists(st.integers(-(10**6), 10**6), max_size=20))
def test_what_is_paid_out_never_passes_what_was_payable_and_catches_up(payables: list[int]) -> None:
    payable = paid = 0
    for each in payables:
        carried = min(0, payable - paid)
        paid += payment_of(each, carried=carried)
        payable += each
        assert paid >= payable
        assert carried == 0 or paid - payable <= max(0, -carried - each)
    # All that is paid beyond what is payable is what some statement took back.
    highest = max((sum(payables[: n + 1]) for n in range(len(payables))), default=0)
    assert paid == max(0, highest)


@given(looks)
def test_only_what_the_treasury_bears_is_payable(lines: dict[Cell, Sums]) -> None:
    told = totals_of(lines)
    assert told.savings == told.ordinary - told.paid
    assert told.payable == sum(each.savings for cell, each in lines.items() if cell.payer == FISCAL)


@given(looks, looks)
def test_the_digest_tells_lines_apart_and_not_their_order(
    one: dict[Cell, Sums], other: dict[Cell, Sums]
) -> None:
    assert digest_of(one) == digest_of(dict(reversed(one.items())))
    assert (digest_of(one) == digest_of(other)) == (one == other)
