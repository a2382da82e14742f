"""Into the books: what every other action ends in. One transaction, or a part of its caller's."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import connection

from rongjun.access.api import acting_as_job
from rongjun.kernel.errors import Refused
from rongjun.kernel.money import Fen
from rongjun.ledger import logic, queries
from rongjun.ledger.logic import (
    HELD,
    HOLD,
    MEMO,
    POST,
    POSTED,
    Booked,
    BudgetLine,
    Entry,
    Leg,
    Standing,
    Terms,
    Transfer,
)
from rongjun.ledger.queries import rows_of

JOB = "ledger.book"


@dataclass(frozen=True, slots=True)
class Order:
    """A transfer on its way into the books. `given_back` are the rows that end a hold."""

    kind: str
    transfer: Transfer
    digest: bytes
    by: str
    now: datetime
    clamp: bool = False
    given_back: tuple[Entry, ...] = ()
    ends: UUID | None = None
    corrects: UUID | None = None
    expires_at: datetime | None = None
    linked: UUID | None = None
    reason: str = ""


def post(transfer: Transfer, *, by: str, now: datetime, clamp: bool = False) -> Booked:
    """Move money, at once and for good.

    The same id with the same content is answered with what was booked the first time. With `clamp`, a
    transfer of two legs takes at most what the limits leave, which may be nothing, and says how much.
    Raises Refused("ledger.…"): id-reused, unbalanced, empty-leg, no-such-account, account-closed,
    limit-exceeded, purpose-not-allowed, and those of budget lines.
    """
    refuse(logic.why_unfit(transfer))
    assert not clamp or len(transfer.legs) == 2, "two legs are lowered together"
    order = Order(POST, transfer, logic.digest(POST, transfer, clamp=clamp), by, now, clamp)
    return book([order])[0]


def post_linked(transfers: Sequence[Transfer], *, by: str, now: datetime) -> list[Booked]:
    """Move all of these or none, judged in their order; one of them booked alone is not repeated here.

    Raises what `post` raises.
    """
    ids = [transfer.id for transfer in transfers]
    assert len(set(ids)) == len(ids), "each transfer has its own id"
    assert ids, "something is to be booked"
    for transfer in transfers:
        refuse(logic.why_unfit(transfer))
    linked = [str(each) for each in ids]
    return book(
        [
            Order(
                POST,
                transfer,
                logic.digest(POST, transfer, linked=linked),
                by,
                now,
                linked=ids[0],
            )
            for transfer in transfers
        ]
    )


# --- into the books -----------------------------------------------------------------------------------------


def book(orders: Sequence[Order]) -> list[Booked]:
    """Write these orders or none; what was booked before under the same ids is answered as it was then."""
    with acting_as_job(JOB):
        lines = queries.budget_lines_named({o.transfer.budget for o in orders if o.transfer.budget})
        legs = {order.transfer.id: _legs_of(order, lines) for order in orders}
        terms = queries.terms_of(_accounts(orders, legs))
        written = _write_transfers(orders, legs, lines)
        if len(written) < len(orders):
            return _answer_again(orders, written=written)
        standings = hold_limits(terms.values())
        rows: dict[UUID, tuple[Entry, ...]] = {}
        for order in orders:
            refuse(_why_not(order, terms, lines))
            rows[order.transfer.id] = _rows(order, legs[order.transfer.id], standings)
            refuse(logic.why_beyond(rows[order.transfer.id], standings))
            standings = logic.after(rows[order.transfer.id], standings)
        _write_entries(orders, rows, terms)
        for order in orders:
            _keep_work_list(order)
        memo = frozenset(code for code, each in terms.items() if each.kind in MEMO)
        return [
            Booked(order.transfer.id, logic.moved(rows[order.transfer.id], memo), is_new=True)
            for order in orders
        ]


# Under its own name, so that a test can take the lock away and see the race.
hold_limits: Callable[[Iterable[Terms]], dict[str, Standing]] = queries.limits_held


def _legs_of(order: Order, lines: Mapping[str, tuple[BudgetLine, int]]) -> tuple[Leg, ...]:
    """The legs with those of the budget; what ends a hold or corrects has them already."""
    if order.kind not in {POST, HOLD} or not order.transfer.budget:
        return order.transfer.legs
    return logic.charged(order.transfer.legs, lines[order.transfer.budget][0])


def _accounts(orders: Iterable[Order], legs: Mapping[UUID, Sequence[Leg]]) -> set[str]:
    named = {leg.account for order in orders for leg in legs[order.transfer.id]}
    return named | {row.account for order in orders for row in order.given_back}


def _why_not(
    order: Order, terms: Mapping[str, Terms], lines: Mapping[str, tuple[BudgetLine, int]]
) -> list[Refused]:
    """A hold was judged when it was made, and a correction has to be possible."""
    if order.kind not in {POST, HOLD}:
        return []
    line = lines[order.transfer.budget][0] if order.transfer.budget else None
    return logic.why_not(order.transfer, terms, line=line)


def _rows(order: Order, legs: tuple[Leg, ...], standings: Mapping[str, Standing]) -> tuple[Entry, ...]:
    taken = logic.clamped(legs, standings) if order.clamp else legs
    return (*logic.entries(taken, HELD if order.kind == HOLD else POSTED), *order.given_back)


WRITE_TRANSFERS = """
    insert into ledger_transfer (id, kind, on_day, recorded_at, "by", purpose, about, reason, digest, legs,
                                 budget_id, ends_id, corrects_id, expires_at, linked)
    select * from unnest(%s::uuid[], %s::text[], %s::date[], %s::timestamptz[], %s::text[], %s::text[],
                         %s::text[], %s::text[], %s::bytea[], %s::int[], %s::bigint[], %s::uuid[], %s::uuid[],
                         %s::timestamptz[], %s::uuid[])
    on conflict do nothing returning id
