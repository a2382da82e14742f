"""Writers killed at any moment: what was acknowledged is there whole, and the books are at zero."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from uuid import UUID

import pytest
from django.db import connection

from rongjun.access.api import acting_as_job
from rongjun.ledger import api as ledger
from rongjun.ledger.tests.scene import NOW, open_all, sums
from tests.cluster import as_owner

KILLS = 6


def start(database: str, seed: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "rongjun.ledger.tests.writing", str(seed)],
        env={**os.environ, "RONGJUN_DATABASE": database},
        stdout=subprocess.PIPE,
        text=True,
    )


def killed_after(writer: subprocess.Popen[str], seconds: float) -> set[UUID]:
    """Let it book for a moment, then end it without a word; what it had acknowledged."""
    assert writer.stdout is not None
    first = writer.stdout.readline()
    time.sleep(seconds)
    writer.kill()
    told, _ = writer.communicate()
    whole = [line for line in (first + told).splitlines() if len(line) == 36]
    return {UUID(line) for line in whole}


def booked() -> set[UUID]:
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("select id from ledger_transfer")
        return {row[0] for row in cursor.fetchall()}


@pytest.mark.slow
def test_a_writer_killed_anywhere_leaves_nothing_half_and_loses_nothing_acknowledged(
    own_database: str,
) -> None:
    open_all()
    dice, acknowledged = random.Random(20261130), set[UUID]()
    for round_number in range(KILLS // 2):
        writers = [start(own_database, 2 * round_number + each) for each in range(2)]
        for writer in writers:
            acknowledged |= killed_after(writer, dice.uniform(0.0, 0.4))
    assert len(acknowledged) > KILLS
    assert acknowledged <= booked()
    assert sums() == (0, 0, 0)
    with acting_as_job("test.check"):
        assert ledger.faults(now=NOW) == []
        (day,) = ledger.balance(since=NOW.date(), until=NOW.date())
    assert day.gap == 0
    assert day.taken_in == day.done + day.waiting
