"""A worker killed anywhere between the release and the bank: one file, one payment each, nothing lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from rongjun.access.api import acting_as_job
from rongjun.kernel.crypto import sm3
from rongjun.ledger.payments import actions
from rongjun.ledger.payments.bank_simulator import BANK
from rongjun.ledger.payments.models import PaymentFile
from rongjun.ledger.payments.tests.scene import (
    NOW,
    agree_with_bank,
    answered_by,
    balances,
    bank,
    checked,
    drafted,
    file_of,
    released,
    report_of,
    states_of,
)

# What a worker does, in a process of its own that ends as if killed where it is told to.
WORKER = """
import os, signal, sys
import django
django.setup()
from datetime import datetime, UTC
from django.conf import settings
from rongjun.access.api import acting_as_job
from rongjun.ledger.payments.actions import sending
from pathlib import Path

where, settings.OUT_FOLDER = sys.argv[1], Path(sys.argv[2])
now = datetime(2026, 11, 16, 1, 0, tzinfo=UTC)

def die(*_given, **_named):
    os.kill(os.getpid(), signal.SIGKILL)

if where == "before-the-file":
    sending.PaymentFile.objects.create = die
if where == "before-recording-sent":
    sending.claim = die
put_down, count = sending.put_down, 0
def put_and_maybe_die(path, content):
    global count
    count += 1
    put_down(path, content)
    if (where, count) in {("after-the-signature", 1), ("after-the-file", 2)}:
        die()
sending.put_down = put_and_maybe_die
with acting_as_job("ledger.send-payments"):
    sending.send_released(by="job:ledger.send-payments", now=now)
with acting_as_job("ledger.deliver-payments"):
    sending.deliver_files(now=now)
"""
PLACES = ("before-the-file", "before-recording-sent", "after-the-signature", "after-the-file")


def work(where: str, out: Path, database: str) -> int:
    """A worker that is killed at this place; its exit code."""
    environment = {**os.environ, "RONGJUN_DATABASE": database}
    command = [sys.executable, "-c", WORKER, where, str(out)]
    return subprocess.run(command, env=environment, check=False, timeout=60).returncode


@pytest.mark.parametrize("where", PLACES)
def test_a_worker_killed_anywhere_sends_one_file_and_pays_once(
    own_database: str, settings: Any, tmp_path: Path, where: str
) -> None:
    agree_with_bank()
    settings.OUT_FOLDER = tmp_path
    batch = released(checked(drafted()))
    connection.close()
    assert work(where, tmp_path, own_database) == -signal.SIGKILL
    seen = {sm3(file.read_bytes()) for file in put_down(tmp_path)}
    with acting_as_job("test.again"):
        actions.send_released(by="job:test.again", now=NOW)
    with acting_as_job("test.again"):
        actions.deliver_files(now=NOW)
    assert report_of(batch).state == "sent"
    with acting_as_job("test.files"):
        assert PaymentFile.objects.filter(delivered_at=None).count() == 0
    (file,) = put_down(tmp_path)
    assert seen <= {sm3(file.read_bytes())}
    assert file.read_bytes() == file_of(batch).content
    assert file.with_name(f"{file.name}.sig").read_text() == file_of(batch).signature
    one = bank()
    answered_by(one, batch)
    answered_by(one, batch)  # taken once more, as after a doubtful delivery
    assert (states_of(batch), one.memory.paid) == (["paid"] * 3, 30003)
    assert balances()


def put_down(out: Path) -> list[Path]:
    """The files the bank finds."""
    folder = out / BANK
    return [file for file in sorted(folder.glob("*")) if file.suffix not in {".sig", ".part"}]
