"""Which side of a conflict stands: one person proposes, another decides; the worker writes the difference.

Nothing is edited. A use that no longer counts gets a difference row, the other side comes in as a use of its
own, and the next statement of the operator settles what that changes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from rongjun.access.api import Actor
from rongjun.audit import api as audit
from rongjun.benefits.actions.uses import judge_again
from rongjun.benefits.logic import uses as logic
from rongjun.benefits.models import UseDecision, UseRefusal
from rongjun.benefits.queries import uses as queries
from rongjun.kernel.errors import Refused


def propose_outcome(refusal: int, *, outcome: str, reason: str, by: Actor, now: datetime) -> str:
    """Say which side stands, and why; the state it has then. What changes no money is done at once.

    Refused: "benefits.no-such-refusal" (also one that is no conflict), "benefits.refusal-reason",
    "benefits.conflict-outcome", "benefits.conflict-proposed" while another proposal waits or was followed,
    "benefits.conflict-not-usable" when the other side cannot be taken in, whatever was decided.
    """
    if not reason.strip() or audit.looks_personal(reason):
        raise Refused("benefits.refusal-reason")
    with transaction.atomic():
        row = UseRefusal.objects.select_for_update().filter(pk=refusal, state="open").first()
        if row is None or row.reason not in logic.CONFLICTS:
            raise Refused("benefits.no-such-refusal")
        if outcome not in logic.outcomes_of(row.reason):
            raise Refused("benefits.conflict-outcome")
        voids, adds = len(logic.sides_voided(row.reason, outcome)), logic.uses_added(row.reason, outcome)
        if adds:
            _refuse_unfit(row, now=now)
        changes = bool(voids or adds)
        decision = _keep(row, outcome, reason, voids=voids, adds=adds, by=by, now=now)
        _note("benefits.conflict-proposed", row, decision, by=by, now=now)
        if not changes:
            _close(row, decision, now=now)
    return decision.state


def decide_outcome(refusal: int, *, agrees: bool, by: Actor, now: datetime) -> None:
    """Another than who proposed it agrees, and the worker carries it out; or does not, and it is open again.

    Refused: "benefits.no-such-refusal", "benefits.conflict-by-two".
    """
    with transaction.atomic():
        row = UseRefusal.objects.filter(pk=refusal, state="open").first()
        decision = UseDecision.objects.select_for_update().filter(refusal=refusal, state="proposed").first()
        if row is None or decision is None:
            raise Refused("benefits.no-such-refusal")
        if decision.proposed_by == by.text:
            raise Refused("benefits.conflict-by-two")
        decision.state = "confirmed" if agrees else "declined"
        decision.decided_by, decision.decided_at = by.text, now
        decision.save(update_fields=["state", "decided_by", "decided_at"])
        event = "benefits.conflict-decided" if agrees else "benefits.conflict-declined"
        _note(event, row, decision, by=by, now=now)


def _keep(
    row: UseRefusal, outcome: str, reason: str, *, voids: int, adds: int, by: Actor, now: datetime
) -> UseDecision:
    settled = (
        {} if voids or adds else {"state": "done", "decided_by": by.text, "decided_at": now, "done_at": now}
    )
    try:
        with transaction.atomic():
            return UseDecision.objects.create(
                division=row.division, refusal=row, outcome=outcome, reason=reason.strip()[:200],
                voids=voids, adds=adds, proposed_by=by.text, proposed_at=now, **settled,
            )  # fmt: skip
    except IntegrityError as another:
        raise Refused("benefits.conflict-proposed") from another


def _close(row: UseRefusal, decision: UseDecision, *, now: datetime) -> None:
    row.state, row.closed_at = "closed", now
    row.closed_by, row.closed_reason = decision.decided_by, decision.reason
    row.save(update_fields=["state", "closed_at", "closed_by", "closed_reason"])


def _refuse_unfit(row: UseRefusal, *, now: datetime) -> None:
    """Whether the row that came later could be taken in at all."""
    fields = _plain(row.fields)
    source = queries.source(row.source.code, now=now)
    judged = judge_again(source, logic.as_columns([[fields[name] for name in logic.NAMES]]), now=now)
    for _line, why in judged.refused:
        raise Refused("benefits.conflict-not-usable", why=logic.REASONS[why][0])


def _plain(kept: Any) -> Mapping[str, Any]:
    said: Mapping[str, Any] = json.loads(kept) if isinstance(kept, str) else kept
    return said


def _note(event: str, row: UseRefusal, decision: UseDecision, *, by: Actor, now: datetime) -> None:
    audit.note(
        event,
        by=by.text,
        role=by.role,
        about=f"use-refusal:{row.id}",
        division=row.division,
        detail={"outcome": decision.outcome, "voids": decision.voids, "adds": decision.adds},
        at=now,
    )
