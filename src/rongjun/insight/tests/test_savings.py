"""The savings page: who may, every figure is the sum of the rows it opens into, and what is taken out."""

from __future__ import annotations

import html
import io
import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from openpyxl import load_workbook
from pypdf import PdfReader

from rongjun.insight.logic import Cell, Line, Panel, Screen
from rongjun.insight.workbook import workbook_of
from rongjun.places import api as places
from tests.cluster import as_owner
from tests.house.rooms import Programme, UseSource
from tests.house.scene import Scene, visitor

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("network")]
PAGE = "/insight/savings/?from=2026-01-01&to=2026-11-29"
FIGURE = re.compile(r'<a href="(/insight/savings/rows/[^"]+)">([\d,.-]+)</a>')


@pytest.fixture
def network(scene: Scene) -> None:
    """A bus and a metro with uses of two months in two counties; the metro missed most days."""
    first, second = (row.code for row in places.city().counties[:2])
    rows = [
        (date(2026, 1, 5), 1, 1, first, 1, 0, 40),
        (date(2026, 1, 6), 1, 1, second, 2, 50, 30),
        (date(2026, 11, 2), 2, 2, first, 3, 0, 7),
        (date(2026, 11, 2), 2, 2, second, 99, 0, 5),
    ]
    with as_owner(), connection.cursor() as cursor:
        for number, code in ((1, "bus"), (2, "metro")):
            Programme.objects.create(id=number, code=code, title=f"测试{code}", benefit="x", payer="fiscal")
            UseSource.objects.create(
                id=number, code=code, title=f"测试单位{number}", partner=code, record="file",
                seat=370200000000, expected_since=date(2026, 11, 1),
            )  # fmt: skip
        for row in rows:
            cursor.execute("insert into benefits_use_day values (%s, %s, %s, %s, %s, %s, %s)", row)
            month = row[0].year * 100 + row[0].month
            cursor.execute(
                "insert into benefits_use_month values (%s, %s, %s, %s, %s, %s, %s, %s)",
                (month, row[0].replace(day=1), *row[1:]),
            )


SAVED = 40 * 100 + 30 * (200 - 50) + 7 * 400


def text_of(response: Any) -> str:
    assert response.status_code == 200
    return html.unescape(response.content.decode())


def fen(shown: str) -> int:
    return round(float(shown.replace(",", "")) * 100)


def sums_of(client: Client, url: str) -> dict[str, int]:
    """Uses, ordinary, paid and saved of the rows behind a figure, in fen where it is money."""
    page = text_of(client.get(url))
    rows = [
        re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL)
        for row in re.findall(r"<tr>.*?</tr>", page, re.DOTALL)
    ]
    cells = [[re.sub(r"<[^>]+>", "", cell).strip() for cell in row] for row in rows if len(row) >= 10]
    return {
        "uses": sum(int(row[-4].replace(",", "")) for row in cells),
        "ordinary": sum(fen(row[-3]) for row in cells),
        "paid": sum(fen(row[-2]) for row in cells),
        "saved": sum(fen(row[-1]) for row in cells),
    }


@pytest.mark.parametrize("who", ["leader", "city"])
def test_every_figure_is_the_sum_of_the_rows_it_opens_into(who: str) -> None:
    client = visitor(who)
    page = text_of(client.get(PAGE))
    assert f"{SAVED / 100:,.2f}" in page
    lines = re.findall(r"<tr><th scope=\"row\">.*?</tr>", page, re.DOTALL)
    checked = 0
    for line in lines:
        figures = FIGURE.findall(line)
        if len(figures) != 5:
            continue
        behind = sums_of(client, figures[0][0])
        saved, uses, ordinary, paid, _unpriced = (shown for _url, shown in figures)
        assert behind == {
            "saved": fen(saved), "uses": int(uses.replace(",", "")), "ordinary": fen(ordinary),
            "paid": fen(paid),
        }, line  # fmt: skip
        checked += 1
    assert checked == 2 + 2 + 2 + 2 + 2  # months, districts, programmes, payers and nobody, operators


def test_a_district_sees_the_savings_of_its_own_people_alone() -> None:
    page = text_of(visitor("district").get(PAGE))
    whole = text_of(visitor("city").get(PAGE))
    assert f"{SAVED / 100:,.2f}" not in page
    assert f"{SAVED / 100:,.2f}" in whole


def test_the_days_that_were_not_delivered_are_listed() -> None:
    page = text_of(visitor("city").get("/insight/savings/days/?from=2026-11-01&to=2026-11-05&source=2"))
    days = re.findall(r"2026-11-0\d", page)
    assert set(days) >= {"2026-11-01", "2026-11-03", "2026-11-04", "2026-11-05"}
    assert "共 4 条" in page


@pytest.mark.parametrize(
    "query",
    ["?from=2026-13-01", "?from=2026-02-01&to=2026-01-01", "?from=x", "?from=1900-01-01&to=2026-01-01"],
)
def test_days_that_make_no_period_are_not_found(query: str) -> None:
    assert visitor("city").get(f"/insight/savings/{query}").status_code == 404


def test_the_workbook_has_every_line_with_money_as_numbers_of_two_decimals() -> None:
    answer = visitor("city").get(PAGE.replace("savings/", "savings.xlsx"))
    book = load_workbook(io.BytesIO(answer.content))
    sheet = book["节省的行"]
    assert [cell.value for cell in sheet[3]][-1] == "节省（元）"
    saved = [Decimal(str(row[-1].value)) for row in sheet.iter_rows(min_row=4)]
    assert sum(saved) * 100 == SAVED
    assert sheet.cell(4, 10).number_format == "#,##0.00"
    assert "SHA-256" in "".join(str(cell.value) for row in book["这个数怎么来的"].iter_rows() for cell in row)


def test_the_printed_figure_says_how_it_was_made() -> None:
    answer = visitor("city").get(PAGE.replace("savings/", "savings.pdf"))
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages)
    assert "节省了多少" in text
    assert f"{SAVED / 100:,.2f}" in text
    assert "公式" in text


def test_money_stays_exact_in_a_sheet() -> None:
    panel = Panel("x", "甲", ("乙", "丙"), (Line("丁", (Cell(123_456_789_012_345, money=True),)),))
    book = load_workbook(io.BytesIO(workbook_of(Screen("戊", "", (), (panel,)))))
    assert str(book["甲"].cell(4, 2).value) == "1234567890123.45"
