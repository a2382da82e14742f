"""What comes in from partners. Each is one transaction; what one partner sends takes its turn."""

from __future__ import annotations

import hmac
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
from rongjun.kernel.crypto import SM2_DEFAULT_USER_ID, Algorithm, PublicKey, sm3
from rongjun.kernel.crypto.algorithms import SIGNING
from rongjun.kernel.crypto.symmetric import keyed_digest
from rongjun.kernel.errors import Refused
from rongjun.partners import logic
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
) -> str:
    """Agree with an outside system; returns its new HMAC secret as hex, or "" when it brings a public key.

    `agreed` are formats with the hour by which they are expected. Refused("partners.partner-known") when
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
        earlier = _same_content(held, sm3(content))
        if earlier is not None:
            if earlier.state == "quarantined" and earlier.replaced_by_id is None:
                # What was of tomorrow, not yet agreed on, or not yet signed, may be in order by now.
                earlier.signature = _short(signature) or earlier.signature
                _check(earlier, held, now=now)
            return earlier.id
        said = {"file_name": _shown(file_name), "signature": _short(signature)}
        batch = _keep(held, content, channel=FILE, by=by, now=now, **said)
        _check(batch, held, now=now)
    return batch.id


def check_batch(batch: UUID, *, now: datetime) -> None:
    """Judge a batch that was received and not yet judged; one that was judged stays as it is."""
    with transaction.atomic():
        held = hold_partner(InboundBatch.objects.get(pk=batch).partner_id)
        row = InboundBatch.objects.get(pk=batch)
        if row.state == "received":
            _check(row, held, now=now)


def _same_content(partner: Partner, digest: bytes) -> InboundBatch | None:
    # Somebody may be closing it by hand.
    return InboundBatch.objects.select_for_update().filter(partner=partner, digest=digest).first()


def _short(signature: str) -> str:
    return signature.strip()[:_SIGNATURE]


def _shown(file_name: str) -> str:
    return "".join(sign if sign.isprintable() else "□" for sign in file_name)[:200]


def _keep(
    partner: Partner, content: bytes, *, channel: str, by: str, now: datetime, **said: str
) -> InboundBatch:
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


def _check(batch: InboundBatch, partner: Partner, *, now: datetime) -> None:
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
    batch.state = "accepted" if envelope.lines else "processed"
    batch.processed_at = None if envelope.lines else now
    batch.failing = batch.equation = batch.todo = ""
    batch.close_reason, batch.close_asked_by, batch.close_asked_at = "", "", None
    batch.is_late = bool(hour) and is_due(envelope.head.business_date, hour, now=localtime(batch.received_at))
    batch.found_count = len(envelope.lines)
    batch.content_sealed = b""  # from here on the lines are what is kept
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
    done = InboundBatch.objects.filter(state="accepted").exclude(pk__in=open_lines)
    return done.update(state="processed", processed_at=now)


# --- calls --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Call:
    """One request of a partner as it arrived; digest and signature in hex."""

    partner: str
    method: str
    path: str
    timestamp: str
    key: str
    digest: str
    signature: str
    body: bytes


def receive_call(call: Call, *, now: datetime) -> UUID:
    """Take in a batch by API: signature, window, digest, then as a file. Returns the batch.

    The same key with the same content returns the first batch. Refused: "partners.call-not-genuine",
    "partners.call-outside-window", "partners.call-digest", "partners.call-key-unfit",
    "partners.call-key-reused", "partners.call-quota".
    """
    with transaction.atomic():
        held = hold_partner(call.partner)
        _refuse_forged(call, held)
        moment = logic.read_moment(call.timestamp)
        if moment is None or abs(now - moment) > logic.REPLAY_WINDOW:
            raise Refused("partners.call-outside-window")
        if not logic.is_fit_key(call.key):
            raise Refused("partners.call-key-unfit")
        earlier = InboundBatch.objects.filter(partner=held, call_key=call.key).first()
        if earlier is not None and bytes(earlier.digest) != sm3(call.body):
            raise Refused("partners.call-key-reused")
        earlier = earlier or _same_content(held, sm3(call.body))
        if earlier is not None:
            return earlier.id
        _refuse_over_quota(held, now=now)
        batch = _keep(held, call.body, channel=CALL, by=f"partner:{held.code}", now=now, call_key=call.key)
        _check(batch, held, now=now)
    return batch.id


def _refuse_forged(call: Call, partner: Partner) -> None:
    """The signature first: whoever cannot sign learns nothing more."""
    if CALL not in partner.channels or not partner.key_sealed:
        raise Refused("partners.call-not-genuine")
    key = audit.keys().open(SEAL, bytes(partner.key_sealed), key_place(partner.code))
    signed = logic.statement(
        method=call.method, path=call.path, timestamp=call.timestamp, key=call.key, digest=call.digest
    )
    if not is_signed(partner.algorithm, key, signed, call.signature):
        raise Refused("partners.call-not-genuine")
    if not hmac.compare_digest(sm3(call.body).hex(), call.digest):
        raise Refused("partners.call-digest")


def is_signed(algorithm: str, key: bytes, signed: bytes, signature: str) -> bool:
    """Whether the signature (hex) over these bytes was made with the partner's key."""
    try:
        given = bytes.fromhex(signature)
    except ValueError:
        return False
    if algorithm == Algorithm.HMAC_SM3:
        return hmac.compare_digest(keyed_digest(Algorithm.HMAC_SM3, key, signed), given)
    user = SM2_DEFAULT_USER_ID if algorithm == Algorithm.SM2 else None
    return PublicKey(Algorithm(algorithm), key, user).verify(signed, given)


