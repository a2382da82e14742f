"""What the old system paid: the takeovers, and its months beside ours."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from rongjun.access.api import scope_of
from rongjun.allowances.book import paying_book
from rongjun.allowances.logic.history import Award as AwardEvent
from rongjun.allowances.logic.lines import Owed
from rongjun.allowances.logic.months import month_of
from rongjun.allowances.logic.owing import months_owed
from rongjun.allowances.logic.running import from_floors
from rongjun.allowances.logic.settling import Payment
from rongjun.allowances.logic.taking_over import MONTHS, THROUGH, Difference, Place, side_by_side
from rongjun.allowances.models import OldPayment, PayLine, Takeover
from rongjun.allowances.queries import standing
from rongjun.allowances.queries.histories import chunks, histories
from rongjun.kernel.money import Fen
from rongjun.registry import api as registry


def takeover_of(source: UUID) -> UUID | None:
    """The takeover of a file of the old system, if one is proposed or adopted."""
    return Takeover.objects.filter(source=source, withdrawn_at=None).values_list("id", flat=True).first()


def takeovers() -> list[Takeover]:
    """The last hundred takeovers in scope, newest first."""
    return list(Takeover.objects.order_by("-made_at", "id")[:100])


def takeover(key: UUID) -> Takeover | None:
    """One takeover; None out of scope."""
    return Takeover.objects.filter(pk=key).first()


def files_to_take() -> list[registry.CutoverReport]:
    """Files of what was paid that were handed in at the registry and that nobody has proposed yet."""
    done = set(Takeover.objects.filter(withdrawn_at=None).values_list("source", flat=True))
    return [
        each
        for each in registry.cutover_reports()
        if each.kind in {MONTHS, THROUGH} and each.id not in done and each.rows["recorded"]
    ]


@dataclass(frozen=True, slots=True)
class Reckoned:
    """What is owed under one file, what we paid of it, and what takeovers said of it already."""

    file: UUID
    owed: Owed
    paid: frozenset[Place]
    taken: frozenset[Place]


def reckoned(files: Collection[UUID], *, through: int, known_at: datetime) -> Iterator[Reckoned]:
    """What is owed to the people of these files over all months up to `through`, as known at a moment."""
    pointers, book = registry.merged_files(known_at=known_at), paying_book()
    for some in chunks(sorted(files)):
        kept = {file: pointers.get(file, file) for file in some}
        people = sorted(set(kept.values()))
        told, floors = histories(people, known_at=known_at), standing.floors_of(people, known_at=known_at)
        # Two files of one person are one person: what was paid under either was paid.
        whose = {**{person: person for person in people}, **{f: p for f, p in pointers.items() if p in told}}
        paid = _places(PayLine.objects.filter(person_id__in=list(whose), live=True), whose)
        taken = _places(OldPayment.objects.filter(person_id__in=list(whose), live=True), whose)
        for file, person in kept.items():
            first = min(
                [month_of(e.event.approved_on) for e in told[person] if isinstance(e.event, AwardEvent)],
                default=through,
            )
            first = max(min(first, through), min([*floors[person].values(), through]))
            owed = months_owed(told[person], first=first, last=through, known_at=known_at, book=book)
            owed = from_floors(owed, floors[person], book=book)
            yield Reckoned(file, owed, frozenset(paid.get(person, ())), frozenset(taken.get(person, ())))


def _places(rows: object, whose: dict[UUID, UUID]) -> dict[UUID, set[Place]]:
    found: dict[UUID, set[Place]] = {}
    for person, code, month in rows.values_list("person_id", "code", "month"):  # type: ignore[attr-defined]
        found.setdefault(whose[person], set()).add((code, month))
    return found


@dataclass(frozen=True, slots=True)
class ParallelRun:
    """A month as we would have paid it beside what the old system paid; nothing of it is written."""

    month: int
    differences: tuple[Difference, ...]
    people: int
    equal: int
    ours: Fen
    theirs: Fen


def parallel_run(key: Takeover, *, month: int, known_at: datetime) -> ParallelRun:
    """Everybody in the takeover's division who is granted something here or was paid for the month there."""
    theirs: dict[UUID, list[Payment]] = {}
    pointers, book = registry.merged_files(known_at=known_at), paying_book()
    rows = OldPayment.objects.filter(live=True, month=month)
    for file, code, fen, standard in rows.values_list("person_id", "code", "fen", "standard"):
        payment = Payment(code, month, Fen(fen), standard or None, file=str(file), is_old=True)
        theirs.setdefault(pointers.get(file, file), []).append(payment)
    people = sorted({*theirs, *standing.recipients(scope_of(key.division), known_at=known_at)})
    found: list[Difference] = []
    equal = ours = 0
    for some in chunks(people):
        told, floors = histories(some, known_at=known_at), standing.floors_of(some, known_at=known_at)
        for person in some:
            owed = months_owed(told[person], first=month, last=month, known_at=known_at, book=book)
            owed = from_floors(owed, floors[person], book=book)
            differences, same = side_by_side(str(person), owed, theirs.get(person, ()))
            found += differences
            equal += same
            ours += int(owed.fen)
    paid = Fen.total(payment.fen for mine in theirs.values() for payment in mine)
    return ParallelRun(month, tuple(found), len(people), equal, Fen(ours), paid)
