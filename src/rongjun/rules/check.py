"""Is the book sound? Every example run, simple lints, counts; and one benefit explained as text."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from rongjun.rules.book import (
    AREAS,
    CLASSES,
    CONFIDENCES,
    GRADES,
    KINDS,
    WAYS,
    Benefit,
    Book,
    Example,
    Version,
)
from rongjun.rules.deciding import decide
from rongjun.rules.drafting import can_hold, drafts
from rongjun.rules.errors import PolicyError, Problem
from rongjun.rules.fares import fare_problems
from rongjun.rules.folding import expand, stored_facts
from rongjun.rules.loading import load_book
from rongjun.rules.phrases import phrase
from rongjun.rules.tree import (
    All,
    Condition,
    Either,
    Holds,
    Not,
    leaves,
)
from rongjun.rules.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of a check: `problems` must be mended, `remarks` be looked at; counts by heading."""

    problems: tuple[Problem, ...]
    remarks: tuple[Problem, ...]
    counts: Mapping[str, Mapping[str, int]]
    examples: int
    digest: str | None

    @property
    def is_clean(self) -> bool:
        """Whether the book may be used."""
        return not self.problems


def check_book(
    policy: Path | Mapping[str, bytes], *, city: str, answerable: Collection[str] | None = None
) -> Report:
    """Load one city's book, run every example and lint every condition; never raises on bad files.

    `answerable` are the facts some app answers for: without any, an unknown could never be resolved.
    """
    try:
        book = load_book(policy, city=city)
    except PolicyError as error:
        return Report(error.problems, (), {}, 0, None)
    problems: list[Problem] = []
    remarks: list[Problem] = []
    for benefit in book.benefits.values():
        for version in benefit.versions:
            problems += _example_problems(book, benefit, version)
            problems += _condition_problems(book, benefit, version)
            remarks += _remarks(book, benefit, version)
    problems += _unsourced(book)
    problems += fare_problems(book.fares, benefits=book.benefits)
    if answerable is not None:
        remarks += _unanswered(book, answerable)
    examples = sum(len(v.examples) for b in book.benefits.values() for v in b.versions)
    examples += sum(len(v.examples) for fare in book.fares.fares.values() for v in fare.versions)
    return Report(tuple(sorted(problems)), tuple(sorted(remarks)), _counts(book), examples, book.digest)


def _unanswered(book: Book, answerable: Collection[str]) -> Iterator[Problem]:
    """Facts that conditions read and no app can tell: a line each, with how many benefits wait for it."""
    readers: Counter[str] = Counter()
    for benefit in book.benefits.values():
        for version in benefit.versions:
            readers.update(set(stored_facts(version.when, vocabulary=book.vocabulary)) - set(answerable))
    for name, count in sorted(readers.items()):
        fact = book.vocabulary[name]
        what = f"还没有哪个应用提供“{fact.label}”（{name}，归 {fact.owner}），{count} 项用到"
        yield Problem("policy/facts.yaml", 1, what, "接上提供它的应用；在那以前按没有登记处理")


def _unsourced(book: Book) -> Iterator[Problem]:
    """An unknown that nobody is said to know could not be resolved."""
    for fact in book.vocabulary.stored():
        if fact.absent is None and not fact.known_by:
            yield Problem(
                "policy/facts.yaml", 1, f"“{fact.label}”（{fact.name}）没有写哪里能查到", "补一行 known_by"
            )


def _counts(book: Book) -> Mapping[str, Mapping[str, int]]:
    every = list(book.benefits.values())
    return {
        "region": Counter({**Counter(b.level for b in every), "reference": len(book.references)}),
        "area": Counter(b.area for b in every),
        "kind": Counter(b.kind for b in every),
        "source_grade": Counter(b.source_grade for b in every),
        "confidence": Counter(b.confidence for b in every),
        "announced": Counter("known" if b.versions[-1].announced else "unknown" for b in every),
    }


