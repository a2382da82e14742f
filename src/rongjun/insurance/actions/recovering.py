"""追回: what a member was paid too much becomes a receivable of the ledger; it comes back by steps.

Asked back in the names of the two who signed that the bill is taken back, never kept out of another bill.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from uuid import UUID, uuid4, uuid5

from django.conf import settings
from django.db import transaction
from django.utils.timezone import localtime

from rongjun.access.api import Actor
from rongjun.audit import api as audit
from rongjun.insurance.actions.common import fit_words
from rongjun.insurance.logic.recovering import LIFTED, OPEN, REPAID, WAITING, WRITTEN_OFF, Lift
from rongjun.insurance.models import ClaimDecision, Member, Receivable, ReceivableStep
from rongjun.insurance.queries.money import waiting_decisions
from rongjun.kernel.errors import Refused
from rongjun.kernel.money import Fen
from rongjun.ledger import api as ledger
from rongjun.places import api as places

PURPOSE = "insurance"
RECOVER = "insurance.recover"
_LEAST, _MOST = 2, 120


# --- what a decision brings about; the caller holds the member ----------------------------------------------


def ask_back(member: Member, decision: ClaimDecision, fen: Fen, *, now: datetime) -> None:
    """Note that so much has been paid too much; nobody is asked for it before two people have signed."""
    Receivable.objects.create(
        id=uuid4(),
        division=member.division,
        person_id=member.person_id,
        member=member,
        decision=decision,
        fen=int(fen),
        remaining=int(fen),
        made_at=now,
    )


def lift(found: Iterable[Lift], *, by: str, now: datetime) -> None:
    """What was asked back is owed after all."""
    for each in found:
        row = Receivable.objects.select_for_update().get(pk=each.id)
        step = ReceivableStep.objects.create(
            receivable=row,
            person_id=row.person_id,
            division=row.division,
            kind=LIFTED,
            fen=int(each.fen),
            on=localtime(now).date(),
            document="同一结算单重新判定",
            made_by=by,
            made_at=now,
        )
        if row.state == OPEN:
            _post(row, row.account, _counter(), each.fen, known_as=_of(step), by=by, now=now)
        audit.note(
            "insurance.recovery-lifted",
            by=by,
            about=[f"person:{row.person_id}", f"insurance-receivable:{row.id}"],
            division=row.division,
            detail={"fen": int(each.fen)},
            at=now,
        )


def open_signed(member: Member, signed: ClaimDecision, *, by: str, now: datetime) -> None:
    """Ask for what waited, now that two people have signed for its settlement."""
    waiting = waiting_decisions(member.id)
    rows = Receivable.objects.select_for_update(of=("self",)).filter(
        member=member,
        state=WAITING,
        decision__institution=signed.institution,
        decision__number=signed.number,
    )
    for row in rows.order_by("made_at", "id"):
        if row.decision_id not in waiting:
            _open(row, names=signed.signed_by, by=by, now=now)


def _open(row: Receivable, *, names: str, by: str, now: datetime) -> None:
    Receivable.objects.filter(pk=row.pk).update(state=OPEN, signed_by=names, opened_at=now)
    city = places.city().code
    ledger.open_account(_counter(), kind="spending", division=city, title=_counter(), by=by, now=now)
    ledger.open_account(
        row.account, kind="receivable", division=city, title=f"荣军保追回 {row}", floor=Fen(0), by=by, now=now
    )
    _post(row, _counter(), row.account, Fen(row.remaining), known_as=uuid5(row.id, "asked"), by=by, now=now)
    audit.note(
        "insurance.recovery-asked",
        by=by,
        about=[f"person:{row.person_id}", f"insurance-receivable:{row.id}"],
        division=row.division,
        detail={"fen": row.remaining},
        at=now,
    )


# --- what officers do ---------------------------------------------------------------------------------------


def repay(receivable: UUID, *, fen: int, on: date, document: str, by: Actor, now: datetime) -> None:
    """Money came back, by a receipt.

    Refused("insurance.may-not-recover"), ("insurance.no-such-receivable"), ("insurance.receivable-not-now"),
    ("insurance.repaid-too-much"), ("insurance.words-missing"), ("insurance.no-numbers").
    """
    paper = _allowed(by, document)
    with transaction.atomic():
        row = _held(receivable)
        _refuse_too_much(row, fen)
        step = _step(row, REPAID, fen, on, paper, by=by, now=now)
        _post(row, row.account, settings.INSURANCE_FUND, Fen(fen), known_as=_of(step), by=by.text, now=now)
        _note("insurance.recovery-repaid", row, fen, by=by, now=now)


def propose_write_off(receivable: UUID, *, fen: int, document: str, by: Actor, now: datetime) -> None:
    """Propose that so much is given up, by the document that allows it. Refused as `repay`."""
    paper = _allowed(by, document)
    with transaction.atomic():
        row = _held(receivable)
        _refuse_too_much(row, fen)
        _step(row, WRITTEN_OFF, fen, localtime(now).date(), paper, by=by, now=now)
        _note("insurance.write-off-proposed", row, fen, by=by, now=now)


def write_off(step: int, *, by: Actor, now: datetime) -> None:
    """Another gives it up. Refused as `repay`, ("insurance.write-off-by-two")."""
    if not by.may(RECOVER):
        raise Refused("insurance.may-not-recover")
    with transaction.atomic():
        found = ReceivableStep.objects.filter(pk=step, kind=WRITTEN_OFF).first()
        if found is None:
            raise Refused("insurance.no-such-receivable")
        row = _held(found.receivable_id)
        said = ReceivableStep.objects.select_for_update().get(pk=step)
        if said.checked_by:
            raise Refused("insurance.receivable-not-now")
        if said.made_by == by.text:
            raise Refused("insurance.write-off-by-two")
        _refuse_too_much(row, said.fen)
        said.checked_by, said.checked_name, said.checked_at = by.text, by.name, now
        said.save(update_fields=["checked_by", "checked_name", "checked_at"])
        _post(row, row.account, _counter(), Fen(said.fen), known_as=_of(said), by=by.text, now=now)
        _note("insurance.recovery-written-off", row, said.fen, by=by, now=now)


def _allowed(by: Actor, document: str) -> str:
    if not by.may(RECOVER):
        raise Refused("insurance.may-not-recover")
    return fit_words(document, least=_LEAST, most=_MOST)


def _held(receivable: UUID) -> Receivable:
    """The receivable, its member held before it: a decision that lifts it holds them in the same order."""
    found = Receivable.objects.filter(pk=receivable).values_list("member_id", flat=True).first()
    if found is None:
        raise Refused("insurance.no-such-receivable")
    Member.objects.select_for_update().get(pk=found)
    row = Receivable.objects.select_for_update().get(pk=receivable)
    if row.state != OPEN:
        raise Refused("insurance.receivable-not-now")
    return row


def _refuse_too_much(row: Receivable, fen: int) -> None:
    if not 0 < fen <= row.remaining:
        raise Refused("insurance.repaid-too-much", left=Fen(row.remaining).text)


def _step(
    row: Receivable, kind: str, fen: int, on: date, document: str, *, by: Actor, now: datetime
) -> ReceivableStep:
    return ReceivableStep.objects.create(
        receivable=row,
        person_id=row.person_id,
        division=row.division,
        kind=kind,
        fen=fen,
        on=on,
        document=document,
        made_by=by.text,
        made_name=by.name,
        made_at=now,
    )


def _of(step: ReceivableStep) -> UUID:
    return uuid5(step.receivable_id, str(step.id))


def _counter() -> str:
    """Where the ledger counts what has been paid of the insurance in the city."""
    return f"paid.insurance.{places.city().code}"


def _post(
    row: Receivable, source: str, target: str, fen: Fen, *, known_as: UUID, by: str, now: datetime
) -> None:
    legs = ledger.between(source, target, fen)
    about = f"insurance-receivable:{row.id}"
    move = ledger.Transfer(known_as, legs, localtime(now).date(), purpose=PURPOSE, about=about)
    ledger.post(move, by=by, now=now)


def _note(event: str, row: Receivable, fen: int, *, by: Actor, now: datetime) -> None:
    audit.note(
        event,
        by=by.text,
        role=by.role,
        about=[f"person:{row.person_id}", f"insurance-receivable:{row.id}"],
        division=row.division,
        detail={"fen": fen},
        at=now,
    )
