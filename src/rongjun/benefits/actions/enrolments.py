"""A person answers an offer, and an enrolment ends or is kept: each by somebody with a name."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from rongjun.access.api import CITIZEN, Actor
from rongjun.audit import api as audit
from rongjun.benefits import queries, telling
from rongjun.benefits.logic import CHANNELS, Answer, answered_from
from rongjun.benefits.models import Enrolment, Offer, RecordedDecision
from rongjun.kernel.errors import Refused
from rongjun.registry import api as registry
from rongjun.rules.api import Book, Decision, decision_bytes

LONGEST = 200


def accept_offer(offer: UUID, *, by: Actor, now: datetime, today: date, channel: str = "") -> UUID:
    """The person says yes: judged again now, kept with its reasons, and enrolled from today on.

    Return the enrolment. Refused("benefits.offer-not-fitting") when today's judgement is not "granted": that
    refuses nothing to the person, whose offer stays until somebody has looked. Else as `decline_offer`.
    """
    with transaction.atomic():
        how, row, decision = _how(channel, by=by), _asked(offer), None
        if _has_died(row, now=now, today=today):
            raise Refused("benefits.offer-withdrawn")
        book = queries.book()
        if any(benefit.code == row.code for benefit, _, _ in book.offered(on=today)):
            decision = _judged(row, book, now=now, today=today)
        if decision is None:
            raise Refused("benefits.offer-withdrawn")
        if decision.verdict != "granted":
            raise Refused("benefits.offer-not-fitting", title=decision.title)
        _answer(row, "accepted", channel=how, words="", by=by, now=now)
        enrolment = Enrolment.objects.create(
            person_id=row.person_id,
            division=row.division,
            code=row.code,
            offer=row,
            decision=_keep(decision, row, by=by, now=now),
            since=today,
            enrolled_at=now,
            enrolled_by=by.text,
        )
        telling.tell_of_begin(enrolment.id, row, book, since=today, now=now)
        _note("benefits.offer-accepted", row, by=by, now=now, channel=how, book=decision.book[:16])
    return enrolment.id


def decline_offer(offer: UUID, *, by: Actor, now: datetime, channel: str = "", words: str = "") -> None:
    """The person says no; `words` are theirs and may be none. It is not offered again while entitled.

    `channel` is how a clerk was told it; a citizen says it online, for the file in hand.
    Refused("benefits.may-not-answer"), ("benefits.channel-missing"), ("benefits.no-such-offer") out of scope,
    ("benefits.offer-answered") when somebody was first, ("registry.restricted").
    """
    with transaction.atomic():
        how, row = _how(channel, by=by), _asked(offer)
        _answer(row, "declined", channel=how, words=words, by=by, now=now)
        telling.tell_of_no(row, queries.book(), channel=how, now=now)
        _note("benefits.offer-declined", row, by=by, now=now, channel=how)


def leave_benefit(enrolment: UUID, *, reason: str, by: Actor, now: datetime, today: date) -> None:
    """The person does not want it any more; while entitled they may accept the same offer again.

    Refused("benefits.may-not-answer"), or as `end_enrolment`.
    """
    if by.kind != CITIZEN and not by.may("benefits.answer-offer"):
        raise Refused("benefits.may-not-answer")
    with transaction.atomic():
        row = _enrolled(enrolment)
        _end(row, "own-wish", reason=reason, by=by, now=now, today=today)
        said: dict[str, Any] = {"state": "declined"}
        if by.kind == CITIZEN:  # whose every word to an offer is in their own name
            said |= {"answered_at": now, "answered_by": by.text, "channel": _how("", by=by)}
        Offer.objects.filter(pk=row.offer_id, state="accepted", entitled_to=None).update(**said)


def end_enrolment(enrolment: UUID, *, reason: str, by: Actor, now: datetime, today: date) -> None:
    """Somebody decides that a person has a benefit no longer, after looking at why.

    Refused("benefits.may-not-end"), ("benefits.reason-missing"), ("benefits.no-such-enrolment") out of scope,
    ("benefits.enrolment-ended") when it has ended, ("benefits.entitled-again") when today's judgement is
    another than "not granted".
    """
    if not by.may("benefits.end-enrolment"):
        raise Refused("benefits.may-not-end")
    with transaction.atomic():
        _end(_enrolled(enrolment), "not-entitled", reason=reason, by=by, now=now, today=today)


def keep_enrolment(
    enrolment: UUID, *, reason: str, until: date, by: Actor, now: datetime, today: date
) -> None:
    """Somebody decides that a person keeps it for now, in spite of the judgement; it comes back on a day.

    Refused("benefits.day-not-ahead") for a day that is not to come; else as `end_enrolment`.
    """
    if not by.may("benefits.end-enrolment"):
        raise Refused("benefits.may-not-end")
    if until <= today:
        raise Refused("benefits.day-not-ahead")
    with transaction.atomic():
        row, reason = _enrolled(enrolment), _reason(reason)
        held = Enrolment.objects.filter(pk=row.pk, ended_at=None)
        if not held.update(look_again_on=until, kept_by=by.text, kept_reason=reason):
            raise Refused("benefits.enrolment-ended")
        _note("benefits.enrolment-kept", row, by=by, now=now, until=until.isoformat())


def _how(told: str, *, by: Actor) -> str:
    """How the answer was given: by a citizen online, or as the clerk who may take it says."""
    if by.kind == CITIZEN:
        return "online" if by.acting_for is None else "online-helper"
    if not by.may("benefits.answer-offer"):
        raise Refused("benefits.may-not-answer")
    if told not in CHANNELS:
        raise Refused("benefits.channel-missing")
    return told


def _asked(offer: UUID) -> Offer:
    row = Offer.objects.filter(pk=offer).first()
    if row is None:
        raise Refused("benefits.no-such-offer")
    if registry.is_closed(row.person_id):
        raise Refused("registry.restricted")
    return row


def _answer(row: Offer, answer: Answer, *, channel: str, words: str, by: Actor, now: datetime) -> None:
    if not _flip(row, answer, channel=channel, words=words.strip()[:LONGEST], by=by, now=now):
        raise Refused("benefits.offer-answered")


def _flip(row: Offer, answer: Answer, *, channel: str, words: str, by: Actor, now: datetime) -> bool:
    """From a state that can still be answered; of two at once the second finds none."""
    open_ = Offer.objects.filter(pk=row.pk, state__in=answered_from(answer), entitled_to=None)
    given = {"channel": channel, "words": words, "answered_at": now, "answered_by": by.text}
    return bool(open_.update(state=answer, **given))


def _enrolled(enrolment: UUID) -> Enrolment:
    row = Enrolment.objects.filter(pk=enrolment).first()
    if row is None:
        raise Refused("benefits.no-such-enrolment")
    if registry.is_closed(row.person_id):
        raise Refused("registry.restricted")
    return row


def _end(row: Enrolment, ground: str, *, reason: str, by: Actor, now: datetime, today: date) -> None:
    reason = _reason(reason)
    book = queries.book()
    decision = _judged(row, book, now=now, today=today)
    must_be_judged = ground == "not-entitled" and not _has_died(row, now=now, today=today)
    if must_be_judged and decision is not None and decision.verdict != "not-granted":
        raise Refused("benefits.entitled-again", title=decision.title)
    held = Enrolment.objects.filter(pk=row.pk, ended_at=None)
    kept = _keep(decision, row, by=by, now=now) if decision else None
    if not held.update(
        ended_at=now, ended_by=by.text, end_ground=ground, end_reason=reason, end_decision=kept
    ):
        raise Refused("benefits.enrolment-ended")
    telling.tell_of_end(row, book, ground=ground, reason=reason, on=today, now=now)
    _note("benefits.enrolment-ended", row, by=by, now=now, ground=ground)


def _judged(row: Offer | Enrolment, book: Book, *, now: datetime, today: date) -> Decision | None:
    person = registry.kept_file(row.person_id)
    return queries.decision_on(person, row.code, on=today, known_at=now, by_book=book)


def _has_died(row: Offer | Enrolment, *, now: datetime, today: date) -> bool:
    """Conditions do not look at it yet."""
    person = registry.kept_file(row.person_id)
    died = registry.died_on([person], known_at=now).get(person)
    return died is not None and died <= today


def _reason(text: str) -> str:
    if not text.strip():
        raise Refused("benefits.reason-missing")
    return text.strip()[:LONGEST]


def _keep(decision: Decision, row: Offer | Enrolment, *, by: Actor, now: datetime) -> RecordedDecision:
    return RecordedDecision.objects.create(
        person_id=row.person_id,
        division=row.division,
        code=decision.code,
        book=decision.book,
        on=decision.on,
        verdict=decision.verdict,
        content=decision_bytes(decision).decode(),
        decided_at=now,
        decided_by=by.text,
    )


def _note(event: str, row: Offer | Enrolment, *, by: Actor, now: datetime, **detail: str) -> None:
    audit.note(
        event,
        by=by.text,
        role=by.role,
        about=[f"person:{row.person_id}", f"benefit:{row.code}"],
        division=row.division,
        detail=detail,
        at=now,
    )
