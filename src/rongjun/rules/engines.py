"""One condition, three executions that agree on every person, nulls included.

`as_sql` for PostgreSQL and DuckDB, `as_polars` for a population in memory, and `compile_python` for one
person. The first two take a folded condition (dates only); the generated Python works spans out itself
with `days.span`, so that agreement between them also proves the folding.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import reduce
from operator import and_, or_
from typing import cast

import polars as pl

from rongjun.rules.days import Span, span
from rongjun.rules.folding import expand
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
)
from rongjun.rules.vocabulary import Value, Vocabulary

Verdicts = tuple[bool | None, ...]
Get = Callable[[str], Value]


# SQL


def as_sql(folded: Condition, *, columns: Mapping[str, str] | None = None) -> str:
    """The condition as SQL text both PostgreSQL and DuckDB read the same way: true, false or NULL.

    `columns` maps a fact to the SQL expression of its column (default: the quoted fact name). Texts are
    quoted here; only checked fact names and constants ever enter the result.
    """
    if isinstance(folded, Not):
        return f"(NOT {as_sql(folded.part, columns=columns)})"
    if isinstance(folded, All | Either):
        word = " AND " if isinstance(folded, All) else " OR "
        return "(" + word.join(as_sql(part, columns=columns) for part in folded.parts) + ")"
    column = (columns or {}).get(folded.fact, f'"{folded.fact}"')
    return _leaf_sql(folded, column)


def _leaf_sql(leaf: Leaf, column: str) -> str:
    if isinstance(leaf, Holds):
        return f"COALESCE({column}, FALSE)" if leaf.absent_false else column
    if isinstance(leaf, Compare):
        return f"({column} {leaf.op} {_literal(leaf.value)})"
    negation = "NOT " if leaf.negated else ""
    if isinstance(leaf, OneOf):
        return f"({column} {negation}IN ({', '.join(_literal(value) for value in leaf.values)}))"
    if isinstance(leaf, Between):
        return f"({column} {negation}BETWEEN {_literal(leaf.low)} AND {_literal(leaf.high)})"
    return f"({column} IS {negation}NULL)"


def _literal(value: Constant) -> str:
    plain = bare(value)
    if isinstance(plain, date):
        return f"DATE '{plain.isoformat()}'"
    if isinstance(plain, int):
        return str(plain)
    return "'" + plain.replace("'", "''") + "'"


# Polars


def as_polars(folded: Condition) -> pl.Expr:
    """The condition as a Polars expression: true, false or null."""
    if isinstance(folded, Not):
        return ~as_polars(folded.part)
    if isinstance(folded, All):
        return reduce(and_, (as_polars(part) for part in folded.parts))
    if isinstance(folded, Either):
        return reduce(or_, (as_polars(part) for part in folded.parts))
    return _leaf_polars(folded, pl.col(folded.fact))


def _leaf_polars(leaf: Leaf, column: pl.Expr) -> pl.Expr:
    if isinstance(leaf, Holds):
        return column.fill_null(value=False) if leaf.absent_false else column
    if isinstance(leaf, Compare):
        return _COMPARISONS[leaf.op](column, pl.lit(bare(leaf.value)))
    if isinstance(leaf, Missing):
        return column.is_not_null() if leaf.negated else column.is_null()
    if isinstance(leaf, Between):
        found = column.is_between(pl.lit(bare(leaf.low)), pl.lit(bare(leaf.high)))
    else:
        found = reduce(or_, (column == pl.lit(bare(value)) for value in leaf.values))
    return ~found if leaf.negated else found


_COMPARISONS: Mapping[str, Callable[[pl.Expr, pl.Expr], pl.Expr]] = {
    "=": lambda left, right: left == right,
    "<>": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}


# Python


@dataclass(frozen=True, slots=True)
class Program:
    """Generated Python for many conditions at once; leaves and facts they share are worked out once."""

    source: str
    constants: tuple[object, ...]
    run: Callable[[Get, tuple[object, ...], date], Verdicts]

    def __call__(self, facts: Mapping[str, Value], *, on: date) -> Verdicts:
        """True, False or None (unknown) for each condition."""
        return self.run(facts.get, self.constants, on)


def compile_python(conditions: Sequence[Condition], *, vocabulary: Vocabulary) -> Program:
    """Generate one function judging all conditions for one person.

    The source holds only fact names of the vocabulary and our own keywords; constants are handed in
    beside it, so no text from a policy file ever becomes code.
    """
    writer = _Writer(vocabulary)
    results = [writer.result(expand(condition, vocabulary=vocabulary)) for condition in conditions]
    body = [*writer.fact_lines, *writer.leaf_lines, f"return ({''.join(f'{r}, ' for r in results)})"]
    source = "def judge(get, c, on):\n" + "".join(f"    {line}\n" for line in body)
    space: dict[str, object] = {"span": span}
    exec(compile(source, "<policy>", "exec"), space)  # noqa: S102  (our own text, see above)
    run = cast(Callable[[Get, tuple[object, ...], date], Verdicts], space["judge"])
    return Program(source=source, constants=tuple(writer.constants), run=run)


@dataclass(slots=True)
class _Writer:
    """Writes locals: v_… for facts, l… for leaves (True, False or None).

    "Certainly true" and "certainly false" are written as two expressions of native and/or, which is
    Kleene logic without a single function call.
    """

    vocabulary: Vocabulary
    fact_lines: list[str] = field(default_factory=list)
    leaf_lines: list[str] = field(default_factory=list)
    constants: list[object] = field(default_factory=list)
    _leaves: dict[Leaf, str] = field(default_factory=dict)
    _facts: set[str] = field(default_factory=set)

    def result(self, condition: Condition) -> str:
        true, false = self._certain(condition, wanted=True), self._certain(condition, wanted=False)
        return f"True if {true} else False if {false} else None"

    def _certain(self, condition: Condition, *, wanted: bool) -> str:
        if isinstance(condition, Not):
            return self._certain(condition.part, wanted=not wanted)
        if isinstance(condition, All | Either):
            word = " and " if isinstance(condition, All) is wanted else " or "
            return "(" + word.join(self._certain(part, wanted=wanted) for part in condition.parts) + ")"
        name = self._leaf(condition)
        return name if wanted else f"{name} is False"

    def _leaf(self, leaf: Leaf) -> str:
        if leaf not in self._leaves:
            self._leaves[leaf] = f"l{len(self._leaves)}"
            self.leaf_lines.append(f"{self._leaves[leaf]} = {self._leaf_value(leaf)}")
        return self._leaves[leaf]

    def _leaf_value(self, leaf: Leaf) -> str:
        value = self._fact(leaf.fact)
        if isinstance(leaf, Holds):
            return f"{value} is True" if leaf.absent_false else value
        if isinstance(leaf, Missing):
            return f"{value} is not None" if leaf.negated else f"{value} is None"
        return f"None if {value} is None else {self._known(leaf, value)}"

    def _known(self, leaf: Compare | OneOf | Between, value: str) -> str:
        if isinstance(leaf, Compare):
            op = {"=": "==", "<>": "!="}.get(leaf.op, leaf.op)
            return f"{value} {op} {self._constant(bare(leaf.value))}"
        if isinstance(leaf, OneOf):
            word = "not in" if leaf.negated else "in"
            return f"{value} {word} {self._constant(frozenset(bare(v) for v in leaf.values))}"
        low, high = self._constant(bare(leaf.low)), self._constant(bare(leaf.high))
        return f"{'not ' if leaf.negated else ''}{low} <= {value} <= {high}"

    def _constant(self, value: object) -> str:
        self.constants.append(value)
        return f"c[{len(self.constants) - 1}]"

    def _fact(self, name: str) -> str:
        if name not in self._facts:
            self._facts.add(name)
            fact = self.vocabulary[name]
            line = f"v_{name} = get('{name}')"
            if fact.of:
                start = self._fact(fact.of)
                line = f"v_{name} = None if {start} is None else span('{fact.kind}', {start}, on=on)"
            self.fact_lines.append(line)
        return f"v_{name}"


def span_value(facts: Mapping[str, Value], *, of: str, kind: str, on: date) -> int | None:
    """The age or span as of day `on`, or None when its date is not known."""
    start = facts.get(of)
    return span(cast(Span, kind), start, on=on) if isinstance(start, date) else None
