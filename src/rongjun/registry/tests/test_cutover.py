"""What the old system had done: taken over to the fen, and compared with what we have."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from rongjun.access.api import acting_as
from rongjun.kernel.errors import Refused
from rongjun.kernel.identifiers import luhn_digit
from rongjun.registry import api as registry
from rongjun.registry.cutover import KINDS, Entry, compare
from rongjun.registry.models import CutoverImport, CutoverRecord
from rongjun.registry.queries import cutover as taken_over
from rongjun.registry.tests.scene import NOW, actor, hand_in
from rongjun.registry.tests.strategies import ELSEWHERE, cells, number, real_looking
from rongjun.registry.workbook import cutover_workbook
from tests.cluster import as_owner

PAID = ("姓名", "证件号码", "项目代码", "已发月份", "已发金额")


def card(sequence: int = 1) -> str:
    first = f"999999{sequence:09d}"
    return first + luhn_digit(first)


def file(headings: Sequence[str], *rows: Sequence[str], total: str = "", count: int | None = None) -> bytes:
    lines = [["总行数", str(len(rows) if count is None else count), "总金额（元）", total], headings, *rows]
    return "\n".join(",".join(line) for line in lines).encode()


def paid(*rows: Sequence[str], total: str) -> bytes:
    return file(PAID, *rows, total=total)


def read(content: bytes) -> registry.CutoverFile:
    return registry.read_cutover(content, synthetic=True)


def take_over(content: bytes, *, by: str = "clerk") -> UUID:
    officer = actor(by)
    with acting_as(officer):
        return registry.import_cutover(
            read(content),
            file_name="已发.csv",
            file_digest=registry.digest_of(content),
            by=officer,
            now=NOW,
        )


def report_of(handed_in: UUID) -> Any:
    with acting_as(actor()):
        return registry.cutover_report(handed_in)


def codes(handed_in: UUID) -> list[str]:
    return [fault["code"] for fault in report_of(handed_in).faults]


@pytest.fixture
def people(db: None) -> None:
    hand_in([cells(n) for n in range(1, 4)])


# --- the head -----------------------------------------------------------------------------------------------


ROW = ["", number(1), "a", "2026-08", "10"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (file(PAID, ROW, total="10.01"), "differ"),
        (file(PAID, ROW, total="10", count=2), "differ"),
        (file(PAID, ROW, total=""), "missing"),
        (file(PAID, [*ROW[:4], "十元"], total="10"), "differ"),
    ],
)
def test_a_file_whose_head_does_not_say_what_it_holds_is_not_taken(content: bytes, code: str) -> None:
    with pytest.raises(Refused, match=f"cutover-totals-{code}"):
        read(content)
    assert read(file(PAID, ROW, total="10")).kind.code == "paid-months"


def test_a_file_of_no_kind_is_refused() -> None:
    with pytest.raises(Refused, match="cutover-no-kind"):
        read("总行数,1\n证件号码,别的\n1,2\n".encode())


def test_each_kind_is_known_by_its_headings() -> None:
    who = number(1)
    for kind, content in {
        "paid-months": paid(["", who, "a", "2026年8月", "10.50"], total="10.50"),
        "receivables": file(
            ("证件号码", "项目代码", "应收原因", "应收金额"), [who, "a", "多发", "300"], total="300"
        ),
        "cards": file(
            ("证件号码", "卡种", "卡号", "卡状态", "状态起始日"),
            [who, "优待证", card(), "正常", "2024-01-02"],
        ),
        "insured-years": file(
            ("证件号码", "保障年度", "个人负担", "已赔付"),
            [who, "2024", "5000", "121000.01"],
            total="126000.01",
        ),
    }.items():
        found = read(content)
        assert found.kind.code == kind
        assert not found.bad, found.bad


# --- taken over ---------------------------------------------------------------------------------------------


def test_what_was_done_is_recorded_in_fen_for_its_later_owner(people: None) -> None:
    take_over(
        file(
            ("证件号码", "保障年度", "个人负担", "已赔付"),
            [number(1), "2024", "5000", "121000.01"],
            total="126000.01",
        )
    )
    with acting_as(actor()):
        (thing,) = registry.cutover_records("insured-years")
    assert (thing.key, thing.amounts) == ("2024", {"own": 500_000, "paid": 12_100_001})
    with acting_as(actor("next-door")):
        assert registry.cutover_records("insured-years") == []


def test_every_row_and_every_fen_has_its_fate(people: None) -> None:
    hand_in([cells(9, 服务站区划代码=str(ELSEWHERE))], by="neighbour")
    handed_in = take_over(
        paid(
            ["测试张三0001", number(1), "a", "2026-08", "10"],
            ["", number(1), "a", "2026-09", "10.01"],
            ["", number(1), "a", "2026-09", "10.02"],
            ["别人", number(2), "a", "2026-08", "20"],
            ["", number(8), "a", "2026-08", "30"],
            ["", number(9), "a", "2026-08", "40"],
            ["", number(3), "a", "八月", "50"],
            ["", real_looking(), "a", "2026-08", "60"],
            total="230.03",
        )
    )
    done = report_of(handed_in)
    assert done.rows == {"total": 8, "recorded": 2, "unchanged": 0, "refused": 6}
    assert done.fen == {"total": 23_003, "recorded": 2_001, "unchanged": 0, "refused": 21_002}
    assert codes(handed_in)[:5] == [
        "registry.twice-in-workbook", "registry.name-differs", "registry.not-on-file", "registry.not-on-file",
        "registry.not-a-month",
    ]  # fmt: skip
    assert real_looking() not in str(done.faults)
    with acting_as(actor("city")):
        (row,) = [
            row for row in registry.balance(since=NOW.date(), until=NOW.date()) if row.channel == "割接"
        ]
    assert (row.taken_in, row.done, row.refused, row.waiting, row.gap) == (8, 2, 6, 0, 0)


def test_the_same_file_twice_and_the_same_thing_in_another_file_change_nothing(people: None) -> None:
    row = ["", number(1), "a", "2026-08", "10"]
    first = take_over(paid(row, total="10"))
    assert take_over(paid(row, total="10")) == first
    again = take_over(paid(row, ["", number(2), "a", "2026-08", "5"], total="15"))
    assert report_of(again).rows == {"total": 2, "recorded": 1, "unchanged": 1, "refused": 0}
    other = take_over(paid(["", number(1), "a", "2026-08", "11"], total="11"))
    assert codes(other) == ["registry.cutover-on-record"]
    with as_owner():
        assert CutoverRecord.objects.count() == 2
        assert CutoverImport.objects.count() == 3


def test_a_card_is_kept_by_its_mask_and_a_keyed_digest(people: None) -> None:
    headings = ("证件号码", "卡种", "卡号", "卡状态", "状态起始日")
    take_over(file(headings, [number(1), "优待证", card(), "挂失", "2024-01-02"]))
    with as_owner():
        row = CutoverRecord.objects.get()
    assert card() not in str(vars(row))
    assert row.content == {
        "卡状态": "lost",
        "状态起始日": "2024-01-02",
        "mask": f"优待证 {'*' * 12}{card()[-4:]}",
    }


def test_refused_rows_come_back_with_totals_of_their_own(people: None) -> None:
    handed_in = take_over(
        paid(["", number(8), "a", "2026-08", "30"], ["", number(1), "a", "2026-08", "1"], total="31")
    )
    with acting_as(actor()):
        rows = taken_over.cutover_refused(handed_in)
    content = cutover_workbook(KINDS["paid-months"], rows, fen=3000)
    sheet = load_workbook(io.BytesIO(content)).active
    assert sheet
    hand_in([cells(8)])
    assert report_of(take_over(content)).rows["recorded"] == 1


# --- compared -----------------------------------------------------------------------------------------------


def test_two_files_differ_by_person_and_thing(people: None) -> None:
    same, changed = ["", number(1), "a", "2026-08", "10"], ["", number(2), "a", "2026-08"]
    old = paid(same, [*changed, "20"], ["", number(5), "a", "2026-08", "7"], total="37")
    new = paid(same, [*changed, "20.05"], ["", number(2), "a", "2026-09", "1"], total="31.05")
    with acting_as(actor()):
        found = registry.compare_cutover(read(old), read(new), by=actor(), now=NOW)
    told = sorted((each.side, each.key, each.fen) for each in found.differences)
    assert told == [
        ("differs", "a 2026-08", 5),
        ("only-new", "a 2026-09", 100),
        ("only-old", "a 2026-08", -700),
    ]
    assert (found.equal, found.old_fen, found.new_fen, found.gap) == (1, 3700, 3105, 0)
    assert number(5) not in str(found)
    assert load_workbook(io.BytesIO(registry.differences_workbook(found))).active


def test_a_file_agrees_with_what_was_recorded_from_it(people: None) -> None:
    headings = ("证件号码", "卡种", "卡号", "卡状态", "状态起始日")
    cards = [number(1), "优待证", card(), "正常", "2024-01-02"]
    take_over(file(headings, cards))
    for changed, equal in ((cards, 1), ([*cards[:3], "注销", cards[4]], 0)):
        with acting_as(actor()):
            found = registry.compare_cutover(read(file(headings, changed)), None, by=actor(), now=NOW)
        assert found.equal == equal
        assert len(found.differences) == 1 - equal


entries = st.lists(
    st.builds(
        Entry,
        whose=st.sampled_from("甲乙丙"),
        key=st.sampled_from("123"),
        mask=st.just("*"),
        amounts=st.fixed_dictionaries({"paid": st.integers(-(10**9), 10**9)}),
        content=st.just({}),
    ),
    max_size=12,
)


@given(entries, entries)
def test_the_list_explains_every_fen_between_the_sides(old: list[Entry], new: list[Entry]) -> None:
    found = compare(old, new)
    assert found.gap == 0
    assert found.new_fen - found.old_fen == sum(e.fen for e in new) - sum(e.fen for e in old)
    back = compare(new, old)
    assert (back.equal, len(back.differences)) == (found.equal, len(found.differences))
    assert compare(old, old).differences == ()
