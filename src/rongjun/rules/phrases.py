"""A condition as the Chinese sentence a clerk would sign."""

from collections.abc import Mapping

from rongjun.rules.tree import (
    OPPOSITE,
    All,
    Between,
    Compare,
    Condition,
    Constant,
    Either,
    Holds,
    Leaf,
    Missing,
    Not,
    Region,
)
from rongjun.rules.vocabulary import Fact, Vocabulary

_BRACKETS = (("（", "）"), ("〔", "〕"))
_NO_REGIONS: Mapping[str, Region] = {}


def phrase(condition: Condition, *, vocabulary: Vocabulary) -> str:
    """The condition in Chinese, without a full stop."""
    return _phrase(condition, vocabulary, depth=0)


def _phrase(condition: Condition, vocabulary: Vocabulary, *, depth: int) -> str:
    if isinstance(condition, All | Either):
        word = "，并且" if isinstance(condition, All) else "，或者"
        return word.join(_grouped(part, vocabulary, depth=depth) for part in condition.parts)
    if isinstance(condition, Not):
        return _negated(condition.part, vocabulary, depth=depth)
    return _leaf(condition, vocabulary[condition.fact], denied=False)


def _grouped(condition: Condition, vocabulary: Vocabulary, *, depth: int) -> str:
    if not isinstance(condition, All | Either):
        return _phrase(condition, vocabulary, depth=depth)
    opening, closing = _BRACKETS[depth % len(_BRACKETS)]
    return f"{opening}{_phrase(condition, vocabulary, depth=depth + 1)}{closing}"


def _negated(part: Condition, vocabulary: Vocabulary, *, depth: int) -> str:
    if isinstance(part, All | Either | Not):
        return f"不属于{_grouped(part, vocabulary, depth=depth)}的情形"
    return _leaf(part, vocabulary[part.fact], denied=True)


def _leaf(leaf: Leaf, fact: Fact, *, denied: bool) -> str:
    if isinstance(leaf, Holds):
        return fact.says_not if denied else fact.says
    if isinstance(leaf, Compare):
        return _comparison(leaf, fact, denied=denied)
    denied = denied != leaf.negated
    if isinstance(leaf, Missing):
        return f"{fact.label}{'已' if denied else '未'}登记"
    if isinstance(leaf, Between):
        ends = f"{_shown(fact, leaf.low)}到 {_shown(fact, leaf.high)}之间"
        return f"{fact.label}{'不在' if denied else '在'} {ends}"
    return _listed([_shown(fact, value) for value in leaf.values], fact, denied=denied)


def _listed(values: list[str], fact: Fact, *, denied: bool) -> str:
    if fact.kind == "division":
        return (fact.says_not if denied else fact.says).format("、".join(values))
    if denied:
        return f"{fact.label}不在“{'、'.join(values)}”之列"
    return f"{fact.label}是{_spaced('或'.join(values))}"


def _comparison(leaf: Compare, fact: Fact, *, denied: bool) -> str:
    op = OPPOSITE[leaf.op] if denied else leaf.op
    if fact.kind == "division":
        return (fact.says if op == "=" else fact.says_not).format(_shown(fact, leaf.value))
    if op in {"=", "<>"}:
        return f"{fact.label}{'是' if op == '=' else '不是'}{_spaced(_shown(fact, leaf.value))}"
    if fact.kind == "date":
        word = {">=": "不早于", ">": "晚于", "<": "早于", "<=": "不晚于"}[op]
        return f"{fact.label}{word} {_shown(fact, leaf.value)}"
    return f"{fact.label}{fact.compare[op].format(_shown(fact, leaf.value))}"


def _shown(fact: Fact, value: Constant) -> str:
    return value.title if isinstance(value, Region) else fact.show(value, regions=_NO_REGIONS)


def _spaced(text: str) -> str:
    return f" {text}" if text[:1].isdigit() else text
