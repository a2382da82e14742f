"""The pages of a person's rights, of who looked, and of lists taken out."""

from __future__ import annotations

import html
import io
import json
import re
from collections import Counter
from typing import Any
from uuid import UUID

import pytest
from django.test import Client, override_settings
from django.utils import timezone
from openpyxl import load_workbook

from rongjun.access.api import acting_as, acting_as_job
from rongjun.audit import api as audit
from rongjun.registry import api as registry
from tests.house.scene import Scene, actor_of, bare_row, hand_in, hire, visitor

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("scene")]


def seen(response: Any, status: int = 200) -> str:
    """What a person reads, without tags."""
    assert response.status_code == status
    return html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode()))


def place(scene: Scene, rest: str = "") -> str:
    return f"/desk/people/{scene.person}/{rest}"


def receive(client: Client, scene: Scene, kind: str, **said: str) -> UUID:
    given = {"kind": kind, "asked_by": "self", "wish": "请办", **said}
    assert client.post(place(scene, "rights/requests/"), given).status_code == 302
    with acting_as(actor_of("city")):
        return registry.requests_of(scene.person, today=timezone.localtime().date())[0].id


def restrict(scene: Scene) -> None:
    district = visitor("district")
    request = receive(district, scene, "restrict")
    district.post(place(scene, f"rights/{request}/"), {"words": "照办。", "verdict": "done"})


# --- who looked (AU-08) -------------------------------------------------------------------------------------


def test_the_page_of_who_looked_equals_the_query_of_the_evidence(scene: Scene) -> None:
    clerk, district = visitor("clerk"), visitor("district")
    clerk.get(place(scene))
    clerk.get("/registry/people/")
    clerk.post(place(scene, f"covered/document/{scene.document}/"), {"purpose": "核对证件"})
    district.get(place(scene))
    clerk.post("/desk/exports/", {"q": "", "reason": "核对在册名单"})
    with acting_as_job("test.who-read"):
        records = audit.who_read(f"person:{scene.person}", limit=200)
    page = seen(visitor("city").get(place(scene, "reads/")))
    with acting_as(actor_of("city")):
        lines = registry.reads_of(scene.person)
    assert [(line.id, line.at, line.purpose) for line in lines] == [(r.id, r.at, r.purpose) for r in records]
    shown = Counter(re.findall(r"\d\d:\d\d:\d\d", page))
    assert shown == Counter(timezone.localtime(record.at).strftime("%H:%M:%S") for record in records)
    words = {"打开档案", "出现在名单里", "看完整号码（证件）", "随名单导出"}
    assert words == {line.what for line in lines}
    assert all(word in page for word in words)


def test_who_looked_names_people_with_role_and_place_and_says_why(scene: Scene) -> None:
    visitor("district").get(place(scene))
    with acting_as(actor_of("clerk")):
        line = registry.reads_of(scene.person)[0]
    district = actor_of("district")
    assert (line.who, line.role, line.place) == (district.name, district.role_label, district.division_label)
    assert line.purpose == "查看档案"
    page = seen(visitor("clerk").get(place(scene, "reads/")))
    assert district.name in page
    assert district.division_label in page


def test_looking_at_who_looked_is_in_the_evidence_and_not_a_look(scene: Scene) -> None:
    client = visitor("clerk")
    for _ in range(2):
        client.get(place(scene, "reads/"))
    with acting_as_job("test.events"):
        told = [each.event for each in audit.events(audit.Filter(about=f"person:{scene.person}"))]
    assert told.count("registry.reads-shown") == 2
    assert "registry.person-read" not in told


def test_a_neighbour_is_not_told_who_looked(scene: Scene) -> None:
    assert visitor("neighbour").get(place(scene, "reads/")).status_code == 404


# --- rights -------------------------------------------------------------------------------------------------


def test_a_consent_is_asked_after_its_notice_and_withdrawn_by_one_button(scene: Scene) -> None:
    client, page = visitor("clerk"), place(scene, "rights/")
    said = {"purpose": "insure", "recipient": "insurer"}
    assert "先出示告知书" in seen(client.get(page))
    assert "还没有出示现行的" in seen(client.post(f"{page}consents/", {**said, "answer": "yes"}), 422)
    client.post(f"{page}notices/", {"notice": "sharing-with-the-insurer", "how": "window"})
    client.post(f"{page}consents/", {**said, "answer": "yes"})
    assert "已同意" in seen(client.get(page))
    client.post(f"{page}consents/", {**said, "answer": "withdraw"})
    shown = seen(client.get(page))
    assert "已撤回" in shown
    assert "不主动再问" in shown


