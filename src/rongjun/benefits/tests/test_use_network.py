"""Programmes come from the fares; what is agreed on again changes nothing, and places are added to."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from rongjun.access.api import acting_as_job
from rongjun.benefits import api as benefits
from rongjun.benefits.models import Programme
from rongjun.benefits.tests.uses_scene import rows_of
from rongjun.rules.api import FareBook, load_book
from tests.house.tree import ROOT

pytestmark = pytest.mark.django_db
NOW, TODAY = datetime(2026, 11, 30, 2, 0, tzinfo=UTC), date(2026, 11, 30)
SEAT = 990200000000


def fares() -> FareBook:
    city = min(folder.name for folder in (ROOT / "policy" / "cities").iterdir())
    return load_book(ROOT / "policy", city=city).fares


def opened(book: FareBook) -> int:
    with acting_as_job("test.network"):
        return benefits.agree_on_programmes(book)


def agreed(*places: str, code: str = "bus-daily", partner: str = "transit") -> int:
    with acting_as_job("test.network"):
        return benefits.agree_on_source(
            code, title="测试公交", partner=partner, record="file", seat=SEAT, expected_since=TODAY,
            places=[benefits.UsePlace(each, f"测试{each}", SEAT) for each in places],
            by="operator:test", now=NOW,
        )  # fmt: skip


def test_every_fare_opens_a_programme_once() -> None:
    book = fares()
    assert [opened(book), opened(book)] == [len(book.fares), 0]
    with acting_as_job("test.look"):
        bus = Programme.objects.get(code="bus")
        assert (bus.benefit, bus.payer) == (book.fares["bus"].benefits[0], "fiscal")
        numbers = list(Programme.objects.order_by("id").values_list("id", flat=True))
    assert numbers == list(range(1, len(book.fares) + 1))


def test_a_source_is_agreed_on_once_and_gets_the_places_it_lacks() -> None:
    assert [agreed("1", "2"), agreed("1", "2", "3"), agreed("3")] == [2, 1, 0]
    assert agreed("1", code="gates", partner="scenic") == 1
    assert rows_of("select code from benefits_use_source order by id") == [("bus-daily",), ("gates",)]
    assert rows_of("select count(*) from benefits_use_place") == [(4,)]
