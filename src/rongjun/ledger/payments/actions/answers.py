"""What the bank says becomes what happened to each payment, once, whatever comes twice or late."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from rongjun.kernel.words import translatable
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
    SAME,
    Answer,
    Verdict,
    judge_answer,
)
from rongjun.ledger.payments.models import PaymentAnswer, PaymentBatch, PaymentLine
from rongjun.partners import api as partners

OWNER = "feed:payment-results"
_WORDS = 200
_CHUNK = 2000
_CHANGING = ("state", "code", "answered_at", "reason", "owner", "dispute")


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
        rounds = [_take(item, lines, now=now) for item in items]
        _keep([each for each in rounds if each.answer is not None])
        _book([line for line in lines.values() if line.state != before[line.id]], by=by, now=now)
        partners.settle_items([_settled(each) for each in rounds], now=now)
        _move_on({each.answer.line.batch_id for each in rounds if each.answer is not None}, by=by, now=now)
    kinds = [each.verdict.kind for each in rounds]
    return Taken(*(kinds.count(kind) for kind in (CHANGE, SAME, DISPUTE, REFUSE)))


@dataclass(frozen=True, slots=True)
class _Round:
    """One answer, what it did, and the row that keeps it; none of one that goes back."""

    item: partners.WaitingItem
    verdict: Verdict
    answer: PaymentAnswer | None = None


def _settled(each: _Round) -> partners.Settled:
    state = "refused" if each.verdict.kind == REFUSE else "done"
    return partners.Settled(each.item.id, state, each.verdict.words)


Reference = tuple[int, int]


def _hold_lines(items: Sequence[partners.WaitingItem]) -> dict[Reference, PaymentLine]:
    """The lines these answers are about, held, in the order of their ids so that two workers never cross."""
    asked = {found for item in items if (found := read_reference(item.key))}
    rows = PaymentLine.objects.select_related("batch").select_for_update(of=("self",))
    rows = rows.filter(batch__number__in={batch for batch, _ in asked}, line__in={line for _, line in asked})
    held = {(row.batch.number, row.line): row for row in rows.order_by("id")}
    return {reference: held[reference] for reference in asked if reference in held}


def _take(item: partners.WaitingItem, lines: dict[Reference, PaymentLine], *, now: datetime) -> _Round:
    reference = read_reference(item.key)
    line = lines.get(reference) if reference else None
    if line is None or line.batch.partner != item.partner or line.batch.sent_at is None:
        return _Round(item, Verdict(REFUSE, translatable("我们没有发过这一笔付款")))
    answer = _answer(item, line.batch)
    verdict = judge_answer(answer, state=line.state, fen=line.fen)
    if verdict.kind == REFUSE:
        return _Round(item, verdict)
    _change(line, answer, verdict, now=now)
    return _Round(item, verdict, _row(line, item, answer, verdict, now=now))


def _answer(item: partners.WaitingItem, batch: PaymentBatch) -> Answer:
    said, fen = item.fields.get("code", ""), item.fields.get("fen", "")
    code = known_layout(batch).codes.get(said, said)
    return Answer(code, int(fen) if fen.isdecimal() else -1, item.fields.get("detail", "")[:_WORDS])


def _change(line: PaymentLine, answer: Answer, verdict: Verdict, *, now: datetime) -> None:
    if verdict.kind == CHANGE:
        line.state, line.code, line.answered_at = verdict.state, answer.code, now
        line.reason = f"{verdict.words}（{answer.detail}）"[:_WORDS] if answer.detail else verdict.words
        line.owner = line.batch.made_by if verdict.state == FAILED else ""
    elif verdict.kind == DISPUTE:
        line.dispute, line.owner = verdict.words[:_WORDS], line.batch.made_by


def _row(
    line: PaymentLine, item: partners.WaitingItem, answer: Answer, verdict: Verdict, *, now: datetime
) -> PaymentAnswer:
    return PaymentAnswer(
        line=line,
        division=line.division,
        item=item.id,
        code=answer.code,
        detail=answer.detail,
        outcome=verdict.kind,
        said_at=now,
    )


def _keep(rounds: Sequence[_Round]) -> None:
    answers = [each.answer for each in rounds if each.answer is not None]
    PaymentAnswer.objects.bulk_create(answers, batch_size=_CHUNK)
    # Thousands arrive in the same few words: one statement for all that change alike.
    alike: dict[tuple[object, ...], list[int]] = {}
    for line in {row.line_id: row.line for row in answers if row.outcome in {CHANGE, DISPUTE}}.values():
        alike.setdefault(tuple(getattr(line, name) for name in _CHANGING), []).append(line.id)
    for values, lines in alike.items():
        PaymentLine.objects.filter(pk__in=lines).update(**dict(zip(_CHANGING, values, strict=True)))


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
