"""Turns decisions into the cards a page shows. Plain values in, plain dictionaries out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rongjun.rules.api import GRADES, Book, Decision, Fact, Reason

_STATES = {"met": "met", "failed": "unmet", "unknown": "unknown"}
_ORDER = {"granted": 0, "unknown": 1, "not-granted": 2}
YES_NO = [{"label": "是", "value": "true"}, {"label": "不是", "value": "false"}]


def cards_for(decisions: tuple[Decision, ...], book: Book, *, answer_url: str) -> list[Mapping[str, Any]]:
    """One card a benefit: first what can be had, then what lacks an answer, then what cannot be had."""
    ordered = sorted(decisions, key=lambda d: (_ORDER[d.verdict], d.code))
    return [_card(decision, book, answer_url=answer_url) for decision in ordered]


def _card(decision: Decision, book: Book, *, answer_url: str) -> Mapping[str, Any]:
    benefit = book.benefits[decision.code]
    version = benefit.version(on=decision.on)
    assert version is not None
    return {
        "code": decision.code,
        "verdict": decision.verdict,
        "title": decision.title,
        "sentence": _sentence(decision, version.what),
        "reasons": [_reason(reason) for reason in decision.reasons if _says_something(reason, decision)],
        "basis": [{"text": str(basis)} for basis in decision.basis],
        "unconfirmed": decision.unconfirmed,
        "grade": GRADES[decision.source_grade],
        "question": _question(decision, book, answer_url=answer_url),
    }


def _sentence(decision: Decision, what: str) -> str:
    if decision.verdict == "granted":
        return what
    if decision.verdict == "unknown":
        return f"还差 {len(decision.missing)} 个情况，补上就能判定。"
    failed = [reason for reason in decision.reasons if reason.state == "failed"]
    return f"卡在这一条：{failed[0].text}。" if failed else ""


def _says_something(reason: Reason, decision: Decision) -> bool:
    """A refusal shows what failed; a grant what was met; a question what is met and what is missing."""
    return reason.state == "failed" if decision.verdict == "not-granted" else True


def _reason(reason: Reason) -> Mapping[str, Any]:
    known = "，".join(f"{fact.label}：{fact.shown}" for fact in reason.facts)
    return {"state": _STATES[reason.state], "text": reason.text, "source": known}


def _question(decision: Decision, book: Book, *, answer_url: str) -> Mapping[str, Any] | None:
    """Exactly one question: the first missing fact that a clerk can answer with a button."""
    for missing in decision.missing:
        answers = answers_for(book.vocabulary.facts[missing.name])
        if answers:
            return {
                "text": missing.question,
                "url": answer_url,
                "name": missing.name,
                "answers": answers,
                "why": "答案会记上是谁、什么时候说的，判定马上重算。",
            }
    return None


def answers_for(fact: Fact) -> list[dict[str, str]]:
    """The buttons a fact can be answered with; empty for facts that need a document or a number."""
    return list(YES_NO) if fact.kind == "bool" else []
