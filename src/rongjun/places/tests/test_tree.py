"""What a list changes in what is known: decided without a database."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rongjun.kernel.errors import Unfit
from rongjun.places.logic.tree import (
    Changes,
    City,
    Listing,
    Row,
    changes,
    read_city,
    read_listing,
    whole_tree,
)

LIST, LATER = date(2023, 6, 30), date(2024, 6, 30)
WRITTEN = {
    "code": 990100,
    "name": "示范市",
    "source": "虚构",
    "since": date(2010, 1, 1),
    "counties": [
        {"code": 990102, "name": "甲区"},
        {"code": 990115, "name": "乙区", "from": date(2017, 9, 20)},
    ],
    "former": [
        {
            "code": 990182,
            "name": "乙市",
            "until": date(2017, 9, 20),
            "successor": 990115,
            "source": "虚构（待局方确认）",
        }
    ],
}
LISTED = (
    (990000000000, "示范省", "province"),
    (990100000000, "示范市", "city"),
    (990102000000, "甲区", "county"),
    (990115000000, "乙区", "county"),
    (990102001000, "一街道", "township"),
    (990102001001, "一社区", "village"),
)
LISTING = Listing("a-package 1.0.0", LIST, LISTED)

names = st.sampled_from(("甲", "乙", "丙"))
days = st.dates(date(2020, 1, 1), date(2026, 1, 1))
rows = st.builds(
    Row, st.integers(990102001001, 990102001009), names, st.just("village"), days, st.just("a-package 1")
)
lists = st.lists(rows, unique_by=lambda row: row.code, max_size=9)


def city() -> City:
    return read_city(WRITTEN)


def applied(known: list[Row], wanted: Changes) -> list[Row]:
    """What is known once the changes are written, as the database would keep it."""
    ended = {closing.row: closing for closing in wanted.closed}
    kept = [
        Row(row.code, row.name, row.level, row.valid_from, row.source, ended[row].until, ended[row].successor)
        if row in ended
        else row
        for row in known
    ]
    return sorted([*kept, *wanted.opened], key=lambda row: (row.code, row.valid_from))


def test_a_city_says_when_each_county_began_and_what_became_of_the_others() -> None:
    assert [(row.code // 10**6, row.valid_from.year, row.valid_to) for row in city().rows] == [
        (990100, 2010, None),
        (990102, 2010, None),
        (990115, 2017, None),
        (990182, 2010, date(2017, 9, 20)),
    ]
    assert [row.name for row in city().counties] == ["甲区", "乙区"]
    assert city().rows[-1].successor == 990115000000


@pytest.mark.parametrize("missing", ["code", "name", "since", "counties"])
def test_a_city_that_leaves_something_out_is_told(missing: str) -> None:
    with pytest.raises(Unfit, match=r"divisions\.yaml"):
        read_city({key: value for key, value in WRITTEN.items() if key != missing})


def test_the_list_fills_in_what_the_city_does_not_name() -> None:
    tree = {row.code: row for row in whole_tree(city(), LISTING)}
    assert len(tree) == len(LISTED) + 1
    assert tree[990115000000].source == "虚构"
    assert tree[990102001001].valid_from == LIST
    assert tree[990102001001].source == "a-package 1.0.0（统计用区划代码，截至 2023-06-30）"
    assert tree[990000000000].valid_from == city().since


def test_what_the_build_wrote_is_read_back() -> None:
    written = {"source": LISTING.source, "as_of": "2023-06-30", "divisions": LISTED}
    assert read_listing(json.dumps(written).encode()) == LISTING


@pytest.mark.parametrize(
    "spoiled", [b"", b"{}", b'{"source": "x", "as_of": "2023", "divisions": []}', b"[1]"]
)
def test_a_spoiled_list_is_a_sentence(spoiled: bytes) -> None:
    with pytest.raises(Unfit, match="区划文件读不出来"):
        read_listing(spoiled)


def test_a_new_name_ends_the_old_one() -> None:
    old = Row(990102001001, "一社区", "village", LIST, "a-package 1")
    new = Row(990102001001, "第一社区", "village", LATER, "a-package 2")
    wanted = changes([old], [new], as_of=LATER, origin="a-package")
    assert wanted.opened == (new,)
    assert [(closing.row, closing.until) for closing in wanted.closed] == [(old, LATER)]


def test_a_code_listed_no_more_ends_and_an_invented_one_stays() -> None:
    gone = Row(990102001001, "一社区", "village", LIST, "a-package 1.0.0（2023）")
    invented = Row(990102901000, "示范街道", "township", LIST, "虚构")
    wanted = changes([gone, invented], [], as_of=LATER, origin="a-package")
    assert [closing.row for closing in wanted.closed] == [gone]


def test_another_name_for_a_day_already_named_is_not_believed() -> None:
    there = Row(990102001001, "一社区", "village", LATER, "a-package 2")
    earlier = Row(990102001001, "旧社区", "village", LIST, "a-package 1")
    wanted = changes([there], [earlier], as_of=LIST, origin="a-package")
    assert wanted == Changes((), (), (earlier,))


def test_a_county_that_ended_since_is_closed_with_its_successor() -> None:
    county = city().rows[-1]
    open_still = Row(county.code, county.name, county.level, county.valid_from, county.source)
    wanted = changes([open_still], [county], as_of=LIST, origin="a-package")
    assert [(c.until, c.successor) for c in wanted.closed] == [(date(2017, 9, 20), 990115000000)]
    assert wanted.opened == ()


@given(lists, lists, days)
def test_the_same_list_again_changes_nothing(first: list[Row], second: list[Row], as_of: date) -> None:
    known = applied([], changes([], first, as_of=as_of, origin="a-package"))
    once = applied(known, changes(known, second, as_of=as_of, origin="a-package"))
    again = changes(once, second, as_of=as_of, origin="a-package")
    assert (again.opened, again.closed) == ((), ())


@given(lists, lists, days)
def test_on_one_day_a_code_keeps_one_name(first: list[Row], second: list[Row], as_of: date) -> None:
    known = applied([], changes([], first, as_of=as_of, origin="a-package"))
    after = applied(known, changes(known, second, as_of=as_of, origin="a-package"))
    for one in after:
        assert one.valid_to is None or one.valid_from < one.valid_to
        others = [row for row in after if row.code == one.code and row is not one]
        assert not any(one.overlaps(other) for other in others)


def test_a_day_before_it_began_nothing_overlaps() -> None:
    ends = Row(1, "a", "village", LIST, "x", LATER)
    begins = Row(1, "b", "village", LATER, "x")
    assert not ends.overlaps(begins)
    assert ends.overlaps(Row(1, "b", "village", LATER - timedelta(days=1), "x"))
