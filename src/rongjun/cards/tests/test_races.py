"""Two people at one card in the same moment; canaries show that there is a race to lose."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import IntegrityError, close_old_connections, connection

from rongjun.access.api import acting_as
from rongjun.cards import api as cards
from rongjun.cards.actions import handling
from rongjun.cards.models import Carrier
from rongjun.cards.tests.cast import CITY, CLERK, NOW, handed, people
from rongjun.cards.tests.test_handling import SOON, made, state
from rongjun.kernel.errors import Refused
from tests.together import Meeting

Work = Callable[[], object]


class Race:
    """The first has read the card and hesitates; the second comes, and judges if nothing makes it wait.

    Then the first goes on, and the second after it.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._here, self._judged = threading.local(), Meeting()
        self._read, self._done = threading.Event(), threading.Event()
        # Whatever they are by now: a canary has put its own in their place.
        hold: Any = vars(handling)["hold"]
        tell: Any = vars(handling)["tell"]

        def hold_in_turn(references: Iterable[int]) -> dict[int, Carrier]:
            if not self.is_first():
                self._read.wait(20)
            held: dict[int, Carrier] = hold(references)
            self._read.set()
            return held

        def tell_late(*told: Any, **given: Any) -> None:
            self._judged.wait()
            if not self.is_first():
                self._done.wait(60)
            tell(*told, **given)

        monkeypatch.setattr(handling, "hold", hold_in_turn)
        monkeypatch.setattr(handling, "tell", tell_late)

    def is_first(self) -> bool:
        """Whether this is the thread of the first."""
        return bool(getattr(self._here, "first", False))

    def run(self, first: Work, second: Work) -> list[object]:
        """What each of the two gets; a refusal or a broken constraint by its name."""

        def one(work: Work, *, is_first: bool) -> object:
            self._here.first = is_first
            try:
                with acting_as(CLERK):
                    work()
            except Refused as refused:
                return refused.code
            except IntegrityError:
                return "twice"
            finally:
                connection.close()
                close_old_connections()
                self._done.set()
            return "done"

        with ThreadPoolExecutor(2) as pool:
            asked = [pool.submit(one, first, is_first=True), pool.submit(one, second, is_first=False)]
            return [each.result() for each in asked]


def blindly(references: Iterable[int]) -> dict[int, Carrier]:
    """What `hold` does, without holding."""
    return {row.reference: row for row in Carrier.objects.filter(pk__in=set(references))}


def lost(reference: int) -> Work:
    return lambda: cards.take_step(reference, "lose", reason="柜里找不到了", by=CLERK, now=NOW)


def handed_over(reference: int) -> Work:
    return lambda: cards.hand_over(reference, checked="居民身份证", by=CLERK, now=SOON)


def replaced(reference: int) -> Work:
    return lambda: cards.accept_replacement(reference, ground="damaged", reason="坏了", by=CLERK, now=NOW)


def test_a_card_just_told_lost_is_not_handed_over(own_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    reference = made(*people(1))
    assert Race(monkeypatch).run(lost(reference), handed_over(reference)) == ["done", "cards.not-now"]
    assert state(reference) == "lost"


def test_canary_without_the_lock_a_lost_card_is_handed_over(
    own_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = made(*people(1))
    monkeypatch.setattr(handling, "hold", blindly)
    assert Race(monkeypatch).run(lost(reference), handed_over(reference)) == ["done", "done"]


def test_of_two_replacements_one_is_accepted(own_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (reference,) = handed(people(1))
    assert Race(monkeypatch).run(replaced(reference), replaced(reference)) == ["done", "cards.not-now"]
    assert _cards() == 2


def test_canary_without_the_lock_both_are_judged_and_only_an_index_stands_in_the_way(
    own_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (reference,) = handed(people(1))
    monkeypatch.setattr(handling, "hold", blindly)
    found = Race(monkeypatch).run(replaced(reference), replaced(reference))
    assert sorted(map(str, found)) in (["done", "twice"], ["cards.has-one", "done"])
    assert "cards.not-now" not in found


def _cards() -> int:
    with acting_as(CITY):
        return Carrier.objects.count()
