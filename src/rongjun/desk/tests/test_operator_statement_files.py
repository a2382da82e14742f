"""A statement on paper: the workbook's sums are the statement's, and the print says the same."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from openpyxl import load_workbook
from pypdf import PdfReader

from rongjun.benefits.api import Dispute, StatementFile, StatementHead, StatementLine, operator_statements
from rongjun.desk import operator_statements as papers
from rongjun.kernel.money import Fen

NOW = datetime(2026, 12, 20, 2, 0, tzinfo=UTC)
NAMES = {"staff:a": "测试甲", "staff:b": "测试乙", "staff:c": "测试丙"}
COUNTIES = {370202000000: "示范甲区", 370203000000: "示范乙区"}


@pytest.fixture(autouse=True)
def words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(papers, "programme_word", lambda code: {"metro": "地铁里程票价"}.get(code, code))


def line(county: int, band: int, count: int, fare: int) -> StatementLine:
    cell = operator_statements.Cell("metro", county, band, 0, date(2017, 12, 8), "fiscal")
    return StatementLine(cell, operator_statements.Sums(count, count * fare, 0))


def statement() -> StatementFile:
    lines = [
        line(370202000000, 1, 331, 200),
        line(370202000000, 2, 330, 300),
        line(370203000000, 3, 329, 400),
    ]
    total = Fen(296_800)
    said = Dispute(
        UUID(int=2), "少计了一天", Fen(300_000), "staff:a", NOW, "rejected", "那天没有交来", "staff:b", NOW
    )
    return StatementFile(
        head=StatementHead(
            UUID(int=1), "qd-metro", "测试地铁", 202611, 1, "released", 990, total, total, total, 0, NOW
        ),
        division=370200000000,
        known_at=NOW,
        ordinary=total,
        paid=Fen(0),
        carried=Fen(0),
        digest=operator_statements.digest_of({each.cell: each.sums for each in lines}),
        refused={"card-not-usable": 10, "conflict": 5},
        coverage={"delivered": [], "missing": ["2026-11-28", "2026-11-29"]},
        signed=[("made", "staff:a", NOW), ("checked", "staff:b", NOW), ("released", "staff:c", NOW)],
        dispute_until=date(2026, 12, 25),
        agreed=False,
        withdrawn_why="",
        lines=lines,
        disputes=[said],
    )


def test_the_workbook_has_figures_lines_as_numbers_and_what_is_not_in_it() -> None:
    content = papers.workbook_of(statement(), counties=COUNTIES, names=NAMES, mark="测试导出")
    cover, lines, rest = load_workbook(io.BytesIO(content)).worksheets
    cells: list[list[object]] = [list(row) for row in cover.iter_rows(values_only=True)]
    assert ["本单应付（元）", 2968] in [row[:2] for row in cells]
    assert ["地铁里程票价", "财政", 990, 2968, 0, 2968] in cells
    assert ["放行", "测试丙"] in [row[:2] for row in cells]
    body = list(lines.iter_rows(min_row=2, max_row=4, values_only=True))
    assert sum(Decimal(str(row[9])) for row in body) == Decimal(2968)
    assert lines["J5"].value == "=SUM(J2:J4)"
    told = [row[1] for row in rest.iter_rows(min_row=2, values_only=True)]
    assert "2026-11-28" in told
    assert any("不成立：那天没有交来" in str(each) for each in told)


def test_the_print_says_the_same() -> None:
    content = papers.pdf_of(statement(), counties=COUNTIES, names=NAMES, who="测试甲 市局经办", at=NOW)
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)
    for said in (
        "当时这张卡不能用",
        "2026-12-20 10:00",
        "测试地铁 2026-11 运营结算单",
        "2,968.00",
        "示范乙区",
        "测试丙",
        "待局方确认",
        "少计了一天",
    ):
        assert said in text.replace("\n", "")
