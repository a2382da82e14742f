"""Two loaders at one moment, over real connections; a canary shows there is a race to lose."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import IntegrityError, close_old_connections, connection

from rongjun.places import actions
from rongjun.places.models import Division
from rongjun.places.tests.test_loading import load
from tests.together import Meeting


@pytest.fixture
def both_load(own_database: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """Two loaders that, unless one waits for the other, have both read what is there before either writes."""
    meeting = Meeting()
    known = actions._known

    def known_together(*asked: Any) -> Any:
        found = known(*asked)
        meeting.wait()
        return found

    monkeypatch.setattr(actions, "_known", known_together)

    def one(_: int) -> str:
        try:
            return str(load().opened)
        except IntegrityError:
            return "collided"
        finally:
            connection.close()
            close_old_connections()

    def both() -> list[str]:
        with ThreadPoolExecutor(2) as pool:
            return sorted(pool.map(one, range(2)))

    return both


def test_of_two_loaders_one_waits_and_finds_the_work_done(both_load: Callable[[], list[str]]) -> None:
    assert both_load() == ["0", "7"]
    assert Division.objects.count() == 7


def test_canary_without_the_lock_the_second_loader_collides(
    both_load: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "_one_at_a_time", lambda: None)
    assert both_load() == ["7", "collided"]
