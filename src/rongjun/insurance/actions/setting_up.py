"""What has to be there before the first bill: the hospitals we know."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from rongjun.insurance.models import Institution


def know_institutions(told: Iterable[tuple[str, str, str]], *, since: date) -> None:
    """Know hospitals by (code, name, area); those known already stay as they are. A job's to do."""
    rows = [Institution(code=code, name=name, area=area, known_since=since) for code, name, area in told]
    Institution.objects.bulk_create(rows, ignore_conflicts=True)
