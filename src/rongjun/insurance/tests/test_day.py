"""A day of a hospital that misbehaves, taken by workers killed at random: nothing lost, nothing paid twice.

RONGJUN_DAY=5000 makes it the full day.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from rongjun.access.api import acting_as_job
from rongjun.insurance import actions
from rongjun.insurance.contract import file_columns
from rongjun.insurance.hospital import Letter, People, letters, rows_of
from rongjun.insurance.hospital_simulator import hospital_signer
from rongjun.insurance.logic.payouts import CANCELLED
from rongjun.insurance.logic.reasons import Standing
from rongjun.insurance.logic.years import take_all
from rongjun.insurance.models import ClaimDecision, InsuredYear, Member, Payout, Settlement
from rongjun.insurance.queries.histories import bill_of, refund_of
from rongjun.insurance.queries.plans import known_of, plan_file
from rongjun.insurance.queries.work import balance
from rongjun.insurance.tests.scene import CITY_BOOKS, NOW, insured, insured_many, open_house, set_scene
from rongjun.kernel.money import Fen
from rongjun.ledger import api as ledger
from rongjun.partners import api as partners
from tests.house.claims_rooms import OutboundBatch, number, open_rows

COUNT = int(os.environ.get("RONGJUN_DAY", "200"))
DAY = date(2026, 11, 14)
PEOPLE = COUNT
KILLS = 2
SHARE_BY_FILE = 3  # every third letter comes in the daily file


def people() -> People:
    return People(
        insured=[number(each) for each in range(1, PEOPLE + 1)],
        not_insured=[number(PEOPLE + 1)],
        unknown=[number(990_000)],
    )


def set_day() -> list[Letter]:
    """People, partners and the letters of the day."""
    set_scene(fund=0)
    actions.pay_in(Fen(10**10), known_as=CITY_BOOKS, by="job:test", now=NOW)
    open_house(fund=0)
    insured_many(range(1, PEOPLE + 1))
    insured(PEOPLE + 1, until=date(2026, 10, 1), with_account=False)
    with acting_as_job("test.agree"):
        told: dict[str, Any] = {"division": 370200000000, "expected_since": DAY, "by": "job:test", "now": NOW}
        partners.add_partner(
            "hospital",
            name="测试医院",
            agreed={"settlements/1": ""},
            channels=["call", "file"],
            public_key=hospital_signer().public_key,
            daily_calls=100_000,
            **told,
        )
        partners.add_partner(
            "insurer",
            name="测试承保公司",
            agreed={},
            channels=["file"],
            takes={"claim-results/1": "file", "insured-roster/1": "file"},
            daily_sends=10,
            **told,
        )
    return letters(people(), day=DAY, count=COUNT)


def receive_daily_file(sent: list[Letter]) -> None:
    """The part of the day that comes as a file, signed."""
    columns = [name for name, _title, _required in file_columns()]
    known = partners.formats_in(Path(settings.CONTRACTS_ROOT) / "files")["settlements/1"]
    content = partners.write_file(
        known, rows_of(sent, columns=columns, day=DAY), partner="hospital", business_date=DAY, sequence=1
    )
    with acting_as_job("test.receive"):
        came = partners.receive_file(
            content,
            partner="hospital",
            file_name="settlements.csv",
            signature=hospital_signer().sign(content).hex(),
            by="operator:test",
            now=NOW,
        )
        report = partners.batch_report(came)
    assert report is not None
    assert report.state == "accepted", (report.failing, report.equation)


def start(database: str, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "rongjun.insurance.tests.working", *words],
        env={**os.environ, "RONGJUN_DATABASE": database},
        stdout=subprocess.PIPE,
        text=True,
    )


def work_and_kill(database: str, folder: Path, sent: list[Letter]) -> int:
    """Two workers at a time, one for calls and one for the file, killed at random until all is taken up."""
    post = folder / "letters.json"
    post.write_text(json.dumps([[each.way, each.message, each.skew_minutes, each.unheard] for each in sent]))
    dice, killed = random.Random(20261130), 0
    for _ in range(KILLS):
        workers = [start(database, "calls", str(post), str(folder / "heard.txt")), start(database, "file")]
        for worker in workers:
            assert worker.stdout is not None
            worker.stdout.readline()  # it is at work
        time.sleep(dice.uniform(0.2, 2.0) if COUNT < 1000 else dice.uniform(5.0, 20.0))
        for worker in workers:
            killed += worker.poll() is None
            worker.kill()
            worker.communicate()
    workers = [start(database, "calls", str(post), str(folder / "heard.txt")), start(database, "file")]
    for worker in workers:
        worker.communicate()
        assert worker.returncode == 0
    return killed


@pytest.mark.slow
def test_a_day_of_misbehaviour_and_killed_workers_ends_whole(own_database: str, tmp_path: Path) -> None:
    sent = set_day()
    by_file, by_call = (
        sent[::SHARE_BY_FILE],
        [each for place, each in enumerate(sent) if place % SHARE_BY_FILE],
    )
    receive_daily_file(by_file)
    killed = work_and_kill(own_database, tmp_path, by_call)
    assert killed >= 2
    assert_everything_came_once(sent)
    assert_books_are_whole()
    assert_years_are_those_of_the_pure_part()
    assert_the_insurer_was_told_the_same()
    assert_most_goes_straight_through()


def assert_everything_came_once(sent: list[Letter]) -> None:
    """in = decided + refused + waiting, and each message is there exactly once."""
    with acting_as_job("test.look"):
        came = Counter(Settlement.objects.values_list("msgid", flat=True))
        (day,) = balance(since=NOW.date() - timedelta(days=9), until=NOW.date() + timedelta(days=9))
        lines = [
            each for each in partners.balance(since=DAY, until=NOW.date()) if "settlements" in each.channel
        ]
    assert came == Counter(each.msgid for each in sent)
    assert day.taken_in == len(sent)
    assert day.gap == 0
    assert lines
    assert all(each.gap == 0 and each.waiting == 0 for each in lines)


def assert_books_are_whole() -> None:
    """What is held is what was set aside, and nobody is owed more or less than final decisions say."""
    with acting_as_job("test.look"):
        assert ledger.faults(now=NOW) == []
        held = -int(ledger.standing("insurance.fund").held_out)
        aside = sum(Payout.objects.exclude(state=CANCELLED).values_list("fen", flat=True))
    assert held == aside > 0


def assert_years_are_those_of_the_pure_part() -> None:
    """Everything decided anew in one piece by the pure part, in the order of arrival: the same years."""
    found = plan_file()
    with acting_as_job("test.look"):
        for member in Member.objects.all():
            rows = Settlement.objects.filter(member=member).exclude(standing="").order_by("received_at", "id")
            arrivals = [bill_of(row) if row.kind == "settlement" else refund_of(row) for row in rows]

            def standing(bill: Any, member: Member = member) -> Standing:
                return known_of(member.person_id, bill, known_at=NOW)[0]

            history, _ = take_all(arrivals, plan=found.plan, standing=standing)
            kept = {
                row.starts_on: (row.inside, row.outside, row.payout, row.own)
                for row in InsuredYear.objects.filter(member=member)
            }
            pure = {start: tuple(map(int, year)) for start, year in history.years.items()}
            assert {start: year for start, year in kept.items() if any(year)} == {
                start: year for start, year in pure.items() if any(year)
            }


def assert_the_insurer_was_told_the_same() -> None:
    """The file that goes to the insurer adds up to what was decided."""
    with acting_as_job("test.send"):
        told = actions.send_results(of=NOW.date(), by="job:test.send", now=NOW + timedelta(days=1))
        again = actions.send_results(of=NOW.date(), by="job:test.send", now=NOW + timedelta(days=1))
        assert told == again > 0
        decided = sum(ClaimDecision.objects.values_list("post", flat=True))
        (batch,) = OutboundBatch.objects.filter(format="claim-results/1")
        rows = open_rows(batch)
    columns = partners.formats_in(Path(settings.CONTRACTS_ROOT) / "files")["claim-results/1"].columns
    fen, back = columns.index("fen") + 1, columns.index("back") + 1
    assert sum(int(row[fen]) - int(row[back]) for row in rows) == decided
    assert len(rows) == told


def assert_most_goes_straight_through() -> None:
    with acting_as_job("test.look"):
        states = Counter(Settlement.objects.filter(kind="settlement").values_list("state", flat=True))
    straight = states["decided"] + states["duplicate"]
    assert straight / sum(states.values()) >= 0.9
