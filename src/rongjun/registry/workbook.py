"""The bureau's roster workbook: made for download, and read with suspicion."""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import chain, pairwise

from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter, range_boundaries
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from rongjun.kernel.crypto import sm3
from rongjun.kernel.errors import Refused
from rongjun.kernel.reading import half_width
from rongjun.registry.roster import COLUMNS, SPOILT_FORMULA, SPOILT_NUMBER, RawRow

SHEET = "花名册"
LARGEST_UNPACKED = 100 * 1024 * 1024
MOST_ROWS = 50_000
MOST_COLUMNS = 200
LAST_ROW = 1_048_576  # of any spreadsheet
HEADINGS_WITHIN = 10

Cells = tuple[object, ...]


def digest_of(content: bytes) -> bytes:
    """SM3 of a file: the same file is the same import."""
    return sm3(content)


# --- reading ------------------------------------------------------------------------------------------------


def read_roster(content: bytes) -> tuple[RawRow, ...]:
    """Rows of the visible sheet 花名册 (else of the first visible one) that say anything, in order.

    Raises Refused with codes registry.workbook-* when the file as a whole cannot be read; nothing is kept
    then. Reads as a stream and stops at the first thing that is too much, so no file costs much to refuse.
    """
    _refuse_other_kinds(content)
    with zipfile.ZipFile(io.BytesIO(content)) as archive, warnings.catch_warnings():
        # openpyxl warns of drop-downs and styles it does not know; they are not what we read.
        warnings.simplefilter("ignore")
        sheet = _Sheet.open(content, archive)
        rows = enumerate(sheet.rows(), start=1)
        at, headings = _find_headings(rows)
        _refuse_unclear(headings.values())
        found = tuple(_rows_below(rows, headings))
        _refuse_merged(sheet.merged(), below=at)
    if not found:
        raise Refused("registry.workbook-empty")
    return found


_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_LOCKED = "EncryptedPackage".encode("utf-16-le")


def _refuse_other_kinds(content: bytes) -> None:
    """By what the file holds, never by its name."""
    if content.startswith(_OLE) and _LOCKED in content:
        raise Refused("registry.workbook-locked")
    if not content.startswith(b"PK"):
        raise Refused("registry.workbook-wrong-kind")
    entries = _entries(content)
    names = {entry.filename.lower() for entry in entries}
    if "[content_types].xml" not in names or not any(name.startswith("xl/") for name in names):
        raise Refused("registry.workbook-wrong-kind")
    if "xl/workbook.bin" in names:
        raise Refused("registry.workbook-wrong-kind")
    if any("vbaproject" in name or name.startswith("xl/macrosheets/") for name in names):
        raise Refused("registry.workbook-macros")
    if sum(entry.file_size for entry in entries) > LARGEST_UNPACKED:
        raise Refused("registry.workbook-bomb")


def _entries(content: bytes) -> list[zipfile.ZipInfo]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return archive.infolist()
    except Exception as error:  # zipfile raises half a dozen kinds over damaged directories
        raise Refused("registry.workbook-unreadable") from error


class _Sheet:
    """One sheet as a stream. Whatever openpyxl or its XML parser raises means: this file is damaged."""

    def __init__(self, worksheet: Worksheet, archive: zipfile.ZipFile) -> None:
        self._worksheet = worksheet
        self._archive = archive

    @classmethod
    def open(cls, content: bytes, archive: zipfile.ZipFile) -> _Sheet:
        """The sheet to read."""
        try:
            book = load_workbook(io.BytesIO(content), read_only=True, keep_links=False)
            visible = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
            named = [sheet for sheet in visible if half_width(sheet.title) == SHEET]
            return cls((named or visible)[0], archive)
        except Exception as error:
            raise Refused("registry.workbook-unreadable") from error

    def rows(self) -> Iterator[Cells]:
        """Every row from the first, as wide as it is written; rows that are not written come empty."""
        try:
            # What a workbook says of its own size is often wrong, and would cut rows off.
            self._worksheet.reset_dimensions()  # type: ignore[attr-defined]
            yield from self._worksheet.iter_rows()
        except Exception as error:
            raise Refused("registry.workbook-unreadable") from error

    def merged(self) -> Iterator[str]:
        """Every merged range. The streaming reader leaves them out, so they are looked for in the XML."""
        path: str = self._worksheet._worksheet_path  # type: ignore[attr-defined]
        with self._archive.open(path) as file:
            parts = chain(iter(lambda: file.read(1 << 20), b""), [b""])
            for part, following in pairwise(parts):
                seam = part + following[:200]
                for found in _MERGED.finditer(seam):
                    if found.start() < len(part):
                        yield found[1].decode("ascii")


