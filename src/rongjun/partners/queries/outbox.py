"""Reads of what we send: one batch's state, the list, what gave up, its sealed content."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from rongjun.audit.api import keys
from rongjun.partners.logic import outbound as logic
from rongjun.partners.models import OutboundBatch
from rongjun.partners.queries import SEAL, title_of


@dataclass(frozen=True, slots=True)
class OutboundState:
    """Where something we send is: `failure` says what was wrong with the last try, or why it was given up."""

    state: str
    sequence: int | None
    count: int
    withheld: int
    sent_at: datetime | None
    acknowledged_at: datetime | None
    failure: str


@dataclass(frozen=True, slots=True)
class OutboundReport:
    """One of what we send, for a list or a page."""

    id: UUID
    partner: str
    partner_name: str
    title: str
    key: str
    business_date: date
    sequence: int | None
    channel: str
    digest: str
    count: int
    withheld: int
    made_at: datetime
    made_by: str
    state: str
    tries: int
    resends: int
    next_try_at: datetime | None
    failure: str
    sent_at: datetime | None
    acknowledged_at: datetime | None
    retry_reason: str
    retried_by: str
    close_reason: str
    close_asked_by: str
    closed_by: str
    closed_at: datetime | None


def outbound_state(batch: UUID) -> OutboundState | None:
    """Where it is; None out of scope."""
    row = OutboundBatch.objects.defer("content_sealed").filter(pk=batch).first()
    if row is None:
        return None
    return OutboundState(
        state=row.state,
        sequence=row.sequence,
        count=row.count,
        withheld=row.withheld_count,
        sent_at=row.sent_at,
        acknowledged_at=row.acknowledged_at,
        failure=row.failure,
    )


def outbound(*, state: str = "", first: int = 0, limit: int = 50) -> tuple[list[OutboundReport], int]:
    """What we send, newest first, all or in one state, and how many there are."""
    rows = OutboundBatch.objects.select_related("partner").defer("content_sealed")
    rows = rows.filter(state=state) if state else rows
    page = rows.order_by("-made_at", "id")[first : first + limit]
    return [_report(row) for row in page], rows.count()


def outbound_report(batch: UUID) -> OutboundReport | None:
    """One; None out of scope."""
    rows = OutboundBatch.objects.select_related("partner").defer("content_sealed")
    row = rows.filter(pk=batch).first()
    return _report(row) if row else None


def given_up() -> int:
    """How many wait for somebody to try again or to close them."""
    return OutboundBatch.objects.filter(state="gave-up").count()


def _report(row: OutboundBatch) -> OutboundReport:
    return OutboundReport(
        id=row.id,
        partner=row.partner_id,
        partner_name=row.partner.name,
        title=title_of(row.format),
        key=row.key,
        business_date=row.business_date,
        sequence=row.sequence,
        channel=row.channel,
        digest=bytes(row.digest).hex(),
        count=row.count,
        withheld=row.withheld_count,
        made_at=row.made_at,
        made_by=row.made_by,
        state=row.state,
        tries=row.tries,
        resends=row.resends,
        next_try_at=row.next_try_at,
        failure=row.failure,
        sent_at=row.sent_at,
        acknowledged_at=row.acknowledged_at,
        retry_reason=row.retry_reason,
        retried_by=row.retried_by,
        close_reason=row.close_reason,
        close_asked_by=row.close_asked_by,
        closed_by=row.closed_by,
        closed_at=row.closed_at,
    )


def seal_rows(batch: UUID, packed: bytes) -> bytes:
    """Rows sealed, bound to the batch; packed before, hard after."""
    return keys().seal(SEAL, zlib.compress(packed, 1), _place(batch))


def open_rows(row: OutboundBatch) -> Sequence[Sequence[str]]:
    """The rows (key and columns) of what we send."""
    return logic.unpack_rows(zlib.decompress(keys().open(SEAL, bytes(row.content_sealed), _place(row.id))))


def _place(batch: UUID) -> bytes:
    return b"partners:out:" + batch.bytes
