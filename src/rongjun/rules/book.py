"""The policy book as plain frozen values: what a city's folder says, checked, with its digest."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final, Literal

from rongjun.kernel.words import Words
from rongjun.rules.tree import Condition, Region
from rongjun.rules.vocabulary import Value, Vocabulary

if TYPE_CHECKING:
    from rongjun.rules.fares import FareBook

Verdict = Literal["granted", "unknown", "not-granted"]
VERDICTS: Final[tuple[Verdict, ...]] = ("granted", "unknown", "not-granted")

AREAS: Final[Words[Mapping[str, str]]] = {
    "transport": "交通出行",
    "tourism": "旅游",
    "culture": "文化",
    "education": "教育培训",
    "employment": "就业创业",
    "medical": "医疗",
    "eldercare": "养老",
    "housing": "住房",
    "honour": "荣誉",
    "living": "生活保障",
    "finance": "金融税费",
    "legal": "法律服务",
    "other": "其他",
}
KINDS: Final[Words[Mapping[str, str]]] = {
    "free": "免费",
    "discount": "减免优惠",
    "priority": "优先",
    "cash": "资金",
    "service": "服务",
    "honour": "荣誉",
}
CLASSES: Final[Words[Mapping[str, str]]] = {
    "A": "现役军人",
    "F": "现役军人家属",
    "D": "残疾军人",
    "V": "退役军人",
    "K": "“三属”",
    "R": "军队离退休人员",
}
WAYS: Final[Words[Mapping[str, str]]] = {
    "use": "出示证件或卡，当场享受",
    "allowance": "按期发放",
    "claim": "按账单结算赔付",
    "case": "提出申请办理",
}
CONFIDENCES: Final[Words[Mapping[str, str]]] = {
    "sourced": "已读到来源",
    "known": "依据公开文件整理，未读到原文",
}
GRADES: Final[Words[Mapping[str, str]]] = {
    "law_text": "法律法规原文",
    "government_page": "政府网页",
    "seed": "局方提供的材料",
    "press": "新闻报道",
    "mirror_or_reprint": "转载",
    "aggregator": "汇编网站",
    "none": "无",
}
UNITS: Final[Words[Mapping[str, str]]] = {
    "fen": " 元",
    "percent": "%",
    "points": " 分",
    "months": " 个月",
    "years": " 年",
    "times": " 次",
    "fold": " 倍",
    "people": " 人",
    "square-metre": " 平方米",
}


@dataclass(frozen=True, slots=True)
class Basis:
    """One legal basis: document with number, clause, and since when the document is in force."""

    document: str
    clause: str | None
    effective_from: date | None

    def __str__(self) -> str:
        return f"{self.document}{self.clause or ''}"


@dataclass(frozen=True, slots=True)
class Example:
    """A case a person checked by hand; `given` holds stored facts as an app would supply them.

    Somebody with several relations has them in `relations`; a single one may stand among `given`.
    """

    name: str
    date: date
    given: Mapping[str, Value]
    relations: tuple[Mapping[str, Value], ...]
    verdict: Verdict
    because: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a grant as its document states it: `value` in `unit`, of `of` if it is a share."""

    label: str
    value: int
    unit: str
    of: str | None

    def __str__(self) -> str:
        amount = f"{self.value / 100:,.2f}".removesuffix(".00") if self.unit == "fen" else str(self.value)
        return f"{self.label}：{f'{self.of}的 ' if self.of else ''}{amount}{UNITS[self.unit]}"


@dataclass(frozen=True, slots=True)
class Venue:
    """A place where a benefit holds, as the list of `batch` names it."""

    title: str
    batch: str


@dataclass(frozen=True, slots=True)
class Grant:
    """What is given. Amounts are whole fen; `percent_off` is a percentage of the public price.

    `figures` are the other numbers of the document; `formula` names the arithmetic an app implements.
    """

    way: str
    settle: str | None
    percent_off: int | None
    covers: tuple[str, ...]
    cap_fen: int | None
    own_max_fen: int | None
    figures: tuple[Figure, ...] = ()
    formula: str | None = None


@dataclass(frozen=True, slots=True)
class Enrolment:
    """免申即享: from `start` on the benefit is offered without a form; `gives` says what follows a yes."""

    start: date
    basis: tuple[Basis, ...]
    gives: str
    answer_days: int
    note: str | None


