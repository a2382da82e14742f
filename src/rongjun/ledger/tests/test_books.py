"""Random days of a treasury, against a model in plain Python: the same answers, the same sums, to the fen."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from rongjun.access.api import acting_as_job
from rongjun.kernel.errors import Refused
from rongjun.kernel.money import Fen
from rongjun.ledger import actions
from rongjun.ledger import api as ledger
from rongjun.ledger.tests.scene import CITY, COUNTY, NOW, TODAY, id_of, settle_now, standing

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
_numbers = count(10_000)  # each example has accounts of its own: what is booked stays
FLOOR, CEILING, BUDGET = 0, 500, 400
FUND, BANK, PAYEE, QUOTA, LINE = "fund", "bank", "payee", "quota", "line"
amounts = st.integers(1, 400)
pairs = st.sampled_from(
    [(s, t) for s in (FUND, BANK, PAYEE, QUOTA) for t in (FUND, BANK, PAYEE, QUOTA) if s != t]
)


@dataclass
class Moved:
    """A transfer as the model remembers it."""

    source: str
    target: str
    fen: int
    on_line: bool
    taken_back: int = 0


@dataclass
class Held:
    """A hold that is open."""

    source: str
    target: str
    fen: int
    on_line: bool
    expires_at: datetime


@dataclass
class Model:
    """What a ledger is, without one."""

    posted: dict[str, int] = field(default_factory=lambda: dict.fromkeys((FUND, BANK, PAYEE, QUOTA, LINE), 0))
    holds: dict[UUID, Held] = field(default_factory=dict)
    moved: dict[UUID, Moved] = field(default_factory=dict)

    def left(self, source: str, target: str, *, on_line: bool) -> int:
        """How much may go this way now."""
        open_holds = self.holds.values()
        lefts = [10**9]
        if source == FUND:
            lefts.append(self.posted[FUND] - sum(h.fen for h in open_holds if h.source == FUND) - FLOOR)
        if target == QUOTA:
            lefts.append(CEILING - self.posted[QUOTA] - sum(h.fen for h in open_holds if h.target == QUOTA))
        if on_line:
            lefts.append(BUDGET - self.posted[LINE] - sum(h.fen for h in open_holds if h.on_line))
        return min(lefts)

    def move(self, source: str, target: str, fen: int, *, on_line: bool) -> None:
        """Money moves."""
        self.posted[source] -= fen
        self.posted[target] += fen
        self.posted[LINE] += fen if on_line else 0


class Treasury(RuleBasedStateMachine):
    """The same asked of the ledger and of the model."""

    def __init__(self) -> None:
        super().__init__()
        self.now, self.model, self.asked = NOW, Model(), dict[UUID, tuple[Any, ...]]()
        name = next(_numbers)
        self.codes = {each: f"{each}.{name}" for each in (FUND, BANK, PAYEE, QUOTA, LINE)}
        told = {"by": "job:test", "now": NOW}
        for each, kind, division, limits in (
            (FUND, "fund", CITY, {"floor": Fen(FLOOR)}),
            (BANK, "bank", CITY, {}),
            (PAYEE, "payable", COUNTY, {}),
            (QUOTA, "allotment", COUNTY, {"ceiling": Fen(CEILING)}),
        ):
            ledger.open_account(self.codes[each], kind=kind, division=division, title=each, **limits, **told)  # type: ignore[arg-type]
        line: dict[str, Any] = {"fund": self.codes[FUND], "year": 2026, "title": "慰问", "basis": "虚构"}
        ledger.add_budget_line(self.codes[LINE], fen=Fen(BUDGET), **line, **told)  # type: ignore[arg-type]

    def order(self, source: str, target: str, fen: int, *, on_line: bool) -> ledger.Transfer:
        """A new order."""
        legs = ledger.between(self.codes[source], self.codes[target], Fen(fen))
        budget = self.codes[LINE] if on_line else ""
        return ledger.Transfer(id_of(next(_numbers)), legs, TODAY, budget=budget)

    def said(self) -> dict[str, Any]:
        """Who asks, and when."""
        return {"by": "job:test", "now": self.now}

    @rule(pair=pairs, fen=amounts, clamp=st.booleans(), line=st.booleans())
    def post(self, pair: tuple[str, str], fen: int, clamp: bool, line: bool) -> None:
        source, target = pair
        on_line = line and source == FUND
        order = self.order(source, target, fen, on_line=on_line)
        left = self.model.left(source, target, on_line=on_line)
        if fen > left and not clamp:
            with pytest.raises(Refused, match="limit-exceeded"):
                ledger.post(order, **self.said())
            return
        taken = min(fen, left)
        assert ledger.post(order, clamp=clamp, **self.said()) == ledger.Booked(order.id, Fen(taken), True)
        self.asked[order.id] = (order, clamp, taken)
        self.model.move(source, target, taken, on_line=on_line)
        if taken:
            self.model.moved[order.id] = Moved(source, target, taken, on_line)

    @precondition(lambda self: self.asked)
    @rule(data=st.data())
    def post_again(self, data: st.DataObject) -> None:
        order, clamp, taken = data.draw(
            st.sampled_from(sorted(self.asked.values(), key=lambda each: each[0].id))
        )
        assert ledger.post(order, clamp=clamp, **self.said()) == ledger.Booked(order.id, Fen(taken), False)

    @rule(first=pairs, second=pairs, fen=amounts)
    def post_linked(self, first: tuple[str, str], second: tuple[str, str], fen: int) -> None:
        orders = [self.order(*pair, fen, on_line=False) for pair in (first, second)]
        fits = fen <= self.model.left(*first, on_line=False)
        self.model.move(*first, fen, on_line=False)
        if fits and fen <= self.model.left(*second, on_line=False):
            self.model.move(*second, fen, on_line=False)
            ledger.post_linked(orders, **self.said())
            for order, pair in zip(orders, (first, second), strict=True):
                self.model.moved[order.id] = Moved(*pair, fen, on_line=False)
            return
        self.model.move(*first, -fen, on_line=False)
        with pytest.raises(Refused, match="limit-exceeded"):
            ledger.post_linked(orders, **self.said())

    @rule(pair=pairs, fen=amounts, line=st.booleans(), minutes=st.integers(1, 90))
    def hold(self, pair: tuple[str, str], fen: int, line: bool, minutes: int) -> None:
        source, target = pair
        on_line = line and source == FUND
        order = self.order(source, target, fen, on_line=on_line)
        until = self.now + timedelta(minutes=minutes)
        if fen > self.model.left(source, target, on_line=on_line):
            with pytest.raises(Refused, match="limit-exceeded"):
                ledger.hold(order, expires_at=until, **self.said())
            return
        ledger.hold(order, expires_at=until, **self.said())
        self.model.holds[order.id] = Held(source, target, fen, on_line, until)

    @precondition(lambda self: self.model.holds)
    @rule(data=st.data(), part=st.integers(1, 100))
    def settle(self, data: st.DataObject, part: int) -> None:
        hold = data.draw(st.sampled_from(sorted(self.model.holds)))
        held, made = self.model.holds[hold], id_of(next(_numbers))
        given: dict[str, Any] = {"hold": hold, "on": TODAY, **self.said()}
        if self.now >= held.expires_at:
            with pytest.raises(Refused, match="hold-expired"):
                ledger.settle_hold(made, **given)
            return
        with pytest.raises(Refused, match="beyond-hold"):
            ledger.settle_hold(made, fen=Fen(held.fen + 1), **given)
        fen = max(1, held.fen * part // 100)
        assert ledger.settle_hold(made, fen=Fen(fen), **given).fen == fen
        del self.model.holds[hold]
        self.model.move(held.source, held.target, fen, on_line=held.on_line)
        self.model.moved[made] = Moved(held.source, held.target, fen, held.on_line)
        with pytest.raises(Refused, match="hold-over"):
            ledger.release_hold(id_of(next(_numbers)), hold=hold, on=TODAY, **self.said())

    @precondition(lambda self: self.model.holds)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        hold = data.draw(st.sampled_from(sorted(self.model.holds)))
        ledger.release_hold(id_of(next(_numbers)), hold=hold, on=TODAY, **self.said())
        del self.model.holds[hold]

    @rule(minutes=st.integers(1, 60))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        due = {each for each, held in self.model.holds.items() if held.expires_at <= self.now}
        assert actions.expire_holds(on=TODAY, **self.said()) == len(due)
        for each in due:
            del self.model.holds[each]

    @precondition(lambda self: self.model.moved)
    @rule(data=st.data(), part=st.integers(1, 110))
    def reverse(self, data: st.DataObject, part: int) -> None:
        of = data.draw(st.sampled_from(sorted(self.model.moved)))
        moved, made = self.model.moved[of], id_of(next(_numbers))
        fen = max(1, moved.fen * part // 100)
        given: dict[str, Any] = {"of": of, "fen": Fen(fen), "reason": "试错", "on": TODAY, **self.said()}
        if fen > moved.fen - moved.taken_back:
            with pytest.raises(Refused, match="beyond-original"):
                ledger.reverse(made, **given)
            return
        if fen > self.model.left(moved.target, moved.source, on_line=False):
            with pytest.raises(Refused, match="limit-exceeded"):
                ledger.reverse(made, **given)
            return
        assert ledger.reverse(made, **given).fen == fen
        self.model.move(moved.source, moved.target, -fen, on_line=moved.on_line)
        moved.taken_back += fen

    @rule()
    def totals_are_drawn(self) -> None:
        actions.draw_totals()

    @invariant()
    def the_books_say_what_the_model_says(self) -> None:
        settle_now()
        for each, code in self.codes.items():
            on_it = standing(code)
            holds = self.model.holds.values()
            held_in = sum(h.fen for h in holds if h.target == each or (h.on_line and each == LINE))
            held_out = sum(h.fen for h in holds if h.source == each)
            assert (each, on_it.posted, on_it.held_in, on_it.held_out) == (
                each,
                self.model.posted[each],
                held_in,
                -held_out,
            )
            assert not on_it.is_beyond

    def teardown(self) -> None:
        for each in self.model.holds:  # the next example counts its own
            ledger.release_hold(id_of(next(_numbers)), hold=each, on=TODAY, **self.said())
        with acting_as_job("test.check"):
            assert ledger.faults(now=self.now) == []


def test_a_ledger_is_what_a_model_says_after_any_day() -> None:
    run_state_machine_as_test(
        Treasury,
        settings=settings(
            max_examples=25,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
