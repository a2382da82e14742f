"""The bureau's roster workbook: made for download, and read with suspicion."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date, datetime

from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import Cell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from rongjun.kernel.errors import Refused
from rongjun.registry.roster import COLUMNS, SPOILT_FORMULA, SPOILT_NUMBER, RawRow

SHEET = "花名册"
LARGEST_UNPACKED = 200 * 1024 * 1024
MOST_ROWS = 50_000
MOST_COLUMNS = 200


def read_roster(content: bytes) -> tuple[RawRow, ...]:
    """Rows of the sheet 花名册 (else the first), in order.

    Raises Refused with codes registry.workbook-* when the file as a whole cannot be read; nothing is kept then.
    """
    _open_archive(content)
    try:
        book = load_workbook(io.BytesIO(content), data_only=False, keep_links=False)
    except Exception as error:  # openpyxl raises whatever its XML holds; the file is at fault, not we
        raise Refused("registry.workbook-unreadable") from error
    sheet = book[SHEET] if SHEET in book.sheetnames else book.worksheets[0] if book.worksheets else None
    if sheet is None:
        raise Refused("registry.workbook-empty")
    if sheet.max_column > MOST_COLUMNS:
        raise Refused("registry.workbook-too-wide", columns=sheet.max_column, most=MOST_COLUMNS)
    if sheet.max_row > MOST_ROWS:
        raise Refused("registry.workbook-too-long", rows=sheet.max_row, most=MOST_ROWS)
    if sheet.merged_cells.ranges:
        raise Refused("registry.workbook-merged", cells=str(next(iter(sheet.merged_cells.ranges))))
    return _rows_of(sheet)


def _open_archive(content: bytes) -> None:
    if not content.startswith(b"PK"):
        raise Refused("registry.workbook-wrong-kind")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
    except zipfile.BadZipFile as error:
        raise Refused("registry.workbook-unreadable") from error
    names = {entry.filename for entry in entries}
    if "[Content_Types].xml" not in names:
        raise Refused("registry.workbook-wrong-kind")
    if any(name.endswith("vbaProject.bin") for name in names):
        raise Refused("registry.workbook-macros")
    if sum(entry.file_size for entry in entries) > LARGEST_UNPACKED:
        raise Refused("registry.workbook-bomb")


def _rows_of(sheet: Worksheet) -> tuple[RawRow, ...]:
    at, headings = _find_headings(sheet)
    twice = sorted({h for h in headings.values() if list(headings.values()).count(h) > 1})
    if twice:
        raise Refused("registry.workbook-heading-twice", headings="、".join(twice))
    missing = [c.heading for c in COLUMNS if c.required and c.heading not in headings.values()]
    if missing:
        raise Refused("registry.workbook-heading-missing", headings="、".join(missing))
    rows = []
    for number, cells in enumerate(sheet.iter_rows(min_row=at + 1), start=at + 1):
        values = {headings[c.column]: _text(c) for c in cells if isinstance(c, Cell) and c.column in headings}
        if any(values.values()):
            rows.append(RawRow(number, values))
    if not rows:
        raise Refused("registry.workbook-empty")
    return tuple(rows)


def _find_headings(sheet: Worksheet) -> tuple[int, Mapping[int, str]]:
    """The heading row is the first of the top ten that names a person's name and number."""
    known = {c.heading for c in COLUMNS}
    for number, cells in enumerate(sheet.iter_rows(max_row=10), start=1):
        named = {c.column: str(c.value).strip().rstrip("*＊ ") for c in cells if c.value is not None}
        found = {column: heading for column, heading in named.items() if heading in known}
        if {"姓名", "证件号码"} <= set(found.values()):
            return number, found
    raise Refused("registry.workbook-no-headings")


def _text(cell: Cell) -> str:
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, datetime | date):
        return value.strftime("%Y-%m-%d")
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, int | float):
        whole = int(value) if float(value).is_integer() else value
        # Beyond 15 digits a spreadsheet has already replaced the last ones by zeros.
        return SPOILT_NUMBER if isinstance(whole, int) and whole >= 10**15 else str(whole)
    return SPOILT_FORMULA if cell.data_type == "f" else str(value).strip()


def template(examples: Sequence[Mapping[str, str]]) -> bytes:
    """The empty roster: Chinese headings, drop-downs, text columns, a filled example on its own sheet."""
    book, sheet = _new_roster()
    for index, column in enumerate(COLUMNS, start=1):
        letter = get_column_letter(index)
        if column.choices:
            listed = DataValidation(type="list", formula1='"' + ",".join(column.choices) + '"', allow_blank=True)
            listed.errorTitle, listed.error = "请从列表里选", f"{column.heading}只能填列表里的内容。"
            listed.showErrorMessage = not column.several
            sheet.add_data_validation(listed)
            listed.add(f"{letter}2:{letter}10001")
        for row in range(2, 202):
            sheet[f"{letter}{row}"].number_format = "@"
    example = book.create_sheet("填写示例")
    _write_headings(example)
    _fill(example, examples)
    notes = book.create_sheet("填写说明")
    notes.append(["列", "必填", "怎么填"])
    for column in COLUMNS:
        notes.append([column.heading, "是" if column.required else "", column.help])
    notes.column_dimensions["A"].width, notes.column_dimensions["C"].width = 18, 70
    return _bytes(book)


def _write_headings(sheet: Worksheet) -> None:
    for index, column in enumerate(COLUMNS, start=1):
        cell = sheet.cell(row=1, column=index, value=column.heading + ("*" if column.required else ""))
        cell.font, cell.alignment = Font(bold=True, color="FFFFFF"), Alignment(horizontal="center")
        cell.fill = PatternFill("solid", fgColor="A61B29")
        sheet.column_dimensions[get_column_letter(index)].width = column.width
    sheet.freeze_panes = "A2"


def roster_workbook(rows: Sequence[Mapping[str, str]]) -> bytes:
    """A filled roster in the template's layout."""
    book, sheet = _new_roster()
    _fill(sheet, rows)
    return _bytes(book)


def _new_roster() -> tuple[Workbook, Worksheet]:
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = SHEET
    _write_headings(sheet)
    return book, sheet


def _fill(sheet: Worksheet, rows: Sequence[Mapping[str, str]]) -> None:
    for values in rows:
        sheet.append([values.get(column.heading, "") for column in COLUMNS])


def _bytes(book: Workbook) -> bytes:
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()
