"""Killed anywhere on the way, an upload either was never acknowledged or is stored and has an owner."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from rongjun.access.api import acting_as, acting_as_job
from rongjun.files import actions, queries
from rongjun.files.models import Upload
from rongjun.files.queries import storage
from rongjun.files.scanning import Scanner
from rongjun.files.storage import SHELVES
from rongjun.files.tests.scene import NOW, actor, scan, sweep
from tests.cluster import as_owner


@pytest.fixture
def same_shelves(settings: Any) -> Path:
    """The folder the other processes use."""
    folder = Path(os.environ["RONGJUN_DATA"]) / "files"
    shutil.rmtree(folder)
    (folder / "incoming").mkdir(parents=True)
    settings.FILES_ROOT = folder
    return folder


def handed_in(database: str, lines: list[int]) -> dict[UUID, bytes]:
    """What the processes acknowledged before they died."""
    done = subprocess.run(
        [sys.executable, "-m", "rongjun.files.tests.uploading", *map(str, lines)],
        env={**os.environ, "RONGJUN_DATABASE": database},
        capture_output=True,
        text=True,
        check=False,
        timeout=500,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    pairs = (line.split() for line in done.stdout.splitlines())
    return {UUID(upload): bytes.fromhex(content) for upload, content in pairs}


def on_shelves() -> set[UUID]:
    return {each.upload for shelf in SHELVES for each in storage().on_shelf(shelf)}


def rows() -> set[UUID]:
    with as_owner():
        return set(Upload.objects.values_list("id", flat=True))


def all_have_an_owner(acknowledged: dict[UUID, bytes], scanner: Scanner) -> None:
    """Nothing acknowledged is lost, and what is there is on the work list and can be opened."""
    assert set(acknowledged) <= rows()
    sweep()
    assert rows() == on_shelves()
    assert not list(storage().incoming.iterdir())
    while scan(scanner, now=NOW + timedelta(hours=1)).clean:
        pass
    officer = actor()
    with acting_as(officer):
        listed = {line.id for line in queries.work_list(now=NOW)[0]}
        assert listed == rows_in_sight()
        for upload, content in acknowledged.items():
            paper = actions.open_upload(upload, purpose="核对证件", by=officer, now=NOW)
            assert paper.content == content
        (day,) = queries.balance(since=date(2026, 11, 24), until=date(2026, 11, 24))
    assert (day.gap, day.waiting) == (0, len(listed))


def rows_in_sight() -> set[UUID]:
    return set(Upload.objects.values_list("id", flat=True))


@pytest.mark.slow
def test_killed_at_any_line_an_upload_is_unacknowledged_or_has_an_owner(
    own_database: str, same_shelves: Path, scanner: Scanner
) -> None:
    dice = random.Random(20261130)
    lines = sorted(dice.sample(range(1, 420), 40))
    acknowledged = handed_in(own_database, lines)
    before = rows()
    assert 0 < len(acknowledged) < len(lines), "some must be killed and some must get through"
    assert before < on_shelves(), "one at least must die between its file and its row"
    assert queries_unowned() == 0
    all_have_an_owner(acknowledged, scanner)


def queries_unowned() -> int:
    """Rows without a file: there is no moment at which there could be one."""
    return len(rows() - on_shelves())


@pytest.mark.slow
def test_killed_at_any_moment_by_somebody_else_it_is_the_same(
    own_database: str, same_shelves: Path, scanner: Scanner
) -> None:
    dice = random.Random(7)
    acknowledged: dict[UUID, bytes] = {}
    for _ in range(3):
        for line in _until_killed(own_database, seconds=dice.uniform(0.0, 1.0)):
            upload, content = line.split()
            acknowledged[UUID(upload)] = bytes.fromhex(content)
    assert acknowledged
    all_have_an_owner(acknowledged, scanner)


def _until_killed(database: str, *, seconds: float) -> Iterator[str]:
    """What is acknowledged by a crowd of uploads whose whole process group is killed in the middle."""
    command = [sys.executable, "-m", "rongjun.files.tests.uploading", *["1000000"] * 200]
    with subprocess.Popen(
        command,
        env={**os.environ, "RONGJUN_DATABASE": database},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout
        first = process.stdout.readline()
        time.sleep(seconds)
        os.killpg(process.pid, 9)
        rest = process.stdout.read()
    yield from (line for line in [first, *rest.splitlines()] if line.strip())


def test_a_worker_killed_while_scanning_leaves_the_upload_waiting(
    own_database: str, same_shelves: Path, scanner: Scanner
) -> None:
    upload = next(iter(handed_in(own_database, [1_000_000])))
    worker = (
        "import django, os; django.setup()\n"
        "from rongjun.files.tests import scene\n"
        "from rongjun.files.scanning import Scanner\n"
        "Scanner.scan = lambda self, content: os.kill(os.getpid(), 9)\n"
        "scene.scan(Scanner('unix:x'))\n"
    )
    environment = {**os.environ, "RONGJUN_DATABASE": own_database}
    done = subprocess.run([sys.executable, "-c", worker], env=environment, check=False, timeout=120)
    assert done.returncode == -9
    assert scan(scanner).clean == 1
    with acting_as_job("test.look"):
        assert Upload.objects.get(pk=upload).state == "stored"
