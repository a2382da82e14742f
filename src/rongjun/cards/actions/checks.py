"""年度确认: opened as it comes near and told of once, done by a person. Nothing of a card changes by it."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from rongjun.access.api import Actor
from rongjun.audit import api as audit
from rongjun.cards.actions.handling import HANDLE
from rongjun.cards.actions.telling import about
from rongjun.cards.actions.writing import Row, insert
from rongjun.cards.kinds import card_book
from rongjun.cards.logic.checks import DONE, LAPSED, WAITING, due_on
from rongjun.cards.logic.life import OVER, REPLACING
from rongjun.cards.models import CardCheck
from rongjun.cards.queries.checks import Unplanned, unplanned
from rongjun.kernel.errors import Refused
from rongjun.notices import api as notices

TEMPLATE = "card-check-due"
LONGEST = 200


def plan_checks(*, by: str, now: datetime, today: date) -> int:
    """Open the checks that come near, each told of once; let those of ended cards lapse. How many opened.

    A check that is late stays as it is: no job ends a card for it.
    """
    check = card_book().check
    with transaction.atomic():
        ended = CardCheck.objects.filter(state=WAITING, carrier__state__in=[*sorted(OVER), REPLACING])
        ended.update(state=LAPSED, closed_on=today, closed_by=by)
        near = [
            (card, due)
            for card in unplanned(check.families)
            if (due := due_on(handed_on=card.handed_on, done_on=card.done_on, begins=check.begins))
            <= today + check.ahead
        ]
        insert("cards_cardcheck", [_row(card, due, now=now) for card, due in near])
        notices.tell_all(TEMPLATE, [_telling(card, due, today=today) for card, due in near], now=now)
        if near:
            audit.note("cards.checks-planned", by=by, about="cards", detail={"checks": len(near)}, at=now)
    return len(near)


def _row(card: Unplanned, due: date, *, now: datetime) -> Row:
    return {
        "carrier_id": card.reference, "person_id": card.person, "division": card.division, "due_on": due,
        "state": WAITING, "opened_at": now, "words": "", "way": "", "closed_by": "",
    }  # fmt: skip


def _telling(card: Unplanned, due: date, *, today: date) -> notices.Telling:
    until = max(due, today)
    return notices.Telling(
        card.person,
        card.division,
        f"carrier:{card.reference:x} check {due.isoformat()}",
        {"title": card_book().label(card.kind), "day": f"{until.month}月{until.day}日"},
    )


def confirm_check(
    reference: int, *, way: str, words: str = "", by: Actor, now: datetime, today: date
) -> None:
    """The holder was met and is who they are: this year's check is done.

    Refused("cards.may-not"), ("cards.no-such-way"), ("cards.no-check-waits") when none does.
    """
    if way not in card_book().check.ways:
        raise Refused("cards.no-such-way")
    with transaction.atomic():
        row = _held(reference, by=by)
        row.state, row.way, row.words = DONE, way, words.strip()[:LONGEST]
        row.closed_on, row.closed_by = today, by.text
        row.save(update_fields=["state", "way", "words", "closed_on", "closed_by"])
        _note("cards.check-done", row, by=by, now=now, detail={"way": way})


def note_try(reference: int, *, words: str, by: Actor, now: datetime, today: date) -> None:
    """Somebody tried and met nobody, with what happened; the check goes on waiting and the card stays.

    Refused("cards.may-not"), ("cards.reason-missing"), ("cards.no-check-waits").
    """
    if not words.strip():
        raise Refused("cards.reason-missing")
    with transaction.atomic():
        row = _held(reference, by=by)
        row.tried_on, row.words = today, words.strip()[:LONGEST]
        row.save(update_fields=["tried_on", "words"])
        _note("cards.check-tried", row, by=by, now=now, detail={})


def _held(reference: int, *, by: Actor) -> CardCheck:
    if not by.may(HANDLE):
        raise Refused("cards.may-not")
    row = CardCheck.objects.select_for_update().filter(carrier=reference, state=WAITING).first()
    if row is None:
        raise Refused("cards.no-check-waits")
    return row


def _note(event: str, row: CardCheck, *, by: Actor, now: datetime, detail: dict[str, str]) -> None:
    audit.note(
        event,
        by=by.text,
        role=by.role,
        about=[f"person:{row.person_id}", about(row.carrier_id)],
        division=row.division,
        detail={"due": row.due_on.isoformat(), **detail},
        at=now,
    )
