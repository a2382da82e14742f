"""Why a bill is not paid straight through, as values: what the work list shows."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Final, Literal, NamedTuple

from rongjun.insurance.logic.bills import Bill, footing, negative_amounts, part_amounts
from rongjun.insurance.logic.plans import Terms
from rongjun.kernel.money import Fen
from rongjun.kernel.words import Words

# note: told, nothing waits. review: counted, the money waits for a person. hold: not counted until a person
# admits it. mend: not counted until a corrected record arrives; nobody can admit it.
Effect = Literal["note", "review", "hold", "mend"]
CoverVerdict = Literal["granted", "unknown", "not-granted"]

TITLES: Words[Mapping[str, str]] = {
    "does-not-foot": "结算单不平",
    "negative-amount": "结算单有负数",
    "over-total": "各方支付超过总费用",
    "parts-missing": "缺少费用分类",
    "cover-unknown": "参保资格差情况",
    "not-covered": "出院日不在参保范围",
    "status-ended": "出院前资格已终止",
    "dead-before-discharge": "出院日前已去世",
    "unknown-institution": "医疗机构不在名录",
    "care-not-covered": "医疗类别不在保障范围",
    "area-not-covered": "就医地不在保障范围",
    "excluded-cause": "属于免责情形",
    "part-excluded": "部分费用不在保障范围",
    "same-stay": "疑似同一次住院重复结算",
    "split-stay": "疑似分解住院",
    "above-ceiling": "超封顶",
    "above-payout-ceiling": "超过年度最高赔付",
    "recover": "应退回",
    "conflict": "同号结算单内容不同",
    "refund-does-not-match": "退费与结算单不符",
    "cannot-admit": "须由医院更正",
    # told only
    "nothing-owed": "本次不赔付",
    "duplicate": "重复收到",
    "superseded": "已有更新的结算单",
    "already-refunded": "已经退费",
    "refused": "决定不予计入",
    "admitted": "决定计入",
}


class Reason(NamedTuple):
    """One reason: `text` says it in Chinese, `clause` where it stands.

    `adverse` reasons refuse cover, leave a line out or take money back: they need a person's name.
    """

    code: str
    text: str
    clause: str
    effect: Effect
    adverse: bool = False

    @property
    def title(self) -> str:
        """The heading it stands under on the work list."""
        return TITLES[self.code]


class Cover(NamedTuple):
    """Whether the person is covered on the day of discharge, and why, in Chinese.

    `ended_on` is the last day before it on which they were, if they are not.
    """

    verdict: CoverVerdict
    text: str = ""
    ended_on: date | None = None


COVERED: Final = Cover("granted")


class Standing(NamedTuple):
    """What is known of person and institution when a bill is decided."""

    cover: Cover = COVERED
    died_on: date | None = None
    is_known_institution: bool = True


def holding(bill: Bill, *, standing: Standing, terms: Terms) -> list[Reason]:
    """Why this bill may not be counted by itself; empty when it may. Depends on no other bill."""
    return [*_unsound(bill, terms), *_not_owed(bill, standing, terms), *_not_insured(bill, terms)]


def _unsound(bill: Bill, terms: Terms) -> list[Reason]:
    """What only a corrected record mends."""
    clause = terms.clauses["total"]
    found = [Reason("does-not-foot", f"{each}。", clause, "mend") for each in footing(bill)]
    if negative := negative_amounts(bill):
        found.append(Reason("negative-amount", f"{'、'.join(negative)}是负数。", clause, "mend"))
    excess = sum(int(fen) for _, fen in bill.also_paid) - int(bill.personal)
    if not found and excess > 0:
        text = f"各方支付之和超过医疗总费用 {Fen(excess)} 元，疑似重复享受。"
        found.append(Reason("over-total", text, terms.clauses["payers"], "mend"))
    if bill.parts is None and terms.needs_parts:
        text = "结算单没有写明目录内、目录外费用，无法计算。"
        found.append(Reason("parts-missing", text, terms.clauses["parts"], "mend"))
    return found


def _not_owed(bill: Bill, standing: Standing, terms: Terms) -> list[Reason]:
    """What stands against person or institution."""
    found = []
    cover, died = standing.cover, standing.died_on
    if cover.verdict == "unknown":
        found.append(Reason("cover-unknown", cover.text, terms.clauses["cover"], "hold"))
    elif cover.verdict == "not-granted":
        found.append(_uncovered(bill, cover, terms))
    if died is not None and died < bill.discharged_on:
        text = f"{died} 去世，结算单写 {bill.discharged_on} 出院。"
        found.append(Reason("dead-before-discharge", text, terms.clauses["review"], "hold"))
    if not standing.is_known_institution:
        text = f"名录里没有医疗机构 {bill.ref.institution}。"
        found.append(Reason("unknown-institution", text, terms.clauses["review"], "hold"))
    return found


def _uncovered(bill: Bill, cover: Cover, terms: Terms) -> Reason:
    clause = terms.clauses["cover"]
    if cover.ended_on is None:
        text = f"{bill.discharged_on} 出院时不在参保范围：{cover.text}"
        return Reason("not-covered", text, clause, "hold", adverse=True)
    text = f"资格到 {cover.ended_on} 为止，{bill.discharged_on} 才出院，以出院日为准：{cover.text}"
    return Reason("status-ended", text, clause, "hold", adverse=True)


def _not_insured(bill: Bill, terms: Terms) -> list[Reason]:
    """What the plan does not answer for."""
    found = []
    if bill.care_type not in terms.care_types:
        text = f"医疗类别 {bill.care_type} 不在保障范围。"
        found.append(Reason("care-not-covered", text, terms.clauses["care"], "hold", adverse=True))
    if terms.areas and not _is_within(bill.care_area, terms):
        text = (
            f"就医地 {bill.care_area or '没有写明'}，保障的地区是{'、'.join(a.title for a in terms.areas)}。"
        )
        found.append(Reason("area-not-covered", text, terms.clauses["areas"], "hold", adverse=True))
    for cause in bill.causes:
        exclusion = terms.excluded_causes.get(cause)
        if exclusion:
            text = f"{exclusion.title}的费用不赔付。"
            found.append(Reason("excluded-cause", text, exclusion.clause, "hold", adverse=True))
    return found


def _is_within(area: str | None, terms: Terms) -> bool:
    return area is not None and area.startswith(tuple(each.prefix for each in terms.areas))


def beside_others(bill: Bill, others: Sequence[Bill], *, terms: Terms) -> list[Reason]:
    """What this bill looks like beside the person's other counted bills, in whatever order they came."""
    found = []
    for other in others:
        if other.ref == bill.ref or other.ref.institution != bill.ref.institution:
            continue
        if _is_same_stay(bill, other):
            text = f"与结算单 {other.ref.number} 的医院、入出院日期、总费用都相同。"
            found.append(Reason("same-stay", text, terms.clauses["review"], "review"))
        elif _is_split(bill, other, days=terms.split_stay_days):
            text = f"与结算单 {other.ref.number} 同院同诊断，前后相隔不超过 {terms.split_stay_days} 天。"
            found.append(Reason("split-stay", text, terms.clauses["review"], "review"))
    return found


def _is_same_stay(bill: Bill, other: Bill) -> bool:
    mine = (bill.admitted_on, bill.discharged_on, bill.total)
    return mine == (other.admitted_on, other.discharged_on, other.total)


def _is_split(bill: Bill, other: Bill, *, days: int | None) -> bool:
    if days is None or bill.diagnosis is None or bill.diagnosis != other.diagnosis:
        return False
    first, second = sorted((bill, other), key=lambda each: (each.admitted_on, each.discharged_on))
    return second.admitted_on - first.discharged_on <= timedelta(days=days)


def excluded_parts(bill: Bill, terms: Terms) -> list[str]:
    """The kinds of cost of this bill that the plan leaves out."""
    return [part for part, fen in part_amounts(bill) if fen and terms.buckets[part] == "excluded"]
