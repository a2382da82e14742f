"""Everything decided about one member, read back as the pure part takes it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date
from typing import cast
from uuid import UUID

from rongjun.audit.api import keys
from rongjun.insurance.incoming import pairs_of, parts_of
from rongjun.insurance.logic.bills import Bill, BillRef, Refund
from rongjun.insurance.logic.deciding import YearSoFar, reckon
from rongjun.insurance.logic.plans import Plan
from rongjun.insurance.logic.records import REFUND, SETTLEMENT
from rongjun.insurance.logic.years import Claim, History, Record, State
from rongjun.insurance.models import InsuredYear, Member, Settlement
from rongjun.kernel.money import Fen

SEAL = "insurance"


def place_of(settlement: object, column: str) -> bytes:
    """What a sealed value of a record is bound to."""
    return f"insurance:{column}:{settlement}".encode()


def bill_of(row: Settlement) -> Bill:
    """A settlement's row as the bill that arrived."""
    assert row.kind == SETTLEMENT
    assert row.admitted_on
    assert row.discharged_on
    said: dict[str, object] = {}
    if row.diagnosis_sealed:
        said = json.loads(keys().open(SEAL, bytes(row.diagnosis_sealed), place_of(row.id, "diagnosis")))
    return Bill(
        ref=BillRef(row.institution, row.number),
        version=row.version,
        admitted_on=row.admitted_on,
        discharged_on=row.discharged_on,
        care_type=row.care_type,
        care_area=row.care_area or None,
        diagnosis=cast("str | None", said.get("diagnosis")),
        causes=tuple(cast("list[str]", said.get("causes", []))),
        total=Fen(row.total),
        parts=parts_of(row.amounts),
        paid=pairs_of(row.amounts, "paid"),
        personal=Fen(row.personal),
        stated=pairs_of(row.amounts, "stated"),
        also_paid=pairs_of(row.amounts, "also_paid"),
    )


def refund_of(row: Settlement) -> Refund:
    """A refund's row as it arrived."""
    assert row.kind == REFUND
    return Refund(
        BillRef(row.institution, row.number),
        BillRef(row.institution, row.of_number),
        Fen(row.total),
        Fen(row.personal),
    )


def history_of(member: Member, *, plan: Plan, without: UUID | None = None) -> History:
    """All records that have been taken in for a member, and the years they add up to."""
    rows = Settlement.objects.filter(member=member).exclude(standing="").order_by("received_at", "id")
    if without:
        rows = rows.exclude(pk=without)
    return History(_claims(rows, plan), years_of(member))


def years_of(member: Member) -> dict[date, YearSoFar]:
    """A member's insured years by their first day."""
    return {
        row.starts_on: YearSoFar(Fen(row.inside), Fen(row.outside), Fen(row.payout), Fen(row.own))
        for row in InsuredYear.objects.filter(member=member)
    }


def _claims(rows: Iterable[Settlement], plan: Plan) -> dict[BillRef, Claim]:
    claims: dict[BillRef, Claim] = {}
    for row in rows:
        if row.kind == REFUND:
            refund = refund_of(row)
            claim = claims.get(refund.of, Claim())
            claims[refund.of] = claim._replace(refunds=(*claim.refunds, refund))
        else:
            bill = bill_of(row)
            terms = plan.terms(on=bill.discharged_on)
            assert terms is not None, "it was decided once"
            record = Record(bill, reckon(bill, terms), cast(State, row.standing), ())
            claims[bill.ref] = claims.get(bill.ref, Claim()).with_record(record)
    return claims
