"""Every write of the ledger. Whoever calls has decided that they may; here is judged whether the money may.

Each action is one transaction, or a part of its caller's: refused, it leaves nothing behind. It writes in a
scope of its own, because one transfer may touch accounts of several divisions.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID, uuid5

from django.db import connection

from rongjun.access.api import acting_as_job
from rongjun.audit import api as audit
from rongjun.kernel.errors import Refused
from rongjun.kernel.money import Fen
from rongjun.ledger import logic, queries
from rongjun.ledger.logic import (
    BUDGET,
    BUDGETED,
    EXPIRE,
    HELD,
    HOLD,
    MEMO,
    POST,
    POSTED,
    RELEASE,
    REVERSAL,
    SETTLE,
    Booked,
    BudgetLine,
    Entry,
    Leg,
    Standing,
    Terms,
    Transfer,
)
from rongjun.ledger.queries import Kept, rows_of

JOB = "ledger.book"


@dataclass(frozen=True, slots=True)
class _Order:
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


# --- posting ------------------------------------------------------------------------------------------------


def post(transfer: Transfer, *, by: str, now: datetime, clamp: bool = False) -> Booked:
    """Move money, at once and for good.

    The same id with the same content is answered with what was booked the first time. With `clamp`, a
    transfer of two legs takes at most what the limits leave, which may be nothing, and says how much.
    Raises Refused("ledger.…"): id-reused, unbalanced, empty-leg, no-such-account, account-closed,
    limit-exceeded, purpose-not-allowed, and those of budget lines.
    """
    _refuse(logic.why_unfit(transfer))
    assert not clamp or len(transfer.legs) == 2, "two legs are lowered together"
    order = _Order(POST, transfer, logic.digest(POST, transfer, clamp=clamp), by, now, clamp)
    return _book([order])[0]


def post_linked(transfers: Sequence[Transfer], *, by: str, now: datetime) -> list[Booked]:
    """Move all of these or none, judged in their order; one of them booked alone is not repeated here.

    Raises what `post` raises.
    """
    ids = [transfer.id for transfer in transfers]
    assert len(set(ids)) == len(ids), "each transfer has its own id"
    assert ids, "something is to be booked"
    for transfer in transfers:
        _refuse(logic.why_unfit(transfer))
    linked = [str(each) for each in ids]
    return _book(
        [
            _Order(
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


# --- holding ------------------------------------------------------------------------------------------------


def hold(transfer: Transfer, *, expires_at: datetime, by: str, now: datetime, clamp: bool = False) -> Booked:
    """Set money aside until it is settled, released or expires. Limits, purposes and budget count it.

    Raises what `post` raises.
    """
    _refuse(logic.why_unfit(transfer))
    assert expires_at > now, "a hold lasts"
    assert not clamp or len(transfer.legs) == 2, "two legs are lowered together"
    digest = logic.digest(HOLD, transfer, clamp=clamp, expires_at=expires_at)
    return _book([_Order(HOLD, transfer, digest, by, now, clamp, expires_at=expires_at)])[0]


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
        if before := _booked_before(transfer, digest):
            return before
        held = _hold_of(hold)
        if now >= (held.expires_at or now):
            raise Refused("ledger.hold-expired")
        whole = tuple(Leg(row.account, row.fen) for row in held.rows)
        part = _part(
            whole, fen=fen, legs=legs, line=_line_named(held.budget), beyond=Refused("ledger.beyond-hold")
        )
        return _end(held, part, kind=SETTLE, transfer=transfer, on=on, digest=digest, by=by, now=now)


def release_hold(transfer: UUID, *, hold: UUID, on: date, by: str, now: datetime) -> Booked:
    """Give back all that is held.

    Raises Refused("ledger.…"): id-reused, no-such-hold, hold-over.
    """
    digest = logic.digest(RELEASE, Transfer(transfer, (), on), hold=hold)
    with acting_as_job(JOB):
        if before := _booked_before(transfer, digest):
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
    said = Transfer(transfer, part, on, held.purpose, held.budget, held.about)
    order = _Order(kind, said, digest, by, now, given_back=logic.freed(held.rows), ends=held.id)
    return _book([order])[0]


# --- correcting ---------------------------------------------------------------------------------------------


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
        if before := _booked_before(transfer, digest):
            return before
        original = _original(of)
        whole = _left_of(original)
        line = _line_named(original.budget)
        part = _part(whole, fen=fen, legs=legs, line=line, beyond=Refused("ledger.beyond-original"))
        asked = Transfer(transfer, part, on, original.purpose, original.budget, original.about)
        return _book([_Order(REVERSAL, asked, digest, by, now, corrects=of, reason=reason)])[0]


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


def _part(
    whole: tuple[Leg, ...],
    *,
    fen: Fen | None,
    legs: Sequence[Leg],
    line: BudgetLine | None,
    beyond: Refused,
) -> tuple[Leg, ...]:
    """The legs asked for out of what there is. `legs` are without the budget's own."""
    if legs:
        _refuse(logic.why_unfit(Transfer(UUID(int=0), tuple(legs), date.min)))
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


