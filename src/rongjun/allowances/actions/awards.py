"""Awards: proposed by one, made public where they must be, granted by another; ended and annulled by two."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction

from rongjun.access.api import Actor
from rongjun.allowances.actions.common import DECIDE, PROPOSE, next_number, note, require, words
from rongjun.allowances.book import book_in_force, publicity_of
from rongjun.allowances.logic.gathering import HeldAward, Papers, history_of
from rongjun.allowances.logic.judging import Judged, judge
from rongjun.allowances.logic.schemes import AllowanceBook
from rongjun.allowances.models import Award, Objection
from rongjun.allowances.queries import histories as gathered
from rongjun.audit import api as audit
from rongjun.kernel.errors import Refused
from rongjun.registry import api as registry
from rongjun.rules.api import Value

DRAFT, PUBLICISED, GRANTED, DECLINED, WITHDRAWN = "draft", "publicised", "granted", "declined", "withdrawn"


def propose_award(
    person: UUID,
    *,
    scheme: str,
    category: str,
    approved_on: date,
    document: str,
    details: Mapping[str, Value] | None = None,
    applied_on: date | None = None,
    pays_from: int | None = None,
    by: Actor,
    now: datetime,
    today: date,
) -> UUID:
    """Propose that a person is granted a scheme, on the word of a document; what it rests on is kept.

    `details` are facts this award fixes. `pays_from` is a later first month than the rules give, for whoever
    was paid by another until then. Refused("allowances.may-not"), ("allowances.no-such-file"),
    ("allowances.no-such-scheme"), ("allowances.unfit-detail"), ("allowances.award-on-file"),
    ("allowances.words-missing").
    """
    require(by, PROPOSE)
    book, said = book_in_force(), words(document, most=120)
    _refuse_unknown(book, scheme, category, details or {})
    with transaction.atomic():
        head = registry.head_of(person, known_at=now)
        if head is None or head.restricted:
            raise Refused("allowances.no-such-file")
        number = next_number("award")
        held = HeldAward(
            ref=f"F{number:06d}",
            scheme=scheme,
            category=category,
            approved_on=approved_on,
            details=dict(details or {}),
            granted_at=now,
            applied_on=applied_on,
        )
        judged = _judged(head.id, held, day=max(today, approved_on), now=now, book=book)
        row = Award(
            id=uuid4(),
            number=number,
            person_id=head.id,
            division=head.division,
            scheme=scheme,
            category=category,
            approved_on=approved_on,
            applied_on=applied_on,
            document=said,
            details=_plain(held.details),
            first_month=max(judged.first_month, pays_from or 0),
            facts=_plain(judged.facts),
            book=book.digest,
            verdict=judged.verdict,
            reasons=[list(reason) for reason in judged.reasons],
            made_by=by.text,
            made_at=now,
        )
        try:
            with transaction.atomic():
                row.save(force_insert=True)
        except IntegrityError as error:
            if "award_once" not in str(error):
                raise
            raise Refused("allowances.award-on-file") from error
        _note("allowances.award-proposed", row, by=by, now=now)
    return row.id


def publicise_award(award: UUID, *, first: date, last: date, by: Actor, now: datetime) -> None:
    """Put a proposed award on public view from one day to another, both included.

    Refused("allowances.may-not"), ("allowances.no-such-award"), ("allowances.step-not-now"),
    ("allowances.publicity-too-short") for fewer days than the rules ask for.
    """
    require(by, PROPOSE)
    with transaction.atomic():
        row = _held(award, {DRAFT})
        if row.verdict != "entitled":
            raise Refused("allowances.award-not-entitled")
        _refuse_short(row, first, last)
        row.state, row.public_from, row.public_to = PUBLICISED, first, last
        row.save(update_fields=["state", "public_from", "public_to"])
        _note("allowances.award-publicised", row, by=by, now=now)


def _refuse_short(row: Award, first: date, last: date) -> None:
    rule = publicity_of(row.scheme, on=row.approved_on)
    days = (last - first).days + 1
    if days < 1 or (rule and days < rule.days):
        raise Refused("allowances.publicity-too-short", days=rule.days if rule else 1)


def object_to_award(award: UUID, *, said: str, raised_on: date, by: Actor, now: datetime) -> None:
    """Note what somebody said against an award while it is public; who said it is not kept.

    Refused("allowances.may-not"), ("allowances.no-such-award"), ("allowances.step-not-now"),
    ("allowances.words-missing"), ("allowances.no-numbers").
    """
    require(by, PROPOSE)
    kept = words(said, least=4, most=300)
    with transaction.atomic():
        row = _held(award, {PUBLICISED})
        Objection.objects.create(
            award=row, division=row.division, said=kept, raised_on=raised_on, noted_by=by.text, noted_at=now
        )
        _note("allowances.objection-noted", row, by=by, now=now)


def answer_objection(objection: int, *, upheld: bool, answer: str, by: Actor, now: datetime) -> None:
    """Another than who noted it decides on an objection; an award with one that is upheld is not granted.

    Refused("allowances.may-not"), ("allowances.no-such-award"), ("allowances.by-two"),
    ("allowances.step-not-now"), ("allowances.words-missing").
    """
    require(by, DECIDE)
    kept = words(answer, least=4, most=300)
    with transaction.atomic():
        said = Objection.objects.select_for_update().filter(pk=objection).first()
        if said is None:
            raise Refused("allowances.no-such-award")
        row = _held(said.award_id, {PUBLICISED})
        if said.answered_by:
            raise Refused("allowances.step-not-now")
        if said.noted_by == by.text:
            raise Refused("allowances.by-two")
        said.answer, said.upheld, said.answered_by, said.answered_at = kept, upheld, by.text, now
        said.save(update_fields=["answer", "upheld", "answered_by", "answered_at"])
        _note("allowances.objection-answered", row, by=by, now=now)


def grant_award(award: UUID, *, by: Actor, now: datetime, today: date) -> None:
    """Another grants it: judged once more, and public to the end where the rules ask for that.

    Refused("allowances.may-not"), ("allowances.no-such-award"), ("allowances.step-not-now"),
    ("allowances.by-two"), ("allowances.award-not-entitled"), ("allowances.publicity-first"),
    ("allowances.publicity-not-over"), ("allowances.objection-stands").
    """
    require(by, DECIDE)
    with transaction.atomic():
        row = _held(award, {DRAFT, PUBLICISED})
        if row.made_by == by.text:
            raise Refused("allowances.by-two")
        if row.state == DRAFT and publicity_of(row.scheme, on=row.approved_on):
            raise Refused("allowances.publicity-first")
        if row.public_to is not None and today <= row.public_to:
            raise Refused("allowances.publicity-not-over", day=row.public_to.isoformat())
        if Objection.objects.filter(award=row).exclude(upheld=False).exists():
            raise Refused("allowances.objection-stands")
        held = replace(gathered.held_award(row), granted_at=now)
        day = max(today, row.approved_on)
        judged = _judged(row.person_id, held, day=day, now=now, book=book_in_force())
        if row.verdict != "entitled" or judged.verdict != "entitled":
            raise Refused("allowances.award-not-entitled")
        _decide(row, GRANTED, "", by=by, now=now)


def decline_award(award: UUID, *, why: str, by: Actor, now: datetime) -> None:
    """Another declines it, with the reason that goes into the letter.

    Refused("allowances.may-not"), ("allowances.no-such-award"), ("allowances.step-not-now"),
    ("allowances.by-two"), ("allowances.words-missing").
    """
    require(by, DECIDE)
    said = words(why, least=4)
    with transaction.atomic():
        row = _held(award, {DRAFT, PUBLICISED})
        if row.made_by == by.text:
            raise Refused("allowances.by-two")
        _decide(row, DECLINED, said, by=by, now=now)


def withdraw_award(award: UUID, *, why: str, by: Actor, now: datetime) -> None:
    """Whoever proposed it takes it back before it is decided.

    Refused("allowances.may-not"), ("allowances.no-such-award"), ("allowances.step-not-now"),
    ("allowances.words-missing").
    """
    require(by, PROPOSE)
    said = words(why)
    with transaction.atomic():
        row = _held(award, {DRAFT, PUBLICISED})
        row.state, row.decided_at, row.decided_why = WITHDRAWN, now, said
        row.save(update_fields=["state", "decided_at", "decided_why"])
        _note("allowances.award-withdrawn", row, by=by, now=now)


# --- ended, annulled ----------------------------------------------------------------------------------------


def propose_end(award: UUID, *, ended_on: date, why: str, document: str, by: Actor, now: datetime) -> None:
    """Propose that an award ends with the month of a day. Refused("allowances.step-not-now"), as others."""
    require(by, PROPOSE)
    said, paper = words(why, least=4), words(document, most=120)
    with transaction.atomic():
        row = _held(award, {GRANTED})
        if row.ended_at or row.annulled_at or ended_on < row.approved_on:
            raise Refused("allowances.step-not-now")
        row.ended_on, row.ended_why, row.ended_document, row.ended_by = ended_on, said, paper, by.text
        row.save(update_fields=["ended_on", "ended_why", "ended_document", "ended_by"])
        _note("allowances.end-proposed", row, by=by, now=now)


def end_award(award: UUID, *, by: Actor, now: datetime) -> None:
    """Another confirms the end. Refused("allowances.step-not-now"), ("allowances.by-two"), as others."""
    require(by, DECIDE)
    with transaction.atomic():
        row = _held(award, {GRANTED})
        if not row.ended_by or row.ended_at or row.annulled_at:
            raise Refused("allowances.step-not-now")
        if row.ended_by == by.text:
            raise Refused("allowances.by-two")
        row.ended_checked_by, row.ended_at = by.text, now
        row.save(update_fields=["ended_checked_by", "ended_at"])
        _note("allowances.award-ended", row, by=by, now=now)


def propose_annulment(award: UUID, *, why: str, by: Actor, now: datetime) -> None:
    """Propose that an award never held: all it paid will be recovered. Refused as `propose_end`."""
    require(by, PROPOSE)
    said = words(why, least=4)
    with transaction.atomic():
        row = _held(award, {GRANTED})
        if row.annulled_at:
            raise Refused("allowances.step-not-now")
        row.annulled_why, row.annulled_by = said, by.text
        row.save(update_fields=["annulled_why", "annulled_by"])
        _note("allowances.annulment-proposed", row, by=by, now=now)


def annul_award(award: UUID, *, by: Actor, now: datetime) -> None:
    """Another confirms that it never held. Refused as `end_award`."""
    require(by, DECIDE)
    with transaction.atomic():
        row = _held(award, {GRANTED})
        if not row.annulled_by or row.annulled_at:
            raise Refused("allowances.step-not-now")
        if row.annulled_by == by.text:
            raise Refused("allowances.by-two")
        row.annulled_checked_by, row.annulled_at = by.text, now
        row.save(update_fields=["annulled_checked_by", "annulled_at"])
        _note("allowances.award-annulled", row, by=by, now=now)


# --- parts --------------------------------------------------------------------------------------------------


def _judged(person: UUID, held: HeldAward, *, day: date, now: datetime, book: AllowanceBook) -> Judged:
    papers = gathered.papers_of([person], known_at=now)[person]
    whole = Papers(papers.told, [*papers.awards, held], papers.findings)
    history = history_of(whole, kinds=gathered.fact_kinds(book))
    return judge(history, ref=held.ref, scheme=held.scheme, day=day, known_at=now, book=book)


def _refuse_unknown(book: AllowanceBook, scheme: str, category: str, details: Mapping[str, Value]) -> None:
    known = book.schemes.get(scheme)
    if known is None or known.awards_of != scheme or category not in known.categories:
        raise Refused("allowances.no-such-scheme")
    for name, value in details.items():
        fact = book.vocabulary.get(name)
        if fact is None or not fact.is_stored or not fact.accepts(value):
            raise Refused("allowances.unfit-detail", what=fact.label if fact else name)


def _plain(values: Mapping[str, Value]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}


def _held(award: UUID, states: set[str]) -> Award:
    row = Award.objects.select_for_update().filter(pk=award).first()
    if row is None:
        raise Refused("allowances.no-such-award")
    if row.state not in states:
        raise Refused("allowances.step-not-now")
    return row


def _decide(row: Award, state: str, why: str, *, by: Actor, now: datetime) -> None:
    row.state, row.decided_by, row.decided_at, row.decided_why = state, by.text, now, why
    row.save(update_fields=["state", "decided_by", "decided_at", "decided_why"])
    _note(f"allowances.award-{state}", row, by=by, now=now)


def _note(event: str, row: Award, *, by: Actor, now: datetime) -> None:
    note(
        event, f"award:{row.id}", row.division, by=by, now=now, number=str(row), scheme=row.scheme,
        person=str(row.person_id),
    )  # fmt: skip


def note_letter_taken(award: UUID, *, division: int, by: Actor, now: datetime, source: str) -> None:
    """The letter of an award was taken out."""
    audit.note(
        "allowances.letter-taken-out",
        by=by.text,
        role=by.role,
        about=f"award:{award}",
        division=division,
        source=source,
        at=now,
    )
