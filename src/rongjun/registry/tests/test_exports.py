"""Lists taken out: a reason, a second person, one download, a mark, everybody in the evidence (AC-07)."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from tempfile import gettempdir
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction
from openpyxl import load_workbook

from rongjun.access.api import acting_as, acting_as_job
from rongjun.audit import api as audit
from rongjun.kernel.errors import Refused
from rongjun.registry import api as registry
from rongjun.registry.models import ExportRequest
from rongjun.registry.tests.scene import NOW, actor, add_places, hand_in
from rongjun.registry.tests.strategies import TODAY, cells

pytestmark = pytest.mark.django_db
MOST = 100
REASON = "建军节走访慰问核对名单"
DAY_LONG = timedelta(hours=24)


def fill(count: int) -> None:
    add_places()
    hand_in([cells(number) for number in range(1, count + 1)])


def take(text: str = "", *, login: str = "clerk", reason: str = REASON, most: int = MOST) -> registry.Taken:
    with acting_as(actor(login)):
        return registry.take_list(text, reason=reason, most=most, by=actor(login), now=NOW, day=TODAY)


def ask(text: str = "", *, login: str = "clerk") -> UUID:
    with acting_as(actor(login)):
        return registry.request_export(text, reason=REASON, by=actor(login), now=NOW)


def decide(request: UUID, *, login: str = "district", approve: bool = True, words: str = "") -> None:
    with acting_as(actor(login)):
        registry.decide_export(
            request, approve=approve, words=words, open_for=DAY_LONG, by=actor(login), now=NOW
        )


def fetch(request: UUID, *, login: str = "clerk", after: timedelta = timedelta(0)) -> registry.Taken:
    with acting_as(actor(login)):
        return registry.take_approved(request, by=actor(login), now=NOW + after, day=TODAY)


def refusal(act: Callable[[], object]) -> str:
    with pytest.raises(Refused) as refused, transaction.atomic():
        act()
    return refused.value.code


def rows_of(taken: registry.Taken) -> list[tuple[str, ...]]:
    sheet = load_workbook(io.BytesIO(taken.content)).active
    assert sheet is not None
    return [tuple(str(cell.value or "") for cell in row) for row in sheet.iter_rows()]


def exported() -> list[audit.Record]:
    with acting_as_job("test.events"):
        return audit.events(audit.Filter(event="registry.people-exported"), limit=500)


# --- few ----------------------------------------------------------------------------------------------------


def test_a_hundred_people_go_out_on_a_reason_and_are_all_in_the_evidence() -> None:
    fill(100)
    taken = take()
    assert taken.people == 100
    (event,) = exported()
    assert len(set(event.about)) == 100
    assert event.purpose == REASON
    assert event.detail["export"] == taken.number


def test_what_is_seen_is_what_is_taken_same_filter_same_columns_covered_numbers() -> None:
    fill(30)
    with acting_as(actor()):
        everybody, _ = registry.find_people("", on=TODAY, known_at=NOW)
        wanted = everybody[0].name
        seen, total = registry.find_people(wanted, on=TODAY, known_at=NOW)
    _mark, heads, *rows = rows_of(take(wanted))
    assert heads == ("姓名", "人员类别", "性别、年龄", "证件号码", "服务站")
    assert len(rows) == total
    assert [row[0] for row in rows] == [line.name for line in seen]
    assert [row[3] for row in rows] == [line.number_mask for line in seen]
    assert all("*" in row[3] for row in rows)


@pytest.mark.parametrize("reason", ["", "   ", "用"])
def test_nothing_goes_out_without_a_reason(reason: str) -> None:
    fill(3)
    assert refusal(lambda: take(reason=reason)) == "registry.export-reason-missing"
    assert exported() == []


def test_a_reason_holds_no_number_and_an_empty_list_is_no_list() -> None:
    fill(3)
    assert refusal(lambda: take(reason="核对 990777196001010042")) == "registry.no-numbers-here"
    assert refusal(lambda: take("查无此人")) == "registry.export-empty"


def test_the_sheet_says_who_took_it_where_when_and_by_which_number() -> None:
    fill(3)
    taken = take()
    book = load_workbook(io.BytesIO(taken.content))
    sheet = book.worksheets[0]
    first = str(sheet.cell(1, 1).value)
    printed = [str(place.center.text) for place in (sheet.oddHeader, sheet.oddFooter) if place]
    assert len(printed) == 2
    places = [first, str(book.properties.description), *printed]
    for place in places:
        for said in ("测试clerk", "（clerk）", "示范一街道", "2024-11-24 10:00", taken.number):
            assert said in place
    assert REASON in first
    assert book.properties.creator == "测试clerk（clerk）"


def test_an_officer_takes_out_their_own_division_and_no_restricted_file() -> None:
    fill(5)
    assert refusal(lambda: take(login="next-door")) == "registry.export-empty"
    with acting_as(actor("district")):
        lines, _ = registry.find_people("", on=TODAY, known_at=NOW)
        request = registry.receive_request(
            lines[0].id, kind="restrict", asked_by="self", wish="请限制", days=30,
            by=actor("district"), now=NOW, today=TODAY,
        )  # fmt: skip
        registry.answer_request(request, answer="照办。", by=actor("district"), now=NOW)
    assert take().people == 4
    assert f"person:{lines[0].id}" not in exported()[0].about


# --- many ---------------------------------------------------------------------------------------------------


def test_a_hundred_and_one_people_do_not_go_out_without_a_second_person() -> None:
    fill(101)
    assert refusal(take) == "registry.export-needs-approval"
    request = ask()
    assert refusal(lambda: fetch(request)) == "registry.export-not-open"
    assert exported() == []
    decide(request)
    taken = fetch(request)
    assert taken.people == 101
    assert sum(len(event.about) for event in exported()) == 101


def test_everybody_on_a_long_list_is_named_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rongjun.registry.actions.exports.NAMED_TOGETHER", 40)
    fill(101)
    request = ask()
    decide(request)
    fetch(request)
    events = exported()
    assert sorted(len(event.about) for event in events) == [21, 40, 40]
    assert len({about for event in events for about in event.about}) == 101
    assert {event.detail["parts"] for event in events} == {3}


def test_nobody_approves_their_own_request_whatever_the_page_says() -> None:
    fill(3)
    request = ask(login="district")
    assert refusal(lambda: decide(request)) == "registry.export-own-request"
    refused = pytest.raises(IntegrityError, match="second_person")
    with acting_as(actor("district")), refused, transaction.atomic():
        ExportRequest.objects.filter(pk=request).update(
            state="approved", decided_at=NOW, decided_by="staff:district", open_until=NOW
        )


def test_an_officer_of_another_district_does_not_even_see_the_request() -> None:
    fill(3)
    request = ask()
    assert refusal(lambda: decide(request, login="neighbour")) == "registry.export-decided"
    with acting_as(actor("neighbour")):
        assert registry.exports() == []


def test_an_approved_list_is_taken_once_by_its_asker_within_a_day() -> None:
    fill(3)
    request = ask()
    decide(request)
    assert refusal(lambda: fetch(request, login="colleague")) == "registry.export-not-open"
    late = DAY_LONG + timedelta(seconds=1)
    assert refusal(lambda: fetch(request, after=late)) == "registry.export-not-open"
    fetch(request, after=DAY_LONG)
    assert refusal(lambda: fetch(request)) == "registry.export-not-open"
    assert len(exported()) == 1


def test_a_list_that_has_grown_beyond_what_was_approved_stays_in_the_house() -> None:
    fill(3)
    request = ask()
    decide(request)
    hand_in([cells(number) for number in range(1, 6)])
    assert refusal(lambda: fetch(request)) == "registry.export-not-open"
    with acting_as(actor()):
        assert registry.exports()[0].state == "approved"


def test_a_list_too_long_for_a_workbook_is_not_even_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    fill(3)
    monkeypatch.setattr("rongjun.registry.actions.exports.LARGEST", 2)
    assert refusal(ask) == "registry.export-too-many"


def test_a_refused_request_says_why_and_is_decided_once() -> None:
    fill(3)
    request = ask()
    assert refusal(lambda: decide(request, approve=False)) == "registry.export-reason-missing"
    decide(request, approve=False, words="用途不清楚")
    assert refusal(lambda: decide(request)) == "registry.export-decided"
    assert refusal(lambda: fetch(request)) == "registry.export-not-open"


def test_nothing_of_a_list_is_kept_in_the_house() -> None:
    fill(3)
    before = set(Path(gettempdir()).glob("*.xlsx"))
    request = ask()
    decide(request)
    fetch(request)
    with connection.cursor() as cursor:
        cursor.execute(
            "select data_type from information_schema.columns where table_name = 'registry_exportrequest'"
        )
        assert "bytea" not in {kind for (kind,) in cursor.fetchall()}
    assert set(Path(gettempdir()).glob("*.xlsx")) == before


def test_a_text_that_looks_like_a_formula_stays_a_text() -> None:
    mark = registry.Mark("测试", "clerk", "示范一街道", "2024-11-24 10:00", "0A")
    content = registry.marked_book({"表": (["列"], [["=1+1"], ["#N/A"], [""]])}, mark=mark, reason=REASON)
    sheet = load_workbook(io.BytesIO(content)).worksheets[0]
    assert [(sheet.cell(row, 1).value, sheet.cell(row, 1).data_type) for row in (3, 4)] == [
        ("=1+1", "s"), ("#N/A", "s"),
    ]  # fmt: skip
