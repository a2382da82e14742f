"""What a row of the roster may say, and how a clerk is told what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rongjun.registry.roster import (
    COLUMNS,
    SPOILT_FORMULA,
    SPOILT_NUMBER,
    Fault,
    RawRow,
    RosterRow,
    examples,
    read_row,
)
from rongjun.registry.tests.strategies import (
    HEADINGS,
    HOME,
    TODAY,
    cells,
    good_cells,
    hostile_cells,
    number,
    raw,
    real_looking,
)


def read(**changed: str) -> RosterRow | tuple[Fault, ...]:
    return read_row(raw(**changed), synthetic=True, today=TODAY)


def good(**changed: str) -> RosterRow:
    row = read(**changed)
    assert isinstance(row, RosterRow), row
    return row


def faults(**changed: str) -> list[tuple[str, str]]:
    row = read(**changed)
    assert isinstance(row, tuple), "the row was taken"
    return [(fault.column, fault.code) for fault in row]


@settings(max_examples=300)
@given(hostile_cells)
def test_no_text_in_the_cells_makes_reading_fail(values: Mapping[str, str]) -> None:
    row = read_row(RawRow(2, values), synthetic=True, today=TODAY)
    if isinstance(row, tuple):
        assert row
        for fault in row:
            assert fault.column in HEADINGS
            assert fault.shown
            assert len(fault.shown) <= 40
            assert fault.sentence.endswith("。")
            assert len(fault.sentence) < 200


@settings(max_examples=200)
@given(hostile_cells)
def test_a_good_row_with_some_cells_spoilt_is_read_or_explained(values: Mapping[str, str]) -> None:
    row = read_row(RawRow(2, {**cells(), **values}), synthetic=True, today=TODAY)
    if isinstance(row, tuple):
        dates = {"入伍日期", "退役日期"} if {"入伍日期", "证件号码"} & set(values) else set()
        pairs = (
            {"残疾等级", "残疾性质", "证件号码"}
            if {"人员类别", "残疾等级", "残疾性质", "证件类型"} & set(values)
            else set()
        )
        assert {fault.column for fault in row} <= set(values) | dates | pairs


@settings(max_examples=300)
@given(good_cells())
def test_a_row_that_is_right_always_reads(values: Mapping[str, str]) -> None:
    row = read_row(RawRow(2, values), synthetic=True, today=TODAY)
    assert isinstance(row, RosterRow), row
    assert row.enlisted_on
    assert row.discharged_on
    assert row.enlisted_on < row.discharged_on
    assert row.birth_date
    assert row.sex in {"male", "female"}


@given(
    st.sampled_from(HEADINGS), st.sampled_from(["", " ", "-", "　"]), st.sampled_from(["", "身份证", "张三 "])
)
def test_a_real_number_in_any_cell_is_never_shown_whole(heading: str, gap: str, before: str) -> None:
    whole = real_looking()
    written = before + gap.join((whole[:6], whole[6:14], whole[14:]))
    row = read_row(raw(**{heading: written}), synthetic=True, today=TODAY)
    assert isinstance(row, tuple), f"{heading} took a real number"
    said = "".join(str(part) for fault in row for part in astuple(fault))
    assert whole not in said
    assert whole[6:14] not in said
    assert written not in said


def test_a_real_number_is_refused_where_everybody_is_invented() -> None:
    assert faults(证件号码=real_looking()) == [("证件号码", "identity.real-in-synthetic")]


def test_an_invented_number_is_refused_where_people_are_real() -> None:
    row = read_row(raw(), synthetic=False, today=TODAY)
    assert isinstance(row, tuple)
    assert [fault.code for fault in row] == ["identity.synthetic-in-real"]


def test_all_faults_of_a_row_are_told_at_once() -> None:
    wrong = {
        "姓名": "",
        "证件号码": number(1)[:-1],
        "人员类别": "退伍老兵",
        "服务站区划代码": "12",
        "退役日期": "1969-01-01",
        "残疾等级": "十一级",
        "户籍区划代码": "370200",
        "优待证": "也许",
        "手机号码": "010-1234",
    }
    told = [column for column, _ in faults(**wrong)]
    assert sorted(told) == sorted([*wrong, "残疾性质"])


def test_a_cell_is_faulted_once() -> None:
    for heading in HEADINGS:
        for spoilt in (SPOILT_NUMBER, SPOILT_FORMULA):
            told = [column for column, _ in faults(**{heading: spoilt})]
            assert told.count(heading) == 1, heading


@pytest.mark.parametrize("heading", [column.heading for column in COLUMNS if column.required])
def test_an_empty_required_cell_says_what_to_do(heading: str) -> None:
    row = read(**{heading: "　 "})
    assert row == (Fault(heading, "（空）", "registry.cell-missing", f"{heading}没有填，请补上。"),)


@pytest.mark.parametrize("heading", [column.heading for column in COLUMNS if not column.required])
def test_every_other_cell_may_stay_empty(heading: str) -> None:
    good(**{heading: ""})


@pytest.mark.parametrize(
    "written",
    [
        "1970-12-01",
        "1970/12/1",
        "1970.12.01",
        "1970年12月1日",
        "1970 年 12 月 1 日",
        "１９７０－１２－０１",
        "19701201",
        "1970-12-01 00:00:00",
        "1970-12-01T00:00:00",
        " 1970-12-1 ",
    ],
)
def test_a_day_may_be_written_as_people_write_it(written: str) -> None:
    assert good(入伍日期=written).enlisted_on == date(1970, 12, 1)


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("1970-12", "registry.not-a-day"),
        ("70-12-01", "registry.not-a-day"),
        ("1970-13-01", "registry.no-such-day"),
        ("1971-02-29", "registry.no-such-day"),
        ("0000-01-01", "registry.no-such-day"),
        ("25903", "registry.not-a-day"),
        ("1970-12-01 08:30", "registry.not-a-day"),
        ("2024-11-25", "registry.day-to-come"),
        ("1600-01-01", "registry.day-too-early"),
    ],
)
def test_a_day_that_is_none_is_explained(written: str, code: str) -> None:
    assert faults(入伍日期=written, 退役日期="") == [("入伍日期", code)]


def test_today_is_no_day_to_come() -> None:
    assert good(退役日期=TODAY.isoformat()).discharged_on == TODAY


def test_nobody_leaves_before_they_came() -> None:
    assert faults(入伍日期="1976-03-15") == [("退役日期", "registry.discharged-before-enlisted")]
    assert good(入伍日期="1976-03-14")


def test_days_that_contradict_each_other_are_told_once() -> None:
    assert faults(入伍日期="1965-12-01", 退役日期="1960-01-01") == [
        ("退役日期", "registry.discharged-before-enlisted")
    ]


def test_nobody_serves_as_a_child() -> None:
    assert faults(入伍日期="1965-12-01") == [("入伍日期", "registry.enlisted-too-young")]
    assert good(入伍日期="1966-01-01")


@pytest.mark.parametrize("separator", ["、", "，", ",", "；", ";", " ", "　", "/", "／", "|", "\n", "、 "])
def test_categories_may_be_separated_as_people_separate_them(separator: str) -> None:
    row = good(人员类别=separator.join(["退役军人", "参战退役军人", "退役军人"]))
    assert row.statuses == ("veteran", "combat-veteran")


def test_an_unknown_category_is_named_and_the_known_ones_listed() -> None:
    row = read(人员类别="退役军人、退伍老兵")
    assert isinstance(row, tuple)
    assert "没有“退伍老兵”这一类" in row[0].sentence
    assert "烈士遗属" in row[0].sentence


def test_a_cell_of_separators_names_no_category() -> None:
    assert faults(人员类别="、、") == [("人员类别", "registry.unknown-category")]


def test_a_fifteen_digit_number_gets_its_modern_form() -> None:
    modern = number(1)
    old = modern[:6] + modern[8:17]
    row = good(证件号码=old)
    assert row.document.number == modern


@pytest.mark.parametrize("gap", ["", " ", "-", "\u200b"])
def test_a_number_may_be_written_in_groups_and_full_width(gap: str) -> None:
    written = gap.join([number(1)[:6], number(1)[6:14], number(1)[14:]])
    wide = written.translate({ord(c): ord(c) + 0xFEE0 for c in "0123456789"})
    assert good(证件号码=written).document.number == number(1)
    assert good(证件号码=wide).document.number == number(1)


def test_a_wrong_document_type_is_told_before_its_number_is_judged() -> None:
    assert faults(证件类型="驾驶证") == [
        ("证件类型", "registry.not-in-list"),
        ("证件号码", "registry.document-type-first"),
    ]


@pytest.mark.parametrize(
    ("kind", "written", "born"),
    [
        ("普通护照", "EO1234567", None),
        ("军官证", "测字第12345号", None),
        ("台湾居民来往大陆通行证", "X12345678", None),
        ("外国人永久居留身份证", number(3), date(1952, 3, 8)),
    ],
)
def test_other_documents_are_read_by_their_own_rule(kind: str, written: str, born: date | None) -> None:
    row = good(证件类型=kind, 证件号码=written)
    assert row.birth_date == born
    assert row.sex == ""


def test_a_disabled_soldier_needs_grade_and_cause() -> None:
    assert faults(人员类别="残疾军人") == [("残疾等级", "registry.grade-missing")]
    assert faults(人员类别="残疾军人", 残疾等级="七级") == [("残疾性质", "registry.cause-missing")]
    row = good(人员类别="残疾军人", 残疾等级="七级", 残疾性质="因战")
    assert (row.disability_grade, row.disability_cause) == (7, "war")


def test_a_grade_that_is_none_is_told_once() -> None:
    assert faults(人员类别="残疾军人", 残疾等级="十一级", 残疾性质="因战") == [
        ("残疾等级", "registry.not-in-list")
    ]


def test_an_answer_left_empty_is_no_answer() -> None:
    assert good().stated == ()
    assert good(优待证="无", 残疾军人证="有").stated == (
        ("holds_pref_card", "false"),
        ("holds_disabled_cert", "true"),
    )


def test_being_on_a_roll_is_a_category() -> None:
    assert good(抚恤定补="是", 荣军保对象="是").statuses == (
        "veteran",
        "regular-subsidy",
        "key-pension-group",
    )
    assert good(抚恤定补="否", 荣军保对象="").statuses == ("veteran",)


def test_a_household_is_a_county_or_a_city_that_has_none() -> None:
    assert good(户籍区划代码="370202901000").household_county == "370202"
    assert good(户籍区划代码="441900").household_county == "441900"
    for wider in ("370000", "370200"):
        assert faults(户籍区划代码=wider) == [("户籍区划代码", "registry.not-a-county")]


@pytest.mark.parametrize("name", ["张", "三" * 51, "张三<b>", "12345", "=cmd()", "张1234567", "@张三"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    assert faults(姓名=name) == [("姓名", "registry.not-a-name")]


def test_the_examples_of_every_kind_of_station_load() -> None:
    for station in (HOME, 370202000000, 370200000000, 370202901901):
        for values in examples(station=station):
            assert isinstance(read_row(RawRow(2, values), synthetic=True, today=TODAY), RosterRow)


def test_a_wrong_station_code_is_shown_so_that_it_can_be_found() -> None:
    row = read(服务站区划代码="370002901000")
    assert isinstance(row, tuple)
    assert row[0].shown == "370002901000"
