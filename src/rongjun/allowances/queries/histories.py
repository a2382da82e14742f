"""Histories and payments of many people at once: one query a table, none a person."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from uuid import UUID

from rongjun.allowances.book import book_in_force, paying_book
from rongjun.allowances.logic.gathering import STATE_HOME, Finding, HeldAward, Papers, history_of
from rongjun.allowances.logic.history import Asserted
from rongjun.allowances.logic.lines import Owed
from rongjun.allowances.logic.owing import months_owed
from rongjun.allowances.logic.schemes import AllowanceBook
from rongjun.allowances.logic.settling import Payment
from rongjun.allowances.models import Award, OldPayment, PayLine
from rongjun.allowances.models import Finding as FindingRow
from rongjun.allowances.queries import yearly
from rongjun.kernel.money import Fen
from rongjun.registry import api as registry
from rongjun.rules.api import Value

CHUNK = 5000
# Facts stated in the registry that schemes of the national book ask for.
FACTS = frozenset(
    {
        "has_employer",
        "in_hardship",
        "was_rural_at_discharge",
        "disability_is_mental",
        "income_below_local_average",
        "has_no_labour_capacity",
        "awaiting_placement",
        "has_service_chronic_illness",
    }
)


def chunks(people: Sequence[UUID]) -> Iterator[Sequence[UUID]]:
    """The same people, so many at a time."""
    return (people[start : start + CHUNK] for start in range(0, len(people), CHUNK))


def histories(people: Sequence[UUID], *, known_at: datetime) -> dict[UUID, tuple[Asserted, ...]]:
    """The history of each of these people (kept files), files merged into theirs as known at a moment."""
    papers = papers_of(people, known_at=known_at)
    kinds = fact_kinds(book_in_force())
    return {person: history_of(each, kinds=kinds) for person, each in papers.items()}


def papers_of(people: Sequence[UUID], *, known_at: datetime) -> dict[UUID, Papers]:
    """What there is on each of these people, before it is a history."""
    told = registry.told_of_many(people, statuses=(STATE_HOME,), facts=FACTS, known_at=known_at)
    whose = {**{person: person for person in people}, **_merged_into(people, known_at)}
    papers = {person: Papers(told[person]) for person in people}
    awards = Award.objects.filter(person_id__in=list(whose), state="granted").order_by("decided_at", "id")
    for row in awards.iterator(CHUNK):
        papers[whose[row.person_id]].awards.append(held_award(row))
    for finding in FindingRow.objects.filter(person_id__in=list(whose)).exclude(checked_by=""):
        papers[whose[finding.person_id]].findings.append(_finding(finding))
    yearly.add_to(papers, whose)
    return papers


def _merged_into(people: Collection[UUID], known_at: datetime) -> dict[UUID, UUID]:
    kept = set(people)
    pointers = registry.merged_files(known_at=known_at)
    return {file: person for file, person in pointers.items() if person in kept}


@lru_cache(maxsize=4)
def _kinds(book: AllowanceBook) -> tuple[tuple[str, str], ...]:
    return tuple((name, book.vocabulary[name].kind) for name in FACTS if name in book.vocabulary)


def fact_kinds(book: AllowanceBook) -> dict[str, str]:
    """The type of each stated fact we read."""
    return dict(_kinds(book))


def held_award(row: Award) -> HeldAward:
    """A granted award as the reckoning takes it."""
    return HeldAward(
        ref=str(row),
        scheme=row.scheme,
        category=row.category,
        approved_on=row.approved_on,
        details={name: value_of(value) for name, value in row.details.items()},
        granted_at=row.decided_at or row.made_at,
        annulled_at=row.annulled_at,
        ended_on=row.ended_on,
        ended_why=row.ended_why,
        ended_at=row.ended_at,
        applied_on=row.applied_on,
    )


def value_of(value: Value) -> Value:
    """A day among the values of facts, kept as text, is a day again."""
    if isinstance(value, str) and len(value) == 10 and value[4] == value[7] == "-":
        return date.fromisoformat(value)
    return value


def _finding(row: FindingRow) -> Finding:
    assert row.checked_at is not None
    return Finding(row.kind, row.content, row.since, row.document, row.checked_at, row.superseded_at)


def owed(person: UUID, *, first: int, last: int, known_at: datetime) -> Owed:
    """What is owed to a person (kept file) over these months, as known at a moment, by the book in force."""
    history = histories([person], known_at=known_at)[person]
    return months_owed(history, first=first, last=last, known_at=known_at, book=paying_book())


# --- what was paid ------------------------------------------------------------------------------------------


@dataclass(slots=True)
class PaidSoFar:
    """Payments of one person, oldest first, and by scheme and month the next turn under their own file."""

    payments: list[Payment] = field(default_factory=list)
    turns: dict[tuple[str, int], int] = field(default_factory=dict)


def paid_of(people: Sequence[UUID], *, known_at: datetime, since: int = 0) -> dict[UUID, PaidSoFar]:
    """What was paid to each of these people (kept files) for months from `since` on.

    What a run that is not withdrawn has ordered counts, until the money came back for good; and what an old
    system paid, once two people took it over. `file` names the file it was paid under.
    """
    whose = {**{person: person for person in people}, **_merged_into(people, known_at)}
    rows = PayLine.objects.filter(person_id__in=list(whose), live=True)
    if since:
        rows = rows.filter(month__gte=since)
    found = {person: PaidSoFar() for person in people}
    told = rows.order_by("id").values_list(
        "person_id", "code", "month", "fen", "standard", "award", "rate", "picked", "turn"
    )
    for file, code, month, fen, standard, award, rate, picked, turn in told.iterator(20_000):
        kept = whose[file]
        mine = found[kept]
        mine.payments.append(
            Payment(
                code,
                month,
                Fen(fen),
                standard or None,
                award or None,
                rate or None,
                str(file),
                picked or None,
            )
        )
        if file == kept:
            mine.turns[code, month] = max(turn + 1, mine.turns.get((code, month), 0))
    for file, payment in old_payments(list(whose), since=since):
        # Before ours: whoever pays a month anew after the old system says by which standard it is now.
        found[whose[file]].payments.insert(0, payment)
    return found


def old_payments(files: Sequence[UUID], *, since: int = 0) -> Iterator[tuple[UUID, Payment]]:
    """What adopted files of an old system paid under these files, for months from `since` on."""
    rows = OldPayment.objects.filter(person_id__in=list(files), live=True, takeover__checked_at__isnull=False)
    if since:
        rows = rows.filter(month__gte=since)
    told = rows.order_by("id").values_list(
        "person_id", "code", "month", "fen", "standard", "award", "rate", "picked"
    )
    for file, code, month, fen, standard, award, rate, picked in told.iterator(20_000):
        yield (
            file,
            Payment(
                code,
                month,
                Fen(fen),
                standard or None,
                award or None,
                rate or None,
                str(file),
                picked or None,
                is_old=True,
            ),
        )
