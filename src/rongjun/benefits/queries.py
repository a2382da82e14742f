"""Decisions: facts asked by name, judged by the book, for one person or for everybody in scope."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import cast
from uuid import UUID

import polars as pl
from django.conf import settings
from django.db.models import Count, Q

from rongjun.benefits.logic import Replayed, replay_one, unpack
from rongjun.benefits.models import Confirmation, Edition, RecordedDecision
from rongjun.kernel.errors import Refused
from rongjun.rules import asking
from rongjun.rules.api import (
    PERSON,
    Book,
    Change,
    Decision,
    Reach,
    Value,
    as_long,
    compare_books,
    decide_all,
    facts_read,
    load_book,
    reach_of_change,
    sweep,
)
from rongjun.rules.api import Confirmation as Confirmed

# --- the book -----------------------------------------------------------------------------------------------


def book() -> Book:
    """The book in force: the newest edition adopted; where none was, the policy files as they stand.

    A file saved with an error changes nothing here: only what was checked and adopted is judged by. Callers
    that ask for several things at once ask once and pass it on, so that all of it is by one book.
    """
    newest = Edition.objects.order_by("-id").values_list("digest", "id").first()
    return _built(*newest) if newest else _from_files(settings.POLICY_ROOT, settings.CITY)


@lru_cache(maxsize=4)
def _built(digest: str, edition: int) -> Book:
    built = book_of(Edition.objects.select_related("files").get(pk=edition))
    assert built.digest == digest, f"edition {edition} no longer reads as the book that was adopted"
    return built


@lru_cache(maxsize=4)
def _from_files(root: Path, city: str) -> Book:
    return load_book(root, city=city)


def book_of(edition: Edition) -> Book:
    """The book an edition put in force, digest and all."""
    kept = [
        Confirmed(**each | {"version": date.fromisoformat(each["version"])}) for each in edition.confirmations
    ]
    return load_book(files_of_edition(edition), city=edition.city, confirmations=kept)


def files_of_edition(edition: Edition) -> dict[str, bytes]:
    """Its policy files by their paths."""
    return unpack(bytes(edition.files.content))


def files_in_force() -> dict[str, bytes] | None:
    """The policy files of the book in force; None before any was adopted."""
    newest = Edition.objects.select_related("files").order_by("-id").first()
    return files_of_edition(newest) if newest else None


def confirmations() -> frozenset[Confirmed]:
    """Everything the bureau has confirmed."""
    rows = Confirmation.objects.values_list("code", "version", "digest", "confirmed_by", "document")
    return frozenset(Confirmed(*row) for row in rows)


@dataclass(frozen=True, slots=True)
class EditionLine:
    """One line of the list of editions, newest first."""

    number: int
    digest: str
    adopted_at: datetime
    adopted_by: str
    document: str
    confirmed: int


def editions() -> list[EditionLine]:
    """Every book that was put in force, newest first."""
    return [
        EditionLine(row.id, row.digest, row.adopted_at, row.adopted_by, row.document, len(row.confirmations))
        for row in Edition.objects.order_by("-id")
    ]


def book_with_digest(start: str) -> Book:
    """The newest edition whose digest starts so; Refused("benefits.no-such-edition")."""
    found = Edition.objects.select_related("files").filter(digest__startswith=start).order_by("-id").first()
    if not start or found is None:
        raise Refused("benefits.no-such-edition", digest=start)
    return book_of(found)


# --- decisions ----------------------------------------------------------------------------------------------


def facts_of(
    person: UUID, *, on: date, known_at: datetime, by_book: Book | None = None
) -> Mapping[str, Value]:
    """Every stored fact somebody answers for; unknown ones are left out.

    Refused("registry.no-such-file") when there is no such file in scope (or was none yet at `known_at`).
    """
    try:
        held = asking.facts_of(person, _asked(by_book or book()), on=on, known_at=known_at)
    except KeyError:
        raise Refused("registry.no-such-file") from None
    return {name: cast(Value, value) for name, value in held.items() if value is not None}


def relations_of(
    person: UUID, *, on: date, known_at: datetime, by_book: Book | None = None
) -> list[Mapping[str, Value]]:
    """The facts of each relation of a person, unknown ones left out."""
    held = asking.relations_of(person, _asked(by_book or book()), on=on, known_at=known_at)
    return [{name: cast(Value, value) for name, value in each.items()} for each in held]


def decisions_for(
    person: UUID, *, on: date, known_at: datetime, by_book: Book | None = None
) -> tuple[Decision, ...]:
    """Every benefit in force on a day judged for one person, with reasons. Refused as `facts_of`."""
    judged_by = by_book or book()
    return decide_all(
        judged_by,
        facts=facts_of(person, on=on, known_at=known_at, by_book=judged_by),
        relations=relations_of(person, on=on, known_at=known_at, by_book=judged_by),
        on=on,
    )


@dataclass(frozen=True, slots=True)
class Recording:
    """One time a person's decisions were recorded: when, for which day, by whom and which book, how many."""

    at: datetime
    on: date
    by: str
    book: str
    granted: int
    unknown: int
    refused: int


