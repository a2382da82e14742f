"""Keeps shelves and rows alike: what one has and the other lacks is found, and gets an owner."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from rongjun.audit import api as audit
from rongjun.files import logic, sealing
from rongjun.files.models import Upload
from rongjun.files.queries import storage
from rongjun.files.storage import SHELVES
from rongjun.kernel.crypto import CryptoError

# Longer than any transaction may last: what is younger may still be written down by whoever is writing it.
GRACE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Swept:
    """What one sweep found; nothing of it is lost, each has become somebody's task or an event."""

    recovered: int = 0
    missing: int = 0
    returned: int = 0
    set_aside: int = 0
    unfinished: int = 0


def sweep_storage(*, by: str, now: datetime, grace: timedelta = GRACE) -> Swept:
    """Compare shelves with rows, both ways.

    A file without a row becomes an upload on its division's work list; a row without its file is missing, and
    on that list, too; a file that came back is scanned again; what cannot be opened is set aside and noted;
    what was never finished is removed, since nobody was told it had arrived.
    """
    seconds = grace.total_seconds()
    found = Swept(unfinished=storage().forget_unfinished(older_than_seconds=seconds))
    for shelf in SHELVES:
        with transaction.atomic():
            one = _sweep_shelf(shelf, by=by, now=now, seconds=seconds)
        found = Swept(
            found.recovered + one.recovered,
            found.missing + one.missing,
            found.returned + one.returned,
            found.set_aside + one.set_aside,
            found.unfinished,
        )
    if found != Swept():
        _note("files.storage-swept", by=by, now=now, detail=_counts(found))
    return found


def destroy_discarded(*, by: str, now: datetime) -> int:
    """Destroy the content of discarded uploads whose time is over; how many. The rows stay."""
    due = Upload.objects.filter(state=logic.DISCARDED, destroyed_at=None, destroy_after__lte=now)
    rows = list(due.order_by("destroy_after")[:500])
    for row in rows:
        # The file first: broken off here, the row is still due and the next round does it again.
        storage().destroy(row.id)
        row.destroyed_at = now
        row.save(update_fields=["destroyed_at"])
        _note("files.content-destroyed", by=by, now=now, about=row.id, division=row.division)
    return len(rows)


def _sweep_shelf(shelf: str, *, by: str, now: datetime, seconds: float) -> Swept:
    there = {each.upload: each.age_seconds for each in storage().on_shelf(shelf)}
    first, last = UUID(shelf + "0" * 31), UUID(shelf + "f" * 31)
    rows = dict(Upload.objects.filter(id__gte=first, id__lte=last).values_list("id", "state"))
    orphans = [upload for upload, age in there.items() if upload not in rows and age >= seconds]
    gone = [upload for upload, state in rows.items() if state in logic.WITH_CONTENT and upload not in there]
    back = [
        upload
        for upload, state in rows.items()
        if state == logic.MISSING and upload in there and _can_be_opened(upload)
    ]
    adopted = [_adopt(upload, by=by, now=now) for upload in orphans]
    return Swept(
        recovered=sum(adopted),
        missing=_turn(gone, logic.MISSING, event="files.content-missing", by=by, now=now),
        returned=_turn(back, logic.WAITING_FOR_SCAN, event="files.content-returned", by=by, now=now),
        set_aside=len(adopted) - sum(adopted),
    )


def _turn(uploads: Iterable[UUID], state: str, *, event: str, by: str, now: datetime) -> int:
    turned = 0
    for row in Upload.objects.select_for_update().filter(id__in=list(uploads)):
        if state == logic.MISSING and storage().get(row.id) is not None:
            continue  # it arrived between looking at the shelf and looking at the rows
        row.state, row.scan_after = state, now
        row.save(update_fields=["state", "scan_after"])
        _note(event, by=by, now=now, about=row.id, division=row.division)
        turned += 1
    return turned


def _can_be_opened(upload: UUID) -> bool:
    sealed = storage().get(upload)
    try:
        return sealed is not None and bool(sealing.unseal(sealed, upload=upload, keys=audit.keys()))
    except CryptoError:
        return False


def _adopt(upload: UUID, *, by: str, now: datetime) -> bool:
    """Write the row that an interrupted upload lacks; False when the file is none of ours and set aside."""
    sealed = storage().get(upload)
    if sealed is None:
        return True  # gone since we looked
    try:
        opened = sealing.unseal(sealed, upload=upload, keys=audit.keys())
    except CryptoError:
        storage().set_aside(upload)
        _note("files.stranger-set-aside", by=by, now=now, about=upload)
        return False
    said = {name: value for name, value in opened.particulars.items() if name != "notes"}
    notes = opened.particulars.get("notes")
    row = Upload(
        id=upload,
        division=int(str(said["division"])),
        kind=str(said["kind"]),
        file_name=str(said["file_name"]),
        media_type=str(said["media_type"]),
        size=len(opened.content),
        digest=bytes.fromhex(str(said["digest"])),
        notes=notes if isinstance(notes, list) else [],
        state=logic.WAITING_FOR_SCAN,
        about=str(said["about"]),
        purpose=str(said["purpose"]),
        uploaded_at=datetime.fromisoformat(str(said["at"])),
        uploaded_by=str(said["by"]),
        scan_after=now,
        recovered_at=now,
    )
    # Whoever was writing it may have come first after all.
    Upload.objects.bulk_create([row], ignore_conflicts=True)
    _note("files.upload-recovered", by=by, now=now, about=upload, division=row.division)
    return True


def _counts(found: Swept) -> dict[str, object]:
    return {
        "recovered": found.recovered,
        "missing": found.missing,
        "returned": found.returned,
        "set_aside": found.set_aside,
        "unfinished": found.unfinished,
    }


def _note(
    event: str,
    *,
    by: str,
    now: datetime,
    about: UUID | None = None,
    division: int | None = None,
    detail: dict[str, object] | None = None,
) -> None:
    objects = [f"upload:{about}"] if about else []
    audit.note(event, by=by, about=objects, division=division, detail=detail, at=now)
