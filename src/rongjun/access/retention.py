"""The end of retention: one table of rules, carried out alike for every table (PI-08).

An app says in its `retention.py` what of its tables goes, from which moment its period runs and what stands
against it; how long is said by `contracts/data-map.yaml`, or by a setting where the period is our own choice.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from rongjun.access.data_map import DataMap
from rongjun.audit import api as audit


@dataclass(frozen=True, slots=True)
class RetentionRule:
    """What goes at the end of its period. `since`, `only`, `about` and `clears` are SQL about the row `t`
    (`clears` also knows %(now)s and %(by)s).

    `about` is an array of references; a row with one that is kept back stays. A rule that `clears` columns
    leaves the row, so that counts stay; without them the row goes. `column` is where the data map says how
    long, `choice` a name in RETENTION_DAYS that says so instead.
    """

    code: str
    what: str
    table: str
    since: str
    since_words: str
    column: str = ""
    choice: str = ""
    only: str = "true"
    about: str = "array[]::text[]"
    clears: Mapping[str, str] = field(default_factory=dict)

    def days(self, data_map: DataMap) -> int:
        """How long it is kept."""
        if self.choice:
            return int(settings.RETENTION_DAYS[self.choice])
        kept = data_map.entries[self.table, self.column].retention
        assert kept is not None, f"{self.table}.{self.column} has no retention"
        assert kept.days, f"{self.table}.{self.column} is kept as long as something else lasts"
        return kept.days


@dataclass(frozen=True, slots=True)
class Due:
    """How many rows past their period go or went, and how many others are kept back."""

    rows: int
    kept_back: int


def due(rule: RetentionRule, *, days: int, kept_back: Collection[str], now: datetime) -> Due:
    """What `remove` would do now."""
    sql = f"""
        select count(*) filter (where not held), count(*) filter (where held)
        from (select ({rule.about})::text[] && %(kept_back)s::text[] as held from {rule.table} t
              where {_past(rule)}) past
    """  # noqa: S608 - rules are code
    with connection.cursor() as cursor:
        cursor.execute(sql, _values(days=days, kept_back=kept_back, now=now))
        return Due(*cursor.fetchone())


def remove(rule: RetentionRule, *, days: int, kept_back: Collection[str], by: str, now: datetime) -> Due:
    """Remove what is past its period, in one transaction with its event, which holds nothing but counts."""
    free = f"{_past(rule)} and not (({rule.about})::text[] && %(kept_back)s::text[])"
    if rule.clears:
        cleared = ", ".join(f"{column} = {value}" for column, value in rule.clears.items())
        sql = f"update {rule.table} t set {cleared} where {free}"  # noqa: S608
    else:
        sql = f"delete from {rule.table} t where {free}"  # noqa: S608
    with transaction.atomic():
        found = due(rule, days=days, kept_back=kept_back, now=now)
        if not found.rows:
            return found
        with connection.cursor() as cursor:
            values = _values(days=days, kept_back=kept_back, now=now)
            cursor.execute(sql, {**values, "by": by})
            removed = cursor.rowcount
        audit.note(
            "access.retention-ended",
            by=by,
            about=f"retention:{rule.code}",
            detail={"removed": removed, "kept_back": found.kept_back, "days": days},
            at=now,
        )
    return Due(removed, found.kept_back)


def _past(rule: RetentionRule) -> str:
    return f"({rule.since}) < %(before)s and ({rule.only})"


def _values(*, days: int, kept_back: Collection[str], now: datetime) -> dict[str, Any]:
    return {"before": now - timedelta(days=days), "kept_back": sorted(kept_back), "now": now}
