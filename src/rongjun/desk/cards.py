"""Turns decisions into the cards a page shows. Plain values in, plain dictionaries out."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from rongjun.kernel.errors import Refused
from rongjun.kernel.reading import half_width
from rongjun.rules.api import GRADES, Book, Decision, Fact, Reason

_STATES = {"met": "met", "failed": "unmet", "unknown": "unknown"}
_ORDER = {"granted": 0, "unknown": 1, "not-granted": 2}
YES_NO = [{"label": "是", "value": "true"}, {"label": "不是", "value": "false"}]
EARLIEST_DAY = date(1900, 1, 1)
_NUMBER = re.compile(r"\d{1,9}", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def cards_for(
    decisions: tuple[Decision, ...], book: Book, *, answer_url: str, askable: Collection[str], today: date
) -> list[Mapping[str, Any]]:
    """One card a benefit: first what can be had, then what lacks an answer, then what cannot be had.

    `askable` are the facts whose answer would be taken; nothing else is asked.
    """
    ordered = sorted(decisions, key=lambda d: (_ORDER[d.verdict], d.code))
    asked = {name: book.vocabulary.facts[name] for name in askable if name in book.vocabulary.facts}
    return [_card(decision, book, _question(decision, asked, answer_url, today)) for decision in ordered]


def _card(decision: Decision, book: Book, question: Mapping[str, Any] | None) -> Mapping[str, Any]:
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
        "question": question,
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


def _question(
    decision: Decision, asked: Mapping[str, Fact], answer_url: str, today: date
) -> Mapping[str, Any] | None:
    """Exactly one question: the first missing fact that a clerk can answer on the spot."""
    for missing in decision.missing:
        fact = asked.get(missing.name)
        if fact and _is_answerable(fact):
            return {
                "text": missing.question,
                "url": answer_url,
                "name": missing.name,
                "answers": _buttons(fact),
                "field": _field(fact, today=today),
                "why": "答案会记上是谁、什么时候说的，判定马上重算。",
            }
    return None


def read_answer(fact: Fact, text: str, *, today: date) -> str:
    """The answer as it is recorded, from a button or the field of a question.

    Refused("registry.not-a-question") for what was not among the buttons,
    Refused("registry.answer-outside") for a number or a day outside the limits.
    """
    if not _is_answerable(fact):
        raise Refused("registry.not-a-question")
    answer, field = half_width(text), _field(fact, today=today)
    if field is None:
        if answer not in {button["value"] for button in _buttons(fact)}:
            raise Refused("registry.not-a-question")
        return answer
    if not _lies_between(fact, answer, today=today):
        raise Refused("registry.answer-outside", limits=field["limits"])
    return answer


def _is_answerable(fact: Fact) -> bool:
    """A division is chosen from a list the page does not have yet, a free text needs a form."""
    return fact.kind in {"bool", "enum", "int", "date"}


def _buttons(fact: Fact) -> list[dict[str, str]]:
    if fact.kind == "bool":
        return list(YES_NO)
    return [{"label": label, "value": value} for value, label in fact.values.items()]


def _field(fact: Fact, *, today: date) -> Mapping[str, Any] | None:
    """The one field of a number or a day, with its limits; None for what buttons answer."""
    if fact.kind == "int":
        low, high = str(fact.lowest), str(fact.highest)
        words = f"{low} 到 {high} 的整数"
        return {"type": "number", "min": low, "max": high, "unit": fact.unit, "limits": words}
    if fact.kind == "date":
        # Every day we ask for lies behind: born, discharged, registered, graduated.
        low, high = EARLIEST_DAY.isoformat(), today.isoformat()
        words = f"{low} 到 {high} 之间的日期，写成年-月-日"
        return {"type": "date", "min": low, "max": high, "unit": "", "limits": words}
    return None


def _lies_between(fact: Fact, answer: str, *, today: date) -> bool:
    if fact.kind == "int":
        return bool(_NUMBER.fullmatch(answer)) and fact.accepts(int(answer))
    try:
        return bool(_DAY.fullmatch(answer)) and EARLIEST_DAY <= date.fromisoformat(answer) <= today
    except ValueError:
        return False
