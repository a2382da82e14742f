"""Programmes come from the fares in force; what is agreed or noted again changes nothing."""

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


def opened(book: FareBook, *, today: date = TODAY) -> list[str]:
    with acting_as_job("test.network"):
        return benefits.add_programmes(book, today=today, by="operator:test", now=NOW)


def agreed(code: str = "bus-daily", partner: str = "transit") -> int:
    source = benefits.AgreedSource(code, "测试公交", partner, "file", SEAT, TODAY)
    with acting_as_job("test.network"):
        return benefits.agree_on_source(source, by="operator:test", now=NOW)


def test_every_fare_in_force_opens_a_programme_once() -> None:
    book = fares()
    assert opened(book) == sorted(book.fares)
    assert opened(book) == []
    with acting_as_job("test.look"):
        bus = Programme.objects.get(code="bus")
        assert (bus.benefit, bus.payer) == (book.fares["bus"].benefits[0], "fiscal")
        numbers = list(Programme.objects.order_by("id").values_list("id", flat=True))
    assert numbers == list(range(1, len(book.fares) + 1))


def test_a_fare_that_is_not_in_force_opens_nothing() -> None:
    assert opened(fares(), today=date(2000, 1, 1)) == []


def test_a_source_is_agreed_on_once_and_keeps_its_number() -> None:
    assert agreed() == agreed() == 1
    assert agreed("gates", "scenic") == 2
    assert rows_of("select count(*) from audit_event where event = 'benefits.use-source-agreed'") == [(2,)]


def test_places_are_added_to_what_is_noted() -> None:
    source = agreed()
    first = [benefits.NewPlace(str(n), f"测试{n}", SEAT) for n in (1, 2)]
    more = [*first, benefits.NewPlace("3", "测试3", SEAT)]
    with acting_as_job("test.network"):
        told = [
            benefits.add_places(source, each, by="operator:test", now=NOW) for each in (first, more, more)
        ]
    assert told == [2, 1, 0]
    assert rows_of("select code from benefits_use_place order by code") == [("1",), ("2",), ("3",)]
