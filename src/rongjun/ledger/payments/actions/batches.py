"""A batch is made by one, checked by a second, released by a third; the database keeps them apart, too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID, uuid4

from django.db import IntegrityError, connection, transaction

from rongjun.access.api import Actor
from rongjun.audit import api as audit
from rongjun.kernel.errors import Refused
from rongjun.kernel.identifiers.masking import hide
from rongjun.ledger.payments.actions import posting
from rongjun.ledger.payments.logic.batches import (
    CHECKED,
    DRAFT,
    RELEASED,
    WITHDRAWN,
    NewLine,
    People,
    line_faults,
    may_check,
    may_release,
    number_of,
    reference_of,
)
from rongjun.ledger.payments.logic.layouts import BankRow, Layout, misfits
from rongjun.ledger.payments.models import LIVING, PaymentBatch, PaymentLine
from rongjun.ledger.payments.queries import SEAL, document_place, layout_of, line_place
from rongjun.registry import api as registry

_CHUNK = 2000
_REASON = 200


def draft_batch(
    *,
    division: int,
    purpose: str,
    title: str,
    fund: str,
    partner: str,
    layout: str,
    pay_on: date,
    by: str,
    now: datetime,
    known_as: UUID | None = None,
    counter: str = "",
    budgets: Mapping[str, str] | None = None,
) -> UUID:
    """Begin a batch that `by` makes, to be paid on `pay_on` by the bank `partner` in one of its layouts.

    `fund` is the ledger account that bears what no line says otherwise, `counter` the one the money moves to
    (by default what was paid for this purpose), `budgets` the budget line by fund.
    Asked again with the same `known_as` it is the same batch. Refused("ledger.payment-layout-unknown").
    """
    if layout_of(layout) is None:
        raise Refused("ledger.payment-layout-unknown", layout=layout)
    with transaction.atomic():
        batch = known_as or uuid4()
        row = PaymentBatch(
            id=batch,
            number=_next_number(),
            division=division,
            purpose=purpose,
            title=title,
            fund=fund,
            counter=counter or f"paid.{purpose}.{division}",
            budgets=dict(budgets or {}),
            partner=partner,
            layout=layout,
            pay_on=pay_on,
            made_at=now,
            made_by=by,
        )
        # Of two who begin the same batch at once, the second finds it there.
        PaymentBatch.objects.bulk_create([row], ignore_conflicts=True)
        if PaymentBatch.objects.filter(pk=batch, number=row.number).exists():
            note(row, "ledger.payments-drafted", by=by, now=now)
    return batch


def _next_number() -> int:
    with connection.cursor() as cursor:
        cursor.execute("select nextval('ledger_payment_number')")
        return int(cursor.fetchone()[0])


# --- lines --------------------------------------------------------------------------------------------------


def misfit_lines(layout: str, lines: Sequence[NewLine]) -> dict[str, list[str]]:
    """By business key, whatever is wrong with lines or does not fit into this bank's file, in sentences."""
    known = layout_of(layout)
    if known is None:
        raise Refused("ledger.payment-layout-unknown", layout=layout)
    found = {line.key: [*line_faults(line), *misfits(known, _bank_row(line))] for line in lines}
    return {key: faults for key, faults in found.items() if faults}


def _bank_row(line: NewLine) -> BankRow:
    # The longest reference there is: what fits with it fits with every one.
    reference = reference_of(10**11, 10**5)
    return BankRow(
        10**6,
        reference,
        line.payee,
        line.account,
        line.fen,
        line.purpose,
        line.key,
        line.bank,
        line.document,
    )


def add_lines(
    batch: UUID,
    lines: Sequence[NewLine],
    *,
    by: str,
    now: datetime,
    follows: Mapping[str, int] | None = None,
) -> int:
    """Add payments to a draft; all of them or none. Returns how many the draft then holds.

    Refused: "ledger.payment-not-draft"; "ledger.payment-line-unfit" with the first fault (ask
    `misfit_lines` before); "ledger.payment-key-living" when something of it is being paid or has been.
    """
    with transaction.atomic():
        row = hold_batch(batch, state=DRAFT)
        if row is None:
            raise Refused("ledger.payment-not-draft")
        if row.made_by != by and not by.startswith("job:"):
            raise Refused("ledger.payment-not-maker")
        _refuse_unfit(row.layout, lines)
        last = PaymentLine.objects.filter(batch=row).count()
        made = [
            _line_of(row, last + place, line, by=by, now=now, follows=(follows or {}).get(line.key))
            for place, line in enumerate(lines, start=1)
        ]
        _insert(made)
    return last + len(made)


def _refuse_unfit(layout: str, lines: Sequence[NewLine]) -> None:
    for key, faults in misfit_lines(layout, lines).items():
        raise Refused("ledger.payment-line-unfit", key=key, fault=faults[0])


def _insert(lines: Sequence[PaymentLine]) -> None:
    keys = [line.key for line in lines]
    taken = PaymentLine.objects.filter(key__in=keys, state__in=LIVING).values_list("key", flat=True).first()
    if taken is not None or len(set(keys)) < len(keys):
        raise Refused("ledger.payment-key-living", key=taken or "")
    try:
        with transaction.atomic():
            for start in range(0, len(lines), _CHUNK):
                registry.insert_rows(lines[start : start + _CHUNK])
    except IntegrityError as error:
        # Somebody else was first a moment ago, or stands in another division.
        if "payment_key_living" in str(error):
            raise Refused("ledger.payment-key-living", key="") from None
        raise


