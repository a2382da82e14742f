"""Notices shown, consents given and withdrawn, data handed on."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from rongjun.access.api import Actor
from rongjun.audit import api as audit
from rongjun.kernel.errors import Refused
from rongjun.kernel.words import worded
from rongjun.registry.actions.saying import hold, note
from rongjun.registry.models import Consent, NoticeReceipt, Person
from rongjun.registry.notices import notice_book
from rongjun.registry.queries.kin import kin_of
from rongjun.registry.queries.merged import all_files_of
from rongjun.registry.queries.privacy import is_noticed, is_under_age, may_share
from rongjun.registry.rights import HOW


def show_notice(person: UUID, *, notice: str, how: str, by: Actor, now: datetime, today: date) -> None:
    """Record that the person was shown a notice in today's wording.

    Refused("registry.no-such-file") outside the scope, "registry.no-such-notice" for a name or a way there is
    not, or a notice not yet in force.
    """
    told = notice_book().notices.get(notice)
    wording = told.in_force(today) if told else None
    if wording is None or how not in HOW:
        raise Refused("registry.no-such-notice")
    with transaction.atomic():
        row = hold(person, though_restricted=True)
        NoticeReceipt.objects.create(
            person=row,
            division=row.division,
            notice=notice,
            version=wording.since,
            text_digest=wording.digest,
            how=how,
            shown_at=now,
            recorded_by=by.text,
        )
        detail = {"notice": notice, "version": wording.since.isoformat()}
        note("registry.notice-shown", row, by=by, now=now, detail=detail)


def answer_consent(
    person: UUID,
    *,
    purpose: str,
    recipient: str,
    given: bool,
    how: str,
    guardian: str = "",
    by: Actor,
    now: datetime,
    today: date,
) -> None:
    """Record the person's yes or no to one purpose and one recipient; a second yes changes nothing.

    The yes of somebody under 14 is said by a `guardian` on file (`HeldKin.key`); a no needs nobody.
    Refused("registry.consent-not-asked") for what needs none or is not known, "registry.notice-not-shown"
    before today's wording of its notice was shown, "registry.guardian-missing" for a child without one.
    """
    told = notice_book().purposes.get(purpose)
    if told is None or not told.needs_consent or recipient not in told.recipients or how not in HOW:
        raise Refused("registry.consent-not-asked")
    with transaction.atomic():
        row = hold(person, though_restricted=True)
        if not is_noticed(person, told.notice, on=today):
            raise Refused("registry.notice-not-shown", notice=notice_book().notices[told.notice].title)
        says = _guardian_of(row, guardian, on=today) if given else ""
        standing = _given(row, purpose=purpose, recipient=recipient)
        if standing.exists():
            if given and (not says or standing.exclude(guardian="").exists()):
                return
            # A child who was taken for older said yes alone: that one ends, the guardian's begins.
            _withdraw(row, purpose=purpose, recipient=recipient, how=how, by=by, now=now)
            if not given:
                return
        Consent.objects.create(
            person=row,
            division=row.division,
            purpose=purpose,
            recipient=recipient,
            given=given,
            answered_at=now,
            how=how,
            recorded_by=by.text,
            guardian=says,
        )
        event = "registry.consent-given" if given else "registry.consent-declined"
        note(event, row, by=by, now=now, detail={"purpose": purpose, "recipient": recipient})


def withdraw_consent(
    person: UUID, *, purpose: str, recipient: str, how: str, by: Actor, now: datetime
) -> None:
    """Take a consent back, from this moment on. Refused("registry.no-such-consent") when there is none."""
    if how not in HOW:
        raise Refused("registry.no-such-consent")
    with transaction.atomic():
        row = hold(person, though_restricted=True)
        if not _withdraw(row, purpose=purpose, recipient=recipient, how=how, by=by, now=now):
            raise Refused("registry.no-such-consent")


def withdraw_everything(row: Person, *, how: str, by: Actor, now: datetime) -> int:
    """Take back every consent of a person who is held; how many there were."""
    places = set(_given(row).values_list("purpose", "recipient"))
    for purpose, recipient in sorted(places):
        _withdraw(row, purpose=purpose, recipient=recipient, how=how, by=by, now=now)
    return len(places)


def record_sharing(
    person: UUID,
    *,
    recipient: str,
    purpose: str,
    fields: Collection[str],
    by: str,
    role: str = "",
    now: datetime,
) -> None:
    """Note that these fields are handed to a recipient; called first, in the transaction that hands them on.

    `by` is who asked for them as the evidence names them, be it a partner.
    Refused("registry.sharing-refused") without consent where one is needed, for an unknown purpose or
    recipient, or for a field that was not agreed (PI-04, PI-12).
    """
    with transaction.atomic():
        row = hold(person, though_restricted=True)
        allowed = may_share(person, recipient=recipient, purpose=purpose, at=now)
        if not allowed:
            raise Refused("registry.sharing-refused", why=allowed.why_not)
        told = notice_book().purposes[purpose]
        beyond = sorted(set(fields) - told.fields)
        if beyond or not fields:
            raise Refused(
                "registry.sharing-refused",
                why=worded("约定里没有这些内容：{beyond}", beyond="、".join(beyond) or "（空）"),
            )
        audit.note_read(
            f"person:{person}",
            event="registry.person-shared",
            by=by,
            role=role,
            purpose=told.title,
            division=row.division,
            detail={"recipient": recipient, "fields": "、".join(sorted(fields)), "basis": told.basis},
            at=now,
        )


def _guardian_of(row: Person, guardian: str, *, on: date) -> str:
    """Who says yes for a child; "" for whoever speaks for themselves."""
    if not is_under_age(row.pk, on=on):
        return ""
    guardians = {each.key for each in kin_of(row.pk, on=on) if each.is_guardian}
    if guardian not in guardians:
        raise Refused("registry.guardian-missing")
    return guardian


def _given(row: Person, **place: str) -> QuerySet[Consent]:
    """What stands of a person's consents, on whichever of their files it was given."""
    held = Consent.objects.filter(person_id__in=all_files_of(row.pk), given=True, withdrawn_at=None)
    return held.filter(**place)


def _withdraw(row: Person, *, purpose: str, recipient: str, how: str, by: Actor, now: datetime) -> int:
    held = _given(row, purpose=purpose, recipient=recipient)
    count = held.update(withdrawn_at=now, withdrawn_how=how, withdrawn_by=by.text)
    if count:
        detail = {"purpose": purpose, "recipient": recipient}
        note("registry.consent-withdrawn", row, by=by, now=now, detail=detail)
    return count
