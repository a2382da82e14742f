"""Reads of statements: what is settled, what an operator owes back, lists and one statement whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache, partial
from uuid import UUID

from django.db import connection
from django.db.models import Sum
from django.utils.timezone import localtime

from rongjun.benefits.logic import operator_statements as logic
from rongjun.benefits.logic import savings
from rongjun.benefits.logic.operator_statements import RELEASED, Cell, Sums
from rongjun.benefits.models import (
    OperatorDispute,
    OperatorPayee,
    OperatorStatement,
    OperatorStatementLine,
    UseSource,
)
from rongjun.benefits.queries.manual_uses import by_hand_of_sources
from rongjun.benefits.queries.savings import delivered_days
from rongjun.kernel.errors import Refused
from rongjun.kernel.money import Fen
from rongjun.rules.api import FareBook, NoFareError, ordinary_price


def settled(operator: str, month: int) -> dict[Cell, Sums]:
    """What released statements of the month have settled together, cell by cell."""
    rows = OperatorStatementLine.objects.filter(
        statement__operator=operator, statement__month=month, statement__state=RELEASED
    )
    return logic.added_up({_cell(row): _sums(row)} for row in rows)


def carried(operator: str) -> Fen:
    """What the operator owes back from released statements, as an amount of at most nothing."""
    told = OperatorStatement.objects.filter(operator=operator, state=RELEASED).aggregate(
        payable=Sum("payable"), payment=Sum("payment")
    )
    return Fen(int((told["payable"] or 0) - (told["payment"] or 0)))


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One line of a statement."""

    cell: Cell
    sums: Sums


@dataclass(frozen=True, slots=True)
class Dispute:
    """What an operator said, and what became of it; `claimed` in fen."""

    id: UUID
    said: str
    claimed: Fen | None
    raised_by: str
    raised_at: datetime
    outcome: str
    answer: str
    answered_by: str
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class StatementHead:
    """A statement in one line of a list; money in fen."""

    id: UUID
    operator: str
    operator_name: str
    month: int
    number: int
    state: str
    count: int
    savings: Fen
    payable: Fen
    payment: Fen
    disputes: int
    made_at: datetime
    agreed: bool = False


@dataclass(frozen=True, slots=True)
class StatementFile:
    """A statement whole: figures, lines, what was refused, what was delivered, disputes and signatures."""

    head: StatementHead
    division: int
    known_at: datetime
    ordinary: Fen
    paid: Fen
    carried: Fen
    digest: str
    refused: Mapping[str, int]
    coverage: Mapping[str, Sequence[str]]
    signed: Sequence[tuple[str, str, datetime]]
    dispute_until: date | None
    agreed: bool
    withdrawn_why: str
    lines: Sequence[StatementLine]
    disputes: Sequence[Dispute]
    manual: Mapping[str, int] = field(default_factory=dict)

    @property
    def digest_holds(self) -> bool:
        """Whether the lines still say what was digested when they were written."""
        return logic.digest_of({line.cell: line.sums for line in self.lines}) == self.digest


def statements(
    *, start: int, most: int, month: int | None = None, operator: str = "", state: str = ""
) -> tuple[int, list[StatementHead]]:
    """How many pass the filters, and a page of them, newest month first."""
    rows = OperatorStatement.objects.order_by("-month", "operator", "-number")
    if month is not None:
        rows = rows.filter(month=month)
    if operator:
        rows = rows.filter(operator=operator)
    if state:
        rows = rows.filter(state=state)
    page = list(rows[start : start + most])
    disputed = _open_disputes([row.id for row in page])
    return rows.count(), [_head(row, disputes=disputed.get(row.id, 0)) for row in page]


def operators_of_statements() -> dict[str, str]:
    """Operators that have a statement, by code, with the name each had last."""
    rows = OperatorStatement.objects.order_by("operator", "-made_at").distinct("operator")
    return dict(rows.values_list("operator", "operator_name"))


