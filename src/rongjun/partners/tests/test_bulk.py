"""A day of uses is kept as one piece, read in parts, and every line of it is counted once."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import date
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from rongjun.access.api import acting_as_job
from rongjun.partners import actions, api, logic, queries
from rongjun.partners.actions import close_batches
from rongjun.partners.api import BulkBatch
from rongjun.partners.models import BulkPart, BulkRefusal, InboundBatch, InboundItem
from rongjun.partners.queries import BatchReport
from rongjun.partners.tests.scene import NOW, agree, receive, report_of
from rongjun.partners.tests.strategies import DAY, USES, use
from tests.cluster import as_owner

pytestmark = pytest.mark.django_db
TRANSIT = "transit"


@pytest.fixture(autouse=True)
def small_parts(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logic, "PART_LINES", 10)
    agree(TRANSIT, name="测试公交", agreed={"uses/1": "09:00"})


def day_of(count: int, *, sequence: int = 1, **said: Any) -> bytes:
    rows = [use(number) for number in range(count)]
    return logic.write_file(USES, rows, partner=TRANSIT, business_date=DAY, sequence=sequence, **said)


def take_in(count: int = 25, **said: Any) -> BatchReport:
    return receive(day_of(count, **said), partner=TRANSIT)


def waiting() -> BulkBatch:
    (batch,) = api.waiting_bulk("uses/1")
    return batch


def settle(batch: BulkBatch, *, done: int = 0, repeated: int = 0, refused: Sequence[int] = ()) -> None:
    said = [(line, "卡号不在名单上。") for line in refused]
    api.settle_bulk(batch, done=done, repeated=repeated, refused=said, now=NOW)


def told() -> tuple[int, ...]:
    with acting_as_job("test.balance"):
        listed = queries.balance(since=date(2024, 11, 1), until=date(2024, 11, 30))
    (each,) = [each for each in listed if each.channel == "file:transit:uses/1"]
    return each.taken_in, each.done, each.refused, each.waiting, each.gap


def test_a_bulk_file_has_no_row_per_line_and_its_lines_are_read_in_parts() -> None:
    taken = take_in()
    assert (taken.state, taken.count, taken.waiting) == ("accepted", 25, 25)
    assert told() == (25, 0, 0, 25, 0)
    with acting_as_job("test.read"):
        batch = waiting()
        assert (batch.found, batch.settled, batch.partner, batch.business_date) == (25, 0, TRANSIT, DAY)
        lines = api.bulk_lines(batch, start=8, most=13)
        assert [line.number for line in lines] == list(range(8, 21))
        assert [line.key for line in lines] == [use(number)[0] for number in range(7, 20)]
        assert [line.number for line in api.bulk_lines(batch, start=21, most=100)] == [21, 22, 23, 24, 25]
        assert api.bulk_lines(batch, start=26, most=10) == []
    with as_owner():
        assert InboundItem.objects.count() == 0
        assert BulkPart.objects.count() == 3


def test_nothing_of_a_line_is_kept_readable() -> None:
    taken = take_in(3)
    with acting_as_job("test.settle"):
        settle(waiting(), done=2, refused=[3])
    with as_owner(), connection.cursor() as cursor:
        for table in ("inboundbatch", "bulkpart", "bulkrefusal"):
            cursor.execute(f"select t::text from partners_{table} t")
            kept = str(cursor.fetchall())
            assert str(10**12 + 2) not in kept
            assert str(10**12 + 2).encode().hex() not in kept
    assert report_of(taken.id).refused == 1


def test_parts_are_settled_in_order_and_a_kill_leaves_what_was_not() -> None:
    taken = take_in()
    with acting_as_job("test.settle"):
        settle(waiting(), done=9, repeated=1)
    with suppress(KeyboardInterrupt), acting_as_job("test.killed"):
        settle(waiting(), done=10)
        raise KeyboardInterrupt
    assert told() == (25, 10, 0, 15, 0)
    with acting_as_job("test.again"):
        batch = waiting()
        assert batch.settled == 10
        settle(batch, done=8, refused=[12, 20])
        settle(batch, done=5)
    after = report_of(taken.id)
    assert (after.state, after.done, after.refused, after.waiting) == ("processed", 23, 2, 0)
    assert told() == (25, 23, 2, 0, 0)
    with acting_as_job("test.none"):
        assert api.waiting_bulk("uses/1") == []
        refused = queries.refused_lines(taken.id)
    assert [(each.line, each.key, each.reason) for each in refused] == [
        (12, use(11)[0], "卡号不在名单上。"),
        (20, use(19)[0], "卡号不在名单上。"),
    ]


@pytest.mark.parametrize(
    "said", [{"done": 26}, {"done": 24, "refused": [1, 2]}, {"done": 1, "refused": [3]}, {"done": -1}]
)
def test_more_than_there_is_cannot_be_settled(said: Any) -> None:
    take_in()
    with acting_as_job("test.settle"), pytest.raises(AssertionError):
        settle(waiting(), **said)


def test_the_database_lets_no_count_stray() -> None:
    take_in()
    for wrong in ({"done_count": 1}, {"waiting_count": 24}, {"state": "processed"}, {"is_bulk": False}):
        with acting_as_job("test.wrong"), pytest.raises(DatabaseError, match="adds_up"), transaction.atomic():
            InboundBatch.objects.update(**wrong)


def test_a_bulk_batch_that_waits_is_not_closed_as_one_without_lines() -> None:
    taken = take_in()
    with acting_as_job("partners.check-received"):
        close_batches(now=NOW)
    assert report_of(taken.id).state == "accepted"


@pytest.mark.parametrize("model", [BulkPart, BulkRefusal])
def test_canary_what_is_lost_shows_as_a_gap(model: Any) -> None:
    take_in()
    with acting_as_job("test.settle"):
        settle(waiting(), done=9, refused=[10])
    with as_owner():
        model.objects.order_by("-id")[:1].get().delete()
    assert told()[-1] > 0


def test_a_wrong_total_a_double_and_a_gap_are_seen_as_with_any_file() -> None:
    assert take_in(total=7).failing == "total"
    later = take_in(4, sequence=2)
    assert (later.state, later.failing) == ("quarantined", "sequence-gap")
    first = take_in(5)
    assert first.state == "accepted"
    assert report_of(later.id).state == "accepted"
    assert take_in(5).id == first.id
    assert told() == (9, 0, 0, 9, 0)


def test_a_day_without_uses_is_processed_at_once() -> None:
    assert take_in(0).state == "processed"


def test_a_line_that_cannot_be_read_is_handed_out_with_its_fault() -> None:
    rows = [use(1), use(2)[:-1]]
    receive(logic.write_file(USES, rows, partner=TRANSIT, business_date=DAY, sequence=1), partner=TRANSIT)
    with acting_as_job("test.read"):
        good, bad = api.bulk_lines(waiting(), start=1, most=10)
    assert not good.fault
    assert "应为 8 项" in bad.fault


def test_a_bulk_format_does_not_come_by_the_call_for_batches() -> None:
    body = b'{"format":"uses/1","business_date":"2024-11-23","sequence":1,"count":0,"total":0,"items":[]}'
    _, found = actions.read_call(body, partner=TRANSIT)
    assert isinstance(found, logic.Fault)
    assert found.code == "unknown-format"
