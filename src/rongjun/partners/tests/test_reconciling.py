"""What partners state is held against what we have, both ways, file by file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from rongjun.access.api import acting_as_job
from rongjun.kernel.crypto import sm3
from rongjun.partners import api, jobs, logic
from rongjun.partners.actions import outbox, reconciling
from rongjun.partners.actions.outbox import content_of
from rongjun.partners.logic.outbound import Outcome
from rongjun.partners.models import OutboundBatch
from rongjun.partners.queries.outbox import open_rows
from rongjun.partners.tests.scene import NOW, agree, receive, visitor
from rongjun.partners.tests.strategies import DAY, FORMATS, TODAY, dead
from tests.cluster import as_owner

pytestmark = pytest.mark.django_db
CIVIL, RIDES = "civil-affairs", "free-rides/1"


@pytest.fixture(autouse=True)
def partner(db: None, settings: Any, tmp_path: Path) -> None:
    settings.OUT_FOLDER = tmp_path / "out"
    agree(
        agreed={"deaths/1": "", "statements/1": "12:00"},
        takes={RIDES: "file", "statements/1": "file"},
        daily_sends=9,
    )


def theirs(*, sequence: int = 1, count: int = 2) -> bytes:
    rows = [dead(n) for n in range(count)]
    return logic.write_file(FORMATS["deaths/1"], rows, partner=CIVIL, business_date=DAY, sequence=sequence)


def ours() -> bytes:
    """Something we sent on the day, as it went out."""
    row = ["L-1", "4503599627370496", "add", "2024-11-20T00:00:00+08:00", "2024-11-20"]
    with acting_as_job("test.send"):
        batch = api.send(CIVIL, RIDES, [row], key="list-0001", by="job:test", now=NOW, business_date=DAY)
        outbox.number_waiting(most=5, now=NOW)
        outbox.record_try(batch, Outcome("sent"), now=NOW)
        return content_of(OutboundBatch.objects.get(pk=batch))


def line(direction: str, code: str, content: bytes, *, sequence: int = 1, count: int = 2) -> list[str]:
    name = f"{direction}-{code[:5].replace('/', '-')}-{sequence}"
    return [name, direction, code, str(sequence), DAY.isoformat(), sm3(content).hex(), str(count)]


def state(*lines: Sequence[str], day: date = TODAY, sequence: int = 1) -> UUID:
    """A statement of theirs, taken up."""
    content = logic.write_file(
        FORMATS["statements/1"], lines, partner=CIVIL, business_date=day, sequence=sequence
    )
    taken = receive(content, now=NOW + timedelta(days=3))
    assert not taken.equation, taken.equation
    with acting_as_job("partners.take-statements"):
        jobs.take_statements()
        reconciling.note_empty_statements(since=date(2024, 11, 1))
    return taken.id


def differing() -> list[tuple[str, int, int | None, int | None]]:
    with acting_as_job("test.differ"):
        found = api.differences(since=date(2024, 11, 1), until=date(2024, 11, 30))
    return [(each.what, each.sequence, each.their_count, each.our_count) for each in found]


def test_what_both_say_alike_is_no_difference() -> None:
    receive(theirs())
    sent = ours()
    assert differing() == []  # nobody has stated anything
    state(line("sent", "deaths/1", theirs()), line("taken", RIDES, sent, count=1))
    assert differing() == []
    with acting_as_job("test.sum"):
        (told,) = api.reconciled(since=date(2024, 11, 1), until=date(2024, 11, 30))
    assert (told.partner, told.stated_until, told.agreed, told.differing) == (CIVIL, NOW.date(), 2, 0)


@pytest.mark.parametrize(
    ("stated", "found"),
    [
        ([], [("我们收下了，对方的对账单上没有", 1, None, 2), ("我们发了，对方没有说收下", 1, None, 1)]),
        (
            [("sent", "deaths/1", 2, 3), ("taken", RIDES, 2, 1)],
            [
                ("我们收下了，对方的对账单上没有", 1, None, 2),
                ("对方说发了，我们没有收下", 2, 3, None),
                ("我们发了，对方没有说收下", 1, None, 1),
                ("对方说收下了，我们没有发过", 2, 1, None),
            ],
        ),
        (
            [("sent", "deaths/1", 1, 3), ("taken", RIDES, 1, 4)],
            [("对方说发的与我们收下的不同", 1, 3, 2), ("对方说收下的与我们发的不同", 1, 4, 1)],
        ),
    ],
)
def test_each_way_of_differing_has_its_words(stated: Any, found: Any) -> None:
    receive(theirs())
    ours()
    state(*(line(way, code, b"", sequence=number, count=count) for way, code, number, count in stated))
    assert differing() == found


def test_another_digest_under_the_same_count_is_a_difference() -> None:
    receive(theirs())
    state(line("sent", "deaths/1", theirs() + b" "))
    assert differing() == [("对方说发的与我们收下的不同", 1, 2, 2)]


def test_what_came_after_the_last_day_stated_is_not_asked_for_yet() -> None:
    state(day=DAY)
    receive(theirs())
    assert differing() == []
    state(day=TODAY, sequence=2)
    assert len(differing()) == 1


def test_a_later_statement_puts_an_earlier_one_right() -> None:
    receive(theirs())
    state(line("sent", "deaths/1", b"wrong"), day=DAY)
    assert len(differing()) == 1
    state(line("sent", "deaths/1", theirs()), day=TODAY, sequence=2)
    assert differing() == []


def test_a_line_that_cannot_be_read_goes_back() -> None:
    good = line("sent", "deaths/1", b"")
    spoilt = [[*good[:1], "lost", *good[2:]], [*good[:3], "x", *good[4:]], [*good[:5], "zz" * 32, "2"]]
    batch = state(*spoilt)
    with acting_as_job("test.report"):
        report = api.batch_report(batch)
    assert report is not None
    assert (report.done, report.refused) == (0, 3)


def test_our_statement_goes_out_once_a_day_and_says_what_we_took_and_sent() -> None:
    receive(theirs())
    sent = ours()
    with acting_as_job("partners.send-statements"):
        tomorrow = NOW + timedelta(days=1)
        assert reconciling.send_statements(by="job:test", now=tomorrow) == 1
        assert reconciling.send_statements(by="job:test", now=tomorrow + timedelta(hours=1)) == 0
    with as_owner():
        row = OutboundBatch.objects.get(format="statements/1")
    rows = [list(each) for each in open_rows(row)]
    assert row.business_date == NOW.date()
    assert rows == [
        ["sent-free-rides-1", "sent", RIDES, "1", DAY.isoformat(), sm3(sent).hex(), "1"],
        ["taken-deaths-1", "taken", "deaths/1", "1", DAY.isoformat(), sm3(theirs()).hex(), "2"],
    ]


def test_the_page_shows_what_differs(settings: Any) -> None:
    Path(settings.STATIC_ROOT).mkdir(exist_ok=True)
    city = visitor("city")
    assert "还没有收到过对账单" in city.get("/partners/reconciliation/").content.decode()
    state()
    assert "都对得上" in city.get("/partners/reconciliation/").content.decode()
    assert visitor("clerk").get("/partners/reconciliation/").status_code == 403
