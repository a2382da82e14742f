"""运营结算, acted: a statement drafted from what uses come to, checked, disputed, released or withdrawn.

Three people make, check and release; the database holds the same three apart. The statement's row is held
while somebody signs, so of two at one moment the second is judged by what the first left.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4, uuid5

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Max

from rongjun.access.api import Actor, scope_of
from rongjun.audit import api as audit
from rongjun.benefits.logic import operator_statements as logic
from rongjun.benefits.logic.operator_statements import (
    CHECKED,
    DRAFTED,
    OPEN_STATES,
    OUTCOMES,
    RELEASED,
    UPHELD,
    WITHDRAWN,
    Cell,
    Sums,
)
from rongjun.benefits.models import OperatorDispute, OperatorPayee, OperatorStatement, OperatorStatementLine
from rongjun.benefits.queries import operator_statements as queries
from rongjun.benefits.queries.operator_statements import Month
from rongjun.kernel.errors import Refused
from rongjun.kernel.identifiers.masking import hide
from rongjun.kernel.money import Fen
from rongjun.ledger import api as ledger

_ACCOUNT, _BANK = re.compile(r"[0-9-]{5,34}", re.ASCII), re.compile(r"(\d{12})?", re.ASCII)
MAKES, CHECKS, RELEASES = "settlement.make", "settlement.check", "settlement.release"


def draft_statement(month: Month, *, by: Actor, now: datetime, today: date) -> UUID:
    """Draft the statement of an operator's month: the whole of it, or what has changed since the last.

    Refused("settlement.may-not-make"), ("settlement.whole-city") for whoever does not see all of the city's
    uses, ("settlement.month-not-over"), ("settlement.statement-open") while
    another of the operator is not released or withdrawn, ("settlement.nothing-new") when all is settled.
    """
    _require(by, MAKES)
    city = scope_of(month.division)
    if not (by.scope.contains(city.lo) and by.scope.contains(city.hi)):
        raise Refused("settlement.whole-city")
    if month.month >= today.year * 100 + today.month:
        raise Refused("settlement.month-not-over")
    with transaction.atomic():
        # Looked at before what is settled is read: what was released until here is in it.
        if OperatorStatement.objects.filter(operator=month.operator, state__in=OPEN_STATES).exists():
            raise Refused("settlement.statement-open")
        lines = logic.differences(month.cells, queries.settled(month.operator, month.month))
        if not lines:
            raise Refused("settlement.nothing-new")
        try:
            with transaction.atomic():
                row = _drafted(month, lines, number=_next_number(month), by=by, now=now)
        except IntegrityError as another:  # drafted at the same moment
            raise Refused("settlement.statement-open") from another
        OperatorStatementLine.objects.bulk_create(_line(row, cell, sums) for cell, sums in lines.items())
        _note("settlement.statement-drafted", row, by=by, now=now)
    return row.id


def check_statement(statement: UUID, *, by: Actor, now: datetime, today: date) -> None:
    """A second person has looked; from now the operator has its days to agree or dispute.

    What has come in since `known_at` is the next statement's. Refused("settlement.may-not-check"),
    ("settlement.no-such-statement"), ("settlement.step-not-now"), ("settlement.check-by-two").
    """
    _require(by, CHECKS)
    with transaction.atomic():
        row = _held(statement, {DRAFTED})
        if row.made_by == by.text:
            raise Refused("settlement.check-by-two")
        row.state, row.checked_by, row.checked_at = CHECKED, by.text, now
        row.dispute_until = today + timedelta(days=settings.SETTLEMENT_DISPUTE_DAYS)
        row.save(update_fields=["state", "checked_by", "checked_at", "dispute_until"])
        _note("settlement.statement-checked", row, by=by, now=now)


def agree_to_statement(statement: UUID, *, by: Actor, now: datetime) -> None:
    """Note that the operator has agreed, so that its days need not be waited for.

    Refused("settlement.may-not-make"), ("settlement.no-such-statement"), ("settlement.step-not-now"),
    ("settlement.disputed") while the operator says otherwise.
    """
    _require(by, MAKES)
    with transaction.atomic():
        row = _held(statement, {CHECKED})
        if row.agreed_by:
            raise Refused("settlement.step-not-now")
        _refuse_disputed(row)
        row.agreed_by, row.agreed_at = by.text, now
        row.save(update_fields=["agreed_by", "agreed_at"])
        _note("settlement.operator-agreed", row, by=by, now=now)


def dispute_statement(statement: UUID, *, said: str, claimed: str, by: Actor, now: datetime) -> UUID:
    """Note what the operator says against a checked statement; `claimed` is its own amount in yuan, or "".

    Refused("settlement.may-not-make"), ("settlement.no-such-statement"), ("settlement.step-not-now"),
    ("settlement.words-missing"), ("settlement.no-numbers"). Raises Unfit for an amount that is none.
    """
    _require(by, MAKES)
    words, amount = _words(said), Fen.from_text(claimed) if claimed.strip() else None
    with transaction.atomic():
        row = _held(statement, {CHECKED})
        dispute = OperatorDispute.objects.create(
            statement=row, division=row.division, said=words, claimed=amount, raised_by=by.text, raised_at=now
        )
        _note("settlement.statement-disputed", row, by=by, now=now, dispute=str(dispute.id))
    return dispute.id


def answer_dispute(dispute: UUID, *, outcome: str, answer: str, by: Actor, now: datetime) -> None:
    """Another than who noted it decides: rejected, and all goes on; or upheld, and the statement ends.

    Refused("settlement.may-not-check"), ("settlement.no-such-statement"), ("settlement.step-not-now"),
    ("settlement.check-by-two"), ("settlement.outcome-missing"), ("settlement.words-missing"),
    ("settlement.no-numbers").
    """
    _require(by, CHECKS)
    if outcome not in OUTCOMES:
        raise Refused("settlement.outcome-missing")
    words = _words(answer)
    with transaction.atomic():
        found = OperatorDispute.objects.filter(pk=dispute).first()
        row = _held(found.statement_id if found else uuid4(), {CHECKED})
        said = OperatorDispute.objects.select_for_update().get(pk=dispute)
        if said.outcome:
            raise Refused("settlement.step-not-now")
        if said.raised_by == by.text:
            raise Refused("settlement.check-by-two")
        said.outcome, said.answer, said.answered_by, said.answered_at = outcome, words, by.text, now
        said.save(update_fields=["outcome", "answer", "answered_by", "answered_at"])
        _note(f"settlement.dispute-{outcome}", row, by=by, now=now, dispute=str(dispute))
        if outcome == UPHELD:
            _withdraw(row, why=words, by=by, now=now)


def withdraw_statement(statement: UUID, *, why: str, by: Actor, now: datetime) -> None:
    """Take back a statement that is not released; its number stays taken.

    Refused("settlement.may-not-make"), ("settlement.no-such-statement"), ("settlement.step-not-now"),
    ("settlement.words-missing"), ("settlement.no-numbers").
    """
    _require(by, MAKES)
    words = _words(why)
    with transaction.atomic():
        _withdraw(_held(statement, OPEN_STATES), why=words, by=by, now=now)


def release_statement(statement: UUID, *, by: Actor, now: datetime, today: date) -> Fen:
    """A third person lets it stand; what is to be paid out now, in fen, maybe nothing.

    Refused("settlement.may-not-release"), ("settlement.no-such-statement"), ("settlement.step-not-now"),
    ("settlement.release-by-three"), ("settlement.disputed"), ("settlement.operator-has-days") until the
    operator has agreed or its days are over.
    """
    _require(by, RELEASES)
    with transaction.atomic():
        row = _held(statement, {CHECKED})
        if by.text in {row.made_by, row.checked_by}:
            raise Refused("settlement.release-by-three")
        _refuse_disputed(row)
        assert row.dispute_until is not None
        if not row.agreed_by and today <= row.dispute_until:
            raise Refused("settlement.operator-has-days", day=row.dispute_until.isoformat())
        row.state, row.released_by, row.released_at = RELEASED, by.text, now
        row.save(update_fields=["state", "released_by", "released_at"])
        _note("settlement.statement-released", row, by=by, now=now)
    return Fen(row.payment)


# --- paying -------------------------------------------------------------------------------------------------


def name_payee(
    operator: str, *, division: int, payee: str, account: str, bank: str, by: Actor, now: datetime
) -> UUID:
    """Say where an operator is paid; it counts once another has confirmed it.

    `account` is 5 to 34 digits or dashes, `bank` the 12-digit CNAPS code or "".
    Refused("settlement.may-not-make"), ("settlement.payee-unfit").
    """
    _require(by, MAKES)
    name, number, code = " ".join(payee.split()), account.replace(" ", ""), bank.strip()
    if not 2 <= len(name) <= 80 or not _ACCOUNT.fullmatch(number) or not _BANK.fullmatch(code):
        raise Refused("settlement.payee-unfit")
    row = uuid4()
    with transaction.atomic():
        OperatorPayee.objects.create(
            id=row,
            division=division,
            operator=operator,
            payee=name,
            bank=code,
            account_sealed=audit.keys().seal(queries.SEAL, number.encode(), queries.payee_place(row)),
            account_mask=hide(number, head=0, tail=4),
            named_by=by.text,
            named_at=now,
        )
        _note_payee("settlement.payee-named", row, operator, division=division, by=by, now=now)
    return row


def confirm_payee(payee: UUID, *, by: Actor, now: datetime) -> None:
    """A second person has compared the account with the operator's paper.

    Refused("settlement.may-not-check"), ("settlement.no-such-statement"), ("settlement.check-by-two"),
    ("settlement.step-not-now") when it is confirmed already.
    """
    _require(by, CHECKS)
    with transaction.atomic():
        row = OperatorPayee.objects.select_for_update().filter(pk=payee).first()
        if row is None:
            raise Refused("settlement.no-such-statement")
        if row.named_by == by.text:
            raise Refused("settlement.check-by-two")
        if row.confirmed_by:
            raise Refused("settlement.step-not-now")
        row.confirmed_by, row.confirmed_at = by.text, now
        row.save(update_fields=["confirmed_by", "confirmed_at"])
        _note_payee("settlement.payee-confirmed", row.id, row.operator, division=row.division, by=by, now=now)


def pay_statement(statement: UUID, *, pay_on: date, by: Actor, now: datetime) -> UUID:
    """Draft the payment of a released statement; it has its own check and release. Returns its batch.

    Asked again it is the same payment. Refused("settlement.may-not-make"), ("settlement.no-such-statement"),
    ("settlement.step-not-now"), ("settlement.nothing-to-pay"), ("settlement.payee-missing"), or as
    `ledger.add_lines` refuses a line.
    """
    _require(by, MAKES)
    with transaction.atomic():
        row = _held(statement, {RELEASED})
        if not row.payment:
            raise Refused("settlement.nothing-to-pay")
        batch = uuid5(row.id, "payment")
        if ledger.batch_report(batch) is not None:
            return batch
        payee = OperatorPayee.objects.filter(operator=row.operator).exclude(confirmed_by="")
        to = payee.order_by("-named_at").first()
        if to is None:
            raise Refused("settlement.payee-missing")
        title = f"{row.operator_name} {row.month // 100}-{row.month % 100:02d} 运营结算"
        ledger.draft_batch(
            division=row.division,
            purpose="settlement",
            title=title,
            fund=settings.SETTLEMENT_FUND,
            partner=settings.SETTLEMENT_BANK,
            layout=settings.SETTLEMENT_LAYOUT,
            pay_on=pay_on,
            budgets=ledger.budget_of_funds([settings.SETTLEMENT_FUND], year=pay_on.year),
            by=by.text,
            now=now,
            known_as=batch,
        )
        ledger.add_lines(batch, [_payment(row, to)], by=by.text, now=now)
        _note("settlement.payment-drafted", row, by=by, now=now, batch=str(batch))
    return batch


def _payment(row: OperatorStatement, to: OperatorPayee) -> ledger.NewLine:
    account = audit.keys().open(queries.SEAL, bytes(to.account_sealed), queries.payee_place(to.id))
    return ledger.NewLine(
        key=queries.payment_key(row.operator, row.month, row.number),
        division=row.division,
        payee=to.payee,
        account=account.decode(),
        fen=row.payment,
        purpose=f"{row.month % 100}月用卡结算",
        bank=to.bank,
    )


def _note_payee(event: str, payee: UUID, operator: str, *, division: int, by: Actor, now: datetime) -> None:
    audit.note(
        event,
        by=by.text,
        role=by.role,
        about=f"operator-payee:{payee}",
        division=division,
        detail={"operator": operator},
        at=now,
    )


def note_statement_taken_out(
    statement: UUID, *, form: str, division: int, by: Actor, now: datetime, source: str
) -> None:
    """A statement was taken out as a file."""
    audit.note(
        "settlement.statement-taken-out",
        by=by.text,
        role=by.role,
        about=f"operator-statement:{statement}",
        division=division,
        detail={"form": form},
        source=source,
        at=now,
    )


# --- what they are made of ----------------------------------------------------------------------------------


def _next_number(month: Month) -> int:
    rows = OperatorStatement.objects.filter(operator=month.operator, month=month.month)
    return (rows.aggregate(last=Max("number"))["last"] or 0) + 1


def _drafted(
    month: Month, lines: Mapping[Cell, Sums], *, number: int, by: Actor, now: datetime
) -> OperatorStatement:
    totals, carried = logic.totals_of(lines), queries.carried(month.operator)
    return OperatorStatement.objects.create(
        division=month.division,
        operator=month.operator,
        operator_name=month.operator_name,
        month=month.month,
        number=number,
        known_at=month.known_at,
        count=totals.count,
        ordinary=totals.ordinary,
        paid=totals.paid,
        savings=totals.savings,
        payable=totals.payable,
        carried=carried,
        payment=logic.payment_of(totals.payable, carried=carried),
        digest=logic.digest_of(lines),
        refused=dict(month.refused),
        coverage=dict(month.coverage),
        manual=dict(month.manual),
        made_by=by.text,
        made_at=now,
    )


def _line(row: OperatorStatement, cell: Cell, sums: Sums) -> OperatorStatementLine:
    return OperatorStatementLine(
        statement=row,
        division=row.division,
        programme=cell.programme,
        county=cell.division,
        band=cell.band,
        paid_each=cell.paid_each,
        fare_from=cell.fare_from,
        payer=cell.payer,
        count=sums.count,
        ordinary=sums.ordinary,
        paid=sums.paid,
    )


def _withdraw(row: OperatorStatement, *, why: str, by: Actor, now: datetime) -> None:
    row.state, row.withdrawn_by, row.withdrawn_at, row.withdrawn_why = WITHDRAWN, by.text, now, why
    row.save(update_fields=["state", "withdrawn_by", "withdrawn_at", "withdrawn_why"])
    _note("settlement.statement-withdrawn", row, by=by, now=now)


def _held(statement: UUID, states: frozenset[str] | set[str]) -> OperatorStatement:
    row = OperatorStatement.objects.select_for_update().filter(pk=statement).first()
    if row is None:
        raise Refused("settlement.no-such-statement")
    if row.state not in states:
        raise Refused("settlement.step-not-now")
    return row


def _refuse_disputed(row: OperatorStatement) -> None:
    if OperatorDispute.objects.filter(statement=row, outcome="").exists():
        raise Refused("settlement.disputed")


def _require(by: Actor, permission: str) -> None:
    if by.may(permission):
        return
    if permission == MAKES:
        raise Refused("settlement.may-not-make")
    if permission == CHECKS:
        raise Refused("settlement.may-not-check")
    raise Refused("settlement.may-not-release")


def _words(text: str) -> str:
    words = " ".join(text.split())
    if not 4 <= len(words) <= 500:
        raise Refused("settlement.words-missing", least=4, most=500)
    if audit.looks_personal(words):
        raise Refused("settlement.no-numbers")
    return words


def _note(event: str, row: OperatorStatement, *, by: Actor, now: datetime, **detail: Any) -> None:
    audit.note(
        event,
        by=by.text,
        role=by.role,
        about=f"operator-statement:{row.id}",
        division=row.division,
        detail={"operator": row.operator, "month": row.month, "digest": row.digest, **detail},
        at=now,
    )
