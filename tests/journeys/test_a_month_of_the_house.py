"""A month of misbehaving operators and banks, with the worker killed at random, through the whole house.

Cards are applied for and made, lists go out, uses come in, payments are answered: at its end every channel
says in = done + refused + waiting, and the ledger has no fault.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.utils import timezone

from rongjun.access.api import acting_as, acting_as_job
from rongjun.benefits.actions import uses
from rongjun.cards import api as cards
from rongjun.cards.tests.cast import CLERK, OFFICER, handed, people
from rongjun.config.demo import add_operators, agree_on_uses
from rongjun.insight import api as insight
from rongjun.ledger import api as ledger
from rongjun.ledger.payments.bank_simulator import BANK, run
from rongjun.ledger.payments.tests import scene as payments
from rongjun.partners import api as partners
from rongjun.partners.operators import OPERATORS, WAYS
from tests.cluster import as_owner
from tests.house.tree import ROOT

DAYS = int(os.environ.get("RONGJUN_MONTH_DAYS", "2"))
FIRST = date(2026, 11, 25)
LAST = FIRST + timedelta(days=DAYS + 5)
SHANGHAI = ZoneInfo("Asia/Shanghai")
SEED, LINES, HOLDERS, ORDERED, PAID = 11, 30, 40, 2, 6
# The worker of the house at a moment of ours: the jobs of exchange, one transaction each, so many rounds.
WORKER = """
import sys
from datetime import datetime
from unittest import mock
import django
django.setup()
from django.conf import settings
from django.utils import timezone
NOW = datetime.fromisoformat(sys.argv[1])
settings.DROP_FOLDER, settings.OUT_FOLDER = sys.argv[2:4]
mock.patch.object(timezone, "now", lambda: NOW).start()
from rongjun.access.api import acting_as_job
from rongjun.benefits import jobs as benefits
from rongjun.cards import jobs as cards
from rongjun.ledger import jobs as ledger
from rongjun.partners import jobs as partners
JOBS = {
    "cards.exchange-lists": cards.exchange_lists,
    "ledger.send-payments": ledger.send_payments,
    "ledger.deliver-payments": ledger.deliver_payments,
    "partners.collect-drop": partners.collect_drop,
    "partners.check-received": partners.check_received,
    partners.SEND: partners.send_outbound,
    "partners.take-receipts": partners.take_receipts,
    "partners.take-statements": partners.take_statements,
    "benefits.load-use-files": benefits.load_use_files,
    "cards.take-returns": cards.take_returns,
    "ledger.take-payment-answers": ledger.take_payment_answers,
}
for _round in range(int(sys.argv[4])):
    for name, job in JOBS.items():
        with acting_as_job(name):
            job()
        print(name, flush=True)
