"""Whose file a citizen has in hand, by row security alone: their own, and by mandate another's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

import polars as pl
import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from rongjun.access.api import Actor, acting_as, acting_as_citizen, acting_as_job, disable_account
from rongjun.audit import api as audit
from rongjun.kernel.errors import Refused
from rongjun.kernel.identifiers import IdentityNumber
from rongjun.registry import api as registry
from rongjun.registry.copies import tables_of_a_person
from rongjun.registry.facts import SOURCE
from rongjun.registry.models import CitizenLink, Mandate, Person, Statement
from rongjun.registry.tests.scene import actor, open_file, relate, state
from rongjun.registry.tests.strategies import HOME, NEXT_DOOR, cells, number
from rongjun.registry.tests.test_merges import merged
from tests.house.citizens import Account, as_actor, nobody

pytestmark = pytest.mark.django_db
# The database looks at its own clock whether a mandate holds.
NOW = timezone.localtime()
TODAY = NOW.date()


def refusal(code: str) -> pytest.RaisesExc[Refused]:
    return pytest.raises(Refused, match=re.escape(code))


def citizen(sequence: int, *, acting_for: UUID | None = None) -> Actor:
    """Whoever has this number, come by the single sign-on."""
    account = registry.account_of_number(IdentityNumber.from_text(number(sequence)), now=NOW)
    return as_actor(account, acting_for=acting_for)


def person(sequence: int, *, by: str = "clerk", **kept: str) -> UUID:
    return open_file(by=by, row=cells(sequence, 姓名=f"测试{sequence}", **kept))


@contextmanager
def at_home(sequence: int, *, acting_for: UUID | None = None) -> Iterator[Actor]:
    who = citizen(sequence, acting_for=acting_for)
    with acting_as_citizen(who):
        yield who


def facts(of: UUID, *, known_at: datetime = NOW) -> pl.DataFrame:
    return SOURCE.frame(["is_unsupported"], on=TODAY, known_at=known_at, person=of)


def seen() -> dict[str, set[UUID]]:
    """Of whom each table about people shows anything."""
    shown = {
        model.__name__: set(model._default_manager.values_list("person_id", flat=True))
        for model in tables_of_a_person()
    }
    return {name: people for name, people in shown.items() if people}


# --- the link -----------------------------------------------------------------------------------------------


def test_the_number_finds_the_file_and_the_account_stays_the_same() -> None:
    mine = person(1)
    first = citizen(1)
    assert first.account == citizen(1).account
    with acting_as_citizen(first):
        held = registry.file_in_hand()
        assert held
        assert held.id == mine
        assert CitizenLink.objects.get().person_id == mine


def test_the_account_says_nothing_and_has_no_password() -> None:
    person(1)
    account = Account.objects.get(pk=citizen(1).account)
    assert not account.has_usable_password()
    assert number(1) not in account.username
    assert account.kind == "citizen"


def test_a_number_that_is_not_on_file_opens_no_account() -> None:
    with refusal("registry.citizen-unknown"):
        citizen(1)
    assert not Account.objects.filter(kind="citizen").exists()


def test_nobody_comes_in_as_somebody_dead() -> None:
    dead = person(1)
    district = actor("district")
    with acting_as(district):
        registry.record_death(dead, died_on=date(2024, 1, 1), source="死亡证明", by=district, now=NOW)
    with refusal("registry.citizen-died"):
        citizen(1)


def test_two_files_of_one_person_have_one_account() -> None:
    kept, other = person(1), person(2)
    first = citizen(2)
    merged(kept, other, at=NOW)
    assert citizen(1).account == citizen(2).account == first.account


# --- what a citizen sees ------------------------------------------------------------------------------------


def test_a_citizen_sees_the_own_file_and_nothing_of_anybody_else() -> None:
    mine, others, next_door = person(1), person(2), person(3, by="next-door", 服务站区划代码=str(NEXT_DOOR))
    for each in (mine, others):
        state(each, "is_unsupported", "true")
        relate(each)
    with at_home(1):
        assert set(Person.objects.values_list("id", flat=True)) == {mine}
        assert set().union(*seen().values()) == {mine}
        assert {"Particulars", "IdentityDocument", "Statement", "Relation"} <= set(seen())
        for another in (others, next_door):
            assert registry.file_of(another, on=TODAY, known_at=NOW) is None
            assert registry.timeline(another, known_at=NOW) == []
            assert registry.copy_of(another, made_at=NOW) is None
            assert facts(another).is_empty()
        assert not facts(mine).is_empty()


def test_the_city_of_somebody_else_is_empty_for_an_account_without_a_file() -> None:
    person(1)
    with acting_as_citizen(nobody()):
        assert registry.file_in_hand() is None
        assert seen() == {}
        assert not Person.objects.exists()


def test_merged_files_are_in_hand_together_until_they_are_parted() -> None:
    kept, other = person(1), person(2)
    merge = merged(kept, other, at=NOW)
    with at_home(1):
        held = registry.file_in_hand()
        assert held
        assert held.id == kept
        assert seen()["Particulars"] == {kept, other}
    district = actor("district")
    with acting_as(district):
        registry.unmerge(merge, reason="核对后是两个人", theirs=(), by=district, now=NOW + timedelta(hours=2))
    with at_home(1):
        assert seen()["Particulars"] == {kept}


@pytest.mark.parametrize(
    "statement",
    [
        "update registry_person set division = 1",
        "update registry_statement set value = 'false'",
        "update registry_status set superseded_at = now()",
        "insert into registry_citizenlink select id from registry_person",
        "update registry_mandate set state = 'granted'",
        "select * from access_account",
        "select * from audit_event",
        "select * from registry_lookup",
        "select * from registry_duplicatecandidate",
        "select * from partners_batch",
    ],
)
def test_a_citizen_writes_no_more_than_the_pages_need(statement: str) -> None:
    mine = person(1)
    state(mine, "is_unsupported", "true")
    with at_home(1), pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_nobody_answers_for_somebody_else() -> None:
    person(1)
    others = person(2)
    row = Person(id=others, division=HOME)
    with at_home(1) as who:
        with refusal("registry.no-such-file"):
            _answer(others, by=who)
        with pytest.raises(DatabaseError), transaction.atomic():
            Statement.objects.create(
                person=row,
                division=HOME,
                fact="is_unsupported",
                value="true",
                valid_from=TODAY,
                recorded_at=NOW,
                source="网上",
                recorded_by=who.text,
            )


def _answer(about: UUID, *, by: Actor, value: str = "true", now: datetime = NOW) -> None:
    registry.state_fact(
        about,
        fact="is_unsupported",
        value=value,
        valid_from=TODAY,
        valid_to=None,
        source="本人说的（网上）",
        by=by,
        now=now,
    )


def test_a_citizen_answers_and_corrects_the_answer() -> None:
    mine = person(1)
    with at_home(1) as who:
        _answer(mine, by=who)
        _answer(mine, by=who, value="false", now=NOW + timedelta(minutes=1))
        assert facts(mine, known_at=NOW + timedelta(minutes=2))["is_unsupported"].to_list() == [False]
        assert {row.recorded_by for row in Statement.objects.all()} == {who.text}


# --- acting for another -------------------------------------------------------------------------------------


def ask(helper: int, other: UUID) -> UUID:
    with at_home(helper) as who:
        own = registry.file_in_hand()
        assert own
        relative = registry.InHand(other, "测试2", HOME)
        return registry.ask_for_mandate(
            relative, helper=own.id, relation="child", proof=uuid4(), by=who, now=NOW
        )


def grant(mandate: UUID, *, days: int = 30, by: str = "clerk") -> None:
    clerk = actor(by)
    with acting_as(clerk):
        registry.grant_mandate(
            mandate, last_day=TODAY + timedelta(days=days), words="看了户口簿", by=clerk, now=NOW
        )


def in_hand(helper: int, other: UUID) -> set[UUID]:
    with at_home(helper, acting_for=other):
        return set(Person.objects.values_list("id", flat=True))


def test_a_wish_to_act_for_somebody_shows_nothing_before_a_clerk_has_granted_it() -> None:
    mine, other = person(1), person(2)
    assert in_hand(1, other) == set()
    mandate = ask(1, other)
    assert in_hand(1, other) == set()
    grant(mandate)
    assert in_hand(1, other) == {other}
    with at_home(1):
        assert set(Person.objects.values_list("id", flat=True)) == {mine}


def test_a_mandate_opens_one_file_to_one_helper() -> None:
    person(1), person(3)
    other, another = person(2), person(4)
    grant(ask(1, other))
    citizen(3)
    assert in_hand(1, another) == set()
    assert in_hand(3, other) == set()


@pytest.mark.parametrize("by", ["helper", "person", "clerk"])
def test_a_mandate_ends_at_once_whoever_of_the_three_ends_it(by: str) -> None:
    person(1)
    other = person(2)
    mandate = ask(1, other)
    grant(mandate)
    if by == "clerk":
        clerk = actor("clerk")
        with acting_as(clerk):
            registry.end_mandate(mandate, by=clerk, now=NOW)
    else:
        with at_home(1 if by == "helper" else 2) as who:
            registry.end_mandate(mandate, by=who, now=NOW)
    assert in_hand(1, other) == set()


def test_a_stranger_ends_nobodys_mandate() -> None:
    person(1), person(3)
    other = person(2)
    mandate = ask(1, other)
    grant(mandate)
    with at_home(3) as who, refusal("registry.mandate-over"):
        registry.end_mandate(mandate, by=who, now=NOW)
    assert in_hand(1, other) == {other}


@pytest.mark.parametrize("helper", [1, 2])
def test_nobody_makes_a_mandate_longer(helper: int) -> None:
    person(1)
    mandate = ask(1, person(2))
    grant(mandate)
    with at_home(helper) as who, pytest.raises(DatabaseError), transaction.atomic():
        Mandate.objects.filter(pk=mandate).update(ends_at=NOW + timedelta(days=900), ended_by=who.text)


def test_a_mandate_ends_with_its_last_day() -> None:
    person(1)
    other = person(2)
    mandate = ask(1, other)
    grant(mandate)
    clerk = actor("clerk")
    with acting_as(clerk):
        Mandate.objects.filter(pk=mandate).update(ends_at=NOW - timedelta(seconds=1))
    assert in_hand(1, other) == set()


def test_a_helper_acts_for_all_files_of_a_person() -> None:
    person(1)
    kept, other = person(2), person(3)
    grant(ask(1, other))
    merged(kept, other, at=NOW)
    assert in_hand(1, kept) == in_hand(1, other) == {kept, other}


def test_a_clerk_of_another_station_neither_sees_nor_decides() -> None:
    person(1)
    mandate = ask(1, person(2))
    neighbour = actor("next-door")
    with acting_as(neighbour):
        assert registry.mandates_asked(now=NOW) == []
        with refusal("registry.mandate-decided"):
            registry.refuse_mandate(mandate, words="不是本站的人", by=neighbour, now=NOW)
    with acting_as(actor("clerk")):
        assert [each.id for each in registry.mandates_asked(now=NOW)] == [mandate]


@pytest.mark.parametrize("days", [-1, 400])
def test_a_mandate_holds_for_a_year_at_most_and_not_in_the_past(days: int) -> None:
    person(1)
    mandate = ask(1, person(2))
    with refusal("registry.mandate-days"):
        grant(mandate, days=days)


def test_what_is_decided_stays_decided_and_the_same_is_asked_once() -> None:
    person(1)
    other = person(2)
    mandate = ask(1, other)
    with refusal("registry.mandate-waiting"):
        ask(1, other)
    clerk = actor("clerk")
    with acting_as(clerk):
        registry.refuse_mandate(mandate, words="证明看不清", by=clerk, now=NOW)
        with refusal("registry.mandate-decided"):
            registry.refuse_mandate(mandate, words="证明看不清", by=clerk, now=NOW)
    assert ask(1, other) != mandate


def test_a_relative_is_found_by_name_and_number_together_and_five_times_a_day() -> None:
    person(1)
    other = person(2)
    with at_home(1) as who:
        assert registry.find_relative("测试2", number(2), by=who, now=NOW).id == other
        for name, typed in (("测试别人", number(2)), ("测试2", number(9)), ("测试2", "一二三")):
            with refusal("registry.relative-unknown"):
                registry.find_relative(name, typed, by=who, now=NOW)
        registry.find_relative("测试2", number(2), by=who, now=NOW)
        with refusal("registry.relative-limit"):
            registry.find_relative("测试2", number(2), by=who, now=NOW)
        registry.find_relative("测试2", number(2), by=who, now=NOW + timedelta(days=1, seconds=1))


def test_the_evidence_names_the_helper_and_the_person() -> None:
    person(1)
    other = person(2)
    grant(ask(1, other))
    with at_home(1, acting_for=other) as who:
        _answer(other, by=who)
    with acting_as_job("test.look"):
        (event,) = audit.events(audit.Filter(event="registry.fact-stated"))
        assert (event.actor, event.role, event.about) == (who.text, "helper", (f"person:{other}",))


def test_a_closed_account_keeps_its_link_but_signs_nobody_in() -> None:
    person(1)
    account = citizen(1).account
    disable_account(account, by="staff:security", now=NOW)
    assert not Account.objects.get(pk=account).is_active
    assert citizen(1).account == account
