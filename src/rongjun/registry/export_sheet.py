"""A list of people as a workbook that says who took it, where, when and by which request."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from rongjun.registry.listing import COLUMNS, cells_of
from rongjun.registry.queries import PersonLine


@dataclass(frozen=True, slots=True)
class Mark:
    """水印: who, account, station, moment, number of the request."""

    name: str
    login: str
    station: str
    at: str
    number: str

    @property
    def text(self) -> str:
        """As it stands on the sheet."""
        return f"{self.name}（{self.login}）{self.station} {self.at} 导出，编号 {self.number}"


def people_sheet(
    lines: Sequence[PersonLine], *, stations: Mapping[int, str], on: date, mark: Mark, reason: str
) -> bytes:
    """The workbook: the mark in the first row, on each printed page, and in the file's properties."""
    heads = [COLUMNS[0], "人员类别", *COLUMNS[1:]]
    rows = []
    for line in lines:
        name, *rest = cells_of(line, station=stations[line.division], on=on)
        rows.append([name, "、".join(line.categories), *rest])
    return marked_book({"人员": (heads, rows)}, mark=mark, reason=reason)


def marked_book(
    sheets: Mapping[str, tuple[Sequence[str], Sequence[Sequence[str]]]], *, mark: Mark, reason: str
) -> bytes:
    """A workbook of text sheets (heads, rows), each of them marked."""
    book = Workbook()
    book.remove(book.worksheets[0])
    book.properties.creator = f"{mark.name}（{mark.login}）"
    book.properties.title = f"导出编号 {mark.number}"
    book.properties.description = mark.text
    for title, (heads, rows) in sheets.items():
        sheet = book.create_sheet(title)
        _mark(sheet, mark, reason=reason, width=len(heads))
        _write(sheet, heads, rows)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _mark(sheet: Worksheet, mark: Mark, *, reason: str, width: int) -> None:
    _put(sheet, 1, 1, f"{mark.text}；用途：{reason}")
    sheet.merge_cells(start_row=1, start_column=1, end_row=1, end_column=width)
    first = sheet.cell(1, 1)
    first.font, first.alignment = Font(bold=True, color="A61B29"), Alignment(wrap_text=True)
    sheet.row_dimensions[1].height = 32
    # "&" begins a code in headers and footers.
    printed = mark.text.replace("&", "&&")
    for place in (sheet.oddHeader, sheet.oddFooter):
        assert place is not None
        place.center.text = printed
    sheet.print_title_rows = "1:2"


def _write(sheet: Worksheet, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    for column, head in enumerate(heads, start=1):
        _put(sheet, 2, column, head)
        cell = sheet.cell(2, column)
        cell.font, cell.fill = Font(bold=True, color="FFFFFF"), PatternFill("solid", fgColor="A61B29")
        sheet.column_dimensions[get_column_letter(column)].width = 24
    for number, row in enumerate(rows, start=3):
        for column, text in enumerate(row, start=1):
            _put(sheet, number, column, text)
    sheet.freeze_panes = "A3"


def _put(sheet: Worksheet, row: int, column: int, text: str) -> None:
    cell = sheet.cell(row, column, ILLEGAL_CHARACTERS_RE.sub("", text))
    if text and cell.data_type != "s":  # a leading = would else make it a formula
        cell.data_type = "s"
