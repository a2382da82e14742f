"""Rosters and cells for the registry's tests; nobody in them exists."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st

from rongjun.kernel.identifiers import IdentityNumber, check_digit
from rongjun.registry.logic import CATEGORY_OF_LABEL
from rongjun.registry.roster import (
    CAUSES,
    COLUMNS,
    GRADES,
    HOUSEHOLD_KINDS,
    PLACEMENT_MODES,
    RANK_GROUPS,
    SPOILT_FORMULA,
    SPOILT_NUMBER,
    RawRow,
)

TODAY = date(2024, 11, 24)  # before any clock these tests run by
HOME, NEXT_DOOR, ELSEWHERE = 370202901000, 370202902000, 370203901000
HEADINGS = [column.heading for column in COLUMNS]


def number(sequence: int, *, born: date = date(1952, 3, 8)) -> str:
    """The invented number of the nth person born on a day."""
    return IdentityNumber.invented(
        born=born, sequence=sequence % 1000, address=f"99{sequence // 1000:04d}"
    ).number


def real_looking() -> str:
    """A number that could be somebody's, put together only while a test runs."""
    first_17 = "".join(("370202", "19520308", "123"))
    return first_17 + check_digit(first_17)


def cells(sequence: int = 1, /, **changed: str) -> dict[str, str]:
    """A row that loads, with some cells changed."""
    return {
        "姓名": f"测试张三{sequence:04d}",
        "证件号码": number(sequence),
        "人员类别": "退役军人",
        "服务站区划代码": str(HOME),
        "入伍日期": "1970-12-01",
        "退役日期": "1976-03-15",
        "户籍区划代码": "370202",
        "户籍类别": "农村",
        **changed,
    }


def raw(sequence: int = 1, /, **changed: str) -> RawRow:
    """The same as it comes out of a workbook, on the line of its sequence."""
    return RawRow(sequence + 1, cells(sequence, **changed))


_FULL_WIDTH = {ord(c): ord(c) + 0xFEE0 for c in "0123456789X-/,"}


def _blank_or(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.just("") | values


@st.composite
def good_cells(draw: st.DrawFn) -> Mapping[str, str]:
    """Everything a clerk may write that is right, in any of the forms clerks write it."""
    born = draw(st.dates(date(1930, 1, 1), date(1990, 12, 31)))
    enlisted = born + timedelta(days=365 * 18 + draw(st.integers(0, 900)))
    discharged = enlisted + timedelta(days=draw(st.integers(1, 3000)))
    how = draw(
        st.sampled_from(["%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日", "%Y%m%d", "%Y-%m-%d 00:00:00"])
    )
    words = draw(st.lists(st.sampled_from(list(CATEGORY_OF_LABEL)), min_size=1, max_size=4))
    grade = draw(st.sampled_from(list(GRADES))) if "残疾军人" in words else ""
    separator = draw(st.sampled_from(["、", "，", ",", "；", ";", " ", "／", "|", "\n"]))
    written: dict[str, Any] = {
        "姓名": draw(
            st.sampled_from(["测试张三", "测试 李四", "测 试　王 五", "测试·阿不都", "Test O'Neil 1"])
        ),
        "证件类型": draw(st.sampled_from(["", "居民身份证"])),
        "证件号码": number(draw(st.integers(0, 999)), born=born),
        "人员类别": separator.join(words),
        "服务站区划代码": str(HOME),
        "入伍日期": enlisted.strftime(how),
        "退役日期": discharged.strftime(how),
        "服役身份": draw(_blank_or(st.sampled_from(list(RANK_GROUPS)))),
        "安置方式": draw(_blank_or(st.sampled_from(list(PLACEMENT_MODES)))),
        "残疾等级": grade,
        "残疾性质": draw(st.sampled_from(list(CAUSES))) if grade else "",
        "户籍区划代码": draw(_blank_or(st.just("370215") | st.just("441900"))),
        "户籍类别": draw(_blank_or(st.sampled_from(list(HOUSEHOLD_KINDS)))),
        "优待证": draw(_blank_or(st.sampled_from(["有", "无"]))),
        "手机号码": draw(_blank_or(st.sampled_from(["10000000001", "+86 100-0000-0001", "86 10000000001"]))),
    }
    if draw(st.booleans()):
        written = {heading: text.translate(_FULL_WIDTH) for heading, text in written.items()}
    return written


hostile_texts = (
    st.text(max_size=60)
    | st.text("0123456789Xx -–０１２３４５６７８９", max_size=40)
    | st.sampled_from(
        [SPOILT_NUMBER, SPOILT_FORMULA, "\x00", "=1+1", "'", "%", "1970-02-30", "0000-00-00", "九级 "]
    )
    | st.integers(0, 10**20).map(str)
    | st.dates().map(str)
    | st.just("１" * 5000)
)
hostile_cells = st.dictionaries(st.sampled_from(HEADINGS), hostile_texts)
