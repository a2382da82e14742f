"""What people do with an upload: put it on file, discard it, open it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from rongjun.access.api import Actor, acting_as_job
from rongjun.audit import api as audit
from rongjun.files import logic, sealing
from rongjun.files.models import Upload
from rongjun.files.queries import storage
from rongjun.kernel.crypto import Tampered, sm3
from rongjun.kernel.errors import Refused

_SHORTEST_REASON = 4


@dataclass(frozen=True, slots=True)
class Paper:
    """An opened upload."""

    content: bytes
    media_type: str
    file_name: str


def link_upload(upload: UUID, *, about: str, by: Actor, now: datetime) -> None:
    """Put an upload on file for `about` (`person:<uuid>`), which the caller has found in sight.

    Again for the same is no change. Raises Refused when it is not in scope, on file for somebody else, or
    nothing that may be put on file.
    """
    assert about, "an upload is linked to something"
    with transaction.atomic():
        row = _locked(upload)
        if row.linked_to == about:
            return
        if row.linked_to:
            raise Refused("files.already-linked")
        if row.state not in (logic.WAITING_FOR_SCAN, logic.STORED):
            raise Refused("files.not-linkable")
        row.linked_to, row.linked_at, row.linked_by = about, now, by.text
        row.save(update_fields=["linked_to", "linked_at", "linked_by"])
        _note("files.upload-linked", row, by=by, now=now)


def discard_upload(upload: UUID, *, reason: str, by: Actor, now: datetime) -> None:
    """Take an upload off every list, with a reason. The row stays.

    The content is destroyed after thirty days; until then it lies sealed, and nobody can open it.
    """
    said = logic.mask_numbers(reason)[:200]
    if len(said) < _SHORTEST_REASON:
        raise Refused("files.reason-missing")
    with transaction.atomic():
        row = _locked(upload)
        if row.state in (logic.DISCARDED, logic.REFUSED):
            raise Refused("files.already-discarded")
        row.state, row.discard_reason = logic.DISCARDED, said
        row.discarded_at, row.discarded_by = now, by.text
        row.destroy_after = now + logic.DESTROY_AFTER
        row.save(update_fields=["state", "discard_reason", "discarded_at", "discarded_by", "destroy_after"])
        _note("files.upload-discarded", row, by=by, now=now)


def open_upload(upload: UUID, *, purpose: str, by: Actor, now: datetime, source: str = "") -> Paper:
    """The content of an upload in scope; the read is logged with its purpose.

    Raises Refused when it is not there, not scanned yet, quarantined, discarded, missing or damaged.
    """
    row = Upload.objects.filter(pk=upload).first()
    if row is None:
        raise Refused("files.not-found")
    _refuse_unreadable(row)
    sealed = storage().get(upload)
    if sealed is None:
        _note("files.content-missing", row, by=by, now=now, result="refused")
        raise Refused("files.content-missing")
    audit.note_read(
        _objects(row),
        event="files.upload-read",
        by=by.text,
        role=by.role,
        purpose=purpose,
        source=source,
        division=row.division,
        at=now,
    )
    try:
        content = sealing.unseal(sealed, upload=upload, keys=audit.keys()).content
    except Tampered:
        content = b""
    if sm3(content) != bytes(row.digest):
        _note("files.content-damaged", row, by=by, now=now, result="refused")
        raise Refused("files.content-damaged")
    return Paper(content, row.media_type, row.file_name)


def move_uploads(about: str, *, division: int, by: Actor, now: datetime) -> int:
    """Hand everything on file for `about` over to another division, as when a person moves; how many.

    Runs as a job: whoever hands over need not see where it goes.
    """
    with acting_as_job("files.move-uploads"):
        moved = Upload.objects.filter(linked_to=about).exclude(division=division).update(division=division)
        if moved:
            audit.note(
                "files.uploads-moved",
                by=by.text,
                role=by.role,
                about=about,
                division=division,
                detail={"count": moved},
                at=now,
            )
    return moved


def _refuse_unreadable(row: Upload) -> None:
    if row.state == logic.WAITING_FOR_SCAN:
        raise Refused("files.waiting-for-scan")
    if row.state == logic.QUARANTINED:
        raise Refused("files.quarantined")
    if row.state == logic.MISSING:
        raise Refused("files.content-missing")
    if row.state != logic.STORED:
        raise Refused("files.discarded")


def _locked(upload: UUID) -> Upload:
    """Linking and discarding decide by what the row says: of two at once the second sees the first."""
    row = Upload.objects.select_for_update().filter(pk=upload).first()
    if row is None:
        raise Refused("files.not-found")
    return row


def _objects(row: Upload) -> list[str]:
    return [name for name in (f"upload:{row.id}", row.linked_to) if name]


def _note(event: str, row: Upload, *, by: Actor, now: datetime, result: audit.Result = "done") -> None:
    audit.note(
        event,
        by=by.text,
        role=by.role,
        about=_objects(row),
        division=row.division,
        result=result,
        at=now,
    )
