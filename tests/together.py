"""Where works that run at the same time meet in the middle of what they do, however busy the machine is."""

from __future__ import annotations

import threading
import time
from contextlib import closing

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

_LOOK = 0.03  # seconds from one look at the locks to the next
_WAITING = """
    select count(distinct lock.pid) from pg_locks lock join pg_stat_activity work using (pid)
    where not lock.granted and work.datname = current_database()
"""


class Meeting:
    """Holds whoever comes until all have come, or until those who are missing cannot: they wait for a lock.

    Nobody is held twice: once a meeting is over, whoever comes passes.
    """

    def __init__(self, parties: int = 2, *, seconds: float = 60) -> None:
        self._parties, self._seconds = parties, seconds
        self._here: set[int] = set()
        self._over = threading.Event()

    def wait(self) -> bool:
        """Whether all came; AssertionError where somebody neither came nor waited for a lock in time."""
        self._here.add(threading.get_ident())
        until = time.monotonic() + self._seconds
        with closing(connection.copy()) as apart:  # the transaction that is held does not look by itself
            while not self._over.is_set():
                if self._missing == 0 or _waiting_for_locks(apart) >= self._missing:
                    self._over.set()
                assert time.monotonic() < until, f"{self._missing} of {self._parties} did not come"
                self._over.wait(_LOOK)
        return self._missing == 0

    @property
    def _missing(self) -> int:
        return self._parties - len(self._here)


def _waiting_for_locks(apart: BaseDatabaseWrapper) -> int:
    with apart.cursor() as cursor:
        cursor.execute(_WAITING)
        return int(cursor.fetchone()[0])
