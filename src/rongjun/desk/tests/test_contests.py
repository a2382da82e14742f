"""On a person's page: a fact is contested, a number opened, and what only some may learn stays shut."""

from __future__ import annotations

import html
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from rongjun.access.api import acting_as, acting_as_job
from rongjun.audit import api as audit
from rongjun.desk.cards import rests_on
from rongjun.registry import api as registry
from rongjun.rules.api import load_book
from tests.house.scene import Scene, actor_of, visitor

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("scene")]
BOOK = load_book(Path(settings.POLICY_ROOT), city=settings.CITY)
TOLD: dict[str, Any] = {
    "valid_from": date(2024, 5, 1),
    "source": "窗口",
    "evidence": "测试材料",
    "synthetic": True,
}


def seen(response: Any, status: int = 200) -> str:
    """What a person reads, without tags."""
    assert response.status_code == status
    return html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode()))


def place(scene: Scene, rest: str = "") -> str:
    return f"/desk/people/{scene.person}/{rest}"


def state(scene: Scene, fact: str, value: str, *, by: str = "clerk") -> None:
    now, actor = timezone.localtime(), actor_of(by)
    with acting_as(actor):
        registry.state_fact(
            scene.person,
            fact=fact,
            value=value,
            valid_from=now.date(),
            valid_to=None,
            source="窗口询问",
            by=actor,
            now=now,
        )


# --- contested facts ----------------------------------------------------------------------------------------


def test_a_fact_on_the_card_is_contested_and_shown_so_until_it_is_answered(scene: Scene) -> None:
    clerk, said = visitor("clerk"), {"wrong": "没有当过兵", "said_by": "self"}
    link = place(scene, "contest/is_veteran/")
    card = place(scene, "benefits/honour.plaque/")
    assert f'href="{link}"' in clerk.get(card).content.decode()
    assert "有异议" not in seen(clerk.get(card))
    assert "有异议" not in seen(clerk.get(place(scene)))
    assert "是" in seen(clerk.get(link))
    answer = clerk.post(link, said)
    assert (answer.status_code, answer.headers["Location"]) == (302, place(scene))
    assert "有异议" in seen(clerk.get(card))
    assert "有异议，正在核对：退役军人" in seen(clerk.get(place(scene)))
    assert "有异议" in seen(visitor("city").get(place(scene)))
    assert "没有当过兵" in seen(clerk.get(link))
    assert "异议：退役军人" in seen(clerk.get("/desk/rights/"))
    rights = seen(clerk.get(place(scene, "rights/")))
    assert "异议：退役军人" in rights
    assert "没有当过兵" in rights
    assert "已经有人提出异议" in seen(clerk.post(link, said), 422)


def test_the_filters_of_the_file_come_along_and_back(scene: Scene) -> None:
    clerk, filters = visitor("clerk"), "?on=2026-01-05&show=not-granted"
    page = html.unescape(clerk.get(place(scene) + filters).content.decode())
    cards = re.findall(r'hx-get="([^"]+)"', page)
    assert cards
    assert all(card.endswith(filters) for card in cards)
    opened = "".join(html.unescape(clerk.get(card).content.decode()) for card in cards[:8])
    links = re.findall(r'class="rj-wrong" href="([^"]+)"', opened)
    assert links
    assert all(link.endswith(filters) for link in links)
    answer = clerk.post(links[0], {"wrong": "写错了", "said_by": "self"})
    assert answer.status_code == 302, "a fact that is worked out is contested by what it rests on"
    assert answer.headers["Location"] == place(scene) + filters


def test_a_contest_without_words_keeps_what_was_typed(scene: Scene) -> None:
    said = {"wrong": "", "said_by": "office", "proof": "入伍通知书"}
    page = visitor("clerk").post(place(scene, "contest/is_veteran/"), said)
    assert "没有写明哪里不对" in seen(page, 422)
    assert 'value="入伍通知书"' in page.content.decode()


def test_a_worked_out_fact_leads_to_what_it_rests_on(scene: Scene) -> None:
    clerk = visitor("clerk")
    page = clerk.get(place(scene, "contest/is_three_kin/"))
    behind = rests_on("is_three_kin", BOOK)
    assert len(behind) > 1
    for name in behind:
        assert place(scene, f"contest/{name}/") in page.content.decode()
    assert "提出异议" not in seen(page)
    assert "出生日期" in seen(clerk.get(place(scene, "contest/age/")))


def test_an_answered_circumstance_is_answered_anew_on_the_spot(scene: Scene) -> None:
    clerk, link = visitor("clerk"), place(scene, "contest/is_unsupported/")
    assert 'class="ask"' not in clerk.get(link).content.decode()
    state(scene, "is_unsupported", "true")
    page = clerk.get(link).content.decode()
    assert 'class="ask"' in page
    assert clerk.post(place(scene, "facts/"), {"is_unsupported": "false"}).status_code == 302
    assert "孤老无赡养人：否" in seen(clerk.get(place(scene))).replace(" ", "")


