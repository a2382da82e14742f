"""`load_plan`: a plan's policy file read strictly, all faults at once, its examples run."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, cast

from rongjun.insurance.cover import CoverBook, cover_benefit
from rongjun.insurance.logic.bills import PARTS, PAYERS, PERSON, THIS_PLAN
from rongjun.insurance.logic.plans import (
    MODES,
    RULES,
    AboveBoth,
    Area,
    Band,
    Bucket,
    Excess,
    Exclusion,
    Ground,
    Mode,
    Payer,
    Percentage,
    Plan,
    Scale,
    StopLoss,
    Terms,
    Tiers,
    Version,
)
from rongjun.insurance.logic.reasons import TITLES
from rongjun.kernel.money import Fen
from rongjun.rules.api import (
    CONFIDENCES,
    GRADES,
    Basis,
    Book,
    ConditionError,
    Confirmation,
    Fields,
    Grant,
    Node,
    PolicyError,
    Problem,
    Sheet,
    load_book,
    parse_condition,
    plain,
    read_sheet,
)
from rongjun.rules.api import Version as CoverVersion

# Part of every digest: raise it when the same file would be decided differently by newer code.
PLAN_FORMAT: Final = 1
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_BENEFIT = re.compile(r"[a-z]+\.[a-z0-9]+(-[a-z0-9]+)*")
_MONTH_DAY = re.compile(r"(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])")
_CARE_TYPE = re.compile(r"[0-9]{2,6}")
_BUCKETS: Final[Mapping[str, str]] = {
    "inside": "目录内",
    "outside": "目录外",
    "excluded": "不计入",
}
_ABOVE: Final = ("payout-ceiling", "own-ceiling")
_PREFIX: Final[Mapping[str, int]] = {"province": 2, "city": 4, "county": 6}


@dataclass(frozen=True, slots=True)
class Stay:
    """One stay of an example, in fen."""

    total: Fen
    pooled: Fen
    discharged_on: date
    parts: Mapping[str, Fen]


@dataclass(frozen=True, slots=True)
class Example:
    """A year a person worked out by hand: stays of one insured person, and what must come out."""

    name: str
    stays: tuple[Stay, ...]
    payout: Fen
    own: Fen
    review: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True)
class PlanFile:
    """A plan as its file says it: the numbers, who is covered, the examples of each wording."""

    plan: Plan
    cover: CoverBook
    file: str
    owner: str
    checked: date
    confidence: str
    source_grade: str
    benefit: str
    notes: Mapping[date, str | None]
    examples: Mapping[date, tuple[Example, ...]]
    digest: str


def load_plan(
    policy: Path,
    *,
    city: str,
    code: str,
    book: Book | None = None,
    confirmations: Iterable[Confirmation] = (),
) -> PlanFile:
    """Read one city's plan; raise `PolicyError` with every fault of the file.

    `policy` is the policy folder, `book` the city's book if it is loaded already. A wording is 待局方确认
    unless `confirmations` hold one of exactly it.
    """
    name = f"cities/{city}/insurance/{code}.yaml"
    problems: list[Problem] = []
    sheet = Sheet(f"policy/{name}", problems)
    known = book or load_book(policy, city=city)
    if not _SLUG.fullmatch(code):
        raise PolicyError(
            [Problem(f"policy/cities/{city}/insurance", 1, "方案代码的写法不对", "写成 rongjunbao 这样")]
        )
    node = read_sheet(policy / name, sheet=sheet)
    if node is None:
        raise PolicyError(problems)
    found = _Reader(known, sheet, code=code, confirmed=frozenset(confirmations)).read(node)
    if found is None:
        raise PolicyError(problems)
    return found


@dataclass(slots=True)
class _Wording:
    """One version while it is read: terms still without their end, who is covered, the examples."""

    terms: Terms
    cover: CoverVersion | None
    until: date | None
    note: str | None
    examples: tuple[Example, ...]
    fields: Fields


@dataclass(slots=True)
class _Reader:
    book: Book
    sheet: Sheet
    code: str
    confirmed: frozenset[Confirmation]
    title: str = ""

    def read(self, node: Node) -> PlanFile | None:
        """The plan, or None when the file has faults."""
        fields = Fields(node, sheet=self.sheet, what="方案")
        code = fields.matching("code", _SLUG, "rongjunbao")
        if code != self.code:
            fields.fault("code", f"代码与文件名 {self.code}.yaml 不一致", "让两者一致")
        self.title = fields.text("title")
        fields.text("title_en")
        benefit = fields.matching("benefit", _BENEFIT, "medical.rongjunbao")
        if benefit not in self.book.benefits:
            fields.fault("benefit", f"没有代码为 {benefit} 的优待项目", "写这个方案对应的优待项目代码")
        owner, checked = fields.text("owner"), fields.day("checked")
        confidence = fields.one_of("confidence", list(CONFIDENCES))
        grade = fields.one_of("source_grade", list(GRADES))
        wordings = self._wordings(fields)
        fields.done()
        if self.sheet.problems:
            return None
        digest = _digest({"format": PLAN_FORMAT, "plan": plain(node), "book": self.book.digest})
        versions = tuple(each.cover for each in wordings if each.cover)
        cover = cover_benefit(
            code=benefit,
            title=self.title,
            versions=versions,
            file=self.sheet.file,
            owner=owner,
            checked=checked,
        )
        return PlanFile(
            plan=Plan(code, self.title, _with_ends(wordings)),
            cover=CoverBook.of(self.book, cover, digest=digest),
            file=self.sheet.file,
            owner=owner,
            checked=checked,
            confidence=confidence,
            source_grade=grade,
            benefit=benefit,
            notes={each.terms.start: each.note for each in wordings},
            examples={each.terms.start: each.examples for each in wordings},
            digest=digest,
        )

    def _wordings(self, fields: Fields) -> list[_Wording]:
        found = []
        for node in fields.items("versions"):
            each = Fields(node, sheet=self.sheet, what="版本")
            found.append(self._wording(each, digest=_digest({"code": self.code, "version": plain(node)})))
        for now, following in pairwise(found):
            self._check_order(now, following)
        for wording in found:
            if wording.until and wording.until < wording.terms.start:
                wording.fields.fault("until", "until 早于 from", "改正日期")
        return found

    def _check_order(self, now: _Wording, following: _Wording) -> None:
        start = following.terms.start
        if start <= now.terms.start:
            following.fields.fault("from", "版本没有按施行日从早到晚排列", "旧版本在前，新版本加在后面")
        elif now.until and now.until >= start:
            now.fields.fault("until", "until 不早于下一版本的 from", "改正日期")
        elif (start.month, start.day) != following.terms.year_starts:
            # Two wordings in one insured year would make its result depend on which bill came when.
            following.fields.fault("from", "新版本不从保险年度的第一天起施行", "改成 year_starts 那一天")

    def _wording(self, fields: Fields, *, digest: str) -> _Wording:
        start = fields.day("from")
        observed = fields.has("since") and fields.one_of("since", ["stated", "observed"]) == "observed"
        until, announced = fields.day_or_none("until"), fields.day_or_none("announced")
        basis = _basis(fields)
        version = Version(self.code, start, digest, unconfirmed=not self._is_confirmed(start, digest))
        terms = self._terms(fields, version, basis)
        note = fields.text_or_none("note")
        wording = _Wording(
            terms=terms,
            cover=self._cover(
                fields,
                terms,
                basis=basis,
                is_observed=observed,
                until=until,
                announced=announced,
                note=note,
                digest=digest,
            ),
            until=until,
            note=note,
            examples=tuple(_example(each) for each in fields.maps("examples", "例子")),
            fields=fields,
        )
        fields.done()
        return wording

    def _is_confirmed(self, start: date, digest: str) -> bool:
        return any((c.code, c.version, c.digest) == (self.code, start, digest) for c in self.confirmed)

    def _cover(self, fields: Fields, terms: Terms, **known: Any) -> CoverVersion | None:
        text = fields.text("when")
        try:
            when = parse_condition(text, vocabulary=self.book.vocabulary, regions=self.book.regions)
        except ConditionError as error:
            for fault in error.faults:
                fields.fault("when", f"条件第 {fault.column} 个字：{fault.what}", fault.fix)
            return None
        return CoverVersion(
            start=terms.start,
            when_text=text,
            when=when,
            what=self.title,
            grant=Grant("claim", None, None, (), int(terms.stop.payout_max), int(terms.stop.own_max)),
            venues=(),
            examples=(),
            line=fields.line,
            **known,
        )

    def _terms(self, fields: Fields, version: Version, basis: tuple[Basis, ...]) -> Terms:
        return Terms(
            version=version,
            title=self.title,
            until=None,
            year_starts=_month_day(fields),
            stop=StopLoss(
                own_max=_amount(fields, "own_max_fen"),
                payout_max=_amount(fields, "payout_max_fen"),
                mode=_mode(fields.map("mode", "赔付方式")),
                above_both=cast(AboveBoth, fields.one_of("above_both", _ABOVE)),
            ),
            payers=self._payers(fields),
            buckets=_buckets(fields.map("parts", "各类费用")),
            care_types=_care_types(fields),
            areas=self._areas(fields),
            exclusions=tuple(
                self._exclusion(each) for each in fields.maps("exclusions", "免责", required=False)
            ),
            split_stay_days=_count(fields, "split_stay_days") if fields.has("split_stay_days") else None,
            grounds=_grounds(fields.map("grounds", "规则凭据"), basis, confirmed=not version.unconfirmed),
            premium=_premium(fields.map("premium", "保费")),
        )

    def _payers(self, fields: Fields) -> tuple[Payer, ...]:
        codes = fields.texts("payers")
        for code in codes:
            if code not in PAYERS:
                fields.fault("payers", f"没有“{code}”这个付款方", f"从这些里选：{'、'.join(PAYERS)}")
        if missing := [code for code in PAYERS if code not in codes]:
            fields.fault("payers", f"付款次序里缺少 {'、'.join(missing)}", "每个付款方都排上，不付的也排")
        elif codes.index(PERSON) < codes.index(THIS_PLAN):
            fields.fault("payers", "个人排在方案前面", "把 person 排到 this-plan 后面")
        titles = {**PAYERS, THIS_PLAN: self.title}
        return tuple(Payer(code, titles.get(code, code)) for code in codes)

    def _areas(self, fields: Fields) -> tuple[Area, ...]:
        node = fields.node("areas")
        if node is None or node.value == "anywhere":
            return ()
        found = []
        for name in fields.texts("areas"):
            region = self.book.regions.get(name)
            if region is None:
                known = "、".join(self.book.regions)
                fields.fault("areas", f"没有名为 {name} 的地区", f"写 anywhere，或从这些里选：{known}")
            else:
                found.append(Area(region.title, f"{region.code:012d}"[: _PREFIX[region.level]]))
        return tuple(found)

    def _exclusion(self, fields: Fields) -> Exclusion:
        found = Exclusion(
            fields.matching("code", _SLUG, "work-injury"), fields.text("title"), fields.text("clause")
        )
        fields.done()
        return found


def _with_ends(wordings: Sequence[_Wording]) -> tuple[Terms, ...]:
    """Each wording ends on its last day, or on the eve of the next."""
    found = []
    for now, following in zip(wordings, [*wordings[1:], None], strict=True):
        eve = following.terms.start - timedelta(days=1) if following else None
        found.append(replace(now.terms, until=now.until or eve))
    return tuple(found)


def _basis(fields: Fields) -> tuple[Basis, ...]:
    found = []
    for entry in fields.maps("basis", "依据"):
        effective = entry.day_or_none("effective_from")
        found.append(Basis(entry.text("document"), entry.text_or_none("clause"), effective))
        entry.done()
    return tuple(found)


def _month_day(fields: Fields) -> tuple[int, int]:
    text = fields.matching("year_starts", _MONTH_DAY, "'07-01'")
    month, day = (int(part) for part in text.split("-")) if _MONTH_DAY.fullmatch(text) else (1, 1)
    try:
        date(2023, month, day)
    except ValueError:
        fields.fault("year_starts", f"不是每年都有 {month} 月 {day} 日", "换一天")
        return 1, 1
    return month, day


def _amount(fields: Fields, key: str) -> Fen:
    amount = _count(fields, key)
    return Fen(amount)


def _count(fields: Fields, key: str, *, least: int = 1) -> int:
    number = fields.number(key)
    if number < least:
        fields.fault(key, f"“{key}”应不小于 {least}", "改正数字")
    return number


def _percent(fields: Fields) -> int:
    percent = fields.number("percent")
    if not 0 <= percent <= 100:
        fields.fault("percent", "比例不在 0 到 100 之间", "改正比例")
    return percent


def _mode(fields: Fields) -> Mode:
    kind = fields.one_of("kind", list(MODES))
    found: Mode = Excess()
    if kind == "percentage":
        found = Percentage(_percent(fields))
    elif kind == "tiers":
        found = Tiers(_scale(fields.map("inside", "目录内")), _scale(fields.map("outside", "目录外")))
    fields.done()
    return found


def _scale(fields: Fields) -> Scale:
    deductible = _count(fields, "deductible_fen", least=0)
    bands = []
    for entry in fields.maps("bands", "分段"):
        up_to = Fen(entry.number("up_to_fen")) if entry.has("up_to_fen") else None
        bands.append(Band(up_to, _percent(entry)))
        entry.done()
    ends = [deductible, *(band.up_to for band in bands)]
    open_ends = [end for end in ends[:-1] if end is None]
    if open_ends or any(b is not None and a is not None and b <= a for a, b in pairwise(ends)):
        fields.fault("bands", "分段没有从低到高首尾相接", "每段的 up_to_fen 大于前一段，只有最后一段可以不写")
    limit = _amount(fields, "limit_fen") if fields.has("limit_fen") else None
    fields.done()
    return Scale(Fen(deductible), tuple(bands), limit)


def _buckets(fields: Fields) -> Mapping[str, Bucket]:
    found = {part: cast(Bucket, fields.one_of(part, list(_BUCKETS))) for part in PARTS}
    fields.done()
    return found


def _care_types(fields: Fields) -> frozenset[str]:
    found = fields.texts("care_types")
    for each in found:
        if not _CARE_TYPE.fullmatch(each):
            fields.fault("care_types", f"医疗类别“{each}”的写法不对", "写国家医保的类别代码，加引号，如 '21'")
    return frozenset(found)


def _grounds(fields: Fields, basis: tuple[Basis, ...], *, confirmed: bool) -> Mapping[str, Ground]:
    """For each rule what it stands on: its own clause if it names one, else the documents of the wording."""
    documents = "；".join(str(entry) for entry in basis)
    found = {}
    for rule, title in RULES.items():
        entry = fields.map(rule, title)
        grade = entry.one_of("source_grade", list(GRADES))
        clause = entry.text_or_none("clause")
        text = f"{documents}{clause or ''}" if grade != "none" else f"默认值：{title}"
        found[rule] = Ground(text, grade, unconfirmed=not confirmed, note=entry.text_or_none("note") or "")
        entry.done()
    fields.done()
    return found


def _premium(fields: Fields) -> str:
    payer = fields.one_of("paid_by", ["government", "person", "shared"])
    person = Fen(_count(fields, "person_fen", least=0))
    total = Fen(_amount(fields, "total_fen")) if fields.has("total_fen") else None
    if payer == "government" and person:
        fields.fault("person_fen", "政府全额出资，个人保费应为 0", "改正其中一个")
    fields.done()
    said = {"government": "政府全额出资", "person": "个人缴费", "shared": "政府与个人分担"}.get(payer, payer)
    whole = f"，每人每年 {total} 元" if total is not None else ""
    return f"{said}{whole}，个人缴 {person} 元"


def _example(fields: Fields) -> Example:
    on = fields.day("date")
    expect = fields.map("expect", "应得结果")
    review = expect.texts("review", required=False)
    for code in review:
        if code not in TITLES:
            expect.fault("review", f"没有“{code}”这个复核原因", f"从这些里选：{'、'.join(TITLES)}")
    found = Example(
        name=fields.text("name"),
        stays=tuple(_stay(each, on) for each in fields.maps("stays", "住院")),
        payout=Fen(expect.number("payout_fen")),
        own=Fen(expect.number("own_fen")),
        review=review,
        line=fields.line,
    )
    expect.done()
    fields.done()
    return found


def _stay(fields: Fields, on: date) -> Stay:
    parts: dict[str, Fen] = {}
    if fields.has("parts_fen"):
        entry = fields.map("parts_fen", "各类费用")
        parts = {part: Fen(entry.number(part)) for part in PARTS if entry.has(part)}
        entry.done()
    found = Stay(
        total=Fen(_count(fields, "total_fen")),
        pooled=Fen(_count(fields, "pooled_fen", least=0)),
        discharged_on=fields.day_or_none("discharged") or on,
        parts=parts,
    )
    if found.pooled > found.total:
        fields.fault("pooled_fen", "统筹支付大于总费用", "改正金额")
    fields.done()
    return found


def _digest(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
