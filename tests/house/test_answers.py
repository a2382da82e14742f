"""A clerk answers on the person's page: what is recorded, and the sentence for what cannot be."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone

from rongjun.access.api import acting_as, actor_named
from rongjun.registry import api as registry
from rongjun.rules import asking
from tests.house.scene import Scene, visitor

pytestmark = pytest.mark.django_db


@pytest.fixture
def person(scene: Scene) -> UUID:
    """Somebody served by the clerk's station."""
    return scene.person


def answer(person: UUID, fact: str, value: str, *, who: str = "clerk", script: bool = False) -> HttpResponse:
    headers = {"HX-Request": "true"} if script else {}
    url = reverse("desk:answer", args=[person])
    response: Any = visitor(who).post(url, {fact: value}, headers=headers)
    return response  # type: ignore[no-any-return]


def known(person: UUID, fact: str) -> object:
    """What the rules are told of the person, or of the only relation."""
    officer = actor_named("clerk", on=timezone.localdate())
    assert officer
    moment: dict[str, Any] = {"on": timezone.localdate(), "known_at": timezone.now()}
    with acting_as(officer):
        told: Mapping[str, object] = asking.facts_of(person, [fact, "sex"], **moment)
        if fact not in told:
            (told,) = asking.relations_of(person, [fact], **moment)
    return told.get(fact)


def relate(person: UUID, evidence: str) -> None:
    officer = actor_named("clerk", on=timezone.localdate())
    assert officer
    with acting_as(officer):
        registry.record_relation(
            person, dependant_of="martyr", relation="child", deceased_kind="none", stated={},
            source="烈士证明书", evidence=evidence, valid_from=date(2020, 1, 1), by=officer,
            now=timezone.now(),
        )  # fmt: skip


@pytest.mark.parametrize("script", [False, True])
@pytest.mark.parametrize(
    ("fact", "value", "told"),
    [
        ("in_hardship", "true", True),
        ("school_stage", "none", "none"),
        ("merit_rank", "６", 6),
        ("graduated_on", "1999-07-01", date(1999, 7, 1)),
    ],
)
def test_an_answer_of_each_kind_is_recorded(
    person: UUID, fact: str, value: str, told: object, script: bool
) -> None:
    done = answer(person, fact, value, script=script)
    assert (done.status_code, done.headers["Location"]) == (302, reverse("desk:person", args=[person]))
    assert known(person, fact) == told


@pytest.mark.parametrize("script", [False, True])
@pytest.mark.parametrize(
    ("fact", "value", "sentence"),
    [
        ("in_hardship", "perhaps", "答案不在选项里"),
        ("school_stage", "nursery", "答案不在选项里"),
        ("merit_rank", "7", "0 到 6 的整数"),
        ("graduated_on", "2999-01-01", "1900-01-01 到"),
        ("on_combat_mission", "true", "不是可以这样回答的"),
    ],
)
def test_what_is_no_answer_is_said_in_a_sentence(
    person: UUID, fact: str, value: str, sentence: str, script: bool
) -> None:
    refused = answer(person, fact, value, script=script)
    assert refused.status_code == 422
    assert sentence in refused.content.decode()


def test_a_question_about_a_relation_is_answered_where_there_is_exactly_one(person: UUID) -> None:
    fact = "was_supported_by_deceased"
    none = answer(person, fact, "true")
    assert (none.status_code, "没有登记关系" in none.content.decode()) == (422, True)
    relate(person, "甲证 1 号")
    assert answer(person, fact, "true").status_code == 302
    assert known(person, fact) is True
    relate(person, "甲证 2 号")
    assert answer(person, fact, "false").status_code == 422
