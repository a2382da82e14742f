"""Reads of statements: what is settled, what an operator owes back, lists and one statement whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import Sum

from rongjun.benefits.logic import operator_statements as logic
from rongjun.benefits.logic.operator_statements import RELEASED, Cell, Sums
from rongjun.benefits.models import OperatorDispute, OperatorStatement, OperatorStatementLine
from rongjun.kernel.money import Fen


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
