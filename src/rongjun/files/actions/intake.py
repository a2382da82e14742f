"""Takes an upload in. What was acknowledged is on disk and in the database, whatever happens next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction

from rongjun.access.api import Actor
from rongjun.audit import api as audit
from rongjun.files import logic, sealing
from rongjun.files.checker import inspect_apart
from rongjun.files.checks import Sound
from rongjun.files.models import Upload
from rongjun.files.queries import storage
from rongjun.kernel.crypto import sm3
from rongjun.kernel.errors import Refused


def store_upload(
    content: bytes,
    *,
    file_name: str,
    kind: str,
    about: str,
    division: int,
    by: Actor,
    now: datetime,
    purpose: str = "",
) -> UUID:
    """Keep `content`, sealed, as an upload of `division`; nobody can open it before it was scanned.

    The content is on disk before the row is written: when the caller's transaction commits, both are there;
    when it does not, the sweeper finds the file and puts it on the division's work list.
    What is no sound PDF, JPEG or PNG raises Refused("files.*"); that it came and was refused is kept, too,
    if the caller lets its transaction commit. `about` is plain text such as `person:<uuid>`, or "".
    """
    assert by.scope.contains(division), "an upload belongs to a division of whoever brings it"
    if kind not in logic.KINDS:
        raise Refused("files.kind-missing")
    if not content:
        raise Refused("files.upload-missing")
    work = _Intake(content, file_name=file_name, kind=kind, about=about, division=division, by=by, now=now)
    work.purpose = purpose
    try:
        sound = work.check()
    except Refused as refused:
        work.keep_refusal(refused)
    upload = uuid4()
    work.shelve(upload, sound)
    work.record(upload, sound)
    return upload


@dataclass(slots=True)
class _Intake:
    """One upload on its way in."""

    content: bytes
    file_name: str
    kind: str
    about: str
    division: int
    by: Actor
    now: datetime
    purpose: str = ""

    def check(self) -> Sound:
        """What the content is; raises Refused."""
        if len(self.content) > settings.LARGEST_UPLOAD:
            raise Refused(
                "files.upload-too-large",
                megabytes=-(-len(self.content) // 2**20),
                most=settings.LARGEST_UPLOAD // 2**20,
            )
        return inspect_apart(self.content)

    def shelve(self, upload: UUID, sound: Sound) -> None:
        """Seal the content and put it on its shelf."""
        said = {
            "division": self.division,
            "kind": self.kind,
            "file_name": logic.fit_name(self.file_name, media_type=sound.media_type),
            "media_type": sound.media_type,
            "digest": sm3(self.content).hex(),
            "notes": list(sound.notes),
            "about": self.about,
            "purpose": self.purpose,
            "by": self.by.text,
            "at": self.now.isoformat(),
        }
        sealed = sealing.seal(self.content, upload=upload, particulars=said, keys=audit.keys())
        storage().put(upload, sealed)

    def record(self, upload: UUID, sound: Sound) -> None:
        """Write the row and its event."""
        with transaction.atomic():
            row = self._row(logic.WAITING_FOR_SCAN, media_type=sound.media_type)
            row.id, row.notes, row.scan_after = upload, list(sound.notes), self.now
            row.save(force_insert=True)
            self._note("files.upload-stored", upload=upload, detail={"kind": self.kind, "bytes": row.size})

    def keep_refusal(self, refused: Refused) -> NoReturn:
        """Keep that it came and why it was refused, without its content, and refuse."""
        with transaction.atomic():
            row = self._row(logic.REFUSED, media_type="")
            row.refusal = refused.code
            row.save(force_insert=True)
            self._note(
                "files.upload-refused",
                upload=row.id,
                detail={"kind": self.kind, "reason": refused.code, "bytes": row.size},
                result="refused",
            )
        raise refused

    def _row(self, state: str, *, media_type: str) -> Upload:
        return Upload(
            division=self.division,
            kind=self.kind,
            file_name=logic.fit_name(self.file_name, media_type=media_type),
            media_type=media_type,
            size=len(self.content),
            digest=sm3(self.content),
            state=state,
            about=self.about,
            purpose=self.purpose,
            uploaded_at=self.now,
            uploaded_by=self.by.text,
        )

    def _note(
        self, event: str, *, upload: UUID, detail: dict[str, object], result: audit.Result = "done"
    ) -> None:
        audit.note(
            event,
            by=self.by.text,
            role=self.by.role,
            about=[name for name in (f"upload:{upload}", self.about) if name],
            division=self.division,
            detail=detail,
            result=result,
            at=self.now,
        )
