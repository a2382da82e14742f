"""What the nightly judgement leads to: offers made and withdrawn, enrolments to look at, take-up counted.

One step is one county in one transaction, so a stop anywhere repeats nothing. No step refuses anything to
anybody: it offers, takes back what was only offered, and puts the rest on somebody's work list.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import polars as pl
from django.db import connection
from django.db.models import Max, Min, Q
from django.utils import timezone

from rongjun.access.api import acting_as_job, scope_of
from rongjun.audit import api as audit
from rongjun.benefits import queries, telling
from rongjun.benefits.logic import facts_told, unpack_table
from rongjun.benefits.models import Enrolment, Offer, OfferRound, Sweep, SweptPart, TakeUp
from rongjun.benefits.queries.offers import counts_within
from rongjun.notices import api as notices
from rongjun.registry import api as registry
from rongjun.rules.api import PERSON, Book, facts_read


@dataclass(frozen=True, slots=True)
class OfferStep:
    """What one step did: in one county (or, at the end, in none), by benefit."""

    division: int | None
    made: Mapping[str, int] = field(default_factory=dict)
    withdrawn: int = 0
    to_look_at: int = 0


def offer_next(*, by: str, now: datetime) -> OfferStep | None:
    """The next step by the newest judgement; None when nothing is left to do.

    A judgement by another book than the one in force leads to nothing: a newer one is on its way.
    """
    with acting_as_job("benefits.make-offers"):
        book, sweep = queries.book(), queries.kept_sweep()
        if sweep is None or sweep.book != book.digest:
            return None
        part = _next_part(sweep.id)
        if part is not None:
            return _offer_part(part, _round_of(sweep, now=now), book, by=by, now=now)
        if SweptPart.objects.filter(sweep=sweep.id, offered_at=None).exists():
            return None  # somebody else has the last of them in hand
        return _finish(sweep, book, by=by, now=now) or _count_again(sweep, book, now=now)


def _next_part(sweep: UUID) -> SweptPart | None:
    """A county that has not had its turn; two workers never hold the same one."""
    waiting = SweptPart.objects.filter(sweep=sweep, offered_at=None).order_by("division")
    return waiting.select_for_update(skip_locked=True).first()


def _round_of(sweep: queries.KeptSweep, *, now: datetime) -> OfferRound:
    row, _ = OfferRound.objects.get_or_create(
        id=sweep.id,
        defaults={"on": sweep.on, "known_at": sweep.known_at, "book": sweep.book, "started_at": now},
    )
    return row


# --- one county ---------------------------------------------------------------------------------------------


def _offer_part(part: SweptPart, round_: OfferRound, book: Book, *, by: str, now: datetime) -> OfferStep:
    offered = {benefit.code: (version, told) for benefit, version, told in book.offered(on=round_.on)}
    codes = watched(book)
    county = _County.read(part, codes)
    made: Counter[str] = Counter()
    news = telling.Offered(round_.pk)
    withdrawn = to_look_at = 0
    for code in sorted(codes):
        granted, refused = county.granted(code), county.refused(code)
        over, _ = county.files(refused if code in offered else county.everybody)
        withdrawn += _withdraw(code, over, on=round_.on)
        to_look_at += _put_on_the_list(code, county.files(refused)[0], on=round_.on)
        _take_off_the_list(code, county.files(granted)[0])
        if code in offered:
            version, told = offered[code]
            reads = facts_read(book, codes={code}, on=round_.on)
            new = facts_told(county.people, county.relations, names=reads, of=_without(code, granted, county))
            answer_by = timezone.localtime(now).date() + timedelta(days=told.answer_days)
            whom = _make(list(new), code, version.start, round_, answer_by=answer_by, now=now)
            news.add(whom, title=book.benefits[code].title, answer_by=answer_by, reads=reads)
            made[code] = len(whom)
    notices.tell_all("offers-made", news.messages(), now=now)
    SweptPart.objects.filter(pk=part.pk).update(offered_at=now)
    _count(part, book, now=now)
    step = OfferStep(part.division, dict(+made), withdrawn, to_look_at)
    _note("benefits.offers-made", step, round_, by=by, now=now)
    return step


def watched(book: Book) -> frozenset[str]:
    """Every benefit that is or ever was offered without a form: somebody may hold it still."""
    return frozenset(
        benefit.code
        for benefit in book.benefits.values()
        if any(version.enrolment for version in benefit.versions)
    )


@dataclass(frozen=True, slots=True)
class _County:
    """The people of one county in a sweep: verdicts, facts, and which other files are theirs."""

    verdicts: pl.DataFrame
    people: pl.DataFrame
    relations: pl.DataFrame
    merged: Mapping[str, Sequence[str]]
    shut: frozenset[str]

    @classmethod
    def read(cls, part: SweptPart, codes: Collection[str]) -> _County:
        merged: dict[str, list[str]] = {}
        for other, kept in registry.merged_files().items():
            merged.setdefault(str(kept), []).append(str(other))
        return cls(
            unpack_table(bytes(part.verdicts), columns={PERSON, *codes}),
            unpack_table(bytes(part.facts)),
            unpack_table(bytes(part.relations)),
            merged,
            frozenset(map(str, registry.restricted_people())),
        )

    @property
    def everybody(self) -> list[str]:
        return self.verdicts[PERSON].to_list()

    def granted(self, code: str) -> list[str]:
        return self._told(code, held=True)

    def refused(self, code: str) -> list[str]:
        """Not granted, for sure; for whom a fact is missing is neither here nor there."""
        return self._told(code, held=False)

    def _told(self, code: str, *, held: bool) -> list[str]:
        if code not in self.verdicts.columns:  # no version is in force on that day
            return [] if held else self.everybody
        return self.verdicts.filter(pl.col(code) == held)[PERSON].to_list()

    def files(self, people: Sequence[str]) -> tuple[list[str], list[str]]:
        """All files of these people, and beside each the person's kept one."""
        others = [(other, kept) for kept in people if kept in self.merged for other in self.merged[kept]]
        return [*people, *(other for other, _ in others)], [*people, *(kept for _, kept in others)]


