"""A file of service centres and stations, line by line: what it says, or why it cannot be taken."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from io import StringIO

from rongjun.kernel.errors import Unfit
from rongjun.kernel.identifiers import DivisionCode
from rongjun.kernel.reading import half_width

KINDS = {"服务中心": "centre", "服务站": "station"}
LABELS = {kind: label for label, kind in KINDS.items()}
COLUMNS = ("区划代码", "名称", "类别", "地址", "电话", "起始日期")


@dataclass(frozen=True, slots=True)
class StationRow:
    """A service centre or station as a file names it; `division` is the place it serves."""

    division: int
    name: str
    kind: str
    address: str
    phone: str
    valid_from: date


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a line was not taken; a clerk counts lines with the headings as the first."""

    line: int
    column: str
    sentence: str


def read_stations(content: bytes) -> tuple[list[StationRow], list[Fault]]:
    """Rows and faults of a CSV with the headings of COLUMNS, in UTF-8 or GB 18030."""
    reader = csv.DictReader(StringIO(_decoded(content)))
    missing = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
    if missing:
        return [], [Fault(1, "、".join(missing), "表头缺这些列，请按模板补上。")]
    rows: list[StationRow] = []
    faults: list[Fault] = []
    for line, written in enumerate(reader, start=2):
        cells = {column: half_width(written.get(column) or "") for column in COLUMNS}
        found = _faults(cells, line)
        faults += found
        if not found:
            rows.append(_row(cells))
    return rows, faults


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("gb18030", "replace")


def _faults(cells: Mapping[str, str], line: int) -> list[Fault]:
    found = []
    try:
        DivisionCode.from_text(cells["区划代码"])
    except Unfit as unfit:
        found.append(Fault(line, "区划代码", unfit.sentence))
    if not cells["名称"]:
        found.append(Fault(line, "名称", "没有写名称，请补上。"))
    if cells["类别"] not in KINDS:
        found.append(Fault(line, "类别", f"只能写{'或'.join(KINDS)}。"))
    try:
        date.fromisoformat(cells["起始日期"])
    except ValueError:
        found.append(Fault(line, "起始日期", "写成 2024-03-01 这样的日期。"))
    return found


def _row(cells: Mapping[str, str]) -> StationRow:
    return StationRow(
        division=DivisionCode.from_text(cells["区划代码"]).code,
        name=cells["名称"],
        kind=KINDS[cells["类别"]],
        address=cells["地址"],
        phone=cells["电话"],
        valid_from=date.fromisoformat(cells["起始日期"]),
    )
