"""What we send: kept in the caller's transaction, numbered once, tried until acknowledged or given up."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Max
from django.utils.timezone import localtime, make_aware

from rongjun.access.api import Actor
from rongjun.audit import api as audit
from rongjun.kernel.crypto import sm3
from rongjun.kernel.errors import Refused
from rongjun.partners.actions.intake import CALL, FILE, hold_partner
from rongjun.partners.logic import is_fit_key
from rongjun.partners.logic import outbound as logic
from rongjun.partners.logic.outbound import Outcome, Row
from rongjun.partners.models import OutboundBatch, Partner
from rongjun.partners.queries import formats
from rongjun.partners.queries.outbox import open_rows, seal_rows

_REASON = 300
OPEN = ("waiting", "sent")


def send(
    partner: str,
    code: str,
    lines: Sequence[Row],
    *,
    key: str,
    by: str,
    now: datetime,
    total: int | None = None,
    covered: Collection[int] | None = None,
    business_date: date | None = None,
) -> UUID:
    """Send these lines (key and columns) to a partner, if and when the caller's transaction commits.

    The same key with the same content gives the same id. A format that needs people's consent is sent with
    `covered`, the places (from 0) of the lines about whoever agreed: the others are left out and counted.
    The business date is today unless another is said. `total` is the control total, where the caller has its
    own. Refused: "partners.unknown-partner", "partners.send-not-agreed", "partners.send-key-reused".
    """
    held = Partner.objects.filter(pk=partner).first()
    if held is None:
        raise Refused("partners.unknown-partner")
    if code not in held.takes:
        raise Refused("partners.send-not-agreed", partner=held.name, format=code)
    known = formats()[code]
    assert is_fit_key(key), "8 to 64 letters, digits, dot, dash, underscore"
    assert (covered is not None) == bool(known.consent), "who agreed is for the caller to know"
    kept = list(lines) if covered is None else [lines[place] for place in sorted(set(covered))]
    assert not (fault := logic.fault_of_rows(kept, known)), fault
    summed = logic.total_of(kept, known)
    assert total is None or total == summed, f"{total} is not {summed}"
    packed, batch = logic.pack_rows(kept), uuid4()
    row = OutboundBatch(
        id=batch,
        division=held.division,
        partner=held,
        format=code,
        key=key,
        business_date=business_date or localtime(now).date(),
        asked_digest=sm3(packed),
        given_count=len(lines),
        withheld_count=len(lines) - len(kept),
        count=len(kept),
        total=summed,
        content_sealed=seal_rows(batch, packed),
        made_at=now,
        made_by=by,
        next_try_at=now,
    )
    return _kept_once(row, now=now)


def _kept_once(row: OutboundBatch, *, now: datetime) -> UUID:
    # The insert waits for another of the same key, and leaves it alone.
    with transaction.atomic():
        OutboundBatch.objects.bulk_create([row], ignore_conflicts=True)
        found = OutboundBatch.objects.defer("content_sealed").get(
            partner=row.partner, format=row.format, key=row.key
        )
        if bytes(found.asked_digest) != row.asked_digest:
            raise Refused("partners.send-key-reused", key=row.key)
        if found.id == row.id:
            _note("partners.outbound-made", found, by=row.made_by, now=now)
    return found.id


def hold_receivers(*, now: datetime) -> None:
    """Hold everybody something is due to, in the order in which intake holds them too: two workers at numbers
    and quotas never wait for each other in a ring.
    """
    due = OutboundBatch.objects.filter(state__in=OPEN, next_try_at__lte=now).values("partner")
    list(Partner.objects.select_for_update().filter(pk__in=due).order_by("code").values_list("code"))


# --- numbers ------------------------------------------------------------------------------------------------


def number_waiting(*, most: int, now: datetime) -> int:
    """Give what waits its number, oldest first, and fix what will travel; returns how many."""
    waiting = OutboundBatch.objects.filter(state="waiting", sequence=None).order_by("made_at", "id")
    found = list(waiting.values_list("id", "partner")[:most])
    for batch, partner in found:
        with transaction.atomic():
            held = hold_partner(partner)
            row = OutboundBatch.objects.select_for_update().get(pk=batch)
            if row.sequence is None and row.state == "waiting":
                _number(row, held, now=now)
    return len(found)


def _number(row: OutboundBatch, partner: Partner, *, now: datetime) -> None:
    row.channel = partner.takes.get(row.format, "")
    if row.channel not in {FILE, CALL}:
        _give_up(row, "不再约定发这种格式", now=now)
        return
    sent = OutboundBatch.objects.filter(partner=partner, format=row.format)
    row.sequence = (sent.aggregate(newest=Max("sequence"))["newest"] or 0) + 1
    content = content_of(row)
    row.digest, row.size = sm3(content), len(content)
    row.save(update_fields=["channel", "sequence", "digest", "size"])


def content_of(row: OutboundBatch) -> bytes:
    """What travels: a file, or the body of a call."""
    assert row.sequence is not None
    known, rows = formats()[row.format], open_rows(row)
    write = logic.file_of if row.channel == FILE else logic.body_of
    return write(known, rows, business_date=row.business_date, sequence=row.sequence)


# --- tries --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Parcel:
    """One try: what goes where. Two tries of one batch are the same parcel."""

    id: UUID
    partner: str
    channel: str
    address: str
    name: str
    key: str
    count: int
    content: bytes


def claim_due(*, most: int, now: datetime) -> list[Parcel]:
    """What is due, each counted as tried; whoever is killed after this leaves it to the next try."""
    with transaction.atomic():
        rows = OutboundBatch.objects.select_for_update(skip_locked=True).exclude(sequence=None)
        due = list(rows.filter(state__in=OPEN, next_try_at__lte=now).order_by("next_try_at", "id")[:most])
        partners = {code: hold_partner(code) for code in sorted({row.partner_id for row in due})}
        claimed = [row for row in due if _claim(row, partners[row.partner_id], now=now)]
    return [_parcel(row, partners[row.partner_id]) for row in claimed]


def _claim(row: OutboundBatch, partner: Partner, *, now: datetime) -> bool:
    if row.state == "sent" and row.resends >= logic.MOST_RESENDS:
        _give_up(row, f"发了 {row.resends + 1} 次，对方没有回执", now=now)
        return False
    midnight = localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    if row.first_try_at is None:
        used = OutboundBatch.objects.filter(partner=partner, first_try_at__gte=midnight).count()
        if used >= partner.daily_sends:
            row.failure = f"今天已发满约定的 {partner.daily_sends} 件，明天再发"
            tomorrow = localtime(now).date() + timedelta(days=1)
            row.next_try_at = make_aware(datetime.combine(tomorrow, time()))
            row.save(update_fields=["failure", "next_try_at"])
            return False
        row.first_try_at = now
    row.resends += row.state == "sent"
    row.tries += 1
    row.next_try_at = now + (logic.wait_after(row.tries) or logic.LONGEST_WAIT)
    row.save(update_fields=["first_try_at", "resends", "tries", "next_try_at"])
    return True


def _parcel(row: OutboundBatch, partner: Partner) -> Parcel:
    assert row.sequence is not None
    content = content_of(row)
    assert sm3(content) == bytes(row.digest), "what is sent again is the same"
    return Parcel(
        id=row.id,
        partner=partner.code,
        channel=row.channel,
        address=partner.address,
        name=logic.name_of(formats()[row.format], business_date=row.business_date, sequence=row.sequence),
        key=str(row.id),
        count=row.count,
        content=content,
    )


def record_try(batch: UUID, outcome: Outcome, *, now: datetime) -> None:
    """What became of a try. An acknowledgement that came in the meantime stays."""
    with transaction.atomic():
        row = OutboundBatch.objects.select_for_update().defer("content_sealed").get(pk=batch)
        if row.state not in OPEN:
            return
        if outcome.what == logic.FAILED and logic.wait_after(row.tries) is not None:
            row.failure = outcome.why[:_REASON]
            row.next_try_at = now + (logic.wait_after(row.tries) or logic.LONGEST_WAIT)
            row.save(update_fields=["failure", "next_try_at"])
        elif outcome.what in {logic.FAILED, logic.REFUSED}:
            _give_up(row, outcome.why, now=now)
        else:
            _mark_sent(row, now=now)
            if outcome.what == logic.ACKNOWLEDGED:
                _mark_acknowledged(row, now=now)


def _mark_sent(row: OutboundBatch, *, now: datetime) -> None:
    is_first = row.sent_at is None
    row.state, row.failure, row.tries = "sent", "", 0
    row.sent_at = row.sent_at or now
    row.next_try_at = now + logic.ANSWER_WAIT
    row.save(update_fields=["state", "failure", "tries", "sent_at", "next_try_at"])
    if is_first:
        _note("partners.outbound-sent", row, by=row.made_by, now=now)


def _mark_acknowledged(row: OutboundBatch, *, now: datetime) -> None:
    row.state, row.failure, row.next_try_at = "acknowledged", "", None
    row.sent_at = row.sent_at or now
    row.acknowledged_at, row.acknowledged_count = now, row.count
    row.save(
        update_fields=[
            *("state", "failure", "next_try_at", "sent_at", "acknowledged_at", "acknowledged_count")
        ]
    )
    _note("partners.outbound-acknowledged", row, by=f"partner:{row.partner_id}", now=now)


def _give_up(row: OutboundBatch, why: str, *, now: datetime) -> None:
    row.state, row.failure, row.next_try_at = "gave-up", why[:_REASON], None
    row.save(update_fields=["state", "failure", "next_try_at", "channel"])
    _note("partners.outbound-gave-up", row, by=row.made_by, now=now)


# --- acknowledgements ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a partner says of one of ours (contracts/files/receipts.yaml)."""

    format: str
    sequence: str
    digest: str
    count: str
    outcome: str
    why: str


