"""Relations to a soldier: what is recorded, ended and answered, what is refused, what the rules are told."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError

from rongjun.access.api import acting_as
from rongjun.audit import api as audit
from rongjun.kernel.errors import Refused
from rongjun.registry import api as registry
from rongjun.registry.facts import PERSON, SOURCE
from rongjun.registry.logic import RELATION_STATED, STATED
from rongjun.registry.models import Relation, Statement
from rongjun.registry.tests.scene import NOW, actor, open_file, relate, state, unrelate
from rongjun.registry.tests.strategies import ELSEWHERE, HOME, TODAY, cells
from rongjun.rules import asking
from rongjun.rules.api import load_book
from tests.cluster import as_owner

pytestmark = pytest.mark.django_db
ALL = sorted(SOURCE.relation_names)
LATER = NOW + timedelta(hours=1)
JANUARY, JUNE, SEPTEMBER = date(2024, 1, 1), date(2024, 6, 1), date(2024, 9, 1)


def told(
    person: UUID | None = None, *, on: date = TODAY, known_at: datetime = LATER, seen_by: str = "city"
) -> list[dict[str, Any]]:
    """What the rules are told of the relations in force."""
    with acting_as(actor(seen_by)):
        return SOURCE.relations(ALL, on=on, known_at=known_at, person=person).to_dicts()


def kept(person: UUID) -> list[tuple[date, date | None, dict[str, str]]]:
    """What counts now, by day."""
    with as_owner():
        rows = Relation.objects.filter(person=person, superseded_at=None).order_by("valid_from", "id")
        return list(rows.values_list("valid_from", "valid_to", "stated"))


@pytest.fixture
def person() -> UUID:
    """Somebody served by the clerk's station."""
    return open_file(row=cells(1))


# --- recording ----------------------------------------------------------------------------------------------


def test_a_relation_is_told_with_what_is_stated_of_it(person: UUID) -> None:
    relate(
        person,
        dependant_of="active_soldier",
        relation="child",
        stated={
            "sponsor_merit_rank": 3,
            "sponsor_hardship_post": True,
            "sponsor_enlistment_city": "370200",
            "sponsor_rank_group": "nco",
            "is_accompanying_family": "true",
        },
    )
    (row,) = told(person)
    said = {name: value for name, value in row.items() if value is not None}
    assert said == {
        PERSON: str(person),
        "dependant_of": "active_soldier",
        "relation": "child",
        "deceased_kind": "none",
        "sponsor_merit_rank": 3,
        "sponsor_hardship_post": True,
        "sponsor_enlistment_city": 370200000000,
        "sponsor_rank_group": "nco",
        "is_accompanying_family": True,
        "is_unemployed_accompanying_spouse": False,
        "is_transferring_family": False,
    }


def test_a_person_may_have_several_relations_and_each_is_told_apart(person: UUID) -> None:
    relate(person, evidence="甲证 1 号")
    relate(person, evidence="甲证 2 号")
    relate(person, dependant_of="active_soldier", relation="parent")
    assert [row["relation"] for row in told(person)] == ["spouse", "spouse", "parent"]


def test_one_relation_by_one_document_is_recorded_once(person: UUID) -> None:
    relate(person, evidence="甲证 1 号", valid_from=JANUARY, valid_to=JUNE)
    with pytest.raises(Refused, match=r"registry\.relation-on-file"):
        relate(person, evidence="甲证 1 号", valid_from=JANUARY)
    relate(person, evidence="甲证 1 号", valid_from=JUNE)
    assert len(kept(person)) == 2


