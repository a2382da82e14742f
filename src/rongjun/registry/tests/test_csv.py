"""Rosters as text: every encoding Chinese spreadsheets write, and every way such a file goes wrong."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rongjun.kernel.errors import Refused
from rongjun.registry import workbook
from rongjun.registry.roster import SPOILT_FORMULA, SPOILT_NUMBER, RosterRow, read_row
from rongjun.registry.tests.strategies import HEADINGS, TODAY, cells, number
from rongjun.registry.tests.test_workbook import a_row
from rongjun.registry.workbook import read_roster


def text_of(*rows: Sequence[str], delimiter: str = ",") -> str:
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=delimiter).writerows(rows)
    return buffer.getvalue()


GOOD = text_of(HEADINGS, a_row(), a_row(姓名="测试李四"))


def refusal(content: bytes) -> Refused:
    with pytest.raises(Refused) as refused:
        read_roster(content)
    return refused.value


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16", "utf-16-le", "utf-16-be"]
)
def test_every_encoding_reads_alike(encoding: str) -> None:
    rows = read_roster(GOOD.encode(encoding))
    assert [row.values["姓名"] for row in rows] == ["测试张三0001", "测试李四"]
    assert [row.number for row in rows] == [2, 3]
    assert all(isinstance(read_row(row, synthetic=True, today=TODAY), RosterRow) for row in rows)


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_any_usual_sign_may_stand_between_cells(delimiter: str) -> None:
    assert len(read_roster(text_of(HEADINGS, a_row(), delimiter=delimiter).encode())) == 1


@settings(max_examples=60, deadline=None)
@given(
    st.text("张李王建国一二三伟勇𠮷㐀·", min_size=2, max_size=20),
    st.sampled_from(["utf-8", "gb18030", "utf-16"]),
)
def test_a_name_survives_its_encoding(name: str, encoding: str) -> None:
    (row,) = read_roster(text_of(HEADINGS, a_row(姓名=name)).encode(encoding))
    assert row.values["姓名"] == name


def test_two_encodings_in_one_file_are_named_by_line() -> None:
    first, second = text_of(HEADINGS, a_row()), text_of(a_row(姓名="测试李四"))
    for one, other in (("utf-8", "gb18030"), ("gb18030", "utf-8"), ("utf-8-sig", "gb18030")):
        found = refusal(first.encode(one) + second.encode(other))
        assert (found.code, found.params) == ("registry.csv-mixed-encodings", {"line": 3})


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "workbook-wrong-kind"),
        (bytes(range(256)) * 4, "workbook-wrong-kind"),
        ("<table>姓名".encode(), "workbook-wrong-kind"),
        ("甲,乙\n1,2\n".encode(), "workbook-no-headings"),
        ("姓名,证件号码\n测试张三,1\n".encode(), "workbook-heading-missing"),
        (text_of([*HEADINGS, "姓名"], a_row()).encode(), "workbook-heading-twice"),
        (text_of(HEADINGS).encode(), "workbook-empty"),
        (text_of(HEADINGS, [*a_row(), *["x"] * 10_001]).encode(), "workbook-too-wide"),
        ((text_of(HEADINGS) + '"测试张三,1\n' * 3).encode(), "csv-quotes"),
        ((text_of(HEADINGS) + "x" * 200_000).encode(), "csv-quotes"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_file_is_said(content: bytes, code: str) -> None:
    assert refusal(content).code == f"registry.{code}"


def test_a_row_too_many_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "MOST_ROWS", 1)
    assert refusal(GOOD.encode()).code == "registry.workbook-too-long"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (f'="{number(1)}"', number(1)),
        (f"'{number(1)}", number(1)),
        (f"{number(1)}\t", number(1)),
        ("3.70202E+17", SPOILT_NUMBER),
        ('=HYPERLINK("x")', SPOILT_FORMULA),
        ("=1+1", SPOILT_FORMULA),
        ("+1", "+1"),
        ("-1", "-1"),
        ("@x", "@x"),
    ],
)
def test_a_cell_is_read_as_it_was_meant(written: str, read: str) -> None:
    (row,) = read_roster(text_of(HEADINGS, a_row(证件号码=written)).encode())
    assert row.values["证件号码"] == read


def test_old_and_wide_digits_load_from_text_too() -> None:
    old = number(1)[:6] + number(1)[8:17]
    wide = number(1).translate({ord(c): ord(c) + 0xFEE0 for c in "0123456789"})
    for written in (old, wide):
        (row,) = read_roster(text_of(HEADINGS, a_row(证件号码=written)).encode("gb18030"))
        found = read_row(row, synthetic=True, today=TODAY)
        assert isinstance(found, RosterRow)
        assert found.document.number == number(1)


def test_a_second_heading_row_is_one_bad_row() -> None:
    rows = read_roster(text_of(HEADINGS, a_row(), HEADINGS).encode())
    (fault,) = read_row(rows[1], synthetic=True, today=TODAY)  # type: ignore[misc]
    assert fault.code == "registry.second-heading"


def test_a_title_may_stand_above_the_headings() -> None:
    assert [row.number for row in read_roster(text_of(["荣军花名册"], [], HEADINGS, a_row()).encode())] == [4]


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "ignore")))
def test_any_bytes_are_read_or_refused(tail: bytes) -> None:
    with suppress(Refused):
        read_roster(tail)
    with suppress(Refused):
        read_roster(GOOD.encode() + tail)
    assert cells(1)
