"""A roster is loaded part by part: kept sealed, taken up where it stopped, and corrected."""

from __future__ import annotations

import io
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from hashlib import sha256
from uuid import UUID

import pytest
from django.db import connection
from openpyxl import load_workbook

from rongjun.access.api import acting_as, acting_as_job
from rongjun.kernel.crypto import Tampered
from rongjun.registry import actions
from rongjun.registry import api as registry
from rongjun.registry.actions import rosters
from rongjun.registry.api import RawRow
from rongjun.registry.models import ImportedRow, NameTerm, Person, RosterImport, RosterPart
from rongjun.registry.queries.rosters import refused_rows
from rongjun.registry.tests.scene import NOW, actor, hand_in, report_of
from rongjun.registry.tests.strategies import TODAY, cells, number
from rongjun.registry.workbook import FIRST_IMPORT, FIRST_ROW, WHAT_TO_DO, WHY, read_roster, refused_workbook
from tests.cluster import OWN, as_owner

DAY = NOW.date()


def take_in(rows: Sequence[dict[str, str]], *, by: str = "clerk") -> UUID:
    """A roster taken in, of which nothing is loaded yet."""
    officer = actor(by)
    raws = [RawRow(line, values) for line, values in enumerate(rows, start=2)]
    with acting_as(officer):
        return registry.take_in_roster(
            raws,
            file_name="花名册.csv",
            file_digest=sha256(repr(raws).encode()).digest(),
            by=officer,
            now=NOW,
        )


def load(roster: UUID) -> bool:
    with acting_as(actor()):
        return registry.load_part(roster, synthetic=True, now=NOW, today=TODAY)


def work() -> bool:
    with acting_as_job("registry.load-rosters"):
        return actions.load_waiting(synthetic=True, now=NOW, today=TODAY)


def balance() -> list[tuple[int, int, int, int, int]]:
    with acting_as(actor("city")):
        rows = registry.balance(since=DAY, until=DAY)
    assert all(row.gap == 0 for row in rows)
    return [(row.taken_in, row.done, row.refused, row.waiting, row.gap) for row in rows]


def fates(roster: UUID) -> dict[int, str]:
    return {row.number: row.outcome for row in report_of(roster).rows}


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rosters, "PART", 3)


# --- part by part -------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_every_row_has_a_fate_or_waits_at_every_moment(small_parts: None) -> None:
    roster = take_in([cells(n, 姓名="" if n == 2 else f"测试{n}") for n in range(1, 8)])
    seen = [balance()]
    while load(roster):
        seen.append(balance())
    seen.append(balance())
    assert seen == [[(7, 0, 0, 7, 0)], [(7, 2, 1, 4, 0)], [(7, 5, 1, 1, 0)], [(7, 6, 1, 0, 0)]]
    with as_owner():
        assert RosterPart.objects.count() == 0
    assert not load(roster)


@pytest.mark.django_db
def test_the_size_of_the_parts_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [cells(1), cells(2, 姓名=""), cells(1), cells(3), cells(3, 姓名="测试别名"), cells(2), cells(1)]
    found = []
    for size in (1, 2, 100):
        monkeypatch.setattr(rosters, "PART", size)
        with suppress(ZeroDivisionError), acting_as(actor()):
            roster = take_in(rows)
            while load(roster):
                pass
            found.append([(row.number, row.outcome, row.faults) for row in report_of(roster).rows])
            raise ZeroDivisionError  # so that each size starts from nothing
    assert found[0] == found[1] == found[2]
    assert [outcome for _, outcome, _ in found[0]] == [
        "opened", "refused", "refused", "opened", "refused", "opened", "refused",
    ]  # fmt: skip


@pytest.mark.django_db
def test_the_worker_takes_up_what_somebody_left(small_parts: None) -> None:
    roster = take_in([cells(n) for n in range(1, 8)])
    assert load(roster)
    while work():
        pass
    assert set(fates(roster).values()) == {"opened"}
    with as_owner():
        assert set(Person.objects.values_list("opened_by", flat=True)) == {"staff:clerk"}