@pytest.mark.parametrize(
    "changed",
    [
        {"dependant_of": "none"},
        {"dependant_of": "general"},
        {"relation": "none"},
        {"relation": "cousin"},
        {"deceased_kind": "hero"},
        {"stated": {"no_such_fact": True}},
        {"stated": {"in_hardship": True}},
        {"stated": {"relation": "child"}},
        {"stated": {"sponsor_merit_rank": "perhaps"}},
        {"stated": {"sponsor_hardship_post": 1}},
    ],
    ids=str,
)
def test_what_is_no_relation_is_refused(person: UUID, changed: dict[str, Any]) -> None:
    with pytest.raises(Refused, match=r"registry\.not-a-relation"):
        relate(person, **changed)
    assert kept(person) == []


@pytest.mark.parametrize("fact", ["sponsor_in_combat_unit", "sponsor_on_island_2", "on_combat_mission"])
def test_where_a_soldier_serves_is_not_taken_down(person: UUID, fact: str) -> None:
    with pytest.raises(Refused) as refused:
        relate(person, dependant_of="active_soldier", stated={fact: True})
    assert "不登记" in str(refused.value.params["fault"])
    relate(person, dependant_of="active_soldier", stated={"sponsor_hardship_post": True})


def test_who_claims_on_a_death_need_not_be_near_kin(person: UUID) -> None:
    relate(person, dependant_of="none", relation="none", deceased_kind="kin_on_pension")
    assert [row["deceased_kind"] for row in told(person)] == ["kin_on_pension"]


@pytest.mark.parametrize("end", [JANUARY, JANUARY - timedelta(days=1)])
def test_a_relation_has_a_day(person: UUID, end: date) -> None:
    with pytest.raises(Refused, match=r"registry\.relation-dates"):
        relate(person, valid_from=JANUARY, valid_to=end)
    relate(person, valid_from=JANUARY, valid_to=JANUARY + timedelta(days=1))


def test_the_soldier_may_be_somebody_else_on_file_in_scope(person: UUID) -> None:
    soldier = open_file(row=cells(2))
    theirs = open_file(by="neighbour", row=cells(3, 服务站区划代码=str(ELSEWHERE)))
    with pytest.raises(Refused, match=r"registry\.not-a-relation"):
        relate(person, relative=person)
    with pytest.raises(Refused, match=r"registry\.no-such-file"):
        relate(person, relative=theirs)
    relate(person, relative=soldier)


@pytest.mark.parametrize("login", ["next-door", "neighbour"])
def test_nobody_relates_people_of_another_division(person: UUID, login: str) -> None:
    for act in (
        lambda: relate(person, by=login),
        lambda: unrelate(person, uuid4(), TODAY, by=login),
        lambda: state(person, "was_supported_by_deceased", "true", by=login),
    ):
        with pytest.raises(Refused, match=r"registry\.no-such-file"):
            act()
    relation = relate(person, by="district", valid_from=JANUARY)
    state(person, "was_supported_by_deceased", "true", by="district")
    unrelate(person, relation, TODAY, by="district")


def test_what_is_done_to_a_relation_is_noted_without_what_it_says(person: UUID) -> None:
    relation = relate(person, valid_from=JANUARY, stated={"sponsor_merit_rank": 3})
    unrelate(person, relation, JUNE)
    with acting_as(actor("auditor")):
        events = audit.events(audit.Filter(about=f"person:{person}"))
    assert [(event.event, event.detail) for event in events] == [
        ("registry.relation-ended", {"relation": str(relation)}),
        ("registry.relation-recorded", {"relation": str(relation)}),
    ]


def test_two_words_of_one_relation_for_one_day_are_refused_by_the_database(person: UUID) -> None:
    relate(person)
    with as_owner():
        twin = Relation.objects.get()
    twin.pk = None
    with pytest.raises(IntegrityError, match="relation_one_word_a_day"), as_owner():
        twin.save()


# --- ending -------------------------------------------------------------------------------------------------


def test_an_ended_relation_holds_for_the_days_before(person: UUID) -> None:
    relation = relate(person, valid_from=JANUARY)
    unrelate(person, relation, JUNE)
    assert len(told(person, on=JUNE - timedelta(days=1))) == 1
    assert told(person, on=JUNE) == []
    assert len(told(person, on=JUNE, known_at=NOW)) == 1, "at the time we did not know"


