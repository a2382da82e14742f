"""An invented office sends 5,000 lines, the worker is killed again and again, and nothing is lost."""

from __future__ import annotations

import csv
import os
import random
import subprocess
import sys
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from rongjun.access.api import acting_as_job
from rongjun.config import demo
from rongjun.config.cli_partners import HOURS, NAMES
from rongjun.kernel.balance import Balance
from rongjun.partners import api as partners
from rongjun.registry import api as registry
from rongjun.registry.models import Death, FeedCandidate
from tests.cluster import as_owner
from tests.house.tree import ROOT

LINES = 5000
# The worker's two jobs, one transaction each as in the house, and a word after each that was committed.
WORKER = """
import django
django.setup()
from rongjun.access.api import acting_as_job
from rongjun.partners.jobs import check_received, collect_drop
from rongjun.registry import jobs
jobs.AT_ONCE = 250
while True:
    with acting_as_job("partners.collect-drop"):
        taken = collect_drop()
    with acting_as_job("registry.match-feeds"):
        matched = jobs.match_feeds()
    print("step", taken, matched, flush=True)
    if not taken and not matched:
        break
with acting_as_job("partners.check-received"):
    check_received()
"""


@pytest.fixture
def drop(own_database: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small invented city, its four offices, and the folder they send to."""
    monkeypatch.setattr(demo, "PEOPLE", 400)
    demo.fill_city()
    folder = Path(settings.DROP_FOLDER)
    demo.add_partners(hours=HOURS, names=NAMES, root=folder)
    return folder


def send(drop: Path, folder: Path, *said: str, office: str = "civil-affairs") -> list[dict[str, str]]:
    """The simulator as a process of its own; returns what each line really is about."""
    roster = folder / "people.csv"
    with roster.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, ("姓名", "证件号码", "户籍区划代码"), extrasaction="ignore")
        writer.writeheader()
        writer.writerows(demo.known_elsewhere())
    day = timezone.localdate() - timedelta(days=1)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "rongjun.partners.simulators", office),
            *("--roster", str(roster), "--out", str(drop), "--last-day", day.isoformat()),
            *("--contracts", str(ROOT / "contracts" / "files"), *said),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    with (drop / f"{office}-truth.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def worker(database: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "RONGJUN_DATABASE": database}
    return subprocess.Popen(
        [sys.executable, "-c", WORKER], env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True
    )


def balances() -> list[Balance]:
    today = timezone.localdate()
    with acting_as_job("test.balance"):
        since: Any = {"since": date(2020, 1, 1), "until": today}
        return [*partners.balance(**since), *registry.feed_balance(**since)]


@pytest.mark.slow
def test_a_worker_killed_at_random_over_5000_lines_loses_and_doubles_nothing(
    drop: Path, tmp_path: Path, own_database: str
) -> None:
    truth = send(drop, tmp_path, "--lines", str(LINES), "--misbehave", "near-miss,bad-line")
    with as_owner():
        died = Death.objects.count()
    chance, kills = random.Random(11), 0
    for steps in (0, 1, 2, 3):  # six of the ten it takes: however fast the machine, work is left at each kill
        process = worker(own_database)
        assert process.stdout is not None
        for _ in range(steps):
            process.stdout.readline()
        time.sleep(chance.uniform(0.0, 0.25 if steps else 1.5))
        kills += process.poll() is None
        process.kill()
        process.wait()
        process.stdout.close()
        assert [each.gap for each in balances()] == [0] * len(balances())
    assert kills >= 3
    last = worker(own_database)
    last.communicate(timeout=300)
    assert last.returncode == 0
    by_channel = {each.channel: each for each in balances()}
    lines = by_channel["file:civil-affairs:deaths/1"]
    assert (lines.taken_in, lines.refused, lines.waiting, lines.gap) == (LINES + 2, 1, 0, 0)
    assert by_channel["file:civil-affairs:files"].done == 1
    with as_owner():
        sure = [c for c in FeedCandidate.objects.all() if "证件号码相同" in str(c.reasons)]
        near = [c for c in FeedCandidate.objects.all() if "同名同生日" in str(c.reasons)]
        assert Death.objects.count() == died
    assert len(sure) == len([line for line in truth if line["what"] == "listed"])
    assert {c.key for c in near} == {line["key"] for line in truth if line["what"] == "near-miss"}
    assert all(c.score < 50 for c in near)


@pytest.mark.slow
def test_an_office_that_misbehaves_in_every_way_is_understood(
    drop: Path, tmp_path: Path, own_database: str
) -> None:
    send(
        drop,
        tmp_path,
        *("--days", "2", "--lines", "4"),
        *("--misbehave", "late,twice,out-of-order,truncated,wrong-total,clock-month-wrong,gb18030,bad-line"),
    )
    done = worker(own_database)
    done.communicate(timeout=120)
    assert done.returncode == 0
    with acting_as_job("test.report"):
        listed, total = partners.batches()
    accepted = [each for each in listed if not each.equation]
    assert sorted(each.sequence or 0 for each in accepted) == [1, 2]
    assert all(each.is_late and each.state == "processed" and each.refused == 1 for each in accepted)
    # Sent twice is received once: of ten files eight are batches.
    assert total == 8
    assert {each.gap for each in balances()} == {0}
    assert list((drop / "civil-affairs").glob("*.csv")) == []
