"""The same rules as somebody would write them in NumPy by hand, and how long they take.

`write` turns the checked conditions into such a program, one expression a rule; nobody writes hundreds.
A condition is two masks, surely true and surely false, so unknown is neither. Comparisons, derived facts
and the kin of the dead are worked out once and shared; enumerations are small codes and dates are days
from the start, as somebody who cares for speed would hold them. Only making these columns is not timed.

NumPy is not among the project's packages: `python -m bench.by_hand FOLDER` runs in a process that has it.
"""

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, Final

import polars as pl

from bench.measuring import keep_to_cores, timed, timing
from bench.population import Population
from bench.setting import ON, Setting, opened
from rongjun.rules.api import (
    PERSON,
    All,
    Between,
    Book,
    Compare,
    Condition,
    Constant,
    Either,
    Fact,
    Holds,
    Leaf,
    Missing,
    Not,
    OneOf,
    Vocabulary,
    bare,
    conjunction,
    fold,
    sweep,
)

_EPOCH: Final = date(1970, 1, 1)
_NO_CODE: Final = 0


# The program


def conditions(book: Book, *, on: date) -> dict[str, Condition]:
    """Each benefit's condition with its guards, derived facts still by name."""
    return {
        benefit.code: conjunction((version.when, *(g.when for _, g in book.guards_before(benefit, on=on))))
        for benefit, version in book.in_force(on=on)
    }


def kin_codes(book: Book, *, on: date) -> list[str]:
    """The benefits that ask for a relation."""
    vocabulary = book.vocabulary
    return [
        code
        for code, condition in conditions(book, on=on).items()
        if any(vocabulary[name].per_relation for name in _reads(condition, vocabulary, on=on))
    ]


def write(name: str, rules: Sequence[Condition], *, vocabulary: Vocabulary, on: date) -> str:
    """A function `name(c)`: from columns to one (true, false) pair a rule."""
    hand = _Hand(vocabulary, on)
    results = [f"({hand.say(rule, true=True)}, {hand.say(rule, true=False)})," for rule in rules]
    body = [*hand.fetched.values(), *hand.lines, "return [", *(f"    {line}" for line in results), "]"]
    return f"def {name}(c):\n" + "".join(f"    {line}\n" for line in body)


