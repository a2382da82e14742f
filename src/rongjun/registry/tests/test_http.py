"""The registry's pages: who may, what they show, what is logged, what a bad upload is told."""

from __future__ import annotations

import html
import io
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from openpyxl import load_workbook

from rongjun.access.api import acting_as, acting_as_job
from rongjun.audit import api as audit
from rongjun.registry.jobs import load_rosters
from rongjun.registry.models import Person
from rongjun.registry.queries import whereabouts
from rongjun.registry.tests import scene
from rongjun.registry.tests.scene import CAST, actor, hand_in, open_file, visitor
from rongjun.registry.tests.strategies import ELSEWHERE, NEXT_DOOR, cells, number, real_looking
from rongjun.registry.workbook import SHEET, roster_workbook
from tests.cluster import as_owner

pytestmark = pytest.mark.django_db
WORKERS = {"clerk", "colleague", "next-door", "district", "neighbour", "city"}
PAGES = ("/registry/people/", "/registry/imports/", "/registry/imports/template.xlsx")


@pytest.fixture(autouse=True)
def _city(db: None, settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    Path(settings.STATIC_ROOT).mkdir(exist_ok=True)  # where nothing is collected, WhiteNoise warns
    scene.add_places()


def seen(response: Any) -> str:
    return html.unescape(response.content.decode())


def upload(content: bytes, *, name: str = "花名册.xlsx", by: str = "clerk") -> Any:
    return visitor(by).post("/registry/imports/", {"file": SimpleUploadedFile(name, content)})


def notes(event: str) -> list[audit.Record]:
    with acting_as(actor("auditor")):
        return audit.events(audit.Filter(event=event))


# --- who may ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("login", [*CAST, "stranger"])
def test_only_those_who_work_with_people_see_these_pages(page: str, login: str) -> None:
    response = visitor(login).get(page)
    if login == "stranger":
        assert response.status_code == 302
        assert response["Location"].startswith("/accounts/login/")
    else:
        assert response.status_code == (200 if login in WORKERS else 403)


@pytest.mark.parametrize("login", [*CAST, "stranger"])
def test_only_those_who_work_with_people_hand_in_rosters(login: str) -> None:
    content = roster_workbook([cells(1)])
    response = upload(content, by=login)
    assert response.status_code == (302 if login in WORKERS | {"stranger"} else 403)
    with as_owner():
        opened = set(Person.objects.values_list("division", flat=True))
    may = login in {"clerk", "colleague", "district", "city"}
    assert opened == ({int(cells(1)["服务站区划代码"])} if may else set())


@pytest.mark.parametrize(
    ("login", "status"), [("clerk", 200), ("district", 200), ("next-door", 404), ("neighbour", 404)]
)
def test_a_report_is_seen_where_it_belongs(login: str, status: int) -> None:
    roster = hand_in([cells(1)])
    assert visitor(login).get(f"/registry/imports/{roster}/").status_code == status


def test_a_report_that_is_none_is_not_found() -> None:
    assert visitor("clerk").get(f"/registry/imports/{uuid4()}/").status_code == 404


@pytest.mark.parametrize("page", PAGES)
def test_pages_are_read_and_not_written(page: str) -> None:
    client = visitor("clerk")
    assert client.put(page).status_code == 405
    if page == "/registry/imports/template.xlsx":
        assert client.post(page).status_code == 405


# --- the list of people -------------------------------------------------------------------------------------


def test_the_list_shows_people_in_scope_covered() -> None:
    hand_in([cells(1)])
    hand_in([cells(2, 姓名="测试邻居", 服务站区划代码=str(ELSEWHERE))], by="neighbour")
    page = seen(visitor("clerk").get("/registry/people/"))
    for there in ("测试张三0001", "共 1 人", "男，", "市南区 · 示范一街道", "退役军人"):
        assert there in page
    for absent in ("测试邻居", number(1), number(2)):
        assert absent not in page


def test_the_ids_on_a_list_are_logged() -> None:
    people = {f"person:{open_file(row=cells(n))}" for n in (1, 2)}
    visitor("clerk").get("/registry/people/")
    visitor("clerk").get("/registry/people/?q=nobody")
    (event,) = notes("registry.people-listed")
    assert set(event.about) == people
    assert (event.actor, event.purpose, event.source) == ("staff:clerk", "列表", "/registry/people/")


def test_a_number_searched_for_is_not_logged() -> None:
    open_file(row=cells(1))
    response = visitor("clerk").post("/registry/people/", {"q": number(1)})
    assert "测试张三0001" in seen(response)
    assert number(1) not in seen(response)
    (event,) = notes("registry.people-listed")
    assert number(1) not in str(event)


def test_a_number_in_an_address_is_not_looked_for() -> None:
    open_file(row=cells(1))
    page = seen(visitor("clerk").get("/registry/people/", {"q": number(1)}))
    assert "测试张三0001" not in page
    assert "完整号码不能放在网址里" in page


def test_a_name_typed_into_the_search_box_becomes_an_address_and_a_number_does_not() -> None:
    client = visitor("clerk")
    assert (
        client.post("/registry/people/", {"q": "张三"})["Location"]
        == "/registry/people/?q=%E5%BC%A0%E4%B8%89"
    )
    assert client.post("/registry/people/", {"q": number(1)}).status_code == 200
    assert client.post("/registry/people/", {"q": "10000000001"}).status_code == 200


# --- beyond one's own divisions -----------------------------------------------------------------------------


def look_up(typed: str, *, by: str = "clerk", purpose: str = "核对证件") -> Any:
    return visitor(by).post("/registry/look-up/", {"number": typed, "purpose": purpose})


def test_a_number_is_found_in_the_whole_city_and_only_said_to_be_there() -> None:
    person = open_file(by="neighbour", row=cells(1, 姓名="测试邻居", 服务站区划代码=str(ELSEWHERE)))
    page = seen(look_up(number(1)))
    assert "测***" in page
    assert "示范一街道" in page
    for secret in (number(1), "测试邻居", str(person), number(1)[-4:]):
        assert secret not in page
    (event,) = notes("registry.number-looked-up")
    assert (event.actor, event.purpose, event.detail) == ("staff:clerk", "核对证件", {"found": True})
    (read,) = notes("registry.whereabouts-read")
    assert list(read.about) == [f"person:{person}"]
    assert number(1) not in str(event) + str(read)


def test_a_number_nobody_has_is_said_to_be_nowhere_and_noted() -> None:
    assert "全市没有这个号码的档案" in seen(look_up(number(5)))
    (event,) = notes("registry.number-looked-up")
    assert event.detail == {"found": False}


@pytest.mark.parametrize(
    ("typed", "purpose", "why"),
    [("张三", "核对证件", "完整的证件号码"), ("", "核对证件", "完整的证件号码"), (None, "好奇", "先选用途")],
)
def test_a_look_without_a_number_or_a_purpose_is_none(typed: str | None, purpose: str, why: str) -> None:
    response = look_up(number(1) if typed is None else typed, purpose=purpose)
    assert response.status_code == 422
    assert why in seen(response)
    assert notes("registry.number-looked-up") == []


def test_whoever_looks_too_often_is_stopped_and_that_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rongjun.registry.actions.looking.MOST_AN_HOUR", 2)
    assert [look_up(number(n)).status_code for n in (1, 2, 3)] == [200, 200, 422]
    assert look_up(number(4), by="colleague").status_code == 200
    assert [event.result for event in notes("registry.number-looked-up")].count("refused") == 1


def test_the_look_beyond_the_scope_is_closed_in_the_database_to_whoever_may_not() -> None:
    open_file(by="neighbour", row=cells(1, 服务站区划代码=str(ELSEWHERE)))
    for login, sees in {"clerk": True, "auditor": False}.items():
        with acting_as(actor(login)):
            assert (whereabouts(number(1)) is not None) == sees


@pytest.mark.parametrize("q", ["%", "\x00", "建" * 500, "<script>alert(1)</script>", "'", "１" * 600])
def test_a_strange_search_finds_nobody(q: str) -> None:
    open_file(row=cells(1))
    response = visitor("clerk").get("/registry/people/", {"q": q})
    assert response.status_code == 200
    assert b"<script>alert" not in response.content
    assert "没有找到" in seen(response) or "完整号码不能放在网址里" in seen(response)


@pytest.mark.parametrize("page", ["0", "-1", "x", "99", "9" * 30, "²", "１"])
def test_a_strange_page_number_is_a_page(page: str) -> None:
    open_file(row=cells(1))
    assert visitor("clerk").get("/registry/people/", {"page": page}).status_code == 200


def test_a_list_takes_as_many_queries_for_many_as_for_one(django_assert_max_num_queries: Any) -> None:
    hand_in([cells(n) for n in range(1, 61)])
    client = visitor("clerk")
    client.get("/registry/people/")
    with django_assert_max_num_queries(25):
        page = client.get("/registry/people/")
    assert "共 60 人" in seen(page)
    assert 'href="?page=2"' in seen(page) or "page=2" in seen(page)


# --- handing in ---------------------------------------------------------------------------------------------


def test_a_roster_handed_in_leads_to_its_report() -> None:
    content = roster_workbook([cells(1), cells(2, 姓名=""), cells(3)])
    client = visitor("clerk")
    response = client.post(
        "/registry/imports/", {"file": SimpleUploadedFile("花名册.xlsx", content)}, follow=True
    )
    page = seen(response)
    for there in ("共 <b>3</b> 行 = 新建 <b>2</b> + 已在册 <b>0</b> + 退回 <b>1</b>", "姓名没有填，请补上。"):
        assert there in page
    assert "花名册.xlsx" in seen(client.get("/registry/imports/"))


def test_a_long_roster_waits_for_the_worker_and_the_page_says_how_far(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("rongjun.registry.actions.rosters.PART", 2)
    monkeypatch.setattr("rongjun.registry.actions.PART", 2)
    response = upload(roster_workbook([cells(n) for n in range(1, 6)]))
    address, client = response["Location"], visitor("clerk")
    seen_so_far = []
    while 'id="progress"' in (page := seen(client.get(address))):
        assert "hx-trigger" in page
        seen_so_far.append(next(n for n in (0, 2, 4) if f"{n} / 5" in page))
        with acting_as_job("registry.load-rosters"):
            load_rosters()
    assert seen_so_far == [0, 2, 4]
    assert "共 <b>5</b> 行 = 新建 <b>5</b>" in page


def test_refused_rows_are_given_back_to_whoever_handed_them_in_and_that_is_logged() -> None:
    response = upload(roster_workbook([cells(1), cells(2, 姓名="")]))
    address = response["Location"] + "refused.xlsx"
    assert visitor("colleague").get(address).status_code == 403
    assert visitor("next-door").get(address).status_code == 404
    sheet = load_workbook(io.BytesIO(visitor("clerk").get(address).content))[SHEET]
    assert sheet["C2"].value == number(2)
    (event,) = notes("registry.refused-rows-exported")
    assert (event.actor, event.detail) == ("staff:clerk", {"rows": 1})
    assert number(2) not in str(event)


def test_a_roster_comes_as_text_too() -> None:
    text = ",".join(cells(1)) + "\n" + ",".join(cells(1).values())
    response = upload(text.encode("gb18030"), name="花名册.csv")
    assert response.status_code == 302
    with as_owner():
        assert Person.objects.count() == 1


# --- what the old system had done ---------------------------------------------------------------------------


def paid(yuan: str) -> bytes:
    head = f"总行数,1,总金额,{yuan}\n证件号码,项目代码,已发月份,已发金额\n"
    return f"{head}{number(1)},示例,2026-08,{yuan}\n".encode()


def test_a_file_of_the_old_system_is_taken_over_and_compared_on_the_page() -> None:
    hand_in([cells(1)])
    client = visitor("city")
    file = SimpleUploadedFile("已发.csv", paid("10.50"))
    page = seen(client.post("/registry/cutover/", {"file": file}, follow=True))
    assert "10.50" in page
    other = SimpleUploadedFile("已发.csv", paid("10.75"))
    page = seen(client.post("/registry/cutover/compare/", {"file": other}))
    for there in ("不一致 <b>1</b>", "-0.25", "旧 10.75 元，新 10.50 元"):
        assert there in page
    other = SimpleUploadedFile("已发.csv", paid("10.75"))
    answer = client.post("/registry/cutover/compare/", {"file": other, "as": "xlsx"})
    assert load_workbook(io.BytesIO(answer.content)).sheetnames == ["差异清单"]
    assert visitor("clerk").get("/registry/cutover/").status_code == 403


def test_a_file_that_does_not_add_up_is_refused_on_the_page() -> None:
    content = paid("10").replace("总金额,10".encode(), "总金额,11".encode())
    response = visitor("city").post("/registry/cutover/", {"file": SimpleUploadedFile("已发.csv", content)})
    assert response.status_code == 422
    assert "11.00 元，实际是 1 行、10.00 元" in seen(response)


def test_whoever_is_named_in_a_report_has_been_read() -> None:
    roster = hand_in([cells(1), cells(2), cells(3, 姓名="")])
    visitor("clerk").get(f"/registry/imports/{roster}/")
    (event,) = notes("registry.people-listed")
    assert len(event.about) == 2
    assert event.purpose == "查看导入结果"


def test_a_long_report_comes_in_pages() -> None:
    roster = hand_in([cells(n) for n in range(1, 61)] + [cells(n, 姓名="") for n in range(100, 170)])
    first = seen(visitor("clerk").get(f"/registry/imports/{roster}/"))
    last = seen(visitor("clerk").get(f"/registry/imports/{roster}/?loaded=3&refused=3"))
    assert first.count("姓名没有填") == 25
    assert last.count("姓名没有填") == 20
    assert last.count("测试张三00") == 10


def test_a_person_who_moved_away_is_not_named() -> None:
    roster = hand_in([cells(1)])
    with as_owner():
        Person.objects.update(division=NEXT_DOOR)
    page = seen(visitor("clerk").get(f"/registry/imports/{roster}/"))
    assert "已转到别的服务站" in page
    assert "测试张三0001" not in page
    assert notes("registry.people-listed") == []


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"not a workbook\x00", "它不是 .xlsx 工作簿"),
        (b"PK\x03\x04", "文件打不开"),
        (roster_workbook([]), "表头下面没有内容"),
    ],
)
def test_a_file_that_cannot_be_read_is_answered_in_four_parts(content: bytes, why: str) -> None:
    response = upload(content)
    page = seen(response)
    assert response.status_code == 422
    for there in (why, "这个文件没有导入。", "为什么", "怎么办", "找谁"):
        assert there in page