def _without(code: str, granted: Sequence[str], county: _County) -> list[str]:
    """Those of the people granted it who hold neither an offer of it nor an enrolment, by any of their files.

    Whose file is restricted is left alone.
    """
    sql = """
        select kept::text from unnest(%s::uuid[], %s::uuid[]) asked(file, kept)
        left join benefits_offer offer
               on offer.person_id = file and offer.code = %s and offer.entitled_to is null
        left join benefits_enrolment held
               on held.person_id = file and held.code = %s and held.ended_at is null
        group by kept having count(offer.id) = 0 and count(held.id) = 0
    """
    files, kept = county.files([person for person in granted if person not in county.shut])
    with connection.cursor() as cursor:
        cursor.execute(sql, [files, kept, code, code])
        return [person for (person,) in cursor.fetchall()]


def _make(
    new: Sequence[tuple[str, str]],
    code: str,
    version: date,
    round_: OfferRound,
    *,
    answer_by: date,
    now: datetime,
) -> list[tuple[UUID, int]]:
    sql = """
        insert into benefits_offer (id, person_id, division, code, version, round_id, facts, state, made_at,
                                    answer_by, answered_by, channel, words)
        select gen_random_uuid(), person.id, person.division, %s, %s, %s, told.facts, 'offered', %s,
               %s, '', '', ''
        from unnest(%s::uuid[], %s::text[]) told(person, facts)
        join registry_person person on person.id = told.person
        returning person_id, division
    """
    people, facts = [person for person, _ in new], [told for _, told in new]
    with connection.cursor() as cursor:
        cursor.execute(sql, [code, version, round_.pk, now, answer_by, people, facts])
        made: list[tuple[UUID, int]] = cursor.fetchall()
    return made


_WITHDRAW = """
    update benefits_offer
    set entitled_to = %s, state = case state when 'offered' then 'withdrawn' else state end
    where entitled_to is null
"""
_TO_LOOK_AT = """
    update benefits_enrolment set not_entitled_since = %s
    where ended_at is null and not_entitled_since is null
"""


def _withdraw(code: str, people: Sequence[str], *, on: date) -> int:
    """The spell of entitlement is over: what is still unanswered is taken back."""
    return _taken_back(" and code = %s and person_id = any (%s::uuid[])", [on, code, list(people)])


