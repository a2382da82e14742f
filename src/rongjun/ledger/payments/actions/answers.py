"""What the bank says becomes what happened to each payment, once, whatever comes twice or late."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from rongjun.ledger.payments.actions import posting
from rongjun.ledger.payments.actions.batches import claim, known_layout, note
from rongjun.ledger.payments.logic.batches import ANSWERED, CLOSED, SENT, read_reference
from rongjun.ledger.payments.logic.reasons import (
    CHANGE,
    DISPUTE,
    FAILED,
    PAID,
    READY,
    REFUSE,
    Answer,
    Verdict,
    judge_answer,
)
from rongjun.ledger.payments.models import PaymentAnswer, PaymentBatch, PaymentLine
from rongjun.partners import api as partners

OWNER = "feed:payment-results"
_WORDS = 200


@dataclass(frozen=True, slots=True)
class Taken:
    """What a round of answers did: taken = changed + same + disputed + refused."""

    changed: int = 0
    same: int = 0
    disputed: int = 0
    refused: int = 0


def take_answers(*, most: int, by: str, now: datetime) -> Taken:
    """Take up the oldest answers that wait, and settle each with what it did."""
    with transaction.atomic():
        items = partners.take_waiting(owner=OWNER, most=most)
        lines = _hold_lines(items)
        before = {line.id: line.state for line in lines.values()}
        verdicts = [_take(item, lines, now=now) for item in items]
        _book([line for line in lines.values() if line.state != before[line.id]], by=by, now=now)
        partners.settle_items(
            [
                partners.Settled(
                    item.id, "refused" if verdict.kind == REFUSE else "done", _why(item, verdict)
                )
                for item, verdict in zip(items, verdicts, strict=True)
            ],
            now=now,
        )
        _move_on({line.batch_id for line in lines.values()}, by=by, now=now)
    kinds = [verdict.kind for verdict in verdicts]
    return Taken(*(kinds.count(kind) for kind in (CHANGE, "same", DISPUTE, REFUSE)))


def _why(item: partners.WaitingItem, verdict: Verdict) -> str:
    return f"{item.key}：{verdict.words}"


Reference = tuple[int, int]


def _hold_lines(items: Sequence[partners.WaitingItem]) -> dict[Reference, PaymentLine]:
    """The lines these answers are about, held, in the order of their ids so that two workers never cross."""
    asked = {found for item in items if (found := read_reference(item.key))}
    rows = PaymentLine.objects.select_related("batch").select_for_update(of=("self",))
    rows = rows.filter(batch__number__in={batch for batch, _ in asked}, line__in={line for _, line in asked})
    held = {(row.batch.number, row.line): row for row in rows.order_by("id")}
    return {reference: held[reference] for reference in asked if reference in held}


def _take(item: partners.WaitingItem, lines: dict[Reference, PaymentLine], *, now: datetime) -> Verdict:
    reference = read_reference(item.key)
    line = lines.get(reference) if reference else None
    if line is None or line.batch.partner != item.partner or line.batch.sent_at is None:
        return Verdict(REFUSE, "我们没有发过这一笔付款")
    answer = _answer(item, line.batch)
    verdict = judge_answer(answer, state=line.state, fen=line.fen)
    if verdict.kind != REFUSE:
        _record(line, item, answer, verdict, now=now)
    return verdict


def _answer(item: partners.WaitingItem, batch: PaymentBatch) -> Answer:
    said, fen = item.fields.get("code", ""), item.fields.get("fen", "")
    code = known_layout(batch).codes.get(said, said)
    return Answer(code, int(fen) if fen.isdecimal() else -1, item.fields.get("detail", "")[:_WORDS])


def _record(
    line: PaymentLine, item: partners.WaitingItem, answer: Answer, verdict: Verdict, *, now: datetime
) -> None:
    PaymentAnswer.objects.create(
        line=line,
        division=line.division,
        item=item.id,
        code=answer.code,
        detail=answer.detail,
        outcome=verdict.kind,
        said_at=now,
    )
    if verdict.kind == CHANGE:
        line.state, line.code, line.answered_at = verdict.state, answer.code, now
        line.reason = f"{verdict.words}（{answer.detail}）"[:_WORDS] if answer.detail else verdict.words
        line.owner = line.batch.made_by if verdict.state == FAILED else ""
    elif verdict.kind == DISPUTE:
        line.dispute, line.owner = verdict.words[:_WORDS], line.batch.made_by
    else:
        return
    line.save(update_fields=["state", "code", "answered_at", "reason", "owner", "dispute"])


def _book(changed: Sequence[PaymentLine], *, by: str, now: datetime) -> None:
    """What these answers do to the books, batch by batch in the order of their ids."""
    for batch in sorted({line.batch_id for line in changed}):
        row = PaymentBatch.objects.select_for_update().get(pk=batch)
        mine = [line for line in changed if line.batch_id == batch]
        paid = [line for line in mine if line.state == PAID]
        failed = [line for line in mine if line.state == FAILED]
        posting.advance(row, paid=paid, failed=failed, by=by, now=now)


def _move_on(batches: set[UUID], *, by: str, now: datetime) -> None:
    rows = PaymentBatch.objects.select_for_update().filter(pk__in=batches, state__in=[SENT, ANSWERED])
    for row in rows.order_by("id"):
        if row.state == SENT:
            claim(row, ANSWERED, answered_at=now)
        if not PaymentLine.objects.filter(batch=row, state=READY).exists():
            claim(row, CLOSED, closed_at=now)
            note(row, "ledger.payments-closed", by=by, now=now)
