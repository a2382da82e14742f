"""Two officers decide one candidate at one moment, over real connections; a canary shows the race."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from django.db import close_old_connections, connection

from rongjun.kernel.errors import Refused
from rongjun.registry.actions import feeds
from rongjun.registry.actions.feeds import confirm_candidate, dismiss_candidate
from rongjun.registry.models import FeedCandidate
from rongjun.registry.tests.scene import open_file
from rongjun.registry.tests.strategies import cells
from rongjun.registry.tests.test_feeds import compare, decide, deliver, row
from tests.cluster import as_owner
from tests.together import Meeting


@pytest.fixture
def both(own_database: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """One officer confirms and one dismisses; each waits for the other after looking, if that can come."""
    meeting = Meeting()

    def one(decision: Any, by: str) -> str:
        try:
            decide(wanted, decision, by=by)
        except Refused as refused:
            return refused.code
        else:
            return "decided"
        finally:
            connection.close()
            close_old_connections()

    def at_once() -> list[str]:
        hold = feeds.hold_candidate

        def hold_together(candidate: UUID) -> FeedCandidate:
            held = hold(candidate)
            meeting.wait()
            return held

        monkeypatch.setattr(feeds, "hold_candidate", hold_together)
        with ThreadPoolExecutor(2) as pool:
            return list(pool.map(one, (confirm_candidate, dismiss_candidate), ("district", "city")))

    open_file(row=cells(1))
    deliver([row(1)])
    compare()
    with as_owner():
        wanted = FeedCandidate.objects.get().id
    return at_once


def test_of_two_deciders_exactly_one_decides(both: Callable[[], list[str]]) -> None:
    assert sorted(both()) == ["decided", "registry.candidate-decided"]


def test_canary_without_the_lock_both_decide(
    both: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "hold_candidate", lambda wanted: FeedCandidate.objects.get(pk=wanted))
    assert both() == ["decided", "decided"]
