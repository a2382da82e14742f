"""What the tests of the audit app say often."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from django.db import connection, transaction

from rongjun.audit import api as audit

# Written past the application, as a scene needs it.
INSERT = "insert into audit_event (at, actor, actor_role, source, event, about, result, purpose, detail)"
NOON = datetime(2026, 10, 1, 4, 0, tzinfo=UTC)


@contextmanager
def as_role(role: str, *, actor: str = "", permissions: str = "") -> Iterator[None]:
    """A transaction in one of the scoped roles, as access opens it for requests and jobs."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select current_user")
        before = cursor.fetchone()[0]
        settings = [role, actor, permissions]
        command = (
            "select set_config('role', %s, true), set_config('app.actor', %s, true),"
            " set_config('app.permissions', %s, true)"
        )
        cursor.execute(command, settings)
        yield
        cursor.execute(command, [before, "", ""])


def note(event: str = "registry.person-read", **kept: Any) -> None:
    """An event of no interest but for what is named."""
    audit.note(event, **{"by": "staff:clerk", "at": NOON, **kept})


def commit_events(count: int) -> None:
    """Events in a transaction that has ended."""
    with as_role("app_staff"):
        for number in range(count):
            note(about=f"person:{number}", detail={"number": number})


def seal(*, settle: bool = True) -> audit.Sealed:
    """The sealing job; waits first until no stranger's transaction (autovacuum's, say) holds the horizon."""
    if settle:
        wait_until_settled()
    with as_role("app_batch"):
        return audit.seal(at=NOON)


def wait_until_settled() -> None:
    """Return when every event's transaction lies below the horizon."""
    for _ in range(250):
        with as_role("app_batch"):
            below = "select coalesce(bool_and(xid < pg_snapshot_xmin(pg_current_snapshot())), true)"
            if query(f"{below} from audit_event where xid < '900000000000'") == [(True,)]:
                return
        time.sleep(0.02)
    raise AssertionError("a transaction somewhere stays open")


def verdict(**kept: Any) -> audit.Verdict:
    """What a verifying job finds."""
    with as_role("app_batch"):
        return audit.verify(**kept)


def query(sql: str, params: list[Any] | None = None) -> list[tuple[Any, ...]]:
    """Rows of a statement."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall() if cursor.description else []