def statement_file(statement: UUID) -> StatementFile | None:
    """One statement whole; None where there is none in sight."""
    row = OperatorStatement.objects.filter(pk=statement).first()
    if row is None:
        return None
    lines = [StatementLine(_cell(line), _sums(line)) for line in row.lines.all()]
    said = [_dispute(each) for each in row.disputes.order_by("raised_at")]
    return StatementFile(
        head=_head(row, disputes=sum(not each.outcome for each in said)),
        division=row.division,
        known_at=row.known_at,
        ordinary=Fen(row.ordinary),
        paid=Fen(row.paid),
        carried=Fen(row.carried),
        digest=row.digest,
        refused=row.refused,
        coverage=row.coverage,
        signed=_signed(row),
        dispute_until=row.dispute_until,
        agreed=bool(row.agreed_by),
        withdrawn_why=row.withdrawn_why,
        lines=sorted(lines, key=lambda line: line.cell),
        disputes=said,
        manual=row.manual,
    )


def _signed(row: OperatorStatement) -> list[tuple[str, str, datetime]]:
    said = (
        ("made", row.made_by, row.made_at),
        ("checked", row.checked_by, row.checked_at),
        ("agreed", row.agreed_by, row.agreed_at),
        ("released", row.released_by, row.released_at),
        ("withdrawn", row.withdrawn_by, row.withdrawn_at),
    )
    return [(step, by, at) for step, by, at in said if at is not None]


def _head(row: OperatorStatement, *, disputes: int) -> StatementHead:
    return StatementHead(
        id=row.id,
        operator=row.operator,
        operator_name=row.operator_name,
        month=row.month,
        number=row.number,
        state=row.state,
        count=row.count,
        savings=Fen(row.savings),
        payable=Fen(row.payable),
        payment=Fen(row.payment),
        disputes=disputes,
        made_at=row.made_at,
        agreed=bool(row.agreed_by),
    )


def _open_disputes(ids: Sequence[UUID]) -> dict[UUID, int]:
    found: dict[UUID, int] = {}
    for each in OperatorDispute.objects.filter(statement__in=ids, outcome="").values_list(
        "statement", flat=True
    ):
        found[each] = found.get(each, 0) + 1
    return found


def _dispute(row: OperatorDispute) -> Dispute:
    return Dispute(
        id=row.id,
        said=row.said,
        claimed=None if row.claimed is None else Fen(row.claimed),
        raised_by=row.raised_by,
        raised_at=row.raised_at,
        outcome=row.outcome,
        answer=row.answer,
        answered_by=row.answered_by,
        answered_at=row.answered_at,
    )


def _cell(row: OperatorStatementLine) -> Cell:
    return Cell(row.programme, row.county, row.band, row.paid_each, row.fare_from, row.payer)


def _sums(row: OperatorStatementLine) -> Sums:
    return Sums(row.count, row.ordinary, row.paid)


# --- paying -------------------------------------------------------------------------------------------------

SEAL = "benefits.operator-payees"


def payee_place(payee: UUID) -> bytes:
    """What an operator's sealed account is bound to."""
    return b"benefits:operator-payee:" + payee.bytes


def payment_key(operator: str, month: int, number: int) -> str:
    """The business key of a statement's payment: only one living payment of it exists."""
    return f"settlement:{operator}:{month}:{number}"


@dataclass(frozen=True, slots=True)
class PayeeLine:
    """Where an operator is paid, the account masked; `is_confirmed` once a second person has said so."""

    id: UUID
    payee: str
    account_mask: str
    named_by: str
    named_at: datetime
    is_confirmed: bool


def payees(operator: str) -> list[PayeeLine]:
    """The account in use and whatever waits for its second person, newest first."""
    rows = list(OperatorPayee.objects.filter(operator=operator).order_by("-named_at"))
    current = next((row for row in rows if row.confirmed_by), None)
    return [
        PayeeLine(row.id, row.payee, row.account_mask, row.named_by, row.named_at, bool(row.confirmed_by))
        for row in rows
        if row is current or (not row.confirmed_by and (current is None or row.named_at > current.named_at))
    ]


