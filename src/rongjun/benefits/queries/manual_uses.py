"""Reads of what was let in by hand: always apart from uses of cards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection
from django.db.models import Q

from rongjun.benefits.logic.manual_uses import Counted
from rongjun.benefits.models import ManualUse, UsePlace

_COUNTY = 10**6


@dataclass(frozen=True, slots=True)
class ManualLine:
    """One entry, with what it put right and why it was struck."""

    id: int
    place: int
    place_title: str
    programme: str
    programme_title: str
    band: int
    people: int
    used_at: datetime
    name: str
    certificate: str
    province: str
    recorded_by: str
    recorded_at: datetime
    corrects: int | None
    struck_reason: str

    @property
    def is_struck(self) -> bool:
        """Whether it counts no longer."""
        return bool(self.struck_reason)


def manual_uses(*, first: int, limit: int) -> tuple[list[ManualLine], int]:
    """Entries in scope, newest first; and how many there are."""
    rows = ManualUse.objects.select_related("place", "programme").order_by("-id")
    return [_line(row) for row in rows[first : first + limit]], ManualUse.objects.count()


def manual_use(entry: int) -> ManualLine | None:
    """One entry; None out of scope."""
    row = ManualUse.objects.select_related("place", "programme").filter(pk=entry).first()
    return _line(row) if row else None


def places_near(division: int) -> list[tuple[int, str]]:
    """Places a clerk of this division can have stood at: those of the county, or of the city."""
    whole = division % 10**8 == 0
    lo = division // 10**8 * 10**8 if whole else division // _COUNTY * _COUNTY
    hi = lo + (10**8 if whole else _COUNTY) - 1
    rows = UsePlace.objects.filter(Q(seat__range=(lo, hi))).select_related("source").order_by("source", "id")
    return [(row.id, f"{row.source.title} · {row.title}") for row in rows]


def counted_by_hand(first: date, last: date) -> list[Counted]:
    """How many people, by programme, band and day; both days included, struck entries left out."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select programme_id, band, day, sum(people)::int from benefits_manual_use"
            " where day between %s and %s and struck_at is null group by 1, 2, 3 order by 1, 2, 3",
            [first, last],
        )
        return [Counted(*row) for row in cursor.fetchall()]


def by_hand_of_sources(sources: Sequence[int], first: date, last: date) -> dict[str, int]:
    """How many people at the places of these sources, by programme code."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select p.code, sum(m.people)::int from benefits_manual_use m"
            " join benefits_programme p on p.id = m.programme_id"
            " join benefits_use_place l on l.id = m.place_id"
            " where l.source_id = any (%s) and m.day between %s and %s and m.struck_at is null"
            " group by 1 order by 1",
            [list(sources), first, last],
        )
        return dict(cursor.fetchall())


def _line(row: ManualUse) -> ManualLine:
    return ManualLine(
        row.id, row.place_id, row.place.title, row.programme.code, row.programme.title, row.band, row.people,
        row.used_at, row.name, row.certificate, row.province, row.recorded_by, row.recorded_at,
        row.corrects_id, row.struck_reason,
    )  # fmt: skip
