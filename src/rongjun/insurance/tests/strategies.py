"""Bills, plans and what arrives, for the laws. Nobody in them exists."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path

from hypothesis import strategies as st

from rongjun.insurance.api import BillRef, Parts, PlanFile, Refund, Standing, StopLoss, Terms, load_plan
from rongjun.insurance.logic.bills import Bill
from rongjun.insurance.logic.plans import Band, Bucket, Excess, Percentage, Plan, Scale, Tiers
from rongjun.insurance.logic.years import Arrival
from rongjun.kernel.money import Fen

POLICY = Path(__file__).resolve().parents[4] / "policy"
INSTITUTION = "H99000000001"
FIRST, LAST = date(2023, 7, 1), date(2025, 6, 30)
COVERED = Standing()


@cache
def rongjunbao() -> PlanFile:
    """The city's plan."""
    return load_plan(POLICY, city="qingdao", code="rongjunbao")


def terms_with(**numbers: object) -> Terms:
    """The city's wording with other numbers of the stop-loss."""
    terms = rongjunbao().plan.wordings[0]
    return replace(terms, stop=replace(terms.stop, **numbers))  # type: ignore[arg-type]


def plan_of(terms: Terms) -> Plan:
    """A plan of one wording."""
    return Plan("rongjunbao", terms.title, (terms,))


def fen(most: int = 40_000_000) -> st.SearchStrategy[Fen]:
    """Amounts from nothing to `most` fen; small ones often."""
    return st.one_of(st.integers(0, 200), st.integers(0, 600_000), st.integers(0, most)).map(Fen)


@st.composite
def scales(draw: st.DrawFn) -> Scale:
    deductible = draw(fen(1_000_000))
    ends = sorted(draw(st.sets(st.integers(1, 5_000_000), max_size=2)))
    bands = [Band(Fen(deductible + end), draw(st.integers(0, 100))) for end in ends]
    last = Band(None, draw(st.integers(0, 100)))
    return Scale(deductible, (*bands, last), draw(st.none() | st.integers(1, 3_000_000).map(Fen)))


modes = st.one_of(
    st.just(Excess()),
    st.builds(Percentage, st.integers(0, 100)),
    st.builds(Tiers, scales(), scales()),
)
stop_losses = st.builds(
    StopLoss,
    own_max=st.integers(1, 1_000_000).map(Fen),
    payout_max=st.integers(1, 40_000_000).map(Fen),
    mode=modes,
    above_both=st.sampled_from(["payout-ceiling", "own-ceiling"]),
)


@st.composite
def wordings(draw: st.DrawFn) -> Terms:
    """The city's wording with any stop-loss, with every kind of cost counted or left out."""
    terms = rongjunbao().plan.wordings[0]
    buckets: st.SearchStrategy[Bucket] = st.sampled_from(["inside", "outside", "excluded"])
    some = {part: draw(buckets) for part in ("over-limit", "own-expense")}
    return replace(terms, stop=draw(stop_losses), buckets={**terms.buckets, **some})


unlike = st.uuids().map(str)


@st.composite
def bills(draw: st.DrawFn, *, numbers: st.SearchStrategy[str] = unlike) -> Bill:
    """A settlement that foots; funds pay in scope only, as they do."""
    parts = Parts(*(draw(fen()) for _ in range(4)))
    pooled = draw(st.integers(0, parts.in_scope).map(Fen))
    serious = draw(st.integers(0, parts.in_scope - pooled).map(Fen))
    personal = Fen.total(parts) - pooled - serious
    also = draw(st.integers(0, parts.in_scope - pooled - serious).map(Fen))
    left = draw(st.dates(FIRST, LAST))
    return Bill(
        ref=BillRef(INSTITUTION, draw(numbers)),
        admitted_on=left - timedelta(days=draw(st.integers(0, 40))),
        discharged_on=left,
        care_type="21",
        total=Fen.total(parts),
        paid=(("basic-pool", pooled), ("serious-illness", serious)),
        personal=personal,
        parts=parts,
        also_paid=draw(st.sampled_from([(), (("city-insurance", also),)])),
    )


def refund_of(bill: Bill, number: str = "退1") -> Refund:
    """The refund that takes back exactly this record."""
    return Refund(BillRef(bill.ref.institution, number), bill.ref, -bill.total, -bill.personal)


@st.composite
def arrivals(draw: st.DrawFn) -> list[Arrival]:
    """Settlements, corrections of them, refunds; some refunds without what they take back."""
    few = st.sampled_from(["1", "2", "3", "4"])
    drawn = draw(st.lists(st.tuples(bills(numbers=few), st.integers(1, 3)), max_size=7))
    records = {(bill.ref, version): replace(bill, version=version) for bill, version in drawn}
    refunds = [refund_of(bill, f"退{at}") for at, bill in enumerate(records.values()) if draw(st.booleans())]
    stray = [refund_of(draw(bills()), "退9")] if draw(st.booleans()) else []
    return [*records.values(), *refunds, *stray]
