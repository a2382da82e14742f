"""A benefit as people read it: who, what, how, by which document, since when, how sure. Plain values only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from rongjun.kernel.words import Words, listed, translatable, worded
from rongjun.rules.api import (
    AREAS,
    CLASSES,
    CONFIDENCES,
    GRADES,
    KINDS,
    WAYS,
    Basis,
    Benefit,
    Book,
    Condition,
    Confirmation,
    Either,
    Enrolment,
    Fact,
    Value,
    Version,
    Vocabulary,
    phrase,
    top_parts,
)

LEVELS: Words[Mapping[str, str]] = {
    "national": "全国",
    "province": "省",
    "city": "市",
    "reference": "其他城市",
}
ONE_LINE = 40
_COVERS: Words[Mapping[str, str]] = {
    "bus": "公共汽电车",
    "metro": "地铁",
    "ferry": "轮渡",
    "rail": "火车",
    "ship": "客船",
    "coach": "长途客车",
    "air": "飞机",
}


@dataclass(frozen=True, slots=True)
class Part:
    """One condition that must hold: a sentence, or several of which any one will do."""

    sentence: str
    any_of: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wording:
    """One version of one benefit, in words. `sentence` is the whole condition, `parts` what must all hold."""

    code: str
    title: str
    area: str
    kind: str
    level: str
    classes: tuple[str, ...]
    source_id: str
    sentence: str
    parts: tuple[Part, ...]
    guards: tuple[str, ...]
    expression: str
    what: str
    figures: tuple[str, ...]
    covers: tuple[str, ...]
    venues: tuple[tuple[str, tuple[str, ...]], ...]
    way: str
    evidence: str
    provider: str
    owner: str
    basis: tuple[Basis, ...]
    announced: date | None
    start: date
    until: date | None
    is_observed: bool
    confidence: str
    grade: str
    checked: date
    confirmed: Confirmation | None
    note: str
    links: tuple[str, ...]
    enrolment: Enrolment | None = None


@dataclass(frozen=True, slots=True)
class ExampleLine:
    """A hand-checked example: the facts given in Chinese, the verdict, and the facts that decide."""

    name: str
    date: date
    facts: tuple[str, ...]
    verdict: str
    because: tuple[str, ...]


def wording_of(book: Book, benefit: Benefit, version: Version) -> Wording:
    """One version in the words a clerk would sign; links only where they lead to a public page."""
    guards = [guard.when for _, guard in book.guards_before(benefit, on=version.start)]
    return Wording(
        code=benefit.code,
        title=benefit.title,
        area=AREAS[benefit.area],
        kind=KINDS[benefit.kind],
        level=LEVELS[benefit.level],
        classes=tuple(CLASSES[name] for name in benefit.classes),
        source_id=benefit.source_id or "",
        sentence=phrase(version.when, vocabulary=book.vocabulary),
        parts=tuple(_part(part, book.vocabulary) for part in top_parts(version.when)),
        guards=tuple(phrase(guard, vocabulary=book.vocabulary) for guard in guards),
        expression=version.when_text,
        what=version.what,
        figures=tuple(_figures(version)),
        covers=tuple(_COVERS.get(name, name) for name in version.grant.covers),
        venues=tuple(
            (batch, tuple(venue.title for venue in venues))
            for batch, venues in groupby(version.venues, key=lambda venue: venue.batch)
        ),
        way=WAYS[version.grant.way],
        evidence=benefit.evidence or "",
        provider=benefit.provider,
        owner=benefit.owner,
        basis=version.basis,
        announced=version.announced,
        start=version.start,
        until=version.until,
        is_observed=version.is_observed,
        confidence=CONFIDENCES[benefit.confidence],
        grade=GRADES[benefit.source_grade],
        checked=benefit.checked,
        confirmed=_confirmation(book, benefit, version),
        note=version.note or "",
        links=tuple(link for link in benefit.public_links if link.startswith(("https://", "http://"))),
        enrolment=version.enrolment,
    )


def offer_notice(book: Book, *, code: str, version: date, answer_by: date) -> str:
    """What an offer says to the person, in plain Chinese; empty when the book has that version no longer."""
    benefit = book.benefits.get(code)
    versions = benefit.versions if benefit else ()
    told = next((each for each in versions if each.start == version), None)
    if benefit is None or told is None or told.enrolment is None:
        return ""
    basis = "；".join(map(str, told.basis))
    unsure = "" if book.is_confirmed(benefit, told) else "这一项的内容待局方确认。"
    return (
        f"您可以享受“{benefit.title}”：{told.what}\n"
        f"这一项不用填表。您答应以后：{told.enrolment.gives}\n"
        f"要还是不要由您定。请在 {answer_by.year} 年 {answer_by.month} 月 {answer_by.day} 日前"
        "告诉服务站，到窗口、打电话都行；过了这天没有答复，符合条件期间仍然可以再来要。\n"
        f"不要也没有关系，不影响您的其他优待。依据：{basis}。{unsure}"
    )


def examples_of(book: Book, version: Version) -> list[ExampleLine]:
    """The examples of a version, as they stand in its file."""
    return [
        ExampleLine(
            example.name,
            example.date,
            tuple(_facts_told(book, example.given, example.relations)),
            example.verdict,
            tuple(book.vocabulary[name].label for name in example.because),
        )
        for example in version.examples
    ]


def _part(condition: Condition, vocabulary: Vocabulary) -> Part:
    """Alternatives are listed one by one where they would not read well in a single line."""
    sentence = phrase(condition, vocabulary=vocabulary)
    is_long = isinstance(condition, Either) and len(sentence) > ONE_LINE
    choices = condition.parts if isinstance(condition, Either) and is_long else ()
    return Part(sentence, tuple(phrase(choice, vocabulary=vocabulary) for choice in choices))


def _figures(version: Version) -> Iterator[str]:
    grant = version.grant
    if grant.percent_off:
        yield (
            translatable("全免")
            if grant.percent_off == 100
            else worded("减免 {percent_off}%", percent_off=grant.percent_off)
        )
    yield from map(str, grant.figures)
    if grant.cap_fen:
        yield worded("最高 {cap_fen}", cap_fen=_yuan(grant.cap_fen))
    if grant.own_max_fen:
        yield worded("个人最多负担 {own_max_fen}", own_max_fen=_yuan(grant.own_max_fen))


def _yuan(fen: int) -> str:
    whole, rest = divmod(fen, 100)
    return (
        worded("{whole}.{rest} 元", whole=f"{whole:,}", rest=f"{rest:02d}")
        if rest
        else worded("{whole} 元", whole=f"{whole:,}")
    )


def _confirmation(book: Book, benefit: Benefit, version: Version) -> Confirmation | None:
    named = (benefit.code, version.start, version.digest)
    return next(
        (each for each in book.confirmations if (each.code, each.version, each.digest) == named), None
    )


def _facts_told(
    book: Book, given: Mapping[str, Value], relations: tuple[Mapping[str, Value], ...]
) -> Iterator[str]:
    yield from (_told(book, book.vocabulary[name], value) for name, value in given.items())
    for number, relation in enumerate(relations, 1):
        told = listed((_told(book, book.vocabulary[name], value) for name, value in relation.items()), "，")
        yield worded("第 {number} 段关系（{told}）", number=number, told=told)


def _told(book: Book, fact: Fact, value: Value) -> str:
    """«是退役军人» for a truth, «残疾等级：7 级» for the rest; a place without a name is elsewhere."""
    if value is True:
        return fact.says
    if value is False:
        return fact.says_not
    shown = fact.show(value, regions=book.regions)
    elsewhere = fact.kind == "division" and shown == str(value)
    return (
        worded("{label}：外地（{value}）", label=fact.label, value=shown[:6])
        if elsewhere
        else worded("{label}：{value}", label=fact.label, value=shown)
    )
