"""A month of 1,000 metro rides, sent late, twice, out of order, with a wrong total: one figure that stands.

The savings are worked out by hand here, from the fare table as it is printed: 2, 3 and 4 yuan a ride.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from rongjun.access.api import acting_as, acting_as_job
from rongjun.benefits import api as benefits
from rongjun.benefits.actions import savings, use_files
from rongjun.benefits.models import UseSource
from rongjun.benefits.queries import savings as saved
from rongjun.benefits.tests.test_queries import officer
from rongjun.benefits.tests.uses_scene import LOST, NOW, OTHER, USABLE, known, set_network, use
from rongjun.partners import api as partners
from tests.cluster import as_owner

pytestmark = pytest.mark.django_db
CITY, MONTH = 990200000000, 202611
FIRST, LAST = date(2026, 11, 1), date(2026, 11, 30)
AFTER = datetime(2026, 12, 20, 2, 0, tzinfo=UTC)
FARES = {1: 200, 2: 300, 3: 400}  # fen
MAKER, CHECKER = (replace(officer(division=CITY), login=name) for name in ("maker", "checker"))
RELEASER = replace(officer("bureau-leader", CITY), login="releaser")
Ride = dict[str, Any]


@pytest.fixture(autouse=True)
def operator(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A metro that sends a file a day, from 1 November."""
    set_network(monkeypatch)
    monkeypatch.setattr(saved, "carriers", known)
    with as_owner():
        metro = UseSource.objects.filter(code="metro-daily")
        metro.update(partner="qd-metro", title="测试地铁", expected_since=FIRST)
    with acting_as_job("test.agree"):
        partners.add_partner(
            "qd-metro", name="测试地铁", division=CITY, agreed={"uses/1": ""}, channels=["file"],
            expected_since=FIRST, by="operator:test", now=NOW,
        )  # fmt: skip