# --- what a month comes to ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Month:
    """What one operator's month comes to as known at a moment, gathered before a statement is drafted.

    `month` is yyyymm; `refused` counts rows that are no uses, by reason; `coverage` has the days of the
    month that were delivered and those that were not, as ISO dates under "delivered" and "missing".
    """

    operator: str
    operator_name: str
    division: int
    month: int
    known_at: datetime
    cells: Mapping[Cell, Sums]
    refused: Mapping[str, int]
    coverage: Mapping[str, list[str]]
    # People let in by certificate at the operator's places, by programme: in no cell.
    manual: Mapping[str, int] = field(default_factory=dict)


def operators_with_uses() -> dict[str, str]:
    """Operators (partners) that a source of uses stands for, by code, with the names of their sources."""
    found: dict[str, list[str]] = {}
    for partner, title in UseSource.objects.order_by("id").values_list("partner", "title"):
        found.setdefault(partner, []).append(title)
    return {partner: "、".join(titles) for partner, titles in found.items()}


def month_of(operator: str, month: int, *, fares: FareBook, known_at: datetime) -> Month:
    """What an operator's month comes to now, by the fares of each day; the caller's scope.

    Refused("settlement.no-fare") with the gap where a use has no fare.
    """
    sources = list(UseSource.objects.filter(partner=operator).order_by("id"))
    assert sources, "asked of an operator that delivers uses"
    numbers = [source.id for source in sources]
    return Month(
        operator=operator,
        operator_name="、".join(source.title for source in sources),
        division=sources[0].seat,
        month=month,
        known_at=known_at,
        cells=_cells_of(numbers, month, fares=fares, on=localtime(known_at).date()),
        refused=_refused(numbers, month),
        coverage=_coverage(sources, month),
        manual=by_hand_of_sources(numbers, savings.first_of(month), savings.last_of(month)),
    )


_COUNTED = """
    select d.day, p.code, d.division, d.band, d.paid, sum(d.n)::bigint
    from benefits_use_day d join benefits_programme p on p.id = d.programme
    where d.source = any (%s) and d.day between %s and %s and d.n > 0
    group by 1, 2, 3, 4, 5
"""
_REFUSED = """
    select r.reason, count(*) from benefits_use_refusal r join benefits_use_batch b on b.id = r.batch_id
    where r.source_id = any (%s) and r.state <> 'taken'
      and coalesce(b.business_date, (b.received_at at time zone 'Asia/Shanghai')::date) between %s and %s
    group by 1 order by 1
"""


def _cells_of(sources: list[int], month: int, *, fares: FareBook, on: date) -> dict[Cell, Sums]:
    priced = cache(partial(ordinary_price, fares, known_at=on))
    cells: dict[Cell, Sums] = {}
    with connection.cursor() as cursor:
        cursor.execute(_COUNTED, [sources, savings.first_of(month), savings.last_of(month)])
        for day, programme, county, band, paid, count in cursor.fetchall():
            try:
                price = priced(programme, band=band, day=day)
            except NoFareError as gap:
                raise Refused("settlement.no-fare", gap=str(gap)) from gap
            cell = Cell(programme, county, band, paid, price.version.start, price.payer)
            sums = Sums(count, count * int(price.fen), count * paid)
            cells[cell] = cells.get(cell, logic.NOTHING) + sums
    return cells


def _refused(sources: list[int], month: int) -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(_REFUSED, [sources, savings.first_of(month), savings.last_of(month)])
        return dict(cursor.fetchall())


def _coverage(sources: Sequence[UseSource], month: int) -> dict[str, list[str]]:
    first, last = savings.first_of(month), savings.last_of(month)
    told = delivered_days(first, last)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    there = {day for day in days if all(day in told.get(source.id, ()) for source in sources)}
    asked = min(source.expected_since for source in sources)
    return {
        "delivered": [day.isoformat() for day in days if day in there],
        "missing": [day.isoformat() for day in days if day >= asked and day not in there],
    }