def acknowledge(partner: str, receipt: Receipt, *, now: datetime) -> tuple[str, str]:
    """What a receipt settles: done or refused, and why. One that does not fit gives the batch up."""
    number = receipt.sequence if receipt.sequence.isdecimal() and len(receipt.sequence) < 10 else "0"
    with transaction.atomic():
        rows = OutboundBatch.objects.select_for_update().defer("content_sealed")
        row = rows.filter(partner=partner, format=receipt.format, sequence=int(number)).first()
        if row is None or receipt.outcome not in {"taken", "refused"}:
            return "refused", "没有发过这一件，或回执的结果不是 taken、refused。"
        fault = logic.fault_of_receipt(
            digest=receipt.digest,
            count=receipt.count,
            our_digest=bytes(row.digest).hex(),
            our_count=row.count,
        )
        if row.state == "acknowledged":
            return ("refused", f"已有回执，这一份说的不一样：{fault}") if fault else ("done", "已有回执。")
        if row.state == "closed":
            return "refused", "这一件已作废。"
        if receipt.outcome == "refused":
            _give_up(row, f"对方没有收下：{receipt.why or '（没有写原因）'}", now=now)
            return "done", "对方没有收下，列入发不出去的。"
        if fault:
            _give_up(row, fault, now=now)
            return "done", "回执与发出的不一样，列入发不出去的。"
        _mark_acknowledged(row, now=now)
        return "done", "有回执。"


