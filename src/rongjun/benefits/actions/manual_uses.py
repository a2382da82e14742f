"""Somebody from out of town was let in by a certificate: written down, struck, or put right by reference."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.timezone import localtime

from rongjun.access.api import Actor
from rongjun.audit import api as audit
from rongjun.benefits.logic import manual_uses as logic
from rongjun.benefits.logic.manual_uses import Said
from rongjun.benefits.models import ManualUse, Programme, UsePlace
from rongjun.benefits.queries import book
from rongjun.kernel.errors import Refused
from rongjun.rules.api import NoFareError, ordinary_price


def record_manual_use(said: Said, *, by: Actor, now: datetime) -> int:
    """Write down who came, where and by which certificate; the number of the entry.

    Refused: "benefits.manual-unfit" with what is missing, "benefits.manual-no-number" where the name looks
    like a number.
    """
    return _record(said, corrects=None, by=by, now=now)


def correct_manual_use(entry: int, said: Said, *, reason: str, by: Actor, now: datetime) -> int:
    """Strike an entry and write down what is right, which refers to it; the number of the new one.

    Refused as `record_manual_use` and `strike_manual_use` are.
    """
    with transaction.atomic():
        _strike(entry, reason=reason, by=by, now=now)
        return _record(said, corrects=entry, by=by, now=now)


def strike_manual_use(entry: int, *, reason: str, by: Actor, now: datetime) -> None:
    """An entry counts no longer, with the reason; it stays.

    Refused: "benefits.manual-no-such", "benefits.refusal-reason".
    """
    with transaction.atomic():
        _strike(entry, reason=reason, by=by, now=now)


def _record(said: Said, *, corrects: int | None, by: Actor, now: datetime) -> int:
    faults = logic.faults_of(said, now=now)
    place = UsePlace.objects.filter(pk=said.place).first()
    programme = Programme.objects.filter(code=said.programme).first()
    if place is None:
        faults.append("没有选地点")
    if programme is None or (said.used_at and not _has_fare(said)):
        faults.append("没有选项目，或者这一档那天没有票价")
    if faults:
        raise Refused("benefits.manual-unfit", faults="；".join(faults))
    if audit.looks_personal(said.name):
        raise Refused("benefits.manual-no-number")
    assert place
    assert programme
    assert said.used_at
    with transaction.atomic():
        row = ManualUse.objects.create(
            division=by.division,
            place=place,
            programme=programme,
            band=said.band,
            people=said.people,
            used_at=said.used_at,
            day=localtime(said.used_at).date(),
            name=" ".join(said.name.split()),
            certificate=said.certificate,
            province=said.province,
            recorded_by=by.text,
            recorded_at=now,
            corrects_id=corrects,
        )
        _note("benefits.manual-use-recorded", row, by=by, now=now)
    return row.id


def _has_fare(said: Said) -> bool:
    assert said.used_at
    day = localtime(said.used_at).date()
    try:
        ordinary_price(book().fares, said.programme, band=said.band, day=day, known_at=day)
    except NoFareError:
        return False
    return True


def _strike(entry: int, *, reason: str, by: Actor, now: datetime) -> None:
    if not reason.strip() or audit.looks_personal(reason):
        raise Refused("benefits.refusal-reason")
    row = ManualUse.objects.select_for_update().filter(pk=entry, struck_at=None).first()
    if row is None:
        raise Refused("benefits.manual-no-such")
    row.struck_at, row.struck_by, row.struck_reason = now, by.text, reason.strip()[:200]
    row.save(update_fields=["struck_at", "struck_by", "struck_reason"])
    _note("benefits.manual-use-struck", row, by=by, now=now)


def _note(event: str, row: ManualUse, *, by: Actor, now: datetime) -> None:
    audit.note(
        event,
        by=by.text,
        role=by.role,
        about=f"manual-use:{row.id}",
        division=row.division,
        detail={"people": row.people, "certificate": row.certificate},
        at=now,
    )
