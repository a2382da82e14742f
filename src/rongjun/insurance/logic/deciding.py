"""One bill, the year so far, the plan: what is paid, and every line of why."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final, Literal, NamedTuple

from rongjun.insurance.logic.bills import PARTS, PERSON, THIS_PLAN, Bill, BillRef, part_amounts
from rongjun.insurance.logic.plans import Excess, Terms, Version, owed
from rongjun.insurance.logic.reasons import Reason, Standing, beside_others, excluded_parts, holding
from rongjun.kernel.money import Fen

Outcome = Literal["counted", "held", "duplicate", "superseded", "withdrawn", "signed", "refused", "no-effect"]
Account = Literal["left", "burden", "payout", "own", ""]
_NOTHING: Final = Fen(0)


class YearSoFar(NamedTuple):
    """One person's insured year, cumulative, in fen.

    `inside` and `outside` are the counted burden by catalogue, `payout` what was decided to be paid, `own`
    what the person bears of all counted bills, excluded cost included.
    """

    inside: Fen = _NOTHING
    outside: Fen = _NOTHING
    payout: Fen = _NOTHING
    own: Fen = _NOTHING

    @property
    def burden(self) -> Fen:
        """What counts toward both ceilings (B)."""
        return self.inside + self.outside


NEW_YEAR: Final = YearSoFar()


class Line(NamedTuple):
    """One line of the explanation, in fen: what happened, by which rule, where it stands.

    `before` and `after` are the cumulative amount of `account`: what is `left` of this bill, or the year's
    `burden`, `payout` or `own`.
    """

    rule: str
    title: str
    amount: Fen
    clause: str
    account: Account
    before: Fen
    after: Fen


class Share(NamedTuple):
    """What one payer bears of the change a decision makes; all shares add up to the change of the total."""

    payer: str
    amount: Fen


class Reckoned(NamedTuple):
    """A bill after the earlier payers, in fen: what is left to the person by what it counts as.

    `later` is what payers after this plan bear; `parts` the amounts left by kind of cost.
    """

    total: int
    earlier: tuple[tuple[str, int], ...]
    parts: tuple[tuple[str, int], ...]
    inside: int
    outside: int
    excluded: int
    later: tuple[tuple[str, int], ...]

    @property
    def left(self) -> int:
        """What earlier payers left."""
        return self.inside + self.outside + self.excluded


NO_BILL: Final = Reckoned(0, (), (), 0, 0, 0, ())


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided about one record, and why; nothing here asks a clock or a database.

    `post` is what is to be paid now, below zero what is to be taken back; `proposed` the same for a record
    that is held, should somebody admit it. `shares` say who bears the change.
    """

    ref: BillRef
    record: int
    outcome: Outcome
    terms: Version
    year: tuple[date, date]
    lines: tuple[Line, ...]
    shares: tuple[Share, ...]
    reasons: tuple[Reason, ...]
    before: YearSoFar
    after: YearSoFar
    post: Fen
    proposed: Fen
    signed_by: str = ""

    @property
    def needs_review(self) -> bool:
        """Whether a person looks at it before money moves; without it is straight through."""
        return any(reason.effect != "note" for reason in self.reasons)

    @property
    def is_adverse(self) -> bool:
        """Whether it refuses cover, leaves a line out or takes money back."""
        return any(reason.adverse for reason in self.reasons)

    @property
    def is_final(self) -> bool:
        """Whether money may move: nothing to review, or a named person has signed."""
        return bool(self.signed_by) or not self.needs_review


def decide(
    bill: Bill,
    *,
    so_far: YearSoFar,
    terms: Terms,
    standing: Standing,
    replaces: Reckoned = NO_BILL,
    others: Sequence[Bill] = (),
    reckoned: Reckoned | None = None,
) -> Decision:
    """Decide one bill: pay P(cumulative) − already paid, or hold it with every reason.

    `replaces` is what the same settlement counted before a correction, `others` the person's other counted
    bills, `reckoned` the bill by `reckon` if that is known already. `so_far` belongs to the insured year of
    the day of discharge, `terms` is in force on it.
    """
    holds = holding(bill, standing=standing, terms=terms)
    if any(reason.effect == "mend" for reason in holds):
        return _held(bill, holds, so_far=so_far, terms=terms)
    found = settle(reckoned or reckon(bill, terms), replaces, so_far=so_far, terms=terms, about=bill)
    if holds:
        held = _held(bill, holds, so_far=so_far, terms=terms)
        return replace(held, lines=found.lines, proposed=found.post)
    beside = beside_others(bill, others, terms=terms)
    return replace(found, reasons=(*found.reasons, *beside)) if beside else found


