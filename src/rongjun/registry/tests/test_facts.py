"""Facts with two times: one definition for everybody and for one, and only of people in scope."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import yaml

from rongjun.access.api import acting_as
from rongjun.registry.facts import COLUMNS, KINDS, PERSON, RELATION_COLUMNS, SOURCE
from rongjun.registry.logic import (
    ANSWERED_ELSEWHERE,
    CATEGORIES,
    DECEASED_KINDS,
    DEPENDANT_OF,
    RELATION_STATED,
    RELATION_STATUSES,
    RELATIONS,
    STATED,
)
from rongjun.registry.models import (
    Assertion,
    DisabilityRating,
    Household,
    Particulars,
    Person,
    Service,
    Status,
)
from rongjun.registry.tests.scene import NOW, actor, hand_in, open_file, report_of, state
from rongjun.registry.tests.strategies import ELSEWHERE, HOME, TODAY, cells
from rongjun.rules.api import load_book
from tests.cluster import as_owner

pytestmark = pytest.mark.django_db
ALL = sorted(SOURCE.names)
JUNE, DECEMBER = datetime(2026, 6, 15, tzinfo=UTC), datetime(2026, 12, 15, tzinfo=UTC)
POLICY = Path("policy")


def everybody(
    *names: str, on: date = TODAY, known_at: datetime = NOW, seen_by: str = "city"
) -> dict[str, Any]:
    """Facts of everybody in scope, by person."""
    with acting_as(actor(seen_by)):
        frame = SOURCE.frame(names or ALL, on=on, known_at=known_at)
    return {row.pop(PERSON): row for row in frame.to_dicts()}


def facts(person: UUID, *, on: date = TODAY, known_at: datetime = NOW) -> Mapping[str, Any]:
    """Facts of one person, asked alone."""
    with acting_as(actor("city")):
        (row,) = SOURCE.frame(ALL, on=on, known_at=known_at, person=person).to_dicts()
    return row


def say(model: type[Assertion], person: UUID, **said: Any) -> None:
    """An assertion made past the actions, as a scene needs it."""
    times = {"valid_from": date(1970, 1, 1), "recorded_at": NOW - timedelta(days=1), "source": "虚构"}
    with as_owner():
        division = Person.objects.get(pk=person).division
        model._default_manager.create(
            person_id=person, division=division, recorded_by="staff:clerk", **{**times, **said}
        )


def forget(person: UUID, *models: type[Assertion]) -> None:
    with as_owner():
        for model in models:
            model._default_manager.filter(person=person).delete()


# --- the list of facts --------------------------------------------------------------------------------------


def declared() -> dict[str, dict[str, Any]]:
    written = yaml.safe_load((POLICY / "facts.yaml").read_text("utf-8"))["facts"]
    return {fact["name"]: fact for fact in written if "owner" in fact}


def test_every_fact_the_registry_owns_is_answered_and_no_unknown_word_is_used() -> None:
    owned = {name for name, fact in declared().items() if fact["owner"] == "registry"}
    of_relations = {name for name, fact in declared().items() if "per" in fact}
    assert owned - of_relations <= set(COLUMNS) <= set(declared()) - of_relations
    assert set(RELATION_COLUMNS) == owned & of_relations


@pytest.mark.parametrize("fact", ALL)
def test_a_fact_has_the_kind_and_the_silence_that_are_declared(fact: str) -> None:
    spoken = declared()[fact]
    kind = {"enum": "text"}.get(spoken["type"], spoken["type"])
    assert KINDS[fact] == kind
    assert (spoken["absent"] is False) == (fact not in STATED)


@pytest.mark.parametrize("fact", sorted(SOURCE.relation_names))
def test_a_fact_of_a_relation_has_the_kind_and_the_silence_that_are_declared(fact: str) -> None:
    spoken = declared()[fact]
    assert KINDS[fact] == {"enum": "text"}.get(spoken["type"], spoken["type"])
    assert (spoken["absent"] is False) == (fact in RELATION_STATUSES)
    assert (spoken["absent"] == "none") == (fact not in RELATION_STATED)


@pytest.mark.parametrize(
    ("fact", "words"),
    [("dependant_of", DEPENDANT_OF), ("relation", RELATIONS), ("deceased_kind", DECEASED_KINDS)],
)
def test_the_words_of_a_relation_are_the_words_of_the_book(fact: str, words: Mapping[str, str]) -> None:
    assert dict(words) == declared()[fact]["values"]


def test_the_words_of_the_roster_are_words_of_the_book() -> None:
    vocabulary = load_book(POLICY, city="qingdao").vocabulary.facts
    person = open_file(
        row=cells(1, 人员类别="残疾军人", 残疾等级="七级", 残疾性质="因战", 服役身份="军士", 安置方式="复员")
    )
    for name, value in facts(person).items():
        if name != PERSON:
            assert vocabulary[name].accepts(value), (name, value)


# --- silence ------------------------------------------------------------------------------------------------


def test_of_an_empty_file_categories_are_false_and_all_else_is_unknown() -> None:
    person = open_file(row=cells(1))
    forget(person, *Assertion.__subclasses__())
    known = facts(person)
    assert {name for name in ALL if known[name] is False} == {
        category.fact for category in CATEGORIES if category.fact
    }
    assert {name for name in ALL if known[name] is None} == set(ANSWERED)


def test_no_facts_are_asked_of_nobody() -> None:
    open_file(row=cells(1))
    with acting_as(actor()):
        frame = SOURCE.frame([], on=TODAY, known_at=NOW)
    assert (frame.columns, frame.height) == ([PERSON], 1)


# --- one definition -----------------------------------------------------------------------------------------


def test_everybody_at_once_and_each_alone_are_told_the_same() -> None:
    rated = {"人员类别": "退役军人、残疾军人", "残疾等级": "七级", "残疾性质": "因公"}
    rows = [
        cells(n, **(rated if n % 3 else {"人员类别": "烈士遗属"}), 优待证=["有", "无", ""][n % 3])
        | {"户籍区划代码": "" if n % 4 else "370215", "入伍日期": "" if n % 5 else "1970-12-01"}
        for n in range(1, 31)
    ]
    people = [row.person for row in report_of(hand_in(rows)).rows]
    for place, person in enumerate(people):
        assert person
        state(person, "merit_rank", str(place % 7))
        if place % 2:
            state(person, "in_hardship", "true" if place % 4 == 1 else "false")
    for on in (TODAY, date(1973, 1, 1), date(1990, 1, 1)):
        together = everybody(on=on)
        assert len(together) == 30
        for person in people:
            assert person
            alone = dict(facts(person, on=on))
            assert alone.pop(PERSON) == str(person)
            assert alone == together[str(person)]


# --- two times ----------------------------------------------------------------------------------------------


def test_what_was_known_in_june_stays_what_was_known_in_june() -> None:
    person = open_file(row=cells(1), now=datetime(2026, 1, 5, tzinfo=UTC), today=date(2026, 1, 5))
    state(person, "has_employer", "true", valid_from=date(2026, 1, 5), now=datetime(2026, 2, 1, tzinfo=UTC))
    state(person, "has_employer", "false", valid_from=date(2026, 3, 1), now=datetime(2026, 11, 1, tzinfo=UTC))
    april = date(2026, 4, 1)
    assert facts(person, on=april, known_at=JUNE)["has_employer"] is True
    assert facts(person, on=april, known_at=DECEMBER)["has_employer"] is False
    assert facts(person, on=date(2026, 2, 1), known_at=DECEMBER)["has_employer"] is True
    assert (
        facts(person, on=date(2026, 2, 1), known_at=datetime(2026, 1, 9, tzinfo=UTC))["has_employer"] is None
    )


SAID: tuple[tuple[type[Assertion], dict[str, Any], str, Any], ...] = (
    (Particulars, {"name": "测试", "birth_date": date(1950, 1, 1)}, "birth_date", date(1950, 1, 1)),
    (Service, {"rank_group": "nco"}, "rank_group", "nco"),
    (Status, {"category": "martyr-kin"}, "is_martyr_kin", True),
    (DisabilityRating, {"grade": 3, "cause": "war"}, "disability_grade", 3),
    (Household, {"county": "370215"}, "household_county", 370215000000),
)


@pytest.mark.parametrize(("model", "said", "fact", "value"), SAID, ids=[s[0].__name__ for s in SAID])
def test_every_table_has_two_times(
    model: type[Assertion], said: dict[str, Any], fact: str, value: Any
) -> None:
    person = open_file(row=cells(1), now=datetime(2026, 1, 1, tzinfo=UTC), today=date(2026, 1, 1))
    forget(person, *Assertion.__subclasses__())
    nothing = False if value is True else None
    say(
        model, person, **said, valid_from=date(2026, 3, 1), valid_to=date(2026, 9, 1),
        recorded_at=datetime(2026, 5, 1, tzinfo=UTC), superseded_at=datetime(2026, 10, 1, tzinfo=UTC),
    )  # fmt: skip
    asked = {
        (date(2026, 2, 28), JUNE): nothing,
        (date(2026, 3, 1), JUNE): value,
        (date(2026, 8, 31), JUNE): value,
        (date(2026, 9, 1), JUNE): nothing,
        (date(2026, 6, 1), datetime(2026, 4, 30, tzinfo=UTC)): nothing,
        (date(2026, 6, 1), datetime(2026, 5, 1, tzinfo=UTC)): value,
        (date(2026, 6, 1), datetime(2026, 9, 30, tzinfo=UTC)): value,
        (date(2026, 6, 1), datetime(2026, 10, 1, tzinfo=UTC)): nothing,
    }
    assert {(on, at): facts(person, on=on, known_at=at)[fact] for on, at in asked} == asked


def test_a_file_is_not_there_before_it_was_opened() -> None:
    open_file(row=cells(1))
    assert len(everybody("sex")) == 1
    assert everybody("sex", known_at=NOW - timedelta(seconds=1)) == {}


# --- what a fact is made of ---------------------------------------------------------------------------------


def served(*periods: tuple[str | None, str | None], on: date = TODAY) -> Mapping[str, Any]:
    person = open_file(row=cells(1))
    forget(person, Service)
    for enlisted, discharged in periods:
        say(
            Service, person,
            enlisted_on=enlisted and date.fromisoformat(enlisted),
            discharged_on=discharged and date.fromisoformat(discharged),
        )  # fmt: skip
    return facts(person, on=on)


def test_service_years_are_whole_years_over_all_periods() -> None:
    assert served(("1970-12-01", "1976-03-15"))["service_years"] == 5


@pytest.mark.parametrize(
    ("periods", "years"),
    [
        ([("1970-12-01", "1975-12-01")], 5),
        ([("1970-12-01", "1975-11-30")], 4),
        ([("1970-01-01", "1971-12-01"), ("1975-01-01", "1976-02-01")], 3),
        ([("1970-01-01", "1971-12-20"), ("1975-01-01", "1976-01-15")], 3),
        ([("1970-01-01", None)], None),
        ([("1970-01-01", "1972-01-01"), ("1975-01-01", None)], None),
        ([(None, "1972-01-01")], None),
    ],
)
def test_years_of_several_services_add_up_and_an_open_end_leaves_them_unknown(
    periods: list[tuple[str | None, str | None]], years: int | None
) -> None:
    assert served(*periods)["service_years"] == years


def test_a_discharge_that_had_not_come_is_not_known_of_that_day() -> None:
    known = served(("1970-12-01", "1976-03-15"), on=date(1973, 12, 1))
    assert (known["enlisted_on"], known["discharged_on"], known["service_years"]) == (
        date(1970, 12, 1),
        None,
        3,
    )


def test_the_first_enlistment_and_the_last_discharge_count() -> None:
    known = served(("1970-12-01", "1976-03-15"), ("1980-01-01", "1984-01-01"))
    assert (known["enlisted_on"], known["discharged_on"]) == (date(1970, 12, 1), date(1984, 1, 1))


def test_the_heaviest_rating_counts_with_its_cause() -> None:
    person = open_file(row=cells(1))
    say(DisabilityRating, person, grade=7, cause="duty")
    say(DisabilityRating, person, grade=5, cause="war")
    known = facts(person)
    assert (known["disability_grade"], known["disability_cause"]) == (5, "war")


def test_a_household_is_known_as_county_city_and_province() -> None:
    known = facts(open_file(row=cells(1, 户籍区划代码="370215")))
    regions = [known[f"household_{level}"] for level in ("county", "city", "province")]
    assert regions == [370215000000, 370200000000, 370000000000]


def test_our_own_tables_speak_before_what_somebody_stated() -> None:
    person = open_file(row=cells(1, 户籍区划代码="370215", 服役身份=""))
    state(person, "household_county", "370202")
    state(person, "rank_group", "nco")
    known = facts(person)
    assert (known["household_county"], known["rank_group"]) == (370215000000, "nco")


# What an app upstairs answers with our help is asked of it there.
ANSWERED = {fact: kind for fact, kind in STATED.items() if fact not in ANSWERED_ELSEWHERE}
ANSWERS: Mapping[str, tuple[str, Any]] = {
    "bool": ("false", False),
    "int": ("4", 4),
    "date": ("1951-02-03", date(1951, 2, 3)),
    "division": ("370200000000", 370200000000),
    "text": ("nco", "nco"),
}


@pytest.mark.parametrize(("fact", "kind"), ANSWERED.items())
def test_every_unknown_can_be_answered(fact: str, kind: str) -> None:
    person = open_file(row=cells(1))
    forget(person, *Assertion.__subclasses__())
    answer, value = ANSWERS[kind]
    state(person, fact, answer, by="district")
    assert facts(person)[fact] == value


def test_the_province_somebody_lives_in_follows_the_city_where_that_is_stated() -> None:
    person = open_file(row=cells(1))
    state(person, "residence_province", "330000")
    assert facts(person)["residence_province"] == 330000000000
    state(person, "residence_city", "370200")
    assert facts(person)["residence_province"] == 370000000000


def test_an_answer_runs_out() -> None:
    person = open_file(row=cells(1))
    state(person, "has_employer", "true", valid_to=TODAY + timedelta(days=365))
    assert facts(person, on=TODAY + timedelta(days=364))["has_employer"] is True
    assert facts(person, on=TODAY + timedelta(days=365))["has_employer"] is None


# --- scope --------------------------------------------------------------------------------------------------


def test_facts_come_only_of_people_in_scope() -> None:
    mine = open_file(row=cells(1, 服务站区划代码=str(HOME)))
    theirs = open_file(by="neighbour", row=cells(2, 服务站区划代码=str(ELSEWHERE)))
    assert set(everybody("sex")) == {str(mine), str(theirs)}
    for login, seen in {"clerk": {str(mine)}, "neighbour": {str(theirs)}, "next-door": set()}.items():
        assert set(everybody("sex", seen_by=login)) == seen
    with acting_as(actor()):
        assert SOURCE.frame(ALL, on=TODAY, known_at=NOW, person=theirs).is_empty()


def test_a_fact_that_is_not_ours_is_our_mistake() -> None:
    with pytest.raises(KeyError), acting_as(actor()):
        SOURCE.frame(["age"], on=TODAY, known_at=NOW)
