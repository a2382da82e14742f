"""A checked condition made ready for engines: derived facts expanded, spans of time turned into dates."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import cast

from rongjun.rules.days import Span, latest_start
from rongjun.rules.tree import (
    All,
    Between,
    Compare,
    Condition,
    Either,
    Leaf,
    Missing,
    Not,
    OneOf,
    conjunction,
    leaves,
)
from rongjun.rules.vocabulary import Fact, Vocabulary


def rebuild(condition: Condition, leaf: Callable[[Leaf], Condition]) -> Condition:
    """The same tree with every leaf replaced."""
    if isinstance(condition, Not):
        return Not(rebuild(condition.part, leaf))
    if isinstance(condition, All):
        return All(tuple(rebuild(part, leaf) for part in condition.parts))
    if isinstance(condition, Either):
        return Either(tuple(rebuild(part, leaf) for part in condition.parts))
    return leaf(condition)


def expand(condition: Condition, *, vocabulary: Vocabulary) -> Condition:
    """Replace derived facts by what they stand for."""

    def leaf(node: Leaf) -> Condition:
        return vocabulary[node.fact].derived or node

    return rebuild(condition, leaf)


def stored_facts(condition: Condition, *, vocabulary: Vocabulary) -> tuple[str, ...]:
    """The facts an app must supply to judge this condition, sorted."""
    names = {leaf.fact for leaf in leaves(expand(condition, vocabulary=vocabulary))}
    return tuple(sorted({vocabulary[name].of or name for name in names}))


def fold(condition: Condition, *, vocabulary: Vocabulary, on: date) -> Condition:
    """Expand, and turn every age or span into comparisons of its date column as of day `on`."""

    def leaf(node: Leaf) -> Condition:
        fact = vocabulary[node.fact]
        return _fold_span(node, fact, on=on) if fact.of else node

    return rebuild(expand(condition, vocabulary=vocabulary), leaf)


def _fold_span(node: Leaf, fact: Fact, *, on: date) -> Condition:
    if isinstance(node, Missing):
        return Missing(fact.of, negated=node.negated)
    if isinstance(node, Between):
        return _reached(fact, cast(int, node.low), cast(int, node.high), on=on, negated=node.negated)
    if isinstance(node, OneOf):
        parts = tuple(
            _reached(fact, cast(int, n), cast(int, n), on=on, negated=node.negated) for n in node.values
        )
        if node.negated:
            return conjunction(parts)
        return parts[0] if len(parts) == 1 else Either(parts)
    assert isinstance(node, Compare)
    return _fold_comparison(node, fact, on=on)


def _fold_comparison(node: Compare, fact: Fact, *, on: date) -> Condition:
    amount = cast(int, node.value)
    if node.op in {"=", "<>"}:
        return _reached(fact, amount, amount, on=on, negated=node.op == "<>")
    at_least = amount + 1 if node.op in {">", "<="} else amount
    edge = latest_start(cast(Span, fact.kind), at_least, on=on)
    return Compare(fact.of, "<=" if node.op in {">", ">="} else ">", edge)


def _reached(fact: Fact, low: int, high: int, *, on: date, negated: bool) -> Condition:
    """Between `low` and `high` have passed: the date lies between two dates, ends included."""
    kind = cast(Span, fact.kind)
    last = latest_start(kind, low, on=on)
    first = latest_start(kind, high + 1, on=on) + timedelta(days=1)
    return Between(fact.of, first, last, negated=negated)