def test_every_notice_can_be_read_with_all_its_items(scene: Scene) -> None:
    client = visitor("clerk")
    for code in registry.notice_book().notices:
        page = seen(client.get(f"/desk/notices/{code}/"))
        assert all(label in page for label in registry.ITEMS.values())
        assert "待局方确认" in page
    assert client.get("/desk/notices/nothing/").status_code == 404


def test_an_overdue_request_stands_first_and_late_on_the_list_and_on_the_first_screen(scene: Scene) -> None:
    client = visitor("clerk")
    receive(client, scene, "correct", wish="出生日期差一天")
    with override_settings(RIGHTS_DAYS=-1):
        receive(client, scene, "explain", wish="为什么不能享受")
    page = seen(client.get("/desk/rights/"))
    assert page.index("解释说明") < page.index("更正、补充")
    assert "1 件超期" in page
    assert "其中 1 件已超期" in seen(client.get("/desk/"))
    assert "解释说明" not in seen(visitor("neighbour").get("/desk/rights/"))


def test_a_clerk_cannot_restrict_but_sees_who_can(scene: Scene) -> None:
    client = visitor("clerk")
    request = receive(client, scene, "restrict")
    assert "由区市、市局经办或个人信息保护岗决定" in seen(client.get(place(scene, "rights/")))
    refused = client.post(place(scene, f"rights/{request}/"), {"words": "照办。", "verdict": "done"})
    assert "期限照算" in seen(refused, 422)


def test_a_copy_for_a_machine_reads_back_and_says_who_looked(scene: Scene) -> None:
    client = visitor("clerk")
    client.get(place(scene))
    request = receive(client, scene, "copy")
    response = client.post(place(scene, f"rights/{request}/copy/"), {"format": "json"})
    assert response.status_code == 200
    copied = registry.read_copy(response.content)
    assert registry.write_copy(copied) == response.content
    assert copied.person == str(scene.person)
    assert {"Particulars", "IdentityDocument", "RightsRequest"} <= {each.kind for each in copied.records}
    assert "打开档案" in {each["what"] for each in copied.reads}
    with acting_as_job("test.reads"):
        assert audit.who_read(f"person:{scene.person}")[0].event == "registry.person-exported"
    assert "no-store" in response.headers["Cache-Control"]


def test_a_copy_holds_what_was_decided_and_can_be_read_as_a_marked_workbook(scene: Scene) -> None:
    client = visitor("clerk")
    client.post(place(scene, "decisions/"))
    request = receive(client, scene, "see")
    told = json.loads(client.post(place(scene, f"rights/{request}/copy/")).content)
    assert len(told["decisions"]) > 100
    content = client.post(place(scene, f"rights/{request}/copy/"), {"format": "xlsx"}).content
    book = load_workbook(io.BytesIO(content))
    assert book.sheetnames == ["档案记载", "记下的判定", "主动提供", "登记享受", "消息", "谁看过"]
    for sheet in book.worksheets:
        assert actor_of("clerk").login in str(sheet.cell(1, 1).value)
    assert book["记下的判定"].max_row == len(told["decisions"]) + 2


def test_there_is_no_copy_without_a_request_of_this_person(scene: Scene) -> None:
    client = visitor("clerk")
    request = receive(client, scene, "correct")
    assert client.post(place(scene, f"rights/{request}/copy/")).status_code == 404


# --- restriction --------------------------------------------------------------------------------------------


def test_a_restricted_file_shows_its_head_and_a_sentence_and_nothing_else(scene: Scene) -> None:
    client = visitor("clerk")
    with acting_as(actor_of("clerk")):
        now = timezone.localtime()
        file = registry.file_of(scene.person, on=now.date(), known_at=now)
    assert file
    restrict(scene)
    page = seen(client.get(place(scene)))
    assert "已限制处理" in page
    assert "个人信息保护岗" in page
    for hidden in (file.line.name, file.line.number_mask, file.phone_mask, "优待判定", "经历与变化"):
        assert hidden not in page, hidden
    assert "已限制处理" in seen(client.get("/registry/people/"))
    assert (
        client.post(place(scene, f"covered/document/{scene.document}/"), {"purpose": "核对证件"}).status_code
        == 404
    )
    assert "依法发放的待遇照常" in seen(client.post(place(scene, "decisions/")), 422)
    assert client.post(place(scene, "facts/"), {"is_unsupported": "false"}).status_code == 422


def test_the_privacy_officer_reads_a_restricted_file_and_lifts_it(scene: Scene) -> None:
    restrict(scene)
    hire("privacy", name="测试保护", role="privacy-officer", division=actor_of("district").division)
    officer = visitor("privacy")
    page = seen(officer.get(place(scene)))
    assert "已限制处理" in page
    assert "优待判定" in page
    assert officer.post(place(scene, "rights/lift/"), {"words": "本人要求解除"}).status_code == 302
    assert "优待判定" in seen(visitor("clerk").get(place(scene)))


