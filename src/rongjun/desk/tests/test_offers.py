"""Offers on a file, the list of those entitled no more, take-up, and the desk of the policy officer."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from rongjun.access.api import acting_as
from rongjun.benefits import api as benefits
from rongjun.desk.http import editions
from rongjun.places import api as places
from rongjun.rules.api import read_folder
from tests.house.scene import (
    Scene,
    actor_of,
    hire,
    judge_and_offer,
    no_longer_entitled,
    offer_and_count,
    visitor,
)

pytestmark = pytest.mark.django_db
PLAQUE = "honour.plaque"


@pytest.fixture
def offered(scene: Scene) -> Scene:
    """The scene after a night: everybody judged, and what needs no form offered."""
    judge_and_offer()
    return scene


def offer_of(person: UUID) -> UUID:
    with acting_as(actor_of("city")):
        return next(each.id for each in benefits.offers_of([person]) if each.code == PLAQUE)


def enrolments(person: UUID) -> list[benefits.EnrolmentLine]:
    with acting_as(actor_of("city")):
        return benefits.enrolments_of([person])


def answer(client: Client, person: UUID, **said: str) -> int:
    url = reverse("desk:answer-offer", args=[person, offer_of(person)])
    return client.post(url, {"channel": "counter", **said}).status_code


def file(client: Client, person: UUID) -> str:
    return client.get(reverse("desk:person", args=[person])).content.decode()


def test_a_clerk_reads_the_notice_and_takes_the_persons_yes(offered: Scene) -> None:
    client = visitor("clerk")
    before = file(client, offered.person)
    assert "悬挂光荣牌" in before
    assert "不影响您的其他优待" in before
    assert answer(client, offered.person, answer="accept") == 302
    after = file(client, offered.person)
    assert "享受中" in after
    assert [line.code for line in enrolments(offered.person)] == [PLAQUE]
    assert answer(client, offered.person, answer="decline") == 422


def test_a_no_is_kept_in_the_persons_words(offered: Scene) -> None:
    client = visitor("clerk")
    assert answer(client, offered.person, answer="decline", words="家里挂不下") == 302
    shown = file(client, offered.person)
    assert "家里挂不下" in shown
    assert "本人不要" in shown
    assert enrolments(offered.person) == []


def test_an_answer_without_how_it_was_said_or_of_neither_kind_is_told_so(offered: Scene) -> None:
    client = visitor("clerk")
    assert answer(client, offered.person, answer="accept", channel="") == 422
    assert answer(client, offered.person, answer="perhaps") == 400
    assert answer(visitor("neighbour"), offered.person, answer="accept") == 422
    assert enrolments(offered.person) == []


def test_a_person_leaves_what_they_have(offered: Scene) -> None:
    client = visitor("clerk")
    answer(client, offered.person, answer="accept")
    (line,) = enrolments(offered.person)
    url = reverse("desk:leave-benefit", args=[offered.person, line.id])
    assert client.post(url, {"reason": ""}).status_code == 422
    assert client.post(url, {"reason": "搬走了"}).status_code == 302
    assert "搬走了" in file(client, offered.person)


def test_the_list_of_those_entitled_no_more_is_decided_by_an_officer(offered: Scene) -> None:
    answer(visitor("clerk"), offered.person, answer="accept")
    enrolment, district = no_longer_entitled(offered.person), visitor("district")
    listed = district.get(reverse("desk:not-entitled")).content.decode()
    assert "悬挂光荣牌" in listed
    assert "没有人决定以前，照样享受" in district.get(reverse("desk:today")).content.decode()
    url = reverse("desk:decide-enrolment", args=[enrolment])
    day = (timezone.localtime().date() + timedelta(days=30)).isoformat()
    # Today's judgement still says granted: it cannot be ended, and may be kept.
    assert district.post(url, {"decision": "end", "reason": "x"}).status_code == 422
    assert district.post(url, {"decision": "keep", "reason": "在复核"}).status_code == 422
    assert (
        visitor("neighbour").post(url, {"decision": "keep", "reason": "x", "until": day}).status_code == 422
    )
    assert district.post(url, {"decision": "keep", "reason": "在复核", "until": day}).status_code == 302
    assert "没有要决定的" in district.get(reverse("desk:not-entitled")).content.decode()
    assert "在复核" in file(district, offered.person)


def test_the_figures_of_the_take_up_open_into_the_people_they_count(offered: Scene) -> None:
    answer(visitor("clerk"), offered.person, answer="accept")
    offer_and_count()
    client = visitor("city")
    page = client.get(reverse("desk:policy-take-up")).content.decode()
    row = next(part for part in page.split("<tr>") if "悬挂光荣牌" in part)
    links = re.findall(r'<a href="([^"]+/take-up/[^"]+/(\S+?)/)">([\d,]+)</a>', row)
    figures = {figure: (url, int(count.replace(",", ""))) for url, figure, count in links}
    assert figures["accepted"][1] == 1
    assert figures["entitled"][1] == sum(count for name, (_, count) in figures.items() if name != "entitled")
    for url, count in figures.values():
        assert f"共 {count} 人" in client.get(url).content.decode()


def test_take_up_is_told_by_county_and_a_county_sees_its_own(offered: Scene) -> None:
    whole = visitor("city").get(reverse("desk:policy-take-up-benefit", args=[PLAQUE])).content.decode()
    own = visitor("district").get(reverse("desk:policy-take-up-benefit", args=[PLAQUE])).content.decode()
    (home, home_name), (other, other_name) = ((each.code, each.name) for each in places.city().counties[:2])
    assert home_name in whole
    assert other_name in whole
    assert home_name in own
    assert other_name not in own
    url = reverse("desk:policy-take-up-people", args=[PLAQUE, "entitled"])
    assert visitor("district").get(url, {"county": home}).status_code == 200
    assert visitor("district").get(url, {"county": other}).status_code == 404
    assert visitor("city").get(url, {"county": "everywhere"}).status_code == 404


def test_a_clerk_of_a_station_has_figures_too(offered: Scene) -> None:
    page = visitor("clerk").get(reverse("desk:policy-take-up")).content.decode()
    assert "悬挂光荣牌" in page
    assert "还没有统计" not in page


def test_before_the_first_night_the_page_says_what_to_do(scene: Scene) -> None:
    assert "还没有统计" in visitor("city").get(reverse("desk:policy-take-up")).content.decode()


# --- the policy desk ----------------------------------------------------------------------------------------


@pytest.fixture
def policy(scene: Scene) -> Client:
    """The policy officer, with a book adopted by them."""
    hire("lawyer", name="测试法规", role="policy-officer", division=places.city().code)
    client = visitor("lawyer")
    assert adopt(client, "局发〔示例〕7号").status_code == 302
    return client


def adopt(client: Client, document: str, digest: str | None = None) -> Any:
    if digest is None:
        with acting_as(actor_of("city")):
            digest = editions._read(editions._files(), frozenset(benefits.book().confirmations)).digest
    return client.post(reverse("desk:policy-adopt"), {"document": document, "digest": digest})


def changed(monkeypatch: pytest.MonkeyPatch, old: str, new: str) -> None:
    """The policy files on disk are others now."""
    source = Path(settings.POLICY_ROOT)
    files = read_folder(source)
    name = next(name for name in files if name.endswith("/honour/plaque.yaml"))
    assert old in files[name].decode()
    spoiled = {**files, name: files[name].decode().replace(old, new).encode()}
    monkeypatch.setattr(editions, "read_folder", lambda _root: spoiled)


def test_a_draft_shows_what_it_changes_before_it_is_adopted_with_a_document(
    policy: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "没有改动" in policy.get(reverse("desk:policy-draft")).content.decode()
    changed(monkeypatch, "answer_days: 60", "answer_days: 30")
    page = policy.get(reverse("desk:policy-draft")).content.decode()
    assert "改了 1 项" in page
    assert "30 天内答复" in page
    with acting_as(actor_of("city")):
        drafted = editions._read(editions._files(), frozenset(benefits.book().confirmations)).digest
    assert f'name="digest" value="{drafted}"' in page, "what is looked at is what is adopted"
    assert adopt(policy, " ").status_code == 422
    assert adopt(policy, "局发〔示例〕8号", digest="another").status_code == 422
    assert adopt(visitor("city"), "局发〔示例〕8号").status_code == 403
    assert adopt(policy, "局发〔示例〕8号").status_code == 302
    year = policy.get(reverse("desk:policy-year")).content.decode()
    assert "局发〔示例〕8号" in year
    assert "测试法规" in year


def test_files_with_a_fault_are_named_and_cannot_be_adopted(
    policy: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed(monkeypatch, "answer_days: 60", "answer_days: 6000")
    page = policy.get(reverse("desk:policy-draft")).content.decode()
    assert "先改好 1 处" in page
    assert "答复天数" in page
    assert adopt(policy, "局发〔示例〕8号", digest="").status_code == 422


def test_a_wording_is_confirmed_on_its_page_and_the_year_tells_by_whom(policy: Client) -> None:
    page, url = (reverse(f"desk:policy-{name}", args=[PLAQUE]) for name in ("benefit", "confirm"))
    assert "凭哪份文件确认" in policy.get(page).content.decode()
    assert policy.post(url, {"document": ""}).status_code == 422
    assert policy.post(url, {"document": "局函〔示例〕1号"}).status_code == 302
    assert "局方已确认" in policy.get(page).content.decode()
    year = policy.get(reverse("desk:policy-year")).content.decode()
    assert "局函〔示例〕1号" in year
    assert policy.post(url, {"document": "局函〔示例〕2号"}).status_code == 422


def test_a_year_tells_what_began_and_how_many_it_reaches(offered: Scene) -> None:
    page = visitor("city").get(reverse("desk:policy-year"), {"year": "2026"}).content.decode()
    assert "开始免申即享的" in page
    row = next(part for part in page.split("<tr>") if "悬挂光荣牌" in part)
    with acting_as(actor_of("city")):
        kept = benefits.kept_sweep()
        assert kept
        assert f">{kept.counts[PLAQUE][0]}</a>" in row
    for wrong in ("20", "abcd", "9999", "２０２６"):
        assert visitor("city").get(reverse("desk:policy-year"), {"year": wrong}).status_code == 404
