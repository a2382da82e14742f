"""One person now: the verdict, and a reason for every condition.

Everything that does not depend on the person is worked out once per book and era (the time between two
days on which the versions in force change); a decision then only looks up states and sentences.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from rongjun.rules.book import Basis, Benefit, Book, Verdict, Version, canonical
from rongjun.rules.engines import Program, compile_python, span_value
from rongjun.rules.folding import expand, stored_facts
from rongjun.rules.phrases import phrase
from rongjun.rules.tree import All, Condition, Either, Leaf, Not, conjunction, leaves, top_parts
from rongjun.rules.vocabulary import Fact, Value, Vocabulary

State = Literal["met", "failed", "unknown"]
Facts = Mapping[str, Value]
Plain = bool | int | str | None
Pairs = tuple[tuple[str, Plain], ...]
_STATES: Final[Mapping[bool | None, State]] = {True: "met", False: "failed", None: "unknown"}
_VERDICTS: Final[Mapping[bool | None, Verdict]] = {True: "granted", False: "not-granted", None: "unknown"}
_BEST_FIRST: Final[Mapping[Verdict, int]] = {"granted": 0, "unknown": 1, "not-granted": 2}


class FactUsed(NamedTuple):
    """A fact a condition read: its value (dates as ISO text) and how a clerk reads it."""

    name: str
    label: str
    value: Plain
    shown: str


class MissingFact(NamedTuple):
    """A fact that would settle an unknown condition, and the question that asks for it."""

    name: str
    label: str
    question: str


class Reason(NamedTuple):
    """One top-level condition: the sentence, how it stands, its clause, what it read, what it lacks."""

    text: str
    state: State
    clause: str
    facts: tuple[FactUsed, ...]
    missing: tuple[MissingFact, ...]


class Decision(NamedTuple):
    """What was decided and why; enough to decide it again (`facts`, `relations`, `book`, `version`, `on`).

    `unconfirmed` is true until the bureau has confirmed this wording: screens then say 待局方确认.
    `relation` names the relation that decided (烈士的子女) where the benefit asks for one; `relations` are
    all that were looked at.
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
    facts: Pairs
    relation: str | None
    relations: tuple[Pairs, ...]

    @property
    def missing(self) -> tuple[MissingFact, ...]:
        """Every fact to ask for, once each; empty unless the verdict is unknown."""
        if self.verdict != "unknown":
            return ()
        return tuple(dict.fromkeys(fact for reason in self.reasons for fact in reason.missing))


def decide(
    book: Book, *, code: str, facts: Facts, on: date, relations: Sequence[Facts] = ()
) -> Decision | None:
    """Judge one benefit for one person on a day; None when no version is in force on that day.

    `facts` are stored facts by name (a date may be ISO text, so recorded facts can be fed back); what is
    not in it is unknown, or what the vocabulary says of an absent fact. `relations` hold the facts that are
    per relation, one mapping for each relation; given among `facts` they are one relation. A rule over kin
    is judged per relation and the best verdict stands. Raises KeyError for an unknown code, ValueError for
    a fact that is not in the vocabulary or has a value of the wrong kind.
    """
    benefit = book.benefits[code]
    if benefit.version(on=on) is None:
        return None
    era = _era(book, bisect_right(book.changes, on))
    return _decide(era.judges[code], _views(era, facts, relations, on=on))


def decide_all(
    book: Book, *, facts: Facts, on: date, relations: Sequence[Facts] = ()
) -> tuple[Decision, ...]:
    """Judge every benefit in force on a day, in order of their codes. Arguments as for `decide`."""
    era = _era(book, bisect_right(book.changes, on))
    views = _views(era, facts, relations, on=on)
    return tuple(_decide(judge, views) for judge in era.judges.values())


def verdicts(book: Book, *, facts: Facts, on: date, relations: Sequence[Facts] = ()) -> dict[str, Verdict]:
    """The verdicts alone, for every benefit in force on a day; microseconds. Arguments as for `decide`."""
    era = _era(book, bisect_right(book.changes, on))
    first, *others = _people(book, facts, relations)
    found = dict(zip(era.judges, map(_VERDICTS.__getitem__, era.verdicts(first, on=on)), strict=True))
    for person in others:
        for code, state in zip(era.kin_codes, era.kin_verdicts(person, on=on), strict=True):
            found[code] = min(found[code], _VERDICTS[state], key=_BEST_FIRST.__getitem__)
    return found


