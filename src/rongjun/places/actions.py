"""Divisions come from a published list, loaded whole."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from rongjun.places.models import Division


def add_divisions(rows: Iterable[tuple[int, str, str]], *, valid_from: date, source: str) -> int:
    """Load (code, name, level) rows in force from a day; what is there already stays. Returns how many came.

    Only jobs and the owner may; a code that has a name on that day keeps it.
    """
    fresh = [
        Division(code=code, name=name, level=level, valid_from=valid_from, source=source)
        for code, name, level in rows
    ]
    before = Division.objects.count()
    Division.objects.bulk_create(fresh, ignore_conflicts=True, batch_size=2000)
    return Division.objects.count() - before
