"""Who delivers uses, of which programmes and where: agreed on once, added to later, never taken away."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Max

from rongjun.audit import api as audit
from rongjun.benefits.models import Programme, UsePlace, UseSource
from rongjun.rules.api import FareBook


@dataclass(frozen=True, slots=True)
class Place:
    """A line, station or gate as its operator names it; `seat` is its division, 12 digits."""

    code: str
    title: str
    seat: int
    longitude: float | None = None
    latitude: float | None = None


def agree_on_programmes(fares: FareBook) -> int:
    """Let every programme that has a fare be delivered; returns how many are new.

    The payer kept here names who was agreed on first; what a use is settled by is the fare of its day.
    """
    known = set(Programme.objects.values_list("code", flat=True))
    new = [fare for code, fare in sorted(fares.fares.items()) if code not in known]
    after = (Programme.objects.aggregate(last=Max("id"))["last"] or 0) + 1
    Programme.objects.bulk_create(
        Programme(
            id=number, code=fare.code, title=fare.title, benefit=fare.benefits[0],
            payer=fare.versions[-1].payer,
        )
        for number, fare in enumerate(new, start=after)
    )  # fmt: skip
    return len(new)


def agree_on_source(
    code: str,
    *,
    title: str,
    partner: str,
    record: str,
    seat: int,
    expected_since: date,
    places: Iterable[Place],
    by: str,
    now: datetime,
) -> int:
    """Agree on an operator's source and its places; one that is there gets the places it lacks.

    `record` is "file" or "device". Returns how many places are new.
    """
    with transaction.atomic():
        source = UseSource.objects.filter(code=code).first()
        if source is None:
            number = (UseSource.objects.aggregate(last=Max("id"))["last"] or 0) + 1
            source = UseSource.objects.create(
                id=number, code=code, title=title, partner=partner, record=record, seat=seat,
                expected_since=expected_since,
            )  # fmt: skip
        known = set(UsePlace.objects.filter(source=source).values_list("code", flat=True))
        new = [each for each in places if each.code not in known]
        UsePlace.objects.bulk_create(
            UsePlace(
                source=source, code=each.code, title=each.title, seat=each.seat,
                longitude=each.longitude, latitude=each.latitude,
            )
            for each in new
        )  # fmt: skip
        if new:
            audit.note(
                "benefits.use-places-agreed",
                by=by,
                about=f"use-source:{source.id}",
                division=seat,
                detail={"source": code, "places": len(new)},
                at=now,
            )
    return len(new)
