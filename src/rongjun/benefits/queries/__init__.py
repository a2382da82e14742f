"""Decisions: facts asked by name, judged by the book, for one person or for everybody in scope."""

from __future__ import annotations

import gc
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import cast
from uuid import UUID

import polars as pl
from django.conf import settings
from django.db.models import Count, Q, QuerySet, Sum
from django.db.models import Value as Literal
from django.db.models.functions import Length

from rongjun.benefits.groups import Asked, mask_of
from rongjun.benefits.logic import Replayed, columns_of, counts_of, replay_one, sum_of, unpack, unpack_table
from rongjun.benefits.models import Confirmation, Edition, RecordedDecision, Sweep, SweptPart
from rongjun.benefits.questions import is_answerable
from rongjun.kernel.errors import Refused
from rongjun.registry import api as registry
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
    decide,
    decide_all,
    facts_read,
    load_book,
    reach_of_change,
    readers_of,
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
    # It stays: a collection that walks all of it holds a page up by a tenth of a second.
    gc.collect()
    gc.freeze()
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


@dataclass(frozen=True, slots=True)
class ConfirmationLine:
    """One wording the bureau has confirmed: of which version, when, by whom, by which document."""

    code: str
    version: date
    at: datetime
    by: str
    document: str


def confirmed_between(since: datetime, until: datetime) -> list[ConfirmationLine]:
    """What the bureau confirmed in a span (`until` excluded), the newest first."""
    rows = Confirmation.objects.filter(confirmed_at__gte=since, confirmed_at__lt=until)
    named = rows.values_list("code", "version", "confirmed_at", "confirmed_by", "document")
    return [ConfirmationLine(*row) for row in named.order_by("-confirmed_at", "-id")]


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

    What the book no longer knows, as a word it has dropped, is unknown and will be asked again.
    Refused("registry.no-such-file") when there is no such file in scope (or was none yet at `known_at`).
    """
    judged_by = by_book or book()
    try:
        held = asking.facts_of(person, asked(judged_by), on=on, known_at=known_at)
    except KeyError:
        raise Refused("registry.no-such-file") from None
    return _known(judged_by, held)


def relations_of(
    person: UUID, *, on: date, known_at: datetime, by_book: Book | None = None
) -> list[Mapping[str, Value]]:
    """The facts of each relation of a person, unknown ones left out."""
    judged_by = by_book or book()
    held = asking.relations_of(person, asked(judged_by), on=on, known_at=known_at)
    return [_known(judged_by, each) for each in held]


def _known(judged_by: Book, held: Mapping[str, object]) -> dict[str, Value]:
    given = {name: cast(Value, value) for name, value in held.items() if value is not None}
    return {name: value for name, value in given.items() if judged_by.vocabulary[name].accepts(value)}


def decision_on(
    person: UUID, code: str, *, on: date, known_at: datetime, by_book: Book | None = None
) -> Decision | None:
    """One benefit judged for one person; None when the book has it not in force. Refused as `facts_of`."""
    judged_by = by_book or book()
    if code not in judged_by.benefits:
        return None
    return decide(
        judged_by,
        code=code,
        facts=facts_of(person, on=on, known_at=known_at, by_book=judged_by),
        relations=relations_of(person, on=on, known_at=known_at, by_book=judged_by),
        on=on,
    )


def decisions_for(
    person: UUID,
    *,
    on: date,
    known_at: datetime,
    by_book: Book | None = None,
    without: Collection[str] = (),
) -> tuple[Decision, ...]:
    """Every benefit in force on a day judged for one person, with reasons. Refused as `facts_of`.

    `without` are facts the asker may not learn: judged as if nobody knew them, so no verdict tells them.
    """
    judged_by = by_book or book()
    facts = facts_of(person, on=on, known_at=known_at, by_book=judged_by)
    return decide_all(
        judged_by,
        facts={name: value for name, value in facts.items() if name not in without},
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


def recordings(files: Collection[UUID], *, limit: int = 5) -> list[Recording]:
    """The newest recordings of decisions on a person, by all their files; empty out of scope."""
    groups = RecordedDecision.objects.filter(person_id__in=files).values(
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


def recorded(files: Collection[UUID]) -> list[dict[str, str]]:
    """Every decision recorded about a person, by all their files, the oldest first, as text."""
    rows = RecordedDecision.objects.filter(person_id__in=files).order_by("decided_at", "code")
    return [
        {
            "code": row.code,
            "on": row.on.isoformat(),
            "verdict": row.verdict,
            "content": row.content,
            "book": row.book,
            "decided_at": row.decided_at.isoformat(),
            "decided_by": row.decided_by,
        }
        for row in rows
    ]


def sweep_everybody(
    *, on: date, known_at: datetime, by_book: Book | None = None, codes: frozenset[str] | None = None
) -> pl.DataFrame:
    """The same judgement for all in scope: one row a person, a nullable Boolean column a benefit."""
    judged_by = by_book or book()
    names = _read_by(judged_by, codes, on=on)
    frame, relations = population(judged_by, names, on=on, known_at=known_at)
    return sweep(judged_by, frame=frame, relations=relations, on=on, codes=codes)


def counts_by_benefit(
    *, on: date, known_at: datetime, by_book: Book | None = None, codes: frozenset[str] | None = None
) -> list[tuple[str, str, int, int, int]]:
    """(code, title, granted, unknown, not granted) over everybody in scope, by code."""
    judged_by = by_book or book()
    wide = sweep_everybody(on=on, known_at=known_at, by_book=judged_by, codes=codes)
    return sorted((code, judged_by.benefits[code].title, *told) for code, told in counts_of(wide).items())


def people_with(
    code: str, verdict: str, *, on: date, known_at: datetime, by_book: Book | None = None
) -> list[UUID]:
    """Everybody in scope to whom the sweep gives this verdict for one benefit."""
    wide = sweep_everybody(on=on, known_at=known_at, by_book=by_book, codes=frozenset({code}))
    long = as_long(wide)
    return [UUID(person) for person in long.filter(pl.col("verdict") == verdict)[PERSON].sort()]


def swept_verdicts(person: UUID, *, on: date, known_at: datetime) -> list[tuple[str, str, str]]:
    """(code, title, verdict) the population sweep gives one person.

    Refused as `facts_of`, and "benefits.dead-not-swept" for whoever had died by that day.
    """
    judged_by = book()
    wide = sweep_everybody(on=on, known_at=known_at, by_book=judged_by).filter(pl.col(PERSON) == str(person))
    if wide.is_empty():
        died_on = registry.died_on([person], known_at=known_at).get(person)
        if died_on is not None and died_on <= on:
            raise Refused("benefits.dead-not-swept", day=died_on.isoformat())
        raise Refused("registry.no-such-file")
    long = as_long(wide).sort("code")
    return [(code, judged_by.benefits[code].title, verdict) for _, code, verdict in long.rows()]


@dataclass(frozen=True, slots=True)
class Impact:
    """What reads differently between two books, for how many the answer changes, by what was known when."""

    changes: tuple[Change, ...]
    reach: tuple[Reach, ...]
    known_at: datetime


def impact(old: Book, new: Book, *, on: date, known_at: datetime, fresh: bool = False) -> Impact:
    """What reads differently between two books, and for how many in scope the answer changes.

    The facts are those of the sweep kept for that day, if there is one and the scope covers whole counties;
    `fresh` reads every file again.
    """
    changes = compare_books(old, new, on=on)
    codes = frozenset(change.code for change in changes if change.judges_differently)
    if not codes:
        return Impact(changes, (), known_at)
    names = _read_by(old, codes, on=on) | _read_by(new, codes, on=on)
    kept = None if fresh else _kept_population(names, on=on)
    people, relations, known_at = kept or (*population(new, names, on=on, known_at=known_at), known_at)
    reach = reach_of_change(old, new, codes=codes, frame=people, relations=relations, on=on)
    return Impact(changes, reach, known_at)


def _kept_population(
    names: frozenset[str], *, on: date
) -> tuple[pl.DataFrame, pl.DataFrame, datetime] | None:
    """The newest sweep's facts of everybody in scope; None where it does not have what is asked for."""
    newest = kept_sweep()
    if newest is None or newest.on != on:
        return None
    parts = SweptPart.objects.filter(sweep=newest.id).values_list("facts", "relations")
    wanted = names | {PERSON}
    tables = [[unpack_table(bytes(content), columns=wanted) for content in part] for part in parts]
    if not tables or wanted - {name for table in tables[0] for name in table.columns}:
        return None
    people, relations = (pl.concat(each) for each in zip(*tables, strict=True))
    return people, relations, newest.known_at