"""
ROUNDS = 9  # what a day brings: ten files a run, one file of uses a run; the last days take three times that


def moment(day: date, hour: int) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=SHANGHAI)


@pytest.fixture
def folders(
    own_database: str, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Mapping[str, Path]:
    found = {name: tmp_path / name for name in ("drop", "out", "memory")}
    settings.DROP_FOLDER, settings.OUT_FOLDER = found["drop"], found["out"]
    monkeypatch.setattr(timezone, "now", lambda: moment(FIRST, 0))
    with acting_as_job("test.months"):
        uses.open_months(back=2, today=FIRST)
    add_operators(root=found["drop"])
    agree_on_uses(since=FIRST)
    payments.agree_with_bank()
    handed(people(HOLDERS))
    return found


def worker(folders: Mapping[str, Path], database: str, at: datetime, *, kill_after: float | None) -> bool:
    """The worker's jobs at this moment; whether it came to its end."""
    command = [sys.executable, "-c", WORKER, at.isoformat(), str(folders["drop"]), str(folders["out"])]
    running = subprocess.Popen(
        [*command, str(ROUNDS)],
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


def operators_work(folders: Mapping[str, Path], day: date, *more: str) -> None:
    key = partners.our_key()
    places = (word for name, folder in folders.items() for word in (f"--{name}", str(folder)))
    done = subprocess.run(
        [
            *(sys.executable, "-m", "rongjun.partners.operators", *OPERATORS, *places),
            *("--contracts", str(ROOT / "contracts" / "files"), "--day", day.isoformat()),
            *("--seed", str(SEED), "--lines", str(LINES), "--misbehave", ",".join(WAYS)),
            *("--our-key", f"{key.algorithm}:{key.point.hex()}", *more),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def cards_applied_for(day: date, *, first: int) -> None:
    """Somebody applies, another reviews; the bank is to make them."""
    now = moment(day, 1)
    said: Any = SimpleNamespace(code="other.rongjun-card-without-charge", verdict="granted", book="0" * 64)
    for person in people(ORDERED, first=first):
        with acting_as(CLERK):
            card = cards.apply_for(person, kind="rongjun", decision=said, by=CLERK, now=now)
        with acting_as(OFFICER):
            cards.review(card, approved=True, reason="材料齐全", by=OFFICER, now=now)


def paid(day: date) -> None:
    """Three people let a batch of payments go."""
    lines = payments.new_lines(PAID, month=day.isoformat())
    payments.released(payments.checked(payments.drafted(lines)))


def bank_answers(folders: Mapping[str, Path], bank: Any, day: date, chance: random.Random) -> None:
    ways = ["failures", "partial", "pending", "twice", "wrong-total", "unknown", "unsigned", "bank-codes"]
    bank.misbehave = frozenset(way for way in ways if chance.random() < 0.35)
    run(bank, inbox=folders["out"] / BANK, out=folders["drop"] / BANK, day=day, log=lambda _text: None)


def balances() -> list[Any]:
    with acting_as_job("test.balance"):
        return list(
            insight.balances(since=FIRST - timedelta(days=12), until=FIRST + timedelta(days=DAYS + 5))
        )


def faults() -> list[Any]:
    with acting_as_job("test.ledger"):
        return list(ledger.faults(now=moment(LAST, 1)))


def counted(sql: str) -> int:
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(sql)
        return int(cursor.fetchone()[0])


@pytest.mark.slow
def test_a_month_of_the_whole_house_adds_up(
    folders: Mapping[str, Path], own_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance, kills, bank = random.Random(SEED), 0, payments.bank()
    for back in range(DAYS):
        day = FIRST + timedelta(days=back)
        monkeypatch.setattr(timezone, "now", lambda day=day: moment(day, 1))
        cards_applied_for(day, first=HOLDERS + back * ORDERED)
        paid(day)
        worker(folders, own_database, moment(day, 3), kill_after=None)
        operators_work(folders, day, *(["--finish"] if back == DAYS - 1 else []))
        bank_answers(folders, bank, day, chance)
        tomorrow = moment(day + timedelta(days=1), 1)
        for tries in range(2):
            after = chance.uniform(0.0, 0.4)
            kills += not worker(folders, own_database, tomorrow + timedelta(minutes=tries), kill_after=after)
            assert {each.gap for each in balances()} == {0}
            assert faults() == []
    bank.misbehave = frozenset()
    last = FIRST + timedelta(days=DAYS)
    for hour in (4, 8, 23):
        run(bank, inbox=folders["out"] / BANK, out=folders["drop"] / BANK, day=last, log=lambda _text: None)
        worker(folders, own_database, moment(last, hour), kill_after=None)

    assert kills >= DAYS
    listed = balances()
    assert {each.gap for each in listed} == {0}
    waiting = {each.channel: each.waiting for each in listed if each.channel.startswith("file:")}
    assert set(waiting.values()) == {0}
    assert faults() == []
    senders = [code for code, kind in OPERATORS.items() if kind.programmes]
    carried = counted("select coalesce(sum(accepted), 0) from benefits_use_batch")
    refused = counted("select coalesce(sum(refused + repeated), 0) from benefits_use_batch")
    assert carried + refused == LINES * DAYS * len(senders)
    assert carried > 0.8 * LINES * DAYS * len(senders)
    assert counted("select count(*) from benefits_use") == carried
    states = counted("select count(*) from cards_carrier where state in ('ready', 'making', 'approved')")
    assert states == ORDERED * DAYS
    assert counted("select count(*) from cards_carrier where state = 'ready'") > 0
