"""Who may decide, and which ratings the law allows: the rules alone, over all there could be."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rongjun.kernel.errors import Unfit
from rongjun.registry.logic import CATEGORIES, PRECEDENCE, by_precedence, certificates_for
from rongjun.registry.logic.deciding import (
    AUTHORITIES,
    CAUSES,
    DISABLED,
    GROUNDS,
    LOWER_RANKS,
    MILITARY,
    PROPOSED,
    Rating,
    Served,
    Stint,
    death_objection,
    may_not_decide,
    proposed_label,
    rating_objections,
    read_proposal,
    served_on,
)

DAY = date(2024, 11, 1)
RANKS = ["", "officer", "nco", "nco_junior", "conscript", "cadet"]
ratings = st.builds(
    Rating,
    grade=st.integers(1, 10),
    cause=st.sampled_from(list(CAUSES)),
    rated_on=st.just(DAY),
    category=st.sampled_from(DISABLED),
)
services = st.builds(
    Served, in_service=st.sampled_from([True, False, None]), rank_group=st.sampled_from(RANKS)
)
authorities = st.sampled_from(list(AUTHORITIES))
CONSCRIPT = Served(True, "conscript")


def codes(rating: Rating, served: Served, authority: str) -> set[str]:
    return {each.code for each in rating_objections(rating, served, authority=authority)}


# --- ratings ------------------------------------------------------------------------------------------------


@given(ratings, services, authorities)
def test_illness_is_rated_one_to_six_of_lower_ranks_in_service_and_nothing_else(
    rating: Rating, served: Served, authority: str
) -> None:
    if rating.cause == "illness" and not rating_objections(rating, served, authority=authority):
        assert rating.category == "disabled-soldier"
        assert rating.grade <= 6
        assert served.rank_group in LOWER_RANKS
        assert served.in_service is True
        assert authority in MILITARY


@given(ratings, services, authorities)
def test_district_and_city_never_rate(rating: Rating, served: Served, authority: str) -> None:
    if authority in ("city", "county"):
        assert "may-only-report" in codes(rating, served, authority)


@given(ratings, services, authorities)
def test_every_objection_names_its_clause_and_ends_like_a_sentence(
    rating: Rating, served: Served, authority: str
) -> None:
    for each in rating_objections(rating, served, authority=authority):
        assert "条" in each.clause
        assert each.text.endswith("）。")
        assert "。（" not in each.text


@given(ratings, services, authorities)
def test_a_heavier_grade_is_never_refused_where_a_lighter_one_is_not(
    rating: Rating, served: Served, authority: str
) -> None:
    if rating.grade > 1 and not codes(rating, served, authority):
        heavier = Rating(rating.grade - 1, rating.cause, rating.rated_on, rating.category)
        assert not codes(heavier, served, authority)


@pytest.mark.parametrize(
    ("grade", "cause", "served", "authority", "expected"),
    [
        (6, "illness", CONSCRIPT, "military-corps", set()),
        (7, "illness", CONSCRIPT, "military-corps", {"illness-too-light"}),
        (6, "illness", Served(True, "nco"), "military-theatre", {"illness-of-higher-rank"}),
        (6, "illness", Served(True, ""), "military-corps", {"rank-unknown"}),
        (6, "illness", Served(False, "conscript"), "province", {"illness-after-discharge"}),
        (6, "illness", Served(None, "conscript"), "province", {"discharge-unknown"}),
        (10, "war", Served(False, ""), "province", set()),
        (10, "war", Served(False, "officer"), "military-theatre", {"not-of-veterans"}),
        (10, "duty", Served(True, "officer"), "military-corps", {"not-of-officers"}),
        (10, "duty", Served(True, "officer"), "military-theatre", set()),
        (10, "duty", CONSCRIPT, "military-theatre", set()),
        (10, "duty", CONSCRIPT, "province", {"not-of-soldiers"}),
        (10, "duty", Served(False, ""), "county", {"may-only-report"}),
        (
            8,
            "illness",
            Served(False, "officer"),
            "city",
            {"may-only-report", "illness-too-light", "illness-of-higher-rank", "illness-after-discharge"},
        ),
    ],
)
def test_a_rating_is_refused_for_all_its_reasons_at_once(
    grade: int, cause: str, served: Served, authority: str, expected: set[str]
) -> None:
    assert codes(Rating(grade, cause, DAY), served, authority) == expected


def test_who_is_no_soldier_is_rated_by_the_province_and_never_for_illness() -> None:
    nobody = Served(False, "")
    police = Rating(5, "duty", DAY, "disabled-police")
    assert codes(police, nobody, "province") == set()
    assert codes(police, nobody, "military-corps") == {"not-of-civilians"}
    ill = Rating(5, "illness", DAY, "disabled-police")
    assert codes(ill, nobody, "province") == {"illness-of-civilian"}


@pytest.mark.parametrize(("grade", "cause"), [(0, "war"), (11, "war"), (1, "accident"), (1, "")])
def test_what_is_no_rating_is_refused_before_the_rules(grade: int, cause: str) -> None:
    with pytest.raises(Unfit):
        Rating(grade, cause, DAY)


# --- service on a day ---------------------------------------------------------------------------------------

ENLISTED, LEFT = date(2020, 9, 1), date(2022, 9, 1)
STINT = Stint(ENLISTED, LEFT, "conscript")


@pytest.mark.parametrize(
    ("day", "expected"),
    [(LEFT - timedelta(days=1), True), (LEFT, True), (LEFT + timedelta(days=1), False)],
)
def test_the_day_of_discharge_is_the_last_of_service(day: date, expected: bool) -> None:
    served = served_on(day, [STINT], is_serving=False, is_veteran=True)
    assert served == Served(expected, "conscript")


@pytest.mark.parametrize(
    ("stints", "is_serving", "is_veteran", "expected"),
    [
        ([], True, False, True),
        ([], False, True, None),
        ([], False, False, False),
        ([Stint(ENLISTED, None)], False, True, None),
        ([Stint(ENLISTED, None)], True, False, True),
    ],
)
def test_where_no_period_speaks_the_categories_do(
    stints: list[Stint], is_serving: bool, is_veteran: bool, expected: bool | None
) -> None:
    assert served_on(DAY, stints, is_serving=is_serving, is_veteran=is_veteran).in_service is expected


# --- authority and content ----------------------------------------------------------------------------------


@given(st.sampled_from(["suspension", "cancellation", "restoration"]), authorities)
def test_rights_are_stopped_and_restored_by_the_province_alone(kind: str, authority: str) -> None:
    assert (may_not_decide(kind, authority=authority) is None) == (authority == "province")


def test_an_authority_nobody_knows_is_unfit() -> None:
    with pytest.raises(Unfit):
        may_not_decide("status", authority="street")


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("status", {"category": "rights-suspended"}),
        ("status", {"category": "hero"}),
        ("status", {"category": "veteran", "valid_to": "2024-02-30"}),
        ("rating", {"grade": "七", "cause": "war"}),
        ("rating", {"grade": 7, "cause": "war", "category": "veteran"}),
        ("suspension", {"grounds": "expelled"}),
        ("cancellation", {}),
        ("restoration", {"of": "status"}),
        ("correction", {"of": "status", "assertion": 1}),
        ("correction", {"of": "household", "assertion": 1, "changed": {}}),
        ("ending", {"of": "rating", "assertion": "x"}),
        ("death", {}),
    ],
)
def test_what_cannot_be_proposed_is_unfit(kind: str, content: dict[str, object]) -> None:
    with pytest.raises(Unfit):
        read_proposal(kind, content)


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        *(("status", {"category": each.code}) for each in CATEGORIES if not each.code.startswith("rights-")),
        ("rating", {"grade": 7, "cause": "war"}),
        *((kind, {"grounds": word}) for kind, words in GROUNDS.items() for word in words),
        ("restoration", {"of": "cancellation"}),
        ("correction", {"of": "rating", "assertion": 1, "changed": {"grade": 6, "cause": "duty"}}),
        ("ending", {"of": "status", "assertion": 1}),
    ],
)
def test_what_is_read_is_kept_once_and_has_its_words(kind: str, content: dict[str, object]) -> None:
    read = read_proposal(kind, content)
    assert kind in PROPOSED
    assert proposed_label(kind, read)
    assert read_proposal(kind, read) == read


# --- precedence and deaths ----------------------------------------------------------------------------------


def test_every_category_has_its_place() -> None:
    assert sorted(PRECEDENCE) == sorted(category.code for category in CATEGORIES)
    assert len(set(PRECEDENCE)) == len(PRECEDENCE)


@given(st.permutations([category.code for category in CATEGORIES]))
def test_the_order_does_not_depend_on_how_they_were_recorded(codes: list[str]) -> None:
    assert by_precedence(codes) == list(PRECEDENCE)


def test_who_qualifies_twice_chooses_the_certificate() -> None:
    assert certificates_for(["veteran", "martyr-kin"]) == ("veteran", "pension-group")
    assert certificates_for(["disabled-soldier", "veteran"]) == ("veteran",)
    assert certificates_for(["soldier-family"]) == ()


@given(st.dates(date(1900, 1, 1), date(2100, 1, 1)), st.none() | st.dates(date(1900, 1, 1), DAY))
def test_a_death_lies_between_birth_and_today(died_on: date, born: date | None) -> None:
    impossible = died_on > DAY or (born is not None and died_on < born)
    assert bool(death_objection(died_on, born=born, today=DAY)) == impossible