def _example_problems(book: Book, benefit: Benefit, version: Version) -> Iterator[Problem]:
    verdicts = {example.verdict for example in version.examples}
    for wanted, name in (("granted", "能享受"), ("not-granted", "不能享受")):
        if wanted not in verdicts:
            yield Problem(benefit.file, version.line, f"缺少结论为“{name}”的例子", "补一个人工核对过的例子")
    names = Counter(example.name for example in version.examples)
    for example in version.examples:
        if _is_mirrored(book, version, example):
            what = f"例子“{example.name}”只是照条件拟的，没有说出一个人"
            yield Problem(benefit.file, example.line, what, "写一个真实会来问的人：加上年龄、身份等实际情况")
        if names[example.name] > 1:
            yield Problem(benefit.file, example.line, f"例子“{example.name}”重名", "换一个名字")
        if benefit.version(on=example.date) is not version:
            yield Problem(
                benefit.file, example.line, "例子的日期不在本版本的施行期内", "改日期或移到对的版本"
            )
            continue
        yield from _outcome_problems(book, benefit, example)


def _is_mirrored(book: Book, version: Version, example: Example) -> bool:
    """Whether an example holds nothing but what can be read off the condition."""
    if example.verdict == "unknown":
        return False
    meeting, missing = drafts(version.when, vocabulary=book.vocabulary, on=example.date)
    return dict(example.given) in (meeting if example.verdict == "granted" else missing)


def _outcome_problems(book: Book, benefit: Benefit, example: Example) -> Iterator[Problem]:
    decision = decide(
        book, code=benefit.code, facts=example.given, on=example.date, relations=example.relations
    )
    assert decision is not None
    if decision.verdict != example.verdict:
        what = f"例子“{example.name}”应得 {example.verdict}，按条件得 {decision.verdict}"
        yield Problem(benefit.file, example.line, what, "核对条件和例子，改错的一方")
        return
    open_state = {"not-granted": "failed", "unknown": "unknown"}.get(decision.verdict)
    reasons = [reason for reason in decision.reasons if reason.state == open_state]
    named = {fact.name for reason in reasons for fact in reason.facts}
    named |= {fact.name for reason in reasons for fact in reason.missing}
    for name in example.because:
        if name not in named:
            what = f"例子“{example.name}”说原因是 {name}，按条件是 {'、'.join(sorted(named)) or '无'}"
            yield Problem(benefit.file, example.line, what, "改正 because 或条件")
    if open_state and not example.because:
        yield Problem(benefit.file, example.line, f"例子“{example.name}”没有写 because", "写上起作用的事实名")


def _condition_problems(book: Book, benefit: Benefit, version: Version) -> Iterator[Problem]:
    """Conditions nobody can meet, branches nobody can take, and things said twice."""

    def problem(what: str, fix: str) -> Problem:
        return Problem(benefit.file, version.line, what, fix)

    def says(node: Condition) -> str:
        return phrase(node, vocabulary=book.vocabulary)

    if not can_hold(version.when, vocabulary=book.vocabulary, on=version.start):
        yield problem("条件自相矛盾，谁也不能享受", "改正条件")
        return
    for node in _groups(version.when):
        if len(set(node.parts)) < len(node.parts):
            yield problem(f"“{says(node)}”里有重复的部分", "删去重复的")
    for branch, whole in _branches(version.when, lambda inner: inner):
        if not can_hold(whole, vocabulary=book.vocabulary, on=version.start):
            yield problem(f"“{says(branch)}”这一支谁也走不到", "改正或删去这一支")


def _groups(node: Condition) -> Iterator[All | Either]:
    if isinstance(node, Not):
        yield from _groups(node.part)
    elif isinstance(node, All | Either):
        yield node
        for part in node.parts:
            yield from _groups(part)


