"""The pages of the feeds: who may, both sides, deciding, and what is logged."""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from rongjun.access.api import acting_as
from rongjun.audit import api as audit
from rongjun.registry.models import Death, FeedCandidate, Sentence
from rongjun.registry.tests import scene
from rongjun.registry.tests.scene import CAST, actor, open_file, visitor
from rongjun.registry.tests.strategies import cells, number
from rongjun.registry.tests.test_feeds import compare, deliver, row
from tests.cluster import as_owner

pytestmark = pytest.mark.django_db
LIST = "/registry/feeds/"


@pytest.fixture(autouse=True)
def person(db: None, settings: Any) -> UUID:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    Path(settings.STATIC_ROOT).mkdir(exist_ok=True)  # where nothing is collected, WhiteNoise warns
    scene.add_places()
    return open_file(row=cells(1))


def seen(response: Any) -> str:
    return html.unescape(response.content.decode())


def asked(feed: str = "deaths", **changed: str) -> str:
    """The address of the one candidate of a delivered line."""
    deliver([row(1, feed, **changed)], feed)
    compare(feed)
    with as_owner():
        return f"{LIST}{FeedCandidate.objects.get().id}/"


def notes(event: str) -> list[audit.Record]:
    with acting_as(actor("auditor")):
        return audit.events(audit.Filter(event=event))


@pytest.mark.parametrize("login", [*CAST, "stranger"])
def test_only_officers_of_the_persons_division_see_and_decide(login: str) -> None:
    address = asked()
    client = visitor(login)
    may = {"district": 200, "city": 200, "neighbour": 404, "stranger": 302}.get(login, 403)
    assert client.get(address).status_code == may
    decided = client.post(f"{address}decide/", {"decision": "confirm", "reason": "问过家属"})
    assert decided.status_code == (302 if may == 200 else may)
    with as_owner():
        assert Death.objects.count() == (may == 200)


def test_the_list_shows_who_it_may_be_and_what_would_change() -> None:
    asked()
    page = seen(visitor("district").get(LIST))
    assert "测试张三0001" in page
    assert "登记 2024-11-20 去世" in page
    assert "很像" in page
    assert number(1) not in page


def test_the_list_of_a_neighbour_is_empty_and_says_so() -> None:
    asked()
    page = seen(visitor("neighbour").get(LIST))
    assert "测试张三0001" not in page
    assert "没有等您认定的" in page


def test_a_tab_shows_one_feed() -> None:
    asked()
    assert "测试张三0001" in seen(visitor("district").get(f"{LIST}?feed=deaths"))
    assert "测试张三0001" not in seen(visitor("district").get(f"{LIST}?feed=moves&page=x"))


def test_both_sides_and_the_reasons_stand_on_the_page_with_numbers_masked(person: UUID) -> None:
    page = seen(visitor("district").get(asked(sex="female", number="")))
    assert "来文没有证件号码" in page
    assert "没有登记去世" in page
    assert number(1) not in page
    (read,) = notes("registry.person-read")
    assert f"person:{person}" in str(read)


def test_without_a_reason_nothing_happens_and_the_page_says_why() -> None:
    address = asked()
    answer = visitor("district").post(f"{address}decide/", {"decision": "confirm", "reason": " "})
    assert answer.status_code == 422
    assert "没有写理由" in seen(answer)
    with as_owner():
        assert Death.objects.count() == 0


def test_dismissing_leaves_the_file_and_the_list_empty() -> None:
    address = asked()
    client = visitor("district")
    answer = client.post(f"{address}decide/", {"decision": "dismiss", "reason": "本人来过"}, follow=True)
    assert "没有等您认定的" in seen(answer)
    assert "本人来过" in seen(client.get(address))
    with as_owner():
        assert Death.objects.count() == 0


def test_a_confirmed_sentence_is_listed_until_it_was_reported() -> None:
    address = asked("sentences")
    client = visitor("district")
    page = seen(client.post(f"{address}decide/", {"decision": "confirm", "reason": "看过判决"}, follow=True))
    assert "待上报省厅" in page
    assert "由省厅决定" in page
    with as_owner():
        sentence = Sentence.objects.get().id
    url = f"{LIST}sentences/{sentence}/"
    assert client.post(url, {"document": ""}).status_code == 422
    assert "待上报省厅" not in seen(client.post(url, {"document": "示例 1 号"}, follow=True))
