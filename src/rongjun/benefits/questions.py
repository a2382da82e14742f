"""What to ask of somebody whose benefits are undecided, how it may be answered, and an answer read back.

Plain values in, plain dictionaries out; the same for a clerk and for the person.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils.translation import gettext as _

from rongjun.kernel.errors import Refused
from rongjun.kernel.reading import half_width
from rongjun.kernel.words import Words, worded
from rongjun.rules.api import Book, Decision, Fact

YES_NO: Words[list[dict[str, str]]] = [{"label": "是", "value": "true"}, {"label": "不是", "value": "false"}]
EARLIEST_DAY = date(1900, 1, 1)
ANSWER_HOLDS = timedelta(days=365)  # 待局方确认: an answered circumstance is asked again after a year
BEST_QUESTIONS = 5
_DIGITS_OF = {"province": 2, "city": 4, "county": 6}
_TYPED: Mapping[str, Callable[[str], object]] = {
    "bool": lambda text: text == "true",
    "int": int,
    "division": int,
    "date": date.fromisoformat,
}
_CODE = re.compile(r"[1-9]\d{5}(\d{6})?", re.ASCII)
_NUMBER = re.compile(r"\d{1,9}", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Asking:
    """What may be asked of this person, and where the answer goes.

    `askable` are the facts whose answer would be taken; nothing else is asked.
    """

    book: Book
    askable: Collection[str]
    answer_url: str
    today: date

    def can_ask(self, name: str) -> bool:
        """Whether an answer on the spot would be taken."""
        fact = self.book.vocabulary.facts.get(name)
        return fact is not None and name in self.askable and is_answerable(fact)

    def first_of(self, decision: Decision) -> Mapping[str, Any] | None:
        """Exactly one question: the first missing fact that a clerk can answer on the spot."""
        for missing in decision.missing:
            if self.can_ask(missing.name):
                return self.question(missing.name, missing.question)
        return None

    def question(self, name: str, text: str) -> Mapping[str, Any]:
        """The question as a page shows it, with buttons, a field, or both."""
        fact = self.book.vocabulary.facts[name]
        return {
            "text": text,
            "url": self.answer_url,
            "name": name,
            "answers": _buttons(fact, self.book),
            "field": _field(fact, today=self.today),
            "why": _("能查到的地方：%(who)s。答案会记上是谁、什么时候说的，判定马上重算。")
            % {"who": fact.known_by or _("本人")},
        }


@dataclass(frozen=True, slots=True)
class BestQuestions:
    """The few questions most decisions wait for, and how many decisions are settled once all are answered."""

    questions: list[Mapping[str, Any]]
    settles: int


def best_questions(decisions: Sequence[Decision], asking: Asking) -> BestQuestions:
    """What to ask first: the missing facts that most undecided benefits wait for, if they can be answered."""
    waiting = Counter(missing.name for decision in decisions for missing in decision.missing)
    texts = {missing.name: missing.question for decision in decisions for missing in decision.missing}
    names = sorted(filter(asking.can_ask, waiting), key=lambda name: (-waiting[name], name))[:BEST_QUESTIONS]
    return BestQuestions(
        [{**asking.question(name, texts[name]), "waiting": waiting[name]} for name in names],
        sum(bool(d.missing) and {missing.name for missing in d.missing} <= set(names) for d in decisions),
    )


def read_answer(fact: Fact, text: str, *, book: Book, today: date) -> str:
    """The answer as it is recorded, from a button or the field of a question.

    Refused("registry.not-a-question") for what was not among the buttons,
    Refused("registry.answer-outside") for a number or a day outside the limits.
    """
    if not is_answerable(fact):
        raise Refused("registry.not-a-question")
    answer, field = half_width(text), _field(fact, today=today)
    if answer in {button["value"] for button in _buttons(fact, book)}:
        return answer
    if field is None:
        raise Refused("registry.not-a-question")
    if fact.kind == "division":
        answer = _cut_to(fact.level, answer)
    if not _lies_between(fact, answer, today=today):
        raise Refused("registry.answer-outside", limits=field["limits"])
    return answer


def stated_in_words(name: str, value: str, *, book: Book) -> str:
    """A kept answer as a clerk reads it («住房困难：是»); one the book no longer knows says only that."""
    fact = book.vocabulary.facts.get(name)
    if fact is None:
        return _("补充情况（现行政策册不再用）")
    return worded("{label}：{value}", label=fact.label, value=_in_words(fact, value, book))


def _in_words(fact: Fact, value: str, book: Book) -> str:
    try:
        typed: Any = _TYPED[fact.kind](value) if fact.kind in _TYPED else value
    except ValueError:
        return value
    return fact.show(typed, regions=book.regions)


def is_answerable(fact: Fact) -> bool:
    """Whether buttons or one field take the answer; a free text needs a form."""
    return fact.kind in {"bool", "enum", "int", "date", "division"}


def _buttons(fact: Fact, book: Book) -> list[dict[str, str]]:
    if fact.kind == "bool":
        return list(YES_NO)
    if fact.kind == "division":
        near = [region for region in book.regions.values() if region.level == fact.level]
        return [{"label": region.title, "value": str(region.code)} for region in near]
    return [{"label": label, "value": value} for value, label in fact.values.items()]


def _field(fact: Fact, *, today: date) -> Mapping[str, Any] | None:
    """The one field of a number or a day, with its limits; None for what buttons answer."""
    if fact.kind == "int":
        low, high = str(fact.lowest), str(fact.highest)
        words = worded("{low} 到 {high} 的整数", low=low, high=high)
        return {"type": "number", "min": low, "max": high, "unit": fact.unit, "limits": words}
    if fact.kind == "date":
        # Every day we ask for lies behind: born, discharged, registered, graduated.
        low, high = EARLIEST_DAY.isoformat(), today.isoformat()
        words = worded("{low} 到 {high} 之间的日期，写成年-月-日", low=low, high=high)
        return {"type": "date", "min": low, "max": high, "unit": "", "limits": words}
    if fact.kind == "division":
        return {"type": "text", "digits": 6, "unit": "", "limits": _("别的地方填 6 位区划代码")}
    return None


def _cut_to(level: str, answer: str) -> str:
    """The division of a level in which a place lies, as twelve digits; "" for what is no such place."""
    digits = _DIGITS_OF[level]
    is_whole = bool(_CODE.fullmatch(answer)) and answer[digits - 2 : digits] != "00"
    return answer[:digits].ljust(12, "0") if is_whole else ""


def _lies_between(fact: Fact, answer: str, *, today: date) -> bool:
    if fact.kind == "division":
        return bool(answer)
    if fact.kind == "int":
        return bool(_NUMBER.fullmatch(answer)) and fact.accepts(int(answer))
    try:
        return bool(_DAY.fullmatch(answer)) and EARLIEST_DAY <= date.fromisoformat(answer) <= today
    except ValueError:
        return False