def test_what_is_not_there_or_had_not_begun_cannot_end(person: UUID) -> None:
    other = open_file(row=cells(2))
    relation = relate(person, valid_from=JANUARY)
    with pytest.raises(Refused, match=r"registry\.no-such-relation"):
        unrelate(other, relation, JUNE)
    with pytest.raises(Refused, match=r"registry\.relation-dates"):
        unrelate(person, relation, JANUARY)
    unrelate(person, relation, JUNE)
    with pytest.raises(Refused, match=r"registry\.no-such-relation"):
        unrelate(person, relation, SEPTEMBER)
    assert kept(person) == [(JANUARY, JUNE, {})]


def test_other_relations_stand_when_one_ends(person: UUID) -> None:
    relation = relate(person, valid_from=JANUARY)
    relate(person, dependant_of="active_soldier", relation="parent", valid_from=JANUARY)
    unrelate(person, relation, JUNE)
    assert [row["relation"] for row in told(person)] == ["parent"]


# --- answers ------------------------------------------------------------------------------------------------


def test_an_answer_is_recorded_on_the_only_relation_for_its_days(person: UUID) -> None:
    relate(person, valid_from=JANUARY, stated={"sponsor_merit_rank": 3})
    state(person, "was_supported_by_deceased", "true", valid_from=JUNE, valid_to=SEPTEMBER, now=LATER)
    said = {"sponsor_merit_rank": "3"}
    assert kept(person) == [
        (JANUARY, JUNE, said),
        (JUNE, SEPTEMBER, {**said, "was_supported_by_deceased": "true"}),
        (SEPTEMBER, None, said),
    ]
    (known,) = told(person, on=JUNE)
    assert known["was_supported_by_deceased"] is True
    (known,) = told(person, on=JUNE, known_at=NOW)
    assert known["was_supported_by_deceased"] is None
    with as_owner():
        assert not Statement.objects.filter(person=person, fact="was_supported_by_deceased").exists()


def test_which_relation_is_asked_about_has_to_be_clear(person: UUID) -> None:
    with pytest.raises(Refused, match=r"registry\.which-relation"):
        state(person, "was_supported_by_deceased", "true")
    first = relate(person, evidence="甲证 1 号")
    state(person, "was_supported_by_deceased", "true", now=LATER)
    relate(person, evidence="甲证 2 号", now=LATER)
    with pytest.raises(Refused, match=r"registry\.which-relation"):
        state(person, "was_supported_by_deceased", "false")
    state(person, "was_supported_by_deceased", "false", relation=first, now=LATER)
    with pytest.raises(Refused, match=r"registry\.no-such-relation"):
        state(person, "was_supported_by_deceased", "false", relation=uuid4())
    assert {row["was_supported_by_deceased"] for row in told(person)} == {False, None}


@pytest.mark.parametrize(("fact", "value"), [("sponsor_merit_rank", "many"), ("relation", "child")])
def test_what_is_no_answer_about_a_relation_is_refused(person: UUID, fact: str, value: str) -> None:
    relate(person)
    with pytest.raises(Refused, match=r"registry\.not-a-question"):
        state(person, fact, value)


def test_relations_are_asked_about_while_there_is_exactly_one(person: UUID) -> None:
    def asked(on: date = TODAY) -> frozenset[str]:
        with acting_as(actor()):
            return registry.askable(person, on=on, known_at=LATER)

    assert asked() == frozenset(STATED)
    relate(person)
    assert asked() == frozenset(STATED) | frozenset(RELATION_STATED)
    assert asked(TODAY - timedelta(days=1)) == frozenset(STATED)
    relate(person, relation="child")
    assert asked() == frozenset(STATED)


# --- what is shown and told ---------------------------------------------------------------------------------


