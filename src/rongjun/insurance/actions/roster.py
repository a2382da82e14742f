"""参保名册: each night the registry is looked at anew; who begins, who ends, and the insurer is told.

The list is what the insurer is told and what premiums are counted by. A bill is decided by the facts of its
day of discharge as they are known by then, whatever this list says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID, uuid5

from django.conf import settings
from django.db import transaction

from rongjun.audit import api as audit
from rongjun.insurance.models import ClaimDecision, Member, RosterSpan
from rongjun.insurance.queries.plans import covered_on, plan_file
from rongjun.partners import api as partners
from rongjun.registry import api as registry

ROSTER, RESULTS = "insured-roster/1", "claim-results/1"
_WHY = 300


@dataclass(frozen=True, slots=True)
class Renewed:
    """How many spans began and ended in one look, and how many people are insured after it."""

    begun: int
    ended: int
    insured: int


def renew_roster(*, on: date, by: str, now: datetime) -> Renewed:
    """Judge everybody on a day; begin and end spans, tell the insurer. The same day again changes nothing.

    A span ends the day before; somebody who has died was insured until the day of death.
    """
    plan = plan_file().plan.code
    covered = covered_on(on, known_at=now)
    with transaction.atomic():
        held = {
            span.person_id: span
            for span in RosterSpan.objects.filter(ends_on=None, member__plan=plan).select_related("member")
        }
        fresh = {person: why for person, why in covered.items() if person not in held}
        served = registry.serving_divisions() if fresh else {}
        begun = [
            _begin(person, why, division=served[str(person)], on=on, plan=plan, now=now)
            for person, why in sorted(fresh.items())
        ]
        gone = [span for person, span in held.items() if person not in covered]
        died = registry.died_on([span.person_id for span in gone], known_at=now)
        for span in gone:
            _end(span, died=died, on=on, now=now)
        _tell_insurer(begun, gone, on=on, by=by, now=now)
        if begun or gone:
            audit.note(
                "insurance.roster-renewed",
                by=by,
                detail={"begun": len(begun), "ended": len(gone), "on": on.isoformat()},
                at=now,
            )
    return Renewed(len(begun), len(gone), len(covered))


def _begin(person: UUID, why: str, *, division: int, on: date, plan: str, now: datetime) -> RosterSpan:
    Member.objects.bulk_create(
        [Member(person_id=person, division=division, plan=plan, opened_at=now)], ignore_conflicts=True
    )
    member = Member.objects.select_for_update().get(person_id=person, plan=plan)
    return RosterSpan.objects.create(
        member=member,
        person_id=person,
        division=member.division,
        begins_on=on,
        begun_why=why[:_WHY],
        begun_at=now,
    )


def _end(span: RosterSpan, *, died: Mapping[UUID, date], on: date, now: datetime) -> None:
    last = died.get(span.person_id, date.fromordinal(on.toordinal() - 1))
    span.ends_on = max(last, span.begins_on)
    span.ended_why = "已去世" if span.person_id in died else "不再符合参保条件"
    span.ended_at = now
    span.save(update_fields=["ends_on", "ended_why", "ended_at"])


def _tell_insurer(
    begun: Iterable[RosterSpan], gone: Iterable[RosterSpan], *, on: date, by: str, now: datetime
) -> None:
    if not partners.is_partner(settings.INSURANCE_INSURER):
        return
    rows = [
        [f"B-{span.id}", str(span.member_id), "begin", "符合参保条件", span.begins_on.isoformat()]
        for span in begun
    ]
    rows += [
        [f"E-{span.id}", str(span.member_id), "end", span.ended_why, span.ends_on.isoformat()]
        for span in gone
        if span.ends_on
    ]
    if rows:
        partners.send(
            settings.INSURANCE_INSURER,
            ROSTER,
            sorted(rows),
            key=f"roster-{on:%Y%m%d}-{uuid5(UUID(int=0), repr(sorted(rows))).hex[:12]}",
            by=by,
            now=now,
            business_date=on,
        )


def send_results(*, of: date, by: str, now: datetime) -> int:
    """Send the insurer what was decided on a day that is over; the same day again is the same file.

    Returns how many decisions moved money. A day without any sends nothing.
    """
    if not partners.is_partner(settings.INSURANCE_INSURER):
        return 0
    made = ClaimDecision.objects.filter(decided_at__date=of).exclude(post=0).select_related("year")
    rows = [
        [
            str(each.id),
            str(each.settlement_id),
            each.year.starts_on.isoformat(),
            each.outcome,
            str(max(0, each.post)),
            str(max(0, -each.post)),
            "yes" if each.waits else "no",
            of.isoformat(),
        ]
        for each in made.order_by("id")
    ]
    if rows:
        partners.send(
            settings.INSURANCE_INSURER,
            RESULTS,
            rows,
            key=f"results-{of:%Y%m%d}",
            by=by,
            now=now,
            business_date=of,
        )
    return len(rows)
