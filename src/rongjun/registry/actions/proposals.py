"""What one clerk proposes and another officer decides: categories, grades, suspensions (经办与复核)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, TypeVar
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import QuerySet
from django.utils.timezone import localtime

from rongjun.access.api import Actor
from rongjun.kernel.errors import Refused, Unfit
from rongjun.registry.actions.assertions import assertion_of, close, say_anew
from rongjun.registry.actions.saying import hold, note, say, take_out
from rongjun.registry.actions.telling import telling_of
from rongjun.registry.logic import Period
from rongjun.registry.logic.deciding import (
    APPROVED,
    AUTHORITIES,
    CORRECTION,
    ENDING,
    RATING,
    REJECTED,
    RESTORATION,
    STATUS,
    STOPPED,
    WAITING,
    Objection,
    Rating,
    Served,
    Stint,
    may_not_decide,
    rating_objections,
    read_proposal,
    served_on,
)
from rongjun.registry.models import Assertion, DisabilityRating, Person, Proposal, Service, Status
from rongjun.registry.queries import in_force, known
from rongjun.registry.queries.merged import all_files_of

_Said = TypeVar("_Said", bound=Assertion)


def propose(
    person: UUID,
    *,
    kind: str,
    content: Mapping[str, object],
    authority: str,
    document: str,
    valid_from: date,
    by: Actor,
    now: datetime,
) -> UUID:
    """Propose a category, a grade, a suspension or its end, or a correction of these; nothing changes yet.

    `authority` is the code of who decided (`AUTHORITIES`), `document` what its decision is numbered.
    Refused("registry.no-such-file") outside the scope; "registry.unfit-proposal";
    "registry.document-missing"; "registry.not-the-authority" and "registry.rating-refused" with all reasons
    and their clauses.
    """
    if not document.strip():
        raise Refused("registry.document-missing")
    try:
        read = read_proposal(kind, content)
    except Unfit as unfit:
        raise Refused("registry.unfit-proposal", fault=unfit.sentence) from unfit
    with transaction.atomic():
        row = hold(person)
        proposal = Proposal(
            id=uuid4(),
            person=row,
            division=row.division,
            kind=kind,
            content=read,
            authority=authority,
            document=document.strip()[:120],
            valid_from=valid_from,
            made_by=by.text,
            made_at=now,
        )
        _refuse_unlawful(proposal, now=now)
        proposal.save(force_insert=True)
        note("registry.proposal-made", row, by=by, now=now, detail=_detail(proposal))
    return proposal.id


def approve(proposal: UUID, *, by: Actor, now: datetime) -> None:
    """Decide that it is so, and record it, in one transaction. The rules are asked again: facts may differ.

    Refused("registry.no-such-proposal") outside the scope, "registry.proposal-decided" when somebody was
    first, "registry.own-proposal" for whoever made it, and all that `propose` refuses.
    """
    with transaction.atomic():
        # The person first, as everything else does: a file that is being moved takes its proposals along.
        person = hold(_about(proposal))
        row = take(proposal)
        _refuse_maker(row, by)
        _refuse_unlawful(row, now=now)
        _APPLIED[row.kind](row, person, by, now)
        _decide(row, state=APPROVED, by=by, now=now)
        note("registry.proposal-approved", person, by=by, now=now, detail=_detail(row))


def reject(proposal: UUID, *, reason: str, by: Actor, now: datetime) -> None:
    """Decide that it is not so, with a reason for whoever proposed it; refused as `approve`.

    Refused("registry.reason-missing") without a reason.
    """
    if not reason.strip():
        raise Refused("registry.reason-missing")
    with transaction.atomic():
        row = take(proposal)
        _refuse_maker(row, by)
        _decide(row, state=REJECTED, by=by, now=now, reason=reason.strip()[:200])
        note("registry.proposal-rejected", row.person, by=by, now=now, detail=_detail(row))


def _about(proposal: UUID) -> UUID:
    found = Proposal.objects.filter(pk=proposal).values_list("person_id", flat=True).first()
    if found is None:
        raise Refused("registry.no-such-proposal")
    return found


def take(proposal: UUID) -> Proposal:
    """The proposal while it waits, held until the transaction ends."""
    # Two officers take turns at the proposal, so that the later sees that it is decided.
    row = Proposal.objects.select_for_update().filter(pk=proposal).first()
    if row is None:
        raise Refused("registry.no-such-proposal")
    if row.state != WAITING:
        raise Refused("registry.proposal-decided")
    return row


def _refuse_maker(row: Proposal, by: Actor) -> None:
    if row.made_by == by.text:
        raise Refused("registry.own-proposal")


def _decide(row: Proposal, *, state: str, by: Actor, now: datetime, reason: str = "") -> None:
    Proposal.objects.filter(pk=row.pk).update(state=state, decided_by=by.text, decided_at=now, reason=reason)


def _detail(row: Proposal) -> dict[str, str]:
    return {"proposal": str(row.id), "kind": row.kind, "authority": row.authority}


# --- whether it may be so -----------------------------------------------------------------------------------


def _refuse_unlawful(row: Proposal, *, now: datetime) -> None:
    try:
        found = [
            may_not_decide(kind, authority=row.authority, category=category)
            for kind, category in _touched(row)
        ]
    except Unfit as unfit:
        raise Refused("registry.unfit-proposal", fault=unfit.sentence) from unfit
    content = _as_rating(row)
    if content is not None:
        _refuse_rating(row, content, now=now)
    for objection in filter(None, found):
        raise Refused("registry.not-the-authority", fault=objection.text)


def _touched(row: Proposal) -> list[tuple[str, str]]:
    """What a proposal is about in the end, before and after: ending a suspension is deciding on it."""
    if row.kind not in (CORRECTION, ENDING):
        return [(row.kind, str(row.content.get("category", "")))]
    of = row.content["of"]
    old = assertion_of(telling_of(of), row.person, row.content["assertion"])
    before = old.category if of == STATUS else ""
    stopped = {category: kind for kind, category in STOPPED.items()}
    after = row.content.get("changed", {}).get("category", "")
    return [(stopped.get(before, of), before), (of, after)]


def _as_rating(row: Proposal) -> Mapping[str, Any] | None:
    """The grade and cause a proposal would put on file, if it would."""
    if row.kind == RATING:
        content: Mapping[str, Any] = row.content
        return content
    is_correction = row.kind == CORRECTION and row.content["of"] == RATING
    return row.content["changed"] if is_correction else None


def _refuse_rating(row: Proposal, content: Mapping[str, Any], *, now: datetime) -> None:
    on = row.valid_from
    category = content.get("category") or _rated_as(row.person, on=on, now=now)
    rating = Rating(content["grade"], content["cause"], on, category)
    objections = rating_objections(rating, _served(row.person, on, now=now), authority=row.authority)
    if objections:
        raise Refused("registry.rating-refused", faults=_told(objections))


def _told(objections: list[Objection]) -> str:
    return "".join(each.text for each in objections)


def _rated_as(person: Person, *, on: date, now: datetime) -> str:
    """As which kind of disabled person somebody is on file; a soldier where nothing else is said."""
    held = _said_of(Status, person).filter(in_force(on, now), category__startswith="disabled-")
    return held.values_list("category", flat=True).order_by("id").first() or "disabled-soldier"


def _served(person: Person, on: date, *, now: datetime) -> Served:
    stints = [
        Stint(each.enlisted_on, each.discharged_on, each.rank_group)
        for each in _said_of(Service, person).filter(known(now)).order_by("valid_from", "id")
    ]
    # Rosters know categories from the day they were handed in; who serves now has served before, too.
    days = in_force(on, now) | in_force(localtime(now).date(), now)
    categories = set(_said_of(Status, person).filter(days).values_list("category", flat=True))
    return served_on(
        on, stints, is_serving="active-soldier" in categories, is_veteran="veteran" in categories
    )


def _said_of(model: type[_Said], person: Person) -> QuerySet[_Said]:
    """What two people decide, they decide of the person, whichever file says it."""
    return model._default_manager.filter(person_id__in=all_files_of(person.pk))


# --- what an approval records -------------------------------------------------------------------------------


def _said_by(row: Proposal) -> dict[str, str]:
    return {"source": AUTHORITIES[row.authority], "evidence": row.document}


def _period(row: Proposal) -> Period:
    until = row.content.get("valid_to")
    period = Period(row.valid_from, date.fromisoformat(until) if until else None)
    if not period.has_days:
        raise Refused("registry.assertion-dates")
    return period


def _hold_category(row: Proposal, person: Person, category: str, by: Actor, now: datetime) -> None:
    """Say that the person belongs to a category, in place of what was said of it for these days."""
    period = _period(row)
    for old in _said_of(Status, person).filter(category=category, superseded_at=None):
        take_out(old, period, now=now)
    say(Status, person, period, by=by, now=now, category=category, **_said_by(row))


def _apply_status(row: Proposal, person: Person, by: Actor, now: datetime) -> None:
    _hold_category(row, person, row.content["category"], by, now)


def _apply_stop(row: Proposal, person: Person, by: Actor, now: datetime) -> None:
    _hold_category(row, person, STOPPED[row.kind], by, now)


def _apply_rating(row: Proposal, person: Person, by: Actor, now: datetime) -> None:
    """The new grade takes the place of the one before; whoever is rated belongs to its category."""
    period, content = _period(row), row.content
    for old in _said_of(DisabilityRating, person).filter(superseded_at=None):
        take_out(old, period, now=now)
    rated = {"grade": content["grade"], "cause": content["cause"]}
    say(DisabilityRating, person, period, by=by, now=now, **rated, **_said_by(row))
    held = _said_of(Status, person).filter(in_force(row.valid_from, now), category=content["category"])
    if not held.exists():
        _hold_category(row, person, content["category"], by, now)


def _apply_restoration(row: Proposal, person: Person, by: Actor, now: datetime) -> None:
    category, gone = STOPPED[row.content["of"]], Period(row.valid_from, None)
    cut = [
        old
        for old in _said_of(Status, person).filter(category=category, superseded_at=None)
        if Period(old.valid_from, old.valid_to).shared(gone)
    ]
    if not cut:
        raise Refused("registry.nothing-to-restore")
    for old in cut:
        take_out(old, gone, now=now, recorded_by=by.text, **_said_by(row))


def _apply_correction(row: Proposal, person: Person, by: Actor, now: datetime) -> None:
    telling, content = telling_of(row.content["of"]), row.content
    old = assertion_of(telling, person, content["assertion"])
    changed = dict(content["changed"])
    until = changed.pop("valid_to", None)
    period = Period(row.valid_from, date.fromisoformat(until) if until else old.valid_to)
    if not period.has_days:
        raise Refused("registry.assertion-dates")
    if content["of"] == RATING:
        changed.pop("category", None)
    say_anew(telling, old, period, changed, by=by, now=now, **_said_by(row))


def _apply_ending(row: Proposal, person: Person, by: Actor, now: datetime) -> None:
    telling = telling_of(row.content["of"])
    source = _said_by(row)["source"]
    close(telling, person, row.content["assertion"], valid_to=row.valid_from, source=source, by=by, now=now)


_APPLIED = {
    STATUS: _apply_status,
    RATING: _apply_rating,
    **dict.fromkeys(STOPPED, _apply_stop),
    RESTORATION: _apply_restoration,
    CORRECTION: _apply_correction,
    ENDING: _apply_ending,
}
