"""The list of what nobody has answered: on the spot, off the list; in a large city a place first."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from rongjun.access.api import acting_as
from rongjun.benefits import api as benefits
from rongjun.desk.http import unanswered
from rongjun.rules.api import facts_read
from tests.house.scene import Scene, actor_of, judge_and_offer, visitor
from tests.house.test_query_counts import questions

pytestmark = pytest.mark.django_db
LIST = reverse("desk:unanswered")
ASKED = 14  # four of them belong to every page


@pytest.fixture
def judged(scene: Scene) -> Scene:
    judge_and_offer()
    return scene


def total(html: str) -> int:
    found = re.search(r"差的情况 ([\d,]+) 个", html)
    assert found
    return int(found[1].replace(",", ""))


def test_before_everybody_was_judged_the_page_says_when_it_will_fill(scene: Scene) -> None:
    assert "还没有全体判定" in visitor("clerk").get(LIST).content.decode()


def test_a_clerk_answers_on_the_spot_and_the_line_is_gone(judged: Scene) -> None:
    client = visitor("clerk")
    before = client.get(LIST + "?page=1").content.decode()
    form = re.search(
        r'<form method="post" action="([^"]+)">(?:(?!</form>).)*?name="(\w+)" value="(true|[a-z-]+)"',
        before,
        re.DOTALL,
    )
    assert form
    url, fact, value = form[1].replace("&amp;", "&"), form[2], form[3]
    response = client.post(url, {fact: value})
    assert response.status_code == 302
    assert response["Location"] == LIST + "?page=1"
    after = client.get(LIST).content.decode()
    assert "记下了" in after
    assert total(after) == total(before) - 1
    assert f"{total(after):,}" in client.get(reverse("desk:today")).content.decode()


def test_an_answer_that_is_none_is_refused_with_its_four_sentences(judged: Scene) -> None:
    response = visitor("clerk").post(reverse("desk:answer-here", args=[judged.person]), {"sex": "soldier"})
    assert response.status_code == 422
    assert "rj-refusal" in response.content.decode()


def test_one_fact_alone_and_no_place_of_others(judged: Scene) -> None:
    client = visitor("clerk")
    html = client.get(LIST).content.decode()
    option = re.search(r'<option value="(\w+)">[^<]* ([\d,]+)</option>', html)
    assert option
    assert total(client.get(f"{LIST}?fact={option[1]}").content.decode()) == int(option[2].replace(",", ""))
    elsewhere = actor_of("neighbour").division
    for within in (elsewhere, "1", "x", "²"):
        assert client.get(f"{LIST}?within={within}").status_code == 404


def test_who_may_not_learn_of_a_fact_is_not_told_that_it_lacks(judged: Scene) -> None:
    with acting_as(actor_of("clerk")):
        guarded = {"is_party_member", "party_transferred"} & facts_read(
            benefits.book(),
            codes=benefits.book().benefits,
            on=benefits.kept_sweep().on,  # type: ignore[union-attr]
        )
    html = visitor("clerk").get(LIST).content.decode()
    assert all(f'value="{fact}"' not in html for fact in guarded)


def test_of_a_large_city_a_place_is_chosen_first(judged: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unanswered, "MOST_PEOPLE", 0)
    client = visitor("city")
    html = client.get(LIST).content.decode()
    assert "先选一个地方" in html
    assert '<form method="post" action="/desk/unanswered/' not in html
    places = re.findall(r'<a href="(\?within=\d+)">', html)
    assert places
    county = client.get(LIST + places[0]).content.decode()
    assert re.findall(r'<a href="(\?within=\d+)">', county)
    monkeypatch.setattr(unanswered, "MOST_PEOPLE", 20_000)
    assert total(client.get(LIST + places[0]).content.decode()) == total(county)


def test_a_page_of_it_asks_as_many_questions_however_many_lines(judged: Scene) -> None:
    client = visitor("city")
    few, many = questions(client, LIST + "?page=10000"), questions(client, LIST)
    assert len(many) == ASKED
    assert len(few) < len(many)
