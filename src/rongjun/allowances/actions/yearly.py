"""年度确认, acted: a campaign opened by two, people confirmed at their station, the rest reminded."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction
from django.utils.timezone import localtime

from rongjun.access.api import Actor
from rongjun.allowances.actions.common import DECIDE, PROPOSE, note, require, words
from rongjun.allowances.book import book_in_force
from rongjun.allowances.logic.yearly import HOW, REMIND_BEFORE
from rongjun.allowances.models import Campaign, Confirmed
from rongjun.allowances.queries import yearly
from rongjun.kernel.errors import Refused
from rongjun.notices import api as notices
from rongjun.registry import api as registry

CONFIRM = "allowances.confirm"
REMINDER = "yearly-confirmation"
_CHUNK = 2000


def open_campaign(*, year: int, notice_on: date, document: str, by: Actor, now: datetime) -> UUID:
    """Propose a year's campaign for one's own division; it asks nobody before another has checked it.

    The last day follows from the notice and the rule in force. Refused("allowances.may-not"),
    ("allowances.words-missing"), ("allowances.notice-passed"), ("allowances.campaign-there").
    """
    require(by, PROPOSE)
    paper = words(document, least=4, most=120)
    if notice_on < localtime(now).date() or year != notice_on.year:
        raise Refused("allowances.notice-passed")
    days = int(book_in_force().setting("confirmation-days", on=notice_on).value)
    try:
        with transaction.atomic():
            row = Campaign.objects.create(
                id=uuid4(), year=year, division=by.division, notice_on=notice_on,
                confirm_by=notice_on + timedelta(days=days), document=paper, made_by=by.text, made_at=now,
            )  # fmt: skip
            note("allowances.campaign-opened", f"campaign:{row.id}", row.division, by=by, now=now)
    except IntegrityError as error:
        if "campaign_once" not in str(error):
            raise
        raise Refused("allowances.campaign-there") from error
    return row.id


def check_campaign(campaign: UUID, *, by: Actor, now: datetime) -> None:
    """Another agrees, on the day of the notice at the latest. Refused also "allowances.notice-passed"."""
    require(by, DECIDE)
    with transaction.atomic():
        row = Campaign.objects.select_for_update().filter(pk=campaign).first()
        if row is None or not by.scope.contains(row.division):
            raise Refused("allowances.no-such-file")
        if row.checked_by:
            raise Refused("allowances.step-not-now")
        if row.made_by == by.text:
            raise Refused("allowances.by-two")
        if row.notice_on < localtime(now).date():
            raise Refused("allowances.notice-passed")
        row.checked_by, row.checked_at = by.text, now
        row.save(update_fields=["checked_by", "checked_at"])
        note("allowances.campaign-checked", f"campaign:{row.id}", row.division, by=by, now=now)


def confirm_person(
    campaign: UUID, person: UUID, *, how: str, confirmed_on: date, by: Actor, now: datetime
) -> UUID:
    """Say that a person was seen. After the last day it counts once another has checked it.

    Refused("allowances.may-not"), ("allowances.no-such-file"), ("allowances.step-not-now") before the notice
    and when confirmed already, ("allowances.unfit-detail"), ("allowances.person-dead").
    """
    require(by, CONFIRM)
    today = localtime(now).date()
    with transaction.atomic():
        row, head = yearly.campaign_of(campaign), registry.head_of(person, known_at=now)
        if row is None or head is None or head.restricted:
            raise Refused("allowances.no-such-file")
        if not row.checked_by or today < row.notice_on:
            raise Refused("allowances.step-not-now")
        if how not in HOW or not date(row.year, 1, 1) <= confirmed_on <= today:
            raise Refused("allowances.unfit-detail", what="年度确认")
        if registry.is_dead(head.id):
            raise Refused("allowances.person-dead")
        return _write(row, head, how=how, confirmed_on=confirmed_on, by=by, now=now)


def _write(
    row: Campaign, head: registry.FileHead, *, how: str, confirmed_on: date, by: Actor, now: datetime
) -> UUID:
    try:
        with transaction.atomic():
            made = Confirmed.objects.create(
                id=uuid4(), campaign=row, person_id=head.id, division=head.division, how=how,
                confirmed_on=confirmed_on, made_by=by.text, made_at=now,
            )  # fmt: skip
    except IntegrityError as error:
        if "confirmed_once" not in str(error):
            raise
        raise Refused("allowances.step-not-now") from error
    note("allowances.person-confirmed", f"person:{head.id}", head.division, by=by, now=now, how=how)
    return made.id


def check_confirmed(confirmed: UUID, *, by: Actor, now: datetime) -> None:
    """Another has looked at a late confirmation: money flows again. Refused as `check_finding`."""
    require(by, DECIDE)
    with transaction.atomic():
        row = _held(confirmed)
        if not row.late or row.checked_by:
            raise Refused("allowances.step-not-now")
        if row.made_by == by.text:
            raise Refused("allowances.by-two")
        row.checked_by, row.checked_at = by.text, now
        row.save(update_fields=["checked_by", "checked_at"])
        note("allowances.late-confirmed", f"person:{row.person_id}", row.division, by=by, now=now)


def withdraw_confirmed(confirmed: UUID, *, why: str, by: Actor, now: datetime) -> None:
    """Take a confirmation back that was wrong. Refused("allowances.may-not"), ("allowances.words-missing"),
    ("allowances.no-such-file")."""
    require(by, CONFIRM)
    said = words(why, least=4)
    with transaction.atomic():
        row = _held(confirmed)
        row.withdrawn_by, row.withdrawn_at, row.withdrawn_why = by.text, now, said
        row.save(update_fields=["withdrawn_by", "withdrawn_at", "withdrawn_why"])
        note("allowances.confirmation-withdrawn", f"person:{row.person_id}", row.division, by=by, now=now)


def _held(confirmed: UUID) -> Confirmed:
    row = Confirmed.objects.select_for_update().filter(pk=confirmed, withdrawn_at=None).first()
    if row is None:
        raise Refused("allowances.no-such-file")
    return row


def remind(*, now: datetime, today: date) -> int:
    """Remind whoever is left, once a campaign, some weeks before its last day; how many were told."""
    told = 0
    due = Campaign.objects.exclude(checked_by="").filter(
        reminded_at=None, notice_on__lte=today, confirm_by__gte=today, confirm_by__lte=today + REMIND_BEFORE
    )
    with transaction.atomic():
        for row in due.select_for_update(skip_locked=True):
            told += _remind(row, now=now)
            row.reminded_at = now
            row.save(update_fields=["reminded_at"])
    return told


def _remind(row: Campaign, *, now: datetime) -> int:
    people = yearly.left_of(row, division=row.division, limit=10**6)
    for start in range(0, len(people), _CHUNK):
        divisions = registry.divisions_of(people[start : start + _CHUNK])
        notices.tell_all(
            REMINDER,
            [
                notices.Telling(person, division, f"campaign:{row.id}", {"day": f"{row.confirm_by}"})
                for person, division in divisions.items()
            ],
            now=now,
        )
    return len(people)
