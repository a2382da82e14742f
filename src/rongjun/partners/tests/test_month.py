"""A month of misbehaving operators, with the worker killed at random: every channel adds up at its end."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from rongjun.access.api import acting_as_job
from rongjun.kernel.simulating import signer_of
from rongjun.partners import actions, api
from rongjun.partners.models import BulkPart, InboundBatch, InboundItem, OutboundBatch
from rongjun.partners.operators import OPERATORS, WAYS
from rongjun.partners.tests.scene import CITY
from rongjun.partners.tests.strategies import CONTRACTS
from tests.cluster import as_owner

DAYS = int(os.environ.get("RONGJUN_MONTH_DAYS", "6"))
FIRST = date(2024, 11, 1)
SHANGHAI = ZoneInfo("Asia/Shanghai")
SEED = 11
ORDERED = 4  # cards a day
# Which list each of them takes from us.
LISTS = {
    code: "card-orders/1" if kind.makes_cards else "free-rides/1"
    for code, kind in OPERATORS.items()
    if kind.makes_cards or kind.programmes
}
# The worker at a moment of ours: its jobs, one transaction each as in the house, until nothing is left to do.
WORKER = """
import sys
from datetime import datetime
from unittest import mock
import django
django.setup()
from django.conf import settings
from django.utils import timezone
NOW = datetime.fromisoformat(sys.argv[1])
settings.DROP_FOLDER, settings.OUT_FOLDER = sys.argv[2:]
mock.patch.object(timezone, "now", lambda: NOW).start()
from rongjun.access.api import acting_as_job
from rongjun.partners import api, jobs
def settle():
    # What the app of uses does, in the smallest: a third repeats, one in twenty goes back.
    batches = api.waiting_bulk("uses/1")
    for batch in batches:
        lines = api.bulk_lines(batch, start=batch.settled + 1, most=7)
        refused = [(line.number, "卡号不在名单上。") for line in lines if line.number % 20 == 0]
        repeated = len(lines) // 3 if len(refused) == 0 else 0
        done = len(lines) - len(refused) - repeated
        api.settle_bulk(batch, done=done, repeated=repeated, refused=refused, now=NOW)
    return len(batches)
def take_cards():
    # What the app of cards does, in the smallest: what was not made is refused.
    items = api.take_waiting(owner="feed:card-returns", most=7)
    told = {"made": ("done", "记下了"), "failed": ("refused", "没制成")}
    api.settle_items([api.Settled(item.id, *told[item.fields["what"]]) for item in items], now=NOW)
    return len(items)
JOBS = {
    "partners.collect-drop": jobs.collect_drop,
    "partners.check-received": jobs.check_received,
    jobs.SEND: jobs.send_outbound,
    "partners.take-receipts": jobs.take_receipts,
    "partners.take-statements": jobs.take_statements,
    "test.settle": settle,
    "test.take-cards": take_cards,
}
while True:
    worked = 0
    for name, job in JOBS.items():
        with acting_as_job(name):
            worked += job() or 0
        print(name, flush=True)
    if not worked:
        break
