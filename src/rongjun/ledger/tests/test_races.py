"""Writers at one moment, over real connections. Each race has a canary: guards taken away, it must show."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, cast

import pytest
from django.db import IntegrityError, OperationalError, close_old_connections, connection, transaction

from rongjun.access.api import acting_as_job
from rongjun.kernel.errors import Refused
from rongjun.kernel.money import Fen
from rongjun.ledger import actions, queries
from rongjun.ledger import api as ledger
from rongjun.ledger.actions import booking, corrections, holds
from rongjun.ledger.logic import Standing, Terms
from rongjun.ledger.tests.scene import (
    BANK,
    CITY,
    FUND,
    NOW,
    PAYEE,
    QUOTA,
    TODAY,
    Act,
    hold,
    id_of,
    on,
    open_all,
    post,
    standing,
    sums,
    told,
    transfer,
)
from tests.cluster import as_owner
from tests.together import Meeting

AtOnce = Callable[..., list[object]]
BUDGET = "budget.2026"
UNGUARDED = """
    alter table ledger_limit drop constraint ledger_floor_kept;
    alter table ledger_limit drop constraint ledger_ceiling_kept;
"""


def run(sql: str) -> None:
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.fixture
def at_once(own_database: str) -> Iterator[AtOnce]:
    """Several acts, each in a thread and a connection of its own: what each answered, or why not."""

    def one(act: Act) -> object:
        try:
            return act()
        except Refused as refused:
            return refused.code
        except IntegrityError:
            return "collided"
        except OperationalError:
            return "deadlock"
        finally:
            connection.close()
            close_old_connections()

    def all_of(*acts: Act) -> list[object]:
        with ThreadPoolExecutor(len(acts)) as pool:
            return list(pool.map(one, acts))

    yield all_of
    close_old_connections()


@pytest.fixture
def meeting(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any, str], None]:
    """Lets two threads wait for each other after a step, if both can come so far."""

    def after(place: Any, step: str) -> None:
        here, real = Meeting(), getattr(place, step)

        def together(*said: Any, **kept: Any) -> Any:
            answer = real(*said, **kept)
            here.wait()
            return answer

        monkeypatch.setattr(place, step, together)

    return after


def look_without_lock(accounts: Iterable[Terms]) -> dict[str, Standing]:
    """As `limits_held`, without holding anything."""
    numbers = sorted(account.number for account in accounts)
    return {row[0]: queries._standing(row) for row in queries.rows_of(queries._LIMITS, [numbers])}


def scene_with_budget() -> None:
    open_all()
    line: dict[str, Any] = {"fund": FUND, "year": 2026, "title": "慰问", "basis": "虚构预〔2026〕1号"}
    ledger.add_budget_line(BUDGET, fen=Fen(500), **line, **told)


def twice(act: Callable[..., ledger.Booked], *args: Any, **more: Any) -> tuple[Act, Act]:
    return lambda: act(1, *args, **more).fen, lambda: act(2, *args, **more).fen


# What is asked for twice, and what each limit lets through of it in all.
LIMITED: dict[str, tuple[tuple[Act, Act], str]] = {
    "a fund's floor": (twice(post, FUND, PAYEE, 600), FUND),
    "a quota's ceiling": (twice(post, BANK, QUOTA, 300), QUOTA),
    "a budget line": (twice(post, FUND, PAYEE, 300, budget=BUDGET), BUDGET),
    "a floor, by holds": (twice(hold, FUND, PAYEE, 600), FUND),
    "a ceiling, by holds": (twice(hold, BANK, QUOTA, 300), QUOTA),
}
every_limit = pytest.mark.parametrize(("acts", "account"), LIMITED.values(), ids=LIMITED)


@every_limit
def test_of_two_that_fit_alone_and_not_together_one_is_refused(
    at_once: AtOnce, meeting: Any, acts: tuple[Act, Act], account: str
) -> None:
    scene_with_budget()
    meeting(booking, "hold_limits")
    said = at_once(*acts)
    assert said.count("ledger.limit-exceeded") == 1
    assert len([each for each in said if isinstance(each, int)]) == 1
    assert not standing(account).is_beyond


@every_limit
def test_canary_without_the_lock_the_database_alone_refuses(
    at_once: AtOnce, meeting: Any, monkeypatch: pytest.MonkeyPatch, acts: tuple[Act, Act], account: str
) -> None:
    scene_with_budget()
    monkeypatch.setattr(booking, "hold_limits", look_without_lock)
    meeting(booking, "hold_limits")
    assert at_once(*acts).count("collided") == 1
    assert not standing(account).is_beyond


@every_limit
def test_canary_without_lock_and_constraint_the_limit_is_overspent(
    at_once: AtOnce, meeting: Any, monkeypatch: pytest.MonkeyPatch, acts: tuple[Act, Act], account: str
) -> None:
    scene_with_budget()
    run(UNGUARDED)
    monkeypatch.setattr(booking, "hold_limits", look_without_lock)
    meeting(booking, "hold_limits")
    assert [type(each) for each in at_once(*acts)] == [Fen, Fen]
    assert standing(account).is_beyond


def test_two_that_take_what_is_left_take_it_once(at_once: AtOnce, meeting: Any) -> None:
    open_all()
    meeting(booking, "hold_limits")
    said = at_once(*twice(post, FUND, PAYEE, 600, clamp=True))
    assert sorted(map(str, said)) == ["4.00", "6.00"]
    assert on(FUND) == 0


def test_canary_without_the_lock_both_take_the_same_money(
    at_once: AtOnce, meeting: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_all()
    run(UNGUARDED)
    monkeypatch.setattr(booking, "hold_limits", look_without_lock)
    meeting(booking, "hold_limits")
    at_once(*twice(post, FUND, PAYEE, 600, clamp=True))
    assert on(FUND) == -200


# --- one id, one hold, one original -------------------------------------------------------------------------


def test_one_id_at_once_moves_once_and_both_hear_the_same(at_once: AtOnce, meeting: Any) -> None:
    open_all()
    meeting(queries, "terms_of")
    said = at_once(*2 * (lambda: post(1, FUND, PAYEE, 300),))
    assert sorted((each.fen, each.is_new) for each in said) == [(300, False), (300, True)]  # type: ignore[attr-defined]
    assert on(FUND) == 700


def settle(number: int) -> Act:
    return lambda: ledger.settle_hold(id_of(number), hold=id_of(1), on=TODAY, **told).fen


def release(number: int) -> Act:
    return lambda: ledger.release_hold(id_of(number), hold=id_of(1), on=TODAY, **told).fen


@pytest.mark.parametrize("other", [settle, release])
def test_a_hold_ends_once(at_once: AtOnce, meeting: Any, other: Callable[[int], Act]) -> None:
    open_all()
    hold(1, FUND, PAYEE, 300)
    meeting(holds, "_hold_of")
    assert at_once(settle(2), other(3)).count("ledger.hold-over") == 1
    assert standing(FUND).held_out == 0


def test_canary_without_the_unique_index_a_hold_is_paid_twice(at_once: AtOnce, meeting: Any) -> None:
    open_all()
    hold(1, FUND, PAYEE, 300)
    run("drop index ledger_hold_ends_once")
    run("alter table ledger_limit drop constraint ledger_held_signs")
    meeting(holds, "_hold_of")
    assert at_once(settle(2), settle(3)) == [300, 300]
    assert on(FUND) == 400


def test_a_worker_and_an_officer_do_not_both_end_a_hold(at_once: AtOnce, meeting: Any) -> None:
    open_all()
    hold(1, FUND, PAYEE, 300)
    meeting(holds, "_hold_of")
    late: dict[str, Any] = {**told, "now": NOW.replace(year=2027)}
    said = at_once(release(2), lambda: actions.expire_holds(on=TODAY, **late))
    assert said.count("ledger.hold-over") == 1
    assert standing(FUND).held_out == 0


def take_back(number: int) -> Act:
    given: dict[str, Any] = {"of": id_of(1), "fen": Fen(200), "reason": "付错了", "on": TODAY, **told}
    return lambda: ledger.reverse(id_of(number), **given).fen


def test_two_reversals_take_back_no_more_than_moved(at_once: AtOnce, meeting: Any) -> None:
    open_all()
    post(1, FUND, PAYEE, 300)
    meeting(corrections, "_left_of")
    assert at_once(take_back(2), take_back(3)).count("ledger.beyond-original") == 1
    assert on(FUND) == 900


def test_canary_without_turns_the_database_alone_refuses_the_second_reversal(
    at_once: AtOnce, meeting: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_all()
    post(1, FUND, PAYEE, 300)
    monkeypatch.setattr(corrections, "take_turn", lambda transfer: None)
    meeting(corrections, "_left_of")
    assert at_once(take_back(2), take_back(3)).count("collided") == 1
    assert on(FUND) == 900


def test_canary_without_turns_and_trigger_more_is_taken_back_than_moved(
    at_once: AtOnce, meeting: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_all()
    post(1, FUND, PAYEE, 300)
    run("drop trigger ledger_transfer_whole on ledger_transfer")
    monkeypatch.setattr(corrections, "take_turn", lambda transfer: None)
    meeting(corrections, "_left_of")
    assert at_once(take_back(2), take_back(3)) == [200, 200]
    assert on(FUND) == 1100


# --- many at once -------------------------------------------------------------------------------------------


def test_eight_writers_spend_a_fund_to_the_last_fen_and_never_wait_in_a_circle(at_once: AtOnce) -> None:
    open_all(fund=1000, quota=300)
    ledger.open_account("fund.second", kind="fund", division=CITY, title="二", floor=Fen(0), **told)
    post(901, BANK, "fund.second", 1000)

    def writer(seed: int) -> Act:
        dice = random.Random(seed)

        def write() -> int:
            moved = 0
            for number in range(seed * 1000, seed * 1000 + 25):
                pair = [
                    transfer(2 * number, FUND, PAYEE, dice.randrange(1, 9)),
                    transfer(2 * number + 1, "fund.second", PAYEE, dice.randrange(1, 9)),
                ]
                dice.shuffle(pair)
                with suppress(Refused):
                    moved += sum(booked.fen for booked in ledger.post_linked(pair, **told))
                moved += post(10**6 + number, FUND, QUOTA, dice.randrange(1, 30), clamp=True).fen
            return moved

        return write

    said = at_once(*map(writer, range(1, 9)))
    assert "deadlock" not in said
    assert on(FUND) >= 0
    assert on("fund.second") >= 0
    assert on(QUOTA) <= 300
    assert sum(cast("list[int]", said)) == 2000 - on(FUND) - on("fund.second")
    assert sums() == (0, 0, 0)
    with acting_as_job("test.check"):
        assert ledger.faults(now=NOW) == []


def test_canary_locks_taken_in_any_order_meet_in_a_circle(
    at_once: AtOnce, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_all()
    ledger.open_account("fund.second", kind="fund", division=CITY, title="二", floor=Fen(0), **told)
    post(901, BANK, "fund.second", 1000)
    here, turn = Meeting(), threading.local()

    def in_the_order_named(accounts: Iterable[Terms]) -> dict[str, Standing]:
        found: dict[str, Standing] = {}
        for account in sorted(accounts, key=lambda each: each.code, reverse=turn.is_second):
            found |= queries.limits_held([account])
            if len(found) == 1:  # each holds one, and goes for that of the other
                here.wait()
        return found

    monkeypatch.setattr(booking, "hold_limits", in_the_order_named)

    def both(number: int, *, is_second: bool) -> object:
        turn.is_second = is_second
        pair = [transfer(number, FUND, BANK, 1), transfer(number + 1, "fund.second", BANK, 1)]
        with transaction.atomic():
            return ledger.post_linked(pair, **told)

    said = at_once(lambda: both(1, is_second=False), lambda: both(3, is_second=True))
    assert said.count("deadlock") == 1


def test_totals_drawn_while_writers_write_lose_nothing(at_once: AtOnce) -> None:
    open_all(fund=0)

    def write(seed: int) -> Act:
        return lambda: [post(seed * 100 + number, BANK, PAYEE, 1) for number in range(30)]

    def draw() -> object:
        return [actions.draw_totals() for _ in range(20)]

    at_once(*map(write, range(1, 5)), draw)
    assert on(PAYEE) == 120
    actions.draw_totals()
    assert on(PAYEE) == 120
    with acting_as_job("test.check"):
        assert ledger.faults(now=NOW) == []
