"""Two books side by side: what reads differently, and for whom the answer changes."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

import polars as pl

from rongjun.rules.book import AREAS, KINDS, WAYS, Benefit, Book, Version
from rongjun.rules.deciding import full_condition
from rongjun.rules.fares import PAYERS, FareBook, FareVersion
from rongjun.rules.folding import fold, stored_facts
from rongjun.rules.phrases import phrase
from rongjun.rules.sweeping import sweep
from rongjun.rules.tree import top_parts

Kind = Literal["added", "removed", "changed"]
FARES: Final = "fares."
KIND_WORDS: Final = {"added": "新增", "removed": "取消", "changed": "改动"}


@dataclass(frozen=True, slots=True)
class Change:
    """One benefit that reads differently; `judges_differently` when the conditions themselves changed."""

    code: str
    title: str
    kind: Kind
    lines: tuple[str, ...]
    judges_differently: bool


@dataclass(frozen=True, slots=True)
class Reach:
    """Of a population: who would be granted now and was not, who no longer, who would have to be asked."""

    code: str
    gains: int
    loses: int
    becomes_unknown: int
    granted_before: int
    granted_after: int


def compare_books(old: Book, new: Book, *, on: date) -> tuple[Change, ...]:
    """Every benefit in force on a day in either book that reads differently, in order of codes; then fares.

    A fare's code begins with `fares.`; all its versions are compared, since one may change the past.
    """
    before, after = _in_force(old, on), _in_force(new, on)
    changes = []
    for code in sorted(before.keys() | after.keys()):
        if code not in after:
            changes.append(Change(code, before[code][0].title, "removed", (), judges_differently=True))
        elif code not in before:
            whole = full_condition(new, *after[code], on=on)
            asks = f"谁能享受：{phrase(whole, vocabulary=new.vocabulary)}"
            changes.append(Change(code, after[code][0].title, "added", (asks,), judges_differently=True))
        else:
            differs = _meaning(old, before[code], on=on) != _meaning(new, after[code], on=on)
            lines = tuple(_lines(old, new, before[code], after[code], on=on))
            if lines or differs:
                changes.append(Change(code, after[code][0].title, "changed", lines, differs))
    return (*changes, *_fare_changes(old.fares, new.fares))


def _fare_changes(old: FareBook, new: FareBook) -> Iterator[Change]:
    for code in sorted(old.fares.keys() | new.fares.keys()):
        before, after = old.fares.get(code), new.fares.get(code)
        held = after or before
        assert held is not None
        was = {version.digest: version for version in (before.versions if before else ())}
        now = {version.digest: version for version in (after.versions if after else ())}
        lines = [f"不再有：{_fare_line(version)}" for digest, version in was.items() if digest not in now]
        lines += [f"新增：{_fare_line(version)}" for digest, version in now.items() if digest not in was]
        if lines:
            kind: Kind = "added" if before is None else "removed" if after is None else "changed"
            yield Change(f"{FARES}{code}", held.title, kind, tuple(lines), judges_differently=False)


def _fare_line(version: FareVersion) -> str:
    prices = "，".join(f"{band.title} {band.fen} 元" for band in version.bands)
    known = f"（{version.announced.isoformat()} 公布）" if version.announced else ""
    return f"{version.start.isoformat()} 起{known}，{PAYERS[version.payer]}承担：{prices}"


def reach_of_change(
    old: Book,
    new: Book,
    *,
    codes: Collection[str],
    frame: pl.DataFrame,
    on: date,
    relations: pl.DataFrame | None = None,
) -> tuple[Reach, ...]:
    """For each code, how many of a population gain, lose or become unknown; frames as for `sweep`.

    A benefit that one of the books has not in force counts as not granted to anybody there.
    """
    before = sweep(old, frame=frame, on=on, codes=codes, relations=relations)
    after = sweep(new, frame=frame, on=on, codes=codes, relations=relations)
    return tuple(_reach(code, _column(before, code), _column(after, code)) for code in sorted(codes))


def facts_read(book: Book, *, codes: Collection[str], on: date) -> frozenset[str]:
    """The stored facts these benefits read: the only columns a sweep over them needs."""
    return frozenset(
        name
        for benefit, version in book.in_force(on=on)
        if benefit.code in codes
        for name in stored_facts(full_condition(book, benefit, version, on=on), vocabulary=book.vocabulary)
    )


def readers_of(book: Book, *, on: date) -> dict[str, frozenset[str]]:
    """By stored fact, the benefits in force that read it; the same as `facts_read`, the other way round."""
    readers: dict[str, set[str]] = {}
    for benefit, version in book.in_force(on=on):
        for name in stored_facts(full_condition(book, benefit, version, on=on), vocabulary=book.vocabulary):
            readers.setdefault(name, set()).add(benefit.code)
    return {name: frozenset(codes) for name, codes in sorted(readers.items())}


_Wording = tuple[Benefit, Version]


def _in_force(book: Book, on: date) -> dict[str, _Wording]:
    return {benefit.code: (benefit, version) for benefit, version in book.in_force(on=on)}


def _meaning(book: Book, wording: _Wording, *, on: date) -> object:
    """What a condition comes down to in its book: dates and codes, and what an absent fact counts as."""
    whole = fold(full_condition(book, *wording, on=on), vocabulary=book.vocabulary, on=on)
    names = stored_facts(whole, vocabulary=book.vocabulary)
    return whole, tuple((name, book.vocabulary[name].absent) for name in names)


def _lines(old: Book, new: Book, before: _Wording, after: _Wording, *, on: date) -> Iterator[str]:
    asked = _sentences(old, before, on=on)
    asks = _sentences(new, after, on=on)
    yield from (f"不再要求：{sentence}" for sentence in asked if sentence not in asks)
    yield from (f"新增要求：{sentence}" for sentence in asks if sentence not in asked)
    told, tells = _told(*before), _told(*after)
    yield from (f"{label}：{told[label]} → {tells[label]}" for label in told if told[label] != tells[label])


def _sentences(book: Book, wording: _Wording, *, on: date) -> list[str]:
    parts = top_parts(full_condition(book, *wording, on=on))
    return [phrase(part, vocabulary=book.vocabulary) for part in parts]


def _told(benefit: Benefit, version: Version) -> dict[str, str]:
    """Everything a page tells of a benefit beside its condition."""
    grant = version.grant
    return {
        "名称": benefit.title,
        "领域": AREAS[benefit.area],
        "方式": KINDS[benefit.kind],
        "谁来办": benefit.provider,
        "出示": benefit.evidence or "（没有写）",
        "内容": version.what,
        "怎么享受": WAYS[grant.way],
        "免申即享": _offered(version),
        "数字": "；".join(map(str, grant.figures)) or "（没有写）",
        "减免": f"{grant.percent_off}%" if grant.percent_off else "（没有写）",
        "封顶": str(grant.cap_fen or "（没有写）"),
        "个人最多负担": str(grant.own_max_fen or "（没有写）"),
        "依据": "；".join(map(str, version.basis)),
        "施行": version.start.isoformat(),
        "说明": version.note or "（没有写）",
    }


def _offered(version: Version) -> str:
    told = version.enrolment
    return f"{told.start.isoformat()} 起，{told.answer_days} 天内答复；{told.gives}" if told else "（不是）"


def _column(wide: pl.DataFrame, code: str) -> pl.Series:
    """One benefit's answers; nobody is granted what a book has not in force."""
    return wide[code] if code in wide.columns else pl.repeat(False, wide.height, eager=True)


def _reach(code: str, before: pl.Series, after: pl.Series) -> Reach:
    was, has = before.fill_null(value=False), after.fill_null(value=False)
    return Reach(
        code=code,
        gains=int((~was & has).sum()),
        loses=int((was & ~has & after.is_not_null()).sum()),
        becomes_unknown=int((before.is_not_null() & after.is_null()).sum()),
        granted_before=int(was.sum()),
        granted_after=int(has.sum()),
    )
