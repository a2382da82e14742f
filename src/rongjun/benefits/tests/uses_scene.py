"""A small network with invented carriers, for tests of uses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from rongjun.access.api import acting_as_job
from rongjun.benefits.actions import uses
from rongjun.benefits.logic.uses import NAMES, Columns
from rongjun.benefits.models import Programme, UsePlace, UseSource
from rongjun.benefits.queries import uses as queries
from rongjun.cards import api as cards
from rongjun.cards.api import Carrier
from tests.cluster import as_owner

NOW = datetime(2026, 11, 30, 2, 0, tzinfo=UTC)  # ten in the morning in Qingdao
SHINAN, LAOSHAN = 990202000000, 990212000000
START = datetime(2021, 3, 1, tzinfo=UTC)
USABLE, OTHER, LOST = 7001, 7002, 7003
LOST_AT = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
CARRIERS = {
    USABLE: Carrier(USABLE, SHINAN, "rongjun", ((START, None),)),
    OTHER: Carrier(OTHER, LAOSHAN, "rongjun", ((START, None),)),
    LOST: Carrier(LOST, SHINAN, "rongjun", ((START, LOST_AT),)),
}


def set_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bus company by device, a metro by file, three places, months open, and three carriers."""
    queries.forget_sources()
    with as_owner():
        Programme.objects.bulk_create(
            [
                Programme(id=1, code="bus", title="公交", benefit="transit.city-bus", payer="fiscal"),
                Programme(id=2, code="metro", title="地铁", benefit="transit.metro", payer="operator"),
            ]
        )
        for number, code, record in ((1, "bus-gates", "device"), (2, "metro-daily", "file")):
            UseSource.objects.create(
                id=number, code=code, title=code, partner="qd-transit", record=record,
                seat=990200000000, expected_since=NOW.date(),
            )  # fmt: skip
        UsePlace.objects.bulk_create(
            [
                UsePlace(
                    source_id=1, code="L1", title="测试1路", seat=SHINAN, longitude=120.38, latitude=36.06
                ),
                UsePlace(
                    source_id=1, code="L2", title="测试2路", seat=LAOSHAN, longitude=120.47, latitude=36.10
                ),
                UsePlace(
                    source_id=2, code="S1", title="测试站", seat=SHINAN, longitude=120.38, latitude=36.06
                ),
            ]
        )
    with acting_as_job("test.months"):
        uses.open_months(back=4, today=NOW.date())
    monkeypatch.setattr(cards, "carriers", known)
    monkeypatch.setattr(cards, "usable_throughout", usable)


def known(references: Sequence[int]) -> dict[int, Carrier]:
    """What the invented carriers say."""
    return {each: CARRIERS[each] for each in references if each in CARRIERS}


def usable(references: Iterable[int], *, first: datetime, last: datetime) -> dict[int, int]:
    """The counties of those that can be used all the time."""
    return {
        each: carrier.division
        for each, carrier in known([*references]).items()
        if any(start <= first and (end is None or last < end) for start, end in carrier.spans)
    }


def use(reference: str = "U1", **said: Any) -> dict[str, Any]:
    """A use as an operator writes it."""
    return {
        "reference": reference, "card": USABLE, "used_at": "2026-11-29T08:00:00+08:00", "programme": "bus",
        "place": "L1", "band": 0, "paid": 0, **said,
    }  # fmt: skip


def columns(rows: Iterable[dict[str, Any]]) -> Columns:
    """The same rows as columns."""
    kept = list(rows)
    return Columns(**{name: [row[name] for row in kept] for name in NAMES})


def take(
    *rows: dict[str, Any], key: str = "key-00001", source: str = "bus-gates", now: datetime = NOW
) -> uses.Taken:
    """Take in a batch of these rows as a job does."""
    with acting_as_job("test.uses"):
        delivery = uses.Delivery(source, key, columns(rows), "partner:qd-transit")
        return uses.take_uses(delivery, partner="qd-transit", now=now)


def rows_of(sql: str) -> list[tuple[Any, ...]]:
    """What the owner reads."""
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


def counted() -> tuple[int, int, int]:
    """Uses, and what the rollups by day and by month add up to."""
    return (
        rows_of("select count(*) from benefits_use")[0][0],
        rows_of("select coalesce(sum(n), 0)::int from benefits_use_day")[0][0],
        rows_of("select coalesce(sum(n), 0)::int from benefits_use_month")[0][0],
    )


HOUR = timedelta(hours=1)
