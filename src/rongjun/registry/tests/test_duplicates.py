"""Weighing two files against each other, and following pointers: no database."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rongjun.registry.duplicates import (
    PROPOSED_FROM,
    REASONS,
    RESIDENT,
    Trait,
    differ_by_one,
    is_news,
    roots_of,
    same_in_two_forms,
    score,
    stand_together,
    weigh,
)

BORN = date(1952, 3, 8)
ONE = Trait(
    name="测试张三",
    sex="male",
    birth_date=BORN,
    county="990102",
    phones=frozenset({b"a"}),
    services=frozenset({(date(1970, 12, 1), date(1976, 3, 15))}),
)


def numbered(trait: Trait, mask: str) -> Trait:
    return replace(trait, numbers=frozenset({(RESIDENT, mask)}))


def codes(one: Trait, other: Trait) -> set[str]:
    return {reason.code for reason in weigh(one, other)}


def test_two_files_that_say_the_same_are_proposed() -> None:
    assert codes(ONE, ONE) == {"same-name-and-birth", "same-phone", "same-service", "same-county"}
    assert score(weigh(ONE, ONE)) == 95


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("测试张山", "near-name-and-birth"),
        ("测试三张", "turned-name-and-birth"),
        ("测试张三", "same-name-and-birth"),
    ],
)
def test_a_name_nearly_the_same_with_the_same_birth_counts(name: str, code: str) -> None:
    assert code in codes(ONE, replace(ONE, name=name))


def test_a_name_of_another_length_is_not_near() -> None:
    assert codes(ONE, replace(ONE, name="测试张")) == {"same-phone", "same-service", "same-county"}


def test_the_same_name_with_another_birth_speaks_both_ways() -> None:
    born = replace(ONE, birth_date=date(1952, 8, 3))
    assert {"same-name", "other-birth"} <= codes(ONE, born)


def test_another_sex_speaks_against_and_an_unknown_one_does_not() -> None:
    assert "other-sex" in codes(ONE, replace(ONE, sex="female"))
    assert "other-sex" not in codes(ONE, replace(ONE, sex=""))


def test_two_resident_numbers_weigh_more_than_any_one_thing() -> None:
    one, other = numbered(ONE, "990001********0011"), numbered(ONE, "990001********2345")
    assert "two-resident-numbers" in codes(one, other)
    assert score(weigh(one, replace(other, phones=frozenset()))) < PROPOSED_FROM


def test_a_resident_number_and_another_document_do_not_contradict() -> None:
    other = replace(ONE, numbers=frozenset({("114", "军******")}))
    assert "two-resident-numbers" not in codes(numbered(ONE, "990001********0011"), other)


def test_an_old_number_and_its_modern_form_are_one() -> None:
    one, other = numbered(ONE, "990001*****0123"[:11] + "0123"), numbered(ONE, "990001********1234")
    assert "same-number-two-forms" in codes(one, other)
    assert "two-resident-numbers" not in codes(one, other)


def test_an_old_number_with_another_sequence_is_another() -> None:
    assert not same_in_two_forms("990001*****0124", "990001********1234")
    assert not same_in_two_forms("990002*****0123", "990001********1234")
    assert not same_in_two_forms("990001********1234", "990001********1234")


def test_twins_are_told_apart_by_numbers_that_follow_each_other() -> None:
    one, other = numbered(ONE, "990001********0011"), numbered(ONE, "990001********0038")
    twin = replace(other, name="测试张四", phones=frozenset())
    assert "twins" in codes(one, twin)
    assert score(weigh(one, twin)) < PROPOSED_FROM
    assert "twins" not in codes(one, numbered(replace(ONE, name="测试张四"), "990001********2031"))


def test_covered_numbers_stand_together_only_in_one_place() -> None:
    assert stand_together("990001********0011", "990001********003X")
    assert not stand_together("990001********0011", "990001********0011")
    assert not stand_together("990001********0011", "990002********003X")
    assert not stand_together("990001********0011", "军******")


names = st.text("测试张王三四", min_size=1, max_size=5)
masks = st.sampled_from(["990001********0011", "990001********0038", "990001*****0001", "军***"])
traits = st.builds(
    Trait,
    name=names,
    sex=st.sampled_from(["", "male", "female"]),
    birth_date=st.sampled_from([None, BORN, date(1960, 1, 1)]),
    county=st.sampled_from(["", "990102", "990103"]),
    numbers=st.frozensets(st.tuples(st.sampled_from([RESIDENT, "114"]), masks), max_size=2),
    phones=st.frozensets(st.sampled_from([b"a", b"b"]), max_size=2),
)


@given(traits, traits)
def test_it_does_not_matter_which_file_is_named_first(one: Trait, other: Trait) -> None:
    assert weigh(one, other) == weigh(other, one)
    assert 0 <= score(weigh(one, other)) <= 100


@given(names, names)
def test_differing_by_one_is_mutual_and_not_equality(one: str, other: str) -> None:
    assert differ_by_one(one, other) == differ_by_one(other, one)
    assert not differ_by_one(one, one)


def test_a_pair_told_apart_comes_back_only_for_something_new_that_speaks_for_it() -> None:
    weighed = [["same-name-and-birth", "other-sex"]]
    assert not is_news(["same-name-and-birth"], weighed=weighed)
    assert not is_news(["same-name-and-birth", "two-resident-numbers"], weighed=weighed)
    assert is_news(["same-name-and-birth", "same-phone"], weighed=weighed)
    assert is_news(["same-name-and-birth"], weighed=[])


def test_every_reason_is_worth_something_and_says_so_in_chinese() -> None:
    assert all(reason.points and not reason.text.isascii() for reason in REASONS.values())


FILES = [UUID(int=n) for n in range(1, 8)]


@given(st.permutations(FILES), st.data())
def test_every_chain_ends_at_a_file_that_points_nowhere(order: list[UUID], data: st.DataObject) -> None:
    # A file only ever points to one later in some order, so there is no ring.
    pointers = {
        file: data.draw(st.sampled_from(order[place + 1 :]))
        for place, file in enumerate(order[:-1])
        if data.draw(st.booleans())
    }
    roots = roots_of(pointers)
    assert set(roots) == set(pointers)
    assert not set(roots.values()) & set(pointers)
    for file, root in roots.items():
        at = file
        while at in pointers:
            at = pointers[at]
        assert at == root


def test_a_ring_is_our_own_mistake() -> None:
    with pytest.raises(AssertionError, match="ring"):
        roots_of({FILES[0]: FILES[1], FILES[1]: FILES[0]})
