"""我的卡: how it stands, reported lost with one word; a citizen takes away what a card opens, and no more."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError, ProgrammingError
from django.utils import timezone

from rongjun.access.api import acting_as, acting_as_citizen
from rongjun.cards import api as cards
from rongjun.citizen.tests.test_pages import said
from tests.house.citizens import Account, as_actor, file_of_citizen
from tests.house.scene import CITIZEN, Scene, actor_of, visitor

pytestmark = pytest.mark.django_db


def card_of(person: UUID) -> int:
    city, division, now = actor_of("city"), actor_of("clerk").division, timezone.localtime()
    with acting_as(city):
        begun = cards.Happened("take-over", now - timedelta(days=300))
        taken = cards.TakenOver(person, division, "rongjun", "rongjun", (begun,))
        (reference,) = cards.take_over([taken], source="测试", by=city.text, now=now)
    return reference


@pytest.fixture
def card(scene: Scene) -> int:
    return card_of(file_of_citizen())


def state(reference: int) -> str:
    with acting_as(actor_of("city")):
        found = cards.card(reference)
    assert found
    return found.state


def test_who_has_no_card_is_told_where_to_apply(scene: Scene) -> None:
    assert "您还没有卡" in said(visitor(CITIZEN).get("/my/cards/"))


def test_a_card_reported_lost_is_stopped_at_once_and_comes_back_by_itself(card: int) -> None:
    client = visitor(CITIZEN)
    assert "可以用" in said(client.get("/my/cards/"))
    assert client.post(f"/my/cards/{card}/loss/").status_code == 302
    page = said(client.get("/my/cards/"))
    assert "暂时停用" in page
    assert "自动恢复" in page
    with acting_as(actor_of("city")):
        (_, end), (start, forever) = cards.carriers([card])[card].spans
    assert end is not None
    assert (start - end, forever) == (cards.card_book().hold, None)
    assert client.post(f"/my/cards/{card}/loss/").status_code == 302
    assert state(card) == "held"


def test_anothers_card_is_not_there(scene: Scene) -> None:
    client = visitor(CITIZEN)
    assert client.post(f"/my/cards/{scene.card}/loss/").status_code == 404
    assert state(scene.card) == "valid"


@pytest.mark.parametrize(
    "statement",
    [
        "update cards_carrier set state = 'valid', next_at = null where reference = {card}",
        (
            "insert into cards_carrierevent (carrier_id, person_id, division, kind, at, recorded_at, by,"
            " reason, decides_over, basis) select reference, person_id, division, 'lift', now(), now(),"
            " current_setting('app.actor'), 'x', '', '' from cards_carrier where reference = {card}"
        ),
        (
            "insert into cards_carrierspans (carrier_id, person_id, division, kind, usable, in_hand, pieces,"
            " recorded_at) select reference, person_id, division, kind, '{{[2000-01-01,)}}', '{{}}', 1, now()"
            " from cards_carrier where reference = {card}"
        ),
        "delete from cards_carrierspans",
    ],
)
def test_the_database_lets_a_citizen_only_take_away(card: int, statement: str) -> None:
    citizen = as_actor(Account.objects.get(username=CITIZEN).pk)
    with acting_as_citizen(citizen):
        cards.report_loss(card, reason="测试", by=citizen, now=timezone.localtime())
    with (
        acting_as_citizen(citizen),
        pytest.raises((ProgrammingError, DatabaseError)),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement.format(card=card))


def test_a_citizen_sees_the_own_cards_only(card: int, scene: Scene) -> None:
    citizen = as_actor(Account.objects.get(username=CITIZEN).pk)
    with acting_as_citizen(citizen):
        assert cards.carriers([card, scene.card]).keys() == {card}
        assert cards.card(scene.card) is None
