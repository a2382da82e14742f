"""What is offered without a form: seen at home, answered with one word, had, and left again."""

from __future__ import annotations

import json
import re
from uuid import UUID

import pytest
from django.test import Client

from rongjun.access.api import acting_as
from rongjun.benefits import api as benefits
from rongjun.citizen.http import offers
from rongjun.citizen.tests.test_pages import let_act, noted, said
from rongjun.registry import api as registry
from tests.house.citizens import file_of_citizen
from tests.house.scene import CITIZEN, Scene, actor_of, judge_and_offer, no_longer_entitled, visitor

pytestmark = pytest.mark.django_db
PLAQUE, TITLE = "honour.plaque", "悬挂光荣牌"


@pytest.fixture
def offered(scene: Scene) -> Scene:
    """The scene after a night: everybody judged, and what needs no form offered."""
    judge_and_offer()
    return scene


def offer_of(person: UUID) -> UUID:
    with acting_as(actor_of("city")):
        return next(each.id for each in benefits.offers_of([person]) if each.code == PLAQUE)


def state_of(person: UUID) -> tuple[str, str]:
    with acting_as(actor_of("city")):
        line = next(each for each in benefits.offers_of([person]) if each.code == PLAQUE)
    return line.state, line.channel


def answer(client: Client, offer: UUID, word: str, *, status: int = 302) -> str:
    response = client.post(f"/my/offers/{offer}/", {"answer": word})
    assert response.status_code == status
    return said(client.get(response["Location"])) if status == 302 else said(response, status)


def waiting(client: Client) -> int:
    found = re.search(r"有 (\d+) 项可以直接享受，等您说一声", " ".join(said(client.get("/my/")).split()))
    return int(found[1]) if found else 0


def test_before_anything_is_offered_home_and_list_say_nothing_of_it(scene: Scene) -> None:
    client = visitor(CITIZEN)
    assert waiting(client) == 0
    assert "没有等您答复的" in said(client.get("/my/offers/"))


def test_home_counts_what_waits_and_the_list_names_it(offered: Scene) -> None:
    client = visitor(CITIZEN)
    page = client.get("/my/offers/")
    assert TITLE in said(page)
    assert noted("registry.person-read")[0].purpose == "查看可以直接享受的"
    assert waiting(client) == page.content.decode().count('class="rj-row"') > 0


def test_a_page_says_what_it_gives_why_until_when_and_asks_one_question(offered: Scene) -> None:
    offer = offer_of(file_of_citizen())
    response = visitor(CITIZEN).get(f"/my/offers/{offer}/")
    page = said(response)
    for part in (
        "这一项您要不要？",
        "要了以后",
        "别的待遇不受影响",
        "什么时候前答复",
        "为什么您可以享受",
        "符合",
    ):
        assert part in page
    assert response.content.decode().count('name="answer"') == 2


def test_a_yes_is_told_plainly_and_had_from_today(offered: Scene) -> None:
    client, mine = visitor(CITIZEN), file_of_citizen()
    before = waiting(client)
    assert f"从今天起享受“{TITLE}”" in answer(client, offer_of(mine), "yes")
    assert state_of(mine) == ("accepted", "online")
    assert waiting(client) == before - 1
    assert "已享受" in said(client.get("/my/benefits/"))
    assert noted("benefits.offer-accepted")[0].role == "self"
    assert "已经答复过了" in answer(client, offer_of(mine), "yes", status=422)
    assert "已经答复过了" in said(client.get(f"/my/offers/{offer_of(mine)}/"), 422)


def test_a_no_is_told_plainly_and_may_become_a_yes(offered: Scene) -> None:
    client, mine = visitor(CITIZEN), file_of_citizen()
    after = answer(client, offer_of(mine), "no")
    assert "先不要" in after
    assert "您说过不要" in after
    page = client.get(f"/my/offers/{offer_of(mine)}/").content.decode()
    assert page.count('name="answer"') == 1, "a no is not asked for twice"
    assert "已经答复过了" in answer(client, offer_of(mine), "no", status=422)
    answer(client, offer_of(mine), "yes")
    assert state_of(mine) == ("accepted", "online")


