"""Reads of the books: what is on an account, when it was, and what moved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection

from rongjun.kernel.balance import Balance
from rongjun.kernel.errors import Refused
from rongjun.kernel.money import Fen
from rongjun.kernel.words import Words
from rongjun.ledger.logic import BudgetLine, Entry, Standing, Terms

# How the days' balance names this channel.
HOLDS = "冻结款"


def rows_of(sql: str, params: Sequence[Any] | Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """The answer of one statement."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())


# --- accounts and what is on them ---------------------------------------------------------------------------

_TERMS = """
    select id, code, kind, division, purposes, needs_budget, closed_on from ledger_account
    where code = any (%s)
"""


def terms_of(codes: Iterable[str]) -> dict[str, Terms]:
    """What these accounts ask for, by code. Raises Refused("ledger.no-such-account")."""
    wanted = sorted(set(codes))
    found = {
        code: Terms(number, code, kind, division, frozenset(purposes), *more)
        for number, code, kind, division, purposes, *more in rows_of(_TERMS, [wanted])
    }
    for code in wanted:
        if code not in found:
            raise Refused("ledger.no-such-account", account=code)
    return found


_LIMITS = """
    select a.code, l.posted, l.held_in, l.held_out, l.floor, l.ceiling
    from ledger_limit l join ledger_account a on a.id = l.account_id
    where l.account_id = any (%s)
"""
# In the order of accounts, as the database counts them: two writers meet at the same account first.
_HOLD_LIMITS = f"{_LIMITS} order by l.account_id for update of l"


def limits_held(accounts: Iterable[Terms]) -> dict[str, Standing]:
    """The standings of those accounts that have a limit, held until the transaction ends."""
    numbers = sorted(account.number for account in accounts)
    return {row[0]: _standing(row) for row in rows_of(_HOLD_LIMITS, [numbers])}


def _standing(row: Sequence[Any]) -> Standing:
    code, *amounts = row
    return Standing(code, *(None if each is None else Fen(each) for each in amounts))  # type: ignore[arg-type]


# What some entries come to: posted, held towards the account, held away from it (not positive).
AMOUNTS = """
    coalesce(sum(e.fen) filter (where e.layer = 'posted'), 0)::bigint,
    coalesce(sum(e.fen) filter (where e.layer <> 'posted' and (e.fen < 0) <> (e.layer = 'held')), 0)::bigint,
    coalesce(sum(e.fen) filter (where e.layer <> 'posted' and (e.fen < 0) = (e.layer = 'held')), 0)::bigint
"""
# The totals, and what was written above their watermark. After a restore into a cluster whose transactions
# are counted anew the watermark means nothing: then everything is summed.
_UNLIMITED = f"""
    with mark as (
        select case when below <= pg_snapshot_xmax(pg_current_snapshot()) then below else '0'::xid8 end below
        from ledger_watermark
    ), told as (
        select posted, held_in, held_out from ledger_total, mark
        where account_id = %(account)s and below > '0'
        union all
        select {AMOUNTS} from ledger_entry e
        where e.account_id = %(account)s and e.xid >= (select below from mark)
    )
    select coalesce(sum(posted), 0)::bigint, coalesce(sum(held_in), 0)::bigint,
           coalesce(sum(held_out), 0)::bigint
    from told
"""  # noqa: S608 - our own words


def standing(account: str) -> Standing:
    """What is on an account now: posted, held, and what is left where it has a limit.

    Raises Refused("ledger.no-such-account"), also out of scope.
    """
    (number,) = (each.number for each in terms_of([account]).values())
    limited = rows_of(_LIMITS, [[number]])
    if limited:
        return _standing(limited[0])
    ((posted, held_in, held_out),) = rows_of(_UNLIMITED, {"account": number})
    return Standing(account, Fen(posted), Fen(held_in), Fen(held_out))


_BALANCE_AT = """
    select coalesce(sum(fen), 0)::bigint from ledger_entry
    where account_id = %s and layer = 'posted' and on_day <= %s and recorded_at <= %s
"""


