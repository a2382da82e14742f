"""What one proposes and another decides: recorded when decided, refused with the clause, by two people."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from rongjun.access.api import acting_as
from rongjun.audit import api as audit
from rongjun.kernel.errors import Refused
from rongjun.registry import api as registry
from rongjun.registry.facts import SOURCE
from rongjun.registry.models import DisabilityRating, Proposal, Status
from rongjun.registry.tests.scene import NOW, actor, open_file
from rongjun.registry.tests.strategies import TODAY, cells
from tests.cluster import as_owner

pytestmark = pytest.mark.django_db
LATER, LAST = NOW + timedelta(hours=1), NOW + timedelta(hours=2)
SINCE = date(2024, 11, 1)
KIN = {"category": "martyr-kin"}
WAR = {"grade": 7, "cause": "war"}


@pytest.fixture
def person() -> UUID:
    """A conscript who left in 1976."""
    return open_file(row=cells(1, 服役身份="义务兵"))


def propose(
    person: UUID, kind: str = "status", content: Any = None, *, by: str = "clerk", **kept: Any
) -> UUID:
    given = {
        "authority": "province",
        "document": "虚构字〔2024〕1号",
        "valid_from": SINCE,
        "now": LATER,
        **kept,
    }
    with acting_as(actor(by)):
        return registry.propose(person, kind=kind, content=content or KIN, by=actor(by), **given)


def approve(proposal: UUID, *, by: str = "district", now: Any = LAST) -> None:
    with acting_as(actor(by)):
        registry.approve(proposal, by=actor(by), now=now)


def reject(proposal: UUID, reason: str = "材料不全", *, by: str = "district") -> None:
    with acting_as(actor(by)):
        registry.reject(proposal, reason=reason, by=actor(by), now=LAST)


def decided(person: UUID, kind: str, content: Any, **kept: Any) -> None:
    """Proposed by the clerk and approved by the district."""
    now = kept.pop("decided_at", LAST)
    approve(propose(person, kind, content, **kept), now=now)


def facts(person: UUID, *names: str, on: date = TODAY, known_at: Any = LAST) -> tuple[Any, ...]:
    with acting_as(actor()):
        frame = SOURCE.frame(names, on=on, known_at=known_at, person=person)
    return tuple(frame[name][0] for name in names)


def standing(model: Any, person: UUID) -> list[Any]:
    with as_owner():
        return list(model.objects.filter(person=person, superseded_at=None).order_by("valid_from", "id"))


# --- the road of a proposal ---------------------------------------------------------------------------------


def test_what_is_proposed_changes_nothing_until_another_approves(person: UUID) -> None:
    proposal = propose(person)
    assert facts(person, "is_martyr_kin") == (False,)
    approve(proposal)
    assert facts(person, "is_martyr_kin") == (True,)
    assert facts(person, "is_martyr_kin", known_at=LATER) == (False,)
    (kin,) = [each for each in standing(Status, person) if each.category == "martyr-kin"]
    assert (kin.source, kin.evidence, kin.valid_from) == ("省级退役军人事务部门", "虚构字〔2024〕1号", SINCE)
    assert kin.recorded_by == "staff:district"


def test_both_names_are_in_the_evidence(person: UUID) -> None:
    approve(propose(person))
    reject(propose(person))
    with acting_as(actor("auditor")):
        said = {
            (record.event, record.actor)
            for record in audit.events(audit.Filter())
            if record.event.startswith("registry.proposal")
        }
    assert said == {
        ("registry.proposal-made", "staff:clerk"),
        ("registry.proposal-approved", "staff:district"),
        ("registry.proposal-rejected", "staff:district"),
    }


def test_a_rejected_proposal_keeps_its_reason_and_changes_nothing(person: UUID) -> None:
    reject(propose(person), "烈士证明书看不清")
    assert facts(person, "is_martyr_kin") == (False,)
    with acting_as(actor()):
        (held,) = registry.proposals(state=None, person=person)
        assert registry.proposals() == []
    assert (held.state, held.reason, held.decided_by) == ("rejected", "烈士证明书看不清", "staff:district")


def test_the_work_list_shows_what_waits_in_scope_the_oldest_first(person: UUID) -> None:
    first, second = propose(person), propose(person, "rating", WAR, now=LAST)
    seen = {}
    for login in ("clerk", "district", "city", "next-door", "neighbour"):
        with acting_as(actor(login)):
            seen[login] = [held.id for held in registry.proposals()]
            assert registry.proposals_waiting() == len(seen[login])
    both = [first, second]
    assert seen == {"clerk": both, "district": both, "city": both, "next-door": [], "neighbour": []}


# --- two people ---------------------------------------------------------------------------------------------


def test_nobody_decides_their_own(person: UUID) -> None:
    proposal = propose(person, by="district")
    for decide in (approve, reject):
        with pytest.raises(Refused, match=r"registry\.own-proposal"):
            decide(proposal, by="district")
    approve(proposal, by="city")


def test_the_database_too_wants_two(person: UUID) -> None:
    proposal = propose(person)
    with pytest.raises(IntegrityError, match="proposal_by_two"), as_owner():
        Proposal.objects.filter(pk=proposal).update(
            state="approved", decided_by="staff:clerk", decided_at=LAST
        )


def test_what_is_decided_stays_decided(person: UUID) -> None:
    proposal = propose(person)
    approve(proposal)
    for decide in (approve, reject):
        with pytest.raises(Refused, match=r"registry\.proposal-decided"):
            decide(proposal, by="city")
    with pytest.raises(DatabaseError, match="a decided proposal stands"), as_owner():
        Proposal.objects.filter(pk=proposal).update(state="rejected", reason="反悔")


@pytest.mark.parametrize("column", ["content", "document", "made_by"])
def test_the_application_cannot_change_what_was_proposed(person: UUID, column: str) -> None:
    proposal = propose(person)
    with (
        pytest.raises(DatabaseError, match="permission denied"),
        transaction.atomic(),
        acting_as(actor("district")),
    ):
        Proposal.objects.filter(pk=proposal).update(**{column: "x"})


def test_nobody_decides_for_another_division(person: UUID) -> None:
    proposal = propose(person)
    for decide in (approve, reject):
        with pytest.raises(Refused, match=r"registry\.no-such-proposal"):
            decide(proposal, by="neighbour")
    with pytest.raises(Refused, match=r"registry\.no-such-file"):
        propose(person, by="next-door")
    with pytest.raises(Refused, match=r"registry\.no-such-proposal"):
        approve(uuid4())


def test_a_rejection_says_why(person: UUID) -> None:
    proposal = propose(person)
    with pytest.raises(Refused, match=r"registry\.reason-missing"):
        reject(proposal, " ")
    with pytest.raises(IntegrityError, match="proposal_state"), as_owner():
        Proposal.objects.filter(pk=proposal).update(
            state="rejected", decided_by="staff:district", decided_at=LAST
        )


def test_a_proposal_follows_the_person_to_another_station(person: UUID) -> None:
    waiting, done = propose(person), propose(person, "rating", WAR)
    approve(done)
    with acting_as(actor("city")):
        registry.move_file(
            person, station=370203901000, valid_from=TODAY, source="迁移", by=actor("city"), now=LAST
        )
    with acting_as(actor("neighbour")):
        assert [held.id for held in registry.proposals()] == [waiting]


# --- what the law refuses -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "content", "authority", "code"),
    [
        ("rating", {"grade": 7, "cause": "illness"}, "province", "registry.rating-refused"),
        ("rating", WAR, "county", "registry.rating-refused"),
        ("rating", WAR, "military-corps", "registry.rating-refused"),
        ("status", {"category": "disabled-soldier"}, "city", "registry.not-the-authority"),
        ("suspension", {"grounds": "imprisonment"}, "city", "registry.not-the-authority"),
        ("cancellation", {"grounds": "expelled"}, "county", "registry.not-the-authority"),
        ("restoration", {"of": "suspension"}, "city", "registry.not-the-authority"),
        ("status", {"category": "hero"}, "province", "registry.unfit-proposal"),
        ("status", KIN, "street", "registry.unfit-proposal"),
        ("rating", {"grade": 11, "cause": "war"}, "province", "registry.unfit-proposal"),
    ],
)
def test_what_the_law_refuses_is_not_even_proposed(
    person: UUID, kind: str, content: Any, authority: str, code: str
) -> None:
    with pytest.raises(Refused) as refusal:
        propose(person, kind, content, authority=authority)
    assert refusal.value.code == code
    with as_owner():
        assert Proposal.objects.count() == 0


def test_a_refused_rating_names_every_clause(person: UUID) -> None:
    with pytest.raises(Refused) as refusal:
        propose(person, "rating", {"grade": 8, "cause": "illness"}, authority="city")
    said = str(refusal.value.params["faults"])
    assert all(f"第二十{number}条" in said for number in "七八九")


def test_nothing_is_proposed_without_a_document(person: UUID) -> None:
    with pytest.raises(Refused, match=r"registry\.document-missing"):
        propose(person, document=" ")


def test_the_rules_are_asked_again_when_it_is_decided() -> None:
    serving = open_file(row=cells(2, 人员类别="现役军人", 退役日期="", 服役身份="义务兵"))
    ill = propose(serving, "rating", {"grade": 6, "cause": "illness"}, authority="military-corps")
    with acting_as(actor()):
        (service,) = [
            held
            for held in registry.assertions_held(serving, on=TODAY, known_at=LATER)
            if held.kind == "service"
        ]
        registry.correct(
            serving, kind="service", assertion=service.id, changed={"rank_group": "officer"},
            source="档案", by=actor(), now=LATER, synthetic=True,
        )  # fmt: skip
    with pytest.raises(Refused, match=r"registry\.rating-refused"):
        approve(ill)
    reject(ill)


# --- what an approval records -------------------------------------------------------------------------------


def test_a_new_grade_takes_the_place_of_the_old_from_its_day(person: UUID) -> None:
    decided(person, "rating", WAR)
    decided(person, "rating", {"grade": 5, "cause": "war"}, valid_from=TODAY)
    names = ("is_disabled_soldier", "disability_grade", "disability_cause")
    assert facts(person, *names, on=SINCE) == (True, 7, "war")
    assert facts(person, *names) == (True, 5, "war")
    assert [each.category for each in standing(Status, person)].count("disabled-soldier") == 1


def test_rights_are_suspended_and_restored_by_the_province(person: UUID) -> None:
    decided(person, "suspension", {"grounds": "imprisonment"})
    assert facts(person, "rights_suspended", "rights_cancelled") == (True, False)
    decided(person, "restoration", {"of": "suspension"}, valid_from=TODAY)
    days = (SINCE, TODAY - timedelta(days=1), TODAY)
    assert [facts(person, "rights_suspended", on=day)[0] for day in days] == [True, True, False]


def test_cancelled_rights_are_a_fact_of_their_own(person: UUID) -> None:
    decided(person, "cancellation", {"grounds": "expelled"})
    assert facts(person, "rights_suspended", "rights_cancelled") == (False, True)


def test_there_is_nothing_to_restore_where_nothing_was_stopped(person: UUID) -> None:
    with pytest.raises(Refused, match=r"registry\.nothing-to-restore"):
        approve(propose(person, "restoration", {"of": "suspension"}))


def test_a_category_ends_when_it_says_so(person: UUID) -> None:
    decided(person, "status", {**KIN, "valid_to": TODAY.isoformat()})
    assert facts(person, "is_martyr_kin", on=TODAY - timedelta(days=1)) == (True,)
    assert facts(person, "is_martyr_kin") == (False,)


def test_the_same_category_again_is_one_on_each_day(person: UUID) -> None:
    decided(person, "status", KIN)
    decided(person, "status", KIN, valid_from=TODAY)
    rows = [each for each in standing(Status, person) if each.category == "martyr-kin"]
    assert [(each.valid_from, each.valid_to) for each in rows] == [(SINCE, TODAY), (TODAY, None)]


def test_a_wrong_category_is_corrected_and_ended_by_two(person: UUID) -> None:
    decided(person, "status", KIN)
    wrong = standing(Status, person)[-1].pk
    decided(
        person,
        "correction",
        {"of": "status", "assertion": wrong, "changed": {"category": "duty-death-kin"}},
    )
    assert facts(person, "is_martyr_kin", "is_duty_death_kin") == (False, True)
    right = standing(Status, person)[-1].pk
    decided(person, "ending", {"of": "status", "assertion": right}, valid_from=TODAY)
    assert facts(person, "is_duty_death_kin") == (False,)


def test_a_wrong_grade_is_corrected_by_the_same_rules(person: UUID) -> None:
    decided(person, "rating", WAR)
    (wrong,) = standing(DisabilityRating, person)
    said = {"of": "rating", "assertion": wrong.pk, "changed": {"grade": 8, "cause": "illness"}}
    with pytest.raises(Refused, match=r"registry\.rating-refused"):
        propose(person, "correction", said)
    decided(person, "correction", {**said, "changed": {"grade": 8, "cause": "duty"}})
    assert facts(person, "disability_grade", "disability_cause") == (8, "duty")


def test_a_suspension_is_not_ended_by_the_back_door(person: UUID) -> None:
    decided(person, "suspension", {"grounds": "wanted"})
    stopped = standing(Status, person)[-1].pk
    for kind, more in (("ending", {}), ("correction", {"changed": KIN})):
        with pytest.raises(Refused, match=r"registry\.not-the-authority"):
            propose(person, kind, {"of": "status", "assertion": stopped, **more}, authority="county")
