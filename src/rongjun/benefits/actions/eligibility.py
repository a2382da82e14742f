"""荣军通: an operator asks whether holders may have what it offers; each has agreed, and is judged whole."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from rongjun.audit import api as audit
from rongjun.benefits import queries
from rongjun.benefits.logic.eligibility import Answer, answers, until_of
from rongjun.benefits.queries.savings import benefit_of, delivers
from rongjun.cards import api as cards
from rongjun.kernel.errors import Refused
from rongjun.registry import api as registry
from rongjun.rules.api import Book

PURPOSE = "check-eligibility"
TOLD = frozenset({"能不能享受", "有效到哪一天"})


def answer_eligibility(
    references: Sequence[int], *, programme: str, partner: str, days: int, now: datetime
) -> list[Answer]:
    """What this partner is told of each reference, in the order asked; of whom it was told so is noted.

    `now` is local time. Refused("benefits.unknown-use-source") for a programme or a partner not agreed on.
    """
    benefit = benefit_of(programme)
    if benefit is None or not delivers(partner):
        raise Refused("benefits.unknown-use-source", code=programme)
    with transaction.atomic():
        known = cards.carriers(references)
        usable = [each for each, carrier in known.items() if until_of(carrier, now=now, days=days)]
        agreed = _agreed(cards.holders(usable), partner=partner, now=now)
        entitled = _entitled(agreed, benefit, by_book=queries.book(), now=now)
        found = answers(references, known, entitled=entitled, now=now, days=days)
        audit.note(
            "benefits.eligibility-answered",
            by=f"partner:{partner}",
            about=f"programme:{programme}",
            detail={"asked": len(found), "yes": sum(each.valid_until is not None for each in found)},
            at=now,
        )
    return found


def _agreed(holders: dict[int, UUID], *, partner: str, now: datetime) -> dict[int, UUID]:
    """The carriers whose holders have agreed that this partner is told, by reference.

    Noting it holds their files, so that a consent taken back meanwhile counts; in one order, for two calls
    not to wait for each other.
    """
    agreed: dict[int, UUID] = {}
    for reference, file in sorted(holders.items(), key=lambda each: (each[1], each[0])):
        person = registry.kept_file(file)
        if registry.restriction_of(person) is not None:
            continue
        if not registry.may_share(person, recipient=partner, purpose=PURPOSE, at=now):
            continue
        try:
            registry.record_sharing(
                person, recipient=partner, purpose=PURPOSE, fields=TOLD, by=f"partner:{partner}", now=now
            )
        except Refused:  # taken back this very moment
            continue
        agreed[reference] = person
    return agreed


def _entitled(agreed: dict[int, UUID], benefit: str, *, by_book: Book, now: datetime) -> set[int]:
    """Of these carriers, those whose holders are granted the benefit today, by its whole condition."""
    granted: dict[UUID, bool] = {}
    for person in agreed.values():
        if person not in granted:
            decision = queries.decision_on(person, benefit, on=now.date(), known_at=now, by_book=by_book)
            granted[person] = decision is not None and decision.verdict == "granted"
    return {reference for reference, person in agreed.items() if granted[person]}