"""


@pytest.fixture
def folders(own_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, Path]:
    for code in OPERATORS:
        kind = OPERATORS[code]
        sends = {"uses/1": "09:00"} if kind.programmes else {"card-returns/1": ""} if kind.makes_cards else {}
        takes = {LISTS[code]: "file"} if code in LISTS else {}
        with acting_as_job("test.agree"):
            actions.add_partner(
                code,
                name=OPERATORS[code].name,
                division=CITY,
                agreed={"receipts/1": "", "statements/1": "", **sends},
                channels=["file"],
                expected_since=FIRST,
                public_key=signer_of(code).public_key,
                takes=takes,
                daily_sends=50,
                by="operator:test",
                now=moment(FIRST),
            )
    return {name: tmp_path / name for name in ("drop", "out", "memory")}


def moment(day: date, hour: int = 7) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=SHANGHAI)


def operators_work(folders: Mapping[str, Path], day: date, *more: str) -> None:
    key = api.our_key()
    done = subprocess.run(
        [
            *(sys.executable, "-m", "rongjun.partners.operators", *OPERATORS),
            *(
                "--drop",
                str(folders["drop"]),
                "--out",
                str(folders["out"]),
                "--memory",
                str(folders["memory"]),
            ),
            *("--contracts", str(CONTRACTS / "files"), "--day", day.isoformat(), "--seed", str(SEED)),
            *("--lines", "30", "--our-key", f"{key.algorithm}:{key.point.hex()}"),
            *("--misbehave", ",".join(WAYS), *more),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def worker(folders: Mapping[str, Path], database: str, at: datetime, *, kill_after: float | None) -> bool:
    """The worker's jobs at this moment; whether it came to its end."""
    running = subprocess.Popen(
        [sys.executable, "-c", WORKER, at.isoformat(), str(folders["drop"]), str(folders["out"])],
        env={**os.environ, "RONGJUN_DATABASE": database},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stdout is not None
    if kill_after is not None:
        running.stdout.readline()  # it has begun
        time.sleep(kill_after)
        running.kill()
    _, said = running.communicate()
    assert kill_after is not None or running.returncode == 0, said
    return running.returncode == 0


def send_list(day: date, count: int) -> None:
    """The list of the day to every operator, and the day's orders of cards to the bank."""
    rows = [
        [f"L-{n}", str(10**15 + n), "add" if n % 7 else "stop", f"{day}T00:00:00+08:00", day.isoformat()]
        for n in range(1, count)
    ]
    letters = str.maketrans("0123456789", "ghjkmnpqrs")
    ordered = [
        [
            f"C-{f'{day:%m%d}{n}'.translate(letters)}-0",
            str(10**13 + int(f"{day:%Y%m%d}{n}")),
            *("rongjun", "测试持卡", "990001194105060119", str(CITY), day.isoformat()),
        ]
        for n in range(ORDERED)
    ]
    with acting_as_job("test.lists"):
        for code, known in LISTS.items():
            lines = ordered if OPERATORS[code].makes_cards else rows
            api.send(code, known, lines, key=f"list-{day}", by="job:test", now=moment(day, 1))


def told() -> list[Any]:
    with acting_as_job("test.balance"):
        return api.balance(since=FIRST, until=FIRST + timedelta(days=DAYS + 5))


@pytest.mark.slow
def test_a_month_of_misbehaving_operators_and_killed_workers_adds_up(
    folders: Mapping[str, Path], own_database: str
) -> None:
    chance, kills = random.Random(SEED), 0
    for back in range(DAYS):
        day = FIRST + timedelta(days=back)
        send_list(day, 20 + back)
        worker(folders, own_database, moment(day, 2), kill_after=None)
        operators_work(folders, day, *(["--finish"] if back == DAYS - 1 else []))
        tomorrow = moment(day + timedelta(days=1), 1)
        for tries in range(2):
            after = chance.uniform(0.0, 0.15)
            kills += not worker(folders, own_database, tomorrow + timedelta(minutes=tries), kill_after=after)
            assert {each.gap for each in told()} <= {0}
    for hours in (3, 6, 30):
        at = moment(FIRST + timedelta(days=DAYS), hours % 24) + timedelta(days=hours // 24)
        worker(folders, own_database, at, kill_after=None)
    assert kills >= DAYS  # whatever the machine, most are met at work

    listed = told()
    assert {each.gap for each in listed} == {0}
    assert {each.waiting for each in listed if not each.channel.startswith("out:")} == {0}
    with acting_as_job("test.differ"):
        assert api.differences(since=FIRST, until=FIRST + timedelta(days=DAYS + 5)) == []
    remembered = [json.loads((folders["memory"] / f"{code}.json").read_text()) for code in OPERATORS]
    assert [each["conflicts"] for each in remembered] == [[]] * len(OPERATORS)
    assert sum(each["doubles"] for each in remembered) > 0  # some were silent, and got the same once more
    with as_owner():
        uses = InboundBatch.objects.filter(format="uses/1", state="processed")
        senders = [code for code, kind in OPERATORS.items() if kind.programmes]
        assert uses.count() == DAYS * len(senders)
        assert sum(uses.values_list("found_count", flat=True)) == 30 * DAYS * len(senders)
        assert BulkPart.objects.count() == uses.count()
        cards = InboundItem.objects.filter(batch__format="card-returns/1").values_list("state", flat=True)
        assert set(cards) == {"done", "refused"}  # one of three was not made
        assert len(cards) == ORDERED * DAYS
        states = set(OutboundBatch.objects.values_list("state", flat=True))
    assert states <= {"acknowledged", "gave-up"}