"""


def _write_transfers(
    orders: Sequence[Order],
    legs: Mapping[UUID, Sequence[Leg]],
    lines: Mapping[str, tuple[BudgetLine, int]],
) -> set[UUID]:
    """The ids that were not booked before. In their order: two writers wait for each other at one place."""
    rows = [
        (
            order.transfer.id,
            order.kind,
            order.transfer.on,
            order.now,
            order.by,
            order.transfer.purpose,
            order.transfer.about,
            order.reason,
            order.digest,
            len(legs[order.transfer.id]) + len(order.given_back),
            lines[order.transfer.budget][1] if order.transfer.budget else None,
            order.ends,
            order.corrects,
            order.expires_at,
            order.linked,
        )
        for order in sorted(orders, key=lambda order: order.transfer.id.bytes)
    ]
    columns = [list(column) for column in zip(*rows, strict=True)]
    return {row[0] for row in rows_of(WRITE_TRANSFERS, columns)}


WRITE_ENTRIES = """
    insert into ledger_entry (transfer_id, line, account_id, division, layer, fen, on_day, recorded_at)
    select * from unnest(%s::uuid[], %s::int[], %s::bigint[], %s::bigint[], %s::text[], %s::bigint[],
                         %s::date[], %s::timestamptz[])
"""


def _write_entries(
    orders: Sequence[Order], rows: Mapping[UUID, Sequence[Entry]], terms: Mapping[str, Terms]
) -> None:
    written = [
        (
            order.transfer.id,
            line,
            terms[row.account].number,
            terms[row.account].division,
            row.layer,
            int(row.fen),
            order.transfer.on,
            order.now,
        )
        for order in orders
        for line, row in enumerate(rows[order.transfer.id], start=1)
    ]
    with connection.cursor() as cursor:
        cursor.execute(WRITE_ENTRIES, [list(column) for column in zip(*written, strict=True)])


def _keep_work_list(order: Order) -> None:
    with connection.cursor() as cursor:
        if order.kind == HOLD:
            cursor.execute(
                "insert into ledger_openhold (hold_id, expires_at) values (%s, %s)",
                [order.transfer.id, order.expires_at],
            )
        elif order.ends:
            cursor.execute("delete from ledger_openhold where hold_id = %s", [order.ends])


# --- asked again --------------------------------------------------------------------------------------------


def booked_before(transfer: UUID, digest: bytes) -> Booked | None:
    """What was booked under this id, if anything was; other content under it is refused."""
    found = queries.kept([transfer]).get(transfer)
    if found is None:
        return None
    if found.digest != digest:
        raise Refused("ledger.id-reused")
    memo = {
        code
        for code, each in queries.terms_of({row.account for row in found.rows}).items()
        if each.kind in MEMO
    }
    return Booked(transfer, logic.moved(found.rows, frozenset(memo)), is_new=False)


def _answer_again(orders: Sequence[Order], *, written: Container[UUID]) -> list[Booked]:
    """Each as it was booked before. Linked ones were booked together then, or this is something else."""
    if any(order.transfer.id in written for order in orders):
        raise Refused("ledger.id-reused")
    found = [booked_before(order.transfer.id, order.digest) for order in orders]
    told = [each for each in found if each is not None]
    if len(told) < len(orders):  # nobody has this id, so the hold has been ended under another
        raise Refused("ledger.hold-over")
    return told


def refuse(reasons: Sequence[Refused]) -> None:
    """The first of the reasons, if there is one."""
    if reasons:
        raise reasons[0]


def line_named(budget: str) -> BudgetLine | None:
    """The budget line of this code; none for none."""
    return queries.budget_lines_named([budget])[budget][0] if budget else None


def asked_part(
    whole: tuple[Leg, ...],
    *,
    fen: Fen | None,
    legs: Sequence[Leg],
    line: BudgetLine | None,
    beyond: Refused,
) -> tuple[Leg, ...]:
    """The legs asked for out of what there is. `legs` are without the budget's own."""
    if legs:
        refuse(logic.why_unfit(Transfer(UUID(int=0), tuple(legs), date.min)))
        part: tuple[Leg, ...] | None = logic.charged(legs, line)
    elif fen is None:
        part = whole
    else:
        assert fen > 0, "a part is something"
        part = logic.part_of(whole, fen) if whole else ()
    if part is None:
        raise Refused("ledger.part-needs-legs")
    if not part or not logic.is_within(part, whole):
        raise beyond
    return part
