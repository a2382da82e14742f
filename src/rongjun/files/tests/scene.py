"""The cast and a scanner of its own process, for the tests of files."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

from rongjun.access.api import ROLES, Actor, acting_as, acting_as_job, scope_of
from rongjun.files import actions
from rongjun.files.scanning import Scanner, ScannerUnavailable
from rongjun.files.tests import papers

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
HOME, NEXT_DOOR, ELSEWHERE = 370202001000, 370202002000, 370203001000
CAST = {
    "clerk": ("station-clerk", HOME),
    "colleague": ("station-clerk", HOME),
    "next-door": ("station-clerk", NEXT_DOOR),
    "district": ("district-officer", 370202000000),
    "neighbour": ("district-officer", 370203000000),
    "city": ("city-officer", 370200000000),
}
PERSON = "person:00000000-0000-4000-8000-000000000001"


def actor(login: str = "clerk") -> Actor:
    """One of the cast, without an account."""
    role, division = CAST[login]
    return Actor(
        account=uuid4(),
        login=login,
        name=f"测试{login}",
        kind="staff",
        role=role,
        role_label=ROLES[role].label,
        division=division,
        division_label="示范一街道",
        scope=scope_of(division),
        permissions=ROLES[role].permissions,
    )


def hand_in(
    content: bytes | None = None,
    *,
    by: str = "clerk",
    name: str = "户口簿.pdf",
    about: str = "",
    now: datetime = NOW,
) -> UUID:
    """An upload one of the cast hands in, of their own division."""
    officer = actor(by)
    with acting_as(officer):
        return actions.store_upload(
            papers.png() if content is None else content,
            file_name=name,
            kind="household",
            about=about,
            division=officer.division,
            by=officer,
            now=now,
        )


def scan(scanner: Scanner, *, now: datetime = NOW) -> actions.Scanned:
    """One round of the scanning job."""
    with acting_as_job("files.scan-waiting"):
        return actions.scan_waiting(scanner, by="job:files.scan-waiting", now=now)


def sweep(*, grace: timedelta = timedelta(0), now: datetime = NOW) -> actions.Swept:
    """One round of the sweeping job, without its patience."""
    with acting_as_job("files.sweep-storage"):
        return actions.sweep_storage(by="job:files.sweep-storage", now=now, grace=grace)


@contextmanager
def simulator() -> Iterator[Scanner]:
    """The scanner's stand-in, in a process of its own, behind a real socket."""
    with tempfile.TemporaryDirectory(prefix="rj-scan-", dir="/tmp") as folder:
        address = f"unix:{Path(folder) / 'scanner.sock'}"
        process = subprocess.Popen([sys.executable, "-m", "rongjun.files.scanner_simulator", address])
        try:
            scanner = Scanner(address, seconds=5)
            _wait_for(scanner)
            yield scanner
        finally:
            process.kill()
            process.wait()


def _wait_for(scanner: Scanner) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            scanner.scan(b"hello")
        except ScannerUnavailable:
            assert time.monotonic() < deadline, "the simulator does not answer"
            time.sleep(0.05)
        else:
            return
