"""The pages of duplicates and merges: what they show, what they do, who is logged as seen."""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from rongjun.access.api import acting_as
from rongjun.audit import api as audit
from rongjun.registry import api as registry
from rongjun.registry.models import DuplicateCandidate, Merge
from rongjun.registry.tests import scene
from rongjun.registry.tests.scene import actor, open_file, state, visitor
from rongjun.registry.tests.strategies import NEXT_DOOR, TODAY, cells, number
from rongjun.registry.tests.test_merges import merged
from tests.cluster import as_owner

pytestmark = pytest.mark.django_db
PHONE = {"手机号码": "10000000001"}


@pytest.fixture(autouse=True)
def _city(db: None, settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    Path(settings.STATIC_ROOT).mkdir(exist_ok=True)  # where nothing is collected, WhiteNoise warns
    scene.add_places()


@pytest.fixture
def two() -> tuple[UUID, UUID]:
    """Two files that are proposed as one person's."""
    files = open_file(row=cells(1, **PHONE)), open_file(row=cells(3, 姓名="测试张三0001", **PHONE))
    registry.find_duplicates(by="test:search", on=TODAY, now=timezone.localtime())
    return files


def seen(response: Any) -> str:
    assert response.status_code == 200, response.status_code
    return html.unescape(response.content.decode())


def file_of(person: UUID) -> str:
    return reverse("desk:person", args=[person])


def candidate() -> str:
    with as_owner():
        return f"/registry/duplicates/{DuplicateCandidate.objects.get().pk}/"


def proposed(kept: UUID, *, by: Client) -> str:
    """Propose on the page; the address of the merge."""
    said = {"what": "propose", "keep": str(kept), "reason": "电话核对过，是同一个人"}
    answer = by.post(candidate(), said)
    assert answer.status_code == 302
    return str(answer["Location"])


def test_a_pair_goes_from_the_list_to_one_file_and_back_to_two(two: tuple[UUID, UUID]) -> None:
    clerk, officer = visitor("clerk"), visitor("district")
    listed = seen(clerk.get("/registry/duplicates/"))
    assert "测试张三0001 和 测试张三0001" in listed
    assert "像：姓名、出生日期都相同" in listed
    beside = seen(clerk.get(candidate()))
    assert "不像：两份档案各有一个有效的居民身份证号码，号码不同" in beside
    assert number(1) not in beside
    merge = proposed(two[0], by=clerk)
    assert "由区市或市局经办人批准" in seen(clerk.get(merge))
    assert clerk.post(f"{merge}decide/", {"what": "approve"}).status_code == 403
    assert "等批准的合并" in seen(officer.get("/registry/duplicates/"))
    officer.post(f"{merge}decide/", {"what": "approve"})

    moved = clerk.get(file_of(two[1]))
    assert moved.status_code == 302
    assert moved["Location"] == file_of(two[0])
    file = seen(clerk.get(file_of(two[0])))
    assert "这份档案已经并入下面这一份" in file
    assert "测试张三0001 的另一份档案" in file
    assert "共 1 人" in seen(clerk.get("/registry/people/"))

    state(two[0], "is_unsupported", "true", now=timezone.localtime())
    page = seen(officer.get(merge))
    assert "补充情况：is_unsupported = true" in page
    with acting_as(actor("district")):
        (later,) = registry.later_said_of(UUID(merge.split("/")[-2]))
    officer.post(f"{merge}decide/", {"what": "unmerge", "reason": "打错了", "theirs": [later.name]})
    assert "共 2 人" in seen(clerk.get("/registry/people/"))
    assert "孤老无赡养人：是" in seen(clerk.get(file_of(two[1])))
    assert "已解除" in seen(officer.get(merge))


def test_not_the_same_person_leaves_the_list(two: tuple[UUID, UUID]) -> None:
    clerk = visitor("clerk")
    address = candidate()
    assert clerk.post(address, {"what": "different", "reason": ""}).status_code == 422
    assert clerk.post(address, {"what": "different", "reason": "是双胞胎兄弟"}).status_code == 302
    assert "没有疑似重复" in seen(clerk.get("/registry/duplicates/"))
    assert "是双胞胎兄弟" in seen(clerk.get(address))


def test_whoever_proposed_is_told_that_another_must_approve(two: tuple[UUID, UUID]) -> None:
    officer = visitor("district")
    merge = proposed(two[0], by=officer)
    assert "请另一位经办人批准" in seen(officer.get(merge))
    answer = officer.post(f"{merge}decide/", {"what": "approve"})
    assert answer.status_code == 422
    assert "提出的人不能自己批准" in answer.content.decode()
    with as_owner():
        assert Merge.objects.get().at is None


@pytest.mark.parametrize("what", ["", "delete", "__class__"])
def test_a_decision_that_is_none_is_not_found(two: tuple[UUID, UUID], what: str) -> None:
    merge = proposed(two[0], by=visitor("clerk"))
    assert visitor("district").post(f"{merge}decide/", {"what": what}).status_code == 404


def test_a_number_in_a_reason_is_covered(two: tuple[UUID, UUID]) -> None:
    said = {"what": "different", "reason": f"号码是 {number(1)}"}
    visitor("clerk").post(candidate(), said)
    with as_owner():
        assert number(1) not in DuplicateCandidate.objects.get().reason


def test_whoever_is_shown_is_logged(two: tuple[UUID, UUID]) -> None:
    visitor("clerk").get(candidate())
    with acting_as(actor("auditor")):
        (event,) = audit.events(audit.Filter(event="registry.people-listed"))
    assert set(event.about) == {f"person:{file}" for file in two}
    assert event.purpose == "核对疑似重复"


@pytest.mark.parametrize(("login", "status"), [("clerk", 200), ("next-door", 404), ("auditor", 403)])
def test_a_pair_is_seen_where_it_belongs(two: tuple[UUID, UUID], login: str, status: int) -> None:
    assert visitor(login).get(candidate()).status_code == status


# --- a pair the search missed -------------------------------------------------------------------------------

ADD = "/registry/duplicates/add/"


@pytest.fixture
def apart() -> tuple[UUID, UUID]:
    """Two files nothing but somebody's memory brings together."""
    files = open_file(row=cells(1)), open_file(row=cells(5, 姓名="测试王五"))
    registry.find_duplicates(by="test:search", on=TODAY, now=timezone.localtime())
    with as_owner():
        assert not DuplicateCandidate.objects.exists()
    return files


def test_a_pair_the_search_missed_is_looked_up_and_goes_the_same_road(apart: tuple[UUID, UUID]) -> None:
    one, other = apart
    clerk, officer = visitor("clerk"), visitor("district")
    assert f"{ADD}?one={one}" in seen(clerk.get(file_of(one)))
    page = seen(clerk.post(f"{ADD}?one={one}", {"q": number(5)}))
    assert f'value="{other}"' in page
    answer = clerk.post(f"{ADD}?one={one}", {"other": str(other)})
    assert answer.headers["Location"] == candidate()
    beside = seen(clerk.get(candidate()))
    assert "不是夜里找出来的" in beside
    assert "测试王五" in beside
    merge = proposed(one, by=clerk)
    assert officer.post(f"{merge}decide/", {"what": "approve"}).status_code == 302
    assert "共 1 人" in seen(clerk.get("/registry/people/"))


def test_from_the_list_the_first_file_is_looked_up_first(apart: tuple[UUID, UUID]) -> None:
    one, other = apart
    clerk = visitor("clerk")
    assert ADD in seen(clerk.get("/registry/duplicates/"))
    assert f'value="{one}"' in seen(clerk.post(ADD, {"q": number(1)}))
    assert clerk.post(ADD, {"other": str(one)}).headers["Location"] == f"{ADD}?one={one}"
    again = [clerk.post(f"{ADD}?one={one}", {"other": str(other)}) for _ in range(2)]
    assert {each.headers["Location"] for each in again} == {candidate()}, "the pair that waits is the pair"


def test_a_pair_is_put_forward_of_two_files_in_scope(apart: tuple[UUID, UUID]) -> None:
    one, _ = apart
    far = open_file(by="next-door", row=cells(7, 姓名="测试赵六", 服务站区划代码=str(NEXT_DOOR)))
    clerk = visitor("clerk")
    assert "您管辖的档案里没有找到" in seen(clerk.post(f"{ADD}?one={one}", {"q": number(7)}))
    for other in (far, one):
        assert clerk.post(f"{ADD}?one={one}", {"other": str(other)}).status_code == 422
    assert clerk.get(f"{ADD}?one={far}").status_code == 404
    assert clerk.get(f"{ADD}?one=nobody").status_code == 200
    with as_owner():
        assert not DuplicateCandidate.objects.exists()


def test_two_files_that_are_one_persons_already_are_not_put_forward(apart: tuple[UUID, UUID]) -> None:
    one, other = apart
    merged(one, other, at=timezone.localtime())
    answer = visitor("clerk").post(f"{ADD}?one={one}", {"other": str(other)})
    assert answer.status_code == 422
