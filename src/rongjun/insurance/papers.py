"""赔付说明和决定告知书: one bill on paper, every line of why, who signed, what to do about it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from django.utils.timezone import localtime

from rongjun.insurance.logic.reviewing import ANSWERS
from rongjun.insurance.queries.bills import BillSaid, DecisionSaid
from rongjun.insurance.queries.work import ReviewPage
from rongjun.insurance.telling import OUTCOMES
from rongjun.ui.api import typeset

_TEMPLATE = Path(__file__).with_name("bill.typ")
_ACCOUNTS = {"left": "余下", "burden": "计入", "payout": "赔付", "own": "个人"}


def bill_paper(bill: BillSaid, *, review: ReviewPage | None, name: str, who: str, at: datetime) -> bytes:
    """The PDF of one bill; of one that a person decided it is the letter that says so."""
    decided = review is not None and bool(review.checked_by)
    told = {
        "title": "荣军保决定告知书" if decided else "荣军保赔付说明",
        "name": name,
        "hospital": bill.hospital,
        "days": f"{bill.admitted_on} 至 {bill.discharged_on}" if bill.discharged_on else "退费",
        "total": bill.total.text,
        "payout": bill.payout.text,
        "own": bill.own.text,
        "standing": "" if bill.state == "decided" else f"现在的状态：{bill.state_label}。",
        "borne": [[title, fen.text] for title, fen in bill.borne],
        "decisions": [_decision(each) for each in bill.decisions],
        "review": _review(review) if review else [],
        "who": who,
        "at": f"{localtime(at):%Y-%m-%d %H:%M}",
    }
    return typeset(_TEMPLATE, told, at=at)


def _decision(made: DecisionSaid) -> dict[str, object]:
    return {
        "title": f"{localtime(made.at):%Y-%m-%d} {OUTCOMES[made.outcome]}",
        "lines": [
            [
                line.title,
                line.fen.text,
                f"{_ACCOUNTS[line.account]} {line.before} → {line.after}" if line.account else "",
                line.clause,
            ]
            for line in made.lines
        ],
        "reasons": [f"{reason['title']}：{reason['text']}" for reason in made.reasons],
        "signed": made.signed_by,
        "plan": made.plan_from.isoformat(),
        "digest": made.plan_digest[:16],
        "unconfirmed": made.unconfirmed,
    }


def _review(review: ReviewPage) -> list[str]:
    said = []
    if review.checked_at:
        said.append(
            f"{ANSWERS[review.answer]}。理由：{review.proposed_why}"
            f"（{review.proposed_name}提出，{review.checked_name}复核，{localtime(review.checked_at):%Y-%m-%d}）"
        )
    if review.appeal_said:
        said.append(f"您的异议：{review.appeal_said}")
    if review.appeal_at:
        said.append(
            f"再看以后：{ANSWERS[review.appeal_answer]}。理由：{review.appeal_why}"
            f"（{review.appeal_name}，{localtime(review.appeal_at):%Y-%m-%d}）"
        )
    return said
