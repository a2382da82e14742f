"""What is left to do by hand, what did not arrive, the proof of what was sent, and that nothing is lost."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet

from rongjun.kernel.balance import Balance
from rongjun.notices.logic import BY_HAND, CHANNELS, EXPIRED, FAILED, IN_APP
from rongjun.notices.logic.sending import BY_HAND_REASONS, GAVE_UP, REFUSED, SENDING_STATES
from rongjun.notices.models import Message, Receipt, Sending
from rongjun.notices.queries import MessageLine, lines_of


@dataclass(frozen=True, slots=True)
class ByHand:
    """A message the station has to tell, and why."""

    line: MessageLine
    why: str


@dataclass(frozen=True, slots=True)
class Proof:
    """One sending: by which channel, where to, when, how it ended, and what was said (its digest)."""

    message: UUID
    channel: str
    state: str
    tone: str
    address: str
    made_at: datetime
    sent_at: datetime | None
    tries: int
    reason: str
    receipt_at: datetime | None
    digest: str


@dataclass(frozen=True, slots=True)
class Unsent:
    """A sending that ended without arriving."""

    line: MessageLine
    channel: str
    reason: str
    tries: int
    at: datetime


def by_hand(*, first: int = 0, limit: int = 50, without: Collection[str] = ()) -> tuple[list[ByHand], int]:
    """What the stations in scope have to tell, the oldest first, and how many there are."""
    rows = _visible(without).filter(state=BY_HAND).order_by("told_at", "id")
    page = rows[first : first + limit]
    whys = {row.pk: BY_HAND_REASONS.get(row.words, row.words) for row in page}
    return [ByHand(line, whys[line.id]) for line in lines_of(page)], rows.count()


def not_told(
    *, first: int = 0, limit: int = 50, without: Collection[str] = ()
) -> tuple[list[MessageLine], int]:
    """Messages that ended without anybody told, the newest end first, and how many there are."""
    rows = _visible(without).filter(state__in=[FAILED, EXPIRED]).order_by("-settled_at", "id")
    return lines_of(rows[first : first + limit]), rows.count()


def unsent(*, limit: int = 50, without: Collection[str] = ()) -> list[Unsent]:
    """Sendings that were sent back or given up, the newest first; their messages went another way."""
    rows = Sending.objects.filter(state__in=[REFUSED, GAVE_UP]).select_related("message")
    if without:
        rows = rows.exclude(message__rests_on__overlap=sorted(without))
    page = list(rows.order_by("-settled_at", "id")[:limit])
    lines = {line.id: line for line in lines_of([row.message for row in page])}
    return [
        Unsent(lines[row.message_id], CHANNELS[row.channel], row.reason, row.tries, row.settled_at)
        for row in page
        if row.settled_at
    ]


def is_there(message: UUID) -> bool:
    """Whether there is such a message in scope."""
    return Message.objects.filter(pk=message).exists()


def count_by_hand(*, without: Collection[str] = ()) -> int:
    """How many messages the stations in scope have to tell: as many as `by_hand` lists."""
    return _visible(without).filter(state=BY_HAND).count()


def _visible(without: Collection[str]) -> QuerySet[Message]:
    rows = Message.objects.all()
    return rows.exclude(rests_on__overlap=sorted(without)) if without else rows


def proofs_of(messages: Collection[UUID]) -> list[Proof]:
    """Every sending of these messages, in the order they were made."""
    rows = list(Sending.objects.filter(message_id__in=list(messages)).order_by("made_at", "id"))
    receipts = Receipt.objects.filter(sending_id__in=[row.id for row in rows]).order_by("received_at")
    came = {each.sending_id: each.received_at for each in receipts}
    return [
        Proof(
            row.message_id,
            CHANNELS[row.channel],
            *SENDING_STATES[row.state],
            row.address_mask,
            row.made_at,
            row.sent_at,
            row.tries,
            row.reason,
            came.get(row.id),
            bytes(row.digest).hex(),
        )
        for row in rows
    ]


_MESSAGES = """
    select (told_at at time zone %(zone)s)::date, count(*),
           count(*) filter (where state in ('delivered', 'told-by-hand')),
           count(*) filter (where state in ('failed', 'expired')),
           count(*) filter (where state in ('queued', 'sending', 'by-hand'))
    from notices_message where (told_at at time zone %(zone)s)::date between %(since)s and %(until)s
    group by 1
"""
_SENDINGS = """
    select (made_at at time zone %(zone)s)::date, channel, count(*),
           count(*) filter (where state in ('arrived', 'dropped')),
           count(*) filter (where state in ('refused', 'gave-up')),
           count(*) filter (where state in ('waiting', 'calling', 'accepted'))
    from notices_sending where (made_at at time zone %(zone)s)::date between %(since)s and %(until)s
    group by 1, 2
"""


def balance(*, since: date, until: date) -> list[Balance]:
    """By day and channel, both days included: messages (`message:in-app`), and sendings by each channel."""
    asked: dict[str, date | str] = {"since": since, "until": until, "zone": settings.TIME_ZONE}
    with connection.cursor() as cursor:
        cursor.execute(_MESSAGES, asked)
        told = [Balance(day, f"message:{IN_APP}", *counts) for day, *counts in cursor.fetchall()]
        cursor.execute(_SENDINGS, asked)
        sent = [Balance(day, f"message:{code}", *counts) for day, code, *counts in cursor.fetchall()]
    return sorted([*told, *sent], key=lambda each: (each.day, each.channel))
