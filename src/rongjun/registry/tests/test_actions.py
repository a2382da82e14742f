"""Rosters that open files, answers that change what is known: what is written, and what is refused."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rongjun.access.api import Scope, acting_as
from rongjun.audit import api as audit
from rongjun.kernel.errors import Refused
from rongjun.registry import api as registry
from rongjun.registry.models import (
    Assertion,
    Contact,
    DisabilityRating,
    Household,
    IdentityDocument,
    ImportedRow,
    Particulars,
    Person,
    RosterImport,
    Service,
    Statement,
    Status,
)
from rongjun.registry.tests.scene import (
    NOW,
    actor,
    hand_in,
    open_file,
    relate,
    report_of,
    state,
    tell_the_rest,
)
from rongjun.registry.tests.strategies import (
    ELSEWHERE,
    NEXT_DOOR,
    cells,
    hostile_cells,
    number,
    real_looking,
)
from tests.cluster import as_owner

pytestmark = pytest.mark.django_db
ON_A_ROSTER: tuple[type[Assertion], ...] = (
    Particulars,
    IdentityDocument,
    Contact,
    Service,
    Status,
    DisabilityRating,
    Household,
    Statement,
)


def outcomes(roster: UUID, *, seen_by: str = "clerk") -> dict[int, str]:
    return {row.number: row.outcome for row in report_of(roster, seen_by=seen_by).rows}


def codes(roster: UUID, *, seen_by: str = "clerk") -> list[str]:
    return [fault["code"] for row in report_of(roster, seen_by=seen_by).rows for fault in row.faults]


def count(model: Any) -> int:
    with as_owner():
        return int(model.objects.count())


def sample() -> list[dict[str, str]]:
    """Twenty rows, three of them bad."""
    rows = [cells(n) for n in range(1, 21)]
    rows[4]["证件号码"] = rows[4]["证件号码"][:-1] + ("1" if rows[4]["证件号码"][-1] != "1" else "2")
    rows[10].update({"入伍日期": "1990-12-01", "退役日期": "1986-11-30"})
    rows[15]["人员类别"] = "退伍老兵"
    return rows


# --- rosters ------------------------------------------------------------------------------------------------


def test_twenty_rows_with_three_bad_ones_open_seventeen_files() -> None:
    report = report_of(hand_in(sample()))
    assert (report.total, report.opened, report.unchanged, report.refused) == (20, 17, 0, 3)
    assert count(Person) == 17
    assert [row.number for row in report.rows] == list(range(2, 22))
    assert {row.number for row in report.rows if row.outcome == "refused"} == {6, 12, 17}


def test_the_same_file_again_is_the_first_report() -> None:
    first = hand_in(sample())
    assert hand_in(sample()) == first
    assert hand_in(sample(), by="colleague", name="另一个名字.xlsx") == first
    assert count(Person) == 17


def test_a_corrected_workbook_opens_only_what_was_refused() -> None:
    hand_in(sample())
    corrected = report_of(hand_in([cells(n) for n in range(1, 21)]))
    assert (corrected.total, corrected.opened, corrected.unchanged, corrected.refused) == (20, 3, 17, 0)
    assert count(Person) == 20


def test_a_wider_grant_brings_more_out_of_the_same_file() -> None:
    rows = [cells(1), cells(2, 服务站区划代码=str(NEXT_DOOR))]
    station, district = hand_in(rows), hand_in(rows, by="district")
    assert outcomes(station) == {2: "opened", 3: "refused"}
    assert outcomes(district, seen_by="district") == {2: "unchanged", 3: "opened"}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(1, 4), hostile_cells), max_size=8))
def test_every_row_ends_up_in_exactly_one_place(rows: list[tuple[int, dict[str, str]]]) -> None:
    with transaction.atomic():
        given_rows = [{**cells(n), **dict(list(spoilt.items())[:1])} for n, spoilt in rows]
        report = report_of(hand_in(given_rows))
        assert report.total == len(rows) == report.opened + report.unchanged + report.refused
        assert [row.number for row in report.rows] == list(range(2, len(rows) + 2))
        assert all(bool(row.person) != bool(row.faults) for row in report.rows)
        transaction.set_rollback(True)


def test_an_import_that_does_not_balance_is_refused_by_the_database() -> None:
    roster = hand_in(sample())
    with pytest.raises(IntegrityError, match="roster_import_balances"), as_owner():
        RosterImport.objects.filter(pk=roster).update(opened=18)


def test_a_number_twice_in_a_workbook_is_loaded_once() -> None:
    roster = hand_in([cells(1), cells(1), cells(2)])
    assert outcomes(roster) == {2: "opened", 3: "refused", 4: "opened"}
    assert "第 2 行" in report_of(roster).rows[1].faults[0]["sentence"]


def test_an_old_and_a_modern_form_of_a_number_are_one_person() -> None:
    old = number(1)[:6] + number(1)[8:17]
    assert outcomes(hand_in([cells(1), cells(1, 证件号码=old)])) == {2: "opened", 3: "refused"}


def test_numbers_of_two_kinds_of_document_may_be_alike() -> None:
    kinds = ("台湾居民来往大陆通行证", "港澳居民来往内地通行证")
    rows = [cells(n, 证件类型=kind, 证件号码="X12345678") for n, kind in enumerate(kinds)]
    assert set(outcomes(hand_in(rows)).values()) == {"opened"}


def test_a_number_on_file_under_another_name_is_not_taken_for_the_same_person() -> None:
    hand_in([cells(1)])
    assert codes(hand_in([cells(1, 姓名="测试王五")])) == ["registry.name-differs"]
    assert outcomes(hand_in([cells(1, 姓名="测试 张三 0001")])) == {2: "unchanged"}


def test_a_number_on_file_elsewhere_is_refused_without_saying_whose() -> None:
    elsewhere = open_file(by="neighbour", row=cells(1, 姓名="测试邻居", 服务站区划代码=str(ELSEWHERE)))
    roster = hand_in([cells(1)])
    assert codes(roster) == ["registry.on-file-elsewhere"]
    said = json.dumps([row.faults for row in report_of(roster).rows], ensure_ascii=False)
    for secret in (str(elsewhere), "测试邻居", "市北", str(ELSEWHERE), number(1)):
        assert secret not in said


def test_a_station_of_somebody_else_is_refused() -> None:
    assert codes(hand_in([cells(1, 服务站区划代码=str(NEXT_DOOR))])) == ["registry.outside-scope"]
    assert outcomes(
        hand_in([cells(1, 服务站区划代码=str(NEXT_DOOR))], by="next-door"), seen_by="next-door"
    ) == {2: "opened"}


def test_the_database_keeps_the_scope_where_the_code_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Scope, "contains", lambda _scope, _division: True)
    with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
        hand_in([cells(1, 服务站区划代码=str(NEXT_DOOR))])
    assert count(Person) == 0


def test_an_unexpected_conflict_is_not_taken_for_a_race(monkeypatch: pytest.MonkeyPatch) -> None:
    twice = uuid4()
    monkeypatch.setattr("rongjun.registry.actions.rosters.uuid4", lambda: twice)
    with pytest.raises(IntegrityError), transaction.atomic():
        hand_in([cells(1), cells(2)])


def test_no_number_stands_open_anywhere() -> None:
    whole, phone = real_looking(), "10000000123"
    hand_in([cells(1, 手机号码=phone), cells(2, 证件号码=whole)], name=f"名单{whole}.xlsx")
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("select table_name from information_schema.tables where table_schema = 'public'")
        for (table,) in cursor.fetchall():
            cursor.execute(f'select * from "{table}"')
            text = str(cursor.fetchall())
            for secret in (whole, number(1), phone):
                assert secret not in text, table


def test_an_import_is_noted_with_its_figures() -> None:
    roster = hand_in(sample())
    with acting_as(actor("auditor")):
        events = {event.event: event for event in audit.events(audit.Filter(about=f"roster:{roster}"))}
    assert events.pop("registry.roster-taken-in").detail == {"total": 20}
    (event,) = events.values()
    assert (event.event, event.actor, event.result) == ("registry.roster-imported", "staff:clerk", "done")
    assert event.detail == {"total": 20, "opened": 17, "unchanged": 0, "refused": 3}


def test_a_file_holds_what_its_row_says() -> None:
    person = open_file(
        row=cells(
            1, 人员类别="退役军人、残疾军人", 残疾等级="七级", 残疾性质="因战", 抚恤定补="是", 优待证="有",
            手机号码="10000000001",
        )
    )  # fmt: skip
    with as_owner():
        particulars = Particulars.objects.get(person=person)
        assert (particulars.name, particulars.sex, particulars.birth_date, particulars.valid_from) == (
            "测试张三0001", "male", date(1952, 3, 8), date(1952, 3, 8),
        )  # fmt: skip
        assert Statement.objects.get(person=person).fact == "holds_pref_card"
        for model in ON_A_ROSTER:
            held = list(model._default_manager.filter(person=person))
            assert held, f"nothing said in {model.__name__}"
            assert {(said.recorded_at, said.recorded_by) for said in held} == {(NOW, "staff:clerk")}
            assert {said.source for said in held} == {"花名册 花名册.xlsx"}


def test_an_empty_roster_is_a_report_of_nothing() -> None:
    assert report_of(hand_in([])).total == 0


# --- what the database guards -------------------------------------------------------------------------------


def test_every_assertion_follows_the_person_to_another_division() -> None:
    person = open_file(
        row=cells(
            1, 人员类别="残疾军人", 残疾等级="七级", 残疾性质="因战", 优待证="有", 手机号码="10000000001"
        )
    )
    relate(person)
    tell_the_rest(person)
    with acting_as(actor("district")):
        Person.objects.filter(pk=person).update(division=NEXT_DOOR)
    with as_owner():
        for model in Assertion.__subclasses__():
            assert set(model._default_manager.filter(person=person).values_list("division", flat=True)) == {
                NEXT_DOOR
            }, model


@pytest.mark.parametrize("model", Assertion.__subclasses__())
def test_what_was_said_cannot_be_rewritten(model: Any) -> None:
    person = open_file(
        row=cells(
            1, 人员类别="残疾军人", 残疾等级="七级", 残疾性质="因战", 优待证="有", 手机号码="10000000001"
        )
    )
    relate(person)
    tell_the_rest(person)
    with acting_as(actor()):
        assert model.objects.update(superseded_at=NOW + timedelta(days=1))
    for change in ({"valid_from": date(1900, 1, 1)}, {"recorded_by": "nobody"}, {"source": ""}):
        with (
            pytest.raises(DatabaseError, match="permission denied"),
            transaction.atomic(),
            acting_as(actor()),
        ):
            model.objects.update(**change)
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic(), acting_as(actor()):
        model.objects.all()._raw_delete("default")


@pytest.mark.parametrize("model", [RosterImport, ImportedRow])
def test_what_became_of_a_roster_cannot_be_rewritten(model: Any) -> None:
    hand_in(sample())
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic(), acting_as(actor()):
        model.objects.update(division=0)


def test_a_document_on_file_is_on_file_once() -> None:
    open_file(row=cells(1))
    with as_owner():
        twin = IdentityDocument.objects.get()
    twin.pk = None
    with pytest.raises(IntegrityError, match="identity_number_once"), as_owner():
        twin.save()


# --- answers ------------------------------------------------------------------------------------------------


def answers(person: UUID) -> list[tuple[str, date, date | None]]:
    with as_owner():
        kept = Statement.objects.filter(person=person, superseded_at=None).order_by("valid_from")
        return list(kept.values_list("value", "valid_from", "valid_to"))


def test_a_newer_answer_supersedes_the_older_from_its_first_day() -> None:
    person = open_file(row=cells(1))
    january, june = date(2026, 1, 1), date(2026, 6, 1)
    state(person, "has_employer", "true", valid_from=january)
    state(person, "has_employer", "false", valid_from=june, now=NOW + timedelta(hours=1))
    assert answers(person) == [("true", january, june), ("false", june, None)]
    assert count(Statement) == 3


def test_a_correction_of_some_days_leaves_the_others() -> None:
    person = open_file(row=cells(1))
    state(person, "has_employer", "true", valid_from=date(2026, 1, 1), valid_to=date(2027, 1, 1))
    state(
        person, "has_employer", "false", valid_from=date(2026, 3, 1), valid_to=date(2026, 4, 1),
        now=NOW + timedelta(hours=1),
    )  # fmt: skip
    assert answers(person) == [
        ("true", date(2026, 1, 1), date(2026, 3, 1)),
        ("false", date(2026, 3, 1), date(2026, 4, 1)),
        ("true", date(2026, 4, 1), date(2027, 1, 1)),
    ]


def test_answers_to_other_questions_and_of_other_people_stand() -> None:
    one, other = open_file(row=cells(1)), open_file(row=cells(2))
    state(one, "has_employer", "true")
    state(one, "is_job_seeker", "false")
    state(other, "has_employer", "false")
    assert len(answers(one)) == 2
    assert len(answers(other)) == 1


def test_two_answers_for_one_day_are_refused_by_the_database() -> None:
    person = open_file(row=cells(1))
    state(person, "has_employer", "true")
    with as_owner():
        twin = Statement.objects.get()
    twin.pk, twin.value = None, "false"
    with pytest.raises(IntegrityError, match="statement_one_answer_a_day"), as_owner():
        twin.save()


@pytest.mark.parametrize(
    ("fact", "value"), [("is_veteran", "true"), ("no_such_fact", "true"), ("has_employer", "perhaps")]
)
def test_what_is_no_answer_is_refused(fact: str, value: str) -> None:
    person = open_file(row=cells(1))
    with pytest.raises(Refused, match=r"registry\.not-a-question"):
        state(person, fact, value)
    assert answers(person) == []


@pytest.mark.parametrize("login", ["next-door", "neighbour"])
def test_nobody_answers_for_people_of_another_division(login: str) -> None:
    person = open_file(row=cells(1))
    with pytest.raises(Refused, match=r"registry\.no-such-file"):
        state(person, "has_employer", "true", by=login)
    state(person, "has_employer", "true", by="district")


def test_an_answer_is_noted_without_the_answer() -> None:
    person = open_file(row=cells(1))
    state(person, "in_hardship", "true")
    with acting_as(actor("auditor")):
        (event,) = audit.events(audit.Filter(about=f"person:{person}"))
    assert (event.event, event.detail) == ("registry.fact-stated", {"fact": "in_hardship"})


def test_the_door_does_not_say_where_a_number_is_on_file() -> None:
    assert not hasattr(registry, "numbers_taken")
