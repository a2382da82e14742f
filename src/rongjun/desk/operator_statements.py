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
_TEMPLATE = Path(__file__).with_name("operator_statement.typ")
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


def title_of(file: StatementFile) -> str:
    """运营结算单, whose, which month, which one of the month."""
    number = "" if file.head.number == 1 else f"（第 {file.head.number} 次，差额）"
    return f"{file.head.operator_name} {month_word(file.head.month)} 运营结算单{number}"


# --- a workbook ---------------------------------------------------------------------------------------------

_BOLD, _WHITE = Font(bold=True), Font(bold=True, color="FFFFFF")
_RED = PatternFill("solid", fgColor="A61B29")


def workbook_of(file: StatementFile, *, counties: Mapping[int, str], mark: str) -> bytes:
    """Three sheets: the figures with who signed, the lines as numbers, what is not in it and was disputed."""
    book = Workbook()
    book.remove(book.worksheets[0])
    book.properties.title = title_of(file)
    _cover(book.create_sheet("结算单"), file, mark=mark)
    _lines(book.create_sheet("明细"), file, counties)
    _rest(book.create_sheet("未计入和异议"), file)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _cover(sheet: Worksheet, file: StatementFile, *, mark: str) -> None:
    sheet.append([title_of(file)])
    sheet.append([mark])
    sheet.append([])
    for label, figure in figures_of(file):
        sheet.append([label, figure])
    sheet.append([])
    for step, by, at in file.signed:
        sheet.append([STEPS[step], by, f"{localtime(at):%Y-%m-%d %H:%M}"])
    sheet.append([])
    sheet.append(["数据截至", f"{localtime(file.known_at):%Y-%m-%d %H:%M}"])
    sheet.append(["明细摘要（SM3）", file.digest])
    sheet["A1"].font = Font(bold=True, size=14)
    sheet.column_dimensions["A"].width = 28
    sheet.column_dimensions["B"].width = 40
    sheet.column_dimensions["C"].width = 18


def _lines(sheet: Worksheet, file: StatementFile, counties: Mapping[int, str]) -> None:
    _head(sheet, _HEADS)
    for row in rows_of(file, counties):
        sheet.append([Decimal(int(each)) / 100 if isinstance(each, Fen) else each for each in row])
    last = sheet.max_row
    sheet.append(["合计", *[""] * 5, *(f"=SUM({letter}2:{letter}{last})" for letter in "GHIJ")])
    for cell in sheet[sheet.max_row]:
        cell.font = _BOLD
    for column in "DHIJ":
        for cell in sheet[column][1:]:
            cell.number_format = "#,##0.00"
    for cell in sheet["G"][1:]:
        cell.number_format = "#,##0"


def _rest(sheet: Worksheet, file: StatementFile) -> None:
    _head(sheet, ("类别", "说明", "数"))
    for reason, count in file.refused.items():
        sheet.append(["未计入的使用", reason_word(reason), count])
    for day in file.coverage.get("missing", ()):
        sheet.append(["没有交来数据的日子", day, ""])
    for said in file.disputes:
        outcome = operator_statements.OUTCOMES.get(said.outcome, "待答复")
        sheet.append(["异议", f"{said.said}；{outcome}{'：' + said.answer if said.answer else ''}", ""])


def _head(sheet: Worksheet, heads: Sequence[str]) -> None:
    sheet.append(list(heads))
    for column, cell in enumerate(sheet[1], start=1):
        cell.font, cell.fill = _WHITE, _RED
        cell.alignment = Alignment(wrap_text=True)
        sheet.column_dimensions[get_column_letter(column)].width = 18
    sheet.freeze_panes = "A2"


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
        "heads": _HEADS,
        "lines": [[_printed(each) for each in row] for row in rows_of(file, counties)],
        "refused": [[reason_word(reason), f"{count:,}"] for reason, count in file.refused.items()],
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


def _printed(value: str | int | Fen) -> str:
    if isinstance(value, Fen):
        return value.text
    return f"{value:,}" if isinstance(value, int) else value