def balance_at(account: str, *, on: date, known_at: datetime) -> Fen:
    """What was posted to an account for days up to `on`, as far as it was booked by `known_at`.

    Raises Refused("ledger.no-such-account"), also out of scope.
    """
    (number,) = (each.number for each in terms_of([account]).values())
    ((fen,),) = rows_of(_BALANCE_AT, [number, on, known_at])
    return Fen(fen)


# --- transfers ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Kept:
    """A transfer as it is in the books."""

    id: UUID
    kind: str
    on: date
    purpose: str
    about: str
    digest: bytes
    expires_at: datetime | None
    budget: str
    rows: tuple[Entry, ...]


_KEPT = """
    select t.id, t.kind, t.on_day, t.purpose, t.about, t.digest, t.expires_at, coalesce(b.code, '')
    from ledger_transfer t left join ledger_account b on b.id = t.budget_id where t.id = any (%s)
"""
_ROWS = """
    select e.transfer_id, a.code, e.layer, e.fen
    from ledger_entry e join ledger_account a on a.id = e.account_id
    where e.transfer_id = any (%s) order by e.transfer_id, e.line
"""


def kept(transfers: Iterable[UUID]) -> dict[UUID, Kept]:
    """Those of these transfers that are booked, with their entries in order."""
    ids = list(transfers)
    rows: dict[UUID, list[Entry]] = {}
    for transfer, account, layer, fen in rows_of(_ROWS, [ids]):
        rows.setdefault(transfer, []).append(Entry(account, layer, Fen(fen)))
    return {
        row[0]: Kept(
            id=row[0],
            kind=row[1],
            on=row[2],
            purpose=row[3],
            about=row[4],
            digest=bytes(row[5]),
            expires_at=row[6],
            budget=row[7],
            rows=tuple(rows.get(row[0], ())),
        )
        for row in rows_of(_KEPT, [ids])
    }


_TAKEN_BACK = """
    select a.code, e.layer, e.fen from ledger_transfer t join ledger_entry e on e.transfer_id = t.id
    join ledger_account a on a.id = e.account_id
    where t.corrects_id = %s order by t.recorded_at, t.id, e.line
"""


def taken_back(transfer: UUID) -> tuple[Entry, ...]:
    """What reversals have taken back of a transfer so far."""
    return tuple(Entry(account, layer, Fen(fen)) for account, layer, fen in rows_of(_TAKEN_BACK, [transfer]))


# --- budget lines -------------------------------------------------------------------------------------------

_LINE = """
    select a.code, b.year, f.code, a.code, c.code, b.account_id
    from ledger_budgetline b join ledger_account a on a.id = b.account_id
    join ledger_account f on f.id = b.fund_id join ledger_account c on c.id = b.contra_id
    where a.code = any (%s)
"""


def budget_lines_named(codes: Iterable[str]) -> dict[str, tuple[BudgetLine, int]]:
    """These budget lines and their rows' numbers. Raises Refused("ledger.no-such-budget")."""
    wanted = sorted(set(codes))
    if not wanted:
        return {}
    found = {row[0]: (BudgetLine(*row[:5]), row[5]) for row in rows_of(_LINE, [wanted])}
    for code in wanted:
        if code not in found:
            raise Refused("ledger.no-such-budget", budget=code)
    return found


@dataclass(frozen=True, slots=True)
class BudgetState:
    """A budget line: what it is in all, what has been charged, what is held on top, and what is left."""

    code: str
    title: str
    fund: str
    year: int
    amount: Fen
    charged: Fen
    held: Fen

    @property
    def left(self) -> Fen:
        """What may still be charged."""
        return self.amount - self.charged - self.held


_BUDGETS = """
    select a.code, a.title, f.code, b.year, l.ceiling, l.posted, l.held_in
    from ledger_budgetline b join ledger_account a on a.id = b.account_id
    join ledger_account f on f.id = b.fund_id join ledger_limit l on l.account_id = b.account_id
    where (%(fund)s = '' or f.code = %(fund)s) and (%(year)s = 0 or b.year = %(year)s)
    order by b.year desc, a.code
"""


