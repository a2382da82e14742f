"""The public calculator: answers in plain words, keeps nothing, and asks nobody who they are."""

from __future__ import annotations

import logging
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from rongjun.allowances.book import book_in_force
from rongjun.allowances.cases import case_schema
from rongjun.allowances.http.calculator import ASKED, NEEDED, Question, case_of
from rongjun.allowances.shapes import faults_of
from tests.cluster import as_owner

pytestmark = pytest.mark.django_db
URL = "/allowances/calculator/"
DEMOBILISED = {
    "scheme": "demobilised-allowance",
    "region": "here",
    "category": "resist-japan",
    "enlisted_on": "1944-03-07",
    "approved_on": "2005-03-09",
    "first": "2023-08",
    "last": "2023-10",
}
TODAY = date(2026, 11, 30)


@pytest.fixture
def stranger() -> Client:
    Path(settings.STATIC_ROOT).mkdir(exist_ok=True)  # where nothing is collected, WhiteNoise warns
    return Client()


def asked(client: Client, status: int = 200, **changed: Any) -> str:
    answer = client.post(URL, DEMOBILISED | changed)
    assert answer.status_code == status
    return answer.content.decode()


def test_a_stranger_picks_a_scheme_and_is_asked_its_facts(stranger: Client) -> None:
    page = stranger.get(URL).content.decode()
    assert "在乡复员军人生活补助" in page
    page = stranger.post(URL, {"scheme": "disability-pension"}).content.decode()
    assert "残疾军人证上的残疾等级是几级" in page
    assert 'type="password"' not in page


def test_the_articles_standard_comes_out_with_its_clause_and_its_doubt(stranger: Client) -> None:
    page = asked(stranger)
    assert "9690.00" in page.replace(",", ""), "38,760 yuan a year, three months"
    assert "青岛市 2023 年提高抚恤补助标准的公布" in page
    assert "标准待局方确认" in page


def test_years_of_service_count(stranger: Client) -> None:
    told: dict[str, Any] = {
        "scheme": "rural-conscript-allowance",
        "served_from": "1976-03-10",
        "served_to": "1981-03-01",
        "birth_date": "1955-08-01",
        "was_rural_at_discharge": "yes",
        "has_employee_pension": "no",
        "approved_on": "2016-05-01",
    }
    assert "860.00" in asked(stranger, **told), "688 yuan a year for each of five years, three months"


def test_what_is_left_open_is_asked_back(stranger: Client) -> None:
    page = asked(stranger, scheme="combat-allowance")
    assert "差情况，先问清楚：" in page
    assert "还差情况，暂时算不出来" in page
    assert "应发合计" not in page, "nothing worked out is no sum of nothing"


def test_what_cannot_be_granted_is_refused_with_its_clause(stranger: Client) -> None:
    told: dict[str, Any] = {"disability_grade": "8", "disability_cause": "illness", "category": "soldier"}
    page = asked(stranger, scheme="disability-pension", **told)
    assert "不能享受这一项" in page
    assert "因病仅 1–6 级享受抚恤" in page


def test_an_invented_rate_says_so_where_a_demo_pays_by_it(stranger: Client) -> None:
    from rongjun.allowances.tests import scene

    with scene.paying():
        page = asked(stranger, first="2026-01", last="2026-03")
    assert "虚构标准，只供演示和测算" in page


@pytest.mark.parametrize(
    "changed",
    [
        {"approved_on": "yesterday"},
        {"approved_on": "0001-01-01"},
        {"category": "no-such"},
        {"first": "2023-13"},
        {"first": "2023-11", "last": "2023-10"},
        {"first": "2003-01", "last": "2023-10"},
        {"last": "9999-12"},
        {"enlisted_on": ""},
        {"region": "<script>"},
    ],
)
def test_bad_input_is_told_at_its_field(stranger: Client, changed: dict[str, str]) -> None:
    page = asked(stranger, 422, **changed)
    assert 'aria-invalid="true"' in page
    assert "<script>" not in page


def test_a_scheme_nobody_knows_begins_again(stranger: Client) -> None:
    assert "要算哪一项" in asked(stranger, scheme="x' or 1=1")


def test_large_type_is_chosen_without_a_trace(stranger: Client) -> None:
    half = {**DEMOBILISED, "approved_on": "", "type": "yes"}
    answer = stranger.post(URL, half)
    page = answer.content.decode()
    assert "data-elder" in page
    assert 'value="1944-03-07"' in page, "what was filled in stays"
    assert "aria-invalid" not in page
    assert settings.SESSION_COOKIE_NAME not in answer.cookies


def rows_everywhere() -> dict[str, int]:
    found = {}
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("select schemaname, relname from pg_stat_user_tables")
        for schema, table in cursor.fetchall():
            cursor.execute(f'select count(*) from "{schema}"."{table}"')
            found[f"{schema}.{table}"] = cursor.fetchone()[0]
    return found


def test_nothing_is_kept_and_nothing_is_said_of_what_was_typed(
    stranger: Client, caplog: pytest.LogCaptureFixture
) -> None:
    before = rows_everywhere()
    assert len(before) > len(list(apps.get_models())) // 2, "the tables are really there"
    with caplog.at_level(logging.DEBUG), CaptureQueriesContext(connection) as captured:
        answer = stranger.post(URL, DEMOBILISED)
        refused = stranger.post(URL, DEMOBILISED | {"approved_on": "1987-6-54"})
    assert (answer.status_code, refused.status_code) == (200, 422)
    said = caplog.text + " ".join(query["sql"] for query in captured.captured_queries)
    for typed in ("1944-03-07", "2005-03-09", "resist-japan", "demobilised", "1987-6-54"):
        assert typed not in said
    written = [
        query["sql"]
        for query in captured.captured_queries
        if query["sql"].lstrip().lower().startswith(("insert", "update", "delete", "merge", "copy"))
    ]
    assert written == []
    assert rows_everywhere() == before
    for response in (answer, refused):
        assert settings.SESSION_COOKIE_NAME not in response.cookies
        assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize("scheme", ASKED)
def test_every_scheme_makes_a_case_that_keeps_the_contract(scheme: str) -> None:
    book = book_in_force()
    form = Question(None, book=book, scheme=scheme, today=TODAY)
    told: dict[str, Any] = {"approved_on": "2010-05-01", "first": "2023-08", "last": "2023-10"}
    for name, field in form.fields.items():
        if hasattr(field, "choices"):
            told.setdefault(name, next(code for code, _ in field.choices if code))
        else:
            told.setdefault(name, "1950-01-02")
    filled = Question(told, book=book, scheme=scheme, today=TODAY)  # type: ignore[arg-type]
    assert filled.is_valid(), filled.errors
    case = case_of(filled.cleaned_data, scheme=scheme, book=book, today=TODAY)
    assert faults_of(case, schema=case_schema()) == []
    assert {name for name in ASKED[scheme] if name in NEEDED} <= {
        name for each in case["history"] for name in (*each.get("details", {}), each.get("name"))
    }


def test_the_clock_of_the_request_bounds_the_months() -> None:
    late = datetime(2026, 11, 30, tzinfo=UTC).date()
    form = Question(None, book=book_in_force(), scheme="combat-allowance", today=late)
    assert (form["first"].value(), form["last"].value()) == ("2026-01", "2026-11")
