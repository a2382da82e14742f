"""What was booked is taken back by a transfer that names it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from rongjun.access.api import acting_as_job
from rongjun.kernel.errors import Refused
from rongjun.kernel.money import Fen
from rongjun.ledger import logic, queries
from rongjun.ledger.actions.booking import JOB, Order, asked_part, book, booked_before, line_named
from rongjun.ledger.logic import (
    POST,
    POSTED,
    REVERSAL,
    SETTLE,
    Booked,
    Leg,
    Transfer,
)
from rongjun.ledger.queries import Kept, rows_of


def reverse(
    transfer: UUID,
    *,
    of: UUID,
    reason: str,
    on: date,
    by: str,
    now: datetime,
    fen: Fen | None = None,
    legs: Sequence[Leg] = (),
) -> Booked:
    """Take back what is left of a transfer, or a part of it: `fen` of two legs, else `legs` as they move now.

    All reversals of a transfer together take back no more than it moved.
    Raises Refused("ledger.…"): id-reused, no-such-transfer, not-reversible (a hold, or itself a reversal),
    beyond-original, part-needs-legs, limit-exceeded, reason-missing.
    """
    if not reason.strip():
        raise Refused("ledger.reason-missing")
    said = Transfer(transfer, tuple(legs), on)
    digest = logic.digest(REVERSAL, said, of=of, fen=fen, reason=reason)
    with acting_as_job(JOB):
        take_turn(of)
        if before := booked_before(transfer, digest):
            return before
        original = _original(of)
        whole = _left_of(original)
        line = line_named(original.budget)
        part = asked_part(whole, fen=fen, legs=legs, line=line, beyond=Refused("ledger.beyond-original"))
        asked = Transfer(transfer, part, on, original.purpose, original.budget, original.about)
        return book([Order(REVERSAL, asked, digest, by, now, corrects=of, reason=reason)])[0]


def take_turn(transfer: UUID) -> None:
    """Whoever corrects a transfer waits for whoever does so already, before it looks at what is left."""
    rows_of("select pg_advisory_xact_lock(hashtextextended('ledger:' || %s, 0))", [str(transfer)])


def _original(transfer: UUID) -> Kept:
    found = queries.kept([transfer]).get(transfer)
    if found is None:
        raise Refused("ledger.no-such-transfer")
    if found.kind not in {POST, SETTLE}:
        raise Refused("ledger.not-reversible")
    return found


def _left_of(original: Kept) -> tuple[Leg, ...]:
    """What can still be taken back, as legs the other way."""
    left = logic.totals(Leg(row.account, row.fen) for row in original.rows if row.layer == POSTED)
    for row in queries.taken_back(original.id):
        left[row.account] += int(row.fen)
    return tuple(Leg(account, Fen(-fen)) for account, fen in left.items() if fen)
