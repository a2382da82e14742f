"""What the station tells by hand, and what a person chose to be told by."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import IntegrityError, transaction

from rongjun.access.api import CITIZEN, Actor
from rongjun.audit import api as audit
from rongjun.kernel.errors import Refused
from rongjun.kernel.words import Words
from rongjun.notices.logic import BY_HAND, FAILED, TOLD
from rongjun.notices.logic.sending import OUTER
from rongjun.notices.models import Binding, Choice, Message
from rongjun.notices.queries.reach import SEAL, openid_index, openid_place

HOW: Words[dict[str, str]] = {
    "counter": "来窗口时当面说的",
    "phone": "打电话说的",
    "visit": "上门说的",
    "family": "请家人转告的",
}
LONGEST: Final = 200


def tell_by_hand(message: UUID, *, how: str, by: Actor, now: datetime) -> None:
    """A clerk has told the person. Refused("notices.how-missing"), ("notices.not-on-list")."""
    if how not in HOW:
        raise Refused("notices.how-missing")
    _end(message, TOLD, how, by=by, now=now)


def give_up(message: UUID, *, reason: str, by: Actor, now: datetime) -> None:
    """A clerk could not tell the person. Refused("notices.reason-missing"), ("notices.not-on-list")."""
    if not reason.strip():
        raise Refused("notices.reason-missing")
    if audit.looks_personal(reason):
        raise Refused("notices.value-personal")
    _end(message, FAILED, reason.strip()[:LONGEST], by=by, now=now)


def _end(message: UUID, state: str, words: str, *, by: Actor, now: datetime) -> None:
    with transaction.atomic():
        row = Message.objects.filter(pk=message, state=BY_HAND)
        if not row.update(state=state, words=words, settled_at=now, settled_by=by.text):
            raise Refused("notices.not-on-list")
        told = Message.objects.get(pk=message)
        audit.note(
            f"notices.{state}",
            by=by.text,
            role=by.role,
            about=[f"person:{told.person_id}", f"message:{told.pk}"],
            division=told.division,
            detail={"template": told.template},
            at=now,
        )


def choose_channels(person: UUID, *, division: int, wants: Sequence[str], by: Actor, now: datetime) -> None:
    """By which channels a person wants to be told, in order; none leaves the app and the station.

    Refused("notices.channel-unknown").
    """
    if len(set(wants)) != len(wants) or not set(wants) <= set(OUTER):
        raise Refused("notices.channel-unknown")
    Choice.objects.create(
        person_id=person, division=division, wants=list(wants), chosen_at=now, chosen_by=by.text
    )
    _note("notices.channels-chosen", person, division, by=by, now=now, wants=" ".join(wants))


def bind_openid(person: UUID, openid: str, *, division: int, by: Actor, now: datetime) -> None:
    """The person consented to be told by the 公众号; an address before it ends.

    Refused("notices.openid-taken") when it is somebody else's.
    """
    try:
        with transaction.atomic():
            end_binding(person, by=by, now=now)
            Binding.objects.create(
                person_id=person,
                division=division,
                openid_sealed=audit.keys().seal(SEAL, openid.encode(), openid_place(person)),
                openid_index=openid_index(openid),
                bound_at=now,
                bound_by=by.text,
            )
            _note("notices.openid-bound", person, division, by=by, now=now)
    except IntegrityError as error:
        if "binding_one_an_address" not in str(error):
            raise
        raise Refused("notices.openid-taken") from error


def end_binding(person: UUID, *, by: Actor, now: datetime) -> None:
    """The address at the 公众号 is forgotten at once; that there was one stays."""
    held = Binding.objects.filter(person_id=person, ended_at=None)
    row = held.first()
    if row is not None:
        held.update(ended_at=now, ended_by=by.text, openid_sealed=b"", openid_index=b"")
        _note("notices.openid-ended", person, row.division, by=by, now=now)


def _note(event: str, person: UUID, division: int, *, by: Actor, now: datetime, **detail: str) -> None:
    role = by.role if by.kind != CITIZEN else ""
    audit.note(
        event, by=by.text, role=role, about=f"person:{person}", division=division, detail=detail, at=now
    )
