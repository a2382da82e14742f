"""Decisions in a citizen's words: lists by area, and one benefit on a page of its own. Plain values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from rongjun.benefits.api import Wording, wording_of
from rongjun.kernel.words import listed, worded
from rongjun.registry import api as registry
from rongjun.rules.api import AREAS, GRADES, Book, Decision, Reason

# verdict: tone and shape of its mark
MARKS = {"granted": ("ok", "check"), "unknown": ("ask", "help-circle"), "not-granted": ("no", "ban")}
_AREA_ORDER = {area: number for number, area in enumerate(AREAS)}
FEW = 12  # so many lines need no folding into areas


@dataclass(frozen=True, slots=True)
class Line:
    """One benefit in a list: what it is, or what stands in its way."""

    code: str
    title: str
    says: str


@dataclass(frozen=True, slots=True)
class Group:
    """The benefits of an area; `open` where there is little to read."""

    area: str
    lines: tuple[Line, ...]
    open: bool


def grouped(decisions: Iterable[Decision], book: Book, *, verdict: str) -> list[Group]:
    """The benefits with a verdict, by area."""
    wanted = [each for each in decisions if each.verdict == verdict]
    ordered = sorted(wanted, key=lambda each: (_AREA_ORDER[book.benefits[each.code].area], each.title))
    is_open = len(ordered) <= FEW
    return [
        Group(AREAS[area], tuple(_line(each, book) for each in found), is_open)
        for area, found in groupby(ordered, key=lambda each: book.benefits[each.code].area)
    ]


def _line(decision: Decision, book: Book) -> Line:
    return Line(decision.code, decision.title, sentence_of(decision, book))


def sentence_of(decision: Decision, book: Book) -> str:
    """What is had; what is missing; or what stands in the way, as far as one knows today."""
    if decision.verdict == "granted":
        version = book.benefits[decision.code].version(on=decision.on)
        assert version is not None
        return version.what
    if decision.verdict == "unknown":
        return worded("还差：{what}", what=listed(missing.label for missing in decision.missing))
    failed = next((reason for reason in decision.reasons if reason.state == "failed"), None)
    return worded("卡在这一条：{condition}", condition=failed.text) if failed else ""


def page_of(decision: Decision, book: Book) -> Mapping[str, Any]:
    """One benefit for a page of its own: what, how to get it, why or why not, by which document, how sure."""
    benefit = book.benefits[decision.code]
    version = benefit.version(on=decision.on)
    assert version is not None
    wording: Wording = wording_of(book, benefit, version)
    tone, shape = MARKS[decision.verdict]
    return {
        "code": decision.code,
        "title": decision.title,
        "verdict": decision.verdict,
        "tone": tone,
        "shape": shape,
        "wording": wording,
        "relation": decision.relation or "",
        "reasons": reasons_of(decision),
        "basis": [str(each) for each in decision.basis],
        "unconfirmed": decision.unconfirmed,
        "grade": GRADES[decision.source_grade],
    }


def reasons_of(decision: Decision) -> list[Mapping[str, str]]:
    """Why, or why not, as lines with what the file says of each."""
    return [_reason(each) for each in _telling(decision)]


def contestable(decision: Decision) -> dict[str, str]:
    """The facts of the file a decision rests on, by name, as they read; what stood in the way comes first."""
    ordered = sorted(decision.reasons, key=lambda reason: reason.state != "failed")
    return {
        fact.name: worded("{label}：{value}", label=fact.label, value=fact.shown)
        for reason in ordered
        for fact in reason.facts
        if fact.name in registry.CONTESTABLE
    }


def _telling(decision: Decision) -> Sequence[Reason]:
    """A refusal shows what failed; a grant what was met; a question what is met and what is missing."""
    if decision.verdict == "not-granted":
        return [reason for reason in decision.reasons if reason.state == "failed"]
    return decision.reasons


def _reason(reason: Reason) -> Mapping[str, str]:
    looks = {"met": ("y", "check"), "failed": ("x", "x"), "unknown": ("q", "help-circle")}
    tone, shape = looks[reason.state]
    read = listed(
        (worded("{label}：{value}", label=fact.label, value=fact.shown) for fact in reason.facts), "，"
    )
    return {
        "tone": tone,
        "shape": shape,
        "text": reason.text,
        "read": worded("档案里：{read}", read=read) if read else "",
        "clause": reason.clause,
    }
