"""Money of the insurance: set aside when a decision is final, drafted into a batch, followed to its end.

Two accounts: the plan's fund, which premiums are paid into and which cannot be overdrawn, and what is owed
to members (`payable`). Setting aside holds an amount on the way from the one to the other; drafting a batch
moves it; the batch is then paid out of `payable` by the three people of `ledger/payments`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID, uuid4, uuid5

from django.conf import settings
from django.db import transaction
from django.utils.timezone import localtime

from rongjun.access.api import Actor
from rongjun.audit import api as audit
from rongjun.insurance.actions.recovering import ask_back, lift, open_signed
from rongjun.insurance.logic.payouts import CANCELLED, DRAFTED, PAID, RESERVED, SHORT, Standing, move
from rongjun.insurance.models import ClaimDecision, Member, Payout
from rongjun.insurance.queries.money import claimed_of, payment_key, posted_by
from rongjun.kernel.errors import Refused
from rongjun.kernel.money import Fen
from rongjun.ledger import api as ledger
from rongjun.places import api as places
from rongjun.registry import api as registry

PURPOSE = "insurance"
ACCOUNT_PURPOSE = "claim"  # of the registry's accounts: 医疗补助
# Longer than it takes until somebody drafts a batch (待局方确认).
HELD_FOR = timedelta(days=366)
_OVER = frozenset({"ledger.hold-expired", "ledger.hold-over"})


def open_books(*, by: str, now: datetime) -> None:
    """The plan's fund, what is owed, and where premiums come from; the same again does nothing."""
    whole = places.city().code
    ledger.open_account(
        settings.INSURANCE_FUND,
        kind="fund",
        division=whole,
        title="荣军保资金",
        floor=Fen(0),
        by=by,
        now=now,
    )
    for code, kind, title in (
        (settings.INSURANCE_PAYABLE, "payable", "荣军保应付赔款"),
        (settings.INSURANCE_PREMIUM, "bank", "荣军保保费来源"),
    ):
        ledger.open_account(code, kind=kind, division=whole, title=title, by=by, now=now)


def pay_in(fen: Fen, *, known_as: UUID, by: str, now: datetime) -> None:
    """Premium paid into the fund; the same again does nothing."""
    legs = ledger.between(settings.INSURANCE_PREMIUM, settings.INSURANCE_FUND, fen)
    ledger.post(ledger.Transfer(known_as, legs, localtime(now).date()), by=by, now=now)


# --- set aside ----------------------------------------------------------------------------------------------


def settle_money(member: Member, decision: ClaimDecision, *, by: str, now: datetime) -> None:
    """Bring what is on its way to a member to what decisions owe, or ask back. Its caller holds it."""
    rows = {
        row.id: row
        for row in Payout.objects.filter(member=member).select_related("decision").order_by("decision__place")
    }
    payouts = [Standing(row.id, row.fen, row.state, _settlement(row.decision)) for row in rows.values()]
    found = move(posted_by(member.id), payouts, claims=claimed_of(member.id), about=_settlement(decision))
    for known_as in found.cancel:
        _cancel(rows[known_as], by=by, now=now)  # type: ignore[index]
    if found.owed_back:
        ask_back(member, decision, found.owed_back, now=now)
    lift(found.lift, by=by, now=now)
    if found.reserve:
        _reserve(member, decision, found.reserve, by=by, now=now)
    if decision.signed_by:
        open_signed(member, decision, by=by, now=now)


def _settlement(decision: ClaimDecision) -> tuple[str, str]:
    return decision.institution, decision.number


def _cancel(row: Payout, *, by: str, now: datetime) -> None:
    if row.state == RESERVED:
        ledger.release_hold(uuid5(row.id, "release"), hold=row.id, on=localtime(now).date(), by=by, now=now)
    Payout.objects.filter(pk=row.pk).update(state=CANCELLED, ended_at=now)


def _reserve(member: Member, decision: ClaimDecision, fen: Fen, *, by: str, now: datetime) -> None:
    row = Payout(
        id=uuid4(),
        division=member.division,
        person_id=member.person_id,
        member=member,
        decision=decision,
        fen=int(fen),
        state=RESERVED,
        reserved_at=now,
    )
    row.state, row.fault = _held(row, by=by, now=now)
    row.save(force_insert=True)


def _held(row: Payout, *, by: str, now: datetime) -> tuple[str, str]:
    legs = ledger.between(settings.INSURANCE_FUND, settings.INSURANCE_PAYABLE, Fen(row.fen))
    aside = ledger.Transfer(
        row.id, legs, localtime(now).date(), purpose=PURPOSE, about=f"insurance-payout:{row.id}"
    )
    try:
        with transaction.atomic():
            ledger.hold(aside, expires_at=now + HELD_FOR, by=by, now=now)
    except Refused as refused:
        # The decision stands whether or not there is money; somebody has to fill the fund.
        return SHORT, refused.code
    return RESERVED, ""


def _hold_members(members: Iterable[UUID]) -> None:
    """Before any money is touched, and in the order of `hold_members`: see there."""
    rows = Member.objects.select_for_update().filter(pk__in=set(members))
    list(rows.order_by("person_id").values_list("id"))


def fill_short(*, by: str, now: datetime, most: int = 100) -> int:
    """Set aside what could not be, oldest first, now that there may be money; returns how many were."""
    rows = Payout.objects.filter(state=SHORT).order_by("reserved_at", "id")
    done, chosen = 0, list(rows.values_list("id", "member_id")[:most])
    _hold_members(member for _, member in chosen)
    for row in rows.select_for_update().filter(pk__in=[known_as for known_as, _ in chosen]):
        state, fault = _held(row, by=by, now=now)
        Payout.objects.filter(pk=row.pk).update(state=state, fault=fault)
        if state == SHORT:
            break
        done += 1
    return done