def _people(book: Book, facts: Facts, relations: Sequence[Facts]) -> list[Facts]:
    """The checked facts with those of one relation: one set a relation, one set when there is none.

    Facts of a relation given among the person's own are a relation, too.
    """
    defaults, kin = _defaults(book), _kin_names(book)
    own = _checked(book, facts)
    each = [_of_relation(book, relation) for relation in relations]
    if not each:
        return [own | {name: value for name, value in defaults.items() if own.get(name) is None}]
    flat = {name: own.pop(name) for name in kin & own.keys()}
    if any(value is not None for value in flat.values()):
        each.insert(0, flat)
    known = [{name: v for name, v in relation.items() if v is not None} for relation in each]
    return [own | defaults | relation for relation in known]


@lru_cache(maxsize=16)
def _defaults(book: Book) -> dict[str, Value]:
    """What counts when nothing is on file, for the facts that then read \"none\"."""
    return {fact.name: fact.absent for fact in book.vocabulary.defaults()}


@lru_cache(maxsize=16)
def _kin_names(book: Book) -> frozenset[str]:
    return frozenset(fact.name for fact in book.vocabulary.facts.values() if fact.per_relation)


def _of_relation(book: Book, relation: Facts) -> dict[str, Value]:
    """A relation's checked facts; ValueError for one that is about the person."""
    if stray := relation.keys() - _kin_names(book):
        raise ValueError(f"{min(stray)} 说的不是关系")
    return _checked(book, relation)


def _checked(book: Book, facts: Facts) -> dict[str, Value]:
    checks, clean = _checks(book), dict(facts)
    for name, value in facts.items():
        check = checks.get(name)
        if check is None:
            raise ValueError(f"{name} 不是可以提供的事实")
        if value is None or check(value):
            continue
        fact = book.vocabulary[name]
        if fact.kind == "date" and isinstance(value, str):
            clean[name] = date.fromisoformat(value)
        else:
            raise ValueError(f"{name} 的值不合事实表的规定")
    return clean


@lru_cache(maxsize=16)
def _checks(book: Book) -> dict[str, Callable[[Value], bool]]:
    """For each stored fact whether a value has its type and range, as fast as can be."""
    return {fact.name: _check(fact) for fact in book.vocabulary.stored()}


def _check(fact: Fact) -> Callable[[Value], bool]:
    return (lambda value: value is True or value is False) if fact.kind == "bool" else fact.accepts


def decision_bytes(decision: Decision) -> bytes:
    """The decision as canonical JSON: same facts and same book give the same bytes."""
    return canonical(decision_value(decision))


def decision_value(decision: Decision) -> dict[str, object]:
    """The decision as plain values, ready for JSON: what is recorded and replayed."""
    return {
        "code": decision.code,
        "title": decision.title,
        "version": decision.version.isoformat(),
        "book": decision.book,
        "on": decision.on.isoformat(),
        "verdict": decision.verdict,
        "reasons": [_reason_value(reason) for reason in decision.reasons],
        "basis": [_basis_value(entry) for entry in decision.basis],
        "confidence": decision.confidence,
        "source_grade": decision.source_grade,
        "unconfirmed": decision.unconfirmed,
        "facts": dict(decision.facts),
        "relation": decision.relation,
        "relations": [dict(pairs) for pairs in decision.relations],
    }


def _reason_value(reason: Reason) -> dict[str, object]:
    return {
        "text": reason.text,
        "state": reason.state,
        "clause": reason.clause,
        "facts": [fact._asdict() for fact in reason.facts],
        "missing": [fact._asdict() for fact in reason.missing],
    }


def _basis_value(entry: Basis) -> dict[str, object]:
    since = entry.effective_from.isoformat() if entry.effective_from else None
    return {"document": entry.document, "clause": entry.clause, "effective_from": since}


def full_condition(book: Book, benefit: Benefit, version: Version, *, on: date) -> Condition:
    """The benefit's condition and the guards before it, as one."""
    guards = tuple(guard.when for _, guard in book.guards_before(benefit, on=on))
    return conjunction((version.when, *guards))


