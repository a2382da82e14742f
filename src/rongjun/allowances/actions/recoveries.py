"""追回: what a run recovers becomes a receivable of the ledger; it comes back by steps, never netted."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4, uuid5

from django.conf import settings
from django.db import transaction
from django.utils.timezone import localtime

from rongjun.access.api import Actor
from rongjun.allowances.actions.common import RECOVER, next_number, note, require, words
from rongjun.allowances.logic.settling import CAUSES
from rongjun.allowances.models import PayLine, PayRun, Receivable, ReceivableStep
from rongjun.kernel.errors import Refused
from rongjun.kernel.money import Fen
from rongjun.ledger import api as ledger


def claim_back(row: PayRun, *, by: Actor, now: datetime) -> None:
    """Within a release: a receivable for whoever was paid too much; what is owed after all is lifted."""
    lines = PayLine.objects.filter(run=row, live=True, kind__in=("recovery", "recovery-lifted"))
    owed_back: dict[UUID, list[PayLine]] = defaultdict(list)
    lifted: dict[UUID, int] = defaultdict(int)
    for line in lines.order_by("id"):
        if line.fen < 0:
            owed_back[line.person_id].append(line)
        else:
            lifted[line.person_id] += line.fen
    for person, fen in sorted(lifted.items()):
        _lift(person, fen, run=row, by=by, now=now)
    for person, mine in sorted(owed_back.items()):
        _claim(person, mine, run=row, by=by, now=now)


def _claim(person: UUID, lines: list[PayLine], *, run: PayRun, by: Actor, now: datetime) -> None:
    number, fen = next_number("receivable"), -sum(line.fen for line in lines)
    causes = list(dict.fromkeys(CAUSES[line.cause] for line in lines))
    row = Receivable(
        id=uuid4(), number=number, run=run, division=lines[0].division, person_id=person, fen=fen,
        remaining=fen, why="；".join(causes)[:300], account=f"recoverable.{number}", made_at=now,
    )  # fmt: skip
    row.save(force_insert=True)
    told: dict[str, Any] = {"by": by.text, "now": now}
    counter = _counter(run)
    ledger.open_account(counter, kind="spending", division=run.division, title=counter, **told)
    ledger.open_account(
        row.account, kind="receivable", division=run.division, title=f"追回 {row}", floor=Fen(), **told
    )
    _post(row, counter, row.account, Fen(fen), known_as=uuid5(row.id, "claimed"), by=by, now=now)
    _note("allowances.recovery-claimed", row, by=by, now=now, fen=str(fen))


def _lift(person: UUID, fen: int, *, run: PayRun, by: Actor, now: datetime) -> None:
    """Owed after all: the oldest open receivables of the person give way."""
    for row in Receivable.objects.select_for_update().filter(person=person, state="open").order_by("number"):
        part = min(fen, row.remaining)
        if not part:
            continue
        step = ReceivableStep.objects.create(
            receivable=row, division=row.division, kind="lifted", fen=part, on=localtime(now).date(),
            document=f"发放批次 {run}", made_by=by.text, made_at=now,
        )  # fmt: skip
        counter = _counter(run)
        _post(row, row.account, counter, Fen(part), known_as=uuid5(row.id, f"{step.id}"), by=by, now=now)
        fen -= part
    if fen:
        # Somebody paid it back in the meantime: then it is to be paid out, which this run does not do.
        raise Refused("allowances.lift-too-late")


def plan_recovery(
    receivable: UUID, *, monthly: int, plan_from: date, document: str, most: int, by: Actor, now: datetime
) -> None:
    """Agree on so much a month from a day on, by a paper the person signed; at most `most` fen a month.

    Refused("allowances.may-not"), ("allowances.no-such-receivable"), ("allowances.step-not-now"),
    ("allowances.plan-too-much"), ("allowances.words-missing").
    """
    require(by, RECOVER)
    paper = words(document, most=120)
    with transaction.atomic():
        row = _held(receivable)
        if not 0 < monthly <= max(most, 1):
            raise Refused("allowances.plan-too-much", most=Fen(most).text)
        row.monthly, row.plan_from = monthly, plan_from
        row.save(update_fields=["monthly", "plan_from"])
        _step(row, "plan", monthly, plan_from, paper, by=by, now=now)
        _note("allowances.recovery-planned", row, by=by, now=now, fen=str(monthly))


def repay(receivable: UUID, *, fen: int, on: date, document: str, by: Actor, now: datetime) -> None:
    """Money came back, by a receipt. Refused as `plan_recovery`, ("allowances.repaid-too-much")."""
    require(by, RECOVER)
    paper = words(document, most=120)
    with transaction.atomic():
        row = _held(receivable)
        if not 0 < fen <= row.remaining:
            raise Refused("allowances.repaid-too-much", left=Fen(row.remaining).text)
        step = _step(row, "repaid", fen, on, paper, by=by, now=now)
        known_as = uuid5(row.id, f"{step.id}")
        _post(row, row.account, _fund(), Fen(fen), known_as=known_as, by=by, now=now)
        _note("allowances.recovery-repaid", row, by=by, now=now, fen=str(fen))


def propose_write_off(receivable: UUID, *, fen: int, document: str, by: Actor, now: datetime) -> int:
    """Propose that so much is given up, by the document that allows it. Refused as `repay`."""
    require(by, RECOVER)
    paper = words(document, most=120)
    with transaction.atomic():
        row = _held(receivable)
        if not 0 < fen <= row.remaining:
            raise Refused("allowances.repaid-too-much", left=Fen(row.remaining).text)
        step = _step(row, "written-off", fen, localtime(now).date(), paper, by=by, now=now)
        _note("allowances.write-off-proposed", row, by=by, now=now, fen=str(fen))
    return step.id


def write_off(step: int, *, by: Actor, now: datetime) -> None:
    """Another gives it up. Refused("allowances.may-not"), ("allowances.step-not-now"), ("allowances.by-two"),
    ("allowances.repaid-too-much") when less is left by now.
    """
    require(by, RECOVER)
    with transaction.atomic():
        found = ReceivableStep.objects.filter(pk=step, kind="written-off").first()
        if found is None:
            raise Refused("allowances.no-such-receivable")
        row = _held(found.receivable_id)
        said = ReceivableStep.objects.select_for_update().get(pk=step)
        if said.checked_by:
            raise Refused("allowances.step-not-now")
        if said.made_by == by.text:
            raise Refused("allowances.by-two")
        if said.fen > row.remaining:
            raise Refused("allowances.repaid-too-much", left=Fen(row.remaining).text)
        said.checked_by, said.checked_at = by.text, now
        said.save(update_fields=["checked_by", "checked_at"])
        counter = _counter(row.run)
        _post(row, row.account, counter, Fen(said.fen), known_as=uuid5(row.id, f"{step}"), by=by, now=now)
        _note("allowances.recovery-written-off", row, by=by, now=now, fen=str(said.fen))


def _step(
    row: Receivable, kind: str, fen: int, on: date, document: str, *, by: Actor, now: datetime
) -> ReceivableStep:
    return ReceivableStep.objects.create(
        receivable=row, division=row.division, kind=kind, fen=fen, on=on, document=document,
        made_by=by.text, made_at=now,
    )  # fmt: skip


def _held(receivable: UUID) -> Receivable:
    row = Receivable.objects.select_for_update().filter(pk=receivable).first()
    if row is None:
        raise Refused("allowances.no-such-receivable")
    if row.state != "open":
        raise Refused("allowances.step-not-now")
    return row


def _counter(run: PayRun) -> str:
    return f"paid.allowance.{run.division}"


def _fund() -> str:
    return str(settings.ALLOWANCES_FUNDS[""])


def _post(
    row: Receivable, source: str, target: str, fen: Fen, *, known_as: UUID, by: Actor, now: datetime
) -> None:
    move = ledger.Transfer(
        known_as,
        ledger.between(source, target, fen),
        localtime(now).date(),
        purpose="allowance",
        about=f"receivable:{row.id}",
    )
    ledger.post(move, by=by.text, now=now)


def _note(event: str, row: Receivable, *, by: Actor, now: datetime, **detail: str) -> None:
    note(event, f"receivable:{row.id}", row.division, by=by, now=now, number=str(row), **detail)