# --- into the books -----------------------------------------------------------------------------------------


def _book(orders: Sequence[_Order]) -> list[Booked]:
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
            _refuse(_why_not(order, terms, lines))
            rows[order.transfer.id] = _rows(order, legs[order.transfer.id], standings)
            _refuse(logic.why_beyond(rows[order.transfer.id], standings))
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


def _legs_of(order: _Order, lines: Mapping[str, tuple[BudgetLine, int]]) -> tuple[Leg, ...]:
    """The legs with those of the budget; what ends a hold or corrects has them already."""
    if order.kind not in {POST, HOLD} or not order.transfer.budget:
        return order.transfer.legs
    return logic.charged(order.transfer.legs, lines[order.transfer.budget][0])


def _accounts(orders: Iterable[_Order], legs: Mapping[UUID, Sequence[Leg]]) -> set[str]:
    named = {leg.account for order in orders for leg in legs[order.transfer.id]}
    return named | {row.account for order in orders for row in order.given_back}


def _why_not(
    order: _Order, terms: Mapping[str, Terms], lines: Mapping[str, tuple[BudgetLine, int]]
) -> list[Refused]:
    """A hold was judged when it was made, and a correction has to be possible."""
    if order.kind not in {POST, HOLD}:
        return []
    line = lines[order.transfer.budget][0] if order.transfer.budget else None
    return logic.why_not(order.transfer, terms, line=line)


def _rows(order: _Order, legs: tuple[Leg, ...], standings: Mapping[str, Standing]) -> tuple[Entry, ...]:
    taken = logic.clamped(legs, standings) if order.clamp else legs
    return (*logic.entries(taken, HELD if order.kind == HOLD else POSTED), *order.given_back)


_WRITE_TRANSFERS = """
    insert into ledger_transfer (id, kind, on_day, recorded_at, "by", purpose, about, reason, digest, legs,
                                 budget_id, ends_id, corrects_id, expires_at, linked)
    select * from unnest(%s::uuid[], %s::text[], %s::date[], %s::timestamptz[], %s::text[], %s::text[],
                         %s::text[], %s::text[], %s::bytea[], %s::int[], %s::bigint[], %s::uuid[], %s::uuid[],
                         %s::timestamptz[], %s::uuid[])
    on conflict do nothing returning id
"""


