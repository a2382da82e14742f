"""What partners' intake does by itself: it reads the clock and the drop folder."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from rongjun.access.api import acting_as_job
from rongjun.partners import actions
from rongjun.partners.actions import outbox, reconciling
from rongjun.partners.delivering import deliver
from rongjun.partners.logic import LARGEST_FILE
from rongjun.partners.models import InboundBatch, Partner
from rongjun.partners.queries import WaitingItem, take_waiting

BY = "job:partners.collect-drop"
UNFINISHED = {".part", ".tmp", ".filepart"}
SIGNATURE = ".sig"
LONGEST_SIGNATURE = 1024
AT_ONCE = 10  # files a run; the next run comes in seconds
RECEIPTS_AT_ONCE = 200


def collect_drop() -> int:
    """Take in what lies in `drop/PARTNER/`; a file is moved to `taken/` after its batch is committed.

    Killed in between, the file is found again, known by its content, and moved then. Returns how many.
    """
    found = list(_dropped())[:AT_ONCE]
    for code, file in found:
        with file.open("rb") as opened:
            content = opened.read(LARGEST_FILE + 1)
        actions.receive_file(
            content,
            partner=code,
            file_name=file.name,
            signature=signature_beside(file),
            by=BY,
            now=timezone.now(),
        )
        transaction.on_commit(partial(_put_away, file))
    return len(found)


def signature_beside(file: Path) -> str:
    """What stands in FILE.sig; "" without one. Whoever signs puts it down before the file."""
    beside = file.with_name(file.name + SIGNATURE)
    if not beside.is_file() or beside.is_symlink():
        return ""
    with beside.open("rb") as opened:
        return opened.read(LONGEST_SIGNATURE).decode("ascii", "replace").strip()


def check_received() -> None:
    """Judge batches that were stored and not yet judged; close those whose lines are all settled."""
    for batch in InboundBatch.objects.filter(state="received").values_list("id", flat=True)[:AT_ONCE]:
        actions.check_batch(batch, now=timezone.now())
    actions.close_batches(now=timezone.now())


def _dropped() -> Iterator[tuple[str, Path]]:
    root = Path(settings.DROP_FOLDER)
    if not root.is_dir():
        return
    for code, channels in Partner.objects.order_by("code").values_list("code", "channels"):
        folder = root / code
        if actions.FILE in channels and folder.is_dir():
            yield from ((code, file) for file in sorted(folder.iterdir()) if _is_whole(file))


def _is_whole(file: Path) -> bool:
    # A link could point anywhere on the server.
    return file.is_file() and not file.is_symlink() and file.suffix not in {*UNFINISHED, SIGNATURE}


def _put_away(file: Path) -> None:
    taken = file.parent / "taken"
    taken.mkdir(exist_ok=True)
    # The file last: while it lies here it is found again.
    beside = file.with_name(file.name + SIGNATURE)
    if beside.is_file():
        beside.replace(taken / beside.name)
    file.replace(taken / file.name)


# --- what we send -------------------------------------------------------------------------------------------

SEND = "partners.send-outbound"


def send_outbound() -> int:
    """Number what waits, then put down or call what is due, after this transaction has committed.

    Killed anywhere in between, the same content is due again, under the same number and key.
    """
    outbox.hold_receivers(now=timezone.now())
    outbox.number_waiting(most=AT_ONCE, now=timezone.now())
    parcels = outbox.claim_due(most=AT_ONCE, now=timezone.now())
    for parcel in parcels:
        transaction.on_commit(partial(_deliver, parcel))
    return len(parcels)


def _deliver(parcel: outbox.Parcel) -> None:
    outcome = deliver(parcel, now=timezone.localtime())
    with acting_as_job(SEND):
        outbox.record_try(parcel.id, outcome, now=timezone.now())


def take_receipts() -> int:
    """Settle what partners say of what we sent (format receipts/1); returns how many lines were taken up."""
    items = take_waiting(owner="feed:receipts", most=RECEIPTS_AT_ONCE)
    actions.settle_items([_settled(item) for item in items], now=timezone.now())
    return len(items)


def _settled(item: WaitingItem) -> actions.Settled:
    names = ("format", "sequence", "digest", "count", "outcome", "why")
    receipt = outbox.Receipt(*(item.fields[name] for name in names))
    return actions.Settled(item.id, *outbox.acknowledge(item.partner, receipt, now=timezone.now()))


# --- reconciliation -----------------------------------------------------------------------------------------

STATEMENT_LOOK_BACK = timedelta(days=20)


def take_statements() -> int:
    """Keep what partners state they sent and took (format statements/1); returns how many lines."""
    items = take_waiting(owner="feed:statements", most=RECEIPTS_AT_ONCE)
    actions.settle_items(reconciling.take_statements(items), now=timezone.now())
    reconciling.note_empty_statements(since=timezone.localdate() - STATEMENT_LOOK_BACK)
    return len(items)


def send_statements() -> None:
    """Once a day, each partner that takes it gets our statement about yesterday."""
    reconciling.send_statements(by="job:partners.send-statements", now=timezone.now())
