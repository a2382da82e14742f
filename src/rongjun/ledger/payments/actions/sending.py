"""A released batch becomes a signed file, once, and the file goes to the bank until it has got there."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import transaction

from rongjun.audit import api as audit
from rongjun.kernel.crypto import sm3
from rongjun.ledger.payments.actions.batches import claim, known_layout, note
from rongjun.ledger.payments.logic.batches import RELEASED, SENT, number_of
from rongjun.ledger.payments.logic.layouts import BankFile, read_bank_file, write_bank_file
from rongjun.ledger.payments.models import PaymentBatch, PaymentFile
from rongjun.ledger.payments.queries import SEAL, SentFile, bank_head, file_of, file_place, file_rows

SIGNATURE = ".sig"


def send_released(*, by: str, now: datetime) -> int:
    """Make the file of the oldest released batch and hand it over for delivery; returns how many were.

    From this commit on the batch cannot be withdrawn: whether the bank has the file yet is delivery's affair.
    """
    with transaction.atomic():
        rows = PaymentBatch.objects.select_for_update(skip_locked=True).filter(state=RELEASED)
        row = rows.order_by("released_at").first()
        if row is None:
            return 0
        content = _content(row)
        PaymentFile.objects.create(
            batch=row,
            division=row.division,
            name=f"{number_of(row.number)}.{known_layout(row).suffix}",
            content_sealed=audit.keys().seal(SEAL, content, file_place(row.id)),
            size=len(content),
            digest=sm3(content),
            signature=audit.keys().sign(SEAL, content).value,
            made_at=now,
        )
        claim(row, SENT, sent_at=now)
        note(row, "ledger.payments-sent", by=by, now=now)
    return 1


def _content(row: PaymentBatch) -> bytes:
    layout, head, rows = known_layout(row), bank_head(row), file_rows(row)
    content = write_bank_file(layout, head, rows)
    # Read back as the bank will: a file that does not say what was released never leaves the house.
    assert read_bank_file(layout, content) == BankFile(head, tuple(rows)), f"{row} does not read back"
    return content


def deliver_files(*, now: datetime) -> int:
    """Put files that have not got there into their bank's folder, signature first; how many got there.

    Killed between the two, the same bytes are put there once more under the same name. What stands in the way
    is kept with the file, and the next run tries again.
    """
    waiting = PaymentFile.objects.filter(delivered_at=None).order_by("made_at")
    found = list(waiting.values_list("batch_id", "batch__partner")[:10])
    return sum(_deliver(batch, partner, now=now) for batch, partner in found)


def _deliver(batch: UUID, partner: str, *, now: datetime) -> bool:
    with transaction.atomic():
        held = PaymentFile.objects.select_for_update(skip_locked=True).filter(pk=batch, delivered_at=None)
        if not held.exists():
            return False
        file = file_of(batch)
        assert file is not None
        try:
            _put_into(Path(settings.OUT_FOLDER) / partner, file)
        except OSError as error:
            held.update(failure=f"写不进银行的文件夹：{error.strerror}"[:200])
            return False
        held.update(delivered_at=now, failure="")
    return True


def _put_into(folder: Path, file: SentFile) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    put_down(folder / f"{file.name}{SIGNATURE}", file.signature.encode("ascii"))
    put_down(folder / file.name, file.content)


def put_down(path: Path, content: bytes) -> None:
    """Whole or not at all: whoever collects leaves .part alone."""
    unfinished = path.with_name(f"{path.name}.part")
    unfinished.write_bytes(content)
    unfinished.replace(path)