_MERGED = re.compile(rb"<(?:\w+:)?mergeCell\s[^>]*?ref=[\"']([A-Z]{1,3}\d{1,7}:[A-Z]{1,3}\d{1,7})[\"']")


def _find_headings(rows: Iterator[tuple[int, Cells]]) -> tuple[int, Mapping[int, str]]:
    """The heading row is the first of the top ten that names a person's name and number."""
    known = {column.heading for column in COLUMNS}
    for number, cells in rows:
        if number > HEADINGS_WITHIN:
            break
        _refuse_wide(cells)
        named = {place: _heading(cell) for place, cell in enumerate(cells)}
        found = {place: heading for place, heading in named.items() if heading in known}
        if {"姓名", "证件号码"} <= set(found.values()):
            return number, found
    raise Refused("registry.workbook-no-headings")


def _heading(cell: object) -> str:
    return re.sub(r"[\s*]", "", half_width(_text(cell)))


def _refuse_unclear(headings: Iterable[str]) -> None:
    named = list(headings)
    twice = [column.heading for column in COLUMNS if named.count(column.heading) > 1]
    if twice:
        raise Refused("registry.workbook-heading-twice", headings="、".join(twice))
    missing = [column.heading for column in COLUMNS if column.required and column.heading not in named]
    if missing:
        raise Refused("registry.workbook-heading-missing", headings="、".join(missing))


def _refuse_wide(cells: Cells) -> None:
    if len(cells) > MOST_COLUMNS:
        raise Refused("registry.workbook-too-wide", columns=len(cells), most=MOST_COLUMNS)


def _refuse_merged(merged: Iterable[str], *, below: int) -> None:
    """A title merged above the headings is harmless; from the headings down a row must be one person."""
    for cells in merged:
        if (range_boundaries(cells)[3] or 0) >= below:
            raise Refused("registry.workbook-merged", cells=cells)


def _rows_below(rows: Iterator[tuple[int, Cells]], headings: Mapping[int, str]) -> Iterator[RawRow]:
    count = 0
    for number, cells in rows:
        _refuse_wide(cells)
        if number > LAST_ROW:
            raise Refused("registry.workbook-unreadable")
        values = {headings[place]: _text(cell) for place, cell in enumerate(cells) if place in headings}
        if not any(values.values()):
            continue
        count += 1
        if count > MOST_ROWS:
            raise Refused("registry.workbook-too-long", most=MOST_ROWS)
        yield RawRow(number, values)


def _text(cell: object) -> str:
    """What a clerk sees in the cell, or a mark that the spreadsheet has spoilt it."""
    if getattr(cell, "data_type", "n") == "f":
        return SPOILT_FORMULA
    value = getattr(cell, "value", None)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, datetime | date):
        return value.isoformat()[:10]
    if isinstance(value, int | float):
        return _number(value)
    return str(value).strip()


def _number(value: float) -> str:
    whole = int(value) if float(value).is_integer() else value
    # Beyond 15 digits a spreadsheet has already replaced the last ones by zeros.
    return SPOILT_NUMBER if abs(whole) >= 10**15 else str(whole)


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


def _new_roster() -> tuple[Workbook, Worksheet]:
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = SHEET
    _write_headings(sheet)
    return book, sheet


def _write_headings(sheet: Worksheet) -> None:
    for index, column in enumerate(COLUMNS, start=1):
        cell = sheet.cell(row=1, column=index, value=column.heading + ("*" if column.required else ""))
        cell.font, cell.alignment = Font(bold=True, color="FFFFFF"), Alignment(horizontal="center")
        cell.fill = PatternFill("solid", fgColor="A61B29")
        dimension = sheet.column_dimensions[get_column_letter(index)]
        dimension.width = column.width
        # Text, so that what a clerk types into an empty cell keeps all its digits.
        dimension.number_format = "@"
    sheet.freeze_panes = "A2"


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


def _fill(sheet: Worksheet, rows: Sequence[Mapping[str, str]]) -> None:
    for number, values in enumerate(rows, start=2):
        for index, column in enumerate(COLUMNS, start=1):
            text = ILLEGAL_CHARACTERS_RE.sub("", values.get(column.heading, ""))
            if text:
                cell = sheet.cell(row=number, column=index, value=text)
                cell.data_type = "s"  # a leading = would else make it a formula
                cell.number_format = "@"


def _bytes(book: Workbook) -> bytes:
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()
