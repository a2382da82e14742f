"""A row that did not go in is closed by a person, with a reason; it stays as it came."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from rongjun.access.api import Actor
from rongjun.audit import api as audit
from rongjun.benefits.logic.uses import CONFLICTS
from rongjun.benefits.models import UseRefusal
from rongjun.kernel.errors import Refused


def close_refusal(refusal: int, *, reason: str, by: Actor, now: datetime) -> None:
    """Say why a refused row needs nothing more. A conflict is decided instead (`use_conflicts`).

    Refused: "benefits.no-such-refusal", "benefits.refusal-reason".
    """
    if not reason.strip() or audit.looks_personal(reason):
        raise Refused("benefits.refusal-reason")
    with transaction.atomic():
        row = UseRefusal.objects.select_for_update().filter(pk=refusal, state="open").first()
        if row is None or row.reason in CONFLICTS:
            raise Refused("benefits.no-such-refusal")
        row.state, row.closed_at, row.closed_by, row.closed_reason = (
            "closed",
            now,
            by.text,
            reason.strip()[:200],
        )
        row.save(update_fields=["state", "closed_at", "closed_by", "closed_reason"])
        audit.note(
            "benefits.use-refusal-closed",
            by=by.text,
            role=by.role,
            about=f"use-refusal:{row.id}",
            division=row.division,
            detail={"why": row.reason},
            at=now,
        )
