"""Something happened to a carrier: lock, judge, record, and derive anew what it opens."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from rongjun.audit import api as audit
from rongjun.cards.actions.writing import Row, insert, multirange
from rongjun.cards.logic.life import (
    EVENTS,
    RETRACT,
    STEPS,
    Happened,
    Span,
    Standing,
    counts,
    spans,
    standing_at,
)
from rongjun.cards.models import Carrier, CarrierEvent, CarrierSpans
from rongjun.kernel.errors import Refused


@dataclass(frozen=True, slots=True)
class Told:
    """One event to record: `at` is when it was so, which for what we hear of late lies in the past.

    `retracts` takes back the event with this id; `kind` then is RETRACT.
    """

    reference: int
    kind: str
    at: datetime
    reason: str
    until: datetime | None = None
    basis: str = ""
    decides_over: str = ""
    retracts: int | None = None


def hold(references: Iterable[int]) -> dict[int, Carrier]:
    """These carriers, held until the transaction ends, in the order of their references.

    Refused("cards.no-such-card") when one is out of scope.
    """
    wanted = set(references)
    # What happens to one card at one moment takes turns here, so that the later is judged by the earlier.
    rows = Carrier.objects.select_for_update().filter(pk__in=wanted).order_by("reference")
    held = {row.reference: row for row in rows}
    if len(held) < len(wanted):
        raise Refused("cards.no-such-card")
    return held


def happened_to(references: Iterable[int]) -> dict[int, list[tuple[int, Happened]]]:
    """What happened to these carriers, with the events' ids; what was taken back is left out."""
    found: dict[int, list[tuple[int, Happened]]] = defaultdict(list)
    events = CarrierEvent.objects.filter(carrier__in=list(references))
    gone = set(events.filter(kind=RETRACT).values_list("retracts_id", flat=True))
    for row in events.exclude(kind=RETRACT).order_by("id"):
        if row.id not in gone:
            found[row.carrier_id].append((row.id, Happened(row.kind, row.at, row.until)))
    return found


def refuse_step(kind: str, standing: Standing) -> None:
    """Refused("cards.not-now") when the step changes nothing of how the carrier stands."""
    if not counts(STEPS[kind], standing):
        raise Refused("cards.not-now", state=standing.state)


def tell(
    told: Sequence[Told], *, held: Mapping[int, Carrier], by: str, role: str = "", now: datetime
) -> None:
    """Record events of carriers the caller has held, and derive their states and spans anew.

    The caller has judged whether each may be; what has no effect where it falls is kept all the same.
    """
    if not told:
        return
    before = happened_to(held)
    insert("cards_carrierevent", [_row(each, held[each.reference], by=by, now=now) for each in told])
    after = happened_to(held)
    _settle(held, before, after, now=now)
    for each in told:
        _note(each, held[each.reference], by=by, role=role, now=now)


def _row(told: Told, carrier: Carrier, *, by: str, now: datetime) -> Row:
    return {
        "carrier_id": carrier.reference,
        "person_id": carrier.person_id,
        "division": carrier.division,
        "kind": told.kind,
        "at": told.at,
        "until": told.until,
        "recorded_at": now,
        "by": by,
        "decides_over": told.decides_over,
        "reason": told.reason,
        "basis": told.basis,
        "retracts_id": told.retracts,
    }


_Events = Mapping[int, list[tuple[int, Happened]]]


def _settle(held: Mapping[int, Carrier], before: _Events, after: _Events, *, now: datetime) -> None:
    """State, next moment and spans of each carrier, as its events make them now."""
    changed: list[Carrier] = []
    for reference, row in held.items():
        events = [event for _, event in after.get(reference, [])]
        was = spans(event for _, event in before.get(reference, []))
        standing = standing_at(events, now)
        if (row.state, row.next_at) != (standing.state, standing.next_at):
            row.state, row.next_at = standing.state, standing.next_at
            row.save(update_fields=["state", "next_at"])
        if spans(events) != was:
            changed.append(row)
    CarrierSpans.objects.filter(carrier__in=changed, superseded_at=None).update(superseded_at=now)
    insert(
        "cards_carrierspans",
        [spans_row(row, [event for _, event in after[row.reference]], now=now) for row in changed],
    )


def spans_row(carrier: Carrier, events: Sequence[Happened], *, now: datetime) -> Row:
    """The derived row of a carrier with these events."""
    found = spans(events)
    return span_values(
        {
            "carrier_id": carrier.reference,
            "person_id": carrier.person_id,
            "division": carrier.division,
            "kind": carrier.kind,
        },
        usable=found.usable,
        in_hand=found.in_hand,
        now=now,
    )


def span_values(whose: Row, *, usable: Sequence[Span], in_hand: Sequence[Span], now: datetime) -> Row:
    """The columns of a derived row."""
    return {
        **whose,
        "usable": multirange(usable),
        "in_hand": multirange(in_hand),
        "pieces": len(usable),
        "recorded_at": now,
    }


def _note(told: Told, carrier: Carrier, *, by: str, role: str, now: datetime) -> None:
    audit.note(
        f"cards.{EVENTS[told.kind]}",
        by=by,
        role=role,
        about=[f"person:{carrier.person_id}", about(carrier.reference)],
        division=carrier.division,
        detail={"kind": carrier.kind, "at": told.at.isoformat(), "reason": told.reason, "basis": told.basis},
        at=now,
    )


def about(reference: int) -> str:
    """How the evidence names a carrier: in hexadecimal, so that it is taken for nobody's number."""
    return f"carrier:{reference:x}"
