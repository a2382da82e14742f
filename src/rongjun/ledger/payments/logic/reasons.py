"""What a bank answers to a payment, in words of ISO 20022 and in plain ones. No clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from rongjun.kernel.words import Words, translatable, worded

PAID, FAILED, PENDING = "paid", "failed", "pending"


@dataclass(frozen=True, slots=True)
class Reason:
    """One code: how the payment ends, what it means, what to do about it.

    A `doubtful` one may mean that the money has arrived, so nothing is paid again before the bank was asked.
    """

    outcome: str
    meaning: str
    todo: str = ""
    is_doubtful: bool = False


# ISO 20022 external status codes (pain.002); which of them banks here use is 待局方确认.
REASONS: Final[Words[Mapping[str, Reason]]] = {
    "ACSC": Reason(PAID, "已到账"),
    "PDNG": Reason(PENDING, "银行还在办"),
    "AC01": Reason(FAILED, "账号不对", "请本人核对账号，改正后重新发。"),
    "AC04": Reason(FAILED, "账户已销户", "请本人换一个账户，登记后重新发。"),
    "AC06": Reason(FAILED, "账户被冻结或止付", "请本人到开户银行问清；解冻后重新发，或换一个账户。"),
    "BE01": Reason(FAILED, "户名与账号对不上", "请核对收款人姓名与账户户名，改正后重新发。"),
    "AM05": Reason(
        FAILED,
        "银行说这一笔已经付过",
        "先向银行查清原来那一笔到没到账，再决定重新发还是冲回。",
        is_doubtful=True,
    ),
    "RJCT": Reason(FAILED, "银行退回，没有说明原因", "请打电话向银行问清原因。"),
}

# --- judging an answer --------------------------------------------------------------------------------------

READY, REQUEUED, WRITTEN_BACK, WITHDRAWN = "ready", "requeued", "written-back", "withdrawn"
CHANGE, SAME, DISPUTE, REFUSE = "change", "same", "dispute", "refuse"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the bank says of one payment: ISO code, the amount it means, its own words."""

    code: str
    fen: int
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a line by an answer: `state` it goes to, or why the answer goes back, in words."""

    kind: str
    words: str
    state: str = ""


def judge_answer(answer: Answer, *, state: str, fen: int) -> Verdict:
    """What an answer changes of a line that stands in `state` with `fen`.

    The same again changes nothing. One that contradicts what was answered before is nobody's to decide but
    a person's: money that was said to have arrived, or not to, is asked after.
    """
    reason = REASONS.get(answer.code)
    if reason is None:
        return Verdict(REFUSE, worded("代码“{code}”不在约定的代码里", code=answer.code[:8]))
    if answer.fen != fen:
        return Verdict(REFUSE, worded("回盘金额 {said} 分 ≠ 付款金额 {fen} 分", said=answer.fen, fen=fen))
    if state == WITHDRAWN:
        return Verdict(REFUSE, translatable("这一笔没有发给银行"))
    if reason.outcome == PENDING:
        return Verdict(SAME, translatable("银行还在办，等下一次回盘"))
    if state == READY:
        return Verdict(CHANGE, reason.meaning, reason.outcome)
    return _judge_again(reason, state=state)


def _judge_again(reason: Reason, *, state: str) -> Verdict:
    is_same = state == reason.outcome or (state in {REQUEUED, WRITTEN_BACK} and reason.outcome == FAILED)
    if is_same:
        return Verdict(SAME, translatable("与以前的答复相同"))
    return Verdict(DISPUTE, worded("与以前的答复相反：这次说“{meaning}”", meaning=reason.meaning))
