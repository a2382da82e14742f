"""Is a plan sound? Every example of its file worked out and compared."""

from collections.abc import Iterator

from rongjun.insurance.loading import Example, PlanFile, Stay
from rongjun.insurance.logic.bills import PARTS, Bill, BillRef, Parts
from rongjun.insurance.logic.plans import Terms
from rongjun.insurance.logic.reasons import Standing
from rongjun.insurance.logic.years import take_all
from rongjun.kernel.money import Fen
from rongjun.rules.api import Problem

_COVERED = Standing()


def check_plan(found: PlanFile) -> tuple[Problem, ...]:
    """Run every example of every wording; what does not come out as written is a problem, in Chinese."""
    problems: list[Problem] = []
    for terms in found.plan.wordings:
        examples = found.examples[terms.start]
        names = [example.name for example in examples]
        for example in examples:
            if names.count(example.name) > 1:
                problems.append(_problem(found, example, "重名", "换一个名字"))
            problems += _faults(found, terms, example)
    return tuple(sorted(problems))


def _faults(found: PlanFile, terms: Terms, example: Example) -> Iterator[Problem]:
    days = [stay.discharged_on for stay in example.stays]
    if any(found.plan.terms(on=day) is not terms for day in days):
        yield _problem(found, example, "的日期不在本版本的施行期内", "改日期或移到对的版本")
        return
    bills = [_bill(stay, number, terms) for number, stay in enumerate(example.stays, start=1)]
    history, decisions = take_all(bills, plan=found.plan, standing=lambda _bill: _COVERED)
    payout = Fen.total(year.payout for year in history.years.values())
    own = Fen.total(year.own for year in history.years.values())
    review = {reason.code for each in decisions for reason in each.reasons if reason.effect != "note"}
    if payout != example.payout:
        yield _wrong(found, example, f"{example.payout} 元赔付", f"{payout} 元")
    if own != example.own:
        yield _wrong(found, example, f"个人负担 {example.own} 元", f"{own} 元")
    if review != set(example.review):
        shown = ["、".join(sorted(codes)) or "无" for codes in (set(example.review), review)]
        yield _wrong(found, example, f"复核原因 {shown[0]}", shown[1])


def _wrong(found: PlanFile, example: Example, wanted: str, got: str) -> Problem:
    return _problem(found, example, f"应得{wanted}，按方案得 {got}", "核对方案和例子，改错的一方")


def _problem(found: PlanFile, example: Example, what: str, fix: str) -> Problem:
    return Problem(found.file, example.line, f"例子“{example.name}”{what}", fix)


def _bill(stay: Stay, number: int, terms: Terms) -> Bill:
    """A stay of an example as a settlement that foots: what the pool left is the person's."""
    amounts = [stay.parts.get(part, Fen(0)) for part in PARTS]
    return Bill(
        ref=BillRef("例", str(number)),
        admitted_on=stay.discharged_on,
        discharged_on=stay.discharged_on,
        care_type=min(terms.care_types),
        total=stay.total,
        paid=(("basic-pool", stay.pooled),),
        personal=stay.total - stay.pooled,
        parts=Parts(*amounts) if stay.parts else None,
        care_area=terms.areas[0].prefix if terms.areas else None,
    )