def ride(number: int, **said: Any) -> Ride:
    """The number says the day (1 to 25), the card and the band."""
    at = datetime(2026, 11, 1 + number // 40 % 25, number % 10, number % 60, tzinfo=UTC)
    beijing = (at + timedelta(hours=8)).strftime("%Y-%m-%dT%H:%M:%S+08:00")
    given = {"card": (USABLE, OTHER)[number % 2], "used_at": beijing, "band": 1 + number % 3}
    return use(f"R{number:04d}", programme="metro", place="S1", paid=0, **given | said)


def content(rides: Sequence[Ride], *, day: int, sequence: int) -> bytes:
    agreed = partners.formats_in(settings.CONTRACTS_ROOT / "files")["uses/1"]
    rows = [[str(each["reference"]), *(str(each[name]) for name in agreed.columns)] for each in rides]
    on = date(2026, 11, day)
    return partners.write_file(agreed, rows, partner="qd-metro", business_date=on, sequence=sequence)


def deliver(sent: bytes, *, at: datetime = NOW) -> None:
    with acting_as_job("test.deliver"):
        partners.receive_file(sent, partner="qd-metro", file_name="uses.csv", by="operator:test", now=at)


def load() -> None:
    with acting_as_job("test.load"):
        while use_files.load_part(by="job:test.load", now=NOW):
            pass


def month_sent() -> None:
    """25 days of 40 rides. Of two days the second comes first; one comes twice; one with a wrong total."""
    rides = [ride(number) for number in range(1000)]
    days = {day: rides[40 * (day - 1) : 40 * day] for day in range(1, 26)}
    # The card that was reported lost on the 20th is shown on the 21st: ten rides that do not count.
    days[21] = [{**each, "card": LOST} if place < 10 else each for place, each in enumerate(days[21])]
    # Day 12 repeats five rides of day 11, and tells five others of them otherwise.
    days[12] += [*days[11][:5], *({**each, "band": 3 if each["band"] != 3 else 1} for each in days[11][5:10])]
    files = {day: content(days[day], day=day, sequence=day) for day in days}
    wrong = files[9].replace(b",40,0,", b",40,7,", 1)
    assert wrong != files[9], "the head says how many lines and how much"
    order = [*range(1, 6), 7, 6, *range(8, 26)]
    for day in order:
        at = datetime(2026, 11, day + 2, 2, tzinfo=UTC)
        if day == 9:
            deliver(wrong, at=at)
        deliver(files[day], at=at)
        if day == 3:
            deliver(files[day], at=at)
    load()


def by_hand() -> int:
    """1,000 rides less the ten of the lost card; the first telling of a ride counts."""
    lost = set(range(800, 810))
    return sum(FARES[1 + number % 3] for number in range(1000) if number not in lost)


def test_a_month_sent_badly_becomes_one_figure_on_paper_and_in_every_engine(tmp_path: Path) -> None:
    month_sent()
    expected = by_hand()
    assert expected == 296_800, "331 rides of 2 yuan, 330 of 3 and 329 of 4"

    with acting_as(MAKER):
        fares = benefits.book().fares
        month = benefits.month_of("qd-metro", MONTH, fares=fares, known_at=AFTER)
        statement = benefits.draft_statement(month, by=MAKER, now=AFTER, today=AFTER.date())
    with acting_as(CHECKER):
        benefits.check_statement(statement, by=CHECKER, now=AFTER, today=AFTER.date())
    with acting_as(RELEASER):
        later = AFTER + timedelta(days=6)
        paid = benefits.release_statement(statement, by=RELEASER, now=later, today=later.date())
        file = benefits.statement_file(statement)
    assert file is not None
    assert (file.head.count, file.head.savings, paid) == (990, expected, expected)
    assert file.refused == {"card-not-usable": 10, "conflict": 5}
    assert file.coverage["missing"] == [f"2026-11-{day}" for day in range(26, 31)]

    with acting_as_job("test.figure"):
        told = saved.figure(FIRST, LAST, fares=fares, known_at=AFTER.date())
    with acting_as_job("test.close"):
        savings.close_month(MONTH, folder=tmp_path, fares=fares, by="job:test.close", now=AFTER)
    with acting_as_job("test.figures"):
        engines = [
            savings.figure_from(kind, FIRST, LAST, folder=tmp_path, fares=fares, known_at=AFTER.date())
            for kind in ("parquet", "aggregate")
        ]
    assert [each.total.savings_fen for each in (told, *engines)] == [expected] * 3
    assert {each.digest for each in engines} == {told.digest}


def test_every_line_that_came_in_is_done_refused_or_waiting() -> None:
    month_sent()
    with acting_as_job("test.balance"):
        days = partners.balance(since=FIRST, until=LAST)
    uses = [each for each in days if each.channel.endswith("uses/1")]
    assert sum(each.taken_in for each in uses) >= 1010
    assert [each.gap for each in uses] == [0] * len(uses)
    assert sum(each.waiting for each in uses) == 0


def test_late_rides_and_a_ride_that_is_taken_back_are_a_difference() -> None:
    month_sent()
    fares = benefits.book().fares

    def settled(at: datetime) -> int:
        with acting_as(MAKER):
            month = benefits.month_of("qd-metro", MONTH, fares=fares, known_at=at)
            statement = benefits.draft_statement(month, by=MAKER, now=at, today=at.date())
        with acting_as(CHECKER):
            benefits.check_statement(statement, by=CHECKER, now=at, today=at.date())
        with acting_as(MAKER):
            benefits.agree_to_statement(statement, by=MAKER, now=at)
        with acting_as(RELEASER):
            return int(benefits.release_statement(statement, by=RELEASER, now=at, today=at.date()))

    assert settled(AFTER) == by_hand()
    late = [ride(number, used_at="2026-11-27T08:00:00+08:00") for number in range(2000, 2003)]
    deliver(content(late, day=27, sequence=26), at=NOW)
    load()
    assert settled(AFTER + timedelta(days=1)) == sum(FARES[1 + number % 3] for number in range(2000, 2003))
