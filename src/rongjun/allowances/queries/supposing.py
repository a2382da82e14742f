"""A draft rate order over everybody on file: nothing is written."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from rongjun.access.api import Scope
from rongjun.allowances.drafts import DraftBook
from rongjun.allowances.logic.supposing import Supposed, Tally, suppose
from rongjun.allowances.models import Award
from rongjun.allowances.queries.histories import chunks, histories
from rongjun.allowances.queries.standing import floors_of
from rongjun.registry import api as registry

_COUNTY: Final = 10**6


def suppose_everybody(
    draft: DraftBook,
    *,
    scope: Scope,
    month: int,
    known_at: datetime,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> Supposed:
    """What a draft would change for everybody in these divisions with an award it may concern.

    `progress` hears how many were looked at, of how many.
    """
    pointers = registry.merged_files(known_at=known_at)
    rows = Award.objects.filter(
        state="granted", scheme__in=draft.schemes, division__gte=scope.lo, division__lte=scope.hi
    )
    people = sorted({pointers.get(person, person) for person in rows.values_list("person_id", flat=True)})
    found = Supposed()
    progress(0, len(people))
    for some in chunks(people):
        told, floors = histories(some, known_at=known_at), floors_of(some, known_at=known_at)
        divisions = registry.divisions_of(some)
        for person in some:
            effects = suppose(
                told[person], first=draft.first, month=month, known_at=known_at,
                before=draft.before, after=draft.after, floors=floors[person],
            )  # fmt: skip
            division = divisions[person]
            found.add(str(person), district=division - division % _COUNTY, effects=effects)
        progress(found.looked_at, len(people))
    found.settle()
    return found


def as_kept(found: Supposed) -> dict[str, Any]:
    """The sums as plain values, to be kept with the simulation; fen, and people of the list by file."""
    return {
        "people": found.people,
        "looked_at": found.looked_at,
        "raised": found.raised,
        "lowered": found.lowered,
        "filled": found.filled,
        "whole": _tally(found.whole),
        "districts": [[code, _tally(each)] for code, each in sorted(found.districts.items())],
        "schemes": [[code, found.titles[code], _tally(each)] for code, each in sorted(found.schemes.items())],
        "payers": [[payer, _tally(each)] for payer, each in sorted(found.payers.items())],
        "amounts": [
            [code, found.titles[code], before, after, year, people]
            for (code, before, after, year), people in sorted(
                found.amounts.items(), key=lambda e: (-e[1], e[0])
            )
        ][:200],
        "biggest": [[each.person, each.before, each.after, each.year, each.back] for each in found.biggest],
    }


def _tally(tally: Tally) -> dict[str, int]:
    return {"people": tally.people, "year": tally.year, "back": tally.back}
