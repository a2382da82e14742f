"""From a message to a phone: a way is chosen, a worker claims it, hands it over, notes what came of it.

Each step is a transaction of its own, so that a kill anywhere leaves a state the next worker goes on from.
A claim is kept before anything is called; whoever finds one that nobody holds calls again with the same key.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db.models import F
from django.utils import timezone

from rongjun.audit import api as audit
from rongjun.kernel.crypto import sm3
from rongjun.notices.gateways import Gateway, Outgoing, gateways
from rongjun.notices.logic import (
    BY_HAND,
    EXPIRED,
    QUEUED,
    SENDING,
    SMS,
    WECHAT,
    said_by_sms,
    said_by_wechat,
)
from rongjun.notices.logic.sending import (
    ACCEPTED,
    CALLING,
    DROPPED,
    GAVE_UP,
    NO_RECEIPT,
    REFUSED,
    WAITING,
    Answer,
    Quiet,
    Tried,
    after,
    next_way,
    not_before,
    pause_after,
    why_by_hand,
)
from rongjun.notices.models import Channel, Message, Sending
from rongjun.notices.queries import templates
from rongjun.notices.queries.reach import MASK, kept_files, may_try, openids_of, reach_of
from rongjun.registry import api as registry

ROUTED_AT_ONCE: Final = 500
PURPOSE: Final = "把和本人有关的决定告诉本人"


@dataclass(frozen=True, slots=True)
class Office:
    """What sending goes by: the channels there are, the quiet hours, how long a receipt may take."""

    channels: Collection[str]
    quiet: Quiet
    receipt_within: timedelta


def office() -> Office:
    """What sending goes by in this installation."""
    begins, ends = map(time.fromisoformat, settings.NOTICE_QUIET)
    return Office(frozenset(gateways()), Quiet(begins, ends), timedelta(hours=settings.NOTICE_RECEIPT_HOURS))


def route_next(office: Office, *, now: datetime) -> int:
    """Choose a way for the messages told first; return for how many.

    Without any channel outside the app they stay, and are seen there.
    """
    if not office.channels:
        return 0
    waiting = Message.objects.filter(state=QUEUED).order_by("told_at", "id")
    rows = list(waiting.select_for_update(skip_locked=True)[:ROUTED_AT_ONCE])
    _send_on(rows, {}, office, now=now)
    return len(rows)


def _send_on(
    rows: Sequence[Message], tried: Mapping[UUID, Collection[str]], office: Office, *, now: datetime
) -> None:
    """Put each message on the next way there is, or on the station's list."""
    if not rows:
        return
    reaches = reach_of(kept_files({row.person_id for row in rows}), now=now)
    new: list[Sending] = []
    for row in rows:
        reach, been = reaches[row.person_id], tried.get(row.id, ())
        way = next_way(reach, open_channels=office.channels, tried=been)
        if way is None:
            _leave_to_station(row, why_by_hand(reach, tried=been))
        else:
            new.append(_sending(row, way, office, now=now))
    Sending.objects.bulk_create(new)
    Message.objects.filter(pk__in=[each.message_id for each in new], settled_at=None).update(state=SENDING)


def _sending(row: Message, way: str, office: Office, *, now: datetime) -> Sending:
    urgent = templates()[row.template].urgent
    return Sending(
        message=row,
        person_id=row.person_id,
        division=row.division,
        channel=way,
        state=WAITING,
        made_at=now,
        next_at=not_before(timezone.localtime(now), quiet=office.quiet, urgent=urgent),
    )


def _leave_to_station(row: Message, why: str) -> None:
    Message.objects.filter(pk=row.pk, settled_at=None).update(state=BY_HAND, words=why)


# --- handing over -------------------------------------------------------------------------------------------


def claim(channel: str, *, most: int, now: datetime) -> int:
    """Take what is due into hand; return how many are to be called.

    Who has read a message meanwhile, or was told it, needs no other.
    """
    if not may_try(channel, now=now):
        return 0
    due = Sending.objects.filter(channel=channel, state=WAITING, next_at__lte=now).order_by("next_at", "id")
    rows = list(due.select_for_update(skip_locked=True, of=("self",)).select_related("message")[:most])
    over = [row.pk for row in rows if row.message.settled_at is not None]
    Sending.objects.filter(pk__in=over).update(state=DROPPED, next_at=None, settled_at=now)
    wanted = [row.pk for row in rows if row.message.settled_at is None]
    return Sending.objects.filter(pk__in=wanted).update(state=CALLING, tries=F("tries") + 1, next_at=now)


