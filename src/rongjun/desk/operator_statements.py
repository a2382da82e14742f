"""What a statement of an operator says, in words, rows and files."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from django.utils.timezone import localtime
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from rongjun.benefits import api as benefits
from rongjun.benefits.api import StatementFile, operator_statements
from rongjun.desk.filters import Filters
from rongjun.kernel.money import Fen
from rongjun.kernel.words import Words
from rongjun.rules.api import PAYERS
from rongjun.ui.api import typeset

TONES = {"drafted": "info", "checked": "warn", "released": "ok", "withdrawn": ""}
STEPS: Words[Mapping[str, str]] = {
    "made": "出单",
    "checked": "复核",
    "agreed": "运营单位认可",
    "released": "放行",
    "withdrawn": "撤回",
}
# Beside the figures of a statement, in none of them.
BY_HAND: Words[str] = "外地证件登记（人次，另计）"
_TEMPLATE = Path(__file__).with_name("operator_statement.typ")
_PART_HEADS = ("项目", "谁承担", "人次", "普通票价合计（元）", "实付合计（元）", "节省（元）")
_HEADS = ("项目", "区市", "票价档", "每次实付（元）", "票价起用日", "谁承担", "人次", "普通票价合计（元）",
          "实付合计（元）", "节省（元）")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wanted(Filters):
    """Filters of the list of statements."""

    month: str = ""
    operator: str = ""
    state: str = ""

    @property
    def month_number(self) -> int | None:
        """The month as yyyymm, from 2026-10; None for what is no month."""
        year, _, month = self.month.partition("-")
        fits = len(year) == 4 and len(month) == 2 and (year + month).isdecimal()
        return int(year + month) if fits and 1 <= int(month) <= 12 else None


def programme_word(programme: str) -> str:
    """A programme as its fare file calls it."""
    fare = benefits.book().fares.fares.get(programme)
    return fare.title if fare else programme


def reason_word(reason: str) -> str:
    """Why a row was not taken in, in words."""
    return benefits.USE_REASONS.get(reason, (reason, ""))[0]


def month_word(month: int) -> str:
    """A month for people: 202610 is 2026-10."""
    return f"{month // 100}-{month % 100:02d}"


def rows_of(file: StatementFile, counties: Mapping[int, str]) -> list[tuple[str | int | Fen, ...]]:
    """The lines in words; money as Fen."""
    return [
        (
            programme_word(line.cell.programme),
            counties.get(line.cell.division, str(line.cell.division)),
            line.cell.band,
            Fen(line.cell.paid_each),
            line.cell.fare_from.isoformat(),
            PAYERS.get(line.cell.payer, line.cell.payer),
            line.sums.count,
            Fen(line.sums.ordinary),
            Fen(line.sums.paid),
            line.sums.savings,
        )
        for line in file.lines
    ]


def figures_of(file: StatementFile) -> list[tuple[str, str]]:
    """The figures at the head of the statement, in words."""
    return [
        ("人次", f"{file.head.count:,}"),
        ("普通票价合计（元）", file.ordinary.text),
        ("实付合计（元）", file.paid.text),
        ("节省（元）", file.head.savings.text),
        ("其中应由财政承担（元）", file.head.payable.text),
        ("以前应退未抵（元）", file.carried.text),
        ("本单应付（元）", file.head.payment.text),
    ]


def parts_of(file: StatementFile) -> list[tuple[str | int | Fen, ...]]:
    """The lines together by programme and payer; money as Fen."""
    found: dict[tuple[str, str], operator_statements.Sums] = {}
    for line in file.lines:
        key = (line.cell.programme, line.cell.payer)
        found[key] = found.get(key, operator_statements.NOTHING) + line.sums
    return [
        (
            programme_word(programme),
            PAYERS.get(payer, payer),
            sums.count,
            Fen(sums.ordinary),
            Fen(sums.paid),
            sums.savings,
        )
        for (programme, payer), sums in sorted(found.items())
    ]


def title_of(file: StatementFile) -> str:
    """运营结算单, whose, which month, which one of the month."""
    number = "" if file.head.number == 1 else f"（第 {file.head.number} 次，差额）"
    return f"{file.head.operator_name} {month_word(file.head.month)} 运营结算单{number}"


# --- a workbook ---------------------------------------------------------------------------------------------

_BOLD, _WHITE = Font(bold=True), Font(bold=True, color="FFFFFF")
_RED = PatternFill("solid", fgColor="A61B29")
_TOP = Alignment(wrap_text=True, vertical="top")
_MONEY, _COUNT = "#,##0.00", "#,##0"


def workbook_of(
    file: StatementFile, *, counties: Mapping[int, str], names: Mapping[str, str], mark: str
) -> bytes:
    """Three sheets: the figures with who signed, the lines as numbers, what is not in it and was disputed."""
    book = Workbook()
    book.remove(book.worksheets[0])
    book.properties.title = title_of(file)
    _cover(book.create_sheet("结算单"), file, names=names, mark=mark)
    _lines(book.create_sheet("明细"), file, counties)
    _rest(book.create_sheet("未计入和异议"), file)
    for sheet in book.worksheets:
        sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", sheet.PAPERSIZE_A4
        sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
        sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _cover(sheet: Worksheet, file: StatementFile, *, names: Mapping[str, str], mark: str) -> None:
    sheet.append([title_of(file)])
    sheet.append([f"{operator_statements.STATES[file.head.state]}。票价待局方确认。{mark}"])
    sheet.append([])
    for label, figure in _amounts_of(file):
        sheet.append([label, figure])
        cell = sheet.cell(sheet.max_row, 2)
        cell.number_format = _COUNT if isinstance(figure, int) else _MONEY
        cell.font = _BOLD
    sheet.append([])
    _head(sheet, _PART_HEADS)
    for row in parts_of(file):
        _append(sheet, row)
    sheet.append([])
    _head(sheet, ("环节", "姓名", "时间"))
    for step, by, at in file.signed:
        sheet.append([STEPS[step], names.get(by, by), f"{localtime(at):%Y-%m-%d %H:%M}"])
    sheet.append([])
    sheet.append(["数据截至", f"{localtime(file.known_at):%Y-%m-%d %H:%M}"])
    sheet.append(["明细摘要（SM3）", file.digest])
    sheet["A1"].font = Font(bold=True, size=14)
    _widths(sheet, (30, 22, 20, 20, 18, 18))


def _amounts_of(file: StatementFile) -> list[tuple[str, int | Decimal]]:
    """The same figures as at the head, as numbers."""
    head = file.head
    amounts = (head.count, file.ordinary, file.paid, head.savings, head.payable, file.carried, head.payment)
    return [
        (label, _number(amount)) for (label, _text), amount in zip(figures_of(file), amounts, strict=True)
    ]


def _lines(sheet: Worksheet, file: StatementFile, counties: Mapping[int, str]) -> None:
    _head(sheet, _HEADS)
    for row in rows_of(file, counties):
        _append(sheet, row)
    last = sheet.max_row
    sheet.append(["合计", *[""] * 5, *(f"=SUM({letter}2:{letter}{last})" for letter in "GHIJ")])
    for cell, form in zip(sheet[sheet.max_row], [""] * 6 + [_COUNT, _MONEY, _MONEY, _MONEY], strict=True):
        cell.font = _BOLD
        cell.number_format = form or cell.number_format
    sheet.freeze_panes, sheet.print_title_rows = "A2", "1:1"
    _widths(sheet, (28, 12, 9, 15, 14, 12, 10, 20, 16, 16))


def _rest(sheet: Worksheet, file: StatementFile) -> None:
    _head(sheet, ("类别", "说明", "数"))
    for reason, count in file.refused.items():
        sheet.append(["未计入的使用", reason_word(reason), count])
    for programme, people in file.manual.items():
        sheet.append([BY_HAND, programme_word(programme), people])
    for day in file.coverage.get("missing", ()):
        sheet.append(["没有交来数据的日子", day, ""])
    for said in file.disputes:
        outcome = operator_statements.OUTCOMES.get(said.outcome, "待答复")
        sheet.append(["异议", f"{said.said}；{outcome}{'：' + said.answer if said.answer else ''}", ""])
    for (cell,) in sheet.iter_rows(min_row=2, min_col=2, max_col=2):
        cell.alignment = _TOP
    sheet.freeze_panes = "A2"
    _widths(sheet, (22, 70, 10))


def _append(sheet: Worksheet, row: Sequence[str | int | Fen]) -> None:
    sheet.append([each if isinstance(each, str) else _number(each) for each in row])
    for cell, each in zip(sheet[sheet.max_row], row, strict=True):
        if not isinstance(each, str):
            cell.number_format = _MONEY if isinstance(each, Fen) else _COUNT


def _number(amount: int | Fen) -> int | Decimal:
    return Decimal(int(amount)) / 100 if isinstance(amount, Fen) else amount


def _head(sheet: Worksheet, heads: Sequence[str]) -> None:
    sheet.append(list(heads))
    for cell in sheet[sheet.max_row][: len(heads)]:
        cell.font, cell.fill = _WHITE, _RED
        cell.alignment = Alignment(wrap_text=True, vertical="center")


def _widths(sheet: Worksheet, widths: Sequence[int]) -> None:
    for column, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(column)].width = width


# --- pages to print -----------------------------------------------------------------------------------------


def pdf_of(
    file: StatementFile, *, counties: Mapping[int, str], names: Mapping[str, str], who: str, at: datetime
) -> bytes:
    """The statement to print and sign: figures, lines, what is not in it, signatures, digest."""
    told = {
        "title": title_of(file),
        "state": operator_statements.STATES[file.head.state],
        "who": who,
        "at": f"{localtime(at):%Y-%m-%d %H:%M}",
        "known_at": f"{localtime(file.known_at):%Y-%m-%d %H:%M}",
        "figures": figures_of(file),
        "part_heads": _PART_HEADS,
        "parts": [[_printed(each) for each in row] for row in parts_of(file)],
        "part_total": ["合计", "", *_total_of(file)],
        "heads": _HEADS,
        "lines": [[_printed(each) for each in row] for row in rows_of(file, counties)],
        "total": ["合计", *[""] * 5, *_total_of(file)],
        "refused": [[reason_word(reason), f"{count:,}"] for reason, count in file.refused.items()],
        "by_hand": [[programme_word(code), f"{people:,}"] for code, people in file.manual.items()],
        "missing": list(file.coverage.get("missing", ())),
        "disputes": [
            [said.said, operator_statements.OUTCOMES.get(said.outcome, "待答复"), said.answer]
            for said in file.disputes
        ],
        "signed": [
            [STEPS[step], names.get(by, by), f"{localtime(when):%Y-%m-%d %H:%M}"]
            for step, by, when in file.signed
        ],
        "digest": file.digest,
    }
    return typeset(_TEMPLATE, told, at=at)


def _total_of(file: StatementFile) -> list[str]:
    return [_printed(each) for each in (file.head.count, file.ordinary, file.paid, file.head.savings)]


def _printed(value: str | int | Fen) -> str:
    if isinstance(value, Fen):
        return value.text
    return f"{value:,}" if isinstance(value, int) else value