@dataclass(frozen=True, slots=True)
class _Judge:
    """Everything about one benefit version that does not depend on the person.

    `parts` are indexes into the conditions of the era, `told` into its reasons (a condition under a
    clause); `stored` and `kin` are the facts it reads.
    """

    benefit: Benefit
    version: Version
    unconfirmed: bool
    parts: tuple[int, ...]
    told: tuple[int, ...]
    stored: tuple[str, ...]
    kin: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Part:
    """One top-level condition, shared by all benefits that ask for it."""

    condition: Condition
    text: str
    reads: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Era:
    """A book while the versions in force stay the same.

    `states` gives the state of every part, then of every leaf of `leaves`.
    """

    book: Book
    judges: Mapping[str, _Judge]
    parts: tuple[_Part, ...]
    told: tuple[tuple[int, str], ...]
    leaves: Mapping[Leaf, int]
    states: Program
    verdicts: Program
    kin_codes: tuple[str, ...]
    kin_verdicts: Program


@lru_cache(maxsize=16)
def _era(book: Book, number: int) -> _Era:
    vocabulary = book.vocabulary
    day = book.changes[number - 1] if number else date.min
    pairs = list(book.in_force(on=day))
    numbers: dict[Condition, int] = {}
    told: dict[tuple[int, str], int] = {}
    judges = {
        benefit.code: _judge(book, benefit, version, numbers, told, on=day) for benefit, version in pairs
    }
    asked = [expand(part, vocabulary=vocabulary) for part in numbers]
    found = dict.fromkeys(leaf for part in asked for leaf in leaves(part))
    whole = {benefit.code: full_condition(book, benefit, version, on=day) for benefit, version in pairs}
    kin = tuple(code for code, judge in judges.items() if judge.kin)
    return _Era(
        book=book,
        judges=judges,
        parts=tuple(_part(part, vocabulary) for part in numbers),
        told=tuple(told),
        leaves={leaf: len(numbers) + index for index, leaf in enumerate(found)},
        states=compile_python([*numbers, *found], vocabulary=vocabulary),
        verdicts=compile_python(list(whole.values()), vocabulary=vocabulary),
        kin_codes=kin,
        kin_verdicts=compile_python([whole[code] for code in kin], vocabulary=vocabulary),
    )


def _judge(
    book: Book,
    benefit: Benefit,
    version: Version,
    numbers: dict[Condition, int],
    told: dict[tuple[int, str], int],
    *,
    on: date,
) -> _Judge:
    own = [(part, _clause(version.basis)) for part in top_parts(version.when)]
    guards = [(guard.when, _clause(guard.basis)) for _, guard in book.guards_before(benefit, on=on)]
    every = [(numbers.setdefault(part, len(numbers)), clause) for part, clause in (*own, *guards)]
    names = stored_facts(full_condition(book, benefit, version, on=on), vocabulary=book.vocabulary)
    return _Judge(
        benefit=benefit,
        version=version,
        unconfirmed=not book.is_confirmed(benefit, version),
        parts=tuple(number for number, _ in every),
        told=tuple(told.setdefault(reason, len(told)) for reason in every),
        stored=tuple(name for name in names if not book.vocabulary[name].per_relation),
        kin=_kin_facts(book, names),
    )


def _kin_facts(book: Book, names: tuple[str, ...]) -> tuple[str, ...]:
    """The facts of a relation a benefit reads, with those that name it; none if it reads none."""
    read = {name for name in names if book.vocabulary[name].per_relation}
    titles = {fact.name for fact in book.vocabulary.facts.values() if fact.titles_relation}
    return tuple(sorted(read | titles)) if read else ()


def _part(condition: Condition, vocabulary: Vocabulary) -> _Part:
    reads = tuple(dict.fromkeys(leaf.fact for leaf in leaves(condition)))
    return _Part(condition, phrase(condition, vocabulary=vocabulary), reads)


def _clause(basis: tuple[Basis, ...]) -> str:
    return "；".join(str(entry) for entry in basis)


def _decide(judge: _Judge, views: "Sequence[_View]") -> Decision:
    view = views[0] if len(views) == 1 or not judge.kin else _best(judge, views)
    benefit, version = judge.benefit, judge.version
    return Decision(
        benefit.code,
        benefit.title,
        version.start,
        view.era.book.digest,
        view.on,
        view.verdict(judge),
        tuple(map(view.reason, judge.told)),
        version.basis,
        benefit.confidence,
        benefit.source_grade,
        judge.unconfirmed,
        view.recorded(judge.stored),
        view.relation if judge.kin else None,
        _recorded_relations(judge, views) if judge.kin else (),
    )


def _recorded_relations(judge: _Judge, views: "Sequence[_View]") -> tuple[Pairs, ...]:
    return tuple(view.recorded(judge.kin) for view in views if view.relation is not None)


