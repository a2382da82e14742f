"""`rongjun policy new`: one question after another, and a policy file at the end."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TypeVar

import click

from rongjun.rules.api import (
    AREAS,
    CLASSES,
    GRADES,
    KINDS,
    WAYS,
    Book,
    ConditionError,
    Value,
    drafts,
    load_book,
    parse_condition,
    phrase,
)

T = TypeVar("T")
_UNSAFE_INSIDE = re.compile(r": | #|[:\s]$")
_UNSAFE_IN_BRACKETS = re.compile(r"[\[\]{},]")
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
LEVELS = {"city": "本市", "province": "全省", "national": "全国"}


@dataclass(frozen=True, slots=True)
class NewBenefit:
    """The answers."""

    level: str
    area: str
    slug: str
    title: str
    title_en: str
    kind: str
    classes: tuple[str, ...]
    provider: str
    grade: str
    document: str
    clause: str
    start: date
    announced: date | None
    when: str
    what: str
    way: str
    checked: date
    drafts: tuple[Mapping[str, Value], Mapping[str, Value]]


def ask(folder: Path, *, city: str, today: date) -> NewBenefit:
    """Ask for everything a benefit needs; a wrong answer is asked again, with a sentence."""
    book = load_book(folder, city=city)
    click.echo("把通知放在手边。每一问都可以改到对为止；中途按 Ctrl-C 放弃，什么都不会写。")
    level = _choose("适用范围", LEVELS)
    area = _choose("领域", AREAS)
    title = _text("名称（如：免费乘坐市内公交）")
    title_en = _text("英文名称")
    slug = _slug(book, area, title_en)
    kind = _choose("方式", KINDS)
    classes = _several("对象", CLASSES)
    provider = _text("谁来办（如：交通运输局）")
    document = _text("依据文件的名称和文号")
    clause = click.prompt("条款（没有就直接回车）", default="", show_default=False).strip()
    grade = _choose("来源等级", GRADES)
    start = _until_right("施行日（如 2026-12-01）", date.fromisoformat)
    announced = _until_right("公布日（没有就直接回车）", _day_or_none)
    when = _condition(book)
    tree = parse_condition(when, vocabulary=book.vocabulary, regions=book.regions)
    meeting, missing = drafts(tree, vocabulary=book.vocabulary, on=start)
    return NewBenefit(
        level=level,
        area=area,
        slug=slug,
        title=title,
        title_en=title_en,
        kind=kind,
        classes=classes,
        provider=provider,
        grade=grade,
        document=document,
        clause=clause,
        start=start,
        announced=announced,
        when=when,
        what=_text("给什么（一两句话，写清数字）"),
        way=_choose("怎么享受", WAYS),
        checked=today,
        drafts=(_named(book, meeting), _named(book, missing)),
    )


def _named(book: Book, people: Sequence[Mapping[str, Value]]) -> Mapping[str, Value]:
    """The first of the drafted people, divisions by the names policy files use."""
    names: dict[Value, Value] = {region.code: region.name for region in book.regions.values()}
    person = people[0] if people else {}
    return {
        key: names.get(value, value) if book.vocabulary[key].kind == "division" else value
        for key, value in person.items()
    }


def write(new: NewBenefit, folder: Path, *, city: str) -> Path:
    """Write the file where it belongs; a file that stands there already is never overwritten."""
    book = load_book(folder, city=city)
    place = {"national": "national", "province": f"provinces/{book.province}", "city": f"cities/{city}"}
    path = folder / place[new.level] / "benefits" / new.area / f"{new.slug}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("x", encoding="utf-8") as file:
        file.write(as_yaml(new))
    return path


def as_yaml(new: NewBenefit) -> str:
    """The text of the file; examples only as a draft in comments, for a person to replace."""
    basis = [
        f"document: {yaml_text(new.document, in_brackets=True)}",
        f"effective_from: {new.start.isoformat()}",
    ]
    if new.clause:
        basis.insert(1, f"clause: {yaml_text(new.clause, in_brackets=True)}")
    lines = [
        f"code: {new.area}.{new.slug}",
        f"title: {yaml_text(new.title)}",
        f"title_en: {yaml_text(new.title_en)}",
        f"area: {new.area}",
        f"kind: {new.kind}",
        f"classes: [{', '.join(new.classes)}]",
        f"provider: {yaml_text(new.provider)}",
        "owner: 待局方指定",
        f"checked: {new.checked.isoformat()}",
        "confidence: sourced",
        f"source_grade: {new.grade}",
        "versions:",
        f"  - from: {new.start.isoformat()}",
        *([f"    announced: {new.announced.isoformat()}"] if new.announced else []),
        "    basis:",
        f"      - {{{', '.join(basis)}}}",
        f"    when: {yaml_text(new.when)}",
        f"    what: {yaml_text(new.what)}",
        f"    grant: {{way: {new.way}}}",
        "    # 下面两个例子是照条件拟的草稿，检查不认。请换成真实会来问的人（加上年龄、身份等实际情况），",
        "    # 核对结论后去掉每行前面的“# ”；有年龄、天数的条件，再补刚好够和差一天的例子。",
        "    # examples:",
    ]
    granted, refused = new.drafts
    lines += _draft("能享受的人", granted, "{verdict: granted}", on=new.start)
    lines += _draft("差一条的人", refused, "{verdict: not-granted, because: [起作用的事实名]}", on=new.start)
    return "\n".join(lines) + "\n"


def _draft(name: str, given: Mapping[str, Value], expect: str, *, on: date) -> list[str]:
    facts = ", ".join(f"{key}: {_fact(value)}" for key, value in given.items())
    return [
        f"    #   - name: {name}",
        f"    #     date: {on.isoformat()}",
        f"    #     given: {{{facts}}}",
        f"    #     expect: {expect}",
    ]


def _fact(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "null" if value is None else str(value)


def yaml_text(text: str, *, in_brackets: bool = False) -> str:
    """A text as YAML: bare where that is safe, else in single quotes."""
    plain = text[:1].isalpha() and text.lower() not in {"true", "false", "null"}
    unsafe = not plain or _UNSAFE_INSIDE.search(text)
    if unsafe or (in_brackets and _UNSAFE_IN_BRACKETS.search(text)):
        return "'" + text.replace("'", "''") + "'"
    return text


def _choose(question: str, words: Mapping[str, str]) -> str:
    keys = list(words)
    click.echo(f"{question}：" + "  ".join(f"{n} {words[key]}" for n, key in enumerate(keys, 1)))
    return keys[click.prompt("选哪个（写数字）", type=click.IntRange(1, len(keys))) - 1]


def _several(question: str, words: Mapping[str, str]) -> tuple[str, ...]:
    keys = list(words)
    click.echo(f"{question}：" + "  ".join(f"{n} {words[key]}" for n, key in enumerate(keys, 1)))

    def read(text: str) -> tuple[str, ...]:
        numbers = [int(part) for part in re.split(r"[\s,，、]+", text.strip())]
        if not all(1 <= number <= len(keys) for number in numbers):
            raise ValueError
        return tuple(keys[number - 1] for number in dict.fromkeys(numbers))

    return _until_right("选哪些（写数字，用空格隔开）", read)


def _text(question: str) -> str:
    while True:
        text: str = click.prompt(question).strip()
        if text:
            return text


def _until_right(question: str, read: Callable[[str], T]) -> T:
    while True:
        try:
            return read(click.prompt(question, default="", show_default=False).strip())
        except ValueError:
            click.echo("  没看懂，照括号里的样子再写一次。")


def _day_or_none(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _slug(book: Book, area: str, title_en: str) -> str:
    suggested = "-".join(re.findall(r"[a-z0-9]+", title_en.lower())[:6])
    while True:
        slug: str = click.prompt("代码（小写字母、数字和短横）", default=suggested)
        if not _SLUG.fullmatch(slug):
            click.echo("  只用小写字母、数字和短横，如 city-bus。")
        elif f"{area}.{slug}" in book.benefits:
            click.echo(f"  {area}.{slug} 已经有了：{book.benefits[f'{area}.{slug}'].title}。换一个。")
        else:
            return slug


def _condition(book: Book) -> str:
    """A condition that parses, read back in Chinese and approved."""
    while True:
        text = _text("条件（如 is_veteran AND age >= 60；事实名查 policy/facts.yaml）")
        try:
            tree = parse_condition(text, vocabulary=book.vocabulary, regions=book.regions)
        except ConditionError as error:
            for fault in error.faults:
                click.echo(f"  第 {fault.column} 个字：{fault.what}。{fault.fix}。")
            continue
        click.echo(f"  读作：{phrase(tree, vocabulary=book.vocabulary)}")
        if click.confirm("  是这个意思吗", default=True):
            return text
