"""Reads of what is offered without a form: a person's offers and enrolments, work lists, take-up."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast
from uuid import UUID

import polars as pl
from django.db import connection
from django.db.models import Q, QuerySet

from rongjun.access.api import Scope
from rongjun.benefits.logic import OfferState, TakeUpLine, counts_of, unpack_table
from rongjun.benefits.models import Enrolment, Offer, SweptPart, TakeUp
from rongjun.benefits.queries import KeptSweep, book, book_with_digest, kept_sweep, sweep_everybody
from rongjun.rules.api import PERSON, Book, Decision, decide


@dataclass(frozen=True, slots=True)
class OfferLine:
    """One offer to a person as it stands."""

    id: UUID
    code: str
    version: date
    state: OfferState
    made_at: datetime
    answer_by: date
    answered_at: datetime | None
    answered_by: str
    channel: str
    words: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class EnrolmentLine:
    """One benefit a person has, or had, since a day."""

    id: UUID
    person: UUID
    code: str
    since: date
    enrolled_by: str
    not_entitled_since: date | None
    look_again_on: date | None
    kept_by: str
    kept_reason: str
    ended_at: datetime | None
    ended_by: str
    end_ground: str
    end_reason: str


def offers_of(files: Collection[UUID]) -> list[OfferLine]:
    """The offers to a person, by all their files: those of now first, then the newest; empty out of scope."""
    rows = Offer.objects.filter(person_id__in=files)
    lines = [
        OfferLine(
            row.id,
            row.code,
            row.version,
            cast(OfferState, row.state),
            row.made_at,
            row.answer_by,
            row.answered_at,
            row.answered_by,
            row.channel,
            row.words,
            row.entitled_to is None,
        )
        for row in rows.order_by("-made_at", "code")
    ]
    return sorted(lines, key=lambda line: not line.is_current)


def why_offered(offer: UUID) -> Decision:
    """The decision an offer was made by, decided again from the facts it keeps; KeyError out of scope."""
    row = Offer.objects.select_related("round").filter(pk=offer).first()
    if row is None:
        raise KeyError(offer)
    newest = book()
    judged_by = newest if newest.digest == row.round.book else book_with_digest(row.round.book)
    told = json.loads(row.facts)
    decision = decide(
        judged_by, code=row.code, facts=told["facts"], relations=told["relations"], on=row.round.on
    )
    assert decision is not None, "an offer is of a version in force on its day"
    return decision


def enrolments_of(files: Collection[UUID]) -> list[EnrolmentLine]:
    """The enrolments of a person, by all their files: those that hold first; empty out of scope."""
    lines = _lines(Enrolment.objects.filter(person_id__in=files).order_by("-enrolled_at", "code"))
    return sorted(lines, key=lambda line: line.ended_at is not None)


def copied_offers(files: Collection[UUID]) -> list[dict[str, str]]:
    """Everything kept of the offers to a person, the oldest first, as text."""
    names = (
        "code", "version", "facts", "state", "made_at", "answer_by", "answered_at", "answered_by", "channel",
        "words", "entitled_to",
    )  # fmt: skip
    rows = Offer.objects.filter(person_id__in=files).order_by("made_at", "code")
    return [_as_text(row) for row in rows.values(*names)]


def copied_enrolments(files: Collection[UUID]) -> list[dict[str, str]]:
    """Everything kept of the enrolments of a person, the oldest first, as text."""
    names = (
        "code", "since", "enrolled_at", "enrolled_by", "not_entitled_since", "look_again_on", "kept_by",
        "kept_reason", "ended_at", "ended_by", "end_ground", "end_reason",
    )  # fmt: skip
    rows = Enrolment.objects.filter(person_id__in=files).order_by("enrolled_at", "code")
    return [_as_text(row) for row in rows.values(*names)]


def _as_text(row: Mapping[str, Any]) -> dict[str, str]:
    return {
        name: value.isoformat() if isinstance(value, date) else value or "" for name, value in row.items()
    }


def to_look_at(*, today: date, start: int = 0, most: int | None = None) -> list[EnrolmentLine]:
    """Enrolments of people a sweep found not entitled any more, the longest first; see `_to_look_at`."""
    end = None if most is None else start + most
    return _lines(_to_look_at(today).order_by("not_entitled_since", "id")[start:end])


def count_to_look_at(*, today: date) -> int:
    """How many are on that list."""
    return _to_look_at(today).count()


def enrolment(wanted: UUID) -> EnrolmentLine | None:
    """One enrolment in scope."""
    return next(iter(_lines(Enrolment.objects.filter(pk=wanted))), None)


def _to_look_at(today: date) -> QuerySet[Enrolment]:
    """Without those somebody has decided to keep until a day that is still to come."""
    due = Q(look_again_on=None) | Q(look_again_on__lte=today)
    return Enrolment.objects.filter(due, ended_at=None, not_entitled_since__isnull=False)


def _lines(rows: Iterable[Enrolment]) -> list[EnrolmentLine]:
    return [
        EnrolmentLine(
            row.id,
            row.person_id,
            row.code,
            row.since,
            row.enrolled_by,
            row.not_entitled_since,
            row.look_again_on,
            row.kept_by,
            row.kept_reason,
            row.ended_at,
            row.ended_by,
            row.end_ground,
            row.end_reason,
        )
        for row in rows
    ]


# --- take-up ------------------------------------------------------------------------------------------------

FIGURES: Sequence[str] = ("entitled", "accepted", "waiting", "declined", "lapsed", "not-reached")
_STATE_OF = {"waiting": "offered", "declined": "declined", "lapsed": "lapsed"}
_COUNTED = """
    select code, 'accepted', count(*) from benefits_enrolment
    where ended_at is null and not_entitled_since is null and division between %(lo)s and %(hi)s group by code
    union all
    select code, case state when 'offered' then 'waiting' else state end, count(*) from benefits_offer
    where entitled_to is null and state <> 'accepted' and division between %(lo)s and %(hi)s
    group by code, state
