"""A citizen is told what the cards in hand saved, by row security alone; nobody's other uses are seen."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

import pytest
from django.db import DatabaseError, connection

from rongjun.access.api import acting_as_citizen, acting_as_job
from rongjun.benefits.logic.savings import summed
from rongjun.benefits.models import Programme
from rongjun.benefits.queries import savings as queries
from rongjun.registry import api as registry
from rongjun.rules.tests.strategies import book
from tests.cluster import as_owner
from tests.house.citizens import as_actor
from tests.house.rooms import cards_cast

pytestmark = pytest.mark.django_db
BEIJING = timezone(timedelta(hours=8))
DAY = date(2026, 11, 20)


@pytest.fixture
def cards() -> list[int]:
    """Two people with a card each; the first rode twice and once more that was voided, the second once."""
    references = cards_cast.handed(cards_cast.people(2))
    with as_owner():
        Programme.objects.create(id=1, code="bus", title="公交", benefit="x", payer="fiscal")
    with acting_as_job("test.uses"), connection.cursor() as cursor:
        cursor.execute("select benefits_open_month(202611)")
        for at, card in enumerate((references[0], references[0], references[0], references[1])):
            moment = datetime(2026, 11, 20, 8, at, tzinfo=BEIJING)
            cursor.execute(
                "insert into benefits_use values (202611, 1, %s, %s, %s, %s, 1, 0, 2, 0, 370202000000, 1)",
                [f"U{at}", card, moment, DAY],
            )
        cursor.execute(
            "insert into benefits_use_void values (202611, 1, 'U2', 1, -1, 370202000000, 'card-not-usable',"
            " %s, 'test')",
            [cards_cast.NOW],
        )
    return references


def saved_by(which: int) -> tuple[int, int]:
    account = registry.account_of_number(cards_cast._number(which), now=cards_cast.NOW)
    with acting_as_citizen(as_actor(account)):
        lines = queries.saved_in_hand(DAY.replace(month=1, day=1), DAY, fares=book().fares, known_at=DAY)
    return summed(lines).uses, summed(lines).savings_fen


def test_each_is_told_of_their_own_rides_and_of_no_voided_one(cards: list[int]) -> None:
    assert saved_by(0) == (2, 400)
    assert saved_by(1) == (1, 200)


def test_a_citizen_adds_no_use(cards: list[int]) -> None:
    account = registry.account_of_number(cards_cast._number(0), now=cards_cast.NOW)
    with pytest.raises(DatabaseError), acting_as_citizen(as_actor(account)), connection.cursor() as cursor:
        cursor.execute(
            "insert into benefits_use values (202611, 1, 'X', %s, now(), current_date, 1, 0, 1, 0, 0, 1)",
            [cards[0]],
        )
