"""Scans what waits. A scanner that does not answer changes nothing but the moment of the next try."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from rongjun.audit import api as audit
from rongjun.files import logic, sealing
from rongjun.files.models import Upload
from rongjun.files.queries import storage
from rongjun.files.scanning import Scanner, ScannerUnavailable
from rongjun.kernel.crypto import Tampered

AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class Scanned:
    """What one round did; `answered` is False when the scanner did not."""

    clean: int = 0
    infected: int = 0
    missing: int = 0
    answered: bool = True


def scan_waiting(scanner: Scanner, *, by: str, now: datetime) -> Scanned:
    """Scan up to AT_ONCE uploads whose turn it is; stops at the first that gets no answer.

    Clean ones can be opened from then on, others are quarantined: sealed, unreadable, on the work list.
    """
    clean = infected = missing = 0
    with transaction.atomic():
        # A row that a clerk is linking this moment is left for the next round.
        waiting = Upload.objects.select_for_update(skip_locked=True).filter(
            state=logic.WAITING_FOR_SCAN, scan_after__lte=now
        )
        for row in waiting.order_by("scan_after", "id")[:AT_ONCE]:
            try:
                state = _scan(row, scanner, by=by, now=now)
            except ScannerUnavailable as unavailable:
                _postpone(row, unavailable, by=by, now=now)
                return Scanned(clean, infected, missing, answered=False)
            clean += state == logic.STORED
            infected += state == logic.QUARANTINED
            missing += state == logic.MISSING
    return Scanned(clean, infected, missing)


def _scan(row: Upload, scanner: Scanner, *, by: str, now: datetime) -> str:
    content = _content_of(row)
    if content is None:
        return _settle(row, logic.MISSING, by=by, now=now)
    verdict = scanner.scan(content)
    row.found, row.scanned_at = verdict.found, now
    return _settle(row, logic.STORED if verdict.is_clean else logic.QUARANTINED, by=by, now=now)


def _content_of(row: Upload) -> bytes | None:
    sealed = storage().get(row.id)
    try:
        return sealing.unseal(sealed, upload=row.id, keys=audit.keys()).content if sealed else None
    except Tampered:
        return None


def _settle(row: Upload, state: str, *, by: str, now: datetime) -> str:
    row.state = state
    row.save(update_fields=["state", "found", "scanned_at"])
    events = {
        logic.STORED: "files.scan-clean",
        logic.QUARANTINED: "files.upload-quarantined",
        logic.MISSING: "files.content-missing",
    }
    detail: dict[str, object] = {"found": row.found} if row.found else {}
    audit.note(
        events[state],
        by=by,
        about=[name for name in (f"upload:{row.id}", row.linked_to) if name],
        division=row.division,
        result="done" if state == logic.STORED else "refused",
        detail=detail,
        at=now,
    )
    return state


def _postpone(row: Upload, unavailable: ScannerUnavailable, *, by: str, now: datetime) -> None:
    row.scan_tries += 1
    row.scan_after = now + logic.wait_before_try(row.scan_tries)
    row.save(update_fields=["scan_tries", "scan_after"])
    # Every failure would fill the chain while a scanner is away for a weekend; the first says it.
    if row.scan_tries == 1:
        audit.note(
            "files.scan-postponed",
            by=by,
            about=f"upload:{row.id}",
            division=row.division,
            result="refused",
            detail={"because": str(unavailable)},
            at=now,
        )