"""


def counts_within(scope: Scope) -> dict[str, dict[str, int]]:
    """For each benefit, how many in a range have it, wait, have declined or have not answered."""
    counted: dict[str, dict[str, int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_COUNTED, {"lo": scope.lo, "hi": scope.hi})
        for code, state, count in cursor.fetchall():
            nothing = dict.fromkeys(("accepted", "declined", "waiting", "lapsed"), 0)
            counted.setdefault(code, nothing)[state] = count
    return counted


def take_up() -> list[TakeUpLine]:
    """Every county in scope and every benefit offered without a form, as last counted."""
    return [
        TakeUpLine(
            row.code,
            row.division,
            row.entitled,
            row.unknown,
            row.accepted,
            row.declined,
            row.waiting,
            row.lapsed,
            row.counted_at,
        )
        for row in TakeUp.objects.order_by("code", "division")
    ]


def take_up_here(
    scope: Scope, *, division: int, by_book: Book, on: date, known_at: datetime
) -> list[TakeUpLine]:
    """The same for a scope smaller than a county, counted now from the files, which are few there."""
    codes = frozenset(benefit.code for benefit, _, _ in by_book.offered(on=on))
    wide = sweep_everybody(on=on, known_at=known_at, by_book=by_book, codes=codes)
    held, nothing = counts_within(scope), dict.fromkeys(("accepted", "declined", "waiting", "lapsed"), 0)
    return [
        TakeUpLine(code, division, granted, unknown, **held.get(code, nothing), counted_at=known_at)
        for code, (granted, unknown, _) in sorted(counts_of(wide).items())
    ]


def people_of_figure(code: str, figure: str, *, scope: Scope, on: date, known_at: datetime) -> list[UUID]:
    """Everybody behind one figure of the take-up within a range; the entitled by the newest sweep."""
    within = Q(code=code, division__gte=scope.lo, division__lte=scope.hi)
    has = Enrolment.objects.filter(within, ended_at=None, not_entitled_since=None)
    offered = Offer.objects.filter(within, entitled_to=None)
    if figure == "accepted":
        return list(has.order_by("person_id").values_list("person_id", flat=True))
    if figure in _STATE_OF:
        found = offered.filter(state=_STATE_OF[figure]).order_by("person_id")
        return list(found.values_list("person_id", flat=True))
    entitled = _entitled(code, scope, on=on, known_at=known_at)
    if figure == "entitled":
        return entitled
    reached = {*has.values_list("person_id", flat=True)}
    reached |= {*offered.exclude(state="accepted").values_list("person_id", flat=True)}
    return [person for person in entitled if person not in reached]


def _entitled(code: str, scope: Scope, *, on: date, known_at: datetime) -> list[UUID]:
    newest = kept_sweep()
    parts = _parts(newest, scope).values_list("verdicts", flat=True) if newest else []
    tables = [unpack_table(bytes(content), columns={PERSON, code}) for content in parts]
    if not tables:
        tables = [sweep_everybody(on=on, known_at=known_at, codes=frozenset({code}))]
    held = [table.filter(pl.col(code))[PERSON] for table in tables if code in table.columns]
    return [UUID(person) for person in pl.concat(held).sort()] if held else []


def reach_by_county(code: str) -> list[tuple[int, int, int, int]]:
    """(county, granted, unknown, not granted) of one benefit, by the newest sweep; empty below a county."""
    newest = kept_sweep()
    if newest is None:
        return []
    parts = SweptPart.objects.filter(sweep=newest.id).order_by("division").values_list("division", "counts")
    return [(division, *counts[code]) for division, counts in parts if code in counts]


def _parts(newest: KeptSweep, scope: Scope) -> QuerySet[SweptPart]:
    within = Q(division__gte=scope.lo, division__lte=scope.hi)
    return SweptPart.objects.filter(within, sweep=newest.id).order_by("division")
