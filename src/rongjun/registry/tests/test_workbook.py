"""Workbooks as clerks and strangers make them, each met with its sentence; no database."""

from __future__ import annotations

import io
import random
import re
import time
import tracemalloc
import zipfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.xml.constants import SHARED_STRINGS, SHEET_MAIN_NS

from rongjun.kernel.errors import Refused
from rongjun.registry import workbook
from rongjun.registry.roster import COLUMNS, SPOILT_FORMULA, SPOILT_NUMBER, RosterRow, examples, read_row
from rongjun.registry.tests.strategies import HEADINGS, HOME, TODAY, cells
from rongjun.registry.workbook import SHEET, read_roster, roster_workbook, template


def sheet_of(*rows: Sequence[Any], title: str = SHEET) -> Workbook:
    """A workbook with these rows on one sheet."""
    book = Workbook()
    sheet = first_sheet(book)
    sheet.title = title
    for row in rows:
        sheet.append(list(row))
    return book


def first_sheet(book: Workbook) -> Worksheet:
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    return sheet


def saved(book: Workbook) -> bytes:
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def a_row(**changed: str) -> list[str]:
    values = cells(**changed)
    return [values.get(heading, "") for heading in HEADINGS]


def zipped(files: Mapping[str, bytes | str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def rewritten(content: bytes, change: Callable[[str, bytes], bytes], **added: bytes) -> bytes:
    """A workbook with some of its parts changed, and others added."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        files = {name: change(name, archive.read(name)) for name in archive.namelist()}
    for name, part in added.items():
        files[name.replace("__", "/") + (".xml" if part.startswith(b"<") else "")] = part
    return zipped(files)


def unchanged(_name: str, part: bytes) -> bytes:
    return part


def refusal(content: bytes) -> Refused:
    with pytest.raises(Refused) as refused:
        read_roster(content)
    return refused.value


def sharing_strings(content: bytes) -> bytes:
    """The same workbook with its texts in a table of their own, as Excel writes them."""
    texts: list[bytes] = []

    def point(found: re.Match[bytes]) -> bytes:
        texts.append(found[1])
        return b't="s"><v>%d</v></c>' % (len(texts) - 1)

    def share(name: str, part: bytes) -> bytes:
        if name == "[Content_Types].xml":
            override = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{SHARED_STRINGS}"/></Types>'
            return part.replace(b"</Types>", override.encode())
        return re.sub(rb't="inlineStr"><is>(.*?)</is></c>', point, part) if "sheet1" in name else part

    shared = rewritten(content, share)
    items = b"".join(b"<si>%s</si>" % text for text in texts)
    table = b'<sst xmlns="%s">%s</sst>' % (SHEET_MAIN_NS.encode(), items)
    return rewritten(shared, unchanged, xl__sharedStrings=table)


GOOD = saved(sheet_of(HEADINGS, a_row()))
SHARING = sharing_strings(GOOD)


# --- what is no roster --------------------------------------------------------------------------------------

OLE = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(504)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "wrong-kind"),
        (OLE + b"Workbook", "wrong-kind"),
        (OLE + "EncryptedPackage".encode("utf-16-le") + bytes(99), "locked"),
        ("<html><td>姓名</td>".encode(), "wrong-kind"),
        (b"PK", "unreadable"),
        (GOOD[:-40], "unreadable"),
        (GOOD[: len(GOOD) // 2], "unreadable"),
        (zipped({"mimetype": "application/vnd.oasis.opendocument.spreadsheet"}), "wrong-kind"),
        (zipped({"[Content_Types].xml": "<Types/>", "word/document.xml": "<a/>"}), "wrong-kind"),
        (zipped({"[Content_Types].xml": "<Types/>", "xl/workbook.bin": b"1"}), "wrong-kind"),
        (zipped({"[Content_Types].xml": "<Types/>", "xl/workbook.xml": "not xml"}), "unreadable"),
        (rewritten(GOOD, unchanged, xl__vbaProject=b"1"), "macros"),
        (rewritten(GOOD, unchanged, xl__macrosheets__sheet1=b"1"), "macros"),
    ],
    ids=[
        "nothing",
        "xls",
        "locked",
        "html",
        "two bytes",
        "no directory",
        "half",
        "ods",
        "docx",
        "xlsb",
        "no xml",
        "macros",
        "old macros",
    ],
)
def test_a_file_that_is_no_roster_is_refused_for_what_it_is(content: bytes, code: str) -> None:
    assert refusal(content).code == f"registry.workbook-{code}"


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    bomb = rewritten(GOOD, unchanged, xl__worksheets__sheet9=bytes(workbook.LARGEST_UNPACKED))
    assert len(bomb) < 2**20
    began = time.process_time()
    assert refusal(bomb).code == "registry.workbook-bomb"
    assert time.process_time() - began < 0.5


LAUGHS = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'


def test_text_kept_apart_from_its_cells_is_read_alike() -> None:
    assert read_roster(SHARING) == read_roster(GOOD)


@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/sharedStrings.xml"])
def test_a_workbook_that_declares_entities_is_refused(part: str) -> None:
    def laugh(name: str, content: bytes) -> bytes:
        return LAUGHS + re.sub(rb"^<\?xml[^>]*>\s*", b"", content) if name == part else content

    assert read_roster(rewritten(SHARING, unchanged))
    assert refusal(rewritten(SHARING, laugh)).code == "registry.workbook-unreadable"


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(GOOD) - 1), st.integers(1, 255), st.integers(0, 2**32))
def test_a_damaged_file_is_read_or_refused_and_never_fails(at: int, change: int, seed: int) -> None:
    chance = random.Random(seed)
    damaged = bytearray(GOOD)
    for place in (at, chance.randrange(len(damaged)), chance.randrange(len(damaged))):
        damaged[place] ^= change
    _read_or_refused(bytes(damaged))


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32))
def test_damaged_xml_is_read_or_refused_and_never_fails(seed: int) -> None:
    chance = random.Random(seed)

    def damage(name: str, part: bytes) -> bytes:
        if not name.startswith("xl/") or not part:
            return part
        cut = chance.randrange(len(part))
        signs = [b"", b"0", b"9999999999", b'"', b"<", b"-1", b"\xff", b"x"]
        return part[:cut] + chance.choice(signs) + part[cut + chance.randrange(3) :]

    _read_or_refused(rewritten(GOOD, damage))


def _read_or_refused(content: bytes) -> None:
    with suppress(Refused):
        read_roster(content)


# --- shapes of a sheet --------------------------------------------------------------------------------------


def test_headings_may_stand_below_a_title_and_be_written_freely() -> None:
    freely = [
        f" {heading}＊" if heading == "姓名" else f"{heading[:2]} {heading[2:]}*" for heading in HEADINGS
    ]
    book = sheet_of([], ["荣军花名册"], [], freely, a_row(), [], a_row())
    first_sheet(book).merge_cells("A2:H2")
    assert [row.number for row in read_roster(saved(book))] == [5, 7]


def test_merged_cells_from_the_headings_down_are_refused() -> None:
    for merged in ("A1:B1", "A2:A3", "C9:D12"):
        book = sheet_of(HEADINGS, a_row(), a_row())
        first_sheet(book).merge_cells(merged)
        found = refusal(saved(book))
        assert (found.code, found.params) == ("registry.workbook-merged", {"cells": merged})


def test_headings_must_be_there() -> None:
    assert refusal(saved(sheet_of(["甲", "乙"], ["1", "2"]))).code == "registry.workbook-no-headings"
    assert refusal(saved(sheet_of(*[[""]] * 10, HEADINGS, a_row()))).code == "registry.workbook-no-headings"
    assert read_roster(saved(sheet_of(*[[""]] * 9, HEADINGS, a_row())))


def test_missing_required_headings_are_named() -> None:
    found = refusal(saved(sheet_of(["姓名", "证件号码"], ["测试张三", "1"])))
    assert found.code == "registry.workbook-heading-missing"
    assert found.params == {"headings": "人员类别、服务站区划代码"}


def test_two_columns_of_one_heading_are_refused() -> None:
    found = refusal(saved(sheet_of([*HEADINGS, "姓名 *"], a_row())))
    assert (found.code, found.params) == ("registry.workbook-heading-twice", {"headings": "姓名"})


def test_unknown_columns_are_left_alone() -> None:
    (row,) = read_roster(saved(sheet_of(["序号", *HEADINGS, "备注"], ["1", *a_row(), "无"])))
    assert set(row.values) == set(HEADINGS)


def test_headings_alone_are_an_empty_workbook() -> None:
    assert refusal(saved(sheet_of(HEADINGS))).code == "registry.workbook-empty"
    assert refusal(saved(sheet_of(HEADINGS, [" "] * 5))).code == "registry.workbook-empty"
    assert refusal(template(examples(station=HOME))).code == "registry.workbook-empty"


@pytest.mark.parametrize("columns", [201, 10_001])
def test_too_many_columns_are_refused(columns: int) -> None:
    found = refusal(saved(sheet_of(HEADINGS, [*a_row(), *["x"] * (columns - len(HEADINGS))])))
    assert found.code == "registry.workbook-too-wide"
    assert found.params == {"columns": columns, "most": 200}


def test_a_row_too_many_is_refused_and_blank_rows_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "MOST_ROWS", 3)
    assert len(read_roster(saved(sheet_of(HEADINGS, a_row(), [], a_row(), [], [" "], a_row())))) == 3
    found = refusal(saved(sheet_of(HEADINGS, *[a_row()] * 4)))
    assert (found.code, found.params) == ("registry.workbook-too-long", {"most": 3})


def test_a_row_number_out_of_this_world_ends_the_reading() -> None:
    far = rewritten(
        GOOD, lambda _, part: part.replace(b'r="2"', b'r="99999999999"').replace(b'2"', b'99999999999"')
    )
    assert refusal(far).code == "registry.workbook-unreadable"


def test_what_a_workbook_says_of_its_own_size_is_not_believed() -> None:
    small = rewritten(
        GOOD, lambda _, part: part.replace(b'<dimension ref="A1:R2"', b'<dimension ref="A1:B1"')
    )
    assert small != GOOD
    assert read_roster(small) == read_roster(GOOD)


def test_the_sheet_of_the_right_name_is_read_else_the_first_one_seen() -> None:
    book = sheet_of(["别的"], title="说明")
    book.create_sheet(" 花名册 ").append(HEADINGS)
    book.worksheets[1].append(a_row())
    assert len(read_roster(saved(book))) == 1
    other = sheet_of(HEADINGS, a_row(), title="Sheet1")
    other.create_sheet("说明")
    assert len(read_roster(saved(other))) == 1


def test_hidden_sheets_are_not_read() -> None:
    book = sheet_of(HEADINGS, a_row())
    first_sheet(book).sheet_state = "hidden"
    book.create_sheet("Sheet1")
    assert refusal(saved(book)).code == "registry.workbook-no-headings"


# --- cells --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (date(1970, 12, 1), "1970-12-01"),
        (datetime.fromisoformat("1970-12-01T08:30"), "1970-12-01"),
        (370202901000, "370202901000"),
        (10000000001, "10000000001"),
        (990001520308001, "990001520308001"),
        (9900011952030800, SPOILT_NUMBER),
        (990001195203080012, SPOILT_NUMBER),
        (9.90001195203080e17, SPOILT_NUMBER),
        (1.5, "1.5"),
        (True, "是"),
        (False, "否"),
        ("=A1", SPOILT_FORMULA),
        ('=HYPERLINK("http://example.invalid")', SPOILT_FORMULA),
        ("+1", "+1"),
        ("@x", "@x"),
        (" 张三 ", "张三"),
        ("#N/A", "#N/A"),
    ],
)
def test_a_cell_is_read_as_a_clerk_sees_it(value: object, read: str) -> None:
    (row,) = read_roster(saved(sheet_of(HEADINGS, ["测试张三", value])))
    assert row.values["证件类型"] == read


def test_a_date_that_no_calendar_has_is_only_a_bad_cell() -> None:
    book = sheet_of(HEADINGS, a_row())
    sheet = first_sheet(book)
    sheet["F2"] = 99_999_999
    sheet["F2"].number_format = "yyyy-mm-dd"
    (row,) = read_roster(saved(book))
    assert isinstance(read_row(row, synthetic=True, today=TODAY), tuple)


# --- what we write ------------------------------------------------------------------------------------------


def test_the_template_takes_its_own_examples() -> None:
    book = load_workbook(io.BytesIO(template(examples(station=HOME))))
    assert book.sheetnames == [SHEET, "填写示例", "填写说明"]
    for row in book["填写示例"].iter_rows(min_row=2, values_only=True):
        book[SHEET].append(row)
    rows = read_roster(saved(book))
    assert len(rows) == 2
    for raw in rows:
        assert isinstance(read_row(raw, synthetic=True, today=TODAY), RosterRow)


def test_the_template_keeps_digits_and_offers_choices() -> None:
    sheet = load_workbook(io.BytesIO(template(())))[SHEET]
    assert {sheet.column_dimensions[letter].number_format for letter in "ABCR"} == {"@"}
    offered = {str(v.sqref): v for v in sheet.data_validations.dataValidation}
    assert len(offered) == sum(bool(column.choices) for column in COLUMNS)
    assert not offered["D2:D50001"].showErrorMessage
    assert offered["H2:H50001"].showErrorMessage


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\x07="])
def test_nothing_we_write_is_a_formula(sign: str) -> None:
    content = roster_workbook([cells(姓名=f'{sign}HYPERLINK("x")')])
    for part in ("xl/worksheets/sheet1.xml",):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            assert b"<f>" not in archive.read(part)
    cell = first_sheet(load_workbook(io.BytesIO(content)))["A2"]
    assert cell.data_type == "s"


def test_a_written_roster_reads_back_the_same() -> None:
    rows = [cells(n, 残疾等级="七级") for n in range(1, 4)]
    read = read_roster(roster_workbook(rows))
    assert [{k: v for k, v in row.values.items() if v} for row in read] == rows


@pytest.mark.slow
def test_ten_thousand_rows_are_read_in_seconds() -> None:
    content = roster_workbook([cells(n) for n in range(10_000)])
    began = time.process_time()
    assert len(read_roster(content)) == 10_000
    assert time.process_time() - began < 6


def test_a_roster_is_read_in_little_memory() -> None:
    content = roster_workbook([cells(n) for n in range(1_500)])
    tracemalloc.start()
    read_roster(content)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 12 * 2**20


def test_every_refusal_has_its_four_sentences() -> None:
    with open("contracts/errors.yaml") as file:
        written = yaml.safe_load(file)
    kinds = "locked macros bomb empty heading-missing heading-twice merged no-headings too-long too-wide"
    for kind in [*kinds.split(), "unreadable", "wrong-kind"]:
        assert set(written[f"registry.workbook-{kind}"]) == {"what", "why", "todo", "who"}