def test_what_is_neither_yes_nor_no_changes_nothing(offered: Scene) -> None:
    client, mine = visitor(CITIZEN), file_of_citizen()
    assert client.post(f"/my/offers/{offer_of(mine)}/", {"answer": "perhaps"}).status_code == 400
    assert state_of(mine) == ("offered", "")


def test_anothers_offer_is_not_there(offered: Scene) -> None:
    client, theirs = visitor(CITIZEN), offer_of(offered.person)
    said(client.get(f"/my/offers/{theirs}/"), 404)
    answer(client, theirs, "yes", status=404)
    assert state_of(offered.person) == ("offered", "")


def held(client: Client) -> str:
    found = re.search(r"/my/enrolments/[0-9a-f-]{36}/", client.get("/my/benefits/").content.decode())
    assert found
    return found[0]


def test_one_leaves_by_oneself_and_may_come_back(offered: Scene) -> None:
    client, mine = visitor(CITIZEN), file_of_citizen()
    answer(client, offer_of(mine), "yes")
    place = held(client)
    assert "还要不要这一项？" in said(client.get(place))
    response = client.post(place)
    assert "不再享受" in said(client.get(response["Location"]))
    said(client.post(place), 404)
    with acting_as(actor_of("city")):
        (line,) = benefits.enrolments_of([mine])
    assert (line.end_ground, line.end_reason) == ("own-wish", "本人在网上说不要了")
    answer(client, offer_of(mine), "yes")


def test_who_is_perhaps_entitled_no_more_is_told_that_somebody_looks(offered: Scene) -> None:
    client, mine = visitor(CITIZEN), file_of_citizen()
    answer(client, offer_of(mine), "yes")
    place = held(client)
    assert "没定之前照常享受" not in said(client.get(place))
    no_longer_entitled(mine)
    assert "没定之前照常享受" in said(client.get(place))


def test_a_helper_answers_in_their_own_name(offered: Scene) -> None:
    own = offer_of(file_of_citizen())
    client = let_act(offered)
    answer(client, offer_of(offered.person), "no")
    assert "代办人在网上说的" in said(visitor("clerk").get(f"/desk/people/{offered.person}/"))
    answer(client, offer_of(offered.person), "yes")
    assert state_of(offered.person) == ("accepted", "online-helper")
    newest = noted("benefits.offer-accepted")[0]
    assert (newest.role, newest.about[0]) == ("helper", f"person:{offered.person}")
    said(client.get(f"/my/offers/{own}/"), 404)


def test_a_helper_is_not_told_of_what_is_guarded(offered: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    client, offer = let_act(offered), offer_of(offered.person)
    said(client.get(f"/my/offers/{offer}/"))
    monkeypatch.setattr(offers, "facts_read", lambda *_args, **_named: registry.GUARDED)
    assert TITLE not in said(client.get("/my/offers/"))
    said(client.get(f"/my/offers/{offer}/"), 404)
    answer(client, offer, "yes", status=404)


def test_large_type_shows_the_same_question(offered: Scene) -> None:
    client, offer = visitor(CITIZEN), offer_of(file_of_citizen())
    client.post("/my/settings/look/", {"large": "yes"})
    assert waiting(client) > 0
    page = client.get(f"/my/offers/{offer}/").content.decode()
    assert "data-elder" in page
    assert page.count('name="answer"') == 2


def test_a_copy_has_the_offers_and_what_was_taken_up(offered: Scene) -> None:
    client, mine = visitor(CITIZEN), file_of_citizen()
    answer(client, offer_of(mine), "yes")
    content = client.post("/my/file/copy/", {"format": "json"}).content
    copied = json.loads(content)
    assert {"code": PLAQUE, "state": "accepted"}.items() <= next(
        each.items() for each in copied["offers"] if each["code"] == PLAQUE
    )
    assert [each["code"] for each in copied["enrolments"]] == [PLAQUE]
    assert json.loads(registry.write_copy(registry.read_copy(content))) == copied
    assert client.post("/my/file/copy/", {"format": "xlsx"}).status_code == 200
