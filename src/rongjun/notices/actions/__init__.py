"""Telling people of decisions, and what becomes of each message."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone

from rongjun.access.api import Actor
from rongjun.audit.api import looks_personal
from rongjun.kernel.errors import Refused
from rongjun.notices import queries
from rongjun.notices.logic import DELIVERED, OPEN
from rongjun.notices.models import Message

AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Telling:
    """Whom to tell what: one message of many that are told alike. `reads` as in `tell`."""

    person: UUID
    division: int
    about: str
    values: Mapping[str, str]
    reads: Collection[str] = ()


def tell(
    template: str,
    *,
    person: UUID,
    division: int,
    about: str,
    values: Mapping[str, str],
    now: datetime,
    reads: Collection[str] = (),
) -> None:
    """Tell a person of a decision, in the caller's transaction: seen in the app when that commits.

    `about` is the decision's reference; told again of it, nothing happens: one message for a template and a
    decision, for ever. `reads` are the facts it rests on: who may not know these does not see it. Values that
    are not those of the template's wording are our mistake. Refused("notices.value-personal") when one holds
    what could be an identity number, a card or a phone: somebody's free words may.
    """
    tell_all(template, [Telling(person, division, about, values, reads)], now=now)


def tell_all(template: str, told: Sequence[Telling], *, now: datetime) -> None:
    """As `tell`, for many people at once."""
    known, version = queries.wording(template, on=timezone.localtime(now).date())
    for each in told:
        assert set(each.values) == version.names, f"{template}: {sorted(set(each.values) ^ version.names)}"
        if any(map(looks_personal, each.values.values())):
            raise Refused("notices.value-personal")
    rows = [
        Message(
            person_id=each.person,
            division=each.division,
            template=template,
            version=version.start,
            about=each.about,
            values=dict(each.values),
            rests_on=sorted(each.reads),
            told_at=now,
            expires_at=now + timedelta(days=known.valid_days),
        )
        for each in told
    ]
    # Of two that tell of one decision the second adds nothing: the unique constraint decides, not a look.
    Message.objects.bulk_create(rows, batch_size=AT_ONCE, ignore_conflicts=True)


def open_message(message: UUID, *, by: Actor, now: datetime) -> None:
    """The person has opened it: that is a delivery. Whoever acts for them leaves it unread."""
    if by.acting_for is not None:
        return
    row = Message.objects.filter(pk=message)
    row.filter(read_at=None).update(read_at=now)
    row.filter(state__in=OPEN).update(state=DELIVERED, settled_at=now, settled_by=by.text)
