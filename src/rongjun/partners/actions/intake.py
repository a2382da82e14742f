"""What comes in from partners. Each is one transaction; what one partner sends takes its turn."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID, uuid4

from django.db import transaction
from django.utils.timezone import localtime

from rongjun.access.api import Actor
from rongjun.audit import api as audit
from rongjun.kernel.crypto import Algorithm, PublicKey, sm3
from rongjun.kernel.crypto.algorithms import SIGNING
from rongjun.kernel.errors import Refused
from rongjun.partners import logic
from rongjun.partners.actions.bulk import seal_parts
from rongjun.partners.actions.reading import is_signed, read_call
from rongjun.partners.logic import Envelope, Fault, Head, Line, Setting
from rongjun.partners.models import InboundBatch, InboundItem, Partner
from rongjun.partners.queries import (
    SEAL,
    batch_place,
    drops_lines,
    formats,
    is_due,
    item_place,
    key_place,
    last_sequence,
)

FILE, CALL = "file", "call"
CLOSING = ("close_reason", "close_asked_by", "close_asked_at", "closed_by", "closed_at")
_CHUNK = 2000
_REASON = 300
_SIGNATURE = 256


# --- partners -----------------------------------------------------------------------------------------------


def add_partner(
    code: str,
    *,
    name: str,
    division: int,
    agreed: Mapping[str, str],
    channels: Sequence[str],
    expected_since: date,
    by: str,
    now: datetime,
    daily_calls: int = 0,
    public_key: PublicKey | None = None,
    takes: Mapping[str, str] | None = None,
    address: str = "",
    daily_sends: int = 0,
) -> str:
    """Agree with an outside system; returns its new HMAC secret as hex, or "" when it brings a public key.

    `agreed` are formats with the hour by which they are expected; `takes` the formats we send it, each by
    "file" or "call" (to `address`), at most `daily_sends` a day. Refused("partners.partner-known") when
    there is one of that code.
    """
    secret = b"" if public_key or CALL not in channels else secrets.token_bytes(32)
    kept = public_key.point if public_key else secret
    algorithm = public_key.algorithm if public_key else Algorithm.HMAC_SM3 if secret else ""
    with transaction.atomic():
        if Partner.objects.filter(pk=code).exists():
            raise Refused("partners.partner-known", code=code)
        Partner.objects.create(
            code=code,
            name=name,
            division=division,
            agreed=dict(agreed),
            channels=list(channels),
            expected_since=expected_since,
            algorithm=str(algorithm),
            key_sealed=audit.keys().seal(SEAL, kept, key_place(code)) if kept else b"",
            daily_calls=daily_calls,
            takes=dict(takes or {}),
            address=address,
            daily_sends=daily_sends,
            added_at=now,
            added_by=by,
        )
        audit.note("partners.partner-added", by=by, about=f"partner:{code}", division=division, at=now)
    return secret.hex()


def hold_partner(code: str) -> Partner:
    """The partner, held until the transaction ends. Refused("partners.unknown-partner") without one."""
    # Sequence, quota and "has this come before" all look at what the partner sent earlier.
    row = Partner.objects.select_for_update().filter(pk=code).first()
    if row is None:
        raise Refused("partners.unknown-partner")
    return row


# --- files --------------------------------------------------------------------------------------------------


def receive_file(
    content: bytes, *, partner: str, file_name: str, signature: str = "", by: str, now: datetime
) -> UUID:
    """Take in a partner's file; it is accepted or quarantined with its failing equation. Returns the batch.

    The same content again returns the first batch and changes nothing; one in quarantine is judged once more.
    A partner with a public key signs each file: `signature` is hex, as it stood in FILE.sig.
    Refused("partners.no-files") when the partner sends none.
    """
    with transaction.atomic():
        held = hold_partner(partner)
        if FILE not in held.channels:
            raise Refused("partners.no-files")
        earlier = same_content(held, sm3(content))
        if earlier is not None:
            if earlier.state == "quarantined" and earlier.replaced_by_id is None:
                # What was of tomorrow, not yet agreed on, or not yet signed, may be in order by now.
                earlier.signature = _short(signature) or earlier.signature
                check(earlier, held, now=now)
            return earlier.id
        said = {"file_name": _shown(file_name), "signature": _short(signature)}
        batch = keep(held, content, channel=FILE, by=by, now=now, **said)
        check(batch, held, now=now)
    return batch.id


def check_batch(batch: UUID, *, now: datetime) -> None:
    """Judge a batch that was received and not yet judged; one that was judged stays as it is."""
    with transaction.atomic():
        held = hold_partner(InboundBatch.objects.get(pk=batch).partner_id)
        row = InboundBatch.objects.get(pk=batch)
        if row.state == "received":
            check(row, held, now=now)


def same_content(partner: Partner, digest: bytes) -> InboundBatch | None:
    """What this partner sent earlier with the same bytes, held."""
    # Somebody may be closing it by hand.
    return InboundBatch.objects.select_for_update().filter(partner=partner, digest=digest).first()


def _short(signature: str) -> str:
    return signature.strip()[:_SIGNATURE]


def _shown(file_name: str) -> str:
    return "".join(sign if sign.isprintable() else "□" for sign in file_name)[:200]


def keep(
    partner: Partner, content: bytes, *, channel: str, by: str, now: datetime, **said: str
) -> InboundBatch:
    """A batch as it arrived, sealed and not yet judged."""
    batch = uuid4()
    return InboundBatch.objects.create(
        id=batch,
        division=partner.division,
        partner=partner,
        channel=channel,
        digest=sm3(content),
        size=len(content),
        content_sealed=audit.keys().seal(SEAL, content, batch_place(batch)),
        received_at=now,
        received_by=by,
        **said,
    )


def check(batch: InboundBatch, partner: Partner, *, now: datetime) -> None:
    """Accept or quarantine, and then whatever was waiting for this one's turn."""
    _judge(batch, partner, now=now)
    while batch.state == "accepted":
        waiting = (
            InboundBatch.objects.select_for_update()
            .filter(
                partner=partner,
                format=batch.format,
                state="quarantined",
                failing=logic.GAP,
                sequence=(batch.sequence or 0) + 1,
            )
            .first()
        )
        if waiting is None:
            return
        _judge(waiting, partner, now=now)
        batch = waiting


