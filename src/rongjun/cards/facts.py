"""What cards tell the rules: whether a person holds a card on a day, as known at a moment.

A card that is lost, frozen or being replaced is still held: the entitlement is not lost with the plastic.
What it opens meanwhile is judged by its usable spans, at each use.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

import polars as pl
from django.db import connection

from rongjun.registry.api import merged_files

PERSON = "person"
# Facts by the family whose carriers answer them.
FAMILIES: Mapping[str, str] = {"holds_rongjun_card": "rongjun", "holds_yongjun_card": "yongjun"}
_DAY = """tstzrange(%(on)s::date::timestamp at time zone 'Asia/Shanghai',
                  (%(on)s::date + 1)::timestamp at time zone 'Asia/Shanghai')"""
_HELD = f"""
    select carrier.family, spans.person_id
    from cards_carrierspans spans join cards_carrier carrier on carrier.reference = spans.carrier_id
    where carrier.family = any (%(families)s) and spans.recorded_at <= %(known_at)s
      and (spans.superseded_at is null or spans.superseded_at > %(known_at)s)
      and spans.in_hand && {_DAY}
"""  # noqa: S608 - our own text
_OF_ONE = " and spans.person_id in (select registry_files_of(%(person)s, %(known_at)s))"


class CardFacts:
    """Cards as a source of facts."""

    names: frozenset[str] = frozenset(FAMILIES)
    relation_names: frozenset[str] = frozenset()

    def frame(
        self, names: Collection[str], *, on: date, known_at: datetime, person: UUID | None = None
    ) -> pl.DataFrame:
        """One row a person in scope who holds one of these cards on the day; nobody else has a row.

        Carriers of files that were merged as known then are the kept file's. KeyError for a name not ours.
        """
        families = [FAMILIES[name] for name in names]
        asked: dict[str, Any] = {"families": families, "on": on, "known_at": known_at, "person": person}
        with connection.cursor() as cursor:
            cursor.execute(_HELD + (_OF_ONE if person else ""), asked)
            found = cursor.fetchall()
        kept = {} if person else merged_files(known_at=known_at)
        held: dict[str, set[str]] = {}
        for family, file in found:
            held.setdefault(str(person or kept.get(file, file)), set()).add(family)
        rows = [(who, *(family in mine for family in families)) for who, mine in sorted(held.items())]
        schema = {PERSON: pl.String, **dict.fromkeys(names, pl.Boolean)}
        return pl.DataFrame(rows, schema=schema, orient="row")

    def relations(
        self,
        names: Collection[str],  # noqa: ARG002 - as every source is asked
        *,
        on: date,  # noqa: ARG002
        known_at: datetime,  # noqa: ARG002
        person: UUID | None = None,  # noqa: ARG002
    ) -> pl.DataFrame:
        """No fact of a relation is ours."""
        return pl.DataFrame({PERSON: []}, schema={PERSON: pl.String})


SOURCE = CardFacts()
