"""A person's cards on the file: seen, reported lost, replaced, ended by two; what waits is listed."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse

from rongjun.access.api import acting_as, acting_as_job
from rongjun.cards import api as cards
from tests.house.scene import Scene, actor_of, visitor

pytestmark = pytest.mark.django_db


def do(client: Client, scene: Scene, doing: str, **said: str) -> int:
    url = reverse("desk:card-step", args=[scene.person, scene.card, doing])
    return client.post(url, said).status_code


def shown(client: Client, scene: Scene) -> str:
    return client.get(reverse("desk:card", args=[scene.person, scene.card])).content.decode()


def held(scene: Scene) -> list[cards.CardLine]:
    with acting_as(actor_of("city")):
        return cards.cards_of([scene.person])


def waiting_ends() -> list[UUID]:
    with acting_as(actor_of("city")):
        return [each.id for each in cards.ends_waiting()]


def test_the_file_lists_the_card_and_leads_to_its_history(scene: Scene) -> None:
    clerk = visitor("clerk")
    file = clerk.get(reverse("desk:person", args=[scene.person])).content.decode()
    assert reverse("desk:card", args=[scene.person, scene.card]) in file
    assert "原系统移交" in shown(clerk, scene)


def test_a_reported_loss_shows_when_it_lifts_and_who_was_told(scene: Scene) -> None:
    clerk = visitor("clerk")
    assert do(clerk, scene, "hold", days="5", reason="本人来电") == 302
    page = shown(clerk, scene)
    assert "自动解除" in page
    assert "本人来电" in page
    assert [line.state for line in held(scene)] == ["held"]


def test_what_is_refused_is_said_on_the_cards_page(scene: Scene) -> None:
    clerk = visitor("clerk")
    assert do(clerk, scene, "hold", days="3", reason="本人来电") == 422
    assert do(clerk, scene, "replace", ground="lost", reason="丢了") == 422
    assert [line.state for line in held(scene)] == ["valid"]


def test_a_step_of_an_officer_is_not_a_clerks(scene: Scene) -> None:
    assert do(visitor("clerk"), scene, "freeze", reason="来函", document="虚构法字1号") == 422
    assert do(visitor("district"), scene, "freeze", reason="来函", document="虚构法字1号") == 302
    assert [line.state for line in held(scene)] == ["frozen"]


def test_a_replacement_waits_on_the_list_for_its_review(scene: Scene) -> None:
    assert do(visitor("clerk"), scene, "replace", ground="damaged", reason="折断了") == 302
    new = next(line for line in held(scene) if line.state == "applied")
    district = visitor("district")
    listed = district.get(reverse("desk:cards")).content.decode()
    assert reverse("desk:card", args=[scene.person, new.reference]) in listed
    assert (
        reverse("desk:card", args=[scene.person, new.reference])
        not in visitor("neighbour").get(reverse("desk:cards")).content.decode()
    )
    url = reverse("desk:card-step", args=[scene.person, new.reference, "approve"])
    assert district.post(url, {"reason": "材料齐全"}).status_code == 302
    assert {line.state for line in held(scene)} == {"replacing", "approved"}


def test_an_end_is_decided_by_another(scene: Scene) -> None:
    district, said = visitor("district"), {"reason": "不符合", "document": "虚构字1号", "at": "2026-01-01"}
    assert do(district, scene, "wrong", **said) == 302
    (proposal,) = waiting_ends()
    url = reverse("desk:card-end", args=[proposal])
    assert "违规发证" in district.get(reverse("desk:cards") + "?show=ends").content.decode()
    assert district.post(url, {"decision": "approve", "reason": "属实"}).status_code == 422
    assert visitor("city").post(url, {"decision": "approve", "reason": "属实"}).status_code == 302
    assert [line.state for line in held(scene)] == ["cancelled"]


def test_the_ready_are_found_by_name(scene: Scene) -> None:
    clerk = visitor("clerk")
    page = clerk.get(reverse("desk:cards"), {"show": "ready", "q": "测试没有这个人"}).content.decode()
    assert "没有等着办的" in page


# --- the yearly check ---------------------------------------------------------------------------------------

IN_A_YEAR = datetime(2028, 1, 5, 3, tzinfo=UTC)


def planned() -> None:
    with acting_as_job("cards.plan-checks"):
        assert cards.plan_checks(by="job:test", now=IN_A_YEAR, today=IN_A_YEAR.date())


def waits(scene: Scene) -> list[cards.CheckLine]:
    with acting_as(actor_of("city")):
        return cards.checks_waiting(people=[scene.person])[0]


def listed(client: Client) -> str:
    return client.get(reverse("desk:cards"), {"show": "checks"}).content.decode()


def test_a_check_that_comes_near_is_listed_and_done_on_the_cards_page(scene: Scene) -> None:
    clerk = visitor("clerk")
    assert "没有等着办的" in listed(clerk)
    planned()
    assert "#check" in listed(clerk)
    assert "怎么见到本人的" in shown(clerk, scene)
    assert do(clerk, scene, "check", way="letter") == 422
    assert [line.reference for line in waits(scene)] == [scene.card]
    assert do(clerk, scene, "check", way="home") == 302
    assert waits(scene) == []
    assert do(clerk, scene, "check", way="home") == 422


def test_a_holder_who_was_not_met_stays_on_the_list_and_the_card_works(scene: Scene) -> None:
    clerk = visitor("clerk")
    planned()
    assert do(clerk, scene, "check-tried", words="") == 422
    assert do(clerk, scene, "check-tried", words="上门没有人") == 302
    assert [line.words for line in waits(scene)] == ["上门没有人"]
    assert "上门没有人" in shown(clerk, scene)
    assert [line.state for line in held(scene)] == ["valid"]
