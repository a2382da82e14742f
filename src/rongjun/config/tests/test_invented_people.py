"""Who lives in an invented city: nobody who could exist, and everybody as the rules of the field allow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rongjun.config.invented.heaviest import HEAVIEST, NAME
from rongjun.config.invented.lives import PRE_1954, REFORM, Life, file_id
from rongjun.config.invented.people import life_of, people, person
from rongjun.config.invented.weights import Weights, read_weights
from rongjun.kernel.identifiers import DocumentType, admit
from rongjun.registry.api import FileRecord, SaidRecord

ROOT = Path(__file__).resolve().parents[4]
STREETS = (901_000, 902_000, 903_000)
MANY = 20_000
numbers = st.integers(0, 399_999)
seeds = st.integers(0, 1000)


@cache
def weights() -> Weights:
    return read_weights(ROOT / "policy" / "cities" / "qingdao" / "invented-city.yaml")


@cache
def city() -> tuple[FileRecord, ...]:
    return tuple(people(range(MANY), seed=1, weights=weights(), streets=STREETS))


@cache
def lives() -> tuple[Life, ...]:
    return tuple(life for number in range(MANY) if (life := life_of(number, seed=1, weights=weights())))


def said(kind: str) -> Iterator[tuple[FileRecord, SaidRecord]]:
    return ((record, each) for record in city() for each in record.said if each.kind == kind)


def categories() -> Counter[object]:
    return Counter(each.said["category"] for record, each in said("status") if record.name != NAME)


# --- the same people, whoever asks --------------------------------------------------------------------------


@settings(max_examples=30, deadline=None)
@given(numbers, seeds)
def test_a_person_depends_on_seed_and_number_only(number: int, seed: int) -> None:
    alone = person(number, seed=seed, weights=weights(), streets=STREETS)
    among = list(people(range(max(0, number - 2), number + 1), seed=seed, weights=weights(), streets=STREETS))
    assert among[-1] == alone


def test_another_seed_is_another_city() -> None:
    one, other = (person(3, seed=seed, weights=weights(), streets=STREETS) for seed in (1, 2))
    assert one.id != other.id
    assert one != other


# --- nobody who could exist ---------------------------------------------------------------------------------


def test_every_number_is_invented_and_every_name_says_so() -> None:
    for record in city():
        assert record.name.startswith("测试")
        for document in record.documents:
            admit(document.number, synthetic=True)
        for phone in record.phones:
            admit(phone, synthetic=True)


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(numbers, st.booleans(), st.dates(date(1920, 1, 1), date(2020, 1, 1))),
        unique_by=lambda x: x[0],
    )
)
def test_two_people_never_have_one_number_whenever_they_were_born(
    drawn: list[tuple[int, bool, date]],
) -> None:
    made = [_life(number, "male" if man else "female", born).identity for number, man, born in drawn]
    assert len({each.number[:6] + each.number[14:17] for each in made}) == len(made)
    assert [each.sex for each in made] == ["male" if man else "female" for _, man, _ in drawn]
    assert [each.birth_date for each in made] == [born for _, _, born in drawn]


def test_three_hundred_and_ten_thousand_people_have_as_many_numbers_and_keys() -> None:
    # What tells two numbers apart is not the birth date, so one day stands for all.
    base = _life(0, "male", date(1960, 1, 1))
    codes = {2 * number + man for number in range(310_000) for man in (0, 1)}
    assert len(codes) == 620_000
    last = _life(309_999, "female", base.born).identity
    assert last.address_code.startswith("99")
    assert len({file_id(1, number) for number in range(310_000)}) == 310_000


def test_no_document_of_the_city_stands_on_two_files() -> None:
    held = Counter((each.kind, each.number.number) for record in city() for each in record.documents)
    assert max(held.values()) == 1


def _life(number: int, sex: str, born: date) -> Life:
    anybody = life_of(0, seed=1, weights=weights())
    assert anybody
    return replace(anybody, number=number, sex=sex, born=born)


# --- lives that could be ------------------------------------------------------------------------------------


def test_nobody_enlisted_under_fourteen_or_left_before() -> None:
    for life in lives():
        if life.service:
            assert life.age(life.service.enlisted) >= 14
            assert life.service.discharged is None or life.service.discharged > life.service.enlisted
            assert life.service.discharged is None or life.service.discharged < weights().as_of


def test_nobody_died_before_birth_or_was_known_dead_before_dying() -> None:
    dead = [life for life in lives() if life.died]
    assert dead
    for life in dead:
        assert life.died
        assert life.born < life.died < weights().as_of
        assert life.opened <= life.died
        assert life.death_noticed is None or life.died < life.death_noticed <= weights().as_of


def test_some_deaths_were_noticed_late_and_the_old_die_more() -> None:
    told = [(each.recorded_at, each.valid_from) for _, each in said("death")]
    late = sum(1 for at, died in told if at and (at.date() - died).days > 60)
    assert 0.08 < late / len(told) < 0.3
    share = {
        old: sum(1 for life in lives() if life.died and (life.born.year < 1950) == old)
        / sum(1 for life in lives() if (life.born.year < 1950) == old)
        for old in (True, False)
    }
    assert share[True] > 4 * share[False]


def test_disability_keeps_the_rules_of_rejection() -> None:
    for life in lives():
        if life.cause == "illness":
            assert life.grade in range(1, 7)
            assert life.service
            assert life.service.rank in ("conscript", "nco_junior")
        assert (life.grade is None) == (life.cause == "")
    causes = Counter(life.cause for life in lives() if life.cause)
    assert set(causes) == {"war", "duty", "illness"}


def test_a_rating_for_illness_was_made_in_service() -> None:
    for record, each in said("rating"):
        if each.said["cause"] == "illness":
            served = [other.said["discharged_on"] for other in record.said if other.kind == "service"]
            assert all(day is None or each.valid_from < day for day in served)  # type: ignore[operator]


def test_people_are_settled_as_the_time_and_the_rank_allow() -> None:
    allowed = {
        "officer": {"retired", "transferred", "monthly_pension", "demobilised"},
        "nco": {"monthly_pension", "job_arranged"},
    }
    for life in lives():
        served = life.service
        if served is None or served.discharged is None or served.enlisted < PRE_1954:
            continue
        if served.rank in allowed:
            assert served.mode in allowed[served.rank]
        if served.mode == "self_employed":
            assert served.discharged >= REFORM
        if served.mode == "monthly_pension":
            assert served.discharged.year >= 2021


# --- shares -------------------------------------------------------------------------------------------------

SHARES = {
    "veteran": (0.89, 0.93),
    "military-retiree": (0.01, 0.02),
    "martyr-kin": (0.018, 0.030),
    "duty-death-kin": (0.004, 0.009),
    "illness-death-kin": (0.007, 0.014),
    "soldier-family": (0.04, 0.053),
    "martyr-child": (0.007, 0.013),
    "disabled-soldier": (0.025, 0.036),
    "combat-veteran": (0.025, 0.037),
    "nuclear-test-veteran": (0.004, 0.009),
    "sick-returned-veteran": (0.003, 0.007),
    # 4.2万 and 1.8万 of 31万
    "regular-subsidy": (0.125, 0.145),
    "key-pension-group": (0.052, 0.064),
}


@pytest.mark.parametrize("category", SHARES)
def test_the_share_of_a_category_is_plausible(category: str) -> None:
    low, high = SHARES[category]
    assert low < categories()[category] / MANY < high


def test_whoever_is_insured_draws_a_subsidy() -> None:
    assert all(life.regular for life in lives() if life.key_group)


def test_people_live_where_the_weights_say() -> None:
    lived = Counter(record.division // 10**6 for record in city())
    assert lived[370211] > 2 * lived[370202]
    assert set(lived) == set(weights().counties.among)
    assert {record.division % 10**6 for record in city()} == set(STREETS)


def test_three_in_a_thousand_are_on_file_twice_and_share_a_telephone() -> None:
    owners: dict[str, list[FileRecord]] = {}
    for record in city():
        for phone in record.phones:
            owners.setdefault(phone.number, []).append(record)
    twins = [files for files in owners.values() if len(files) > 1]
    assert 0.0015 < len(twins) / MANY < 0.004
    kinds = Counter(each.kind for files in twins for record in files[1:] for each in record.documents)
    old = sum(len(each.number.number) == 15 for files in twins for each in files[1].documents)
    assert kinds[str(DocumentType.PASSPORT)] > 5
    assert old > 5
    assert any(files[0].name != files[1].name for files in twins)


def test_of_one_in_twenty_something_is_missing() -> None:
    kinds = {record.id: {each.kind for each in record.said} for record in city()}
    homeless = sum("household" not in each for each in kinds.values())
    undated = sum(each.said["enlisted_on"] is None for _, each in said("service"))
    assert 0.008 < homeless / MANY < 0.018
    assert 0.006 < undated / MANY < 0.018


# --- what the registry can hold -----------------------------------------------------------------------------


def test_nobody_is_in_a_category_nobody_thought_of() -> None:
    assert set(categories()) == {*SHARES, "active-soldier"}


def test_nothing_ends_before_it_begins_or_was_known_before_the_file() -> None:
    for record in city():
        for each in record.said:
            assert each.valid_to is None or each.valid_to > each.valid_from
            assert each.recorded_at is None or each.recorded_at >= record.opened_at


def test_one_person_has_more_than_anybody() -> None:
    record = city()[HEAVIEST]
    assert record.name == NAME
    assert len(record.said) >= 60
    assert len(record.documents) == 3
    assert sum(each.kind == "relation" for each in record.said) == 8
    assert len(record.said) > max(len(other.said) for other in city() if other is not record)