def hand_over(gateway: Gateway, office: Office, *, by: str, now: datetime) -> int:
    """Call the gateway with what is in hand, and write down each answer; return how many were answered."""
    held = Sending.objects.filter(channel=gateway.code, state=CALLING).order_by("next_at", "id")
    rows = list(
        held.select_for_update(skip_locked=True, of=("self",)).select_related("message")[: gateway.at_once]
    )
    if not rows:
        return 0
    _note_shared(rows, gateway.code, by=by, now=now)
    addresses = _addresses(gateway.code, rows, now=now)
    out = [_outgoing(row, addresses[row.id][0], gateway.code) for row in rows if row.id in addresses]
    answers = dict(zip((each.key for each in out), gateway.send(out) if out else (), strict=True))
    for row in rows:
        answer = answers.get(str(row.id), Answer("refused", reason="已经没有号码了"))
        said = next((each.said for each in out if each.key == str(row.id)), "")
        row.address_mask = addresses[row.id][1] if row.id in addresses else ""
        row.digest = sm3(str(said).encode())
        _record(row, answer, gateway, office, now=now)
    _note_health(gateway.code, list(answers.values()), now=now)
    return len(rows)


def _note_shared(rows: Sequence[Sending], channel: str, *, by: str, now: datetime) -> None:
    audit.note_read(
        sorted({f"person:{row.person_id}" for row in rows}),
        event="notices.address-shared",
        by=by,
        purpose=PURPOSE,
        detail={"channel": channel, "count": len(rows)},
        at=now,
    )


def _addresses(channel: str, rows: Sequence[Sending], *, now: datetime) -> dict[UUID, tuple[str, str]]:
    """By sending: where it goes, and that covered."""
    whose = kept_files({row.person_id for row in rows})
    if channel == WECHAT:
        openids = openids_of(set(whose.values()))
        found = {person: (openid, MASK) for person, openid in openids.items()}
    else:
        on = timezone.localtime(now).date()
        phones = registry.phones_of(sorted(set(whose.values()), key=str), on=on, known_at=now)
        found = {person: (phone.number, phone.masked) for person, phone in phones.items()}
    return {row.id: found[whose[row.person_id]] for row in rows if whose[row.person_id] in found}


def _outgoing(row: Sending, address: str, channel: str) -> Outgoing:
    version = templates()[row.message.template].starting(row.message.version)
    assert version
    values = row.message.values
    return Outgoing(
        str(row.id),
        address,
        said_by_sms(version, values) if channel == SMS else said_by_wechat(version, values),
    )


def _record(row: Sending, answer: Answer, gateway: Gateway, office: Office, *, now: datetime) -> None:
    told = after(
        answer,
        Tried(row.tries, row.unsure_since),
        now=now,
        receipt_within=office.receipt_within,
        key_lives=gateway.key_lives,
    )
    row.state, row.next_at, row.unsure_since = told.state, told.at, told.unsure_since
    row.reason = answer.reason
    if told.state == WAITING and told.at and told.unsure_since is None:
        urgent = templates()[row.message.template].urgent
        row.next_at = not_before(timezone.localtime(told.at), quiet=office.quiet, urgent=urgent)
    if told.state == ACCEPTED:
        row.reference, row.sent_at = answer.reference, row.sent_at or now
    if told.state in {REFUSED, GAVE_UP}:
        row.settled_at = now
    row.save()
    if told.state in {REFUSED, GAVE_UP}:
        fall_back(row.message_id, office, now=now)


def fall_back(message: UUID, office: Office, *, now: datetime) -> None:
    """A channel did not bring it: the next one, or the station."""
    rows = list(Message.objects.filter(pk=message, settled_at=None).select_for_update())
    tried = list(Sending.objects.filter(message_id=message).values_list("channel", flat=True))
    _send_on(rows, {message: tried}, office, now=now)


def _note_health(channel: str, answers: Sequence[Answer], *, now: datetime) -> None:
    """Whether the gateway answers at all; one that does not is left alone, longer each time."""
    silent = [each for each in answers if each.kind in {"unknown", "not-taken"}]
    if not answers or len(silent) < len(answers):
        Channel.objects.filter(pk=channel, failures__gt=0).update(
            failures=0, down_since=None, next_at=None, reason=""
        )
        return
    row, _ = Channel.objects.get_or_create(code=channel)
    row.failures += 1
    row.down_since = row.down_since or now
    row.next_at = now + pause_after(row.failures)
    row.reason = silent[-1].reason
    row.save()


# --- ends ---------------------------------------------------------------------------------------------------


def end_overdue(*, by: str, now: datetime) -> int:
    """Receipts that never came leave the message to the station; what nobody read in its time has lapsed."""
    late = Sending.objects.filter(state=ACCEPTED, next_at__lte=now).select_for_update(skip_locked=True)
    rows = list(late[:ROUTED_AT_ONCE])
    Sending.objects.filter(pk__in=[row.pk for row in rows]).update(
        state=GAVE_UP, next_at=None, settled_at=now, reason="没有回执"
    )
    Message.objects.filter(pk__in=[row.message_id for row in rows], state=SENDING).update(
        state=BY_HAND, words=NO_RECEIPT
    )
    old = Message.objects.filter(state__in=[QUEUED, SENDING], expires_at__lte=now)
    return len(rows) + old.update(state=EXPIRED, settled_at=now, settled_by=by)