@pytest.mark.parametrize("fact", ["no_such_fact", "is_party_member"])
def test_what_is_no_fact_of_the_visitors_is_not_found(scene: Scene, fact: str) -> None:
    assert visitor("clerk").get(place(scene, f"contest/{fact}/")).status_code == 404


def test_a_restricted_file_says_so_and_shows_nothing(scene: Scene) -> None:
    district = visitor("district")
    district.post(place(scene, "rights/requests/"), {"kind": "restrict", "asked_by": "self", "wish": "请办"})
    with acting_as(actor_of("city")):
        (request,) = registry.requests_of(scene.person, today=timezone.localtime().date())
    district.post(place(scene, f"rights/{request.id}/"), {"words": "照办。", "verdict": "done"})
    page = seen(visitor("clerk").get(place(scene, "contest/is_veteran/")), 422)
    assert "提出异议" not in page


# --- what is covered ----------------------------------------------------------------------------------------


def tell(scene: Scene, kind: str, **said: object) -> None:
    clerk = actor_of("clerk")
    with acting_as(clerk):
        registry.record(scene.person, kind=kind, said=said, by=clerk, now=timezone.localtime(), **TOLD)


def covered(scene: Scene, kind: str) -> registry.HeldAssertion:
    with acting_as(actor_of("city")):
        held = registry.assertions_held(
            scene.person, on=timezone.localtime().date(), known_at=timezone.localtime()
        )
    return next(each for each in held if each.kind == kind)


@pytest.mark.parametrize(
    ("kind", "said", "whole", "told"),
    [
        ("contact", {"number": "10000000007"}, "10000000007", "看完整号码（联系电话）"),
        ("residence", {"county": "370202", "address": "测试路 1 号"}, "测试路 1 号", "看完整地址（常住地）"),
    ],
)
def test_each_covered_thing_opens_against_a_purpose_that_is_kept(
    scene: Scene, kind: str, said: dict[str, str], whole: str, told: str
) -> None:
    clerk = visitor("clerk")
    tell(scene, kind, **said)
    there = place(scene, f"covered/{kind}/{covered(scene, kind).id}/")
    page = clerk.get(place(scene)).content.decode()
    assert there in page
    assert whole not in page
    assert whole not in clerk.post(there, {"purpose": "好奇"}).content.decode()
    assert whole in clerk.post(there, {"purpose": "联系本人、上门走访"}).content.decode()
    with acting_as_job("test.who-read"):
        (event,) = [
            each for each in audit.who_read(f"person:{scene.person}", limit=50) if "unmasked" in each.event
        ]
    assert (event.purpose, event.detail) == ("联系本人、上门走访", {"kind": kind})
    assert told in seen(clerk.get(place(scene, "reads/")))


def test_what_is_another_persons_or_not_covered_is_not_found(scene: Scene) -> None:
    tell(scene, "residence", county="370202")
    home = covered(scene, "residence").id
    for there in (f"covered/residence/{home}/", "covered/document/1/", f"covered/status/{home}/"):
        assert visitor("clerk").post(place(scene, there), {"purpose": "核对证件"}).status_code == 404


# --- what only some may learn -------------------------------------------------------------------------------


def test_party_membership_stands_in_the_timeline_without_its_content_for_who_may_not_learn_it(
    scene: Scene,
) -> None:
    state(scene, "is_party_member", "true", by="district")
    clerk, district = seen(visitor("clerk").get(place(scene))), seen(visitor("district").get(place(scene)))
    assert "内容要另外授权才能看" in clerk
    assert "中共党员：" not in clerk
    assert "中共党员：是" in district


def test_a_clerk_neither_answers_it_nor_hands_out_a_copy_with_it(scene: Scene) -> None:
    clerk, district = visitor("clerk"), visitor("district")
    assert "敏感个人信息" in seen(clerk.post(place(scene, "facts/"), {"is_party_member": "true"}), 422)
    clerk.post(place(scene, "rights/requests/"), {"kind": "copy", "asked_by": "self"})
    with acting_as(actor_of("city")):
        (request,) = registry.requests_of(scene.person, today=timezone.localtime().date())
    copy = place(scene, f"rights/{request.id}/copy/")
    assert clerk.post(copy, {"format": "json"}).status_code == 200
    state(scene, "is_party_member", "true", by="district")
    assert "请区市经办" in seen(clerk.post(copy, {"format": "json"}), 422)
    assert "is_party_member" in district.post(copy, {"format": "json"}).content.decode()
