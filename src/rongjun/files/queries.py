"""What is asked of uploads: those of a person, those somebody has to look at, the day's balance."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Q
from django.db.models.functions import TruncDate
from django.utils.timezone import get_default_timezone

from rongjun.access.api import Scope
from rongjun.files.logic import (
    DISCARDED,
    KINDS,
    LATE_AFTER,
    MISSING,
    QUARANTINED,
    REFUSED,
    STORED,
    WAITING_FOR_SCAN,
)
from rongjun.files.models import Upload
from rongjun.files.storage import Storage
from rongjun.kernel.balance import Balance

PAGE = 50
CHANNEL = "files.upload"
_TO_DO = Q(state__in=[WAITING_FOR_SCAN, QUARANTINED, MISSING]) | Q(state=STORED, linked_to="")


@dataclass(frozen=True, slots=True)
class UploadLine:
    """One upload as a list shows it; `size` in bytes, `is_late` when nobody has looked after it for a day."""

    id: UUID
    division: int
    kind: str
    kind_label: str
    file_name: str
    media_type: str
    size: int
    state: str
    notes: tuple[str, ...]
    about: str
    linked_to: str
    purpose: str
    uploaded_at: datetime
    uploaded_by: str
    found: str
    scan_tries: int
    was_recovered: bool
    is_late: bool

    @property
    def is_readable(self) -> bool:
        """Whether it may be opened: scanned, clean and there."""
        return self.state == STORED


def uploads_about(about: Collection[str], *, now: datetime) -> list[UploadLine]:
    """What is on file for any of `about`, also what is still to be scanned, the newest first."""
    rows = Upload.objects.filter(linked_to__in=about).exclude(state__in=[DISCARDED, REFUSED])
    return [_line(row, now=now) for row in rows.order_by("-uploaded_at", "id")]


def work_list(*, now: datetime, first: int = 0, within: Scope | None = None) -> tuple[list[UploadLine], int]:
    """PAGE uploads in scope (and range) that somebody has to look after, the oldest first, and how many."""
    rows = Upload.objects.filter(_TO_DO).order_by("uploaded_at", "id")
    if within is not None:
        rows = rows.filter(division__gte=within.lo, division__lte=within.hi)
    return [_line(row, now=now) for row in rows[first : first + PAGE]], rows.count()


def to_do_count() -> int:
    """How many uploads in scope somebody has to look after."""
    return Upload.objects.filter(_TO_DO).count()


def upload_line(upload: UUID, *, now: datetime) -> UploadLine | None:
    """One upload in scope; None when there is none."""
    row = Upload.objects.filter(pk=upload).first()
    return _line(row, now=now) if row else None


def balance(*, since: date, until: date) -> list[Balance]:
    """Uploads in scope by the day they came in, `since` and `until` included.

    Done is linked or discarded; waiting is still to be scanned, to be linked, or missing from its shelf.
    """
    day = TruncDate("uploaded_at", tzinfo=get_default_timezone())
    rows = (
        Upload.objects.annotate(day=day)
        .filter(day__gte=since, day__lte=until)
        .values("day")
        .annotate(
            taken_in=Count("id"),
            done=Count("id", filter=Q(state=DISCARDED) | (Q(state=STORED) & ~Q(linked_to=""))),
            refused=Count("id", filter=Q(state__in=[REFUSED, QUARANTINED])),
            waiting=Count(
                "id", filter=Q(state__in=[WAITING_FOR_SCAN, MISSING]) | Q(state=STORED, linked_to="")
            ),
        )
        .order_by("day")
    )
    return [
        Balance(row["day"], CHANNEL, row["taken_in"], row["done"], row["refused"], row["waiting"])
        for row in rows
    ]


def storage() -> Storage:
    """Where this installation keeps sealed uploads."""
    return Storage(Path(settings.FILES_ROOT))


def kinds() -> Sequence[tuple[str, str]]:
    """Kinds of evidence with their Chinese words, for a form."""
    return list(KINDS.items())


def _line(row: Upload, *, now: datetime) -> UploadLine:
    return UploadLine(
        id=row.id,
        division=row.division,
        kind=row.kind,
        kind_label=KINDS.get(row.kind, row.kind),
        file_name=row.file_name,
        media_type=row.media_type,
        size=row.size,
        state=row.state,
        notes=tuple(row.notes),
        about=row.about,
        linked_to=row.linked_to,
        purpose=row.purpose,
        uploaded_at=row.uploaded_at,
        uploaded_by=row.uploaded_by,
        found=row.found,
        scan_tries=row.scan_tries,
        was_recovered=row.recovered_at is not None,
        is_late=now - row.uploaded_at > LATE_AFTER,
    )