@dataclass(frozen=True, slots=True)
class KeptSweep:
    """The newest judgement of everybody: for which day, by what was known when, by which book."""

    id: UUID
    on: date
    known_at: datetime
    book: str
    people: int
    counts: Mapping[str, Sequence[int]]


def kept_sweep() -> KeptSweep | None:
    """The newest sweep that was finished; None before the first."""
    row = Sweep.objects.exclude(finished_at=None).order_by("-finished_at").first()
    if row is None:
        return None
    return KeptSweep(row.id, row.on, row.known_at, row.book, row.people, row.counts)


def kept_counts(sweep: UUID) -> dict[str, tuple[int, int, int]]:
    """For each benefit, its three figures over the counties in scope; empty below a county."""
    return sum_of(list(SweptPart.objects.filter(sweep=sweep).values_list("counts", flat=True)))


def kept_verdicts(sweep: UUID) -> pl.DataFrame:
    """Everybody's verdicts in scope as they were kept: one row a person, a Boolean column a benefit."""
    parts = SweptPart.objects.filter(sweep=sweep).order_by("division").values_list("verdicts", flat=True)
    tables = [unpack_table(bytes(content)) for content in parts]
    return pl.concat(tables) if tables else pl.DataFrame({PERSON: []}, schema={PERSON: pl.String})


