"""The address for partners and the pages about what they sent."""

from __future__ import annotations

import html
import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from rongjun.access.api import acting_as_job
from rongjun.audit import api as audit
from rongjun.partners.models import InboundBatch
from rongjun.partners.tests.scene import PATH, agree, call, headers_of, receive, visitor
from rongjun.partners.tests.strategies import CONTRACTS, dead, file
from rongjun.partners.tests.test_actions import body
from tests.cluster import as_owner

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def secret(db: None, settings: Any) -> bytes:
    Path(settings.STATIC_ROOT).mkdir(exist_ok=True)  # where nothing is collected, WhiteNoise warns
    return agree()


def post(secret: bytes, content: bytes | None = None, **changed: Any) -> Any:
    today = timezone.localtime().date()
    said = body(day=today) if content is None else content
    sent = call(said, secret, timestamp=timezone.localtime().isoformat(), **changed)
    client = Client(enforce_csrf_checks=True)
    return client.post(PATH, sent.body, content_type="application/json", headers=dict(headers_of(sent)))


def test_a_signed_call_is_taken_in_and_answered(secret: bytes) -> None:
    answer = post(secret)
    assert answer.status_code == 202
    assert answer.json()["taken"] is True
    assert answer.json()["count"] == 1


def test_the_same_call_gets_the_same_answer_also_when_its_lines_were_worked_on(secret: bytes) -> None:
    first = post(secret)
    with as_owner():
        InboundBatch.objects.update(state="processed")
    again = post(secret)
    assert (again.status_code, again.content) == (first.status_code, first.content)


def test_another_content_under_one_key_is_a_conflict(secret: bytes) -> None:
    post(secret)
    answer = post(secret, body(sequence=2, day=timezone.localtime().date()))
    assert answer.status_code == 409
    assert answer.json()["code"] == "partners.call-key-reused"
    assert set(answer.json()) == {"code", "what", "why", "todo", "who"}


def test_a_batch_that_does_not_come_out_is_told_its_equation(secret: bytes) -> None:
    answer = post(secret, body(total=7, day=timezone.localtime().date()))
    assert answer.status_code == 422
    assert "≠" in answer.json()["equation"]
    assert answer.json()["todo"]


def test_a_forged_call_is_refused_and_noted(secret: bytes) -> None:
    answer = post(b"x" * 32)
    assert answer.status_code == 401
    with acting_as_job("test.audit"):
        assert audit.events(audit.Filter(event="partners.call-refused"))


def test_who_cannot_be_known_learns_nothing_of_who_is(secret: bytes) -> None:
    assert post(secret, partner="nobody").status_code == post(b"x" * 32).status_code == 401


@pytest.mark.parametrize("junk", [b"", b"{", b"\xff\xfe", b"[" * 100_000])
def test_junk_is_answered(secret: bytes, junk: bytes) -> None:
    assert post(secret, junk).status_code == 422


def test_the_answer_fits_the_schema_page(secret: bytes) -> None:
    schema = json.loads((CONTRACTS / "inbound.schema.json").read_text("utf-8"))
    assert set(json.loads(body())) == set(schema["required"])


def test_the_page_lists_what_came_and_names_the_failing_equation(secret: bytes) -> None:
    receive(file([dead(1)], sequence=4))
    page = html.unescape(_seen("city", "/partners/").content.decode())
    assert "测试民政 死亡人员日报 2024-11-23" in page
    assert "流水号 4 ≠ 应为 1" in page
    assert "该到没到的文件" in page
    assert dead(1)[2] not in page


@pytest.mark.parametrize("login", ["clerk", "district", "stranger"])
def test_only_the_city_office_sees_what_partners_sent(login: str) -> None:
    assert _seen(login, "/partners/").status_code == (302 if login == "stranger" else 403)


def test_a_batch_opens_into_its_refused_lines(secret: bytes) -> None:
    done = receive(file([dead(1), dead(2)[:-1]]))
    page = html.unescape(_seen("city", f"/partners/batches/{done.id}/").content.decode())
    assert "HH-0002" in page
    assert "应为 7 项" in page


def _seen(login: str, url: str) -> Any:
    return visitor(login).get(url)


def test_a_quarantined_file_is_closed_on_its_page_by_two_people() -> None:
    batch = receive(file(total=1)).id
    place = f"/partners/batches/{batch}/"
    assert visitor("district").post(f"{place}close/", {"reason": "对方不再更正"}).status_code == 403
    one = visitor("city")
    assert one.post(f"{place}close/", {"reason": ""}).status_code == 422
    assert one.post(f"{place}close/", {"reason": "对方不再更正"}).status_code == 302
    own = one.post(f"{place}close/")
    assert own.status_code == 422
    assert "要另一位同事确认" in own.content.decode()
    other = visitor("second")
    assert "测试city提出作废：对方不再更正" in other.get(place).content.decode()
    assert other.post(f"{place}close/").status_code == 302
    page = other.get(place).content.decode()
    assert "测试city提出，测试second作废" in page
    assert "确认作废" not in page
