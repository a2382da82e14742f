"""局方确认 of rate orders, acted: one says that an order reads as the document does, another confirms it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction

from rongjun.access.api import Actor
from rongjun.allowances.actions.common import note, require, words
from rongjun.allowances.book import paying_book
from rongjun.allowances.models import RateConfirmation
from rongjun.kernel.errors import Refused

CONFIRM = "allowances.confirm-rates"


def propose_confirmation(order: str, *, digest: str, document: str, by: Actor, now: datetime) -> UUID:
    """Say that a rate order, as it was read by its digest, is what the document says; another confirms it.

    Refused("allowances.may-not"), ("allowances.words-missing"), ("allowances.no-such-order") also for one
    whose rates never pay, ("allowances.order-changed") since it was read, ("allowances.order-confirmed")
    when it is confirmed or waits for that.
    """
    require(by, CONFIRM)
    paper = words(document, least=4, most=120)
    read = {each.code: each for each in paying_book().orders}.get(order)
    if read is None or not read.sure:
        raise Refused("allowances.no-such-order")
    if read.digest != digest:
        raise Refused("allowances.order-changed")
    try:
        with transaction.atomic():
            row = RateConfirmation.objects.create(
                id=uuid4(), order=order, start=read.start, digest=digest, document=paper,
                made_by=by.text, made_at=now,
            )  # fmt: skip
            _note("allowances.rates-proposed", row, by=by, now=now)
    except IntegrityError as error:
        if "rate_confirmation_once" not in str(error):
            raise
        raise Refused("allowances.order-confirmed") from error
    return row.id


def confirm_rates(confirmation: UUID, *, by: Actor, now: datetime) -> None:
    """Another has compared the order with the document: from now on its sure rates pay.

    Refused("allowances.may-not"), ("allowances.no-such-order"), ("allowances.step-not-now"),
    ("allowances.by-two"), ("allowances.order-changed").
    """
    require(by, CONFIRM)
    with transaction.atomic():
        row = _held(confirmation)
        if row.checked_by:
            raise Refused("allowances.step-not-now")
        if row.made_by == by.text:
            raise Refused("allowances.by-two")
        if row.digest not in {each.digest for each in paying_book().orders if each.code == row.order}:
            raise Refused("allowances.order-changed")
        row.checked_by, row.checked_at = by.text, now
        row.save(update_fields=["checked_by", "checked_at"])
        _note("allowances.rates-confirmed", row, by=by, now=now)


def withdraw_confirmation(confirmation: UUID, *, why: str, by: Actor, now: datetime) -> None:
    """Take back what was said or confirmed; what was paid by it stays paid and is not owed less.

    Refused("allowances.may-not"), ("allowances.words-missing"), ("allowances.no-such-order").
    """
    require(by, CONFIRM)
    said = words(why, least=4)
    with transaction.atomic():
        row = _held(confirmation)
        row.withdrawn_by, row.withdrawn_at, row.withdrawn_why = by.text, now, said
        row.save(update_fields=["withdrawn_by", "withdrawn_at", "withdrawn_why"])
        _note("allowances.rates-withdrawn", row, by=by, now=now)


def _held(confirmation: UUID) -> RateConfirmation:
    row = RateConfirmation.objects.select_for_update().filter(pk=confirmation, withdrawn_at=None).first()
    if row is None:
        raise Refused("allowances.no-such-order")
    return row


def _note(event: str, row: RateConfirmation, *, by: Actor, now: datetime) -> None:
    about = f"rates:{row.order}"
    note(event, about, by.division, by=by, now=now, document=row.document, digest=row.digest[:12])