def recordings(person: UUID, *, limit: int = 5) -> list[Recording]:
    """The newest recordings of a person's decisions; empty out of scope."""
    groups = RecordedDecision.objects.filter(person_id=person).values(
        "decided_at", "on", "decided_by", "book"
    )
    counted = groups.annotate(
        granted=Count("id", filter=Q(verdict="granted")),
        unknown=Count("id", filter=Q(verdict="unknown")),
        refused=Count("id", filter=Q(verdict="not-granted")),
    )
    return [
        Recording(
            row["decided_at"],
            row["on"],
            row["decided_by"],
            row["book"],
            row["granted"],
            row["unknown"],
            row["refused"],
        )
        for row in counted.order_by("-decided_at", "-on")[:limit]
    ]


def sweep_everybody(
    *, on: date, known_at: datetime, by_book: Book | None = None, codes: frozenset[str] | None = None
) -> pl.DataFrame:
    """The same judgement for all in scope: one row a person, a nullable Boolean column a benefit."""
    judged_by = by_book or book()
    frame, relations = _population(_read_by(judged_by, codes, on=on), on=on, known_at=known_at)
    return sweep(judged_by, frame=frame, relations=relations, on=on, codes=codes)


def counts_by_benefit(
    *, on: date, known_at: datetime, by_book: Book | None = None, codes: frozenset[str] | None = None
) -> list[tuple[str, str, int, int, int]]:
    """(code, title, granted, unknown, not granted) over everybody in scope, by code."""
    judged_by = by_book or book()
    wide = sweep_everybody(on=on, known_at=known_at, by_book=judged_by, codes=codes)
    rows = []
    for code in (name for name in wide.columns if name != PERSON):
        column = wide[code]
        granted, unknown = int(column.sum() or 0), column.null_count()
        title = judged_by.benefits[code].title
        rows.append((code, title, granted, unknown, wide.height - granted - unknown))
    return sorted(rows)


def people_with(
    code: str, verdict: str, *, on: date, known_at: datetime, by_book: Book | None = None
) -> list[UUID]:
    """Everybody in scope to whom the sweep gives this verdict for one benefit."""
    wide = sweep_everybody(on=on, known_at=known_at, by_book=by_book, codes=frozenset({code}))
    long = as_long(wide)
    return [UUID(person) for person in long.filter(pl.col("verdict") == verdict)[PERSON].sort()]


def swept_verdicts(person: UUID, *, on: date, known_at: datetime) -> list[tuple[str, str, str]]:
    """(code, title, verdict) the population sweep gives one person; Refused as `facts_of`."""
    judged_by = book()
    wide = sweep_everybody(on=on, known_at=known_at, by_book=judged_by).filter(pl.col(PERSON) == str(person))
    if wide.is_empty():
        raise Refused("registry.no-such-file")
    long = as_long(wide).sort("code")
    return [(code, judged_by.benefits[code].title, verdict) for _, code, verdict in long.rows()]


def impact(
    old: Book, new: Book, *, on: date, known_at: datetime
) -> tuple[tuple[Change, ...], tuple[Reach, ...]]:
    """What reads differently between two books, and for how many in scope the answer changes."""
    changes = compare_books(old, new, on=on)
    codes = frozenset(change.code for change in changes if change.judges_differently)
    if not codes:
        return changes, ()
    names = _read_by(old, codes, on=on) | _read_by(new, codes, on=on)
    frame, relations = _population(names, on=on, known_at=known_at)
    return changes, reach_of_change(old, new, codes=codes, frame=frame, relations=relations, on=on)


def _read_by(judged_by: Book, codes: frozenset[str] | None, *, on: date) -> frozenset[str]:
    asked = _asked(judged_by)
    return asked if codes is None else asked & facts_read(judged_by, codes=codes, on=on)


def _population(names: frozenset[str], *, on: date, known_at: datetime) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Everybody in scope, and their relations, with the columns asked for."""
    people = asking.facts_of_many(names, on=on, known_at=known_at)
    relations = asking.relations_of_many(names, on=on, known_at=known_at)
    return people.rename({asking.PERSON: PERSON}), relations.rename({asking.PERSON: PERSON})


def _asked(judged_by: Book) -> frozenset[str]:
    return asking.answerable() & {fact.name for fact in judged_by.vocabulary.stored()}


# --- replay -------------------------------------------------------------------------------------------------


def replay(
    *, since: datetime | None = None, until: datetime | None = None, under: Book | None = None
) -> Iterator[tuple[UUID, Replayed]]:
    """Every decision recorded in a span (`until` excluded), decided again: (person, outcome), oldest first.

    Under the book it was made by, unless another is given. Refused("benefits.no-such-edition") when that
    book was never adopted.
    """
    rows = RecordedDecision.objects.order_by("decided_at", "id")
    if since:
        rows = rows.filter(decided_at__gte=since)
    if until:
        rows = rows.filter(decided_at__lt=until)
    known: dict[str, Book] = {}
    for person, digest, content in rows.values_list("person_id", "book", "content").iterator(
        chunk_size=2_000
    ):
        if under is None and digest not in known:
            known[digest] = book_with_digest(digest)
        yield person, replay_one(content, under or known[digest])
