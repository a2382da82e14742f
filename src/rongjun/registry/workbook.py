"""The bureau's roster: made for download, given back for correction, and read."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from uuid import UUID

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from rongjun.kernel.crypto import sm3
from rongjun.kernel.money import Fen
from rongjun.registry.cutover import MONEY, ROWS, Kind
from rongjun.registry.roster import COLUMNS, RawRow
from rongjun.registry.sheets import LARGEST_UNPACKED, MOST_ROWS, Shape, read_table

__all__ = [
    "LARGEST_UNPACKED",
    "MOST_ROWS",
    "SHEET",
    "cutover_workbook",
    "digest_of",
    "read_roster",
    "refused_workbook",
    "roster_workbook",
    "table_workbook",
    "template",
]

SHEET = "花名册"
# Columns of a workbook of refused rows; the last two lead back to where they were refused.
WHY, WHAT_TO_DO, FIRST_IMPORT, FIRST_ROW = "退回原因", "怎么改", "原导入编号", "原行号"
_HEADINGS = [column.heading for column in COLUMNS]
_ROSTER = Shape(
    sheet=SHEET,
    known=[*_HEADINGS, FIRST_IMPORT, FIRST_ROW],
    required=[column.heading for column in COLUMNS if column.required],
    landmarks=frozenset({"姓名", "证件号码"}),
)


def digest_of(content: bytes) -> bytes:
    """SM3 of a file: the same file is the same import."""
    return sm3(content)


def read_roster(content: bytes) -> tuple[RawRow, ...]:
    """Rows of a roster, workbook or CSV, that say anything, in order.

    Raises Refused with codes registry.workbook-* and registry.csv-* when the file as a whole cannot be read;
    nothing is kept then.
    """
    return tuple(_raw(*row) for row in read_table(content, _ROSTER, most=MOST_ROWS).rows)


def _raw(number: int, values: Mapping[str, str]) -> RawRow:
    told = {heading: text for heading, text in values.items() if heading not in (FIRST_IMPORT, FIRST_ROW)}
    corrects = None
    with suppress(ValueError):  # somebody wrote over it: then the row is one like any other
        first = int(values.get(FIRST_ROW, ""))
        corrects = (UUID(values.get(FIRST_IMPORT, "")), first) if 0 < first < 2**31 else None
    return RawRow(number, told, corrects)


# --- writing ------------------------------------------------------------------------------------------------


def template(examples: Sequence[Mapping[str, str]]) -> bytes:
    """The empty roster: Chinese headings, drop-downs, text columns, a filled example on its own sheet."""
    book, sheet = _new_roster()
    _add_choices(sheet)
    example = book.create_sheet("填写示例")
    _write_headings(example)
    _fill(example, examples)
    notes = book.create_sheet("填写说明")
    notes.append(["列", "必填", "怎么填"])
    for column in COLUMNS:
        notes.append([column.heading, "是" if column.required else "", column.help])
    notes.column_dimensions["A"].width, notes.column_dimensions["C"].width = 18, 70
    return _bytes(book)


def roster_workbook(rows: Sequence[Mapping[str, str]]) -> bytes:
    """A filled roster in the template's layout; every cell is text, whatever sign it starts with."""
    book, sheet = _new_roster()
    _add_choices(sheet)
    _fill(sheet, rows)
    return _bytes(book)


def refused_workbook(
    rows: Sequence[tuple[int, Mapping[str, str], Sequence[Mapping[str, str]]]], *, roster: UUID
) -> bytes:
    """Refused rows (number, cells, faults) in the template's layout, with why, what to do, and their origin.

    Corrected and handed in, it loads like any roster, and the first import shows the rows as corrected.
    """
    book, sheet = _new_roster()
    _add_choices(sheet)
    extra = [(WHY, 50), (WHAT_TO_DO, 50), (FIRST_IMPORT, 14), (FIRST_ROW, 10)]
    for place, (heading, width) in enumerate(extra, start=len(COLUMNS) + 1):
        _write_heading(sheet, place, heading, width)
    told = []
    for number, cells, faults in rows:
        why, todo = zip(*(_split(fault) for fault in faults), strict=True)
        lead = {FIRST_IMPORT: str(roster), FIRST_ROW: str(number)}
        told.append({**cells, WHY: "\n".join(why), WHAT_TO_DO: "\n".join(todo), **lead})
    _fill(sheet, told, headings=[*_HEADINGS, *(heading for heading, _ in extra)])
    return _bytes(book)


