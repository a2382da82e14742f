"""An offer is answered, an enrolment ends or is kept: by whom, with which reasons, and who may not."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError
from django.db.utils import ProgrammingError
from hypothesis import given
from hypothesis import strategies as st

from rongjun.access.api import Actor, acting_as, acting_as_job
from rongjun.audit import api as audit
from rongjun.benefits import api as benefits
from rongjun.benefits.models import Enrolment, RecordedDecision
from rongjun.benefits.tests.test_editions import adopt
from rongjun.benefits.tests.test_offers import (
    AID,
    DAY,
    OTHER_COUNTY,
    accept,
    files,
    looking,
    night,
    person,
    say,
    states,
)
from rongjun.benefits.tests.test_queries import NOW, TODAY, officer
from rongjun.kernel.errors import Refused
from rongjun.registry import api as registry

pytestmark = pytest.mark.django_db
CLERK, DISTRICT = officer("station-clerk"), officer("district-officer")


def offered() -> tuple[UUID, UUID]:
    """Somebody who is entitled, and the offer made to them."""
    adopt(files())
    who = person()
    night()
    with acting_as(officer()):
        return who, benefits.offers_of([who])[0].id


def yes(offer: UUID, *, channel: str = "counter", by: Actor = CLERK, at: datetime = NOW) -> UUID:
    with acting_as(by):
        return benefits.accept_offer(offer, channel=channel, by=by, now=at, today=at.date())


def no(offer: UUID, *, channel: str = "phone", by: Actor = CLERK) -> None:
    with acting_as(by):
        benefits.decline_offer(offer, channel=channel, words="用不着", by=by, now=NOW)


def end(
    enrolment: UUID, reason: str = "查过了，家境已经好转", *, by: Actor = DISTRICT, at: datetime = NOW
) -> None:
    with acting_as(by):
        benefits.end_enrolment(enrolment, reason=reason, by=by, now=at, today=at.date())


def enrolled(who: UUID) -> list[benefits.EnrolmentLine]:
    with acting_as(officer()):
        return benefits.enrolments_of([who])


def test_a_yes_enrols_with_the_decision_it_was_made_by() -> None:
    who, offer = offered()
    yes(offer)
    (line,) = enrolled(who)
    assert (line.code, line.since, line.ended_at) == (AID, TODAY, None)
    with looking():
        kept = Enrolment.objects.select_related("decision").get().decision
        told = json.loads(kept.content)
        assert (told["verdict"], told["code"], told["book"]) == ("granted", AID, kept.book)
        assert told["facts"]["in_hardship"] is True
        assert [each.outcome for _, each in benefits.replay()] == ["same"]
        (event,) = [each for each in audit.events(audit.Filter(), limit=20) if "accepted" in each.event]
        assert event.about[0] == f"person:{who}"


def test_a_no_leaves_nothing_but_the_no_and_may_become_a_yes() -> None:
    who, offer = offered()
    no(offer)
    assert enrolled(who) == []
    with acting_as(officer()):
        (line,) = benefits.offers_of([who])
        assert (line.state, line.words, line.channel) == ("declined", "用不着", "phone")
    with pytest.raises(Refused, match="offer-answered"):
        no(offer)
    yes(offer)
    assert states()[who, AID] == "accepted"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"by": officer("policy-officer")}, "benefits.may-not-answer"),
        ({"channel": "telepathy"}, "benefits.channel-missing"),
        ({"by": officer("station-clerk", division=OTHER_COUNTY)}, "benefits.no-such-offer"),
    ],
)
def test_an_answer_is_taken_only_from_whom_and_how_it_may_be(given: dict[str, Any], code: str) -> None:
    who, offer = offered()
    for answer in (yes, no):
        with pytest.raises(Refused, match=code):
            answer(offer, **given)
    assert states()[who, AID] == "offered"
    yes(offer)


def test_who_is_not_entitled_today_is_not_enrolled_and_not_refused_either() -> None:
    who, offer = offered()
    say(who, False, at=NOW + timedelta(hours=1))
    with pytest.raises(Refused, match="offer-not-fitting"):
        yes(offer, at=NOW + timedelta(hours=2))
    assert (enrolled(who), states()[who, AID]) == ([], "offered")
    with looking():
        assert not RecordedDecision.objects.exists(), "no adverse decision without a person's name"
    say(who, True, at=NOW + timedelta(hours=3))
    yes(offer, at=NOW + timedelta(hours=4))


def test_an_offer_of_what_is_offered_no_more_or_to_the_dead_is_not_accepted() -> None:
    who, offer = offered()
    by = officer("district-officer")
    with acting_as(by):
        registry.record_death(who, died_on=TODAY, source="x", evidence="证明", by=by, now=NOW)
    with pytest.raises(Refused, match="offer-withdrawn"):
        yes(offer, at=NOW + timedelta(hours=1))
    adopt({name: raw for name, raw in files().items() if "hardship-care-aid" not in name})
    with pytest.raises(Refused, match="offer-withdrawn"):
        yes(offer)


def test_an_enrolment_ends_by_an_officer_with_a_reason_and_a_decision() -> None:
    who, offer = offered()
    enrolment = yes(offer)
    with pytest.raises(Refused, match="entitled-again"):
        end(enrolment)
    say(who, False, at=NOW + DAY)
    night(1)
    wrong: tuple[tuple[dict[str, Any], str], ...] = (
        ({"by": CLERK}, "may-not-end"),
        ({"reason": "  "}, "reason-missing"),
        ({"by": officer("district-officer", division=OTHER_COUNTY)}, "no-such-enrolment"),
    )
    for said, code in wrong:
        with pytest.raises(Refused, match=code):
            end(enrolment, at=NOW + DAY, **said)
    end(enrolment, at=NOW + DAY)
    (line,) = enrolled(who)
    assert (line.ended_by, line.end_ground) == (DISTRICT.text, "not-entitled")
    assert line.end_reason == "查过了，家境已经好转"
    with looking():
        kept = Enrolment.objects.select_related("end_decision").get().end_decision
        assert kept is not None
        assert kept.verdict == "not-granted"
    with pytest.raises(Refused, match="enrolment-ended"):
        end(enrolment, at=NOW + DAY)


def test_an_enrolment_is_kept_for_a_while_in_spite_of_the_judgement() -> None:
    who, offer = offered()
    enrolment = yes(offer)
    say(who, False, at=NOW + DAY)
    night(1)
    given = {"reason": "正在复核", "by": DISTRICT, "now": NOW + DAY, "today": TODAY + DAY}
    with acting_as(DISTRICT):
        with pytest.raises(Refused, match="day-not-ahead"):
            benefits.keep_enrolment(enrolment, until=TODAY, **given)  # type: ignore[arg-type]
        benefits.keep_enrolment(enrolment, until=TODAY + 30 * DAY, **given)  # type: ignore[arg-type]
        assert benefits.to_look_at(today=TODAY + DAY) == []
        (line,) = benefits.to_look_at(today=TODAY + 30 * DAY)
    assert (line.kept_by, line.kept_reason) == (DISTRICT.text, "正在复核")
    assert enrolled(who)[0].ended_at is None


def test_who_leaves_while_entitled_is_not_asked_again_and_may_come_back() -> None:
    who, offer = offered()
    with acting_as(CLERK):
        benefits.leave_benefit(yes(offer), reason="搬去女儿家住", by=CLERK, now=NOW, today=TODAY)
    assert states()[who, AID] == "declined"
    night(1)
    assert states() == {(who, AID): "declined"}
    yes(offer, at=NOW + DAY)
    assert [line.ended_at is None for line in enrolled(who)] == [True, False]


def test_the_database_lets_no_job_end_an_enrolment() -> None:
    who, _ = offered()
    enrolment = accept(who)
    with pytest.raises(ProgrammingError, match="permission denied"), acting_as_job("test.end"):
        Enrolment.objects.filter(pk=enrolment).update(ended_at=NOW, ended_by="job:test")
    with pytest.raises(IntegrityError, match="enrolment_end_has_name"), acting_as(DISTRICT):
        Enrolment.objects.filter(pk=enrolment).update(
            ended_at=NOW, ended_by="job:benefits.make-offers", end_ground="not-entitled", end_reason="x"
        )


def test_the_notice_says_what_it_is_that_a_no_costs_nothing_and_who_to_tell() -> None:
    offered()
    with acting_as(officer()):
        book = benefits.book()
        version = book.benefits[AID].versions[0].start
    text = benefits.offer_notice(book, code=AID, version=version, answer_by=TODAY)
    for words in (
        "关爱帮扶援助",
        "不用填表",
        "由服务站上门看望",
        "2024 年 11 月 24 日",
        "不影响",
        "待局方确认",
    ):
        assert words in text
    assert benefits.offer_notice(book, code="living.nothing", version=version, answer_by=TODAY) == ""


def test_an_offer_nobody_made_has_no_reasons() -> None:
    with acting_as(officer()), pytest.raises(KeyError):
        benefits.why_offered(uuid4())


counts = st.integers(min_value=0, max_value=10**6)
lines = st.lists(
    st.builds(
        benefits.TakeUpLine,
        st.sampled_from(("a.one", "b.two")),
        st.integers(0, 9),
        counts,
        counts,
        counts,
        counts,
        counts,
        counts,
        st.just(NOW),
    ),
    max_size=8,
)


@given(lines)
def test_counties_together_lose_nobody(held: list[benefits.TakeUpLine]) -> None:
    together = benefits.all_together(held, division=1)
    for name in ("entitled", "unknown", "accepted", "declined", "waiting", "lapsed", "offered"):
        assert sum(getattr(each, name) for each in together) == sum(getattr(each, name) for each in held)
    assert all(
        each.not_reached <= each.gap or each.gap == 0 for each in held if each.offered <= each.entitled
    )
    assert [each.code for each in together] == sorted({each.code for each in held})


@given(st.lists(st.sampled_from(("accepted", "declined")), max_size=6))
def test_whatever_is_said_in_whatever_order_a_yes_is_never_taken_back_by_an_answer(said: list[str]) -> None:
    state: benefits.OfferState = "offered"
    for answer in said:
        before = state
        if state in benefits.answered_from(answer):  # type: ignore[arg-type]
            state = answer  # type: ignore[assignment]
        assert before != "accepted" or state == "accepted"
    assert not any("withdrawn" in benefits.answered_from(each) for each in ("accepted", "declined"))