def _branches(
    node: Condition, within: Callable[[Condition], Condition]
) -> Iterator[tuple[Condition, Condition]]:
    """Each branch of each "or", with the whole condition as it reads when only that branch is left."""
    if not isinstance(node, All | Either):
        return
    for index, part in enumerate(node.parts):

        def placed(inner: Condition, node: All | Either = node, index: int = index) -> Condition:
            if isinstance(node, Either):
                return within(inner)
            return within(All((*node.parts[:index], inner, *node.parts[index + 1 :])))

        if isinstance(node, Either):
            yield part, placed(part)
        yield from _branches(part, placed)


def _remarks(book: Book, benefit: Benefit, version: Version) -> Iterator[Problem]:
    expanded = expand(version.when, vocabulary=book.vocabulary)
    for fact in sorted(_unguarded(expanded, book.vocabulary, above=frozenset())):
        gate = book.vocabulary[fact].meaningful_when
        what = f"用了“{book.vocabulary[fact].label}”而没有先要求 {gate}，无此身份的人会得出“差情况”"
        yield Problem(benefit.file, version.line, what, f"写成 {gate} AND …")
    for basis in version.basis:
        if basis.effective_from and basis.effective_from > version.start:
            what = f"依据“{basis.document}”在本版本施行之后才生效"
            yield Problem(benefit.file, version.line, what, "核对 from 和 effective_from")


def _unguarded(node: Condition, vocabulary: Vocabulary, *, above: frozenset[str]) -> Iterator[str]:
    """Facts with a gate that are read where nobody asked for the gate first."""
    if isinstance(node, Not):
        yield from _unguarded(node.part, vocabulary, above=above)
    elif isinstance(node, All | Either):
        held = (
            {part.fact for part in node.parts if isinstance(part, Holds)} if isinstance(node, All) else set()
        )
        for part in node.parts:
            yield from _unguarded(part, vocabulary, above=above | held)
    else:
        gate = vocabulary[node.fact].meaningful_when
        if gate and gate not in above:
            yield node.fact


def explain_benefit(book: Book, *, code: str, on: date) -> str:
    """One benefit as plain Chinese text: who, what, how, by which document, since when, how sure."""
    benefit = book.benefits[code]
    version = benefit.version(on=on)
    head = (
        f"{benefit.title}（{benefit.code}{f'，资料编号 {benefit.source_id}' if benefit.source_id else ''}）"
    )
    if version is None:
        return f"{head}\n{on.isoformat()} 没有施行中的版本。"
    since = version.start.isoformat() + (
        f"（{version.announced.isoformat()} 公布）" if version.announced else ""
    )
    unconfirmed = "" if book.is_confirmed(benefit, version) else "；待局方确认"
    guards = "；".join(
        phrase(g.when, vocabulary=book.vocabulary) for _, g in book.guards_before(benefit, on=on)
    )
    rows = {
        "领域": f"{AREAS[benefit.area]} · {KINDS[benefit.kind]}",
        "对象": "、".join(CLASSES[name] for name in benefit.classes),
        "谁能享受": phrase(version.when, vocabulary=book.vocabulary),
        "另须": guards,
        "内容": version.what,
        "怎么享受": WAYS[version.grant.way],
        "免申即享": version.enrolment.gives if version.enrolment else "",
        "出示": benefit.evidence or "",
        "谁来办": benefit.provider,
        "依据": "；".join(str(basis) for basis in version.basis),
        "施行": since,
        "把握": f"{CONFIDENCES[benefit.confidence]}（{GRADES[benefit.source_grade]}）{unconfirmed}",
        "说明": version.note or "",
        "需要的情况": "、".join(_labels(version, book.vocabulary)),
    }
    return "\n".join([head, *(f"{name}：{text}" for name, text in rows.items() if text)])


def _labels(version: Version, vocabulary: Vocabulary) -> list[str]:
    return list(dict.fromkeys(vocabulary[leaf.fact].label for leaf in leaves(version.when)))
