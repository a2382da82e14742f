"""A person's insured years as records arrive: any order of the same records gives the same years."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final, Literal, NamedTuple

from rongjun.insurance.logic.bills import Bill, BillRef, Refund, Ruling
from rongjun.insurance.logic.deciding import (
    NEW_YEAR,
    NO_BILL,
    Decision,
    Outcome,
    Reckoned,
    YearSoFar,
    decide,
    reckon,
    settle,
    without_effect,
)
from rongjun.insurance.logic.plans import Plan, Terms
from rongjun.insurance.logic.reasons import Reason, Standing
from rongjun.kernel.money import Fen

Arrival = Bill | Refund | Ruling
StandingOf = Callable[[Bill], Standing]
State = Literal["sound", "held", "mend", "admitted", "refused"]
_COUNTS: Final = frozenset({"sound", "admitted"})


class NoTerms(ValueError):  # noqa: N818 - said aloud: "raise NoTerms(on)"
    """No wording of the plan is in force on the day of discharge: nothing can be decided."""

    def __init__(self, on: date) -> None:
        super().__init__(f"{on} 没有施行的方案，不能判定。请核对出院日期，或补上当时的方案版本。")
        self.on = on


class Record(NamedTuple):
    """One version of one settlement, and whether it may count."""

    bill: Bill
    reckoned: Reckoned
    state: State
    reasons: tuple[Reason, ...]


class Claim(NamedTuple):
    """One settlement: its versions in ascending order, and the refunds that take it back."""

    records: tuple[Record, ...] = ()
    refunds: tuple[Refund, ...] = ()

    @property
    def current(self) -> Record | None:
        """The record that counts: the highest version that may, unless a refund takes it back."""
        found = next((record for record in reversed(self.records) if record.state in _COUNTS), None)
        if found is None or any(refund.mirrors(found.bill) for refund in self.refunds):
            return None
        return found

    def record(self, version: int) -> Record | None:
        """The record of one version."""
        return next((record for record in self.records if record.bill.version == version), None)

    def with_record(self, new: Record) -> "Claim":
        """The claim with a record added, or put in the place of its version."""
        others = [record for record in self.records if record.bill.version != new.bill.version]
        return self._replace(records=tuple(sorted([*others, new], key=lambda each: each.bill.version)))


@dataclass(frozen=True, slots=True)
class History:
    """Everything decided about one person under one plan; years by their first day."""

    claims: Mapping[BillRef, Claim] = field(default_factory=dict)
    years: Mapping[date, YearSoFar] = field(default_factory=dict)

    def counted(self) -> Iterator[Bill]:
        """The bills that count."""
        for claim in self.claims.values():
            current = claim.current
            if current is not None:
                yield current.bill

    def year(self, terms: Terms, on: date) -> YearSoFar:
        """The insured year a day lies in."""
        return self.years.get(terms.year_of(on)[0], NEW_YEAR)

    def _with(self, ref: BillRef, claim: Claim, *decisions: Decision) -> "History":
        years = {decision.year[0]: decision.after for decision in decisions}
        return History({**self.claims, ref: claim}, {**self.years, **years})


def take(
    history: History, arrival: Arrival, *, plan: Plan, standing: StandingOf
) -> tuple[History, tuple[Decision, ...]]:
    """Take one arrival in: the history with it, and what was decided.

    Usually one decision; two when a correction moves a stay into another insured year. None for a refund
    whose settlement has not come, which waits for it, and none for a ruling about an unknown record, which
    is not kept. Raises `NoTerms` when no wording is in force on the day of discharge.
    """
    if isinstance(arrival, Bill):
        return _take_bill(history, arrival, plan=plan, standing=standing)
    if isinstance(arrival, Refund):
        return _take_refund(history, arrival, plan=plan)
    return _take_ruling(history, arrival, plan=plan)


def take_all(
    arrivals: Iterable[Arrival], *, plan: Plan, standing: StandingOf, history: History | None = None
) -> tuple[History, tuple[Decision, ...]]:
    """Take arrivals in one after another."""
    history = history or History()
    told: list[Decision] = []
    for arrival in arrivals:
        history, decisions = take(history, arrival, plan=plan, standing=standing)
        told += decisions
    return history, tuple(told)


def to_post(paid: History, known: History) -> dict[date, Fen]:
    """For each insured year what a new decision of everything owes beyond what was decided; below zero: back.

    For facts about the person that were corrected afterwards: decide all arrivals again, post the difference.
    """
    days = sorted(paid.years.keys() | known.years.keys())
    found = {
        day: known.years.get(day, NEW_YEAR).payout - paid.years.get(day, NEW_YEAR).payout for day in days
    }
    return {day: fen for day, fen in found.items() if fen}


def _terms(plan: Plan, bill: Bill) -> Terms:
    terms = plan.terms(on=bill.discharged_on)
    if terms is None:
        raise NoTerms(bill.discharged_on)
    return terms


def _take_bill(
    history: History, bill: Bill, *, plan: Plan, standing: StandingOf
) -> tuple[History, tuple[Decision, ...]]:
    terms = _terms(plan, bill)
    claim = history.claims.get(bill.ref, Claim())
    known = claim.record(bill.version)
    if known is not None:
        return history, (_again(history, bill, known, terms=terms),)
    old = claim.current
    replaces = old.reckoned if old and _is_one_year(old.bill, bill, plan) else NO_BILL
    so_far = history.year(terms, bill.discharged_on)
    others = [other for other in history.counted() if other.ref != bill.ref]
    reckoned = reckon(bill, terms)
    found = decide(
        bill,
        so_far=so_far,
        terms=terms,
        standing=standing(bill),
        replaces=replaces,
        others=others,
        reckoned=reckoned,
    )
    record = Record(bill, reckoned, _state(found), found.reasons)
    after = claim.with_record(record)
    if after.current is not record:
        decision = _unused(found, record, after, so_far=so_far, terms=terms)
        if old is not None and after.current is None:
            # A correction whose refund came first: with it the record it corrects leaves the year, too.
            left = _leave(history, old, plan)
            decision = replace(left, reasons=(*decision.reasons, *left.reasons))
            return history._with(bill.ref, after, decision), (decision,)
        return history._with(bill.ref, after), (decision,)
    decisions = (found,) if replaces is not NO_BILL or old is None else (_leave(history, old, plan), found)
    return history._with(bill.ref, after, *decisions), decisions


def _is_one_year(one: Bill, other: Bill, plan: Plan) -> bool:
    first, second = _terms(plan, one), _terms(plan, other)
    return first.year_of(one.discharged_on) == second.year_of(other.discharged_on)


def _state(found: Decision) -> State:
    effects = {reason.effect for reason in found.reasons}
    if "mend" in effects:
        return "mend"
    return "held" if "hold" in effects else "sound"


def _again(history: History, bill: Bill, known: Record, *, terms: Terms) -> Decision:
    """The same number and version once more: the same content changes nothing, another is set aside."""
    if known.bill == bill:
        reason = Reason(
            "duplicate", "这张结算单已经收到过，内容相同，不再处理。", terms.clauses["review"], "note"
        )
        outcome: Outcome = "duplicate"
    else:
        text = f"结算单 {bill.ref.number} 已经收到过，这次内容不同：保留先收到的，请核对。"
        reason, outcome = Reason("conflict", text, terms.clauses["review"], "review"), "no-effect"
    return _idle(history, bill, outcome, reason, terms=terms)


def _unused(found: Decision, record: Record, claim: Claim, *, so_far: YearSoFar, terms: Terms) -> Decision:
    """A record that does not come to count: it is held, newer versions stand, or it is already taken back."""
    if record.state not in _COUNTS:
        return found
    bill = record.bill
    if any(refund.mirrors(bill) for refund in claim.refunds):
        reason = Reason(
            "already-refunded", "这张结算单的退费已经先到，两相抵消。", terms.clauses["review"], "note"
        )
    else:
        reason = Reason("superseded", "已有更新的结算单，以更新的为准。", terms.clauses["review"], "note")
    return without_effect(
        bill.ref, bill.version, "superseded", [reason], so_far=so_far, terms=terms, on=bill.discharged_on
    )


def _leave(history: History, old: Record, plan: Plan) -> Decision:
    """Take a record out of its year."""
    terms = _terms(plan, old.bill)
    so_far = history.year(terms, old.bill.discharged_on)
    return settle(NO_BILL, old.reckoned, so_far=so_far, terms=terms, about=old.bill, outcome="withdrawn")


def _take_refund(history: History, refund: Refund, *, plan: Plan) -> tuple[History, tuple[Decision, ...]]:
    claim = history.claims.get(refund.of, Claim())
    if refund in claim.refunds:
        last = claim.records[-1:]
        return history, tuple(_told_again(history, record, plan) for record in last)
    after = claim._replace(refunds=(*claim.refunds, refund))
    current = claim.current
    if current is not None and after.current is None:
        decision = _leave(history, current, plan)
        return history._with(refund.of, after, decision), (decision,)
    return history._with(refund.of, after), tuple(_unmatched(history, refund, claim, plan))


def _told_again(history: History, record: Record, plan: Plan) -> Decision:
    terms = _terms(plan, record.bill)
    reason = Reason("duplicate", "这张退费单已经收到过，不再处理。", terms.clauses["review"], "note")
    return _idle(history, record.bill, "duplicate", reason, terms=terms)


def _unmatched(history: History, refund: Refund, claim: Claim, plan: Plan) -> Iterator[Decision]:
    """A refund that takes nothing back: silent while its settlement has not come, else said why."""
    if not claim.records:
        return
    last = claim.records[-1].bill
    terms = _terms(plan, last)
    if any(refund.mirrors(record.bill) for record in claim.records):
        reason = Reason(
            "already-refunded", "退费的那一份没有计入，不用再冲回。", terms.clauses["review"], "note"
        )
    else:
        text = f"退费 {-refund.total} 元，与结算单 {refund.of.number} 的金额不符：只接受整单退费，请核对。"
        reason = Reason("refund-does-not-match", text, terms.clauses["review"], "review")
    yield _idle(history, last, "no-effect", reason, terms=terms)


def _take_ruling(history: History, ruling: Ruling, *, plan: Plan) -> tuple[History, tuple[Decision, ...]]:
    claim = history.claims.get(ruling.of, Claim())
    record = claim.record(ruling.version)
    if record is None:
        return history, ()
    terms = _terms(plan, record.bill)
    if ruling.admit and record.state == "mend":
        text = "这张结算单本身有错，不能由经办人准予，请医院更正后重新结算。"
        reason = Reason("cannot-admit", text, terms.clauses["review"], "review")
        return history, (_idle(history, record.bill, "no-effect", reason, terms=terms),)
    if ruling.admit and record.state in _COUNTS:
        return history, (_signed(history, record, ruling, terms=terms),)
    return _apply(
        history, record._replace(state="admitted" if ruling.admit else "refused"), ruling, plan=plan
    )


def _apply(
    history: History, record: Record, ruling: Ruling, *, plan: Plan
) -> tuple[History, tuple[Decision, ...]]:
    claim = history.claims[ruling.of]
    after, old = claim.with_record(record), claim.current
    new = after.current
    said = _said(ruling, _terms(plan, record.bill))
    if (new and new.bill) == (old and old.bill):
        found = _signed(history, record, ruling, terms=_terms(plan, record.bill))
        outcome: Outcome = "signed" if ruling.admit else "refused"
        return history._with(ruling.of, after), (replace(found, outcome=outcome),)
    decisions = tuple(
        replace(each, reasons=(said, *each.reasons), signed_by=ruling.by)
        for each in _moved(history, old, new, plan)
    )
    return history._with(ruling.of, after, *decisions), decisions


def _moved(history: History, old: Record | None, new: Record | None, plan: Plan) -> Iterator[Decision]:
    """One record gives way to another, either of which may be none."""
    if new is None or (old and not _is_one_year(old.bill, new.bill, plan)):
        assert old is not None
        yield _leave(history, old, plan)
        old = None
    if new is not None:
        terms = _terms(plan, new.bill)
        so_far = history.year(terms, new.bill.discharged_on)
        gone = old.reckoned if old else NO_BILL
        yield settle(new.reckoned, gone, so_far=so_far, terms=terms, about=new.bill)


def _said(ruling: Ruling, terms: Terms) -> Reason:
    code = "admitted" if ruling.admit else "refused"
    word = "准予计入" if ruling.admit else "不予计入"
    text = f"{ruling.by}决定{word}：{ruling.why}"
    return Reason(code, text, terms.clauses["review"], "note", adverse=not ruling.admit)


def _signed(history: History, record: Record, ruling: Ruling, *, terms: Terms) -> Decision:
    found = _idle(history, record.bill, "signed", _said(ruling, terms), terms=terms)
    return replace(found, signed_by=ruling.by)


def _idle(history: History, bill: Bill, outcome: Outcome, reason: Reason, *, terms: Terms) -> Decision:
    so_far = history.year(terms, bill.discharged_on)
    return without_effect(
        bill.ref, bill.version, outcome, [reason], so_far=so_far, terms=terms, on=bill.discharged_on
    )
