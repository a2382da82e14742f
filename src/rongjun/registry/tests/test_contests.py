"""Contested facts: one open matter a fact, ended by a change of the file or by a refusal with a reason."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, transaction

from rongjun.access.api import acting_as
from rongjun.registry import api as registry
from rongjun.registry.models import Household, RightsRequest
from rongjun.registry.tests.scene import NOW, actor, open_file, relate, state
from rongjun.registry.tests.strategies import TODAY, cells
from rongjun.registry.tests.test_merges import merged
from rongjun.registry.tests.test_privacy import DAYS, events, refusal, restrict
from rongjun.registry.tests.test_standing import correct, standing

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
LATER = NOW + 3 * HOUR


@pytest.fixture
def person() -> UUID:
    return open_file(row=cells(1, 户籍区划代码="370202"))


def contest(person: UUID, *, by: str = "clerk", fact: str = "household_county", **kept: Any) -> UUID:
    said = {"wrong": "户口前年迁走了", "said_by": "self", "on": TODAY, "now": NOW + HOUR, **kept}
    with acting_as(actor(by)):
        return registry.contest_fact(person, fact=fact, by=actor(by), days=DAYS, today=TODAY, **said)


def contested(person: UUID, *, by: str = "clerk") -> set[str]:
    with acting_as(actor(by)):
        return set(registry.contests_of(person, today=TODAY))


def done(request: UUID, *, by: str = "clerk") -> None:
    with acting_as(actor(by)):
        registry.answer_request(request, answer="按户口簿改好了", by=actor(by), now=LATER)


def move_house(person: UUID) -> None:
    (household,) = standing(Household, person)
    correct(person, "household", household.pk, changed={"county": "370203"}, now=NOW + 2 * HOUR)


def test_a_contest_is_the_stations_open_matter_with_a_day_and_words(person: UUID) -> None:
    request = contest(person, said_by="guardian", proof="监护证明")
    with acting_as(actor()):
        (line,) = registry.open_requests(today=TODAY)
    assert (line.id, line.fact, line.kind) == (request, "household_county", "correct")
    assert (line.wish, line.asked_by, line.proof) == ("户口前年迁走了", "监护人", "监护证明")
    assert line.due_on == TODAY + timedelta(days=DAYS)
    assert contested(person) == {"household_county"}
    assert "registry.rights-received" in events(person)


def test_it_is_done_when_the_file_says_otherwise_and_not_before(person: UUID) -> None:
    request = contest(person)
    assert refusal(lambda: done(request)) == "registry.contest-unchanged"
    move_house(person)
    done(request)
    assert contested(person) == set()


def test_a_fact_of_a_relation_is_done_when_the_relation_says_otherwise(person: UUID) -> None:
    relate(person, stated={"sponsor_is_combat_veteran": "true"})
    request = contest(person, fact="sponsor_is_combat_veteran")
    assert refusal(lambda: done(request)) == "registry.contest-unchanged"
    state(person, "sponsor_is_combat_veteran", "false", now=NOW + 2 * HOUR)
    done(request)


def test_it_ends_in_a_refusal_with_a_reason_and_a_name_by_whoever_decides(person: UUID) -> None:
    request = contest(person)

    def refuse(by: str) -> None:
        with acting_as(actor(by)):
            registry.refuse_request(request, reason="派出所复函：没有迁", by=actor(by), now=LATER)

    assert refusal(lambda: refuse("clerk")) == "registry.rights-above"
    refuse("district")
    with acting_as(actor()):
        (line,) = registry.requests_of(person, today=TODAY)
    assert (line.state, line.answer, line.decided_by) == ("refused", "派出所复函：没有迁", "staff:district")
    assert contested(person) == set()
    contest(person, now=LATER)  # and it can be contested again


def test_a_fact_is_contested_once_at_a_time_on_whichever_file(person: UUID) -> None:
    other = open_file(row=cells(3, 姓名="测试李四"))
    contest(person)
    contest(person, fact="birth_date")
    merged(person, other, at=NOW + 2 * HOUR)
    assert refusal(lambda: contest(other, now=LATER)) == "registry.contest-open"
    assert contested(other) == {"household_county", "birth_date"}


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"fact": "no_such_fact"}, "registry.contest-unclear"),
        ({"said_by": "neighbour"}, "registry.contest-unclear"),
        ({"wrong": " "}, "registry.contest-unclear"),
        ({"wrong": "长" * 501}, "registry.contest-unclear"),
        ({"said_by": "office"}, "registry.contest-proof-missing"),
        ({"proof": "长" * 201}, "registry.contest-proof-missing"),
        ({"wrong": "应当是 99010119600101001X"}, "registry.no-numbers-here"),
        ({"by": "next-door"}, "registry.no-such-file"),
    ],
)
def test_what_is_unclear_unproven_or_out_of_scope_is_refused(
    person: UUID, said: dict[str, str], code: str
) -> None:
    assert refusal(lambda: contest(person, **said)) == code
    contest(person)


def test_a_restricted_file_can_be_contested(person: UUID) -> None:
    restrict(person)
    contest(person)


def test_the_database_keeps_a_second_open_contest_out(person: UUID) -> None:
    contest(person)
    with acting_as(actor()):
        row = RightsRequest.objects.get()
        row.pk = uuid4()
        with pytest.raises(IntegrityError, match="one_contest_a_fact"), transaction.atomic():
            row.save(force_insert=True)


def test_what_rests_on_an_answer_alone_is_told_apart_from_what_a_record_says(person: UUID) -> None:
    state(person, "is_unsupported", "true")
    state(person, "household_county", "370203000000")
    state(person, "has_employer", "true", valid_to=TODAY + timedelta(days=1))

    def answered(**kept: Any) -> frozenset[str]:
        with acting_as(actor()):
            return registry.answered(person, **{"on": TODAY, "known_at": LATER, **kept})

    assert answered() == {"is_unsupported", "has_employer"}
    assert answered(on=TODAY + timedelta(days=1)) == {"is_unsupported"}
    relate(person, stated={"sponsor_is_combat_veteran": "true"})
    assert answered() == {"is_unsupported", "has_employer", "sponsor_is_combat_veteran"}
    relate(person, relation="child")
    assert answered() == {"is_unsupported", "has_employer"}


# --- what only some may learn -------------------------------------------------------------------------------


def test_party_membership_is_stated_by_those_who_may_learn_it(person: UUID) -> None:
    assert refusal(lambda: state(person, "is_party_member", "true")) == "registry.guarded-fact"
    with acting_as(actor()):
        assert not registry.holds_guarded(person)
    state(person, "is_party_member", "true", by="district")
    with acting_as(actor()):
        assert registry.holds_guarded(person)
