"""Turns decisions into the cards a page shows. Plain values in, plain dictionaries out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Any

from rongjun.benefits.api import Asking
from rongjun.kernel.reading import half_width
from rongjun.kernel.words import listed, worded
from rongjun.registry import api as registry
from rongjun.rules.api import AREAS, GRADES, Book, Decision, Reason, leaves

_STATES = {"met": "met", "failed": "unmet", "unknown": "unknown"}
_ORDER = {"granted": 0, "unknown": 1, "not-granted": 2}
FEW = 12  # so many lines need no folding into areas
_AREA_ORDER = {area: number for number, area in enumerate(AREAS)}


@dataclass(frozen=True, slots=True)
class Contesting:
    """Which facts of this person are contested, and where one is; `url` "" for who may not contest.

    `{}` in `url` stands for the fact.
    """

    contested: Collection[str] = ()
    url: str = ""

    def of(self, name: str, book: Book) -> Mapping[str, Any]:
        """Whether a fact, or one it is worked out of, is contested, and where it can be."""
        behind = rests_on(name, book)
        can_be = bool(self.url) and not registry.CONTESTABLE.isdisjoint(behind)
        return {
            "contested": any(each in self.contested for each in behind),
            "url": self.url.format(behind[0] if len(behind) == 1 else name) if can_be else "",
        }


@lru_cache(maxsize=1024)
def rests_on(name: str, book: Book) -> tuple[str, ...]:
    """The stored facts behind a fact: itself, the day behind a span, what a derived one is worked out of."""
    fact = book.vocabulary[name]
    if fact.of:
        return (fact.of,)
    if fact.derived is None:
        return (name,)
    return tuple(dict.fromkeys(each for leaf in leaves(fact.derived) for each in rests_on(leaf.fact, book)))


def cards_for(
    decisions: Iterable[Decision], asking: Asking, contesting: Contesting
) -> list[Mapping[str, Any]]:
    """One card a benefit: first what can be had, then what lacks an answer, then what cannot be had."""
    return [_card(each, asking.book, asking.first_of(each), contesting) for each in _in_order(decisions)]


def heads_for(decisions: Iterable[Decision], book: Book, *, body_url: str) -> list[Mapping[str, Any]]:
    """The same cards shut: what lies below each is at `body_url`, in which `{}` stands for its code."""
    return [{**_head(each, book), "body_url": body_url.format(each.code)} for each in _in_order(decisions)]


def _in_order(decisions: Iterable[Decision]) -> list[Decision]:
    return sorted(decisions, key=lambda d: (_ORDER[d.verdict], d.code))


def wanted(decisions: Iterable[Decision], book: Book, *, words: str, area: str) -> list[Decision]:
    """The decisions on benefits of an area whose title or code has every one of the words."""
    asked = half_width(words).casefold().split()
    return [
        decision
        for decision in decisions
        if area in ("", book.benefits[decision.code].area)
        and all(word in half_width(f"{decision.title} {decision.code}").casefold() for word in asked)
    ]


def grouped(cards: Sequence[Mapping[str, Any]], *, unfolded: bool) -> list[dict[str, Any]]:
    """The cards by area, folded into one line each; an area stands open where there is little to read."""
    ordered = sorted(cards, key=lambda card: (_AREA_ORDER[card["area"]], _ORDER[card["verdict"]]))
    is_mixed = len({card["verdict"] for card in cards}) > 1
    unfolded = unfolded or len(cards) <= FEW
    return [
        {"area": AREAS[area], "open": unfolded, "count": len(group), "cards": group}
        for area, found in groupby(ordered, key=lambda card: card["area"])
        for group in [[{**card, "fold": True, "says_verdict": is_mixed} for card in found]]
    ]


def _head(decision: Decision, book: Book) -> Mapping[str, Any]:
    benefit = book.benefits[decision.code]
    version = benefit.version(on=decision.on)
    assert version is not None
    return {
        "code": decision.code,
        "area": benefit.area,
        "verdict": decision.verdict,
        "title": decision.title,
        "sentence": _sentence(decision, version.what),
    }


def _card(
    decision: Decision, book: Book, question: Mapping[str, Any] | None, contesting: Contesting
) -> Mapping[str, Any]:
    return {
        **_head(decision, book),
        "reasons": [
            _reason(reason, book, contesting)
            for reason in decision.reasons
            if _says_something(reason, decision)
        ],
        "basis": [{"text": str(basis)} for basis in decision.basis],
        "unconfirmed": decision.unconfirmed,
        "grade": GRADES[decision.source_grade],
        "question": question,
        "relation": decision.relation or "",
    }


def _sentence(decision: Decision, what: str) -> str:
    if decision.verdict == "granted":
        return what
    if decision.verdict == "unknown":
        labels = listed(missing.label for missing in decision.missing)
        return worded("还差 {count} 个情况：{labels}", count=len(decision.missing), labels=labels)
    failed = [reason for reason in decision.reasons if reason.state == "failed"]
    return worded("卡在这一条：{condition}", condition=failed[0].text) if failed else ""


def _says_something(reason: Reason, decision: Decision) -> bool:
    """A refusal shows what failed; a grant what was met; a question what is met and what is missing."""
    return reason.state == "failed" if decision.verdict == "not-granted" else True


def _reason(reason: Reason, book: Book, contesting: Contesting) -> Mapping[str, Any]:
    """A reason with the facts it read, each of which can be contested; of what it lacks, who would know."""
    read = [
        {
            "text": worded("{label}：{value}", label=fact.label, value=fact.shown),
            **contesting.of(fact.name, book),
        }
        for fact in reason.facts
    ]
    source = ""
    if reason.state == "unknown":
        known_by = dict.fromkeys(book.vocabulary[missing.name].known_by for missing in reason.missing)
        if who := listed(known_by, "；"):
            source = worded("能查到的地方：{who}", who=who)
    return {"state": _STATES[reason.state], "text": reason.text, "facts": read, "source": source}
