"""Reads of payments: batches, their lines, their totals, what has to be mended, what was paid."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Q

from rongjun.audit.api import keys
from rongjun.kernel.balance import Balance
from rongjun.kernel.crypto import PublicKey
from rongjun.kernel.money import Fen
from rongjun.ledger.payments.layouts import layouts_in
from rongjun.ledger.payments.logic.batches import (
    People,
    Seen,
    exceptions,
    number_of,
    reference_of,
)
from rongjun.ledger.payments.logic.layouts import BankHead, BankRow, Layout
from rongjun.ledger.payments.logic.reasons import FAILED, PAID, READY, REASONS
from rongjun.ledger.payments.models import LIVING, PaymentBatch, PaymentFile, PaymentLine

# The purpose of the keys that seal accounts and files, and that sign files.
SEAL = "ledger.payments"
MOST_LINES = 500  # shown of one batch at once
# One province asks banks to credit within a day; three leave room for a weekend (待局方确认).
ANSWERED_WITHIN = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class BatchReport:
    """A batch and what became of its lines, counted; the money in fen."""

    id: UUID
    number: str
    division: int
    purpose: str
    title: str
    fund: str
    partner: str
    layout: str
    pay_on: date
    state: str
    count: int
    total: Fen
    made_at: datetime
    people: People
    checked_at: datetime | None
    released_at: datetime | None
    sent_at: datetime | None
    closed_at: datetime | None
    withdrawn_by: str
    withdrawn_reason: str
    is_delivered: bool = False
    failure: str = ""
    by_state: Mapping[str, tuple[int, Fen]] = field(default_factory=dict)

    def is_overdue(self, now: datetime) -> bool:
        """Whether the bank has had the file for longer than it takes, and has not answered all of it."""
        return self.state in {"sent", "answered"} and bool(
            self.sent_at and now - self.sent_at > ANSWERED_WITHIN
        )

    def counted(self, *states: str) -> int:
        """How many lines are in these states."""
        return sum(self.by_state.get(state, (0, Fen()))[0] for state in states)


@dataclass(frozen=True, slots=True)
class LineReport:
    """One payment as staff may see it: the account is masked."""

    id: int
    batch: UUID
    reference: str
    key: str
    division: int
    payee: str
    account: str
    fen: Fen
    purpose: str
    state: str
    code: str
    reason: str
    owner: str
    dispute: str
    answered_at: datetime | None
    why: str
    batch_title: str = ""

    @property
    def todo(self) -> str:
        """What to do about a payment that failed."""
        known = REASONS.get(self.code)
        return known.todo if known and self.state == FAILED else ""


@dataclass(frozen=True, slots=True)
class Total:
    """So many payments of one kind and what they come to."""

    what: str
    count: int
    total: Fen


@dataclass(frozen=True, slots=True)
class Paid:
    """The payment that answered for a business key."""

    key: str
    fen: Fen
    reference: str
    answered_at: datetime


def bank_key() -> PublicKey:
    """What a bank checks the signature of our files with."""
    return keys().public_key(SEAL)


def layout_of(code: str) -> Layout | None:
    """The layout agreed on under this code; None when there is none."""
    return layouts_in(settings.CONTRACTS_ROOT / "bank-files").get(code)


# --- batches ------------------------------------------------------------------------------------------------


def batches(*, state: str = "", first: int = 0, limit: int = 50) -> tuple[list[BatchReport], int]:
    """Batches in scope, newest first, and how many there are; of one state when one is named."""
    rows = PaymentBatch.objects.filter(**({"state": state} if state else {}))
    page = list(rows.order_by("-made_at", "id")[first : first + limit])
    return _reports(page), rows.count()


def batch_report(batch: UUID) -> BatchReport | None:
    """One batch; None out of scope."""
    reports = _reports(list(PaymentBatch.objects.filter(pk=batch)))
    return reports[0] if reports else None


def _reports(rows: Sequence[PaymentBatch]) -> list[BatchReport]:
    counted = _by_state([row.id for row in rows])
    files = PaymentFile.objects.filter(pk__in=[row.id for row in rows if row.sent_at])
    delivered = {
        batch: (failure, at is not None)
        for batch, failure, at in files.values_list("batch_id", "failure", "delivered_at")
    }
    return [
        BatchReport(
            id=row.id,
            number=number_of(row.number),
            division=row.division,
            purpose=row.purpose,
            title=row.title,
            fund=row.fund,
            partner=row.partner,
            layout=row.layout,
            pay_on=row.pay_on,
            state=row.state,
            count=row.count or sum(count for count, _ in counted.get(row.id, {}).values()),
            total=Fen(row.total) or Fen.total(fen for _, fen in counted.get(row.id, {}).values()),
            made_at=row.made_at,
            people=People(row.made_by, row.checked_by, row.released_by),
            checked_at=row.checked_at,
            released_at=row.released_at,
            sent_at=row.sent_at,
            closed_at=row.closed_at,
            withdrawn_by=row.withdrawn_by,
            withdrawn_reason=row.withdrawn_reason,
            is_delivered=delivered.get(row.id, ("", False))[1],
            failure=delivered.get(row.id, ("", False))[0],
            by_state=counted.get(row.id, {}),
        )
        for row in rows
    ]


def _by_state(batches: Collection[UUID]) -> dict[UUID, dict[str, tuple[int, Fen]]]:
    sql = """
        select batch_id, state, count(*), sum(fen)::bigint from ledger_paymentline
        where batch_id = any (%s) group by batch_id, state
    """
    found: dict[UUID, dict[str, tuple[int, Fen]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(sql, [list(batches)])
        for batch, state, count, total in cursor.fetchall():
            found.setdefault(batch, {})[state] = (count, Fen(total))
    return found


_BY_FUND = """
    select fund, count(*), sum(fen)::bigint from (
        select share.key as fund, share.value::bigint as fen
        from ledger_paymentline, jsonb_each_text(shares) as share
        where batch_id = %s and state <> 'withdrawn'
    ) each group by fund order by fund
