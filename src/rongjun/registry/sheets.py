"""Tables as clerks and old systems hand them in, workbook or CSV: read with suspicion, as a stream."""

from __future__ import annotations

import csv
import io
import re
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain, pairwise

from openpyxl import load_workbook
from openpyxl.utils import range_boundaries
from openpyxl.worksheet.worksheet import Worksheet

from rongjun.kernel.errors import Refused
from rongjun.kernel.reading import half_width
from rongjun.registry.roster import SPOILT_FORMULA, SPOILT_NUMBER

LARGEST_UNPACKED = 100 * 1024 * 1024
MOST_ROWS = 50_000
MOST_COLUMNS = 200
LAST_ROW = 1_048_576  # of any spreadsheet
HEADINGS_WITHIN = 10

Texts = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shape:
    """What a table must look like: the sheet it is looked for on, the headings it knows and needs.

    The heading row is the one that has all `landmarks`.
    """

    sheet: str
    known: Sequence[str]
    required: Sequence[str]
    landmarks: frozenset[str]


@dataclass(frozen=True, slots=True)
class Table:
    """A table that was read: its kind (xlsx or csv), what stood above the headings, rows by number."""

    kind: str
    above: tuple[Texts, ...]
    rows: tuple[tuple[int, Mapping[str, str]], ...]


def read_table(content: bytes, shape: Shape, *, most: int = MOST_ROWS) -> Table:
    """The rows that say anything, of the visible sheet `shape.sheet` (else of the first visible one).

    By what the file holds, never by its name. Raises Refused with codes registry.workbook-* and
    registry.csv-* when the file as a whole cannot be read. Stops at the first thing that is too much, so
    that no file costs much to refuse.
    """
    if content.startswith(_OLE):
        if _LOCKED in content:
            raise Refused("registry.workbook-locked")
        raise Refused("registry.workbook-wrong-kind")
    is_book = content.startswith(b"PK")
    table = (_read_workbook if is_book else _read_csv)(content, shape, most=most)
    if not table.rows:
        raise Refused("registry.workbook-empty", sheet=shape.sheet)
    return table


def _read(
    rows: Iterator[tuple[int, Texts]], shape: Shape, *, most: int
) -> tuple[int, list[Texts], tuple[tuple[int, Mapping[str, str]], ...]]:
    """Where the headings stand, what stands above them, and the rows below that say anything."""
    at, headings, above = _find_headings(rows, shape)
    _refuse_unclear(headings.values(), shape)
    return at, above, tuple(_rows_below(rows, headings, most=most))


def _find_headings(
    rows: Iterator[tuple[int, Texts]], shape: Shape
) -> tuple[int, Mapping[int, str], list[Texts]]:
    """The heading row is the first of the top ten that has all landmarks."""
    above: list[Texts] = []
    for number, cells in rows:
        if number > HEADINGS_WITHIN:
            break
        _refuse_wide(cells)
        named = {place: _heading(cell) for place, cell in enumerate(cells)}
        found = {place: heading for place, heading in named.items() if heading in shape.known}
        if shape.landmarks <= set(found.values()):
            return number, found, above
        above.append(cells)
    raise Refused("registry.workbook-no-headings", headings="”和“".join(sorted(shape.landmarks)))


def _heading(text: str) -> str:
    return re.sub(r"[\s*]", "", half_width(text))


def _refuse_unclear(headings: Iterable[str], shape: Shape) -> None:
    named = list(headings)
    twice = [heading for heading in shape.known if named.count(heading) > 1]
    if twice:
        raise Refused("registry.workbook-heading-twice", headings="、".join(twice))
    missing = [heading for heading in shape.required if heading not in named]
    if missing:
        raise Refused("registry.workbook-heading-missing", headings="、".join(missing))


def _refuse_wide(cells: Sequence[object]) -> None:
    if len(cells) > MOST_COLUMNS:
        raise Refused("registry.workbook-too-wide", columns=len(cells), most=MOST_COLUMNS)


def _rows_below(
    rows: Iterator[tuple[int, Texts]], headings: Mapping[int, str], *, most: int
) -> Iterator[tuple[int, Mapping[str, str]]]:
    count = 0
    for number, cells in rows:
        _refuse_wide(cells)
        if number > LAST_ROW:
            raise Refused("registry.workbook-unreadable")
        values = {headings[place]: cell for place, cell in enumerate(cells) if place in headings}
        if not any(values.values()):
            continue
        count += 1
        if count > most:
            raise Refused("registry.workbook-too-long", most=most)
        yield number, values


# --- workbooks ----------------------------------------------------------------------------------------------


def _read_workbook(content: bytes, shape: Shape, *, most: int) -> Table:
    _refuse_other_kinds(content)
    with zipfile.ZipFile(io.BytesIO(content)) as archive, warnings.catch_warnings():
        # openpyxl warns of drop-downs and styles it does not know; they are not what we read.
        warnings.simplefilter("ignore")
        sheet = _Sheet.open(content, archive, named=shape.sheet)
        at, above, rows = _read(enumerate(sheet.rows(), start=1), shape, most=most)
        _refuse_merged(sheet.merged(), below=at)
    return Table("xlsx", tuple(above), rows)


