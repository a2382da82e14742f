"""A file of stations: what is taken, and what each refused cell is told."""

from __future__ import annotations

from datetime import date

import pytest

from rongjun.places.logic.stations import COLUMNS, Fault, StationRow, read_stations

GOOD = ("990102901000", "示范一街道退役军人服务站", "服务站", "示范路 1 号", "", "2024-03-01")


def file(*rows: tuple[str, ...], encoding: str = "utf-8-sig") -> bytes:
    return "\r\n".join(",".join(row) for row in (COLUMNS, *rows)).encode(encoding)


def changed(column: str, value: str) -> tuple[str, ...]:
    return tuple(value if name == column else cell for name, cell in zip(COLUMNS, GOOD, strict=True))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_good_file_is_read_in_every_usual_encoding(encoding: str) -> None:
    rows, faults = read_stations(file(GOOD, encoding=encoding))
    assert faults == []
    assert rows == [
        StationRow(990102901000, "示范一街道退役军人服务站", "station", "示范路 1 号", "", date(2024, 3, 1))
    ]


def test_a_county_may_be_written_with_six_full_width_digits() -> None:
    rows, _ = read_stations(file(changed("区划代码", "９９０１０２")))
    assert rows[0].division == 990102000000


@pytest.mark.parametrize(
    ("column", "value"),
    [("区划代码", "99010"), ("名称", " "), ("类别", "站"), ("起始日期", "2024年3月")],
)
def test_a_wrong_cell_is_named_with_its_line(column: str, value: str) -> None:
    rows, faults = read_stations(file(GOOD, changed(column, value)))
    assert len(rows) == 1
    assert [(fault.line, fault.column) for fault in faults] == [(3, column)]


def test_all_faults_of_a_line_are_told_at_once() -> None:
    _, faults = read_stations(file(("", "", "", "", "", "")))
    assert [fault.column for fault in faults] == ["区划代码", "名称", "类别", "起始日期"]


def test_missing_headings_are_named() -> None:
    rows, faults = read_stations("区划代码,名称\n".encode())
    assert rows == []
    assert faults == [Fault(1, "类别、地址、电话、起始日期", "表头缺这些列，请按模板补上。")]