def _held(bill: Bill, holds: list[Reason], *, so_far: YearSoFar, terms: Terms) -> Decision:
    return without_effect(
        bill.ref, bill.version, "held", holds, so_far=so_far, terms=terms, on=bill.discharged_on
    )


def without_effect(
    ref: BillRef,
    record: int,
    outcome: Outcome,
    reasons: Sequence[Reason],
    *,
    so_far: YearSoFar,
    terms: Terms,
    on: date,
    signed_by: str = "",
) -> Decision:
    """A decision that leaves the year as it was."""
    year = terms.year_of(on)
    return Decision(
        ref, record, outcome, terms.version, year, (), (), tuple(reasons), so_far, so_far,
        _NOTHING, _NOTHING, signed_by,
    )  # fmt: skip


def reckon(bill: Bill, terms: Terms) -> Reckoned:
    """Let the earlier payers pay in their order and sort what is left by what it counts as."""
    paid: dict[str, int] = {}
    for payer, fen in (*bill.paid, *bill.also_paid):
        paid[payer] = paid.get(payer, 0) + int(fen)
    earlier = tuple((p.code, paid[p.code]) for p in terms.earlier if paid.get(p.code))
    covered = sum(int(fen) for _, fen in earlier)
    sums = {"inside": 0, "outside": 0, "excluded": 0}
    parts: list[tuple[str, int]] = []
    for part, amount in part_amounts(bill):
        left = max(0, amount - covered)
        covered -= amount - left
        sums[terms.buckets[part]] += left
        parts.append((part, left))
    later = tuple((p.code, paid[p.code]) for p in terms.later if paid.get(p.code))
    return Reckoned(
        int(bill.total), earlier, tuple(parts), sums["inside"], sums["outside"], sums["excluded"], later
    )


def settle(
    new: Reckoned,
    old: Reckoned,
    *,
    so_far: YearSoFar,
    terms: Terms,
    about: Bill,
    outcome: Outcome = "counted",
) -> Decision:
    """Put `new` in the place of `old` in the year and post the difference to what was decided before.

    A new bill takes the place of nothing, a refund puts nothing in the place of its bill.
    """
    inside, outside = so_far.inside + (new.inside - old.inside), so_far.outside + (new.outside - old.outside)
    payout = owed(inside, outside, terms.stop)
    post = payout - so_far.payout
    shares = _shares(new, old, post=post, terms=terms)
    own = next(share.amount for share in shares if share.payer == PERSON)
    after = YearSoFar(inside, outside, payout, so_far.own + own)
    return Decision(
        ref=about.ref,
        record=about.version,
        outcome=outcome,
        terms=terms.version,
        year=terms.year_of(about.discharged_on),
        lines=_lines(new, old, so_far=so_far, after=after, terms=terms),
        shares=shares,
        reasons=tuple(_reasons(about, new, old, so_far=so_far, after=after, terms=terms)),
        before=so_far,
        after=after,
        post=post,
        proposed=_NOTHING,
    )


def _shares(new: Reckoned, old: Reckoned, *, post: Fen, terms: Terms) -> tuple[Share, ...]:
    change = dict(new.earlier + new.later)
    for payer, fen in old.earlier + old.later:
        change[payer] = change.get(payer, 0) - fen
    later = sum(fen for _, fen in new.later) - sum(fen for _, fen in old.later)
    change[THIS_PLAN] = post
    change[PERSON] = new.left - old.left - later - post
    always = (THIS_PLAN, PERSON)
    return tuple(
        Share(payer.code, Fen(change[payer.code]))
        for payer in terms.payers
        if change.get(payer.code) or payer.code in always
    )


def _lines(
    new: Reckoned, old: Reckoned, *, so_far: YearSoFar, after: YearSoFar, terms: Terms
) -> tuple[Line, ...]:
    clauses = terms.clauses
    lines = _bill_lines(new, terms) if new is not NO_BILL else []
    lines += _burden_lines(new, old, so_far=so_far, clause=clauses["year"])
    post, own = after.payout - so_far.payout, after.own - so_far.own
    lines.append(Line("mode", terms.title, post, clauses["mode"], "payout", so_far.payout, after.payout))
    titles = {payer.code: payer.title for payer in terms.later}
    for code, fen in new.later:
        lines.append(
            Line("payers", f"{titles[code]}已付", Fen(fen), clauses["payers"], "", _NOTHING, _NOTHING)
        )
    lines.append(Line("own-max", "个人负担", own, clauses["own-max"], "own", so_far.own, after.own))
    return tuple(lines)