def budgets(*, fund: str = "", year: int = 0) -> list[BudgetState]:
    """The budget lines in scope, of one fund, of one year, or all."""
    return [
        BudgetState(*row[:4], *map(Fen, row[4:])) for row in rows_of(_BUDGETS, {"fund": fund, "year": year})
    ]


def budget_of_funds(funds: Iterable[str], *, year: int) -> dict[str, str]:
    """The code of the budget line of each fund for a year, where there is exactly one."""
    found = {fund: budgets(fund=fund, year=year) for fund in funds}
    return {fund: lines[0].code for fund, lines in found.items() if len(lines) == 1}


# --- the books on pages -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AccountLine:
    """An account with what is on it."""

    number: int
    code: str
    title: str
    kind: str
    purposes: tuple[str, ...]
    closed_on: date | None
    standing: Standing


# What is on each account of a page: its limit's row, or the totals and what is above their watermark.
_ACCOUNTS = f"""
    with mark as (
        select case when below <= pg_snapshot_xmax(pg_current_snapshot()) then below else '0'::xid8 end below
        from ledger_watermark
    ), page as (
        select * from ledger_account where %(one)s = 0 or id = %(one)s
        order by (kind in ('budget', 'budgeted')), code limit %(limit)s offset %(first)s
    ), newer as (
        select e.account_id, {AMOUNTS} from ledger_entry e, mark
        where e.xid >= mark.below and e.account_id in (select id from page)
        group by e.account_id
    )
    select a.id, a.code, a.title, a.kind, a.purposes, a.closed_on, a.code,
           coalesce(l.posted, coalesce(t.posted, 0) + coalesce(n.posted, 0)),
           coalesce(l.held_in, coalesce(t.held_in, 0) + coalesce(n.held_in, 0)),
           coalesce(l.held_out, coalesce(t.held_out, 0) + coalesce(n.held_out, 0)), l.floor, l.ceiling
    from page a cross join mark
    left join ledger_limit l on l.account_id = a.id
    left join ledger_total t on t.account_id = a.id and mark.below > '0'
    left join newer n (account_id, posted, held_in, held_out) on n.account_id = a.id
    order by (a.kind in ('budget', 'budgeted')), a.code
"""  # noqa: S608 - our own words


def accounts(*, first: int = 0, limit: int = 50) -> tuple[list[AccountLine], int]:
    """The accounts in scope by code, those that count budgets last, and how many there are."""
    asked = {"one": 0, "first": first, "limit": limit}
    ((total,),) = rows_of("select count(*) from ledger_account", [])
    return [_account_line(row) for row in rows_of(_ACCOUNTS, asked)], total


def account(number: int) -> AccountLine | None:
    """One account; None out of scope."""
    rows = rows_of(_ACCOUNTS, {"one": number, "first": 0, "limit": 1})
    return _account_line(rows[0]) if rows else None


def _account_line(row: Sequence[Any]) -> AccountLine:
    number, code, title, kind, purposes, closed_on, *standing_row = row
    return AccountLine(number, code, title, kind, tuple(purposes), closed_on, _standing(standing_row))


@dataclass(frozen=True, slots=True)
class StatementLine:
    """An entry with its account and its transfer."""

    transfer: UUID
    kind: str
    on: date
    recorded_at: datetime
    purpose: str
    about: str
    layer: str
    fen: Fen
    account_number: int
    account: str
    account_title: str


_STATEMENT = """
    select t.id, t.kind, e.on_day, e.recorded_at, t.purpose, t.about, e.layer, e.fen, a.id, a.code, a.title
    from ledger_entry e
    join ledger_transfer t on t.id = e.transfer_id join ledger_account a on a.id = e.account_id
"""
_OF_ACCOUNT = f"{_STATEMENT} where e.account_id = %s order by e.id desc limit %s offset %s"
_OF_TRANSFER = f"{_STATEMENT} where e.transfer_id = %s order by e.line"


def statement(account: int, *, first: int = 0, limit: int = 50) -> tuple[list[StatementLine], int]:
    """What moved on an account, newest first, and how many entries there are."""
    ((total,),) = rows_of("select count(*) from ledger_entry where account_id = %s", [account])
    return [_statement_line(row) for row in rows_of(_OF_ACCOUNT, [account, limit, first])], total