def _line_of(
    batch: PaymentBatch, place: int, line: NewLine, *, by: str, now: datetime, follows: int | None
) -> PaymentLine:
    keys, document = audit.keys(), line.document.encode()
    return PaymentLine(
        batch=batch,
        division=line.division,
        line=place,
        key=line.key,
        payee=line.payee,
        account_sealed=keys.seal(SEAL, line.account.encode(), line_place(batch.id, place)),
        account_index=keys.index(SEAL, line.account.encode()),
        account_mask=hide(line.account, head=0, tail=4),
        document_sealed=keys.seal(SEAL, document, document_place(batch.id, place)) if document else b"",
        bank=line.bank,
        fen=line.fen,
        purpose=line.purpose,
        shares={fund: int(fen) for fund, fen in line.shares.items()} or {batch.fund: int(line.fen)},
        why=line.why[:_REASON],
        added_at=now,
        added_by=by,
        follows_id=follows,
    )


# --- three people -------------------------------------------------------------------------------------------


def check_batch(batch: UUID, *, by: Actor, now: datetime) -> None:
    """The second person finds it right: from here on its lines, count and total stay as they are.

    Refused: "ledger.payment-not-draft", "ledger.payment-same-person", "ledger.payment-empty".
    """
    with transaction.atomic():
        row = hold_batch(batch, state=DRAFT)
        if row is None:
            raise Refused("ledger.payment-not-draft")
        if not may_check(people_of(row), by.text):
            raise Refused("ledger.payment-same-person")
        amounts = PaymentLine.objects.filter(batch=row, state=DRAFT).values_list("fen", flat=True)
        count, total = len(amounts), sum(amounts)
        if not count:
            raise Refused("ledger.payment-empty")
        claim(row, CHECKED, checked_at=now, checked_by=by.text, count=count, total=total)
        PaymentLine.objects.filter(batch=row, state=DRAFT).update(state="ready")
        note(row, "ledger.payments-checked", by=by.text, role=by.role, now=now)


def release_batch(batch: UUID, *, by: Actor, now: datetime) -> None:
    """The third person lets the money go; the worker sends the file.

    Refused: "ledger.payment-not-checked", "ledger.payment-same-person", and what `ledger.hold` says when a
    fund cannot bear it.
    """
    with transaction.atomic():
        row = hold_batch(batch, state=CHECKED)
        if row is None:
            raise Refused("ledger.payment-not-checked")
        if not may_release(people_of(row), by.text):
            raise Refused("ledger.payment-same-person")
        claim(row, RELEASED, released_at=now, released_by=by.text)
        posting.reserve(row, by=by.text, now=now)
        note(row, "ledger.payments-released", by=by.text, role=by.role, now=now)


def withdraw_batch(batch: UUID, *, reason: str, by: Actor, now: datetime) -> None:
    """Take a batch back that has not gone to the bank; its business keys are free again.

    Refused: "ledger.payment-sent" once it has, "ledger.payment-reason-missing".
    """
    said = reason_of(reason)
    with transaction.atomic():
        row = PaymentBatch.objects.select_for_update().filter(pk=batch).first()
        if row is None or row.state not in {DRAFT, CHECKED, RELEASED}:
            raise Refused("ledger.payment-sent")
        posting.free(row, by=by.text, now=now)
        claim(row, WITHDRAWN, withdrawn_at=now, withdrawn_by=by.text, withdrawn_reason=said)
        PaymentLine.objects.filter(batch=row, state__in=[DRAFT, "ready"]).update(
            state="withdrawn", ended_at=now, ended_by=by.text, ended_reason=said
        )
        note(row, "ledger.payments-withdrawn", by=by.text, role=by.role, now=now)


def hold_batch(batch: UUID, *, state: str) -> PaymentBatch | None:
    """The batch, held until the transaction ends; None when it is not there or not in this state."""
    row = PaymentBatch.objects.select_for_update().filter(pk=batch).first()
    return row if row is not None and row.state == state else None


def claim(row: PaymentBatch, state: str, **said: object) -> None:
    """Move a held batch on; whoever was first took it along."""
    changed = PaymentBatch.objects.filter(pk=row.pk, state=row.state).update(state=state, **said)
    if not changed:
        raise Refused("ledger.payment-moved-on")
    row.state = state
    for name, value in said.items():
        setattr(row, name, value)


def people_of(row: PaymentBatch) -> People:
    """Who has had this batch in hand."""
    return People(row.made_by, row.checked_by, row.released_by)


def reason_of(text: str) -> str:
    """A reason fit to be kept. Refused: "ledger.payment-reason-missing", "ledger.payment-reason-numbers"."""
    said = text.strip()[:_REASON]
    if len(said) < 2:
        raise Refused("ledger.payment-reason-missing")
    if audit.looks_personal(said):
        raise Refused("ledger.payment-reason-numbers")
    return said


def note(row: PaymentBatch, event: str, *, by: str, now: datetime, role: str = "") -> None:
    """One event of a batch, with its figures."""
    audit.note(
        event,
        by=by,
        role=role,
        about=f"payment-batch:{row.id}",
        division=row.division,
        detail={"number": number_of(row.number), "lines": row.count, "fen": row.total},
        at=now,
    )


def known_layout(row: PaymentBatch) -> Layout:
    """The layout a batch was drafted in."""
    found = layout_of(row.layout)
    assert found is not None, f"layout {row.layout} is gone from contracts"
    return found
