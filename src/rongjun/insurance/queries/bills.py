"""A person's bills as people read them: what each came to, who bears what, why, and where the money is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from rongjun.insurance.logic import payouts as states
from rongjun.insurance.logic import records
from rongjun.insurance.logic.bills import PAYERS, PERSON, THIS_PLAN
from rongjun.insurance.models import ClaimDecision, Institution, InsuredYear, Payout, Settlement
from rongjun.kernel.money import Fen


@dataclass(frozen=True, slots=True)
class LineSaid:
    """One line of an explanation: what happened, its amount, its clause, the cumulative before and after."""

    title: str
    fen: Fen
    clause: str
    account: str
    before: Fen
    after: Fen


@dataclass(frozen=True, slots=True)
class DecisionSaid:
    """One decision about a bill, in the order they were made."""

    id: UUID
    outcome: str
    at: datetime
    post: Fen
    waits: bool
    signed_by: str
    lines: tuple[LineSaid, ...]
    reasons: tuple[Mapping[str, str], ...]
    facts: Mapping[str, object]
    plan_from: date
    plan_digest: str
    book_digest: str
    unconfirmed: bool


@dataclass(frozen=True, slots=True)
class BillSaid:
    """One settlement of a hospital and what became of it. `shares` say who bears what, in fen, and add up."""

    id: UUID
    person: UUID | None
    division: int
    hospital: str
    institution: str
    number: str
    version: int
    admitted_on: date | None
    discharged_on: date | None
    diagnosis_mask: str
    total: Fen
    state: str
    said: str
    received_at: datetime
    shares: tuple[tuple[str, Fen], ...]
    payout: Fen
    own: Fen
    decisions: tuple[DecisionSaid, ...]

    @property
    def others(self) -> Fen:
        """What was borne by everybody else."""
        return Fen(sum(int(fen) for payer, fen in self.shares if payer not in {THIS_PLAN, PERSON}))

    @property
    def state_label(self) -> str:
        """Where it stands, in Chinese."""
        return records.STATES[self.state]

    @property
    def borne(self) -> list[tuple[str, Fen]]:
        """Who bears what, by Chinese name, in the plan's order; nothing left out but what is nothing."""
        return [(PAYERS[payer], fen) for payer, fen in self.shares if fen or payer in {THIS_PLAN, PERSON}]


@dataclass(frozen=True, slots=True)
class YearSaid:
    """One insured year of a person."""

    starts_on: date
    ends_on: date
    burden: Fen
    payout: Fen
    own: Fen


@dataclass(frozen=True, slots=True)
class PayoutSaid:
    """One payment to a person and where it is."""

    id: UUID
    fen: Fen
    state: str
    at: datetime

    @property
    def label(self) -> str:
        """Where it is, in Chinese."""
        return states.PAYOUT_STATES[self.state]


def has_bills(people: Sequence[UUID]) -> bool:
    """Whether anything of these files has come from a hospital."""
    return Settlement.objects.filter(person_id__in=people).exists()


def bills_of(people: Sequence[UUID]) -> list[BillSaid]:
    """Every bill of these files, the newest discharge first; of a corrected one the newest version."""
    rows = Settlement.objects.filter(person_id__in=people, kind=records.SETTLEMENT)
    newest = _newest(rows.exclude(state__in=records.SET_ASIDE).order_by("version"))
    return sorted(_said(newest), key=lambda bill: (bill.discharged_on or date.min, bill.number), reverse=True)


def bill(settlement: UUID) -> BillSaid | None:
    """One record with everything that was decided about its settlement; None out of scope."""
    rows = list(Settlement.objects.filter(pk=settlement))
    return _said(rows)[0] if rows else None


def years_of_person(people: Sequence[UUID]) -> list[YearSaid]:
    """The insured years of these files, the newest first."""
    rows = InsuredYear.objects.filter(person_id__in=people).order_by("-starts_on")
    return [
        YearSaid(row.starts_on, row.ends_on, Fen(row.inside + row.outside), Fen(row.payout), Fen(row.own))
        for row in rows
    ]


def payouts_of(people: Sequence[UUID]) -> list[PayoutSaid]:
    """Payments to these files, the newest first; what was taken back before it was sent is left out."""
    rows = Payout.objects.filter(person_id__in=people).exclude(state=states.CANCELLED)
    return [
        PayoutSaid(row.id, Fen(row.fen), row.state, row.ended_at or row.reserved_at)
        for row in rows.order_by("-reserved_at", "-decision__place")
    ]


def _newest(rows: Iterable[Settlement]) -> list[Settlement]:
    return list({(row.institution, row.number): row for row in rows}.values())


def _said(rows: Sequence[Settlement]) -> list[BillSaid]:
    named = dict(
        Institution.objects.filter(code__in={row.institution for row in rows}).values_list("code", "name")
    )
    made: dict[tuple[str, str], list[ClaimDecision]] = {}
    found = ClaimDecision.objects.filter(
        member__in={row.member_id for row in rows if row.member_id},
        number__in={row.of_number or row.number for row in rows},
    )
    for each in found.order_by("place"):
        made.setdefault((each.institution, each.number), []).append(each)
    return [_bill(row, named, made.get((row.institution, row.of_number or row.number), [])) for row in rows]


def _bill(row: Settlement, named: Mapping[str, str], made: Sequence[ClaimDecision]) -> BillSaid:
    borne: dict[str, int] = {}
    for each in made:
        for share in each.shares:
            borne[share["payer"]] = borne.get(share["payer"], 0) + share["fen"]
    shares = tuple((payer, Fen(borne[payer])) for payer in PAYERS if payer in borne)
    return BillSaid(
        id=row.id,
        person=row.person_id,
        division=row.division,
        hospital=named.get(row.institution, row.institution),
        institution=row.institution,
        number=row.number,
        version=row.version,
        admitted_on=row.admitted_on,
        discharged_on=row.discharged_on,
        diagnosis_mask=row.diagnosis_mask,
        total=Fen(row.total),
        state=row.state,
        said=row.said,
        received_at=row.received_at,
        shares=shares,
        payout=Fen(borne.get(THIS_PLAN, 0)),
        own=Fen(borne.get(PERSON, 0)),
        decisions=tuple(map(_decision, made)),
    )


def _decision(row: ClaimDecision) -> DecisionSaid:
    return DecisionSaid(
        id=row.id,
        outcome=row.outcome,
        at=row.decided_at,
        post=Fen(row.post),
        waits=row.waits,
        signed_by=row.signed_by,
        lines=tuple(
            LineSaid(
                title=line["title"],
                fen=Fen(line["fen"]),
                clause=line["clause"],
                account=line["account"] or "",
                before=Fen(line["before_fen"]),
                after=Fen(line["after_fen"]),
            )
            for line in row.lines
        ),
        reasons=tuple(row.reasons),
        facts=row.facts,
        plan_from=row.plan_from,
        plan_digest=row.plan_digest,
        book_digest=row.book_digest,
        unconfirmed=row.unconfirmed,
    )