def cutover_workbook(
    kind: Kind, rows: Sequence[tuple[int, Mapping[str, str], Sequence[Mapping[str, str]]]], *, fen: int
) -> bytes:
    """Refused rows of a file of the old system, in its own layout, with why and what to do, and totals.

    Whoever changes an amount changes the total with it.
    """
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = kind.label
    sheet.append([ROWS, str(len(rows)), MONEY, str(Fen(fen))] if kind.amounts else [ROWS, str(len(rows))])
    headings = [*kind.headings, WHY, WHAT_TO_DO]
    sheet.append(headings)
    told = []
    for _, cells, faults in rows:
        why, todo = zip(*(_split(fault) for fault in faults), strict=True)
        told.append({**cells, WHY: "\n".join(why), WHAT_TO_DO: "\n".join(todo)})
    _fill(sheet, told, headings=headings, first=3)
    return _bytes(book)


def table_workbook(title: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    """Any table as a workbook of one sheet; every cell is text."""
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = title
    for place, heading in enumerate(headings, start=1):
        _write_heading(sheet, place, heading, 20)
    sheet.freeze_panes = "A2"
    _fill(sheet, [dict(zip(headings, row, strict=True)) for row in rows], headings=headings)
    return _bytes(book)


def _split(fault: Mapping[str, str]) -> tuple[str, str]:
    """A fault's sentence as what is wrong and what to do, each with its column."""
    sentence, column = fault["sentence"], fault["column"]
    found = re.search(r"请|可填|只能填", sentence)
    if not found or not found.start():
        return f"{column}：{sentence}", f"{column}：{sentence}"
    return (
        f"{column}：{sentence[: found.start()].rstrip('，。：')}。",
        f"{column}：{sentence[found.start() :]}",
    )


def _new_roster() -> tuple[Workbook, Worksheet]:
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = SHEET
    _write_headings(sheet)
    return book, sheet


def _write_headings(sheet: Worksheet) -> None:
    for index, column in enumerate(COLUMNS, start=1):
        _write_heading(sheet, index, column.heading + ("*" if column.required else ""), column.width)
    sheet.freeze_panes = "A2"


def _write_heading(sheet: Worksheet, place: int, heading: str, width: int) -> None:
    cell = sheet.cell(row=1, column=place, value=heading)
    cell.font, cell.alignment = Font(bold=True, color="FFFFFF"), Alignment(horizontal="center")
    cell.fill = PatternFill("solid", fgColor="A61B29")
    dimension = sheet.column_dimensions[get_column_letter(place)]
    dimension.width = width
    # Text, so that what a clerk types into an empty cell keeps all its digits.
    dimension.number_format = "@"


def _add_choices(sheet: Worksheet) -> None:
    for index, column in enumerate(COLUMNS, start=1):
        if not column.choices:
            continue
        formula = '"' + ",".join(column.choices) + '"'
        assert len(formula) <= 255, f"a drop-down holds 255 signs: {column.heading}"
        listed = DataValidation(type="list", formula1=formula, allow_blank=True)
        listed.errorTitle, listed.error = "请从列表里选", f"{column.heading}只能填列表里的内容。"
        listed.showErrorMessage = not column.several
        sheet.add_data_validation(listed)
        letter = get_column_letter(index)
        listed.add(f"{letter}2:{letter}{MOST_ROWS + 1}")


def _fill(
    sheet: Worksheet,
    rows: Sequence[Mapping[str, str]],
    *,
    headings: Sequence[str] = _HEADINGS,
    first: int = 2,
) -> None:
    for number, values in enumerate(rows, start=first):
        for index, heading in enumerate(headings, start=1):
            text = values.get(heading, "")
            text = "" if text.startswith("\x00") else ILLEGAL_CHARACTERS_RE.sub("", text)
            if text:
                cell = sheet.cell(row=number, column=index, value=text)
                cell.data_type = "s"  # a leading = would else make it a formula
                cell.number_format = "@"


def _bytes(book: Workbook) -> bytes:
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()