def test_no_file_and_an_empty_file_are_told_apart_from_a_bad_one() -> None:
    for given in ({}, {"file": SimpleUploadedFile("空.xlsx", b"")}, {"file": "text"}):
        response = visitor("clerk").post("/registry/imports/", given)
        assert response.status_code == 422
        assert "没有收到文件。" in seen(response)


def test_a_file_too_large_is_not_read(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.LARGEST_UPLOAD = 2**20
    monkeypatch.setattr("rongjun.registry.http.read_roster", pytest.fail)
    response = upload(b"PK" + bytes(2**20))
    assert response.status_code == 422
    assert "文件有 2 MB，一次最多 1 MB" in seen(response)


@pytest.mark.parametrize(
    "name", ["../../etc/passwd.xlsx", "<img src=x onerror=alert(1)>.xlsx", "\r\nX: y.xlsx", "x" * 300]
)
def test_a_files_name_is_only_a_name(name: str) -> None:
    assert upload(roster_workbook([cells(1)]), name=name).status_code == 302
    page = visitor("clerk").get("/registry/imports/").content.decode()
    assert "<img" not in page.replace('<img src="/static', "")
    assert "etc/passwd" not in page


def test_a_number_in_a_files_name_is_covered() -> None:
    upload(roster_workbook([cells(1)]), name=f"名单{real_looking()}.xlsx")
    page = seen(visitor("clerk").get("/registry/imports/"))
    assert real_looking() not in page
    assert "名单37****" in page


def test_a_real_number_is_shown_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    whole = real_looking()
    with caplog.at_level("DEBUG"):
        response = upload(roster_workbook([cells(1, 证件号码=whole), cells(2, 姓名=whole)]))
        page = seen(visitor("clerk").get(response["Location"]))
    assert "演示和测试环境只接受虚构号码" in page
    assert whole not in page
    assert whole not in "".join(
        record.getMessage() for record in caplog.records if record.name != "django.db.backends"
    )


# --- the template -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("login", sorted(WORKERS))
def test_the_template_brings_examples_its_reader_can_load(login: str) -> None:
    response = visitor(login).get("/registry/imports/template.xlsx")
    assert "filename*=UTF-8''" in response["Content-Disposition"]
    book = load_workbook(io.BytesIO(response.content))
    for row in book["填写示例"].iter_rows(min_row=2, values_only=True):
        book[SHEET].append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    client: Client = visitor(login)
    page = seen(
        client.post(
            "/registry/imports/", {"file": SimpleUploadedFile("花名册.xlsx", buffer.getvalue())}, follow=True
        )
    )
    assert "建好 2 份档案" in page


# --- while somebody types -----------------------------------------------------------------------------------


def suggested(text: str, *, by: str = "clerk") -> str:
    return seen(visitor(by).post("/registry/people/suggest/", {"q": text}))


def test_whoever_is_suggested_is_in_scope_masked_and_logged() -> None:
    person = open_file(row=cells(1))
    page = suggested("测试")
    assert f"/desk/people/{person}/" in page
    assert number(1) not in page
    assert [event.about for event in notes("registry.people-listed")] == [(f"person:{person}",)]
    assert f"/desk/people/{person}/" not in suggested("测试", by="neighbour")


def test_a_single_letter_asks_nothing_and_a_single_character_does() -> None:
    open_file(row=cells(1, 姓名="测试张三"))
    assert "option" not in suggested("z")
    assert notes("registry.people-listed") == []
    assert "option" in suggested("张")


def test_of_many_the_first_eight_are_suggested() -> None:
    hand_in([cells(n) for n in range(1, 12)])
    page = suggested("测试")
    assert page.count('role="option"') == 8
    assert "找到 11 人" in page
    assert "全部列出" in page
