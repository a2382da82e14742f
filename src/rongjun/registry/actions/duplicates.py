"""Looking for files that may be one person's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from rongjun.access.api import Actor, acting_as_job
from rongjun.audit import api as audit
from rongjun.kernel.errors import Refused
from rongjun.registry.actions.saying import lock_files, note
from rongjun.registry.duplicates import PROPOSED_FROM, is_news, score, weigh
from rongjun.registry.models import DuplicateCandidate, Person
from rongjun.registry.queries.merged import kept_file
from rongjun.registry.queries.pairs import candidates_of, likely_pairs, traits_of
from rongjun.registry.queries.privacy import closed_among

JOB = "registry.find-duplicates"
_PART = 2000


@dataclass(frozen=True, slots=True)
class FoundPairs:
    """What a search came to: pairs compared, those put before an officer anew, those looked at again."""

    compared: int
    proposed: int
    refreshed: int


def find_duplicates(
    *,
    by: str,
    on: date,
    now: datetime,
    on_part: Callable[[int, int], None] = lambda _done, _all: None,
) -> FoundPairs:
    """Compare every likely pair of files and put those before an officer that score enough.

    Each part is kept as soon as it is compared, and a second run changes nothing: an interrupted one is
    simply run again. A pair told apart comes back only for a reason that was not weighed then. `on_part`
    hears how many pairs of how many are done.
    """
    with acting_as_job(JOB):
        pairs = likely_pairs()
    proposed = refreshed = 0
    for start in range(0, len(pairs), _PART):
        part = pairs[start : start + _PART]
        with transaction.atomic(), acting_as_job(JOB):
            new, again = _compare(part, on=on, now=now)
        proposed, refreshed = proposed + new, refreshed + again
        on_part(start + len(part), len(pairs))
    found = FoundPairs(len(pairs), proposed, refreshed)
    if proposed or refreshed:
        _note(found, by=by, now=now)
    return found


def put_forward(one: UUID, other: UUID, *, by: Actor, on: date, now: datetime) -> int:
    """Put two files before an officer that the search missed; weighed like all others.

    Returns the pair that waits, the one there is if there is one. Refused("registry.no-such-file") unless
    both are in scope, "registry.restricted", "registry.merge-needs-two", "registry.already-merged" when they
    are one person's already.
    """
    pair = sorted((kept_file(one), kept_file(other)))
    if one == other:
        raise Refused("registry.merge-needs-two")
    if pair[0] == pair[1]:
        raise Refused("registry.already-merged")
    with transaction.atomic():
        rows = lock_files(pair)
        if closed_among(pair):
            raise Refused("registry.restricted")
        waiting = DuplicateCandidate.objects.filter(person_a=pair[0], person_b=pair[1], state="open").first()
        if waiting is not None:
            return waiting.pk
        traits = traits_of(pair, on=on, known_at=now)
        reasons = weigh(*(traits[file] for file in pair))
        row = _candidate((pair[0], pair[1]), score(reasons), [each.code for each in reasons], now=now)
        row.division, row.division_b, row.found_by = rows[pair[0]].division, rows[pair[1]].division, by.text
        row.save()
        for file in pair:
            detail = {"candidate": str(row.pk)}
            note("registry.pair-put-forward", rows[file], by=by, now=now, detail=detail)
    return row.pk


def _compare(part: Sequence[tuple[UUID, UUID]], *, on: date, now: datetime) -> tuple[int, int]:
    people = {person for each in part for person in each}
    traits, earlier = traits_of(people, on=on, known_at=now), candidates_of(part)
    new: list[DuplicateCandidate] = []
    again: list[DuplicateCandidate] = []
    for pair in part:
        reasons = weigh(traits[pair[0]], traits[pair[1]])
        codes, points = [each.code for each in reasons], score(reasons)
        known = earlier.get(pair, [])
        waiting = next((row for row in known if row.state == "open"), None)
        if waiting is not None:
            if (waiting.score, waiting.reasons) != (points, codes):
                waiting.score, waiting.reasons = points, codes
                again.append(waiting)
        elif points >= PROPOSED_FROM and is_news(codes, weighed=[row.reasons for row in known]):
            new.append(_candidate(pair, points, codes, now=now))
    return _write(new), DuplicateCandidate.objects.bulk_update(again, ["score", "reasons"]) if again else 0


def _candidate(
    pair: tuple[UUID, UUID], points: int, codes: list[str], *, now: datetime
) -> DuplicateCandidate:
    return DuplicateCandidate(
        person_a_id=pair[0], person_b_id=pair[1], score=points, reasons=codes, found_at=now
    )


def _write(new: list[DuplicateCandidate]) -> int:
    people = {person for row in new for person in (row.person_a_id, row.person_b_id)}
    divisions = dict(Person.objects.filter(pk__in=people).values_list("id", "division"))
    for row in new:
        row.division, row.division_b = divisions[row.person_a_id], divisions[row.person_b_id]
    # Two searches at one moment find the same; whoever is first has put it there.
    DuplicateCandidate.objects.bulk_create(new, ignore_conflicts=True)
    return len(new)


def _note(found: FoundPairs, *, by: str, now: datetime) -> None:
    with transaction.atomic(), acting_as_job(JOB):
        audit.note(
            "registry.duplicates-searched",
            by=by,
            about="registry:duplicates",
            detail={
                "compared": found.compared,
                "proposed": found.proposed,
                "refreshed": found.refreshed,
            },
            at=now,
        )
