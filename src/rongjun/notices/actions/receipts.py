"""What a gateway calls in: matched with what was sent, once, in whatever order it comes."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from rongjun.notices.actions.sending import Office, fall_back
from rongjun.notices.gateways import Receipt as Told
from rongjun.notices.logic import DELIVERED, OPEN
from rongjun.notices.logic.sending import ARRIVED, REFUSED, SENDING_OPEN
from rongjun.notices.models import Message, Receipt, Sending


def take_receipt(channel: str, told: Told, office: Office, *, now: datetime) -> bool:
    """Note what became of a message; False when we know of none like it (yet).

    The same receipt again changes nothing. "Arrived" counts whenever it comes; "did not arrive" only while
    the receipt was waited for, and then the next channel is tried.
    """
    row = _sending(channel, told)
    if row is None:
        return False
    _, is_new = Receipt.objects.get_or_create(
        sending=row,
        arrived=told.arrived,
        defaults={
            "person_id": row.person_id,
            "division": row.division,
            "reason": told.reason[:80],
            "received_at": now,
        },
    )
    if is_new and told.arrived:
        _arrived(row, now=now)
    elif is_new and row.state in SENDING_OPEN:
        _settle(row, REFUSED, told.reason, now=now)
        fall_back(row.message_id, office, now=now)
    return True


def _sending(channel: str, told: Told) -> Sending | None:
    rows = Sending.objects.filter(channel=channel).select_for_update()
    if told.key:
        try:
            return rows.filter(pk=UUID(told.key)).first()
        except ValueError:
            return None
    return rows.filter(reference=told.reference).first() if told.reference else None


def _arrived(row: Sending, *, now: datetime) -> None:
    if row.state != ARRIVED:
        _settle(row, ARRIVED, "", now=now)
    open_ = Message.objects.filter(pk=row.message_id, state__in=OPEN)
    open_.update(state=DELIVERED, settled_at=now, settled_by=f"channel:{row.channel}", words="")


def _settle(row: Sending, state: str, reason: str, *, now: datetime) -> None:
    row.state, row.reason, row.next_at = state, reason[:80], None
    row.settled_at = now
    # A receipt can be quicker than the answer to the call.
    row.sent_at = row.sent_at or now
    row.save()