def _write_transfers(
    orders: Sequence[_Order],
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
    return {row[0] for row in rows_of(_WRITE_TRANSFERS, columns)}


_WRITE_ENTRIES = """
    insert into ledger_entry (transfer_id, line, account_id, division, layer, fen, on_day, recorded_at)
    select * from unnest(%s::uuid[], %s::int[], %s::bigint[], %s::bigint[], %s::text[], %s::bigint[],
                         %s::date[], %s::timestamptz[])
"""


def _write_entries(
    orders: Sequence[_Order], rows: Mapping[UUID, Sequence[Entry]], terms: Mapping[str, Terms]
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
        cursor.execute(_WRITE_ENTRIES, [list(column) for column in zip(*written, strict=True)])


def _keep_work_list(order: _Order) -> None:
    with connection.cursor() as cursor:
        if order.kind == HOLD:
            cursor.execute(
                "insert into ledger_openhold (hold_id, expires_at) values (%s, %s)",
                [order.transfer.id, order.expires_at],
            )
        elif order.ends:
            cursor.execute("delete from ledger_openhold where hold_id = %s", [order.ends])


# --- asked again --------------------------------------------------------------------------------------------


def _booked_before(transfer: UUID, digest: bytes) -> Booked | None:
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


def _answer_again(orders: Sequence[_Order], *, written: Container[UUID]) -> list[Booked]:
    """Each as it was booked before. Linked ones were booked together then, or this is something else."""
    if any(order.transfer.id in written for order in orders):
        raise Refused("ledger.id-reused")
    found = [_booked_before(order.transfer.id, order.digest) for order in orders]
    told = [each for each in found if each is not None]
    if len(told) < len(orders):  # nobody has this id, so the hold has been ended under another
        raise Refused("ledger.hold-over")
    return told


def _refuse(reasons: Sequence[Refused]) -> None:
    if reasons:
        raise reasons[0]


def _line_named(budget: str) -> BudgetLine | None:
    return queries.budget_lines_named([budget])[budget][0] if budget else None


# --- accounts -----------------------------------------------------------------------------------------------

_OPEN = """
    insert into ledger_account (code, division, kind, title, purposes, needs_budget, opened_at, opened_by)
    values (%s, %s, %s, %s, %s, %s, %s, %s) on conflict (code) do nothing returning id
"""
_LIMIT = "insert into ledger_limit (account_id, division, floor, ceiling) values (%s, %s, %s, %s)"


def open_account(
    code: str,
    *,
    kind: str,
    division: int,
    title: str,
    by: str,
    now: datetime,
    floor: Fen | None = None,
    ceiling: Fen | None = None,
    purposes: Iterable[str] = (),
    needs_budget: bool = False,
) -> None:
    """Open an account of a division (12 digits), if there is none of this code; the same again does nothing.

    With a floor or a ceiling it is a limited account for good; without, it never becomes one. `purposes` are
    what money that leaves it may be spent on; none named, anything.
    Raises Refused("ledger.account-differs") where one of this code was opened on other terms.
    """
    assert kind in logic.KINDS, f"an account is one of {sorted(logic.KINDS)}"
    asked = sorted(set(purposes))
    with acting_as_job(JOB):
        opened = rows_of(_OPEN, [code, division, kind, title, asked, needs_budget, now, by])
        if not opened:
            _refuse_other_terms(
                code,
                (kind, division, frozenset(asked), needs_budget),
                is_limited=floor is not None or ceiling is not None,
            )
            return
        if floor is not None or ceiling is not None:
            with connection.cursor() as cursor:
                cursor.execute(_LIMIT, [opened[0][0], division, floor, ceiling])
        audit.note("ledger.account-opened", by=by, at=now, about=f"account:{code}", division=division)


def _refuse_other_terms(code: str, asked: tuple[object, ...], *, is_limited: bool) -> None:
    known = queries.terms_of([code])[code]
    has_limit = bool(rows_of("select from ledger_limit where account_id = %s", [known.number]))
    if (known.kind, known.division, known.purposes, known.needs_budget) != asked or has_limit != is_limited:
        raise Refused("ledger.account-differs", account=code)


def close_account(code: str, *, on: date, by: str, now: datetime) -> None:
    """From that day on nothing is posted to it; what is on it stays there to be seen.

    Raises Refused("ledger.no-such-account").
    """
    with acting_as_job(JOB):
        account = queries.terms_of([code])[code]
        with connection.cursor() as cursor:
            cursor.execute("update ledger_account set closed_on = %s where id = %s", [on, account.number])
        audit.note("ledger.account-closed", by=by, at=now, about=f"account:{code}", division=account.division)


def change_limit(
    code: str, *, floor: Fen | None, ceiling: Fen | None, reason: str, by: str, now: datetime
) -> None:
    """Give a limited account other limits.

    Raises Refused("ledger.…"): no-such-account, no-limit, limit-below-standing, reason-missing.
    """
    if not reason.strip():
        raise Refused("ledger.reason-missing")
    with acting_as_job(JOB):
        account = queries.terms_of([code])[code]
        _set_limit(account, floor=floor, ceiling=ceiling)
        detail: dict[str, object] = {"floor": _int(floor), "ceiling": _int(ceiling), "reason": reason}
        about = f"account:{code}"
        audit.note(
            "ledger.limit-changed", by=by, at=now, about=about, division=account.division, detail=detail
        )


def _int(fen: Fen | None) -> int | None:
    return None if fen is None else int(fen)


def _set_limit(account: Terms, *, floor: Fen | None, ceiling: Fen | None) -> None:
    found = hold_limits([account])
    if account.code not in found:
        raise Refused("ledger.no-limit", account=account.code)
    now_on = found[account.code]
    asked = Standing(account.code, now_on.posted, now_on.held_in, now_on.held_out, floor, ceiling)
    if asked.is_beyond:
        raise Refused("ledger.limit-below-standing", account=account.code)
    with connection.cursor() as cursor:
        sql = "update ledger_limit set floor = %s, ceiling = %s where account_id = %s"
        cursor.execute(sql, [_int(floor), _int(ceiling), account.number])


# --- budget lines -------------------------------------------------------------------------------------------

_BUDGET_LINE = """
    insert into ledger_budgetline (account_id, division, fund_id, contra_id, year) values (%s, %s, %s, %s, %s)
"""
_BUDGET_CHANGE = """
    insert into ledger_budgetchange (line_id, division, fen, basis, "by", at) values (%s, %s, %s, %s, %s, %s)
"""


def add_budget_line(
    code: str, *, fund: str, year: int, fen: Fen, title: str, basis: str, by: str, now: datetime
) -> None:
    """So much of a fund for a year. `basis` is the document that says so.

    Raises Refused("ledger.…"): no-such-account, budget-exists, basis-missing, amount-not-positive.
    """
    if not basis.strip():
        raise Refused("ledger.basis-missing")
    if fen <= 0:
        raise Refused("ledger.amount-not-positive")
    with acting_as_job(JOB):
        source = queries.terms_of([fund])[fund]
        contra = f"{fund}/budgeted"
        told = {"division": source.division, "by": by, "now": now}
        open_account(contra, kind=BUDGETED, title=title_of_contra(fund), **told)  # type: ignore[arg-type]
        if rows_of("select from ledger_account where code = %s", [code]):
            raise Refused("ledger.budget-exists", budget=code)
        open_account(code, kind=BUDGET, title=title, floor=Fen(0), ceiling=fen, **told)  # type: ignore[arg-type]
        terms = queries.terms_of([code, contra])
        line = terms[code].number
        with connection.cursor() as cursor:
            cursor.execute(_BUDGET_LINE, [line, source.division, source.number, terms[contra].number, year])
            cursor.execute(_BUDGET_CHANGE, [line, source.division, int(fen), basis, by, now])


def title_of_contra(fund: str) -> str:
    """The name of the account that stands against all budget lines of a fund."""
    return f"{fund} 预算总控"


def amend_budget(code: str, *, fen: Fen, basis: str, by: str, now: datetime) -> None:
    """Raise a budget line, or lower it (negative), on the word of a document.

    Raises Refused("ledger.…"): no-such-budget, basis-missing, limit-below-standing.
    """
    if not basis.strip():
        raise Refused("ledger.basis-missing")
    with acting_as_job(JOB):
        line, number = queries.budget_lines_named([code])[code]
        account = queries.terms_of([line.account])[line.account]
        ceiling = hold_limits([account])[line.account].ceiling
        assert ceiling is not None
        _set_limit(account, floor=Fen(0), ceiling=ceiling + fen)
        with connection.cursor() as cursor:
            cursor.execute(_BUDGET_CHANGE, [number, account.division, int(fen), basis, by, now])
        audit.note(
            "ledger.budget-amended",
            by=by,
            at=now,
            about=f"account:{code}",
            division=account.division,
            detail={"fen": int(fen), "basis": basis},
        )