_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_LOCKED = "EncryptedPackage".encode("utf-16-le")


def _refuse_other_kinds(content: bytes) -> None:
    """By what the file holds, never by its name."""
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
    def open(cls, content: bytes, archive: zipfile.ZipFile, *, named: str) -> _Sheet:
        """The sheet to read."""
        try:
            book = load_workbook(io.BytesIO(content), read_only=True, keep_links=False)
            visible = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
            chosen = [sheet for sheet in visible if half_width(sheet.title) == named]
            return cls((chosen or visible)[0], archive)
        except Exception as error:
            raise Refused("registry.workbook-unreadable") from error

    def rows(self) -> Iterator[Texts]:
        """Every row from the first, as wide as it is written; rows that are not written come empty."""
        try:
            # What a workbook says of its own size is often wrong, and would cut rows off.
            self._worksheet.reset_dimensions()  # type: ignore[attr-defined]
            for cells in self._worksheet.iter_rows():
                _refuse_wide(cells)
                yield tuple(map(_text, cells))
        except Refused:
            raise
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


def _refuse_merged(merged: Iterable[str], *, below: int) -> None:
    """A title merged above the headings is harmless; from the headings down a row must be one thing."""
    for cells in merged:
        if (range_boundaries(cells)[3] or 0) >= below:
            raise Refused("registry.workbook-merged", cells=cells)


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


# --- CSV ----------------------------------------------------------------------------------------------------

_BOMS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"\xef\xbb\xbf": "utf-8-sig"}
_UTF16_SIGNS = 4096
_AS_TEXT = re.compile(r'="([^"]*)"')
_ROUNDED = re.compile(r"\d(\.\d+)?[Ee]\+?\d{1,3}")
_QUOTED_NUMBER = re.compile(r"'[\dXx]+")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def _read_csv(content: bytes, shape: Shape, *, most: int) -> Table:
    text = _decoded(content, shape)
    if not text.strip() or text.lstrip().startswith("<") or _UNPRINTABLE.search(text):
        raise Refused("registry.workbook-wrong-kind")
    _, above, rows = _read(_records(text, shape), shape, most=most)
    return Table("csv", tuple(above), rows)


def _decoded(content: bytes, shape: Shape) -> str:
    """The text, in whichever encoding Chinese spreadsheets write; a file in two of them is refused."""
    for mark, encoding in _BOMS.items():
        if content.startswith(mark):
            return _in(content, encoding)
    if b"\x00" in content:
        return _in(content, _unmarked_utf16(content, shape))
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        _refuse_mixed(content)
        return _in(content, "gb18030")


def _in(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        if encoding == "utf-8-sig":
            _refuse_mixed(content)
        raise Refused("registry.workbook-wrong-kind") from error


def _unmarked_utf16(content: bytes, shape: Shape) -> str:
    for encoding in ("utf-16-le", "utf-16-be"):
        start = content[:_UTF16_SIGNS].decode(encoding, "ignore")
        if all(landmark in start for landmark in shape.landmarks):
            return encoding
    raise Refused("registry.workbook-wrong-kind")


def _refuse_mixed(content: bytes) -> None:
    """Lines of Chinese in UTF-8 beside lines that are not UTF-8: somebody joined two files."""
    kinds: dict[bool, int] = {}
    for number, line in enumerate(content.splitlines(), start=1):
        if line.isascii():
            continue
        try:
            # What is in GB 18030 by chance reads as UTF-8 only in signs of two bytes, never as Chinese.
            if not any(sign >= "\u2e80" for sign in line.decode("utf-8")):
                continue
            kinds.setdefault(True, number)
        except UnicodeDecodeError:
            kinds.setdefault(False, number)
        if len(kinds) > 1:
            raise Refused("registry.csv-mixed-encodings", line=max(kinds.values()))


def _records(text: str, shape: Shape) -> Iterator[tuple[int, Texts]]:
    """Rows as a spreadsheet would count them."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text, shape), strict=True)
    try:
        for number, cells in enumerate(reader, start=1):
            _refuse_wide(cells)
            yield number, tuple(map(_csv_text, cells))
    except csv.Error as error:
        raise Refused("registry.csv-quotes", line=reader.line_num) from error


def _delimiter(text: str, shape: Shape) -> str:
    """The sign between cells: the one that takes the headings apart."""
    for line in text.splitlines()[:HEADINGS_WITHIN]:
        for sign in ",\t;|":
            if shape.landmarks <= {_heading(cell.strip('"')) for cell in line.split(sign)}:
                return sign
    return ","


def _csv_text(cell: str) -> str:
    """A cell as it was meant: ="0123" is how spreadsheets are made to keep digits; no other formula is."""
    text = cell.strip()
    kept = _AS_TEXT.fullmatch(text)
    if kept:
        return kept[1].strip()
    if text.startswith("="):
        return SPOILT_FORMULA
    if _ROUNDED.fullmatch(text):
        return SPOILT_NUMBER
    return text[1:] if _QUOTED_NUMBER.fullmatch(text) else text
