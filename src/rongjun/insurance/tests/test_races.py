"""Two bills of one person at one moment never spend the same remainder; without the lock they do."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread
from typing import Any

import pytest
from django.db import DatabaseError, connection

from rongjun.access.api import acting_as_job
from rongjun.insurance.actions import claims, deciding
from rongjun.insurance.models import Member
from rongjun.insurance.queries import histories
from rongjun.insurance.tests.scene import NOW, insured, payouts, set_scene, settlement, take, years
from tests.house.claims_rooms import HOME
from tests.together import Meeting


def at_once(*acts: Callable[[], object]) -> list[object]:
    """Each in a thread and connection of its own; what each came to."""
    came: list[object] = [None] * len(acts)

    def run(place: int) -> None:
        try:
            came[place] = acts[place]()
        except (DatabaseError, AssertionError) as error:
            came[place] = error
        finally:
            connection.close()

    threads = [Thread(target=run, args=(place,)) for place in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return came


@pytest.fixture
def meeting(own_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has read the history waits for the other to have read it too, or to wait for a lock."""
    set_scene()
    person = insured()
    with acting_as_job("test.member"):
        deciding.hold_member(person, division=HOME, plan="rongjunbao", now=NOW)
    together, really = Meeting(), histories.history_of

    def read_together(*args: Any, **kwargs: Any) -> Any:
        found = really(*args, **kwargs)
        together.wait()
        return found

    monkeypatch.setattr(claims, "history_of", read_together)


def two_bills() -> list[object]:
    return at_once(lambda: take(settlement(1), place=1), lambda: take(settlement(2), place=2))


def test_two_bills_at_once_come_out_as_one_after_the_other(meeting: None) -> None:
    assert not [each for each in two_bills() if isinstance(each, Exception)]
    assert years() == [(8_000_000, 7_500_000, 500_000)]
    assert sorted(payouts()) == [(3_500_000, "reserved"), (4_000_000, "reserved")]


def test_the_canary_without_the_lock_both_spend_the_same_remainder(
    meeting: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unlocked(person: Any, **_: Any) -> Member:
        return Member.objects.get(person_id=person)

    monkeypatch.setattr(claims, "hold_member", unlocked)
    failed = [each for each in two_bills() if isinstance(each, Exception)]
    # Both read an empty year; only the second's place, or the year it moved from, gave it away.
    assert len(failed) == 1
    assert years() == [(4_000_000, 3_500_000, 500_000)]
