"""The screen as a workbook: a sheet a panel, figures as numbers."""

from __future__ import annotations

import io
from decimal import Decimal

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from rongjun.insight.logic import Cell, Panel, Screen

_BOLD = Font(bold=True)
_LONGEST = 31  # signs of a sheet's name


def workbook_of(screen: Screen) -> bytes:
    """Every panel whole, with where and as of when above it."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for panel in screen.panels:
        _add(book, panel, screen)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _add(book: Workbook, panel: Panel, screen: Screen) -> None:
    sheet = book.create_sheet(panel.title[:_LONGEST])
    sheet.append([f"{screen.place} · {panel.title}"])
    sheet.append([screen.moment])
    sheet.append(list(panel.heads))
    for line in panel.lines:
        sheet.append([line.label, *map(_value, line.cells)])
        for cell in sheet[sheet.max_row]:
            if isinstance(cell.value, str):
                cell.data_type = "s"  # a leading = would else make it a formula
            elif isinstance(cell.value, Decimal):
                cell.number_format = "#,##0.00"
    for row in (1, 3):
        for cell in sheet[row]:
            cell.font = _BOLD
    sheet.freeze_panes = "B4"
    sheet.column_dimensions["A"].width = 36
    for index in range(2, len(panel.heads) + 1):
        sheet.column_dimensions[get_column_letter(index)].width = 14


def _value(cell: Cell) -> int | str | Decimal:
    if cell.count is None:
        return cell.text
    return Decimal(cell.count).scaleb(-2) if cell.money else cell.count