def _statement_line(row: Sequence[Any]) -> StatementLine:
    *said, fen, number, code, title = row
    told: list[Any] = [*said, Fen(fen), number, code, title]
    return StatementLine(*told)


@dataclass(frozen=True, slots=True)
class Related:
    """Another transfer, and how it has to do with this one."""

    how: str
    id: UUID
    kind: str
    on: date


@dataclass(frozen=True, slots=True)
class TransferPage:
    """A transfer with those of its entries that are in scope."""

    id: UUID
    kind: str
    on: date
    recorded_at: datetime
    by: str
    purpose: str
    about: str
    reason: str
    expires_at: datetime | None
    legs: int
    budget: str
    rows: tuple[StatementLine, ...]
    related: tuple[Related, ...]


_TRANSFER = """
    select t.id, t.kind, t.on_day, t.recorded_at, t."by", t.purpose, t.about, t.reason, t.expires_at, t.legs,
           coalesce(b.title, '')
    from ledger_transfer t left join ledger_account b on b.id = t.budget_id where t.id = %s
"""
_RELATED = """
    with this as (select * from ledger_transfer where id = %s)
    select case when o.id = this.corrects_id then 'corrects' when o.corrects_id = this.id then 'corrected-by'
                when o.id = this.ends_id then 'ends' when o.ends_id = this.id then 'ended-by'
                else 'linked' end,
           o.id, o.kind, o.on_day
    from this join ledger_transfer o
      on o.id in (this.corrects_id, this.ends_id) or o.corrects_id = this.id or o.ends_id = this.id
         or (o.linked = this.linked and o.id <> this.id)
    order by o.recorded_at, o.id limit 50
"""


def transfer_page(transfer: UUID) -> TransferPage | None:
    """One transfer; None where none of its entries is in scope."""
    found = rows_of(_TRANSFER, [transfer])
    if not found:
        return None
    rows = tuple(_statement_line(row) for row in rows_of(_OF_TRANSFER, [transfer]))
    related = tuple(Related(*row) for row in rows_of(_RELATED, [transfer]))
    told: list[Any] = [*found[0], rows, related]
    return TransferPage(*told)


# --- does it all add up -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that may never be: `rule` says what, `about` where, `off_by` how much (fen, or rows)."""

    rule: str
    about: str
    off_by: int