# --- by hand ------------------------------------------------------------------------------------------------


def retry_outbound(batch: UUID, *, reason: str, by: Actor, now: datetime) -> None:
    """Send what was given up once more: the same content under the same number.

    Refused: "partners.outbound-not-given-up", "partners.retry-reason-missing",
    "partners.retry-reason-numbers".
    """
    with transaction.atomic():
        row = _hold_given_up(batch)
        if not reason.strip():
            raise Refused("partners.retry-reason-missing")
        if audit.looks_personal(reason):
            raise Refused("partners.retry-reason-numbers")
        row.state, row.next_try_at, row.tries, row.resends = "waiting", now, 0, 0
        row.retry_reason, row.retried_by, row.retried_at = reason.strip(), by.text, now
        row.close_reason, row.close_asked_by, row.close_asked_at = "", "", None
        row.save(
            update_fields=[
                *("state", "next_try_at", "tries", "resends", "retry_reason", "retried_by", "retried_at"),
                *("close_reason", "close_asked_by", "close_asked_at"),
            ]
        )
        _note("partners.outbound-retried", row, by=by.text, role=by.role, why=row.retry_reason, now=now)


def close_outbound(batch: UUID, *, reason: str, by: Actor, now: datetime) -> bool:
    """Give something up for good, by two people: the first asks with a reason. Whether it is closed now.

    Refused: "partners.outbound-not-given-up", "partners.close-reason-missing",
    "partners.close-reason-numbers", "partners.close-own-request".
    """
    with transaction.atomic():
        row = _hold_given_up(batch)
        if row.close_asked_by == by.text:
            raise Refused("partners.close-own-request")
        if row.close_asked_by:
            row.state, row.closed_by, row.closed_at = "closed", by.text, now
            event = "partners.outbound-closed"
        else:
            if not reason.strip():
                raise Refused("partners.close-reason-missing")
            if audit.looks_personal(reason):
                raise Refused("partners.close-reason-numbers")
            row.close_reason, row.close_asked_by, row.close_asked_at = reason.strip(), by.text, now
            event = "partners.outbound-closing-asked"
        row.save(
            update_fields=[
                *("state", "close_reason", "close_asked_by", "close_asked_at", "closed_by", "closed_at")
            ]
        )
        _note(event, row, by=by.text, role=by.role, why=row.close_reason, now=now)
    return row.state == "closed"


def _hold_given_up(batch: UUID) -> OutboundBatch:
    rows = OutboundBatch.objects.select_for_update().defer("content_sealed")
    row = rows.filter(pk=batch, state="gave-up").first()
    if row is None:
        raise Refused("partners.outbound-not-given-up")
    return row


def _note(event: str, row: OutboundBatch, *, by: str, now: datetime, role: str = "", why: str = "") -> None:
    audit.note(
        event,
        by=by,
        role=role,
        about=f"outbound:{row.id}",
        division=row.division,
        detail={
            "partner": row.partner_id,
            "format": row.format,
            "lines": row.count,
            "why": why or row.failure,
        },
        at=now,
    )