def _refuse_over_quota(partner: Partner, *, now: datetime) -> None:
    today = localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    used = InboundBatch.objects.filter(partner=partner, channel=CALL, received_at__gte=today).count()
    if used >= partner.daily_calls:
        raise Refused("partners.call-quota", most=partner.daily_calls)


def read_call(body: bytes, *, partner: str) -> tuple[Head | None, Envelope | Fault]:
    """Head and envelope of a call's JSON (contracts/inbound.schema.json), or what is wrong with it."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return None, Fault("json", "正文 ≠ 一个 JSON 对象（UTF-8）", _SCHEMA)
    names = {"format", "business_date", "sequence", "count", "total", "items"}
    if not isinstance(said, dict) or set(said) != names or not isinstance(said["items"], list):
        return None, Fault("json", f"正文的字段 ≠ {{{'、'.join(sorted(names))}}}", _SCHEMA)
    numbers = [said[name] for name in ("sequence", "count", "total")]
    texts = [said[name] for name in ("format", "business_date")]
    if any(type(each) is not int for each in numbers) or any(type(each) is not str for each in texts):
        return None, Fault("json", "format、business_date 应为文字，sequence、count、total 应为整数", _SCHEMA)
    head = logic.read_head([texts[0], partner, texts[1], *map(str, numbers), "UTF-8"])
    if isinstance(head, Fault):
        return None, head
    known = formats().get(head.format)
    if known is None:
        return head, Fault("unknown-format", f"格式 {head.format} ∉ 约定的格式", _SCHEMA)
    lines = [_line_of(place, item, known) for place, item in enumerate(said["items"], start=1)]
    return head, logic.envelope_of(head, lines, known)


_SCHEMA = "请对照 contracts/inbound.schema.json 改正，换一个幂等键重发。"


def _line_of(place: int, item: object, known: logic.Format) -> Line:
    if not isinstance(item, dict) or set(item) != {"key", "fields"} or not isinstance(item["fields"], dict):
        return Line(place, f"line-{place}", {}, "这一项应有 key 和 fields 两个字段。")
    fields = item["fields"]
    if not set(fields) <= set(known.columns) or not all(type(text) is str for text in fields.values()):
        return Line(place, f"line-{place}", {}, "fields 里有约定之外的字段，或有不是文字的值。")
    key = item["key"] if type(item["key"]) is str else ""
    return logic.read_line(place, [key, *(fields.get(name, "") for name in known.columns)], known)
