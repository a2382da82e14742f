"""Payments that failed: paid again under the same business key, or written back; never left lying."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.timezone import localtime

from rongjun.access.api import Actor
from rongjun.audit import api as audit
from rongjun.kernel.errors import Refused
from rongjun.ledger.payments.actions import posting
from rongjun.ledger.payments.actions.batches import add_lines, draft_batch, reason_of
from rongjun.ledger.payments.logic.batches import NewLine
from rongjun.ledger.payments.logic.reasons import FAILED, PAID, REASONS
from rongjun.ledger.payments.models import LIVING, PaymentBatch, PaymentLine
from rongjun.ledger.payments.queries import SEAL, document_place, line_place

REQUEUED, WRITTEN_BACK = "requeued", "written-back"
_AGAIN = "重新发："


def requeue_payment(
    line: int,
    *,
    into: UUID,
    by: Actor,
    now: datetime,
    reason: str,
    payee: str = "",
    account: str = "",
    bank: str = "",
) -> None:
    """Pay a failed line again in a draft of `by`, with what is corrected; the business key stays the same.

    Refused: "ledger.payment-not-failed", "ledger.payment-disputed", "ledger.payment-reason-missing",
    "ledger.payment-bank-not-asked" when the bank says it was paid and the reason names no answer of theirs;
    and as `add_lines`.
    """
    said = reason_of(reason)
    with transaction.atomic():
        row = _hold_failed(line)
        if REASONS[row.code].is_doubtful and len(said) < 8:
            raise Refused("ledger.payment-bank-not-asked")
        again = NewLine(
            key=row.key,
            division=row.division,
            payee=payee or row.payee,
            account=account or _open(row, document=False),
            fen=row.fen,
            purpose=row.purpose,
            bank=bank or row.bank,
            document=_open(row, document=True),
            shares=row.shares,
            why=said,
        )
        add_lines(into, [again], by=by.text, now=now, follows={row.key: row.id})
        _end(row, REQUEUED, said, by=by, now=now)


def draft_for_repeat(line: int, *, by: Actor, now: datetime) -> UUID:
    """The draft of `by` into which a failed payment goes again: the open one of its kind, or a new one.

    Refused("ledger.payment-not-failed").
    """
    with transaction.atomic():
        row = _hold_failed(line).batch
        kept = ("division", "purpose", "fund", "counter", "budgets", "partner", "layout")
        same = {name: getattr(row, name) for name in kept}
        title = f"{_AGAIN}{row.title}".replace(_AGAIN * 2, _AGAIN)[:120]
        found = PaymentBatch.objects.filter(**same, title=title, made_by=by.text, state="draft").first()
        return (
            found.id
            if found
            else draft_batch(**same, title=title, pay_on=localtime(now).date(), by=by.text, now=now)
        )


def write_back_payment(line: int, *, reason: str, by: Actor, now: datetime) -> None:
    """A failed payment will not be made: its business key is free and its money stays in the fund.

    Refused: "ledger.payment-not-failed", "ledger.payment-disputed", "ledger.payment-reason-missing".
    """
    said = reason_of(reason)
    with transaction.atomic():
        _end(_hold_failed(line), WRITTEN_BACK, said, by=by, now=now)


def settle_dispute(line: int, *, has_arrived: bool, reason: str, by: Actor, now: datetime) -> None:
    """Somebody has asked the bank which of its two answers holds; the books follow.

    Refused: "ledger.payment-not-disputed", "ledger.payment-reason-missing", "ledger.payment-paid-again" when
    the money has arrived and a payment made in its place is still on its way: that one has to end first. If
    that one has arrived as well, what is owed was paid twice, and the event says so.
    """
    said = reason_of(reason)
    with transaction.atomic():
        rows = PaymentLine.objects.select_related("batch").select_for_update(of=("self",))
        row = rows.exclude(dispute="").filter(pk=line).first()
        if row is None:
            raise Refused("ledger.payment-not-disputed")
        others = PaymentLine.objects.filter(key=row.key, state__in=LIVING).exclude(pk=row.pk)
        other = others.values_list("state", flat=True).first()
        state = _state_after(row.state, has_arrived=has_arrived, other=other)
        if has_arrived != (row.state == PAID):
            posting.correct(row, has_arrived=has_arrived, by=by.text, now=now)
        PaymentLine.objects.filter(pk=row.pk).update(
            state=state,
            dispute="",
            owner=row.owner if state == FAILED else "",
            ended_at=now,
            ended_by=by.text,
            ended_reason=said,
        )
        twice = has_arrived and state != PAID
        event = "ledger.payment-paid-twice" if twice else "ledger.payment-dispute-settled"
        _note(event, row, said, by=by, now=now)


def _state_after(state: str, *, has_arrived: bool, other: str | None) -> str:
    """What a contradicted payment is once it is known; `other` is the living payment of the same key."""
    if not has_arrived:
        return FAILED if state == PAID else state
    if other not in {None, PAID}:
        raise Refused("ledger.payment-paid-again")
    return state if other == PAID else PAID


def take_over(line: int, *, by: Actor, now: datetime) -> None:
    """A payment to be mended gets another owner. Refused("ledger.payment-not-failed")."""
    with transaction.atomic():
        row = PaymentLine.objects.select_for_update().exclude(owner="").filter(pk=line).first()
        if row is None:
            raise Refused("ledger.payment-not-failed")
        PaymentLine.objects.filter(pk=row.pk).update(owner=by.text)
        _note("ledger.payment-taken-over", row, "", by=by, now=now)


def _hold_failed(line: int) -> PaymentLine:
    rows = PaymentLine.objects.select_related("batch").select_for_update(of=("self",))
    row = rows.filter(pk=line, state=FAILED).first()
    if row is None:
        raise Refused("ledger.payment-not-failed")
    if row.dispute:
        raise Refused("ledger.payment-disputed")
    return row


def _open(row: PaymentLine, *, document: bool) -> str:
    sealed = bytes(row.document_sealed if document else row.account_sealed)
    place = document_place if document else line_place
    return audit.keys().open(SEAL, sealed, place(row.batch_id, row.line)).decode() if sealed else ""


def _end(row: PaymentLine, state: str, reason: str, *, by: Actor, now: datetime) -> None:
    PaymentLine.objects.filter(pk=row.pk).update(
        state=state, owner="", ended_at=now, ended_by=by.text, ended_reason=reason
    )
    _note(f"ledger.payment-{state}", row, reason, by=by, now=now)


def _note(event: str, row: PaymentLine, reason: str, *, by: Actor, now: datetime) -> None:
    audit.note(
        event,
        by=by.text,
        role=by.role,
        about=f"payment:{row.id}",
        purpose=reason,
        division=row.division,
        detail={"fen": row.fen, "code": row.code},
        at=now,
    )