@dataclass(slots=True)
class _Hand:
    vocabulary: Vocabulary
    on: date
    fetched: dict[str, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    _names: dict[Condition, int] = field(default_factory=dict)

    def say(self, node: Condition, *, true: bool) -> str:
        """The mask where a condition surely holds, or surely does not."""
        if isinstance(node, Not):
            return self.say(node.part, true=not true)
        if isinstance(node, All | Either):
            sign = " & " if isinstance(node, All) is true else " | "
            return "(" + sign.join(self.say(part, true=true) for part in node.parts) + ")"
        fact = self.vocabulary[node.fact]
        if fact.of:
            folded = fold(node, vocabulary=self.vocabulary, on=self.on)
            return self._shared(folded, true=true) if _is_leaf(folded) else self.say(folded, true=true)
        return self._shared(node, true=true)

    def _shared(self, leaf: Condition, *, true: bool) -> str:
        """The name of a pair of masks worked out once."""
        if leaf not in self._names:
            lines = self._derived(leaf) or self._leaf(leaf)
            self._names[leaf] = number = len(self._names)
            self.lines += [line.format(n=number) for line in lines]
        return f"{'t' if true else 'f'}{self._names[leaf]}"

    def _derived(self, leaf: Condition) -> list[str]:
        derived = self.vocabulary[leaf.fact].derived if isinstance(leaf, Holds) else None
        if derived is None:
            return []
        return [f"t{{n}} = {self.say(derived, true=True)}", f"f{{n}} = {self.say(derived, true=False)}"]

    def _leaf(self, leaf: Condition) -> list[str]:
        assert isinstance(leaf, Holds | Compare | OneOf | Between | Missing)
        fact = self.vocabulary[leaf.fact]
        self.fetched.setdefault(leaf.fact, f"x_{leaf.fact}, k_{leaf.fact} = c['{leaf.fact}']")
        value, known = f"x_{leaf.fact}", f"k_{leaf.fact}"
        if isinstance(leaf, Holds):
            return [f"t{{n}}, f{{n}} = {value}, {known} ^ {value}"]
        if isinstance(leaf, Missing):
            pair = (known, f"~{known}") if leaf.negated else (f"~{known}", known)
            return [f"t{{n}}, f{{n}} = {pair[0]}, {pair[1]}"]
        t, f = ("f", "t") if getattr(leaf, "negated", False) else ("t", "f")
        test = _test(leaf, value, partial(number_of, fact))
        return [f"{t}{{n}} = {known} & {test}", f"{f}{{n}} = {known} ^ {t}{{n}}"]


def _is_leaf(node: Condition) -> bool:
    return not isinstance(node, Not | All | Either)


def _test(leaf: Leaf, value: str, number: Callable[[Constant], int]) -> str:
    if isinstance(leaf, Compare):
        sign = {"=": "==", "<>": "!="}.get(leaf.op, leaf.op)
        return f"({value} {sign} {number(leaf.value)})"
    if isinstance(leaf, Between):
        return f"({value} >= {number(leaf.low)}) & ({value} <= {number(leaf.high)})"
    assert isinstance(leaf, OneOf)
    return "(" + " | ".join(f"({value} == {number(each)})" for each in leaf.values) + ")"


def number_of(fact: Fact, constant: Constant) -> int:
    """A constant as the columns hold it: days for a date, a code for a word."""
    plain = bare(constant)
    if isinstance(plain, date):
        return (plain - _EPOCH).days
    return list(fact.values).index(plain) + 1 if isinstance(plain, str) else plain


def _reads(condition: Condition, vocabulary: Vocabulary, *, on: date) -> Iterable[str]:
    """The columns a rule needs."""
    hand = _Hand(vocabulary, on)
    hand.say(condition, true=True)
    return hand.fetched


# The columns


def columns(facts: Iterable[Fact], frame: pl.DataFrame) -> dict[str, Any]:
    """Each fact as (values, known); a fact nobody has a column for is a pair of constants."""
    return {fact.name: _column(fact, frame) for fact in facts}


def _column(fact: Fact, frame: pl.DataFrame) -> tuple[Any, Any]:
    import numpy as np

    absent = fact.absent is not None
    if fact.name not in frame.columns:
        value = number_of(fact, fact.absent) if fact.absent else False if fact.kind == "bool" else _NO_CODE
        return (np.bool_(value) if fact.kind == "bool" else np.int64(value)), np.bool_(absent)
    column = frame[fact.name]
    known = np.ones(len(column), dtype=bool) if absent else column.is_not_null().to_numpy()
    if fact.kind == "bool":
        return column.fill_null(value=False).to_numpy(), known
    if fact.kind == "date":
        return column.to_physical().fill_null(_NO_CODE).to_numpy(), known
    if fact.kind == "enum":
        codes = {value: number_of(fact, value) for value in fact.values}
        unrecorded = number_of(fact, fact.absent) if fact.absent else _NO_CODE
        return column.replace_strict(codes, return_dtype=pl.Int8).fill_null(unrecorded).to_numpy(), known
    return column.fill_null(_NO_CODE).to_numpy(), known


# The run


@dataclass(frozen=True, slots=True)
class _ByHand:
    """Everything in memory as the program wants it; `owner` is the row of the person of each relation."""

    people: Callable[[Any], list[Any]]
    kin: Callable[[Any], list[Any]]
    own: Mapping[str, Any]
    shared: tuple[str, ...]
    theirs: Mapping[str, Any]
    owner: Any
    starts: Any
    places: tuple[int, ...]
    height: int

    def run(self) -> list[tuple[Any, Any]]:
        """Every rule for everybody; a rule over kin holds when it holds for one relation."""
        import numpy as np

        found = self.people(self.own)
        if not len(self.owner):
            return found
        gathered = {
            name: tuple(part[self.owner] if part.ndim else part for part in self.own[name])
            for name in self.shared
        }
        related = self.owner[self.starts]
        for place, (true, false) in zip(self.places, self.kin({**gathered, **self.theirs}), strict=True):
            for side, (mask, among) in enumerate(((true, np.logical_or), (false, np.logical_and))):
                each = among.reduceat(np.broadcast_to(mask, self.owner.shape), self.starts)
                whole = np.array(np.broadcast_to(found[place][side], self.height))
                whole[related] = each
                found[place] = (whole, found[place][1]) if side == 0 else (found[place][0], whole)
        return found


def _prepared(book: Book, everybody: Population) -> tuple[_ByHand, list[str], str]:
    vocabulary, rules = book.vocabulary, conditions(book, on=ON)
    of_kin = kin_codes(book, on=ON)
    text = write("people", list(rules.values()), vocabulary=vocabulary, on=ON) + write(
        "kin", [rules[code] for code in of_kin], vocabulary=vocabulary, on=ON
    )
    space: dict[str, Any] = {}
    exec(compile(text, "<by hand>", "exec"), space)  # noqa: S102 - written above from the checked trees
    rows = everybody.people.select(PERSON).with_row_index("row")
    each = everybody.relations.join(rows, on=PERSON, how="inner").sort("row", maintain_order=True)
    owner = each["row"]
    read = {name for code in of_kin for name in _reads(rules[code], vocabulary, on=ON)}
    hand = _ByHand(
        people=space["people"],
        kin=space["kin"],
        own=columns(vocabulary.stored(), everybody.people),
        shared=tuple(sorted(name for name in read if not vocabulary[name].per_relation)),
        theirs=columns([fact for fact in vocabulary.stored() if fact.per_relation], each),
        owner=owner.cast(pl.Int64).to_numpy(),
        starts=owner.is_first_distinct().arg_true().cast(pl.Int64).to_numpy(),
        places=tuple(list(rules).index(code) for code in of_kin),
        height=everybody.people.height,
    )
    return hand, list(rules), text


def measure(setting: Setting) -> dict[str, Any]:
    """Time both in turn, so that other work on the machine meets both, and compare every cell."""
    book, everybody = setting.book(), setting.population("everybody")
    hand, codes, text = _prepared(book, everybody)
    (setting.folder / "by_hand.txt").write_text(text, "utf-8")
    swept = partial(sweep, book, frame=everybody.people, relations=everybody.relations, on=ON)
    different = _different(swept(), hand.run(), codes)
    ours, theirs = [], []
    for _ in range(setting.size.sweeps):
        ours.append(timed(swept))
        theirs.append(timed(hand.run))
    import numpy as np

    return {
        "different_cells": different,
        "cells": len(codes) * everybody.people.height,
        "sweep": timing(ours).plain(),
        "by_hand": timing(theirs).plain(),
        "numpy": np.__version__,
    }


def _different(wide: pl.DataFrame, found: list[tuple[Any, Any]], codes: list[str]) -> int:
    """How many cells are not the same, nulls included."""
    import numpy as np

    assert wide.columns[1:] == codes
    different = 0
    for code, (true, false) in zip(codes, found, strict=True):
        column = wide[code]
        same = (column.fill_null(value=False).to_numpy() == true) & (
            (~column.fill_null(value=True)).to_numpy() == false
        )
        different += int(np.count_nonzero(~np.broadcast_to(same, wide.height)))
    return different


if __name__ == "__main__":
    keep_to_cores()
    place = Path(sys.argv[1])
    (place / "by_hand.json").write_text(json.dumps(measure(opened(place))), "utf-8")