def _bill_lines(new: Reckoned, terms: Terms) -> list[Line]:
    """From the total to what is left after the earlier payers and what the plan leaves out."""
    clauses = terms.clauses
    left = Fen(new.total)
    lines = [Line("total", "医疗总费用", left, clauses["total"], "left", _NOTHING, left)]
    titles = {payer.code: payer.title for payer in terms.earlier}
    taken = [("payers", f"{titles[code]}已付", fen) for code, fen in new.earlier]
    if new.excluded:
        buckets = terms.buckets
        taken += [
            ("parts", f"{PARTS[part]}不计入", fen)
            for part, fen in new.parts
            if fen and buckets[part] == "excluded"
        ]
    for rule, title, fen in taken:
        before, left = left, left - fen
        lines.append(Line(rule, title, Fen(fen), clauses[rule], "left", before, left))
    return lines


def _burden_lines(new: Reckoned, old: Reckoned, *, so_far: YearSoFar, clause: str) -> list[Line]:
    lines: list[Line] = []
    before = so_far.burden
    if old is not NO_BILL:
        gone = Fen(old.inside + old.outside)
        lines.append(Line("year", "冲回原单", -gone, clause, "burden", before, before - gone))
        before -= gone
    if new is not NO_BILL:
        counted = Fen(new.inside + new.outside)
        title = "计入本年度个人负担"
        lines.append(Line("year", title, counted, clause, "burden", before, before + counted))
    return lines


def _reasons(
    bill: Bill, new: Reckoned, old: Reckoned, *, so_far: YearSoFar, after: YearSoFar, terms: Terms
) -> list[Reason]:
    clauses = terms.clauses
    found = []
    for part in excluded_parts(bill, terms) if new.excluded else ():
        text = f"{PARTS[part]}不在保障范围，没有计入。"
        found.append(Reason("part-excluded", text, clauses["parts"], "review", adverse=True))
    post = after.payout - so_far.payout
    if post < 0:
        text = f"本年度应赔 {after.payout} 元，已决定赔付 {so_far.payout} 元，应退回 {-post} 元。"
        found.append(Reason("recover", text, clauses["mode"], "review", adverse=True))
    elif post == 0 and new.inside + new.outside:
        found.append(Reason("nothing-owed", why_owed(after, terms), clauses["mode"], "note"))
    if new.later and after.own < (so_far.own if old is NO_BILL else 0):
        text = "后付的一方已付的，超过了个人应负担的部分，各方支付之和超过医疗总费用，疑似重复享受。"
        found.append(Reason("over-total", text, clauses["payers"], "review"))
    if after.burden > terms.stop.own_max:
        found += _ceiling_reasons(so_far, after, terms)
    return found


def _ceiling_reasons(so_far: YearSoFar, after: YearSoFar, terms: Terms) -> list[Reason]:
    """Where one ceiling gave way to the other, told when it gives way further."""
    stop, clause = terms.stop, terms.clauses["above-both"]
    own = after.burden - after.payout
    found = []
    if own > max(int(stop.own_max), so_far.burden - so_far.payout):
        text = (
            f"本年度累计 {after.burden} 元，最高赔付 {stop.payout_max} 元，个人负担 {own} 元，"
            f"超过 {stop.own_max} 元：先按最高赔付算，多出的部分请局方定，可转医疗救助或关爱基金。"
        )
        found.append(Reason("above-ceiling", text, clause, "review"))
    if after.payout > max(int(stop.payout_max), so_far.payout):
        text = (
            f"本年度应赔 {after.payout} 元，超过最高赔付 {stop.payout_max} 元：以个人最多负担为先，请局方定。"
        )
        found.append(Reason("above-payout-ceiling", text, clause, "review"))
    return found


def why_owed(so_far: YearSoFar, terms: Terms) -> str:
    """How a year's payout follows from its burden, in one Chinese sentence."""
    stop, burden = terms.stop, so_far.burden
    head = f"本年度累计计入 {burden} 元"
    if so_far.payout == stop.payout_max and burden - so_far.payout > stop.own_max:
        return f"{head}，按年度最高赔付 {stop.payout_max} 元封顶。"
    if burden - so_far.payout == stop.own_max:
        return f"{head}，个人最多负担 {stop.own_max} 元，其余 {so_far.payout} 元由{terms.title}赔付。"
    if isinstance(stop.mode, Excess):
        return f"{head}，没有超过 {stop.own_max} 元，由个人负担。"
    return f"{head}，按比例应赔 {so_far.payout} 元。"
