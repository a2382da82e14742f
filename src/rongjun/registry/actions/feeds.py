"""Lines of feeds become candidates; only a person's decision changes a file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction

from rongjun.access.api import Actor
from rongjun.audit import api as audit
from rongjun.kernel.errors import Refused
from rongjun.kernel.words import translatable
from rongjun.partners import api as partners
from rongjun.partners.api import Settled, WaitingItem
from rongjun.registry.actions.assertions import correct
from rongjun.registry.actions.deaths import record_death
from rongjun.registry.actions.moves import move_household
from rongjun.registry.actions.saying import hold, note, say, say_again
from rongjun.registry.actions.statements import state_fact
from rongjun.registry.feed_lines import DEATHS, MOVES, SENTENCES, FeedLine, read_line
from rongjun.registry.logic import Period, fit_to_show
from rongjun.registry.logic.telling import SEXES
from rongjun.registry.matching import Known, Match, already_so, matches, says_nothing_new
from rongjun.registry.models import Death, FeedCandidate, Person, Sentence
from rongjun.registry.queries.feeds import FEED_SOURCE, INCOME, people_for
from rongjun.registry.queries.merged import all_files_of

NOBODY = translatable("本系统没有这个人。")
ALREADY = translatable("档案里已经是这样，没有改动。")
PENSION_HOLDS = timedelta(days=365)  # as long as any answer; 待局方确认


# --- matching -----------------------------------------------------------------------------------------------


def match_waiting(feed: str, *, most: int, synthetic: bool, now: datetime, today: date) -> int:
    """Compare the oldest waiting lines of a feed with the people on file; returns how many were taken up.

    Each line ends as candidates for a person to decide, as nobody here, as nothing new, or refused. Files
    stay as they are. Killed at any moment, the lines wait as before.
    """
    with transaction.atomic():
        items = partners.take_waiting(owner=f"feed:{feed}", most=most)
        if not items:
            return 0
        read = [read_line(feed, item.fields, synthetic=synthetic, today=today) for item in items]
        lines = [line for line in read if isinstance(line, FeedLine)]
        found = iter(people_for(lines, on=today).values())
        outcomes = [
            _outcome(item, line, next(found) if isinstance(line, FeedLine) else (), now=now)
            for item, line in zip(items, read, strict=True)
        ]
        FeedCandidate.objects.bulk_create([each for _, found in outcomes for each in found])
        partners.settle_items([settled for settled, _ in outcomes], now=now)
        audit.note(
            "registry.feed-matched",
            by="job:registry.match-feeds",
            detail={"feed": feed, "lines": len(items), "candidates": sum(len(c) for _, c in outcomes)},
            at=now,
        )
    return len(items)


def _outcome(
    item: WaitingItem, line: FeedLine | str, near: Sequence[Known], *, now: datetime
) -> tuple[Settled, list[FeedCandidate]]:
    """What becomes of one line, and the candidates it leaves."""
    if isinstance(line, str):
        return Settled(item.id, "refused", line), []
    nothing = says_nothing_new(line)
    if nothing:
        return Settled(item.id, "done", nothing), []
    found = matches(line, near)
    if not found:
        return Settled(item.id, "done", NOBODY), []
    fresh = [match for match in found if not already_so(line, match.known)]
    if not fresh:
        return Settled(item.id, "done", ALREADY), []
    kept = [_candidate(item, line, match, now=now) for match in fresh]
    return Settled(item.id, "done", f"可能是 {len(kept)} 个人，已列入比对结果，等人认定。"), kept


def _candidate(item: WaitingItem, line: FeedLine, match: Match, *, now: datetime) -> FeedCandidate:
    return FeedCandidate(
        person_id=match.known.person,
        division=match.known.division,
        feed=line.feed,
        item_id=item.id,
        source=f"{FEED_SOURCE}：{item.partner_name} {item.business_date}"[:120],
        key=item.key,
        said={
            "name": line.name,
            "number": line.number.masked if line.number else "",
            "birth_date": line.birth_date.isoformat() if line.birth_date else "",
            "sex": SEXES.get(line.sex, ""),
        },
        change=dict(line.change),
        reasons=[{"for": reason.speaks_for, "text": reason.text} for reason in match.reasons],
        score=match.score,
        recorded_at=now,
    )


# --- deciding -----------------------------------------------------------------------------------------------


def confirm_candidate(candidate: UUID, *, reason: str, by: Actor, now: datetime) -> None:
    """Somebody says that the line is about this person, and why: only now the file changes.

    Refused("registry.no-such-candidate") outside the scope, "registry.candidate-decided",
    "registry.decision-unexplained", "registry.line-is-another-person" when the line was confirmed of another.
    """
    with transaction.atomic():
        row = _decide(candidate, "confirmed", reason=reason, by=by, now=now)
        _apply(row, by=by, now=now)


def dismiss_candidate(candidate: UUID, *, reason: str, by: Actor, now: datetime) -> None:
    """Somebody says that the line is about another, and why; the file stays as it is. Refused as above."""
    with transaction.atomic():
        _decide(candidate, "dismissed", reason=reason, by=by, now=now)


def hold_candidate(candidate: UUID) -> FeedCandidate:
    """The candidate, held until the transaction ends, so that of two deciders one comes second."""
    row = FeedCandidate.objects.select_for_update().filter(pk=candidate).first()
    if row is None:
        raise Refused("registry.no-such-candidate")
    return row


def _decide(candidate: UUID, state: str, *, reason: str, by: Actor, now: datetime) -> FeedCandidate:
    row = hold_candidate(candidate)
    if row.state != "open":
        raise Refused("registry.candidate-decided")
    if not reason.strip():
        raise Refused("registry.decision-unexplained")
    row.state, row.decided_by, row.decided_at = state, by.text, now
    row.decision_reason = fit_to_show(reason.strip())[:200]
    try:
        with transaction.atomic():
            row.save(update_fields=["state", "decided_by", "decided_at", "decision_reason"])
    except IntegrityError as error:
        if "feed_candidate_one_person" not in str(error):
            raise
        raise Refused("registry.line-is-another-person") from error
    note(
        f"registry.feed-{state}",
        Person.objects.get(pk=row.person_id),
        by=by,
        now=now,
        detail={"feed": row.feed, "candidate": str(row.id)},
    )
    return row


def _apply(row: FeedCandidate, *, by: Actor, now: datetime) -> None:
    """Do to the file what was confirmed; the one place where a feed reaches a file."""
    change = row.change
    if row.feed == DEATHS:
        _record_death(row, date.fromisoformat(change["died_on"]), by=by, now=now)
    elif row.feed == MOVES:
        move_household(
            row.person_id,
            county=change["county"],
            kind=change["household_kind"],
            valid_from=date.fromisoformat(change["moved_on"]),
            source=row.source,
            evidence=row.key,
            by=by,
            now=now,
        )
    elif row.feed == SENTENCES:
        _record_sentence(row, by=by, now=now)
    else:
        _state_income(row, by=by, now=now)


def _record_death(row: FeedCandidate, died_on: date, *, by: Actor, now: datetime) -> None:
    """A death; where one is on file for another day, that day is corrected."""
    held = Death.objects.filter(person_id__in=all_files_of(row.person_id), superseded_at=None).first()
    if held is None:
        record_death(row.person_id, died_on=died_on, source=row.source, evidence=row.key, by=by, now=now)
        return
    correct(
        row.person_id,
        kind="death",
        assertion=held.pk,
        changed={},
        valid_from=died_on,
        source=row.source,
        evidence=row.key,
        by=by,
        now=now,
        synthetic=False,  # a death has no number of its own
    )


def _state_income(row: FeedCandidate, *, by: Actor, now: datetime) -> None:
    """Who draws a pension has an income to live on: the one question of the vocabulary this answers."""
    since = date.fromisoformat(row.change["since"])
    state_fact(
        row.person_id,
        fact=INCOME,
        value="false",
        valid_from=since,
        valid_to=max(since, row.recorded_at.date()) + PENSION_HOLDS,
        source=row.source,
        by=by,
        now=now,
    )


# --- sentences ----------------------------------------------------------------------------------------------


def _record_sentence(row: FeedCandidate, *, by: Actor, now: datetime) -> None:
    """A confirmed sentence is a record to be reported; it suspends nothing, the province decides that."""
    person = hold(row.person_id)
    end = row.change["term_end"]
    say(
        Sentence,
        person,
        Period(date.fromisoformat(row.change["judged_on"]), None),
        source=row.source,
        by=by,
        now=now,
        evidence=row.key,
        penalty=row.change["penalty"],
        term_end=date.fromisoformat(end) if end else None,
    )
    note("registry.sentence-recorded", person, by=by, now=now, detail={})


def report_sentence(sentence: int, *, document: str, by: Actor, now: datetime) -> None:
    """Record by which document a sentence was reported to the province.

    Refused("registry.no-such-sentence") when there is none in scope that waits for it,
    "registry.report-without-document" when the document is not named.
    """
    if not document.strip():
        raise Refused("registry.report-without-document")
    with transaction.atomic():
        open_rows = Sentence.objects.select_for_update().filter(superseded_at=None, report_document="")
        row = open_rows.filter(pk=sentence).first()
        if row is None:
            raise Refused("registry.no-such-sentence")
        Sentence.objects.filter(pk=row.pk).update(superseded_at=now)
        reported = {"report_document": fit_to_show(document.strip())[:120], "recorded_by": by.text}
        say_again(row, Period(row.valid_from, row.valid_to), now=now, **reported)
        note("registry.sentence-reported", hold(row.person_id), by=by, now=now, detail={})
