"""A decision recorded: year, standing of the records, the decision itself, who has to look, money, message.

Everything here runs in the caller's transaction, which holds the member's row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID, uuid4

from django.utils.timezone import localtime

from rongjun.audit import api as audit
from rongjun.insurance.actions.money import settle_money
from rongjun.insurance.actions.telling import tell_decision
from rongjun.insurance.cover import Facts
from rongjun.insurance.logic import records
from rongjun.insurance.logic.bills import BillRef
from rongjun.insurance.logic.deciding import Decision
from rongjun.insurance.logic.reviewing import OVERTAKEN, WAITING_REVIEWS, due_on
from rongjun.insurance.logic.years import History
from rongjun.insurance.models import ClaimDecision, InsuredYear, Member, Review, Settlement
from rongjun.insurance.queries.plans import plan_file, told_facts
from rongjun.insurance.telling import decision_value

_SAID = 500


def hold_member(person: UUID, *, division: int, plan: str, now: datetime) -> Member:
    """The member's row, opened when there is none, held until the transaction ends."""
    Member.objects.bulk_create(
        [Member(person_id=person, division=division, plan=plan, opened_at=now)], ignore_conflicts=True
    )
    return Member.objects.select_for_update().get(person_id=person, plan=plan)


def hold_members(people: Iterable[tuple[UUID, int]], *, plan: str, now: datetime) -> None:
    """Hold several people, each with their division, for one transaction that decides about all of them.

    In one order and before any money is touched: whoever held the fund and then asked for another member
    would meet somebody who holds that member and asks for the fund.
    """
    for person, division in sorted(set(people)):
        hold_member(person, division=division, plan=plan, now=now)


def record_decisions(
    member: Member,
    row: Settlement,
    decisions: Sequence[Decision],
    *,
    before: History,
    after: History,
    facts: Facts,
    by: str,
    now: datetime,
) -> list[ClaimDecision]:
    """Keep what was decided when `row` was taken up, and do what follows from it."""
    _keep_standings(member, before, after)
    kept = [_keep(member, row, each, facts=facts, by=by, now=now) for each in decisions]
    for decision, made in zip(decisions, kept, strict=True):
        _overtake(decision, made)
        if _waits_for_somebody(decision):
            _open_review(decision, made, now=now)
    if kept:
        settle_money(member, kept[-1], by=by, now=now)
    for decision, made in zip(decisions, kept, strict=True):
        if decision.is_final:
            tell_decision(made, row, now=now)
    return kept


def _waits_for_somebody(decision: Decision) -> bool:
    effects = {reason.effect for reason in decision.reasons}
    return not decision.is_final and bool(effects & {"review", "hold"}) and "mend" not in effects


def _keep_standings(member: Member, before: History, after: History) -> None:
    for ref, claim in after.claims.items():
        old = before.claims.get(ref)
        if claim is old:
            continue
        for record in claim.records:
            known = old.record(record.bill.version) if old else None
            if known is None or known.state != record.state:
                Settlement.objects.filter(
                    member=member,
                    kind=records.SETTLEMENT,
                    institution=ref.institution,
                    number=ref.number,
                    version=record.bill.version,
                ).exclude(state__in=records.SET_ASIDE).update(standing=record.state)


def _keep(
    member: Member, row: Settlement, decision: Decision, *, facts: Facts, by: str, now: datetime
) -> ClaimDecision:
    year = _year(member, decision)
    said = decision_value(decision)
    member.decisions += 1
    Member.objects.filter(pk=member.pk).update(decisions=member.decisions)
    made = ClaimDecision(
        id=uuid4(),
        division=member.division,
        person_id=member.person_id,
        member=member,
        year=year,
        settlement=row,
        institution=decision.ref.institution,
        number=decision.ref.number,
        record=decision.record,
        place=member.decisions,
        outcome=decision.outcome,
        plan_from=decision.terms.start,
        plan_digest=decision.terms.digest,
        book_digest=plan_file().cover.book.digest,
        unconfirmed=decision.terms.unconfirmed,
        facts=dict(told_facts(facts)),
        lines=said["lines"],
        shares=said["shares"],
        reasons=said["reasons"],
        before=[int(fen) for fen in decision.before],
        after=[int(fen) for fen in decision.after],
        post=int(decision.post),
        proposed=int(decision.proposed),
        waits=not decision.is_final,
        adverse=decision.is_adverse,
        signed_by=decision.signed_by,
        decided_at=now,
        decided_by=by,
    )
    made.save(force_insert=True)
    if decision.after != decision.before:
        _move_year(year, decision)
    _note(made, by=by, now=now)
    return made


def _year(member: Member, decision: Decision) -> InsuredYear:
    start, end = decision.year
    year, _ = InsuredYear.objects.get_or_create(
        member=member,
        starts_on=start,
        defaults={"person_id": member.person_id, "division": member.division, "ends_on": end},
    )
    return year


def _move_year(year: InsuredYear, decision: Decision) -> None:
    """By the state it was in: a year that somebody else has moved meanwhile is our mistake, and loud."""
    inside, outside, payout, own = map(int, decision.before)
    found = InsuredYear.objects.filter(pk=year.pk, inside=inside, outside=outside, payout=payout, own=own)
    inside, outside, payout, own = map(int, decision.after)
    moved = found.update(inside=inside, outside=outside, payout=payout, own=own)
    assert moved, f"year {year.pk} was moved by somebody who did not hold its member"


def _overtake(decision: Decision, made: ClaimDecision) -> None:
    """A newer decision about the same settlement: what was asked of the earlier one is moot."""
    if decision.outcome in {"counted", "withdrawn", "held"}:
        _reviews_of(made.member_id, decision.ref).filter(state__in=WAITING_REVIEWS).exclude(
            decision=made
        ).update(state=OVERTAKEN)


def _reviews_of(member: UUID, ref: BillRef):  # type: ignore[no-untyped-def]
    return Review.objects.filter(
        member=member, decision__institution=ref.institution, decision__number=ref.number
    )


def _open_review(decision: Decision, made: ClaimDecision, *, now: datetime) -> None:
    Review.objects.create(
        division=made.division,
        person_id=made.person_id,
        member_id=made.member_id,
        settlement_id=made.settlement_id,
        decision=made,
        reasons=[reason.code for reason in decision.reasons if reason.effect in {"review", "hold"}],
        opened_at=now,
        due_on=due_on(localtime(now).date()),
    )


def _note(made: ClaimDecision, *, by: str, now: datetime) -> None:
    detail: Mapping[str, object] = {
        "outcome": made.outcome,
        "post_fen": made.post,
        "waits": made.waits,
        "plan": made.plan_digest[:16],
        "reasons": [reason["code"] for reason in made.reasons],
    }
    audit.note(
        "insurance.claim-decided",
        by=by,
        about=[f"person:{made.person_id}", f"settlement:{made.settlement_id}"],
        division=made.division,
        detail=detail,
        at=now,
    )


def state_after(decisions: Sequence[Decision]) -> tuple[str, str, str]:
    """State, reason code and sentence of a record after it was taken up."""
    if not decisions:
        return records.WAITING, "settlement-not-come", "退费先到，等它的结算单。"
    last = decisions[-1]
    told = "".join(reason.text for reason in last.reasons)[:_SAID]
    first = last.reasons[0].code if last.reasons else ""
    effects = {reason.effect for each in decisions for reason in each.reasons}
    if "mend" in effects:
        return records.MEND, first, told
    if any(not each.is_final for each in decisions):
        return records.REVIEW, next(r.code for r in last.reasons if r.effect != "note"), told
    return records.DECIDED, first, told