@pytest.mark.django_db
def test_the_worker_opens_no_file_beyond_what_it_was_handed_in_for(small_parts: None) -> None:
    hand_in([cells(9, 服务站区划代码="370203901000")], by="neighbour")
    roster = take_in([cells(1, 服务站区划代码="370203901000"), cells(9)])
    while work():
        pass
    codes = [fault["code"] for row in report_of(roster).rows for fault in row.faults]
    assert codes == ["registry.outside-scope", "registry.on-file-elsewhere"]


@pytest.mark.django_db
def test_the_same_file_again_goes_on_where_it_stopped(small_parts: None) -> None:
    rows = [cells(n) for n in range(1, 8)]
    roster = take_in(rows)
    load(roster)
    assert take_in(rows) == roster
    while load(roster):
        pass
    assert report_of(roster).opened == 7
    assert take_in(rows) == roster
    assert not load(roster)
    with as_owner():
        assert Person.objects.count() == 7


@pytest.mark.django_db
def test_rows_that_wait_are_sealed_and_to_their_place() -> None:
    roster = take_in([cells(1)])
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("select * from registry_rosterpart")
        text = str(cursor.fetchall())
        assert number(1) not in text
        assert "测试" not in text
        RosterPart.objects.update(number=7)
    with pytest.raises(Tampered):
        load(roster)


@pytest.mark.django_db
def test_nobody_loads_a_roster_of_another_division() -> None:
    roster = take_in([cells(1)])
    with acting_as(actor("next-door")):
        assert not registry.load_part(roster, synthetic=True, now=NOW, today=TODAY)
    assert balance() == [(1, 0, 0, 1, 0)]


# --- corrected ----------------------------------------------------------------------------------------------


def mended(roster: UUID, **fixed: str) -> bytes:
    """The refused rows of an import as they are given back, with some cells corrected."""
    with acting_as(actor()):
        content = refused_workbook(refused_rows(roster), roster=roster)
    book = load_workbook(io.BytesIO(content))
    sheet = book["花名册"]
    headings = [str(cell.value).rstrip("*") for cell in sheet[1]]
    for heading, text in fixed.items():
        sheet.cell(row=2, column=headings.index(heading) + 1, value=text)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def hand_in_file(content: bytes) -> UUID:
    officer = actor()
    with acting_as(officer):
        return registry.import_roster(
            read_roster(content),
            file_name="改好的.xlsx",
            file_digest=registry.digest_of(content),
            by=officer,
            synthetic=True,
            now=NOW + timedelta(hours=1),
            today=TODAY,
        )


@pytest.mark.django_db
def test_refused_rows_come_back_as_they_were_with_why_and_what_to_do() -> None:
    roster = hand_in(
        [cells(1), cells(2, 入伍日期="1990-12-01", 退役日期="1986-11-30", 手机号码="10000000002")]
    )
    sheet = load_workbook(io.BytesIO(mended(roster)))["花名册"]
    told = {str(a.value).rstrip("*"): str(b.value or "") for a, b in zip(sheet[1], sheet[2], strict=True)}
    assert sheet.max_row == 2
    assert (told["证件号码"], told["手机号码"]) == (number(2), "10000000002")
    assert told[WHY] == "退役日期：退役日期早于入伍日期。"
    assert told[WHAT_TO_DO] == "退役日期：请核对两个日期。"
    assert (told[FIRST_IMPORT], told[FIRST_ROW]) == (str(roster), "3")


@pytest.mark.django_db
def test_a_corrected_row_loads_and_the_first_import_says_so() -> None:
    roster = hand_in([cells(1), cells(2, 退役日期="1966-11-30"), cells(3, 姓名="")])
    second = hand_in_file(mended(roster, 退役日期="1976-11-30"))
    assert fates(second) == {2: "opened", 3: "refused"}
    done = report_of(roster)
    assert (done.refused, done.corrected, sorted(done.mended)) == (2, 1, [3])
    with acting_as(actor()):
        assert [row.number for row in refused_rows(roster)] == [4]
        assert registry.counts()["refused"] == 2


