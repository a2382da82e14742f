"""The screen as a workbook: a sheet a panel, figures as numbers."""

from __future__ import annotations

import io
from decimal import Decimal

from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from rongjun.insight.logic import Cell, Panel, Screen, Tile
from rongjun.kernel.words import Words

_BOLD = Font(bold=True)
_LONGEST = 31  # signs of a sheet's name
_WIDEST, _NARROWEST = 72, 10


def workbook_of(screen: Screen, *, tiles: str = "") -> bytes:
    """Every panel whole, with where and as of when above it; before them the tiles, on a sheet so named."""
    book = Workbook()
    book.remove(book.worksheets[0])
    if tiles:
        _add_tiles(book, tiles, screen)
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
                cell.alignment = Alignment(wrap_text=True, vertical="top")
            else:
                cell.number_format = "#,##0.00" if isinstance(cell.value, Decimal) else "#,##0"
    _finish(sheet, columns=len(panel.heads))


def _add_tiles(book: Workbook, title: str, screen: Screen) -> None:
    sheet = book.create_sheet(title[:_LONGEST])
    sheet.append([f"{screen.place} · {title}"])
    sheet.append([screen.moment])
    sheet.append([str(_(head)) for head in _HEADS])
    for tile in screen.tiles:
        sheet.append([tile.label, _figure(tile), tile.unit, tile.note])
        sheet.cell(sheet.max_row, 2).number_format = "#,##0.00" if "." in tile.figure else "#,##0"
    _finish(sheet, columns=len(_HEADS))


_HEADS: Words[tuple[str, ...]] = ("数", "是多少", "单位", "说明")


def _figure(tile: Tile) -> int | str | Decimal:
    plain = tile.figure.replace(",", "")
    return plain if not plain.replace(".", "", 1).isdecimal() else Decimal(plain)


def _finish(sheet: Worksheet, *, columns: int) -> None:
    """Heads bold and in sight, columns as wide as what stands in them, one page wide when printed."""
    for row in (1, 3):
        for cell in sheet[row]:
            cell.font = _BOLD
    sheet.freeze_panes = "B4"
    for index in range(1, columns + 1):
        held = (sheet.cell(row, index).value for row in range(3, sheet.max_row + 1))
        wanted = max(_width_of(value) for value in held) + 3
        sheet.column_dimensions[get_column_letter(index)].width = min(_WIDEST, max(_NARROWEST, wanted))
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.print_title_rows = "1:3"


def _width_of(value: object) -> int:
    """How wide a value stands: a Chinese sign is two letters wide, a figure has its commas and decimals."""
    text = (
        f"{value:,.2f}"
        if isinstance(value, Decimal)
        else f"{value:,}"
        if isinstance(value, int)
        else str(value or "")
    )
    return sum(2 if ord(sign) > 0x2E7F else 1 for sign in text)


def _value(cell: Cell) -> int | str | Decimal:
    if cell.count is None:
        return cell.text
    return Decimal(cell.count).scaleb(-2) if cell.money else cell.count