@dataclass(frozen=True, slots=True)
class Version:
    """One dated wording. In force from `start` to `until` (both included) or to the next version's eve.

    With `is_observed` no document was found that says since when: `start` is the day it was noted.
    """

    start: date
    is_observed: bool
    until: date | None
    announced: date | None
    basis: tuple[Basis, ...]
    when_text: str
    when: Condition
    what: str
    grant: Grant
    venues: tuple[Venue, ...]
    note: str | None
    examples: tuple[Example, ...]
    digest: str
    line: int
    enrolment: Enrolment | None = None


@dataclass(frozen=True, slots=True)
class Benefit:
    """One file: one benefit with all its versions, oldest first."""

    code: str
    source_id: str | None
    title: str
    title_en: str
    area: str
    kind: str
    classes: tuple[str, ...]
    provider: str
    owner: str
    evidence: str | None
    checked: date
    confidence: str
    source_grade: str
    public_links: tuple[str, ...]
    level: str
    file: str
    versions: tuple[Version, ...]

    @property
    def is_reference(self) -> bool:
        """Whether it is another city's practice, kept for comparison and never judged or promised."""
        return self.level == "reference"

    def version(self, *, on: date) -> Version | None:
        """The version in force on a day, or None before the first and after the last."""
        found = None
        for version in self.versions:
            if version.start <= on:
                found = version
        return None if found and found.until and found.until < on else found


@dataclass(frozen=True, slots=True)
class GuardVersion:
    """One dated wording of a guard; `kinds` are the kinds of benefit it stands before."""

    start: date
    kinds: tuple[str, ...]
    basis: tuple[Basis, ...]
    when_text: str
    when: Condition


@dataclass(frozen=True, slots=True)
class Guard:
    """A condition that stands before many benefits at once (待遇中止、取消)."""

    code: str
    title: str
    versions: tuple[GuardVersion, ...]

    def version(self, *, on: date) -> GuardVersion | None:
        """The version in force on a day."""
        found = None
        for version in self.versions:
            if version.start <= on:
                found = version
        return found


@dataclass(frozen=True, slots=True)
class Confirmation:
    """The bureau has confirmed one version as it reads now; a changed wording is unconfirmed again."""

    code: str
    version: date
    digest: str
    by: str
    document: str


@dataclass(frozen=True, slots=True, eq=False)
class Book:
    """A city's book: nation, province and city together. Two books with one digest are the same book.

    `references` are other cities' items: to read beside ours, never judged.
    """

    digest: str
    city: str
    province: str
    title: str
    regions: Mapping[str, Region]
    vocabulary: Vocabulary
    benefits: Mapping[str, Benefit]
    references: Mapping[str, Benefit]
    guards: tuple[Guard, ...]
    confirmations: frozenset[Confirmation]
    changes: tuple[date, ...]
    fares: "FareBook"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Book) and other.digest == self.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def in_force(self, *, on: date) -> Iterator[tuple[Benefit, Version]]:
        """Benefits with the version in force on a day, in order of their codes."""
        for benefit in self.benefits.values():
            version = benefit.version(on=on)
            if version:
                yield benefit, version

    def offered(self, *, on: date) -> Iterator[tuple[Benefit, Version, Enrolment]]:
        """Benefits that on a day are offered without a form, in order of their codes."""
        for benefit, version in self.in_force(on=on):
            if version.enrolment and version.enrolment.start <= on:
                yield benefit, version, version.enrolment

    def guards_before(self, benefit: Benefit, *, on: date) -> Iterator[tuple[Guard, GuardVersion]]:
        """Guards in force on a day that stand before this kind of benefit."""
        for guard in self.guards:
            version = guard.version(on=on)
            if version and benefit.kind in version.kinds:
                yield guard, version

    def is_confirmed(self, benefit: Benefit, version: Version) -> bool:
        """Whether the bureau has confirmed this version with exactly this wording."""
        return any(
            (c.code, c.version, c.digest) == (benefit.code, version.start, version.digest)
            for c in self.confirmations
        )


def change_days(benefits: Mapping[str, Benefit], guards: tuple[Guard, ...]) -> tuple[date, ...]:
    """The days on which the set of versions in force changes, ascending."""
    days = {version.start for benefit in benefits.values() for version in benefit.versions}
    days |= {version.start for guard in guards for version in guard.versions}
    ends = (version.until for benefit in benefits.values() for version in benefit.versions)
    return tuple(sorted(days | {end + timedelta(days=1) for end in ends if end}))


def canonical(value: object) -> bytes:
    """One way to write a plain value as JSON: sorted keys, no spaces, UTF-8."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.encode()


def digest_of(value: object) -> str:
    """SHA-256 over the canonical form, as hexadecimal text."""
    return hashlib.sha256(canonical(value)).hexdigest()