@pytest.mark.django_db
def test_what_stood_in_a_corrected_row_is_forgotten_and_what_waits_for_correction_is_sealed() -> None:
    roster = hand_in([cells(2, 退役日期="1966-11-30")])
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("select * from registry_importedrow")
        assert number(2) not in str(cursor.fetchall())
    hand_in_file(mended(roster, 退役日期="1976-11-30"))
    with as_owner():
        assert ImportedRow.objects.exclude(original_sealed=None).count() == 0


@pytest.mark.django_db
def test_a_row_can_correct_only_what_was_refused_in_scope() -> None:
    theirs = hand_in([cells(5, 姓名="", 服务站区划代码="370203901000")], by="neighbour")
    ours = hand_in([cells(1), cells(2, 姓名="")])
    officer = actor()
    rows = [RawRow(2, cells(6), (theirs, 2)), RawRow(3, cells(7), (ours, 2)), RawRow(4, cells(2), (ours, 3))]
    with acting_as(officer):
        registry.import_roster(
            rows, file_name="x.xlsx", file_digest=b"x", by=officer, synthetic=True, now=NOW, today=TODAY
        )
    assert report_of(theirs, seen_by="neighbour").corrected == 0
    assert report_of(ours).mended == {3}


@pytest.mark.django_db
def test_a_second_heading_in_the_middle_is_called_one() -> None:
    roster = hand_in([cells(1), {heading: heading for heading in cells(1)}, cells(2)])
    assert fates(roster) == {2: "opened", 3: "refused", 4: "opened"}
    assert [fault["code"] for fault in report_of(roster).rows[1].faults] == ["registry.second-heading"]


# --- killed -------------------------------------------------------------------------------------------------


def start() -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "rongjun.registry.tests.loading"]
    return subprocess.Popen(command, env={**os.environ, "RONGJUN_DATABASE": OWN})


@pytest.mark.slow
def test_ten_thousand_rows_survive_workers_killed_at_random(
    own_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two workers at a time, each killed after a random while; the last is left to finish."""
    monkeypatch.setattr(rosters, "PART", 250)
    bad = set(range(0, 10_000, 97))
    take_in([cells(n, 姓名="" if n in bad else f"测试{n}") for n in range(10_000)])
    chance, killed = random.Random(20261130), 0
    for _ in range(6):
        workers = [start(), start()]
        time.sleep(chance.uniform(1.5, 4.5))
        for worker in workers:
            if worker.poll() is None:
                worker.send_signal(signal.SIGKILL)
                killed += 1
            worker.wait(timeout=60)
        ((taken_in, done, refused, waiting, gap),) = balance()
        assert (taken_in, gap) == (10_000, 0)
        with as_owner():
            assert ImportedRow.objects.count() == done + refused == 10_000 - waiting
            assert Person.objects.count() == done
    assert start().wait(timeout=300) == 0
    assert killed > 0
    assert balance() == [(10_000, 10_000 - len(bad), len(bad), 0, 0)]
    with as_owner():
        assert Person.objects.count() == 10_000 - len(bad)
        assert NameTerm.objects.values("person").distinct().count() == 10_000 - len(bad)
        assert RosterPart.objects.count() == 0
        assert RosterImport.objects.get().state == "done"


def test_canary_a_worker_that_forgets_to_commit_the_fates_with_the_files_is_noticed(
    own_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The part's deletion taken away: its rows would be loaded twice, and the database refuses that."""
    monkeypatch.setattr(RosterPart, "delete", lambda self: None)
    roster = take_in([cells(1)])
    assert not load(roster)
    with pytest.raises(Exception, match=r"imported_row_once|roster_import"):
        load(roster)
