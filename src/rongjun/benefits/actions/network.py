"""Who delivers uses, of what and where: programmes of the fares, an operator's source of record, its places.

Only ever added to: uses keep the numbers of what they name. The same again changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection, transaction
from django.db.models import Max

from rongjun.audit import api as audit
from rongjun.benefits.models import Programme, UsePlace, UseSource
from rongjun.rules.api import FareBook, version_in_force


@dataclass(frozen=True, slots=True)
class AgreedSource:
    """An operator's source of record: by daily `file` or from its `device`s, expected from a day on."""

    code: str
    title: str
    partner: str
    record: str
    seat: int
    expected_since: date


@dataclass(frozen=True, slots=True)
class NewPlace:
    """A line, station or gate by the operator's own code, and in which division it lies (degrees, WGS 84)."""

    code: str
    title: str
    seat: int
    longitude: float | None = None
    latitude: float | None = None


def add_programmes(fares: FareBook, *, today: date, by: str, now: datetime) -> list[str]:
    """Open a programme for every fare in force that has none; their codes.

    The benefit it delivers is the first that the fare names, who bears it is said by the version in force.
    """
    with transaction.atomic():
        _one_at_a_time()
        known = set(Programme.objects.values_list("code", flat=True))
        number = Programme.objects.aggregate(last=Max("id"))["last"] or 0
        added = []
        for code, fare in sorted(fares.fares.items()):
            version = version_in_force(fare, day=today, known_at=today)
            if code in known or version is None:
                continue
            number += 1
            Programme.objects.create(
                id=number, code=code, title=fare.title, benefit=fare.benefits[0], payer=version.payer
            )
            added.append(code)
        if added:
            audit.note(
                "benefits.programmes-added", by=by, about="programmes", detail={"codes": added}, at=now
            )
    return added


def agree_on_source(agreed: AgreedSource, *, by: str, now: datetime) -> int:
    """Agree with an operator on its source of record; its number, also when it was agreed on before."""
    with transaction.atomic():
        _one_at_a_time()
        known = UseSource.objects.filter(code=agreed.code).values_list("id", flat=True).first()
        if known is not None:
            return known
        number = (UseSource.objects.aggregate(last=Max("id"))["last"] or 0) + 1
        UseSource.objects.create(
            id=number, code=agreed.code, title=agreed.title, partner=agreed.partner, record=agreed.record,
            seat=agreed.seat, expected_since=agreed.expected_since,
        )  # fmt: skip
        detail = {"partner": agreed.partner, "record": agreed.record}
        audit.note(
            "benefits.use-source-agreed", by=by, about=f"use-source:{agreed.code}", detail=detail, at=now
        )
    return number


def add_places(source: int, places: Sequence[NewPlace], *, by: str, now: datetime) -> int:
    """Note the places of a source that are not noted yet; how many. What was refused for one follows."""
    with transaction.atomic():
        _one_at_a_time()
        known = set(UsePlace.objects.filter(source=source).values_list("code", flat=True))
        fresh = [each for each in places if each.code not in known]
        UsePlace.objects.bulk_create(
            UsePlace(
                source_id=source, code=each.code, title=each.title, seat=each.seat,
                longitude=each.longitude, latitude=each.latitude,
            )
            for each in fresh
        )  # fmt: skip
        if fresh:
            detail = {"places": len(fresh)}
            audit.note(
                "benefits.use-places-added", by=by, about=f"use-source:{source}", detail=detail, at=now
            )
    return len(fresh)


def _one_at_a_time() -> None:
    """Numbers are given one after another; whoever else gives some waits."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtext('benefits.network'))")