@dataclass(frozen=True, slots=True)
class CountyFigures:
    """What a sweep found in one county: people, the three counts of each benefit, how many in each group."""

    county: int
    people: int
    counts: Mapping[str, Sequence[int]]
    groups: Mapping[str, Mapping[str, int]]


def kept_figures(sweep: UUID) -> list[CountyFigures]:
    """The figures of every county in scope, by code; reads no person."""
    parts = SweptPart.objects.filter(sweep=sweep).order_by("division")
    return [CountyFigures(*row) for row in parts.values_list("division", "people", "counts", "figures")]


def groups_asked(judged_by: Book, *, on: date) -> Asked:
    """What a sweep by this book is grouped by."""
    # Of facts with another default nothing on file is an answer.
    unknown = {fact.name for fact in judged_by.vocabulary.stored() if fact.absent is None}
    readers = readers_of(judged_by, on=on)
    return Asked(
        categories=registry.FACT_OF_CATEGORY,
        basics=registry.BASICS,
        readers={name: codes for name, codes in readers.items() if name in unknown},
    )


def askable_readers(judged_by: Book, *, on: date) -> dict[str, frozenset[str]]:
    """The facts that may be unknown and can be stated on the spot, and the benefits that read each."""
    readers = groups_asked(judged_by, on=on).readers
    facts = judged_by.vocabulary.facts
    return {
        name: codes
        for name, codes in readers.items()
        if name in registry.STATED and is_answerable(facts[name])
    }


def kept_group(kept: KeptSweep, group: str, value: str, *, county: int | None = None) -> list[UUID]:
    """Who was in one group of a sweep, in scope, or only in one county; reads the columns it needs."""
    asked_by = groups_asked(book_of_sweep(kept), on=kept.on)
    found: list[str] = []
    for facts, verdicts in _kept_parts(kept, county).values_list("facts", "verdicts"):
        told, judged = columns_of(bytes(facts)), columns_of(bytes(verdicts))
        mask = mask_of(group, value, facts=told, benefits=judged, asked=asked_by, on=kept.on)
        if mask is None:
            continue
        wanted = {PERSON, *mask.meta.root_names()}
        table = unpack_table(bytes(facts), columns=wanted)
        if not wanted <= set(told):
            table = table.join(unpack_table(bytes(verdicts), columns=wanted), on=PERSON, how="left")
        found += table.filter(mask)[PERSON].to_list()
    return sorted(UUID(person) for person in found)


def kept_verdict(kept: KeptSweep, code: str, verdict: str, *, county: int | None = None) -> list[UUID]:
    """To whom a sweep gave this verdict for one benefit, in scope, or only in one county."""
    found: list[str] = []
    for content in _kept_parts(kept, county).values_list("verdicts", flat=True):
        long = as_long(unpack_table(bytes(content), columns={PERSON, code}))
        found += long.filter(pl.col("verdict") == verdict)[PERSON].to_list()
    return sorted(UUID(person) for person in found)


def _kept_parts(kept: KeptSweep, county: int | None) -> QuerySet[SweptPart]:
    parts = SweptPart.objects.filter(sweep=kept.id).order_by("division")
    return parts if county is None else parts.filter(division=county)


def book_of_sweep(kept: KeptSweep) -> Book:
    """The book a sweep judged by: the one in force, or the edition it was made by."""
    in_force = book()
    return in_force if in_force.digest == kept.book else book_with_digest(kept.book)


def kept_bytes(sweep: UUID) -> int:
    """How many bytes a sweep's parts in scope take: facts, relations and verdicts, as they are stored."""
    size = sum((Length(name) for name in ("facts", "relations", "verdicts")), start=Literal(0))
    return SweptPart.objects.filter(sweep=sweep).aggregate(total=Sum(size))["total"] or 0


def _read_by(judged_by: Book, codes: frozenset[str] | None, *, on: date) -> frozenset[str]:
    every = asked(judged_by)
    return every if codes is None else every & facts_read(judged_by, codes=codes, on=on)


def population(
    judged_by: Book, names: frozenset[str], *, on: date, known_at: datetime
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Everybody in scope, and their relations, with the columns asked for; unfit values are null."""
    people = asking.facts_of_many(names, on=on, known_at=known_at)
    relations = asking.relations_of_many(names, on=on, known_at=known_at)
    return _fitting(judged_by, people), _fitting(judged_by, relations)


def _fitting(judged_by: Book, frame: pl.DataFrame) -> pl.DataFrame:
    """As `_known` for many: only words and numbers within the range can be something a book does not know."""
    columns = []
    for name in frame.columns:
        fact = judged_by.vocabulary.facts.get(name)
        if fact is not None and fact.kind == "enum":
            columns.append(pl.when(pl.col(name).is_in(list(fact.values))).then(pl.col(name)))
        elif fact is not None and fact.kind == "int":
            columns.append(pl.when(pl.col(name).is_between(fact.lowest, fact.highest)).then(pl.col(name)))
    return frame.with_columns(columns).rename({asking.PERSON: PERSON})


def asked(judged_by: Book) -> frozenset[str]:
    """The stored facts of a book that somebody answers for."""
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