def _taken_back(whose: str, given: Sequence[Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"{_WITHDRAW}{whose} returning state = 'withdrawn'", given)
        return sum(was_open for (was_open,) in cursor.fetchall())


def _changed(sql: str, given: Sequence[Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, given)
        changed: int = cursor.rowcount
    return changed


def _put_on_the_list(code: str, people: Sequence[str], *, on: date) -> int:
    return _changed(f"{_TO_LOOK_AT} and code = %s and person_id = any (%s::uuid[])", [on, code, list(people)])


def _take_off_the_list(code: str, people: Sequence[str]) -> None:
    sql = """
        update benefits_enrolment set not_entitled_since = null
        where ended_at is null and not_entitled_since is not null and code = %s
          and person_id = any (%s::uuid[])
    """
    _changed(sql, [code, list(people)])


# --- after the last county ----------------------------------------------------------------------------------


def _finish(sweep: queries.KeptSweep, book: Book, *, by: str, now: datetime) -> OfferStep | None:
    """Once a round: who is in no sweep any more, and benefits that are in no book any more."""
    round_ = _round_of(sweep, now=now)
    if not OfferRound.objects.filter(pk=round_.pk, finished_at=None).update(finished_at=now):
        return None
    parts = SweptPart.objects.filter(sweep=sweep.id).values_list("verdicts", flat=True)
    tables = [unpack_table(bytes(content), columns={PERSON}) for content in parts]
    here = [person for table in tables for person in table[PERSON].to_list()]
    here += [str(other) for other in registry.merged_files()]
    # As a subselect it is hashed once; `<> all` of an array would be walked for every row.
    gone = " and (code <> all (%s) or person_id not in (select unnest(%s::uuid[])))"
    given: list[Any] = [sweep.on, sorted(watched(book)), here]
    step = OfferStep(None, {}, _taken_back(gone, given), _changed(f"{_TO_LOOK_AT}{gone}", given))
    _note("benefits.offer-round-finished", step, round_, by=by, now=now)
    return step


def lapse_offers(*, by: str, now: datetime) -> int:
    """Offers whose day has passed without an answer; nobody loses anything by it. Return how many."""
    with acting_as_job("benefits.make-offers"):
        late = Offer.objects.filter(state="offered", answer_by__lt=timezone.localtime(now).date())
        lapsed = late.update(state="lapsed")
        if lapsed:
            audit.note("benefits.offers-lapsed", by=by, detail={"count": lapsed}, at=now)
        return lapsed


def _note(event: str, step: OfferStep, round_: OfferRound, *, by: str, now: datetime) -> None:
    audit.note(
        event,
        by=by,
        about=f"offer-round:{round_.pk}",
        division=step.division,
        detail={
            "made": sum(step.made.values()),
            "by_benefit": dict(step.made),
            "withdrawn": step.withdrawn,
            "to_look_at": step.to_look_at,
            "book": round_.book[:16],
        },
        at=now,
    )


# --- take-up ------------------------------------------------------------------------------------------------


def _count_again(sweep: queries.KeptSweep, book: Book, *, now: datetime) -> OfferStep | None:
    """A county where somebody answered since it was counted."""
    offers = Offer.objects.aggregate(at=Max("answered_at"))["at"]
    ends = Enrolment.objects.aggregate(at=Max("ended_at"))["at"]
    newest = max((at for at in (offers, ends) if at), default=None)
    if newest is None:
        return None
    counted = TakeUp.objects.values_list("division").annotate(at=Min("counted_at")).order_by("division")
    for county, at in counted:
        if at < newest and _answered_since(county, at):
            part = SweptPart.objects.filter(sweep=sweep.id, division=county).first()
            if part is not None:
                _count(part, book, now=now)
                return OfferStep(county)
    return None


def _answered_since(county: int, at: datetime) -> bool:
    here = scope_of(county)
    within = Q(division__gte=here.lo, division__lte=here.hi)
    return (
        Offer.objects.filter(within, answered_at__gt=at).exists()
        or Enrolment.objects.filter(within, ended_at__gt=at).exists()
    )


def _count(part: SweptPart, book: Book, *, now: datetime) -> None:
    """The figures of one county anew: entitled by the sweep, the rest by what is there."""
    on = Sweep.objects.values_list("on", flat=True).get(pk=part.sweep_id)
    codes = [benefit.code for benefit, _, _ in book.offered(on=on)]
    held = counts_within(scope_of(part.division))
    TakeUp.objects.filter(division=part.division).delete()
    TakeUp.objects.bulk_create(
        TakeUp(
            division=part.division,
            code=code,
            entitled=part.counts.get(code, (0, 0, 0))[0],
            unknown=part.counts.get(code, (0, 0, 0))[1],
            **held.get(code, dict.fromkeys(("accepted", "declined", "waiting", "lapsed"), 0)),
            counted_at=now,
        )
        for code in codes
    )