def test_a_relation_is_held_under_one_name_through_its_answers(person: UUID) -> None:
    relation = relate(person, valid_from=JANUARY, evidence="甲证 1 号")
    state(person, "was_supported_by_deceased", "true", valid_from=JUNE, valid_to=SEPTEMBER, now=LATER)
    with acting_as(actor()):
        (held,) = registry.relations_held(person, on=JUNE, known_at=LATER)
        moments = registry.timeline(person, known_at=LATER)
    assert (held.id, held.label, held.since, held.until) == (relation, "烈士的配偶", JANUARY, None)
    assert held.stated == {"was_supported_by_deceased": "true"}
    assert [m.on for m in moments if m.what == "登记：烈士的配偶"] == [JANUARY]


def test_a_timeline_says_when_a_relation_ended(person: UUID) -> None:
    relation = relate(person, valid_from=JANUARY)
    unrelate(person, relation, JUNE)
    with acting_as(actor()):
        moments = registry.timeline(person, known_at=LATER)
    assert [m.on for m in moments if m.what == "不再是烈士的配偶"] == [JUNE]


def test_people_without_relations_have_no_row(person: UUID) -> None:
    assert told() == []
    relate(person)
    other = open_file(row=cells(2))
    assert [row[PERSON] for row in told()] == [str(person)]
    assert told(other) == []


def test_everybodys_relations_and_each_persons_alone_are_told_the_same() -> None:
    people = [open_file(row=cells(n)) for n in range(1, 7)]
    for place, person in enumerate(people):
        for number in range(place % 3):
            relate(person, evidence=f"第 {number} 号", stated={"sponsor_merit_rank": place + number})
    together = told()
    assert len(together) == 6
    assert sorted(together, key=str) == sorted((row for p in people for row in told(p)), key=str)


def test_relations_come_only_of_people_in_scope() -> None:
    mine = open_file(row=cells(1, 服务站区划代码=str(HOME)))
    theirs = open_file(by="neighbour", row=cells(2, 服务站区划代码=str(ELSEWHERE)))
    relate(mine)
    relate(theirs, by="neighbour")
    for login, seen in {"clerk": {str(mine)}, "neighbour": {str(theirs)}, "next-door": set()}.items():
        assert {row[PERSON] for row in told(seen_by=login)} == seen
    assert told(theirs, seen_by="clerk") == []


def test_the_rules_are_told_through_the_wire(person: UUID) -> None:
    relate(person, stated={"sponsor_merit_rank": 3})
    names = ["relation", "sponsor_merit_rank", "sponsor_rank_group", "sponsor_on_island_2", "sex"]
    asked: dict[str, Any] = {"on": TODAY, "known_at": LATER}
    with acting_as(actor()):
        assert asking.relations_of(person, names, **asked) == [
            {"relation": "spouse", "sponsor_merit_rank": 3}
        ]
        assert asking.relations_of_many(["sex"], **asked).columns == [PERSON]
        assert asking.facts_of_many(names, **asked).columns == [PERSON, "sex"]
    assert set(names) - asking.answerable() == {"sponsor_on_island_2"}


def test_what_is_told_of_a_relation_is_what_the_book_takes(person: UUID) -> None:
    vocabulary = load_book(Path("policy"), city="qingdao").vocabulary
    relate(person, stated={"sponsor_merit_rank": 3, "sponsor_rank_group": "nco"})
    (row,) = told(person)
    del row[PERSON]
    assert [name for name, value in row.items() if not vocabulary[name].accepts(value)] == []


def test_a_relation_was_known_from_the_moment_it_was_recorded(person: UUID) -> None:
    relate(person, now=datetime(2024, 11, 24, 3, tzinfo=UTC))
    assert told(person, known_at=NOW) == []
    assert len(told(person, known_at=datetime(2024, 11, 24, 3, tzinfo=UTC))) == 1