# --- paid ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Drafted:
    """A batch of payments that waits for its second person; `left_out` could not be put into it."""

    batch: UUID
    count: int
    fen: Fen
    left_out: int


def draft_payments(*, pay_on: date, by: Actor, now: datetime) -> Drafted:
    """Put everything set aside in the maker's divisions into one batch of payments.

    Who has no account for claims on file stays, with the fault said. Refused("insurance.may-not-pay"),
    ("insurance.nothing-to-pay").
    """
    if not by.may("insurance.pay"):
        raise Refused("insurance.may-not-pay")
    with transaction.atomic():
        waiting = Payout.objects.filter(state=RESERVED).order_by("reserved_at", "id")
        chosen = list(waiting.values_list("id", "member_id")[: settings.INSURANCE_BATCH])
        _hold_members(member for _, member in chosen)
        # What was taken back meanwhile is no longer among them.
        rows = list(waiting.select_for_update().filter(pk__in=[known_as for known_as, _ in chosen]))
        accounts = _accounts({row.person_id for row in rows}, on=pay_on)
        lines = {row.id: _line(row, accounts.get(row.person_id)) for row in rows}
        fit, faults = _fit(rows, lines)
        for row in rows:
            if row.id in faults and faults[row.id] != row.fault:
                Payout.objects.filter(pk=row.pk).update(fault=faults[row.id])
        if not fit:
            raise Refused("insurance.nothing-to-pay")
        batch = _draft(fit, [lines[row.id] for row in fit], pay_on=pay_on, by=by, now=now)  # type: ignore[misc]
    return Drafted(batch, len(fit), Fen.total(row.fen for row in fit), len(rows) - len(fit))


def _fit(
    rows: Sequence[Payout], lines: dict[UUID, ledger.NewLine | None]
) -> tuple[list[Payout], dict[UUID, str]]:
    misfits = ledger.misfit_lines(settings.INSURANCE_LAYOUT, [line for line in lines.values() if line])
    faults = {}
    for row in rows:
        line = lines[row.id]
        if line is None:
            faults[row.id] = "没有医疗补助的收款账户，请先登记。"
        elif line.key in misfits:
            faults[row.id] = misfits[line.key][0][:200]
    return [row for row in rows if row.id not in faults], faults


def _accounts(people: set[UUID], *, on: date) -> dict[UUID, registry.PayAccount]:
    """Where the money of each goes: their own account before a payee's; none of a restricted file."""
    open_ones = people - registry.closed_among(people)
    found = registry.pay_accounts(sorted(open_ones), purpose=ACCOUNT_PURPOSE, on=on)
    return {
        person: min(accounts, key=lambda each: each.kind != registry.OWN)
        for person, accounts in found.items()
    }


def _line(row: Payout, to: registry.PayAccount | None) -> ledger.NewLine | None:
    if to is None:
        return None
    return ledger.NewLine(
        key=payment_key(row.id),
        division=row.division,
        payee=to.holder,
        account=to.number,
        fen=row.fen,
        purpose="荣军保赔付",
    )


def _draft(
    rows: Sequence[Payout], lines: Sequence[ledger.NewLine], *, pay_on: date, by: Actor, now: datetime
) -> UUID:
    batch, on = uuid4(), localtime(now).date()
    for row in rows:
        _take_up(row, on=on, by=by.text, now=now)
    ledger.draft_batch(
        division=by.division,
        purpose=PURPOSE,
        title=f"{on:%Y-%m-%d} 荣军保赔付",
        fund=settings.INSURANCE_PAYABLE,
        partner=settings.INSURANCE_BANK,
        layout=settings.INSURANCE_LAYOUT,
        pay_on=pay_on,
        by=by.text,
        now=now,
        known_as=batch,
    )
    ledger.add_lines(batch, lines, by=by.text, now=now)
    Payout.objects.filter(pk__in=[row.pk for row in rows]).update(
        state=DRAFTED, batch=batch, drafted_at=now, fault=""
    )
    audit.note(
        "insurance.payments-drafted",
        by=by.text,
        role=by.role,
        about=f"payment-batch:{batch}",
        division=by.division,
        detail={"payouts": len(rows), "fen": sum(row.fen for row in rows)},
        at=now,
    )
    return batch


def _take_up(row: Payout, *, on: date, by: str, now: datetime) -> None:
    """Move what is held to what is owed; what was held too long is moved all the same, if the fund has it."""
    try:
        with transaction.atomic():
            ledger.settle_hold(uuid5(row.id, "settle"), hold=row.id, on=on, by=by, now=now)
    except Refused as refused:
        if refused.code not in _OVER:
            raise
        legs = ledger.between(settings.INSURANCE_FUND, settings.INSURANCE_PAYABLE, Fen(row.fen))
        late = ledger.Transfer(
            uuid5(row.id, "late"), legs, on, purpose=PURPOSE, about=f"insurance-payout:{row.id}"
        )
        ledger.post(late, by=by, now=now)


def follow_payments(*, most: int) -> int:
    """Mark what has arrived; returns how many did. What failed is mended in `ledger/payments`."""
    rows = list(Payout.objects.filter(state=DRAFTED).order_by("drafted_at", "id")[:most])
    done = 0
    for row in rows:
        found = ledger.paid(payment_key(row.id))
        if found is not None:
            done += Payout.objects.filter(pk=row.pk, state=DRAFTED).update(
                state=PAID, ended_at=found.answered_at
            )
    return done