def _best(judge: _Judge, views: "Sequence[_View]") -> "_View":
    """The relation with the best verdict; of equals the one that fails least, then the first."""

    def rank(view: _View) -> tuple[int, int]:
        states = [view.states[part] for part in judge.parts]
        return _BEST_FIRST[view.verdict(judge)], states.count(False)

    return min(views, key=rank)


def _views(era: _Era, facts: Facts, relations: Sequence[Facts], *, on: date) -> "list[_View]":
    people = _people(era.book, facts, relations)
    given = relations or any(facts[name] is not None for name in _kin_names(era.book) & facts.keys())
    return [
        _View(era, person, on, era.states(person, on=on), _title(era.book, person) if given else None)
        for person in people
    ]


def _title(book: Book, person: Facts) -> str:
    """The relation in words: 烈士的子女."""
    titles = [fact for fact in book.vocabulary.defaults() if fact.titles_relation]
    return "的".join(
        fact.values[str(person[fact.name])] for fact in titles if person[fact.name] != fact.absent
    )


@dataclass(frozen=True, slots=True)
class _View:
    """One person's facts (with one relation) as conditions see them; each fact is worked out once."""

    era: _Era
    facts: Facts
    on: date
    states: tuple[bool | None, ...]
    relation: str | None
    _used: dict[str, FactUsed] = field(default_factory=dict)
    _recorded: dict[tuple[str, ...], Pairs] = field(default_factory=dict)
    _reasons: dict[int, Reason] = field(default_factory=dict)

    @property
    def vocabulary(self) -> Vocabulary:
        return self.era.book.vocabulary

    def verdict(self, judge: _Judge) -> Verdict:
        """All conditions of a benefit together."""
        states = [self.states[part] for part in judge.parts]
        return "not-granted" if False in states else "unknown" if None in states else "granted"

    def reason(self, number: int) -> Reason:
        """How one condition stands, under the clause of those who ask for it."""
        known = self._reasons.get(number)
        if known is None:
            index, clause = self.era.told[number]
            part, state = self.era.parts[index], self.states[index]
            known = self._reasons[number] = Reason(
                part.text,
                _STATES[state],
                clause,
                tuple(map(self.used, part.reads)),
                self.missing(part.condition) if state is None else (),
            )
        return known

    def value(self, name: str) -> Value:
        """The effective value: spans worked out, derived facts judged, absent facts filled."""
        fact = self.vocabulary[name]
        if fact.derived:
            return self.state(fact.derived)
        if fact.of:
            return span_value(self.facts, of=fact.of, kind=fact.kind, on=self.on)
        value = self.facts.get(name)
        return fact.absent if value is None else value

    def used(self, name: str) -> FactUsed:
        """A fact as reasons show it."""
        known = self._used.get(name)
        if known is None:
            fact, value = self.vocabulary[name], self.value(name)
            shown = fact.show(value, regions=self.era.book.regions)
            known = self._used[name] = FactUsed(name, fact.label, _plain(value), shown)
        return known

    def recorded(self, names: tuple[str, ...]) -> Pairs:
        """Stored facts as decisions record them; many benefits read the same ones."""
        known = self._recorded.get(names)
        if known is None:
            known = self._recorded[names] = tuple((name, self.used(name).value) for name in names)
        return known

    def missing(self, part: Condition) -> tuple[MissingFact, ...]:
        """The unknown facts that keep a condition unknown; settled branches ask nothing."""
        return tuple(dict.fromkeys(self._ask(part)))

    def _ask(self, node: Condition) -> Iterator[MissingFact]:
        if self.state(node) is not None:
            return
        if isinstance(node, Not):
            yield from self._ask(node.part)
        elif isinstance(node, All | Either):
            for part in node.parts:
                yield from self._ask(part)
        else:
            fact = self.vocabulary[node.fact]
            if fact.derived:
                yield from self._ask(fact.derived)
            else:
                stored = self.vocabulary[fact.of or fact.name]
                yield MissingFact(stored.name, stored.label, stored.question)

    def state(self, node: Condition) -> bool | None:
        """How one node stands; used only to tell which branch is still open."""
        if isinstance(node, Not):
            inner = self.state(node.part)
            return None if inner is None else not inner
        if isinstance(node, All | Either):
            settled = isinstance(node, Either)
            states = [self.state(part) for part in node.parts]
            return settled if settled in states else None if None in states else not settled
        derived = self.vocabulary[node.fact].derived
        return self.state(derived) if derived else self.states[self.era.leaves[node]]


def _plain(value: Value) -> Plain:
    return value.isoformat() if isinstance(value, date) else value
