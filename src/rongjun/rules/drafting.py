"""People a condition would judge one way or the other, worked out from the condition itself.

Such people find conditions nobody can meet, and start a new file off. They say nothing about whether the
condition is right: an example in a policy file must be thought of by a person, so one that merely equals a
draft is refused by the check.
"""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import islice, product
from typing import Final

from rongjun.rules.folding import fold
from rongjun.rules.tree import (
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
    OneOf,
    bare,
    top_parts,
)
from rongjun.rules.vocabulary import Fact, Value, Vocabulary

# A condition has at most a few dozen ways to hold; more than this are not looked at.
MOST_WAYS: Final = 2_000
_DAY: Final = timedelta(days=1)
_NOBODY: Final = object()
_Wanted = tuple[Leaf, bool]
Person = dict[str, Value]


def witnesses(
    condition: Condition, *, vocabulary: Vocabulary, on: date, wanted: bool = True
) -> Iterator[Person]:
    """One smallest person for each way in which the condition comes out as wanted; none if it cannot."""
    folded = fold(condition, vocabulary=vocabulary, on=on)
    for way in islice(_ways(folded, wanted=wanted), MOST_WAYS):
        person = _person(way, vocabulary)
        if person is not None:
            yield person


def can_hold(condition: Condition, *, vocabulary: Vocabulary, on: date) -> bool:
    """Whether anybody at all can meet a condition."""
    return next(witnesses(condition, vocabulary=vocabulary, on=on), None) is not None


def drafts(condition: Condition, *, vocabulary: Vocabulary, on: date) -> tuple[list[Person], list[Person]]:
    """People who meet the condition, and people who miss exactly one part of it."""
    meeting = list(witnesses(condition, vocabulary=vocabulary, on=on))
    parts = top_parts(condition)
    missing: list[Person] = []
    for index, part in enumerate(parts):
        others = (*parts[:index], *parts[index + 1 :])
        misses = All((*others, Not(part))) if others else Not(part)
        missing += witnesses(misses, vocabulary=vocabulary, on=on)
    return meeting, missing


def _ways(node: Condition, *, wanted: bool) -> Iterator[tuple[_Wanted, ...]]:
    """Every set of comparisons that, coming out as said, make the condition come out as wanted."""
    if isinstance(node, Not):
        yield from _ways(node.part, wanted=not wanted)
    elif isinstance(node, All | Either):
        if isinstance(node, All) is not wanted:
            for part in node.parts:
                yield from _ways(part, wanted=wanted)
            return
        choices = [tuple(islice(_ways(part, wanted=wanted), MOST_WAYS)) for part in node.parts]
        for chosen in product(*choices):
            yield tuple(leaf for way in chosen for leaf in way)
    else:
        yield ((node, wanted),)


def _person(way: Sequence[_Wanted], vocabulary: Vocabulary) -> Person | None:
    asked: dict[str, list[_Wanted]] = {}
    for leaf, wanted in way:
        asked.setdefault(leaf.fact, []).append((leaf, wanted))
    person: Person = {}
    for name, wishes in asked.items():
        value = _fitting(vocabulary[name], wishes)
        if value is _NOBODY:
            return None
        person[name] = value  # type: ignore[assignment]
    return person


def _fitting(fact: Fact, wishes: Sequence[_Wanted]) -> object:
    for value in _candidates(fact, [leaf for leaf, _ in wishes]):
        if all(_state(leaf, value) is wanted for leaf, wanted in wishes):
            return value
    return _NOBODY


def _candidates(fact: Fact, leaves: Sequence[Leaf]) -> Iterator[Value]:
    """Values worth trying: every constant with its neighbours, every value of a closed list, and none."""
    if fact.kind == "bool":
        yield from (True, False)
    elif fact.kind == "enum":
        yield from fact.values
    else:
        ends = [bare(end) for leaf in leaves for end in _constants(leaf)]
        for near in dict.fromkeys(value for end in ends for value in _near(end)):
            if fact.kind != "int" or fact.accepts(near):
                yield near
    if fact.absent is None:
        yield None


def _constants(leaf: Leaf) -> tuple[Constant, ...]:
    if isinstance(leaf, Compare):
        return (leaf.value,)
    if isinstance(leaf, OneOf):
        return leaf.values
    return (leaf.low, leaf.high) if isinstance(leaf, Between) else ()


def _near(end: int | str | date) -> tuple[Value, ...]:
    if isinstance(end, int):
        return (end, end - 1, end + 1)
    return (end, end - _DAY, end + _DAY) if isinstance(end, date) else (end, f"{end}?")


def _state(leaf: Leaf, value: Value) -> bool | None:
    """How one comparison of a folded condition stands for one value."""
    if isinstance(leaf, Missing):
        return (value is None) is not leaf.negated
    if isinstance(leaf, Holds):
        return bool(value) if value is not None or leaf.absent_false else None
    if value is None:
        return None
    if isinstance(leaf, Compare):
        return _compared(leaf, value)
    if isinstance(leaf, OneOf):
        return (value in {bare(each) for each in leaf.values}) is not leaf.negated
    return (bare(leaf.low) <= value <= bare(leaf.high)) is not leaf.negated  # type: ignore[operator]


def _compared(leaf: Compare, value: Value) -> bool:
    edge = bare(leaf.value)
    if leaf.op in {"=", "<>"}:
        return (value == edge) is (leaf.op == "=")
    below, above = value < edge, value > edge  # type: ignore[operator]
    return {"<": below, "<=": not above, ">": above, ">=": not below}[leaf.op]
