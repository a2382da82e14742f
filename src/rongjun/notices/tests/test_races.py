"""Two workers tell of one decision; the canary shows that there is a race to lose."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from django.db import close_old_connections, connection

from rongjun.notices import queries
from rongjun.notices.tests.scene import messages, person, tell
from tests.cluster import as_owner


def both_tell(who: UUID, monkeypatch: pytest.MonkeyPatch) -> int:
    """Two workers tell of one decision at the same moment; how many messages there are then."""
    barrier, look = threading.Barrier(2, timeout=20), queries.wording

    def look_together(*given: object, **named: object) -> object:
        found = look(*given, **named)  # type: ignore[arg-type]
        barrier.wait()
        return found

    monkeypatch.setattr(queries, "wording", look_together)

    def one(_: int) -> None:
        try:
            tell(who)
        finally:
            connection.close()
            close_old_connections()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(one, range(2)))
    return len(messages())


def test_of_two_at_once_one_message_remains(own_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert both_tell(person(), monkeypatch) == 1


def test_canary_without_the_constraint_both_remain(
    own_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    who = person()
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("alter table notices_message drop constraint message_once")
    assert both_tell(who, monkeypatch) == 2
