"""The second lock: every statement of a request or a job runs as a role that row-level security holds.

The connection's own role (`rongjun_login`) may read nothing of people. `acting_as` opens a transaction,
becomes one of the four scoped roles for exactly that transaction, and tells the policies the range of
divisions, the actor and the permissions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from rongjun.access.logic import Actor, Scope

STAFF, CITIZEN, DEVICE, BATCH = "app_staff", "app_citizen", "app_device", "app_batch"
EVERYWHERE = Scope(0, 999999999999)


@contextmanager
def acting_as(actor: Actor, *, role: str = STAFF) -> Iterator[None]:
    """One transaction in the actor's scope. An exception rolls back everything, role included."""
    with _scoped(role, actor.scope, actor.text, actor.permissions):
        yield


@contextmanager
def acting_as_job(name: str, *, scope: Scope = EVERYWHERE) -> Iterator[None]:
    """One transaction of a job. Without this a job's first statement on a guarded table is an error."""
    with _scoped(BATCH, scope, f"job:{name}", ()):
        yield


@contextmanager
def _scoped(role: str, scope: Scope, actor: str, permissions: Iterable[str]) -> Iterator[None]:
    nested = connection.in_atomic_block
    with transaction.atomic():
        before = _settings() if nested else None
        _set(role, str(scope.lo), str(scope.hi), actor, " ".join(sorted(permissions)))
        yield
        if before:  # a savepoint keeps SET LOCAL; a transaction ends with it, deferred checks included
            _set(*before)


def _settings() -> tuple[str, str, str, str, str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select current_user, coalesce(current_setting('app.lo', true), ''),"
            " coalesce(current_setting('app.hi', true), ''), coalesce(current_setting('app.actor', true), ''),"
            " coalesce(current_setting('app.permissions', true), '')"
        )
        row: tuple[str, str, str, str, str] = cursor.fetchone()
    return row


def _set(role: str, lo: str, hi: str, actor: str, permissions: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "select set_config('role', %s, true), set_config('app.lo', %s, true), set_config('app.hi', %s, true),"
            " set_config('app.actor', %s, true), set_config('app.permissions', %s, true)",
            [role, lo, hi, actor, permissions],
        )
