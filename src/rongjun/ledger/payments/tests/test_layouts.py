"""Bank files: what is written is what the bank reads, and what does not fit is refused before."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as tried
from hypothesis import strategies as st

from rongjun.ledger.payments.layouts import layouts_in
from rongjun.ledger.payments.logic.layouts import (
    BankFile,
    BankHead,
    BankRow,
    FileFault,
    Layout,
    misfits,
    read_bank_file,
    write_bank_file,
)
from rongjun.ledger.payments.tests.strategies import rows

FOLDER = Path(__file__).parents[5] / "contracts" / "bank-files"
LAYOUTS = list(layouts_in(FOLDER).values())
SEPARATED, FIXED = layouts_in(FOLDER)["agent-bank-separated/1"], layouts_in(FOLDER)["agent-bank-fixed/1"]
ROW = BankRow(1, "P000001-000001", "测试张三", "99999912345678", 90000, "11月抚恤", "allowance:a:b:2026-11")


def head_of(found: list[BankRow]) -> BankHead:
    return BankHead(
        "P000001", "central-allowance", len(found), sum(row.fen for row in found), date(2026, 11, 20)
    )


def file(layout: Layout) -> bytes:
    return write_bank_file(layout, head_of([ROW]), [ROW])


def test_two_layouts_are_shipped_and_neither_is_official() -> None:
    assert {layout.kind for layout in LAYOUTS} == {"separated", "fixed"}
    assert {layout.charset for layout in LAYOUTS} == {"UTF-8", "GB18030"}
    assert {layout.confidence for layout in LAYOUTS} == {"待局方确认"}


# Many rows of rare signs take their time on a busy machine.
@tried(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.code)
@given(data=st.data())
def test_what_is_written_is_what_the_bank_reads(layout: Layout, data: st.DataObject) -> None:
    found = data.draw(rows(layout))
    content = write_bank_file(layout, head_of(found), found)
    assert read_bank_file(layout, content) == BankFile(head_of(found), tuple(found))
    assert write_bank_file(layout, head_of(found), found) == content


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.code)
@given(data=st.data())
def test_no_file_with_one_byte_changed_reads_as_another(layout: Layout, data: st.DataObject) -> None:
    content = file(layout)
    at = data.draw(st.integers(0, len(content) - 1))
    changed = bytearray(content)
    changed[at] = data.draw(st.integers(0, 255).filter(lambda byte: byte != content[at]))
    read = read_bank_file(layout, bytes(changed))
    assert isinstance(read, FileFault) or read == read_bank_file(layout, content)


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.code)
@given(data=st.data())
def test_no_part_of_a_file_is_a_file(layout: Layout, data: st.DataObject) -> None:
    content = file(layout)
    assert isinstance(
        read_bank_file(layout, content[: data.draw(st.integers(0, len(content) - 1))]), FileFault
    )


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.code)
@pytest.mark.parametrize(
    ("changed", "code"), [({"count": 2}, "count"), ({"total": 90001}, "total")], ids=["count", "total"]
)
def test_a_wrong_count_or_total_is_named(layout: Layout, changed: dict[str, Any], code: str) -> None:
    wrong = write_bank_file(layout, replace(head_of([ROW]), **changed), [ROW])
    read = read_bank_file(layout, wrong)
    assert isinstance(read, FileFault)
    assert (read.code, "≠" in read.equation) == (code, True)


@pytest.mark.parametrize(
    ("layout", "changed", "said"),
    [
        (SEPARATED, {"payee": "测|试"}, "收款人里有银行文件不能放的符号“|”"),
        (SEPARATED, {"payee": "测\n试"}, "收款人里有银行文件不能放的符号“U+000A”"),
        (SEPARATED, {"payee": "测\u200b试"}, "收款人里有银行文件不能放的符号“U+200B”"),
        (SEPARATED, {"payee": "测\ue863"}, "收款人里有银行文件不能放的符号“U+E863”"),
        (SEPARATED, {"payee": "测试 "}, "收款人前后有空格"),
        (FIXED, {"payee": "测𠮷"}, "收款人里的“𠮷”（U+20BB7）是生僻字"),
        (FIXED, {"payee": "测" * 31}, "收款人有 62 个字节，这家银行的文件最多放 60 个"),
        (FIXED, {"purpose": "补" * 21}, "用途有 42 个字节，这家银行的文件最多放 40 个"),
    ],
)
def test_what_a_file_cannot_hold_is_said_in_a_sentence(
    layout: Layout, changed: dict[str, Any], said: str
) -> None:
    assert misfits(layout, ROW) == []
    (sentence,) = misfits(layout, replace(ROW, **changed))
    assert str(sentence).startswith(said)


def test_a_rare_character_fits_where_four_bytes_do() -> None:
    assert misfits(SEPARATED, replace(ROW, payee="测𠮷")) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("kind: fixed", "kind: separated", "have a width"),
        ("{name: payee, width: 60}", "{name: name, width: 60}", "a field is one of"),
        ("  - {name: payee, width: 60}\n", "", "at least the fields"),
        ('pad: "0"', 'pad: "零"', "one ASCII sign"),
        ("charset: GB18030", "charset: GBK", "charset is one of"),
        ('"11": AC01', '"11": AC99', "codes map onto"),
    ],
)
def test_a_page_that_says_something_wrong_is_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    text = (FOLDER / "agent-bank-fixed.yaml").read_text("utf-8")
    assert old in text
    (tmp_path / "one.yaml").write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(ValueError, match=r"one\.yaml") as refused:
        layouts_in(tmp_path)
    assert said in str(refused.value)