def _judge(batch: InboundBatch, partner: Partner, *, now: datetime) -> None:
    content = audit.keys().open(SEAL, bytes(batch.content_sealed), batch_place(batch.id))
    if batch.channel == FILE:
        head, envelope = logic.read_file(content, formats())
    else:
        head, envelope = read_call(content, partner=partner.code)
    if head is not None:
        _write_head(batch, head)
    fault = _fault_of_signature(batch, content, partner)
    if fault is None:
        fault = envelope if isinstance(envelope, Fault) else _fault_of(envelope, partner, now=now)
    if fault is None:
        assert isinstance(envelope, Envelope)
        _accept(batch, envelope, partner, now=now)
    else:
        batch.state, batch.failing = "quarantined", fault.code
        batch.equation, batch.todo = fault.equation[:_REASON], fault.todo
    batch.checked_at = now
    batch.save()
    if fault is None:
        _close_replaced(batch)
    audit.note(
        f"partners.batch-{batch.state if fault else 'accepted'}",
        by=batch.received_by,
        about=f"batch:{batch.id}",
        division=batch.division,
        detail={"partner": partner.code, "lines": batch.found_count, "failing": batch.failing},
        at=now,
    )


def _fault_of_signature(batch: InboundBatch, content: bytes, partner: Partner) -> Fault | None:
    """Whether a file is signed as agreed; calls were asked before they came this far."""
    if batch.channel != FILE or partner.algorithm not in SIGNING:
        return None
    if not batch.signature:
        return logic.NOT_SIGNED
    key = audit.keys().open(SEAL, bytes(partner.key_sealed), key_place(partner.code))
    return None if is_signed(partner.algorithm, key, content, batch.signature) else logic.WRONGLY_SIGNED


def _write_head(batch: InboundBatch, head: Head) -> None:
    batch.format, batch.business_date, batch.sequence = head.format, head.business_date, head.sequence
    batch.declared_count, batch.declared_total = head.count, head.total


def _fault_of(envelope: Envelope, partner: Partner, *, now: datetime) -> Fault | None:
    head = envelope.head
    setting = Setting(
        partner=partner.code,
        formats=list(partner.agreed),
        last_sequence=last_sequence(partner.code, head.format),
        today=localtime(now).date(),
    )
    return (
        logic.fault_of_head(head, setting)
        or logic.fault_of_content(envelope)
        or logic.fault_of_order(head, setting)
    )


def _accept(batch: InboundBatch, envelope: Envelope, partner: Partner, *, now: datetime) -> None:
    hour = partner.agreed.get(batch.format, "")
    batch.state = "accepted" if envelope.found else "processed"
    batch.processed_at = None if envelope.found else now
    batch.failing = batch.equation = batch.todo = ""
    batch.close_reason, batch.close_asked_by, batch.close_asked_at = "", "", None
    batch.is_late = bool(hour) and is_due(envelope.head.business_date, hour, now=localtime(batch.received_at))
    batch.found_count = envelope.found
    batch.content_sealed = b""  # from here on the lines are what is kept
    if envelope.rows:
        batch.is_bulk, batch.waiting_count = True, envelope.found
        seal_parts(batch, envelope.rows)
    rows = [_item(batch, line, now=now) for line in envelope.lines]
    InboundItem.objects.bulk_create(rows, batch_size=_CHUNK)


