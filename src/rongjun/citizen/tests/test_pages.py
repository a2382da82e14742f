"""The citizen pages: one's own file, what is noted of each look, what a helper may and may not."""

from __future__ import annotations

import html
import io
import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from openpyxl import load_workbook

from rongjun.access.api import acting_as, acting_as_job
from rongjun.audit import api as audit
from rongjun.registry import api as registry
from tests.house.citizens import age_sign_in, answer_kept, file_of_citizen, open_without_file
from tests.house.papers import PNG
from tests.house.scene import CITIZEN, Scene, actor_of, bare_row, visitor

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("scene")]
READ_PAGES = ("/my/", "/my/benefits/", "/my/questions/", "/my/file/")


def said(response: Any, status: int = 200) -> str:
    """What a person reads, without tags."""
    assert response.status_code == status
    return html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode()))


def noted(event: str = "") -> list[Any]:
    with acting_as_job("test.look"):
        found = audit.events(audit.Filter(actor=f"citizen:{CITIZEN}"), limit=200)
    return [each for each in found if event in ("", each.event)]


@pytest.mark.parametrize("page", READ_PAGES)
def test_each_look_is_noted_in_the_citizens_name_with_its_purpose(page: str) -> None:
    said(visitor(CITIZEN).get(page))
    newest = noted("registry.person-read")[0]
    assert (newest.role, newest.about) == ("self", (f"person:{file_of_citizen()}",))
    assert newest.purpose
    assert newest.source == page


def test_the_numbers_of_the_home_page_are_those_of_the_list() -> None:
    client = visitor(CITIZEN)
    home = re.search(r"现在能享受 (\d+) 项", " ".join(said(client.get("/my/")).split()))
    listed = re.search(r"现在能享受 (\d+) 项", " ".join(said(client.get("/my/benefits/")).split()))
    assert home
    assert listed
    assert home[1] == listed[1] != "0"


def test_an_answer_is_kept_as_what_the_person_says_and_changes_the_list() -> None:
    client = visitor(CITIZEN)
    assert client.post("/my/answer/", {"is_unsupported": "true"}).status_code == 302
    row = answer_kept(file_of_citizen(), "is_unsupported")
    assert (row.value, row.source) == ("true", "本人说的（网上）")
    assert row.valid_to == row.valid_from + timedelta(days=365)


@pytest.mark.parametrize(
    "given", [{}, {"is_unsupported": "maybe"}, {"is_unsupported": "true", "sex": "male"}]
)
def test_what_is_no_answer_is_told_so(given: dict[str, str]) -> None:
    said(visitor(CITIZEN).post("/my/answer/", given), 422)


def test_contesting_becomes_a_request_with_a_day_and_is_seen_at_home() -> None:
    client = visitor(CITIZEN)
    asked = {"wish": "我有立功证书。"}
    assert client.post("/my/contest/?about=eldercare.collective-support", asked).status_code == 302
    page = said(client.get("/my/"))
    assert "我有立功证书" in page
    assert "最迟" in page
    assert "我有立功证书" in said(visitor("clerk").get(f"/desk/people/{file_of_citizen()}/rights/"))


def test_a_fact_a_benefit_rests_on_is_contested_and_the_desk_sees_it_so() -> None:
    client, person = visitor(CITIZEN), file_of_citizen()
    address = "/my/contest/?about=eldercare.collective-support"
    assert "退役军人：是" in said(client.get(address))
    asked = {"wish": "我不是退役军人。", "fact": "is_veteran"}
    assert client.post(address, asked).status_code == 302
    said(client.post(address, asked), 422)  # it is contested already
    with acting_as(actor_of("clerk")):
        assert set(registry.contests_of(person, today=timezone.localtime().date())) == {"is_veteran"}


@pytest.mark.parametrize("wish", ["", "  "])
def test_nothing_said_is_nothing_handed_in(wish: str) -> None:
    assert "还没写内容" in said(visitor(CITIZEN).post("/my/contest/", {"wish": wish}), 422)


def test_what_restricts_the_file_is_asked_for_and_decided_by_somebody_else() -> None:
    client, person = visitor(CITIZEN), file_of_citizen()
    assert client.post("/my/file/ask/restrict/", {"wish": "先别用我的信息。"}).status_code == 302
    city = actor_of("city")
    with acting_as(city):
        assert registry.restriction_of(person) is None
        (request,) = registry.requests_of(person, today=timezone.localtime().date())
        registry.answer_request(request.id, answer="照办。", by=city, now=timezone.localtime())
    assert "限制处理" in said(client.get("/my/"))
    assert "限制处理" in said(client.get("/my/benefits/"), 422)
    assert "限制处理" in said(client.get("/my/file/"))


def test_a_copy_is_whole_and_leaves_an_event() -> None:
    client = visitor(CITIZEN)
    number = bare_row("clerk", 905)["证件号码"]
    copied = json.loads(client.post("/my/file/copy/", {"format": "json"}).content)
    assert number in json.dumps(copied)
    assert copied["person"] == str(file_of_citizen())
    book = load_workbook(io.BytesIO(client.post("/my/file/copy/", {"format": "xlsx"}).content))
    assert any(number in str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row)
    assert len(noted("registry.person-exported")) == 2


