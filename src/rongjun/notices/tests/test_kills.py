"""Workers killed at random, a gateway that misbehaves: each decision reaches its person once."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime

import pytest

from rongjun.notices import api as notices
from rongjun.notices.models import Sending
from rongjun.notices.tests.gateways import ask, listening, running
from rongjun.notices.tests.scene import at_work, messages, person, tell

NOW = datetime(2026, 11, 30, 2, tzinfo=UTC)
PEOPLE, EACH, KILLS = 5, 12, 8


def worker(database: str, url: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "rongjun.notices.tests.working", url],
        env={**os.environ, "RONGJUN_DATABASE": database},
    )


def open_sendings() -> int:
    with at_work():
        return Sending.objects.filter(state__in=["waiting", "calling"]).count()


@pytest.mark.slow
def test_killed_anywhere_each_decision_reaches_its_person_once(own_database: str) -> None:
    dice = random.Random(20261130)
    for sequence in range(1, PEOPLE + 1):
        who = person(sequence, phone=f"1000000{sequence:04d}")
        for decision in range(EACH):
            tell(who, f"offer:{sequence}-{decision}", now=NOW)
    with listening() as called, running("sms", called.url) as url:
        ask(f"{url}/misbehave", {"silent": 2, "error": 2, "twice": 5, "refuse": 3, "no-receipt": 4})
        for _ in range(KILLS):
            process = worker(own_database, url)
            time.sleep(1.0 + dice.random())
            process.kill()
            process.wait()
        process = worker(own_database, url)
        try:
            until = time.monotonic() + 60
            while (open_sendings() or any(each.state == "queued" for each in messages())) and (
                time.monotonic() < until
            ):
                time.sleep(0.2)
        finally:
            process.kill()
            process.wait()
        inbox = ask(f"{url}/inbox")
    assert open_sendings() == 0
    arrived = Counter(each["key"] for each in inbox["arrived"])
    assert set(arrived.values()) == {1}, "nobody is told twice"
    with at_work():
        sent = {str(each.id): each.state for each in Sending.objects.all()}
    assert len(sent) == PEOPLE * EACH
    refused = {key for key, state in sent.items() if state == "refused"}
    assert set(arrived) | refused == set(sent), "nothing is lost"
    assert inbox["calls"] >= len(arrived), "a kill may call again, with the same key"
    states = Counter(each.state for each in messages())
    assert states["sending"] + states["by-hand"] == PEOPLE * EACH
    with at_work():
        rows = notices.balance(since=NOW.date(), until=NOW.date())
    assert [each.gap for each in rows] == [0, 0]
    assert {each.channel: each.taken_in for each in rows} == {"message:in-app": 60, "message:sms": 60}