def _item(batch: InboundBatch, line: Line, *, now: datetime) -> InboundItem:
    content = json.dumps(dict(line.fields), ensure_ascii=False).encode()
    item = InboundItem(
        batch=batch,
        division=batch.division,
        line=line.number,
        key=line.key,
        digest=sm3(content),
        content_sealed=audit.keys().seal(SEAL, content, item_place(batch.id, line.number)),
        owner=owner_of(batch.format),
    )
    if line.fault:
        item.state, item.reason, item.settled_at = "refused", line.fault, now
    return item


def owner_of(code: str) -> str:
    """Who works on the lines of a format: named in the list of work, taken up by whoever it names."""
    return f"feed:{code.split('/', maxsplit=1)[0]}"


def _close_replaced(batch: InboundBatch) -> None:
    """A corrected batch takes the place of those that were quarantined under its number."""
    InboundBatch.objects.filter(
        partner=batch.partner_id,
        format=batch.format,
        sequence=batch.sequence,
        state="quarantined",
        replaced_by=None,
    ).exclude(failing="sequence-taken").update(replaced_by=batch)


# --- closing by hand ----------------------------------------------------------------------------------------


def close_batch(batch: UUID, *, reason: str, by: Actor, now: datetime) -> bool:
    """Give a quarantined batch up, for a reason; whether it is closed now.

    Where that drops lines, the first only asks, and a second person's call closes it. Refused:
    "partners.batch-not-quarantined", "partners.close-reason-missing", "partners.close-own-request".
    """
    with transaction.atomic():
        row = _hold_quarantined(batch)
        if not row.close_asked_by:
            if not reason.strip():
                raise Refused("partners.close-reason-missing")
            if audit.looks_personal(reason):
                raise Refused("partners.close-reason-numbers")
            row.close_reason, row.close_asked_by, row.close_asked_at = reason.strip(), by.text, now
            if drops_lines(row):
                _save_closing(row, event="partners.batch-closing-asked", by=by, now=now)
                return False
        elif row.close_asked_by == by.text:
            raise Refused("partners.close-own-request")
        row.state, row.closed_by, row.closed_at = "closed", by.text, now
        _save_closing(row, event="partners.batch-closed", by=by, now=now)
    return True


def keep_batch(batch: UUID, *, by: Actor, now: datetime) -> None:
    """Do not close it after all; it stays in quarantine. Refused("partners.batch-not-quarantined")."""
    with transaction.atomic():
        row = _hold_quarantined(batch)
        if not row.close_asked_by:
            raise Refused("partners.batch-not-quarantined")
        row.close_reason, row.close_asked_by, row.close_asked_at = "", "", None
        _save_closing(row, event="partners.batch-kept", by=by, now=now)


def _hold_quarantined(batch: UUID) -> InboundBatch:
    rows = InboundBatch.objects.select_for_update().defer("content_sealed")
    row = rows.filter(pk=batch, state="quarantined", replaced_by=None).first()
    if row is None:
        raise Refused("partners.batch-not-quarantined")
    return row


def _save_closing(row: InboundBatch, *, event: str, by: Actor, now: datetime) -> None:
    row.save(update_fields=["state", *CLOSING])
    audit.note(
        event,
        by=by.text,
        role=by.role,
        about=f"batch:{row.id}",
        division=row.division,
        detail={"partner": row.partner_id, "lines": row.declared_count or 0, "reason": row.close_reason},
        at=now,
    )


# --- lines --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a line: done or refused, with the reason in words."""

    item: int
    state: str
    reason: str


def settle_items(settled: Sequence[Settled], *, now: datetime) -> None:
    """Record what became of lines; a batch without waiting lines is processed. Settled lines stay."""
    with transaction.atomic():
        by_outcome: dict[tuple[str, str], list[int]] = {}
        for each in settled:
            assert each.state in {"done", "refused"}
            by_outcome.setdefault((each.state, each.reason[:_REASON]), []).append(each.item)
        for (state, reason), items in by_outcome.items():
            InboundItem.objects.filter(pk__in=items, state="waiting").update(
                state=state, reason=reason, settled_at=now
            )
        close_batches(now=now)


def close_batches(*, now: datetime) -> int:
    """Mark accepted batches with no line waiting as processed; returns how many."""
    open_lines = InboundItem.objects.filter(state="waiting").values("batch_id")
    done = InboundBatch.objects.filter(state="accepted", is_bulk=False).exclude(pk__in=open_lines)
    return done.update(state="processed", processed_at=now)
