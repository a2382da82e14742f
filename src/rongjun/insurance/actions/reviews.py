"""复核: what waits for a person's name. One proposes, a second decides; an appeal goes to a third.

The member's row is held before the review's: a correction that arrives meanwhile comes before or after.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from rongjun.access.api import Actor
from rongjun.audit import api as audit
from rongjun.insurance.actions.common import fit_words
from rongjun.insurance.actions.deciding import record_decisions
from rongjun.insurance.logic import records
from rongjun.insurance.logic.bills import BillRef, Ruling
from rongjun.insurance.logic.reviewing import ADMIT, ANSWERS, APPEALED, CLOSED, OPEN, PROPOSED, REFUSE
from rongjun.insurance.logic.years import take
from rongjun.insurance.models import Member, Review, Settlement
from rongjun.insurance.queries.histories import history_of
from rongjun.insurance.queries.plans import plan_file
from rongjun.kernel.errors import Refused

REVIEWS, CHECKS = "insurance.review", "insurance.check"
_LEAST, _MOST = 4, 500


def propose_answer(review: UUID, *, answer: str, why: str, by: Actor, now: datetime) -> None:
    """The first person says what should become of it, and why; proposed again it is the newer word.

    Refused("insurance.may-not-review"), ("insurance.no-such-review"), ("insurance.review-moved-on"),
    ("insurance.answer-missing"), ("insurance.cannot-waive") for refusing to take money back that is owed,
    ("insurance.words-missing"), ("insurance.no-numbers").
    """
    _refuse_reviewer(by)
    words = fit_words(why, least=_LEAST, most=_MOST)
    with transaction.atomic():
        row = _held(review, {OPEN, PROPOSED})
        _refuse_answer(row, answer)
        row.state, row.answer, row.proposed_why = PROPOSED, answer, words
        row.proposed_by, row.proposed_name, row.proposed_at = by.text, by.name, now
        row.save(
            update_fields=["state", "answer", "proposed_why", "proposed_by", "proposed_name", "proposed_at"]
        )
        _note("insurance.answer-proposed", row, by=by, now=now, answer=answer)


def check_review(review: UUID, *, agrees: bool, by: Actor, now: datetime) -> None:
    """The second person agrees, and it is decided; or does not, and it goes back to the first.

    Refused("insurance.may-not-check"), ("insurance.no-such-review"), ("insurance.review-moved-on"),
    ("insurance.check-by-two").
    """
    _refuse_checker(by)
    with transaction.atomic():
        row = _held(review, {PROPOSED})
        if row.proposed_by == by.text:
            raise Refused("insurance.check-by-two")
        if not agrees:
            row.state = OPEN
            row.save(update_fields=["state"])
            _note("insurance.answer-sent-back", row, by=by, now=now)
            return
        row.state, row.checked_by, row.checked_name, row.checked_at = CLOSED, by.text, by.name, now
        row.save(update_fields=["state", "checked_by", "checked_name", "checked_at"])
        _note("insurance.review-closed", row, by=by, now=now, answer=row.answer)
        _rule(
            row,
            answer=row.answer,
            who=f"{row.proposed_name}、{by.name}",
            why=row.proposed_why,
            by=by,
            now=now,
        )


def appeal(review: UUID, *, said: str, by: Actor, now: datetime) -> None:
    """Note that the person does not agree with what was decided; a third officer looks again.

    Refused("insurance.may-not-review"), ("insurance.no-such-review"), ("insurance.review-moved-on") when it
    is not closed or was appealed before, ("insurance.words-missing"), ("insurance.no-numbers").
    """
    _refuse_reviewer(by)
    words = fit_words(said, least=_LEAST, most=_MOST)
    with transaction.atomic():
        row = _held(review, {CLOSED})
        if row.appeal_said:
            raise Refused("insurance.review-moved-on")
        row.state, row.appeal_said = APPEALED, words
        row.appeal_noted_by, row.appeal_noted_at = by.text, now
        row.save(update_fields=["state", "appeal_said", "appeal_noted_by", "appeal_noted_at"])
        _note("insurance.appeal-noted", row, by=by, now=now)


def answer_appeal(review: UUID, *, answer: str, why: str, by: Actor, now: datetime) -> None:
    """A third officer decides the appeal; another answer than the first is decided anew.

    Refused("insurance.may-not-check"), ("insurance.no-such-review"), ("insurance.review-moved-on"),
    ("insurance.appeal-by-a-third"), ("insurance.answer-missing"), ("insurance.cannot-waive"),
    ("insurance.words-missing"), ("insurance.no-numbers").
    """
    _refuse_checker(by)
    words = fit_words(why, least=_LEAST, most=_MOST)
    with transaction.atomic():
        row = _held(review, {APPEALED})
        if by.text in {row.proposed_by, row.checked_by}:
            raise Refused("insurance.appeal-by-a-third")
        _refuse_answer(row, answer)
        row.state, row.appeal_answer, row.appeal_why = CLOSED, answer, words
        row.appeal_by, row.appeal_name, row.appeal_at = by.text, by.name, now
        row.save(
            update_fields=["state", "appeal_answer", "appeal_why", "appeal_by", "appeal_name", "appeal_at"]
        )
        _note("insurance.appeal-answered", row, by=by, now=now, answer=answer)
        if answer != row.answer:
            _rule(row, answer=answer, who=by.name, why=words, by=by, now=now)


def _rule(row: Review, *, answer: str, who: str, why: str, by: Actor, now: datetime) -> None:
    """Decide the record by a named person's word; the member is held."""
    member, made, plan = row.member, row.decision, plan_file().plan
    history = history_of(member, plan=plan)
    ref = BillRef(made.institution, made.number)
    ruling = Ruling(ref, made.record, answer == ADMIT, by=who, why=why)
    after, decisions = take(history, ruling, plan=plan, standing=_nobody_asks)
    record_decisions(
        member, row.settlement, decisions, before=history, after=after, facts={}, by=by.text, now=now
    )
    state = records.DECIDED if answer == ADMIT else records.REFUSED
    told = "".join(reason.text for each in decisions for reason in each.reasons)[:_MOST]
    Settlement.objects.filter(pk=row.settlement_id).update(state=state, said=told, decided_at=now)


def _nobody_asks(_: object):  # type: ignore[no-untyped-def]
    raise AssertionError("a ruling asks nothing about the person")


def _held(review: UUID, states: set[str]) -> Review:
    found = Review.objects.filter(pk=review).values_list("member_id", flat=True).first()
    if found is None:
        raise Refused("insurance.no-such-review")
    member = Member.objects.select_for_update().get(pk=found)
    row = (
        Review.objects.select_for_update(of=("self",)).select_related("decision", "settlement").get(pk=review)
    )
    row.member = member
    if row.state not in states:
        raise Refused("insurance.review-moved-on")
    return row


def _refuse_answer(row: Review, answer: str) -> None:
    if answer not in ANSWERS:
        raise Refused("insurance.answer-missing")
    if answer == REFUSE and row.settlement.kind == records.REFUND:
        raise Refused("insurance.cannot-waive")


def _refuse_reviewer(by: Actor) -> None:
    if not by.may(REVIEWS):
        raise Refused("insurance.may-not-review")


def _refuse_checker(by: Actor) -> None:
    if not by.may(CHECKS):
        raise Refused("insurance.may-not-check")


def _note(event: str, row: Review, *, by: Actor, now: datetime, **detail: str) -> None:
    audit.note(
        event,
        by=by.text,
        role=by.role,
        about=[f"person:{row.person_id}", f"insurance-review:{row.id}"],
        division=row.division,
        detail=detail,
        at=now,
    )
