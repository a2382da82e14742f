"""Putting a book in force, confirming a wording, keeping what was decided, judging everybody."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from datetime import date, datetime
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from rongjun.access.api import Actor, acting_as_job, scope_of
from rongjun.audit import api as audit
from rongjun.benefits import queries
from rongjun.benefits.groups import figures_of
from rongjun.benefits.logic import counts_of, pack, pack_table, sum_of
from rongjun.benefits.models import (
    BookFiles,
    Confirmation,
    Edition,
    RecordedDecision,
    Sweep,
    SweptPart,
    Unanswered,
)
from rongjun.benefits.unanswered import OpenHere, by_division, open_facts
from rongjun.kernel.errors import Refused
from rongjun.registry import api as registry
from rongjun.rules.api import Book, check_book, decision_bytes, files_of, load_book, sweep
from rongjun.rules.api import Confirmation as Confirmed


def adopt_book(files: Mapping[str, bytes], *, document: str, by: Actor, now: datetime) -> Book:
    """Put the book these policy files make in force, for every process at once; return it.

    Confirmations stay with every wording that has not changed. Refused("benefits.may-not-adopt"),
    ("benefits.document-missing"), ("benefits.book-unsound") when the check finds a problem, and
    ("benefits.book-unchanged") when it is the book in force already. The files in force are untouched then.
    """
    if not by.may("policy.adopt"):
        raise Refused("benefits.may-not-adopt")
    return put_in_force(files, document=document, by=by.text, role=by.role, now=now)


def put_in_force(
    files: Mapping[str, bytes], *, document: str, by: str, now: datetime, role: str = ""
) -> Book:
    """As `adopt_book`, for whoever installs a city (the operator at the terminal, the demo)."""
    if not document.strip():
        raise Refused("benefits.document-missing")
    report = check_book(files, city=settings.CITY)
    if not report.is_clean:
        raise Refused("benefits.book-unsound", count=len(report.problems), first=str(report.problems[0]))
    with transaction.atomic(), acting_as_job("benefits.adopt-book"):
        newest = _newest_alone()
        book = load_book(files, city=settings.CITY, confirmations=queries.confirmations())
        if newest and newest.digest == book.digest:
            raise Refused("benefits.book-unchanged")
        _add_edition(book, files, document=document, by=by, now=now)
        audit.note(
            "benefits.book-adopted",
            by=by,
            role=role,
            about=f"book:{book.digest[:16]}",
            detail={"document": document, "benefits": len(book.benefits)},
            at=now,
        )
    return book


def confirm_wording(code: str, *, document: str, by: Actor, on: date, now: datetime) -> Book:
    """The bureau confirms one benefit exactly as it reads now; return the book that says so.

    A changed wording is unconfirmed again. Refused("benefits.may-not-confirm"),
    ("benefits.document-missing"), ("benefits.no-edition") before any book was adopted,
    ("benefits.no-such-benefit") or ("benefits.already-confirmed").
    """
    if not by.may("policy.confirm"):
        raise Refused("benefits.may-not-confirm")
    if not document.strip():
        raise Refused("benefits.document-missing")
    with transaction.atomic(), acting_as_job("benefits.confirm-wording"):
        newest = _newest_alone()
        if newest is None:
            raise Refused("benefits.no-edition")
        old = queries.book_of(newest)
        benefit = old.benefits.get(code)
        version = benefit.version(on=on) if benefit else None
        if benefit is None or version is None:
            raise Refused("benefits.no-such-benefit", code=code)
        if old.is_confirmed(benefit, version):
            raise Refused("benefits.already-confirmed", title=benefit.title)
        Confirmation.objects.create(
            code=code,
            version=version.start,
            digest=version.digest,
            document=document,
            confirmed_by=by.text,
            confirmed_at=now,
        )
        files = queries.files_of_edition(newest)
        book = load_book(files, city=newest.city, confirmations=queries.confirmations())
        _add_edition(book, files, document=document, by=by.text, now=now)
        audit.note(
            "benefits.wording-confirmed",
            by=by.text,
            role=by.role,
            about=f"benefit:{code}",
            detail={"document": document, "version": version.start.isoformat()},
            at=now,
        )
    return book


def record_decisions(person: UUID, *, on: date, by: Actor, now: datetime, by_book: Book | None = None) -> int:
    """Keep every decision of one person on a day as it is told now; return how many.

    They can be decided again later, to the byte. Refused("registry.no-such-file") outside the scope.
    """
    decisions = queries.decisions_for(person, on=on, known_at=now, by_book=by_book)
    with transaction.atomic():
        division = registry.lines_of([person], on=on, known_at=now)[0].division
        RecordedDecision.objects.bulk_create(
            RecordedDecision(
                person_id=person,
                division=division,
                code=decision.code,
                book=decision.book,
                on=on,
                verdict=decision.verdict,
                content=decision_bytes(decision).decode(),
                decided_at=now,
                decided_by=by.text,
            )
            for decision in decisions
        )
        audit.note(
            "benefits.decisions-recorded",
            by=by.text,
            role=by.role,
            about=f"person:{person}",
            division=division,
            detail={"count": len(decisions), "on": on.isoformat()},
            at=now,
        )
    return len(decisions)


def entitle(
    *, on: date, by: str, now: datetime, on_part: Callable[[int, int], None] = lambda _done, _parts: None
) -> UUID:
    """Judge everybody for a day by the book in force and keep it: facts, every verdict, counts by benefit.

    County by county, each kept as soon as it is judged, so memory does not grow with the city and an
    interrupted run goes on where it stopped, still by what was known when it began. `on_part` hears after
    each county how many of how many are done. The sweep before it is dropped when this one is whole.
    """
    row, book, missing = _begin_sweep(on=on, by=by, now=now)
    for done, county in enumerate(missing, start=1):
        _judge_county(row, book, county)
        on_part(done, len(missing))
    _finish_sweep(row, by=by, now=now)
    return row.id


def _begin_sweep(*, on: date, by: str, now: datetime) -> tuple[Sweep, Book, list[int]]:
    """The sweep to work on, one begun earlier or a new one, its book, and the counties still to be judged."""
    with transaction.atomic(), acting_as_job("benefits.entitle"):
        _alone("benefits.sweep")
        book = queries.book()
        row = Sweep.objects.filter(on=on, book=book.digest, finished_at=None).first()
        if row is None:
            row = Sweep.objects.create(on=on, known_at=now, book=book.digest, started_by=by)
        done = set(SweptPart.objects.filter(sweep=row).values_list("division", flat=True))
        return row, book, [county for county in registry.counties() if county not in done]


def _judge_county(row: Sweep, book: Book, county: int) -> None:
    with transaction.atomic(), acting_as_job("benefits.entitle", scope=scope_of(county)):
        people, relations = queries.population(book, queries.asked(book), on=row.on, known_at=row.known_at)
        wide = sweep(book, frame=people, relations=relations, on=row.on)
        part = SweptPart(
            sweep=row,
            division=county,
            people=people.height,
            facts=pack_table(people),
            relations=pack_table(relations),
            verdicts=pack_table(wide),
            counts=counts_of(wide),
            figures=figures_of(people, wide, asked=queries.groups_asked(book, on=row.on), on=row.on),
        )
        lines = open_facts(people, wide, readers=queries.askable_readers(book, on=row.on))
        # Two runs at one time work on the same sweep; whoever keeps a county first has kept it.
        SweptPart.objects.bulk_create([part], ignore_conflicts=True)
        _keep_unanswered(row, by_division(lines, serving=registry.serving_divisions()))


def _keep_unanswered(row: Sweep, parts: Iterable[OpenHere]) -> None:
    Unanswered.objects.bulk_create(
        (
            Unanswered(
                sweep=row,
                division=each.division,
                people=each.people,
                facts=each.facts,
                lines=pack_table(each.lines),
            )
            for each in parts
        ),
        ignore_conflicts=True,
        batch_size=200,
    )


def _finish_sweep(row: Sweep, *, by: str, now: datetime) -> None:
    with transaction.atomic(), acting_as_job("benefits.entitle"):
        _alone("benefits.sweep")
        parts = list(SweptPart.objects.filter(sweep=row).values_list("people", "counts"))
        people, counts = sum(count for count, _ in parts), sum_of([counts for _, counts in parts])
        unfinished = Sweep.objects.filter(pk=row.pk, finished_at=None)
        if not unfinished.update(people=people, counts=counts, finished_at=now):
            return
        Sweep.objects.exclude(pk=row.pk).delete()
        audit.note(
            "benefits.everybody-judged",
            by=by,
            about=f"sweep:{row.id}",
            detail={
                "on": row.on.isoformat(),
                "people": people,
                "benefits": len(counts),
                "book": row.book[:16],
            },
            at=now,
        )


def _newest_alone() -> Edition | None:
    """The edition in force; two who put a book in force at once take turns here."""
    _alone("benefits.edition")
    return Edition.objects.select_related("files").order_by("-id").first()


def _alone(name: str) -> None:
    """Whoever asks for the same name waits until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])


def _add_edition(book: Book, files: Mapping[str, bytes], *, document: str, by: str, now: datetime) -> None:
    content = pack(files_of(files, city=book.city, province=book.province))
    kept, _ = BookFiles.objects.get_or_create(
        digest=hashlib.sha256(content).hexdigest(), defaults={"content": content}
    )
    Edition.objects.create(
        digest=book.digest,
        files=kept,
        city=book.city,
        confirmations=[_as_json(each) for each in sorted(book.confirmations, key=_order)],
        document=document,
        adopted_at=now,
        adopted_by=by,
    )


def _order(each: Confirmed) -> tuple[str, date, str]:
    return each.code, each.version, each.digest


def _as_json(each: Confirmed) -> dict[str, str]:
    return asdict(each) | {"version": each.version.isoformat()}