# --- lists taken out (AC-07) --------------------------------------------------------------------------------


def test_a_long_list_needs_a_second_person_and_is_downloaded_once(scene: Scene) -> None:
    clerk, district = visitor("clerk"), visitor("district")
    hand_in("clerk", [bare_row("clerk", n) | {"姓名": f"测试长单{n:03d}"} for n in range(1, 102)])
    refused = clerk.post("/desk/exports/", {"q": "测试长单", "reason": "走访慰问核对"})
    assert "一共 101 人" in seen(refused, 422)
    assert refused.headers["Content-Type"].startswith("text/html")
    clerk.post("/desk/exports/", {"q": "测试长单", "reason": "走访慰问核对", "step": "ask"})
    assert "待审批" in seen(clerk.get("/desk/exports/"))
    with acting_as(actor_of("clerk")):
        (line,) = registry.exports()
    assert clerk.post(f"/desk/exports/{line.id}/decision/", {"verdict": "approve"}).status_code == 403
    assert clerk.post(f"/desk/exports/{line.id}/file/").status_code == 422
    assert actor_of("clerk").name in seen(district.get("/desk/exports/"))
    assert district.post(f"/desk/exports/{line.id}/decision/", {"verdict": "approve"}).status_code == 302
    assert district.post(f"/desk/exports/{line.id}/file/").status_code == 422
    response = clerk.post(f"/desk/exports/{line.id}/file/")
    assert response.headers["Content-Disposition"].endswith(".xlsx")
    sheet = load_workbook(io.BytesIO(response.content)).worksheets[0]
    assert sheet.max_row == 101 + 2
    assert line.number in str(sheet.cell(1, 1).value)
    assert "只能由申请人" in seen(clerk.post(f"/desk/exports/{line.id}/file/"), 422)


def test_whoever_may_not_export_is_offered_nothing(scene: Scene) -> None:
    hire("lawyer", name="测试法规", role="policy-officer", division=actor_of("city").division)
    lawyer = visitor("lawyer")
    assert "导出这份名单" not in seen(lawyer.get("/registry/people/"))
    assert lawyer.post("/desk/exports/", {"reason": "看看名单"}).status_code == 403
    assert "导出这份名单" in seen(visitor("clerk").get("/registry/people/"))


# --- legal holds, children, assessments ---------------------------------------------------------------------


def test_a_legal_hold_is_placed_and_lifted_above_the_counter(scene: Scene) -> None:
    url, said = place(scene, "rights/legal-hold/"), {"words": "涉诉", "document": "示例法院通知"}
    clerk, district = visitor("clerk"), visitor("district")
    assert clerk.post(url, said).status_code == 403
    assert "依法留存" not in seen(clerk.get(place(scene, "rights/")))
    assert district.post(url, {**said, "document": ""}).status_code == 422
    assert district.post(url, said).status_code == 302
    assert "涉诉（示例法院通知）" in seen(clerk.get(place(scene, "rights/")))
    assert district.post(url, {"verdict": "lift", "words": "结案"}).status_code == 302
    assert "涉诉" not in seen(clerk.get(place(scene, "rights/")))


def test_the_page_of_a_child_asks_the_guardian(scene: Scene) -> None:
    clerk = visitor("clerk")
    assert "不满十四周岁" not in seen(clerk.get(place(scene, "rights/")))
    actor, now = actor_of("clerk"), timezone.localtime()
    born = now.date().replace(year=now.year - 9, day=1)
    with acting_as(actor):
        registry.record(
            scene.person,
            kind="particulars",
            said={"name": "测试孩子", "sex": "male", "birth_date": born.isoformat()},
            valid_from=born,
            source="户口簿",
            evidence="",
            synthetic=True,
            by=actor,
            now=now,
        )
    clerk.post(place(scene, "rights/notices/"), {"notice": "sharing-with-the-insurer"})
    page = seen(clerk.get(place(scene, "rights/")))
    assert "档案里还没有监护人" in page
    said = {"purpose": "insure", "recipient": "insurer", "answer": "yes"}
    assert clerk.post(place(scene, "rights/consents/"), said).status_code == 422


def test_the_security_officer_reads_what_was_assessed_and_is_told_of_it_first(scene: Scene) -> None:
    security = visitor("security")
    page = seen(security.get("/desk/assessments/"))
    for processing in registry.processings().values():
        assert processing.title in page
    assert "还没有生效的评估，不能做" in page  # 公示
    assert "影响评估要办" in seen(security.get("/desk/"))