def test_others_who_looked_are_told_by_name_and_ones_own_looks_are_counted() -> None:
    client = visitor(CITIZEN)
    assert "没有别人看过" in said(client.get("/my/reads/"))
    visitor("clerk").get(f"/desk/people/{file_of_citizen()}/")
    client.get("/my/")
    page = said(client.get("/my/reads/"))
    assert "测试王芳" in page
    assert "打开档案" in page
    assert "您自己看过" in page


def test_the_looks_are_kept_with_the_account_and_shown_at_the_door() -> None:
    client = visitor(CITIZEN)
    client.post("/my/settings/look/", {"large": "yes", "contrast": "yes"})
    assert b"data-elder" in client.get("/my/").content
    assert b'data-contrast="high"' in client.get("/my/").content
    client.post("/accounts/logout/")
    assert b"data-elder" in client.get("/").content
    assert b"data-elder" in visitor(CITIZEN).get("/my/").content
    assert b"data-elder" not in Client().get("/").content


def test_a_passkey_is_added_only_shortly_after_signing_in() -> None:
    client = visitor(CITIZEN)
    assert client.get("/accounts/2fa/passkeys/add/").status_code == 200
    age_sign_in(client, seconds=600)
    response = client.get("/accounts/2fa/passkeys/add/")
    assert response["Location"] == "/my/settings/"
    assert "重新登录" in said(client.get("/my/settings/"))


# --- acting for family --------------------------------------------------------------------------------------


def let_act(scene: Scene) -> Client:
    """The citizen, who acts for the person of the scene by a mandate of today."""
    clerk, now = actor_of("clerk"), timezone.localtime()
    with acting_as(clerk):
        registry.grant_mandate(
            scene.mandate,
            last_day=timezone.localtime().date() + timedelta(days=30),
            words="看了户口簿",
            by=clerk,
            now=now,
        )
    client = visitor(CITIZEN)
    assert client.post(f"/my/family/act/{scene.mandate}/").status_code == 302
    return client


def test_nobody_acts_before_a_clerk_has_granted_it(scene: Scene) -> None:
    client = visitor(CITIZEN)
    assert "等服务站核对" in said(client.get("/my/family/"))
    said(client.post(f"/my/family/act/{scene.mandate}/"), 404)


@pytest.mark.parametrize("page", READ_PAGES)
def test_every_page_says_for_whom_one_acts_and_is_a_look_at_them(scene: Scene, page: str) -> None:
    client = let_act(scene)
    assert "正在替" in said(client.get(page))
    newest = noted("registry.person-read")[0]
    assert (newest.role, newest.about) == ("helper", (f"person:{scene.person}",))


def test_a_helper_answers_in_their_own_name(scene: Scene) -> None:
    let_act(scene).post("/my/answer/", {"is_unsupported": "true"})
    row = answer_kept(scene.person, "is_unsupported")
    assert row.source == "代办人说的（网上，测试白纸905）"


@pytest.mark.parametrize("fact", sorted(registry.GUARDED))
def test_a_helper_neither_sees_nor_answers_what_is_guarded(scene: Scene, fact: str) -> None:
    said(let_act(scene).post("/my/answer/", {fact: "true"}), 422)


@pytest.mark.parametrize("address", ["family/", "family/ask/", "file/ask/restrict/", "file/copy/"])
def test_what_only_the_person_may_do_is_not_done_for_them(scene: Scene, address: str) -> None:
    client = let_act(scene)
    answer = client.post(f"/my/{address}") if address.endswith("copy/") else client.get(f"/my/{address}")
    assert "不能代办" in said(answer, 422)


def test_a_mandate_that_ended_meanwhile_is_told_and_one_is_oneself_again(scene: Scene) -> None:
    client, clerk = let_act(scene), actor_of("clerk")
    with acting_as(clerk):  # the clock of the database stands still during a test
        registry.end_mandate(scene.mandate, by=clerk, now=timezone.localtime() - timedelta(hours=1))
    assert client.get("/my/")["Location"] == "/my/"
    page = said(client.get("/my/"))
    assert "换回了您自己" in page
    assert "测试白纸905" in page


def test_asking_to_act_hands_a_proof_to_the_relatives_station() -> None:
    client, row = visitor(CITIZEN), bare_row("clerk", 901)
    given = {"name": row["姓名"], "number": row["证件号码"], "relation": "parent"}
    given["name"] = "测试重复建档"
    paper = io.BytesIO(PNG)
    paper.name = "户口簿.png"
    assert client.post("/my/family/ask/", {**given, "file": paper}).status_code == 302
    desk = said(visitor("clerk").get("/desk/mandates/"))
    assert "测试重复建档" in desk
    assert "测试白纸905" in desk


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"name": "测试别人"}, "对不上"),
        ({"number": "一二三"}, "对不上"),
        ({"relation": "friend"}, "没有选"),
    ],
)
def test_an_unclear_wish_to_act_is_told_what_is_missing(changed: dict[str, str], words: str) -> None:
    row = bare_row("clerk", 901)
    given = {"name": "测试重复建档", "number": row["证件号码"], "relation": "parent", **changed}
    assert words in said(visitor(CITIZEN).post("/my/family/ask/", given), 422)


def test_an_account_whose_file_is_nowhere_is_told_so() -> None:
    open_without_file("c-nobody")
    assert "没有对上档案" in said(visitor("c-nobody").get("/my/"), 422)
