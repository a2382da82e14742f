"""A decision for machines (plain values) and for people (Chinese, line by line)."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Final

from rongjun.insurance.cases import Answer, Step
from rongjun.insurance.loading import PlanFile
from rongjun.insurance.logic.bills import Bill, Refund
from rongjun.insurance.logic.deciding import Decision, Line, YearSoFar, why_owed
from rongjun.insurance.logic.plans import Terms
from rongjun.kernel.money import Fen
from rongjun.kernel.words import Words

OUTCOMES: Words[Mapping[str, str]] = {
    "counted": "计入",
    "held": "暂不计入",
    "duplicate": "重复收到",
    "superseded": "已被取代",
    "withdrawn": "冲回",
    "signed": "已签字",
    "refused": "不予计入",
    "no-effect": "没有变化",
}
_EFFECTS: Final[Mapping[str, str]] = {"note": "说明", "review": "复核", "hold": "待定", "mend": "待更正"}
_ACCOUNTS: Final[Mapping[str, str]] = {
    "left": "余下",
    "burden": "累计计入",
    "payout": "累计赔付",
    "own": "累计个人负担",
}
_UNCONFIRMED: Final = "待局方确认"


def answer_value(answer: Answer, found: PlanFile) -> dict[str, object]:
    """The answer ready for JSON: amounts are whole fen, keys end in `_fen`."""
    return {
        "plan": found.plan.code,
        "title": found.plan.title,
        "file_digest": found.digest,
        "steps": [_step_value(step) for step in answer.steps],
        "years": [
            {"from": start.isoformat(), **_year_value(year)} for start, year in sorted(answer.years.items())
        ],
    }


def _step_value(step: Step) -> dict[str, object]:
    kind = {"Bill": "settlement", "Refund": "refund", "Ruling": "ruling"}[type(step.arrival).__name__]
    value: dict[str, object] = {
        "arrival": kind,
        "decisions": [decision_value(each) for each in step.decisions],
    }
    return value | ({"waiting": step.waiting} if step.waiting else {})


def decision_value(decision: Decision) -> dict[str, object]:
    """One decision as plain values: what is recorded."""
    return {
        "institution": decision.ref.institution,
        "settlement": decision.ref.number,
        "record": decision.record,
        "outcome": decision.outcome,
        "plan": decision.terms.plan,
        "version": decision.terms.start.isoformat(),
        "version_digest": decision.terms.digest,
        "unconfirmed": decision.terms.unconfirmed,
        "year": [day.isoformat() for day in decision.year],
        "post_fen": int(decision.post),
        "proposed_fen": int(decision.proposed),
        "route": "review" if decision.needs_review else "straight-through",
        "adverse": decision.is_adverse,
        "final": decision.is_final,
        "signed_by": decision.signed_by or None,
        "reasons": [
            {
                "code": reason.code,
                "title": reason.title,
                "text": reason.text,
                "clause": reason.clause,
                "effect": reason.effect,
                "adverse": reason.adverse,
            }
            for reason in decision.reasons
        ],
        "lines": [_line_value(line) for line in decision.lines],
        "shares": [{"payer": share.payer, "fen": int(share.amount)} for share in decision.shares],
        "before": _year_value(decision.before),
        "after": _year_value(decision.after),
    }


def _line_value(line: Line) -> dict[str, object]:
    return {
        "rule": line.rule,
        "title": line.title,
        "fen": int(line.amount),
        "clause": line.clause,
        "account": line.account or None,
        "before_fen": int(line.before),
        "after_fen": int(line.after),
    }


def _year_value(year: YearSoFar) -> dict[str, int]:
    return {
        "inside_fen": int(year.inside),
        "outside_fen": int(year.outside),
        "payout_fen": int(year.payout),
        "own_fen": int(year.own),
    }


def answer_text(answer: Answer, found: PlanFile) -> str:
    """The answer as an officer reads it out."""
    return "\n".join(_told(answer, found))


def _told(answer: Answer, found: PlanFile) -> Iterator[str]:
    yield f"{found.plan.title}试算（{found.file}）"
    for number, step in enumerate(answer.steps, start=1):
        yield ""
        yield f"{number}. {_heading(step)}"
        if step.waiting:
            yield f"   {step.waiting}"
        for decision in step.decisions:
            yield from _decision_told(decision, _terms(found, decision))
    yield ""
    for start, year in sorted(answer.years.items()):
        yield from _year_told(start, year, found)


def _heading(step: Step) -> str:
    arrival = step.arrival
    if isinstance(arrival, Bill):
        again = f"（第 {arrival.version} 版）" if arrival.version > 1 else ""
        stay = f"{arrival.admitted_on} 入院，{arrival.discharged_on} 出院"
        return f"结算单 {arrival.ref.number}{again}，{stay}"
    if isinstance(arrival, Refund):
        return f"退费 {arrival.ref.number}，冲回结算单 {arrival.of.number}"
    return f"{arrival.by}对结算单 {arrival.of.number} 的决定：{'准予计入' if arrival.admit else '不予计入'}"


def _terms(found: PlanFile, decision: Decision) -> Terms:
    return next(terms for terms in found.plan.wordings if terms.version == decision.terms)


def _decision_told(decision: Decision, terms: Terms) -> Iterator[str]:
    first, last = decision.year
    mark = f"，方案{_UNCONFIRMED}" if decision.terms.unconfirmed else ""
    yield f"   保险年度 {first} 至 {last}，按 {decision.terms.start} 施行的方案{mark}"
    if decision.outcome == "held" and decision.lines:
        yield "   如果准予计入："
    for line in decision.lines:
        yield f"   {_line_told(line)}"
    for reason in decision.reasons:
        yield f"   【{_EFFECTS[reason.effect]}】{reason.title}：{reason.text}（依据：{reason.clause}）"
    if decision.outcome in {"counted", "withdrawn"}:
        yield f"   {why_owed(decision.after, terms)}"
        yield f"   各方承担：{_borne(decision, terms)}"
    yield f"   结论：{_conclusion(decision)}"


def _line_told(line: Line) -> str:
    amount = str(line.amount)
    text = f"{line.title}{'　' * max(1, 12 - len(line.title))}{amount:>14} 元"
    if line.account:
        text += f"　{_ACCOUNTS[line.account]} {line.before} → {line.after}"
    return f"{text}　（依据：{line.clause}）"


def _conclusion(decision: Decision) -> str:
    if decision.outcome == "held":
        would = f"，准予后赔付 {decision.proposed} 元" if decision.lines else ""
        return f"{OUTCOMES['held']}{would}，转人工。"
    if decision.outcome not in {"counted", "withdrawn"}:
        return f"{OUTCOMES[decision.outcome]}{_signature(decision)}。"
    return f"{_money(decision.post)}，{_route(decision)}。"


def _money(post: Fen) -> str:
    if post < 0:
        return f"应退回 {-post} 元"
    return f"赔付 {post} 元" if post else "本次不赔付"


def _route(decision: Decision) -> str:
    if decision.signed_by:
        return f"{decision.signed_by}已签字"
    if not decision.needs_review:
        return "直接办结"
    return "转人工，须有人签字" if decision.is_adverse else "转人工复核"


def _signature(decision: Decision) -> str:
    return f"（{decision.signed_by}）" if decision.signed_by else ""


def _year_told(start: date, year: YearSoFar, found: PlanFile) -> Iterator[str]:
    terms = found.plan.terms(on=start)
    assert terms is not None
    first, last = terms.year_of(start)
    yield (
        f"保险年度 {first} 至 {last}：计入 {year.burden} 元，{terms.title}赔付 {year.payout} 元，"
        f"个人负担 {year.own} 元。{why_owed(year, terms)}"
    )


def _borne(decision: Decision, terms: Terms) -> str:
    """Who bears the change, in one line."""
    titles = {payer.code: payer.title for payer in terms.payers}
    return "，".join(f"{titles[share.payer]} {share.amount} 元" for share in decision.shares)
