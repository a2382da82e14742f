"""Finding people, reading one file, opening a number, reports and figures, always within scope."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from rongjun.access.api import acting_as
from rongjun.kernel.crypto import Tampered
from rongjun.registry import api as registry
from rongjun.registry.models import IdentityDocument, Person
from rongjun.registry.tests.scene import NOW, actor, hand_in, open_file, report_of, state
from rongjun.registry.tests.strategies import ELSEWHERE, NEXT_DOOR, TODAY, cells, number
from tests.cluster import as_owner

pytestmark = pytest.mark.django_db


def found(text: str, *, seen_by: str = "clerk", first: int = 0) -> list[str]:
    with acting_as(actor(seen_by)):
        lines, total = registry.find_people(text, on=TODAY, known_at=NOW, first=first)
    assert total >= len(lines)
    return [line.name for line in lines]


@pytest.fixture
def town() -> None:
    names = [
        "测试张建国",
        "测试建国",
        "测试王建军",
        "测试·阿不都",
        "John Smith",
        "测试张三0001",
        "测试张三0010",
    ]
    rows = [cells(n, 姓名=name) for n, name in enumerate(names, start=1)]
    rows.append(cells(8, 姓名="测试护照", 证件类型="普通护照", 证件号码="EO1234567"))
    hand_in(rows)
    hand_in([cells(9, 姓名="测试邻居建国", 服务站区划代码=str(ELSEWHERE))], by="neighbour")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("建国", ["测试建国", "测试张建国"]),
        ("建", ["测试建国", "测试张建国", "测试王建军"]),
        ("国建", []),
        ("张 建国", ["测试张建国"]),
        ("　建国　", ["测试建国", "测试张建国"]),
        ("阿不", ["测试·阿不都"]),
        ("试•阿", ["测试·阿不都"]),
        ("john smith", ["John Smith"]),
        ("smith", ["John Smith"]),
        ("zhangjianguo", ["测试张建国"]),
        ("zjg", ["测试张建国"]),
        ("Zhang San 0001", ["测试张三0001"]),
        ("abudu", ["测试·阿不都"]),
        ("张三0001", ["测试张三0001"]),
        ("张三０００１", ["测试张三0001"]),
        ("%", []),
        ("_", []),
        ("测试%", []),
        ("\\", []),
        ("' or 1=1 --", []),
        ("\x00建国", ["测试建国", "测试张建国"]),
        ("\ud800", []),
        ("12345678\ud800", []),
        ("\x00", []),
        ("建" * 500, []),
        ("９" * 500, []),
    ],
)
def test_people_are_found_by_part_of_their_name(town: None, text: str, names: list[str]) -> None:
    assert sorted(found(text)) == sorted(names)


def test_people_are_found_by_the_last_four_signs_of_their_number(town: None) -> None:
    assert found(number(1)[-4:]) == ["测试张建国"]
    assert found(" " + number(1)[-4:]) == ["测试张建国"]
    sequence = next(n for n in range(100, 200) if number(n).endswith("X"))
    hand_in([cells(sequence, 姓名="测试末位")])
    assert found(number(sequence)[-4:]) == found(number(sequence)[-4:].lower()) == ["测试末位"]


def test_four_digits_are_sought_in_names_too(town: None) -> None:
    assert "测试张三0010" in found("0010")


def test_lines_come_only_of_people_in_scope(town: None) -> None:
    with acting_as(actor("city")):
        everybody, _ = registry.find_people("", on=TODAY, known_at=NOW)
    ids = [line.id for line in everybody]
    for login, seen in {"city": 9, "clerk": 8, "neighbour": 1, "next-door": 0}.items():
        with acting_as(actor(login)):
            lines = registry.lines_of(ids, on=TODAY, known_at=NOW)
        assert len(lines) == seen
        assert lines == sorted(lines, key=lambda line: line.name)


def test_people_are_found_by_their_full_number(town: None) -> None:
    whole = number(1)
    grouped = f"{whole[:6]} {whole[6:14]} {whole[14:]}"
    wide = whole.translate({ord(c): ord(c) + 0xFEE0 for c in "0123456789"})
    for written in (whole, grouped, wide, whole[:6] + whole[8:17]):
        assert found(written) == ["测试张建国"]
    assert found("eo1234567") == ["测试护照"]
    assert found(whole[:-1]) == []


def test_nobody_outside_the_scope_is_found_by_anything(town: None) -> None:
    for text in ("邻居", number(9), number(9)[-4:], ""):
        assert "测试邻居建国" not in found(text)
        assert "测试邻居建国" in found(text, seen_by="neighbour")


def test_a_covered_passport_is_not_found_by_what_its_mask_hides(town: None) -> None:
    assert "测试护照" not in found("4567")


def test_lists_come_in_pages_by_name() -> None:
    hand_in([cells(n, 姓名=f"测试{n:04d}") for n in range(60, 0, -1)])
    with acting_as(actor()):
        pages = [
            registry.find_people("测试", on=TODAY, known_at=NOW, first=first) for first in (0, 25, 50, 75)
        ]
    assert [total for _, total in pages] == [60] * 4
    assert [len(lines) for lines, _ in pages] == [25, 25, 10, 0]
    names = [line.name for lines, _ in pages for line in lines]
    assert names == sorted(names)
    assert len(set(names)) == 60


def test_a_page_takes_four_queries_however_many_people(django_assert_num_queries: Any) -> None:
    hand_in([cells(n) for n in range(1, 41)])
    with acting_as(actor()), django_assert_num_queries(4):
        registry.find_people("测试", on=TODAY, known_at=NOW)


def test_a_line_is_masked_and_says_what_the_person_is() -> None:
    person = open_file(row=cells(1, 人员类别="退役军人、参战退役军人"))
    with acting_as(actor()):
        (line,), _ = registry.find_people("", on=TODAY, known_at=NOW)
    assert line == registry.PersonLine(
        id=person, name="测试张三0001", sex="male", birth_date=date(1952, 3, 8), division=370202901000,
        number_mask=f"{number(1)[:6]}********{number(1)[-4:]}", categories=("参战退役军人", "退役军人"),
    )  # fmt: skip


# --- one file -----------------------------------------------------------------------------------------------


def test_a_file_is_seen_within_the_scope_only() -> None:
    person = open_file(row=cells(1, 手机号码="10000000001"))
    for login in ("clerk", "colleague", "district", "city"):
        with acting_as(actor(login)):
            file = registry.file_of(person, on=TODAY, known_at=NOW)
        assert file
        assert (file.phone_mask, file.household_county) == ("100****0001", "370202")
        assert [kind for _, kind, _ in file.documents] == ["111"]
    for login in ("next-door", "neighbour"):
        with acting_as(actor(login)):
            assert registry.file_of(person, on=TODAY, known_at=NOW) is None
            assert registry.timeline(person, known_at=NOW) == []


def test_a_timeline_tells_newest_first_what_was_known_then() -> None:
    person = open_file(row=cells(1))
    state(person, "has_employer", "true", now=NOW + timedelta(days=1))
    with acting_as(actor()):
        before = registry.timeline(person, known_at=NOW)
        after = registry.timeline(person, known_at=NOW + timedelta(days=1))
    assert [moment.what for moment in before] == ["退役", "登记：退役军人", "入伍"] or [
        moment.what for moment in before
    ] == ["登记：退役军人", "退役", "入伍"]
    assert after[0].what == "补充情况"
    assert after[1:] == before


def _document(person: UUID) -> IdentityDocument:
    with as_owner():
        return IdentityDocument.objects.get(person=person)


def test_a_number_opens_for_its_own_document_only() -> None:
    one, other = open_file(row=cells(1)), open_file(row=cells(2))
    mine, theirs = _document(one), _document(other)
    with acting_as(actor()):
        assert registry.open_covered("document", mine.pk) == number(1)
    with as_owner():
        IdentityDocument.objects.filter(pk=theirs.pk).update(number_sealed=bytes(mine.number_sealed))
    with acting_as(actor()), pytest.raises(Tampered):
        registry.open_covered("document", theirs.pk)
    with acting_as(actor("next-door")):
        assert registry.open_covered("document", mine.pk) is None


# --- rosters ------------------------------------------------------------------------------------------------


def test_reports_are_seen_within_the_scope_only() -> None:
    roster = hand_in([cells(1)])
    for login in ("clerk", "district"):
        with acting_as(actor(login)):
            assert [report.id for report in registry.reports()] == [roster]
            assert registry.report(roster)
    for login in ("next-door", "neighbour"):
        with acting_as(actor(login)):
            assert registry.reports() == []
            assert registry.report(roster) is None
    with acting_as(actor()):
        assert registry.report(uuid4()) is None


def test_a_person_who_moved_out_of_scope_is_not_named_in_the_report() -> None:
    roster = hand_in([cells(1)])
    with as_owner():
        Person.objects.update(division=NEXT_DOOR)
    (row,) = report_of(roster).rows
    assert row.name == ""
    assert row.person


def test_a_workbook_handed_in_again_takes_the_place_of_the_earlier_in_the_figures() -> None:
    bad = [cells(1), cells(2, 姓名="")]
    hand_in(bad, name="甲.xlsx")
    hand_in([cells(3, 姓名="")], name="乙.xlsx")
    with acting_as(actor()):
        assert registry.counts() == {"people": 1, "imports": 2, "refused": 2}
    hand_in([cells(1), cells(2)], name="甲.xlsx", now=NOW + timedelta(hours=1))
    with acting_as(actor()):
        assert registry.counts() == {"people": 2, "imports": 3, "refused": 1}
    with acting_as(actor("neighbour")):
        assert registry.counts() == {"people": 0, "imports": 0, "refused": 0}
