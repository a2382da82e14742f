"""Money set aside, until it is settled, released or expires."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID, uuid5

from rongjun.access.api import acting_as_job
from rongjun.kernel.errors import Refused
from rongjun.kernel.money import Fen
from rongjun.ledger import logic, queries
from rongjun.ledger.actions.booking import JOB, Order, asked_part, book, booked_before, line_named, refuse
from rongjun.ledger.logic import (
    EXPIRE,
    HOLD,
    RELEASE,
    SETTLE,
    Booked,
    Leg,
    Transfer,
)
from rongjun.ledger.queries import Kept, rows_of


def hold(transfer: Transfer, *, expires_at: datetime, by: str, now: datetime, clamp: bool = False) -> Booked:
    """Set money aside until it is settled, released or expires. Limits, purposes and budget count it.

    Raises what `post` raises.
    """
    refuse(logic.why_unfit(transfer))
    assert expires_at > now, "a hold lasts"
    assert not clamp or len(transfer.legs) == 2, "two legs are lowered together"
    digest = logic.digest(HOLD, transfer, clamp=clamp, expires_at=expires_at)
    return book([Order(HOLD, transfer, digest, by, now, clamp, expires_at=expires_at)])[0]


def settle_hold(
    transfer: UUID,
    *,
    hold: UUID,
    on: date,
    by: str,
    now: datetime,
    fen: Fen | None = None,
    legs: Sequence[Leg] = (),
) -> Booked:
    """Move what is held, or a part of it (`fen` of two legs, else `legs`); the rest is free again.

    Raises Refused("ledger.…"): id-reused, no-such-hold, hold-over (settled, released or expired before),
    hold-expired, beyond-hold, part-needs-legs.
    """
    said = Transfer(transfer, tuple(legs), on)
    digest = logic.digest(SETTLE, said, hold=hold, fen=fen)
    with acting_as_job(JOB):
        if before := booked_before(transfer, digest):
            return before
        held = _hold_of(hold)
        if now >= (held.expires_at or now):
            raise Refused("ledger.hold-expired")
        whole = tuple(Leg(row.account, row.fen) for row in held.rows)
        part = asked_part(
            whole, fen=fen, legs=legs, line=line_named(held.budget), beyond=Refused("ledger.beyond-hold")
        )
        return _end(held, part, kind=SETTLE, transfer=transfer, on=on, digest=digest, by=by, now=now)


def release_hold(transfer: UUID, *, hold: UUID, on: date, by: str, now: datetime) -> Booked:
    """Give back all that is held.

    Raises Refused("ledger.…"): id-reused, no-such-hold, hold-over.
    """
    digest = logic.digest(RELEASE, Transfer(transfer, (), on), hold=hold)
    with acting_as_job(JOB):
        if before := booked_before(transfer, digest):
            return before
        return _end(_hold_of(hold), (), kind=RELEASE, transfer=transfer, on=on, digest=digest, by=by, now=now)


_EXPIRED = """
    select hold_id from ledger_openhold where expires_at <= %s order by expires_at, hold_id limit %s
    for update skip locked
"""


def expire_holds(*, on: date, by: str, now: datetime, most: int = 200) -> int:
    """Give back what was held too long, the oldest first; how many. Two workers share the work."""
    with acting_as_job(JOB):
        due = [row[0] for row in rows_of(_EXPIRED, [now, most])]
        for each in due:
            made = uuid5(each, EXPIRE)
            digest = logic.digest(EXPIRE, Transfer(made, (), on), hold=each)
            _end(_hold_of(each), (), kind=EXPIRE, transfer=made, on=on, digest=digest, by=by, now=now)
    return len(due)


def _hold_of(hold: UUID) -> Kept:
    found = queries.kept([hold]).get(hold)
    if found is None or found.kind != HOLD:
        raise Refused("ledger.no-such-hold")
    return found


def _end(
    held: Kept,
    part: tuple[Leg, ...],
    *,
    kind: str,
    transfer: UUID,
    on: date,
    digest: bytes,
    by: str,
    now: datetime,
) -> Booked:
    # First, as the worker that lets holds expire does: whoever comes second waits here and not in a circle.
    rows_of("select from ledger_openhold where hold_id = %s for update", [held.id])
    said = Transfer(transfer, part, on, held.purpose, held.budget, held.about)
    order = Order(kind, said, digest, by, now, given_back=logic.freed(held.rows), ends=held.id)
    return book([order])[0]
