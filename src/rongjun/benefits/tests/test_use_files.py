"""An operator's daily file becomes uses in parts, once, whatever happens in between."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
from django.conf import settings

from rongjun.access.api import acting_as_job
from rongjun.benefits.actions import use_files
from rongjun.benefits.models import UseBatch, UseRefusal, UseSource
from rongjun.benefits.tests.uses_scene import NOW, OTHER, counted, rows_of, set_network, use
from rongjun.partners import api as partners
from tests.cluster import as_owner

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 29)


@pytest.fixture(autouse=True)
def network(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    set_network(monkeypatch)
    monkeypatch.setattr(use_files, "PART", 3)
    with acting_as_job("test.agree"):
        partners.add_partner(
            "qd-transit", name="测试地铁", division=990200000000, agreed={"uses/1": ""}, channels=["file"],
            expected_since=DAY, by="operator:test", now=NOW,
        )  # fmt: skip


def metro(reference: str, **said: Any) -> dict[str, Any]:
    return use(reference, programme="metro", place="S1", band=2, paid=0, **said)


def deliver(rows: Sequence[dict[str, Any]], *, sequence: int = 1) -> None:
    """The day's file, received and checked."""
    known = partners.formats_in(settings.CONTRACTS_ROOT / "files")["uses/1"]
    written = [[str(row["reference"]), *(str(row[name]) for name in known.columns)] for row in rows]
    content = partners.write_file(known, written, partner="qd-transit", business_date=DAY, sequence=sequence)
    with acting_as_job("test.deliver"):
        partners.receive_file(
            content, partner="qd-transit", file_name="uses.csv", by="operator:test", now=NOW
        )


def load() -> bool:
    with acting_as_job("test.load"):
        return use_files.load_part(by="job:test.load", now=NOW) is not None


def batch() -> UseBatch:
    with as_owner():
        return UseBatch.objects.get()


def balance() -> list[tuple[int, int, int, int, int]]:
    with acting_as_job("test.balance"):
        told = partners.balance(since=NOW.date(), until=NOW.date())
    return [
        (each.taken_in, each.done, each.refused, each.waiting, each.gap)
        for each in told
        if each.channel.endswith("uses/1")
    ]


def test_a_file_goes_in_part_by_part_and_balances_after_each() -> None:
    deliver([metro(f"M{number}", card=(7001, OTHER)[number % 2]) for number in range(7)])
    for done in (3, 6, 7):
        assert load()
        row = batch()
        assert (row.found, row.accepted, row.waiting) == (7, done, 7 - done)
        assert all(gap == 0 for *_, gap in balance())
    assert not load()
    assert counted() == (7, 7, 7)
    assert (batch().channel, batch().business_date) == ("file", DAY)


def test_a_line_is_settled_as_what_became_of_it() -> None:
    deliver(
        [metro("M1"), metro("M1"), metro("M1", card=OTHER), metro("M2", card=9), {**metro("M3"), "card": "x"}]
    )
    while load():
        pass
    row = batch()
    assert (row.accepted, row.repeated, row.refused, row.waiting) == (1, 1, 3, 0)
    with as_owner():
        kept = UseRefusal.objects.order_by("line").values_list("line", "reason")
        assert list(kept) == [(3, "conflict"), (4, "card-unknown"), (5, "card")]


def test_the_next_days_file_may_repeat_what_came_before() -> None:
    deliver([metro("M1")])
    deliver([metro("M1"), metro("M2")], sequence=2)
    while load():
        pass
    assert rows_of("select accepted, repeated from benefits_use_batch order by id") == [(1, 0), (1, 1)]
    assert counted() == (2, 2, 2)


def test_a_part_that_is_cut_off_begins_again(monkeypatch: pytest.MonkeyPatch) -> None:
    deliver([metro(f"M{number}") for number in range(5)])
    assert load()

    class CutOffError(Exception):
        pass

    def cut(*_: Any, **__: Any) -> None:
        raise CutOffError

    with monkeypatch.context() as patched:
        patched.setattr(partners, "settle_bulk", cut)
        with pytest.raises(CutOffError):
            load()
    assert (batch().accepted, counted()[0]) == (3, 3)
    while load():
        pass
    assert (batch().accepted, batch().waiting, counted()) == (5, 0, (5, 5, 5))


def test_a_partner_whose_record_are_its_devices_sends_no_file_of_uses() -> None:
    with as_owner():
        UseSource.objects.filter(record="file").update(record="device")
    deliver([metro("M1")])
    assert load()
    assert counted() == (0, 0, 0)
    with acting_as_job("test.balance"):
        told = partners.balance(since=NOW.date(), until=NOW.date())
    assert [each.refused for each in told if each.channel.endswith("uses/1")] == [1]
