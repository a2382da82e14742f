"""One person now: the verdict, and a reason for every condition."""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from functools import lru_cache
from typing import Literal

from rongjun.rules.book import Basis, Benefit, Book, Verdict, Version, canonical
from rongjun.rules.engines import Program, compile_python, span_value
from rongjun.rules.folding import stored_facts
from rongjun.rules.phrases import phrase
from rongjun.rules.tree import All, Condition, Either, Leaf, Not, conjunction, leaves, top_parts
from rongjun.rules.vocabulary import Value, Vocabulary

State = Literal["met", "failed", "unknown"]
_STATES: Mapping[bool | None, State] = {True: "met", False: "failed", None: "unknown"}
_VERDICTS: Mapping[bool | None, Verdict] = {True: "granted", False: "not-granted", None: "unknown"}


@dataclass(frozen=True, slots=True)
class FactUsed:
    """A fact a condition read: its value (dates as ISO text) and how a clerk reads it."""

    name: str
    label: str
    value: bool | int | str | None
    shown: str


@dataclass(frozen=True, slots=True)
class MissingFact:
    """A fact that would settle an unknown condition, and the question that asks for it."""

    name: str
    label: str
    question: str


@dataclass(frozen=True, slots=True)
class Reason:
    """One top-level condition: the sentence, how it stands, its clause, what it read, what it lacks."""

    text: str
    state: State
    clause: str
    facts: tuple[FactUsed, ...]
    missing: tuple[MissingFact, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided and why; enough to decide it again (`facts`, `book`, `version`, `on`).

    `unconfirmed` is true until the bureau has confirmed this wording: screens then say 待局方确认.
    """

    code: str
    title: str
    version: date
    book: str
    on: date
    verdict: Verdict
    reasons: tuple[Reason, ...]
    basis: tuple[Basis, ...]
    confidence: str
    source_grade: str
    unconfirmed: bool
    facts: tuple[tuple[str, bool | int | str | None], ...]

    @property
    def missing(self) -> tuple[MissingFact, ...]:
        """Every fact to ask for, once each; empty unless the verdict is unknown."""
        if self.verdict != "unknown":
            return ()
        return tuple(dict.fromkeys(fact for reason in self.reasons for fact in reason.missing))


def decide(book: Book, *, code: str, facts: Mapping[str, Value], on: date) -> Decision | None:
    """Judge one benefit for one person on a day; None when no version is in force on that day.

    `facts` are stored facts by name (a date may be ISO text, so recorded facts can be fed back); what is
    not in it is unknown, or false for facts declared `absent: false`. Raises KeyError for an unknown
    code, ValueError for a fact that is not in the vocabulary or has a value of the wrong kind.
    """
    benefit = book.benefits[code]
    version = benefit.version(on=on)
    if version is None:
        return None
    return _decide(_View(book, clean_facts(book, facts), on), benefit, version)


def decide_all(book: Book, *, facts: Mapping[str, Value], on: date) -> tuple[Decision, ...]:
    """Judge every benefit in force on a day, in order of their codes."""
    view = _View(book, clean_facts(book, facts), on)
    return tuple(_decide(view, benefit, version) for benefit, version in book.in_force(on=on))


def verdicts(book: Book, *, facts: Mapping[str, Value], on: date) -> dict[str, Verdict]:
    """The verdicts alone, for every benefit in force on a day; microseconds."""
    codes, program = _whole_program(book, bisect_right(book.changes, on))
    found = program(clean_facts(book, facts), on=on)
    return {code: _VERDICTS[state] for code, state in zip(codes, found, strict=True)}


def clean_facts(book: Book, facts: Mapping[str, Value]) -> dict[str, Value]:
    """Check one person's facts and fill in what counts as false when absent."""
    vocabulary = book.vocabulary.facts
    clean: dict[str, Value] = {}
    for name, value in facts.items():
        fact = vocabulary.get(name)
        if fact is None or not fact.is_stored:
            raise ValueError(f"{name} 不是可以提供的事实")
        clean[name] = date.fromisoformat(value) if fact.kind == "date" and isinstance(value, str) else value
        if not fact.accepts(clean[name]):
            raise ValueError(f"{name} 的值不合事实表的规定")
    for fact in book.vocabulary.defaults():
        if clean.get(fact.name) is None:
            clean[fact.name] = fact.absent
    return clean


def decision_bytes(decision: Decision) -> bytes:
    """The decision as canonical JSON: same facts and same book give the same bytes."""
    value = asdict(decision)
    value["on"], value["version"] = decision.on.isoformat(), decision.version.isoformat()
    for basis in value["basis"]:
        basis["effective_from"] = basis["effective_from"].isoformat() if basis["effective_from"] else None
    value["facts"] = dict(decision.facts)
    return canonical(value)


def full_condition(book: Book, benefit: Benefit, version: Version, *, on: date) -> Condition:
    """The benefit's condition and the guards before it, as one."""
    guards = tuple(guard.when for _, guard in book.guards_before(benefit, on=on))
    return conjunction((version.when, *guards))


def _first_day(book: Book, era: int) -> date:
    """The day on which an era of the book begins; within an era the versions in force stay the same."""
    return book.changes[era - 1] if era else date.min


@lru_cache(maxsize=32)
def _whole_program(book: Book, era: int) -> tuple[tuple[str, ...], Program]:
    day = _first_day(book, era)
    pairs = list(book.in_force(on=day))
    conditions = [full_condition(book, benefit, version, on=day) for benefit, version in pairs]
    return tuple(b.code for b, _ in pairs), compile_python(conditions, vocabulary=book.vocabulary)


@dataclass(frozen=True, slots=True)
class _Judge:
    """Everything about one benefit version that does not depend on the person."""

    parts: tuple[Condition, ...]
    reads: tuple[tuple[str, ...], ...]
    texts: tuple[str, ...]
    clauses: tuple[str, ...]
    stored: tuple[str, ...]
    program: Program


@lru_cache(maxsize=2_048)
def _judge(book: Book, code: str, era: int) -> _Judge:
    benefit, day = book.benefits[code], _first_day(book, era)
    version = benefit.version(on=day)
    assert version is not None
    own, own_clause = top_parts(version.when), _clause(version.basis)
    guards = [guard for _, guard in book.guards_before(benefit, on=day)]
    parts = (*own, *(guard.when for guard in guards))
    return _Judge(
        parts=parts,
        reads=tuple(tuple(dict.fromkeys(leaf.fact for leaf in leaves(part))) for part in parts),
        texts=tuple(phrase(part, vocabulary=book.vocabulary) for part in parts),
        clauses=(*[own_clause] * len(own), *(_clause(guard.basis) for guard in guards)),
        stored=stored_facts(conjunction(parts), vocabulary=book.vocabulary),
        program=compile_python([conjunction(parts), *parts], vocabulary=book.vocabulary),
    )


def _clause(basis: tuple[Basis, ...]) -> str:
    return "；".join(str(entry) for entry in basis)


def _decide(view: "_View", benefit: Benefit, version: Version) -> Decision:
    book, on = view.book, view.on
    judge = _judge(book, benefit.code, bisect_right(book.changes, on))
    verdict, *states = judge.program(view.facts, on=on)
    reasons = tuple(
        Reason(
            text=text,
            state=_STATES[state],
            clause=clause,
            facts=tuple(view.used(name) for name in names),
            missing=view.missing(part) if state is None else (),
        )
        for part, names, text, clause, state in zip(
            judge.parts, judge.reads, judge.texts, judge.clauses, states, strict=True
        )
    )
    return Decision(
        code=benefit.code,
        title=benefit.title,
        version=version.start,
        book=book.digest,
        on=on,
        verdict=_VERDICTS[verdict],
        reasons=reasons,
        basis=version.basis,
        confidence=benefit.confidence,
        source_grade=benefit.source_grade,
        unconfirmed=not book.is_confirmed(benefit, version),
        facts=tuple((name, view.used(name).value) for name in judge.stored),
    )


@dataclass(frozen=True, slots=True)
class _View:
    """One person's facts as conditions see them on a day; each fact is worked out once."""

    book: Book
    facts: Mapping[str, Value]
    on: date
    _used: dict[str, FactUsed] = field(default_factory=dict)

    @property
    def vocabulary(self) -> Vocabulary:
        return self.book.vocabulary

    def value(self, name: str) -> Value:
        """The effective value: spans worked out, derived facts judged, absent-false facts filled."""
        fact = self.vocabulary[name]
        if fact.derived:
            return self.state(fact.derived)
        if fact.of:
            return span_value(self.facts, of=fact.of, kind=fact.kind, on=self.on)
        value = self.facts.get(name)
        return fact.absent if value is None else value

    def used(self, name: str) -> FactUsed:
        """A fact as reasons show it."""
        if name not in self._used:
            fact, value = self.vocabulary[name], self.value(name)
            shown = fact.show(value, regions=self.book.regions)
            self._used[name] = FactUsed(name, fact.label, _plain(value), shown)
        return self._used[name]

    def missing(self, part: Condition) -> tuple[MissingFact, ...]:
        """The unknown facts that keep a condition unknown; settled branches ask nothing."""
        return tuple(dict.fromkeys(self._ask(part)))

    def _ask(self, node: Condition) -> list[MissingFact]:
        if self.state(node) is not None:
            return []
        if isinstance(node, Not):
            return self._ask(node.part)
        if isinstance(node, All | Either):
            return [fact for part in node.parts for fact in self._ask(part)]
        fact = self.vocabulary[node.fact]
        if fact.derived:
            return self._ask(fact.derived)
        stored = self.vocabulary[fact.of or fact.name]
        return [MissingFact(stored.name, stored.label, stored.question)]

    def state(self, node: Condition) -> bool | None:
        """How one node stands; used only to tell which branch is still open."""
        if isinstance(node, Not):
            inner = self.state(node.part)
            return None if inner is None else not inner
        if isinstance(node, All | Either):
            settled = isinstance(node, Either)
            states = [self.state(part) for part in node.parts]
            return settled if settled in states else None if None in states else not settled
        return _leaf_state(self.book, node)(self.facts, on=self.on)[0]


@lru_cache(maxsize=8_192)
def _leaf_state(book: Book, leaf: Leaf) -> Program:
    return compile_python([leaf], vocabulary=book.vocabulary)


def _plain(value: Value) -> bool | int | str | None:
    return value.isoformat() if isinstance(value, date) else value
