"""A row that is right becomes exactly what it says: every word of it, and nothing it leaves open."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from rongjun.kernel.identifiers import IdentityNumber, Phone
from rongjun.registry.logic import CATEGORY_OF_LABEL
from rongjun.registry.roster import (
    CAUSES,
    GRADES,
    HOUSEHOLD_KINDS,
    PLACEMENT_MODES,
    RANK_GROUPS,
    RawRow,
    RosterRow,
    read_row,
)
from rongjun.registry.tests.strategies import HOME, TODAY, number

DAYS = ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日", "%Y%m%d")
Line = tuple[int, Mapping[str, str], RosterRow]


def chosen(draw: st.DrawFn, words: Mapping[str, Any], left_open: Any) -> tuple[str, Any]:
    """A word of a list and what it means, or an empty cell and what that leaves."""
    word = draw(st.sampled_from(["", *words]))
    return word, words[word] if word else left_open


@st.composite
def lines(draw: st.DrawFn) -> Line:
    """A row as a clerk writes it, beside the file it ought to become; made of the same choices."""
    born = draw(st.dates(date(1930, 1, 1), date(1990, 12, 31)))
    identity = IdentityNumber(number(draw(st.integers(0, 999)), born=born))
    enlisted = draw(st.none() | st.integers(18, 22).map(lambda age: date(born.year + age, 9, 1)))
    discharged = enlisted and draw(st.none() | st.integers(1, 2000).map(lambda n: enlisted + timedelta(n)))
    categories = draw(
        st.lists(
            st.sampled_from([*set(CATEGORY_OF_LABEL) - {"残疾军人"}]), min_size=1, max_size=3, unique=True
        )
    )
    grade, grade_code = chosen(draw, GRADES, None)
    cause, cause_code = (draw(st.sampled_from([*CAUSES.items()]))) if grade else ("", "")
    rank, rank_code = chosen(draw, RANK_GROUPS, "")
    mode, mode_code = chosen(draw, PLACEMENT_MODES, "")
    kind, kind_code = chosen(draw, HOUSEHOLD_KINDS, "")
    county, phone = draw(st.sampled_from(["", "370215"])), draw(st.sampled_from(["", "10000000001"]))
    subsidy = draw(st.sampled_from(["", "是", "否"]))
    card, cert = draw(st.sampled_from(["", "有", "无"])), draw(st.sampled_from(["", "有", "无"]))
    held = {"holds_pref_card": card, "holds_disabled_cert": cert}
    how = draw(st.sampled_from(DAYS))
    line = draw(st.integers(2, 50_000))
    values = {
        "姓名": "测试张三",
        "证件号码": identity.number,
        "人员类别": "、".join(categories),
        "服务站区划代码": str(HOME),
        "入伍日期": enlisted.strftime(how) if enlisted else "",
        "退役日期": discharged.strftime(how) if discharged else "",
        "服役身份": rank,
        "安置方式": mode,
        "残疾等级": grade,
        "残疾性质": cause,
        "户籍区划代码": county,
        "户籍类别": kind,
        "抚恤定补": subsidy,
        "优待证": card,
        "残疾军人证": cert,
        "手机号码": phone,
    }
    meant = RosterRow(
        number=line,
        name="测试张三",
        document_type="111",
        document=identity,
        division=HOME,
        statuses=(
            *(CATEGORY_OF_LABEL[word] for word in categories),
            *(["regular-subsidy"] if subsidy == "是" else []),
        ),
        stated=tuple((fact, "true" if word == "有" else "false") for fact, word in held.items() if word),
        enlisted_on=enlisted,
        discharged_on=discharged,
        rank_group=rank_code,
        placement_mode=mode_code,
        disability_grade=grade_code,
        disability_cause=cause_code,
        household_county=county,
        household_kind=kind_code,
        phone=Phone("+86" + phone) if phone else None,
    )
    return line, values, meant


@settings(max_examples=300)
@given(lines())
def test_a_row_becomes_exactly_what_it_says(line: Line) -> None:
    at, values, meant = line
    assert read_row(RawRow(at, values), synthetic=True, today=TODAY) == meant
    assert meant.birth_date == date.fromisoformat(values["证件号码"][6:14])


@given(st.dates(date(1920, 1, 1), date(1990, 12, 31)), st.integers(0, 995))
def test_an_old_number_of_anybody_born_in_that_century_becomes_the_modern_one(
    born: date, sequence: int
) -> None:
    modern = number(sequence, born=born)
    values = {
        "姓名": "测试张三",
        "证件号码": modern[:6] + modern[8:17],
        "人员类别": "退役军人",
        "服务站区划代码": str(HOME),
    }
    row = read_row(RawRow(2, values), synthetic=True, today=TODAY)
    assert isinstance(row, RosterRow), row
    assert row.document.number == modern