"""
_FUND_TITLES = "select code, title from ledger_account where code = any (%s)"
_BY_DIVISION = """
    select division / 1000000 * 1000000, count(*), sum(fen)::bigint from ledger_paymentline
    where batch_id = %s and state <> 'withdrawn' group by 1 order by 1
"""


def totals_by_fund(batch: UUID) -> list[Total]:
    """What each fund bears of a batch, by its title; a payment that several bear counts at each of them."""
    totals = _totals(_BY_FUND, batch)
    with connection.cursor() as cursor:
        cursor.execute(_FUND_TITLES, [[each.what for each in totals]])
        titles = dict(cursor.fetchall())
    return [replace(each, what=titles.get(each.what, each.what)) for each in totals]


def totals_by_county(batch: UUID) -> list[Total]:
    """What goes to the people of each county; `what` is its 12-digit code."""
    return _totals(_BY_DIVISION, batch)


def _totals(sql: str, batch: UUID) -> list[Total]:
    with connection.cursor() as cursor:
        cursor.execute(sql, [batch])
        return [Total(str(what), count, Fen(total)) for what, count, total in cursor.fetchall()]


# --- lines --------------------------------------------------------------------------------------------------


def exceptions_of(batch: UUID) -> list[tuple[LineReport, str]]:
    """The lines of a batch to look at first, each with what is unusual about it, in their order."""
    rows = PaymentLine.objects.filter(batch=batch).exclude(state="withdrawn")
    said = rows.values_list("line", "payee", "account_index", "fen", "why", "follows")
    odd = exceptions(
        Seen(line, payee, bytes(account), fen, why, follows is not None)
        for line, payee, account, fen, why, follows in said
    )
    odd.sort(key=lambda each: each[0])
    kept = rows.filter(line__in=[line for line, _ in odd[:MOST_LINES]])
    found = {line.line: _line(line) for line in kept.select_related("batch")}
    return [(found[line], why) for line, why in odd if line in found]


def lines_of(batch: UUID, *, states: Collection[str] = (), most: int = MOST_LINES) -> list[LineReport]:
    """The lines of a batch in their order; of some states when they are named."""
    rows = PaymentLine.objects.filter(batch=batch, **({"state__in": states} if states else {}))
    return [_line(row) for row in rows.select_related("batch").order_by("line")[:most]]


def failures(*, owner: str = "", first: int = 0, limit: int = 50) -> tuple[list[LineReport], int]:
    """Payments somebody has to mend, oldest first, and how many: failed ones, and contradicted answers."""
    rows = PaymentLine.objects.filter(Q(state=FAILED) | ~Q(dispute=""))
    rows = rows.filter(owner=owner) if owner else rows
    page = rows.select_related("batch").order_by("answered_at", "id")[first : first + limit]
    return [_line(row) for row in page], rows.count()


def failure(line: int) -> LineReport | None:
    """One payment; None out of scope."""
    row = PaymentLine.objects.select_related("batch").filter(pk=line).first()
    return _line(row) if row else None


def _line(row: PaymentLine) -> LineReport:
    return LineReport(
        id=row.id,
        batch=row.batch_id,
        reference=reference_of(row.batch.number, row.line),
        key=row.key,
        division=row.division,
        payee=row.payee,
        account=row.account_mask,
        fen=Fen(row.fen),
        purpose=row.purpose,
        state=row.state,
        code=row.code,
        reason=row.reason,
        owner=row.owner,
        dispute=row.dispute,
        answered_at=row.answered_at,
        why=row.why,
        batch_title=row.batch.title,
    )


# --- by business key ----------------------------------------------------------------------------------------


def paid(key: str) -> Paid | None:
    """The payment that answered for what is owed under this business key; None while none has arrived."""
    row = PaymentLine.objects.select_related("batch").filter(key=key, state=PAID).first()
    if row is None:
        return None
    assert row.answered_at is not None
    return Paid(key, Fen(row.fen), reference_of(row.batch.number, row.line), row.answered_at)


def living(keys: Collection[str]) -> dict[str, str]:
    """The state of the one living payment of each of these keys; keys without one are left out."""
    rows = PaymentLine.objects.filter(key__in=keys, state__in=LIVING)
    return dict(rows.values_list("key", "state"))


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of the newest payment of a business key."""

    state: str
    reason: str
    answered_at: datetime | None


