"""The photo for a card that is being applied for: judged by its form, kept as evidence is."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from rongjun.access.api import Actor
from rongjun.audit import api as audit
from rongjun.cards.actions.handling import HANDLE
from rongjun.cards.actions.telling import about, hold
from rongjun.cards.logic.life import APPLIED, APPROVED
from rongjun.cards.logic.photo import fault_of_photo
from rongjun.files import api as files
from rongjun.kernel.errors import Refused


def attach_photo(reference: int, content: bytes, *, file_name: str, by: Actor, now: datetime) -> UUID:
    """Keep the photo for a card that is not ordered yet, on the person's file; the upload. The last counts.

    Refused("cards.may-not"), ("cards.photo-unfit") saying why, ("cards.not-now") once it is ordered, or as
    files refuse.
    """
    if not by.may(HANDLE):
        raise Refused("cards.may-not")
    fault = fault_of_photo(content)
    if fault:
        raise Refused("cards.photo-unfit", why=fault)
    with transaction.atomic():
        row = hold([reference])[reference]
        if row.state not in (APPLIED, APPROVED):
            raise Refused("cards.not-now", state=row.state)
        whose = f"person:{row.person_id}"
        upload = files.store_upload(
            content, file_name=file_name, kind="photo", about=whose, division=row.division, by=by, now=now,
            purpose="卡证照片",
        )  # fmt: skip
        files.link_upload(upload, about=whose, by=by, now=now)
        row.photo = upload
        row.save(update_fields=["photo"])
        audit.note(
            "cards.photo-attached",
            by=by.text,
            role=by.role,
            about=[whose, about(reference)],
            division=row.division,
            at=now,
        )
    return upload