FAULTS: Words[dict[str, str]] = {
    "unbalanced": "这一笔的分录加起来不是零",
    "incomplete": "这一笔的分录条数不对",
    "sum": "全部分录加起来不是零",
    "limit": "限额账户的账面和分录合计不一致",
    "beyond": "超出了限额",
    "total": "账户的累计和分录合计不一致",
    "over-reversed": "冲正多于原来那一笔",
    "hold-forgotten": "冻结没有了结，也不在待办里",
    "hold-ended-open": "冻结已经了结，还在待办里",
    "hold-expired-open": "冻结到期一小时了还没有放回去",
    "budget": "预算指标的金额和历次调整不一致",
}
_ENDER = "select from ledger_transfer n where n.ends_id = t.id"
_FAULTS: Mapping[str, str] = {
    "unbalanced": """
        select transfer_id::text, sum(fen) from ledger_entry group by transfer_id, layer having sum(fen) <> 0
    """,
    "incomplete": """
        select t.id::text, t.legs - count(e.id) from ledger_transfer t
        left join ledger_entry e on e.transfer_id = t.id group by t.id having count(e.id) <> t.legs
    """,
    "sum": "select layer, sum(fen) from ledger_entry group by layer having sum(fen) <> 0",
    "limit": f"""
        select a.code, l.posted - s.posted + (l.held_in - s.held_in) - (l.held_out - s.held_out)
        from ledger_limit l join ledger_account a on a.id = l.account_id
        cross join lateral (
            select {AMOUNTS} from ledger_entry e where e.account_id = l.account_id
        ) s (posted, held_in, held_out)
        where (l.posted, l.held_in, l.held_out) <> (s.posted, s.held_in, s.held_out)
    """,  # noqa: S608 - our own words
    "beyond": """
        select a.code, greatest(l.floor - l.posted - l.held_out, l.posted + l.held_in - l.ceiling)
        from ledger_limit l join ledger_account a on a.id = l.account_id
        where l.posted + l.held_out < l.floor or l.posted + l.held_in > l.ceiling
    """,
    "total": f"""
        select a.code, t.posted - s.posted from ledger_total t join ledger_account a on a.id = t.account_id
        cross join lateral (
            select {AMOUNTS} from ledger_entry e
            where e.account_id = t.account_id and e.xid < (select below from ledger_watermark)
        ) s (posted, held_in, held_out)
        where (select below <= pg_snapshot_xmax(pg_current_snapshot()) from ledger_watermark)
          and (t.posted, t.held_in, t.held_out) <> (s.posted, s.held_in, s.held_out)
    """,  # noqa: S608 - our own words
    "over-reversed": """
        select original::text, sum(over) from (
            select t.corrects_id as original, abs(sum(e.fen)) - abs(coalesce(min(o.was), 0)) as over
            from ledger_transfer t join ledger_entry e on e.transfer_id = t.id
            left join lateral (
                select sum(w.fen) as was from ledger_entry w
                where w.transfer_id = t.corrects_id and w.account_id = e.account_id and w.layer = 'posted'
            ) o on true
            where t.corrects_id is not null group by t.corrects_id, e.account_id
        ) r where over > 0 group by original
    """,
    "hold-forgotten": f"""
        select t.id::text, 1 from ledger_transfer t where t.kind = 'hold' and not exists ({_ENDER})
          and not exists (select from ledger_openhold h where h.hold_id = t.id)
    """,  # noqa: S608 - our own words
    "hold-ended-open": f"""
        select t.id::text, 1 from ledger_openhold h join ledger_transfer t on t.id = h.hold_id
        where exists ({_ENDER})
    """,  # noqa: S608 - our own words
    "hold-expired-open": """
        select hold_id::text, 1 from ledger_openhold where expires_at < %(now)s - interval '1 hour'
    """,
    "budget": """
        select a.code, l.ceiling - coalesce(sum(c.fen), 0) from ledger_budgetline b
        join ledger_account a on a.id = b.account_id join ledger_limit l on l.account_id = b.account_id
        left join ledger_budgetchange c on c.line_id = b.account_id
        group by a.code, l.ceiling having l.ceiling <> coalesce(sum(c.fen), 0)
    """,
}


def faults(*, now: datetime, most: int = 100) -> list[Fault]:
    """What does not add up in the books, the first `most` of each rule; none in a sound ledger.

    Looks at every entry, in a scope that sees them all.
    """
    return [
        Fault(rule, about, int(off_by))
        for rule, sql in _FAULTS.items()
        for about, off_by in rows_of(f"{sql} limit %(most)s", {"now": now, "most": most})
    ]


_COUNTS = "select (select count(*) from ledger_transfer), (select count(*) from ledger_entry)"


def counts() -> tuple[int, int]:
    """How many transfers and entries there are."""
    ((transfers, entries),) = rows_of(_COUNTS, [])
    return transfers, entries


# A hold counts as done when it was settled and as refused when it was given back; open is what the work list
# says, so a forgotten one shows as a gap.
_HOLDS = """
    select (t.recorded_at at time zone %(zone)s)::date, count(*), count(*) filter (where n.kind = 'settle'),
           count(*) filter (where n.kind in ('release', 'expire')), count(h.hold_id)
    from ledger_transfer t left join ledger_transfer n on n.ends_id = t.id
    left join ledger_openhold h on h.hold_id = t.id
    where t.kind = 'hold' and (t.recorded_at at time zone %(zone)s)::date between %(since)s and %(until)s
    group by 1 order by 1
"""


def balance(*, since: date, until: date) -> list[Balance]:
    """What became of the holds of each day, both days included, in scope."""
    asked = {"zone": settings.TIME_ZONE, "since": since, "until": until}
    return [Balance(day, HOLDS, *map(int, counted)) for day, *counted in rows_of(_HOLDS, asked)]
