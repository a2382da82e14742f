"""The second lock: every statement of a request or a job runs as a role that row-level security holds.

The connection's own role (`rongjun_login`) may read nothing of people. `acting_as` opens a transaction,
becomes one of the four scoped roles for exactly that transaction, and tells the policies the range of
divisions, the actor and the permissions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

from django.db import connection, transaction
from django.db.transaction import TransactionManagementError
from psycopg.pq import TransactionStatus

from rongjun.access.logic import Actor, Scope

STAFF, CITIZEN, DEVICE, BATCH = "app_staff", "app_citizen", "app_device", "app_batch"
EVERYWHERE = Scope(0, 999999999999)

# role, lo, hi, actor, permissions, a citizen's account, whom the citizen acts for
_Settings: TypeAlias = tuple[str, str, str, str, str, str, str]

_ASK = """
    select current_user, coalesce(current_setting('app.lo', true), ''),
           coalesce(current_setting('app.hi', true), ''),
           coalesce(current_setting('app.actor', true), ''),
           coalesce(current_setting('app.permissions', true), ''),
           coalesce(current_setting('app.account', true), ''),
           coalesce(current_setting('app.acting_for', true), '')
"""
# The last argument makes each hold until the transaction ends, or its savepoint is rolled back.
_TELL = """
    select set_config('role', %s, true), set_config('app.lo', %s, true), set_config('app.hi', %s, true),
           set_config('app.actor', %s, true), set_config('app.permissions', %s, true),
           set_config('app.account', %s, true), set_config('app.acting_for', %s, true)
"""


@contextmanager
def acting_as(actor: Actor, *, role: str = STAFF) -> Iterator[None]:
    """One transaction in the actor's scope. An exception rolls back everything, role included."""
    with _scoped(role, actor.scope, actor.text, actor.permissions):
        yield


@contextmanager
def acting_as_citizen(actor: Actor) -> Iterator[None]:
    """One transaction that sees the citizen's own file, or the one of whom they act for and may.

    Only the account and the wish are told: whose file that is, and whether a mandate holds, the database
    finds out by itself.
    """
    whom = str(actor.acting_for or "")
    with _scoped(CITIZEN, actor.scope, actor.text, (), account=str(actor.account), acting_for=whom):
        yield


@contextmanager
def acting_as_job(name: str, *, scope: Scope = EVERYWHERE) -> Iterator[None]:
    """One transaction of a job. Without this a job's first statement on a guarded table is an error.

    Inside somebody's scope it is a savepoint; afterwards that scope is back.
    """
    with _scoped(BATCH, scope, f"job:{name}", ()):
        yield


@contextmanager
def _scoped(
    role: str,
    scope: Scope,
    actor: str,
    permissions: Iterable[str],
    *,
    account: str = "",
    acting_for: str = "",
) -> Iterator[None]:
    nested = connection.in_atomic_block
    with transaction.atomic():
        before = _settings() if nested else None
        held = " ".join(sorted(permissions))
        _set((role, str(scope.lo), str(scope.hi), actor, held, account, acting_for))
        yield
        _refuse_swallowed_error()
        if before:  # a released savepoint keeps what was set in it; a transaction's end does not
            _set(before)


def _refuse_swallowed_error() -> None:
    # PostgreSQL answers COMMIT after a failed statement with a silent rollback.
    if connection.connection.info.transaction_status == TransactionStatus.INERROR:
        raise TransactionManagementError("a failed statement was swallowed: nothing here would be kept")


def _settings() -> _Settings:
    with connection.cursor() as cursor:
        cursor.execute(_ASK)
        row: _Settings = cursor.fetchone()
    return row


def _set(values: _Settings) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_TELL, values)
