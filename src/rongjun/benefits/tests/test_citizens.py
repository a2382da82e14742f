"""A citizen answers for the file in hand, by row security alone: their own, and by mandate another's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from rongjun.access.api import Actor, acting_as, acting_as_citizen
from rongjun.audit import api as audit
from rongjun.benefits import api as benefits
from rongjun.benefits.models import Enrolment, Offer, RecordedDecision
from rongjun.benefits.tests.test_editions import adopt
from rongjun.benefits.tests.test_enrolments import no, yes
from rongjun.benefits.tests.test_offers import AID, files, looking, person, states, steps
from rongjun.benefits.tests.test_queries import HOME, officer, rows_of
from rongjun.kernel.errors import Refused
from rongjun.kernel.identifiers import IdentityNumber
from rongjun.registry import api as registry
from tests.house.citizens import as_actor

pytestmark = pytest.mark.django_db
# The database looks at its own clock whether a mandate holds.
NOW = timezone.localtime()
TODAY = NOW.date()
MINE, THEIRS = 0, 1


def refusal(code: str) -> pytest.RaisesExc[Refused]:
    return pytest.raises(Refused, match=re.escape(code))


def number(which: int) -> IdentityNumber:
    return IdentityNumber.from_text(rows_of(which + 1, seed=3)[which].values["证件号码"])


def citizen(which: int, *, acting_for: UUID | None = None) -> Actor:
    return as_actor(registry.account_of_number(number(which), now=NOW), acting_for=acting_for)


@contextmanager
def at_home(which: int = MINE, *, acting_for: UUID | None = None) -> Iterator[Actor]:
    who = citizen(which, acting_for=acting_for)
    with acting_as_citizen(who):
        yield who


def in_hardship(who: UUID) -> None:
    by = officer()
    with acting_as(by):
        registry.state_fact(
            who, fact="in_hardship", value="true", valid_from=date(2024, 1, 1), valid_to=None, source="x",
            by=by, now=NOW,
        )  # fmt: skip


@pytest.fixture
def offered() -> tuple[UUID, UUID]:
    """Two people who are entitled today, and have been offered it."""
    adopt(files())
    mine, theirs = person(MINE, hardship=None), person(THEIRS, hardship=None)
    for each in (mine, theirs):
        in_hardship(each)
    benefits.entitle(on=TODAY, by="operator:test", now=NOW)
    list(steps(NOW))
    return mine, theirs


def offer_of(who: UUID) -> UUID:
    with looking():
        return UUID(str(Offer.objects.get(person_id=who, code=AID).pk))


def accept(offer: UUID, *, by: Actor) -> None:
    benefits.accept_offer(offer, by=by, now=NOW, today=TODAY)


def decline(offer: UUID, *, by: Actor) -> None:
    benefits.decline_offer(offer, by=by, now=NOW)


def lent(mine: UUID, theirs: UUID, *, days: int = 30) -> UUID:
    """A mandate by which the first acts for the second."""
    clerk = officer("station-clerk", division=HOME)
    with at_home(MINE) as who:
        mandate = registry.ask_for_mandate(
            registry.InHand(theirs, "测试", HOME),
            helper=mine,
            relation="child",
            proof=uuid4(),
            by=who,
            now=NOW,
        )
    with acting_as(clerk):
        registry.grant_mandate(
            mandate, last_day=TODAY + timedelta(days=days), words="看了户口簿", by=clerk, now=NOW
        )
    return mandate


def test_a_citizen_says_yes_and_is_enrolled_with_the_decision(offered: tuple[UUID, UUID]) -> None:
    mine, _ = offered
    offer = offer_of(mine)
    with at_home() as who:
        accept(offer, by=who)
        (line,) = benefits.enrolments_of([mine])
        assert (line.code, line.since, line.enrolled_by) == (AID, TODAY, who.text)
        (said,) = [each for each in benefits.offers_of([mine]) if each.code == AID]
        assert (said.state, said.channel, said.answered_by) == ("accepted", "online", who.text)
    with looking():
        kept = RecordedDecision.objects.get()
        assert (kept.person_id, kept.verdict, kept.decided_by) == (mine, "granted", who.text)
        (event,) = [each for each in audit.events(audit.Filter(), limit=20) if "accepted" in each.event]
        assert (event.actor, event.role, event.about[0]) == (who.text, "self", f"person:{mine}")


def test_a_no_may_become_a_yes_and_neither_is_said_twice(offered: tuple[UUID, UUID]) -> None:
    mine, _ = offered
    offer = offer_of(mine)
    with at_home() as who:
        decline(offer, by=who)
        with refusal("benefits.offer-answered"):
            decline(offer, by=who)
        accept(offer, by=who)
        for again in (accept, decline):
            with refusal("benefits.offer-answered"):
                again(offer, by=who)
        assert len(benefits.enrolments_of([mine])) == 1


def test_what_the_station_was_told_first_stands(offered: tuple[UUID, UUID]) -> None:
    mine, _ = offered
    yes(offer_of(mine), at=NOW)
    with at_home() as who, refusal("benefits.offer-answered"):
        accept(offer_of(mine), by=who)


def test_nobody_sees_or_answers_anothers_offer(offered: tuple[UUID, UUID]) -> None:
    mine, theirs = offered
    others, enrolled = offer_of(theirs), yes(offer_of(theirs), at=NOW)
    with at_home() as who:
        assert {line.id for line in benefits.offers_of([mine, theirs])} == {
            row.id for row in Offer.objects.filter(person_id=mine)
        }
        assert benefits.enrolments_of([theirs]) == []
        for answer in (accept, decline):
            with refusal("benefits.no-such-offer"):
                answer(others, by=who)
        with refusal("benefits.no-such-enrolment"):
            benefits.leave_benefit(enrolled, reason="不要", by=who, now=NOW, today=TODAY)
        assert not Offer.objects.filter(pk=others).update(state="declined")


def test_a_citizen_leaves_a_benefit_also_one_the_station_had_noted(offered: tuple[UUID, UUID]) -> None:
    mine, _ = offered
    enrolment = yes(offer_of(mine), at=NOW)
    with at_home() as who:
        benefits.leave_benefit(enrolment, reason="不要了", by=who, now=NOW, today=TODAY)
        (line,) = benefits.enrolments_of([mine])
        assert (line.ended_by, line.end_ground) == (who.text, "own-wish")
        with refusal("benefits.enrolment-ended"):
            benefits.leave_benefit(enrolment, reason="不要了", by=who, now=NOW, today=TODAY)
        assert states_of(mine) == ("declined", "online")
        accept(offer_of(mine), by=who)


def states_of(who: UUID) -> tuple[str, str]:
    row = Offer.objects.get(person_id=who, code=AID)
    return row.state, row.channel


# --- acting for another -------------------------------------------------------------------------------------


def test_who_acts_for_another_answers_and_both_are_named(offered: tuple[UUID, UUID]) -> None:
    mine, theirs = offered
    lent(mine, theirs)
    with at_home(acting_for=theirs) as helper:
        accept(offer_of(theirs), by=helper)
        assert states_of(theirs) == ("accepted", "online-helper")
        with refusal("benefits.no-such-offer"):  # one file at a time, also one's own
            accept(offer_of(mine), by=helper)
    with looking():
        (event,) = [each for each in audit.events(audit.Filter(), limit=20) if "accepted" in each.event]
        assert (event.actor, event.role, event.about[0]) == (helper.text, "helper", f"person:{theirs}")
        assert event.detail["channel"] == "online-helper"


def test_an_ended_mandate_answers_nothing(offered: tuple[UUID, UUID]) -> None:
    mine, theirs = offered
    mandate, offer = lent(mine, theirs), offer_of(theirs)
    clerk = officer("station-clerk", division=HOME)
    with acting_as(clerk):  # the clock of the database stands still during a test
        registry.end_mandate(mandate, by=clerk, now=NOW - timedelta(hours=1))
    with at_home(acting_for=theirs) as helper:
        assert benefits.offers_of([theirs]) == []
        for answer in (accept, decline):
            with refusal("benefits.no-such-offer"):
                answer(offer, by=helper)
    assert states()[theirs, AID] == "offered"


def test_nobody_acts_for_another_without_a_mandate(offered: tuple[UUID, UUID]) -> None:
    _, theirs = offered
    offer = offer_of(theirs)
    with at_home(acting_for=theirs) as stranger, refusal("benefits.no-such-offer"):
        accept(offer, by=stranger)


# --- what the database itself refuses -----------------------------------------------------------------------

OTHERS_NAME = {"state": "accepted", "answered_at": NOW, "answered_by": "staff:clerk", "channel": "online"}


@pytest.mark.parametrize(
    "said",
    [
        OTHERS_NAME,
        {**OTHERS_NAME, "answered_by": "", "state": "withdrawn"},
        {"state": "accepted", "answered_at": NOW, "channel": "counter"},
        {"state": "accepted", "answered_at": NOW, "channel": "online-helper"},
        {"state": "offered", "channel": "online"},
        {"answer_by": TODAY},
        {"facts": "{}"},
        {"entitled_to": TODAY},
    ],
    ids=str,
)
def test_an_answer_is_in_the_citizens_own_name_and_changes_nothing_else(
    offered: tuple[UUID, UUID], said: dict[str, Any]
) -> None:
    offer = offer_of(offered[0])
    with at_home() as who, pytest.raises(DatabaseError), transaction.atomic():
        Offer.objects.filter(pk=offer).update(**{"answered_by": who.text, **said})


def test_an_offer_that_is_over_is_not_answered(offered: tuple[UUID, UUID]) -> None:
    offer = offer_of(offered[0])
    with looking():
        Offer.objects.filter(pk=offer).update(state="withdrawn", entitled_to=TODAY)
    with at_home() as who:
        said = {"state": "accepted", "answered_at": NOW, "answered_by": who.text, "channel": "online"}
        assert Offer.objects.filter(pk=offer).update(**said) == 0
        with refusal("benefits.offer-answered"):
            accept(offer, by=who)


def enrol(who: UUID, offer: UUID, decision: RecordedDecision, *, by: str) -> None:
    Enrolment.objects.create(
        person_id=who, division=HOME, code=AID, offer_id=offer, decision=decision, since=TODAY,
        enrolled_at=NOW, enrolled_by=by,
    )  # fmt: skip


def judged(who: UUID, verdict: str, *, by: str) -> RecordedDecision:
    return RecordedDecision.objects.create(
        person_id=who, division=HOME, code=AID, book="", on=TODAY, verdict=verdict, content="{}",
        decided_at=NOW, decided_by=by,
    )  # fmt: skip


@pytest.mark.parametrize("verdict", ["granted", "not-granted"])
@pytest.mark.parametrize("state", ["offered", "accepted"])
def test_an_enrolment_takes_an_accepted_offer_and_a_decision_that_grants_it(
    offered: tuple[UUID, UUID], verdict: str, state: str
) -> None:
    mine, _ = offered
    offer = offer_of(mine)
    with at_home() as who:
        if state == "accepted":
            said = {"state": state, "answered_at": NOW, "answered_by": who.text, "channel": "online"}
            assert Offer.objects.filter(pk=offer).update(**said) == 1
        decision = judged(mine, verdict, by=who.text)
        if (verdict, state) == ("granted", "accepted"):
            enrol(mine, offer, decision, by=who.text)
            return
        with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
            enrol(mine, offer, decision, by=who.text)


def test_a_decision_is_kept_of_the_file_in_hand_and_in_ones_own_name(offered: tuple[UUID, UUID]) -> None:
    mine, theirs = offered
    with at_home() as who:
        for whose, by in ((theirs, who.text), (mine, "staff:clerk")):
            with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
                judged(whose, "granted", by=by)
        judged(mine, "granted", by=who.text)


LEAVE = """
    update benefits_enrolment
    set ended_at = now(), ended_by = {by}, end_reason = 'x', end_ground = '{ground}'
"""


@pytest.mark.parametrize(
    "statement",
    [
        LEAVE.format(by="'staff:clerk'", ground="own-wish"),
        LEAVE.format(by="current_setting('app.actor')", ground="not-entitled"),
        "update benefits_enrolment set since = '2020-01-01'",
        "update benefits_recordeddecision set verdict = 'granted'",
        "delete from benefits_offer",
        "delete from benefits_enrolment",
    ],
)
def test_a_citizen_changes_no_more_than_leaving_needs(offered: tuple[UUID, UUID], statement: str) -> None:
    yes(offer_of(offered[0]), at=NOW)
    with at_home(), pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_the_copy_has_every_offer_and_enrolment_of_the_person(offered: tuple[UUID, UUID]) -> None:
    mine, theirs = offered
    no(offer_of(theirs))
    with at_home() as who:
        accept(offer_of(mine), by=who)
        told = {each["code"]: each for each in benefits.copied_offers([mine, theirs])}
        assert (told[AID]["state"], told[AID]["channel"]) == ("accepted", "online")
        (held,) = benefits.copied_enrolments([mine, theirs])
        assert (held["code"], held["since"], held["ended_at"]) == (AID, TODAY.isoformat(), "")