_FATES = """
    select distinct on (key) key, state, reason, answered_at
    from ledger_paymentline where key = any (%s) order by key, id desc
"""


def fates(keys: Collection[str]) -> dict[str, Fate]:
    """By business key, what became of its newest payment; keys nothing was ever paid under are left out."""
    with connection.cursor() as cursor:
        cursor.execute(_FATES, [list(keys)])
        return {key: Fate(*rest) for key, *rest in cursor.fetchall()}


# --- the balance --------------------------------------------------------------------------------------------

# What was released stands against what became of the lines: a line that is lost shows as a gap.
_BALANCE = """
    select (b.released_at at time zone %(zone)s)::date, 'bank:' || b.partner || ':' || b.purpose,
           sum(b.count), sum(l.done), sum(l.refused), sum(l.waiting)
    from ledger_paymentbatch b
    cross join lateral (
        select count(*) filter (where state = 'paid') as done,
               count(*) filter (where state not in ('paid', 'ready', 'draft')) as refused,
               count(*) filter (where state = 'ready') as waiting
        from ledger_paymentline where batch_id = b.id
    ) l
    where b.released_at is not null
      and (b.released_at at time zone %(zone)s)::date between %(since)s and %(until)s
    group by 1, 2 order by 1, 2
"""


def payment_balance(*, since: date, until: date) -> list[Balance]:
    """By day of release and channel (`bank:paying-bank:allowance`): released = paid + not paid + waiting.

    A payment that is made again counts once more in the batch that makes it.
    """
    with connection.cursor() as cursor:
        cursor.execute(_BALANCE, {"since": since, "until": until, "zone": settings.TIME_ZONE})
        return [Balance(day, channel, *map(int, counts)) for day, channel, *counts in cursor.fetchall()]


# --- files --------------------------------------------------------------------------------------------------


def line_place(batch: UUID, line: int) -> bytes:
    """What the account of a line is bound to."""
    return b"ledger:payment-account:" + batch.bytes + line.to_bytes(4, "big")


def document_place(batch: UUID, line: int) -> bytes:
    """What the document number of a line is bound to."""
    return b"ledger:payment-document:" + batch.bytes + line.to_bytes(4, "big")


def file_place(batch: UUID) -> bytes:
    """What the file of a batch is bound to."""
    return b"ledger:payment-file:" + batch.bytes


def file_rows(batch: PaymentBatch) -> list[BankRow]:
    """The ready lines of a batch as the bank will see them: accounts are opened."""
    rows = PaymentLine.objects.filter(batch=batch, state=READY).order_by("line")
    return [_bank_row(batch, seq, row) for seq, row in enumerate(rows.iterator(2000), start=1)]


def _bank_row(batch: PaymentBatch, seq: int, row: PaymentLine) -> BankRow:
    opened = keys().open(SEAL, bytes(row.account_sealed), line_place(batch.id, row.line)).decode()
    document = bytes(row.document_sealed)
    return BankRow(
        seq=seq,
        reference=reference_of(batch.number, row.line),
        payee=row.payee,
        account=opened,
        fen=row.fen,
        purpose=row.purpose,
        key=row.key,
        bank=row.bank,
        document=keys().open(SEAL, document, document_place(batch.id, row.line)).decode() if document else "",
    )


def bank_head(batch: PaymentBatch) -> BankHead:
    """What the file of a batch says of itself."""
    return BankHead(number_of(batch.number), batch.fund, batch.count, batch.total, batch.pay_on)


@dataclass(frozen=True, slots=True, repr=False)
class SentFile:
    """The file of a batch with its signature in hex; opening it is a read that is logged by whoever asks."""

    name: str
    content: bytes
    digest: str
    signature: str


def file_of(batch: UUID) -> SentFile | None:
    """The file that was made of a batch; None before."""
    row = PaymentFile.objects.filter(pk=batch).first()
    if row is None:
        return None
    content = keys().open(SEAL, bytes(row.content_sealed), file_place(batch))
    return SentFile(row.name, content, bytes(row.digest).hex(), bytes(row.signature).hex())
