"""`load_book`: nation + province + city from `policy/`, every fault of every file at once."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from itertools import pairwise, zip_longest
from pathlib import Path, PurePosixPath
from typing import Final, cast

from rongjun.rules.book import (
    AREAS,
    CLASSES,
    CONFIDENCES,
    GRADES,
    KINDS,
    UNITS,
    VERDICTS,
    WAYS,
    Basis,
    Benefit,
    Book,
    Confirmation,
    Enrolment,
    Example,
    Figure,
    Grant,
    Guard,
    GuardVersion,
    Venue,
    Verdict,
    Version,
    change_days,
    digest_of,
)
from rongjun.rules.conditions import parse_condition
from rongjun.rules.days import EARLIEST, Span, latest_start
from rongjun.rules.errors import ConditionError, PolicyError, Problem
from rongjun.rules.fares import Fare, FareBook, read_fare
from rongjun.rules.reading import Fields, Node, Sheet, closest, plain, read_bytes
from rongjun.rules.tree import Condition, Holds, Region
from rongjun.rules.vocabulary import LEVELS, NAME, RESERVED, Fact, Value, Vocabulary, read_vocabulary

LATEST: Final = date(2999, 12, 31)
MOST_ANSWER_DAYS: Final = 365
# Part of every digest: raise it when the same files would be judged differently by newer code.
BOOK_FORMAT: Final = 1
SPAN_OF_LEVEL: Final[Mapping[str, int]] = {"province": 10**10, "city": 10**8, "county": 10**6}

_CODE = re.compile(r"[a-z]+\.[a-z0-9]+(-[a-z0-9]+)*")
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_SOURCE_ID = re.compile(r"[A-Z]-[0-9]{3}")
_LINK = re.compile(r"https?://\S+")


def load_book(
    policy: Path | Mapping[str, bytes], *, city: str, confirmations: Iterable[Confirmation] = ()
) -> Book:
    """Return the book of one city; raise `PolicyError` with all problems when any file has one.

    `policy` is the policy folder, or what `read_folder` made of it; `city` the name of a folder in its
    `cities`. The digest covers the content (not the layout or comments) of facts, city, province, guards,
    venues, benefits, references, fares and confirmations.
    """
    files = read_folder(policy) if isinstance(policy, Path) else policy
    loader = _Loader(files, confirmations=frozenset(confirmations))
    book = loader.book(city)
    if loader.problems or book is None:
        raise PolicyError(loader.problems)
    return book


def read_folder(root: Path) -> dict[str, bytes]:
    """Every file of the policy folder by its path inside it; raise `PolicyError` when one cannot be read."""
    files: dict[str, bytes] = {}
    problems = []
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if path.is_dir():
            continue
        try:
            files[name] = path.read_bytes()
        except OSError:
            problems.append(Problem(f"policy/{name}", 1, "文件打不开", "检查文件的权限"))
    if problems:
        raise PolicyError(problems)
    return files


def files_of(files: Mapping[str, bytes], *, city: str, province: str) -> dict[str, bytes]:
    """The files one city's book is made of: those of other cities and provinces left out."""
    ours = ("facts.yaml", "national/", "reference/", f"provinces/{province}/", f"cities/{city}/")
    return {name: raw for name, raw in files.items() if name.startswith(ours)}


@dataclass(slots=True)
class _Loader:
    files: Mapping[str, bytes]
    confirmations: frozenset[Confirmation]
    problems: list[Problem] = field(default_factory=list)
    vocabulary: Vocabulary = field(default_factory=lambda: Vocabulary({}))
    regions: dict[str, Region] = field(default_factory=dict)
    venues: dict[str, tuple[Venue, ...]] = field(default_factory=dict)
    content: dict[str, object] = field(default_factory=dict)

    def book(self, city: str) -> Book | None:
        if not self._read_vocabulary():
            return None
        place = self._read_place(city)
        if place is None:
            return None
        title, province = place
        guards = self._read_guards("national/guard.yaml")
        benefits: dict[str, Benefit] = {}
        levels = {"national": "national", "province": f"provinces/{province}", "city": f"cities/{city}"}
        for level, folder in levels.items():
            self._read_benefits(f"{folder}/benefits", level=level, into=benefits)
        ordered = dict(sorted(benefits.items()))
        references: dict[str, Benefit] = {}
        self._read_benefits("reference", level="reference", into=references)
        fares = self._read_fares(f"cities/{city}/fares/")
        return Book(
            digest=self._digest(),
            city=city,
            province=province,
            title=title,
            regions=self.regions,
            vocabulary=self.vocabulary,
            benefits=ordered,
            references=dict(sorted(references.items())),
            guards=guards,
            confirmations=self.confirmations,
            changes=change_days(ordered, guards),
            fares=fares,
        )

    def _digest(self) -> str:
        confirmed = sorted(
            (asdict(c) | {"version": c.version.isoformat()} for c in self.confirmations), key=digest_of
        )
        return digest_of({"format": BOOK_FORMAT, "files": self.content, "confirmations": confirmed})

    def _sheet(self, name: str) -> Sheet:
        return Sheet(f"policy/{name}", self.problems)

    def _read(self, name: str) -> tuple[Node | None, Sheet]:
        sheet = self._sheet(name)
        if name not in self.files:
            sheet.fault(1, "缺少这个文件", "补上它")
            return None, sheet
        node = read_bytes(self.files[name], sheet=sheet)
        if node is not None:
            self.content[name] = plain(node)
        return node, sheet

    def _open(self, name: str, what: str) -> tuple[Fields, Sheet] | None:
        node, sheet = self._read(name)
        return None if node is None else (Fields(node, sheet=sheet, what=what), sheet)

    # facts.yaml

    def _read_vocabulary(self) -> bool:
        node, sheet = self._read("facts.yaml")
        if node is None:
            return False
        stored = read_vocabulary(node, sheet=sheet)
        if self.problems:
            return False
        facts = dict(stored.facts)
        entries = node.value["facts"].value if isinstance(node.value, dict) else []
        for entry, fact in zip(cast("list[Node]", entries), stored.facts.values(), strict=True):
            if fact.derived_text:
                facts[fact.name] = self._derive(fact, stored, sheet=sheet, line=entry.line)
        self.vocabulary = Vocabulary(facts)
        return not self.problems

    def _derive(self, fact: Fact, stored: Vocabulary, *, sheet: Sheet, line: int) -> Fact:
        base = Vocabulary({name: f for name, f in stored.facts.items() if not f.derived_text})
        return replace(fact, derived=self._condition(fact.derived_text, base, sheet=sheet, line=line))

    def _condition(self, text: str, vocabulary: Vocabulary, *, sheet: Sheet, line: int) -> Condition:
        try:
            return parse_condition(text, vocabulary=vocabulary, regions=self.regions)
        except ConditionError as error:
            for fault in error.faults:
                sheet.fault(line, f"条件第 {fault.column} 个字：{fault.what}", fault.fix)
            return Holds("?", absent_false=False)

    # province.yaml, city.yaml

    def _read_place(self, city: str) -> tuple[str, str] | None:
        known = sorted({name.split("/")[1] for name in self.files if name.startswith("cities/")})
        if city not in known or not _SLUG.fullmatch(city):
            listed = f"从这些里选：{'、'.join(known)}"
            self.problems.append(Problem("policy/cities", 1, f"没有名为“{city}”的城市", listed))
            return None
        opened = self._open(f"cities/{city}/city.yaml", "城市")
        if opened is None:
            return None
        fields, _ = opened
        title, province = fields.text("title"), fields.matching("province", _SLUG, "shandong")
        self._add_region(fields, name="this_city", title="本市", level="city")
        for division in fields.maps("divisions", "地区", required=False):
            name = division.matching("name", NAME, "huangdao")
            level = division.one_of("level", LEVELS)
            if name in self.vocabulary.facts or name in self.regions or name in RESERVED:
                division.fault("name", f"“{name}”已经是事实名、地区名或保留字", "换一个名字")
            elif level in LEVELS:
                self._add_region(division, name=name, title=division.text("title"), level=level)
            division.done()
        fields.text("title_en")
        fields.done()
        self._read_venues(f"cities/{city}/venues.yaml")
        return (title, province) if self._read_province(province) else None

    def _read_venues(self, name: str) -> None:
        """Named lists of places; a city need not have any."""
        opened = self._open(name, "场所名单") if name in self.files else None
        if opened is None:
            return
        fields, _ = opened
        for entry in fields.maps("lists", "名单"):
            code, batch = entry.matching("code", _SLUG, "scenic-2021"), entry.text("title")
            entry.text_or_none("note")
            self.venues[code] = tuple(Venue(title, batch) for title in entry.texts("places"))
            entry.done()
        fields.done()

    def _read_province(self, province: str) -> bool:
        opened = self._open(f"provinces/{province}/province.yaml", "省份")
        if opened is None:
            return False
        fields, _ = opened
        fields.text("title")
        self._add_region(fields, name="this_province", title="本省", level="province")
        fields.done()
        return True

    def _add_region(self, fields: Fields, *, name: str, title: str, level: str) -> None:
        code = fields.number("code")
        if not 11 * 10**10 <= code < 10**12 or code % SPAN_OF_LEVEL[level]:
            fields.fault(
                "code", "区划代码不对", "写 12 位代码，市级后 8 位为 0，省级后 10 位为 0，区县后 6 位为 0"
            )
        self.regions[name] = Region(name, title, code, level)

    # guard.yaml

    def _read_guards(self, name: str) -> tuple[Guard, ...]:
        opened = self._open(name, "总闸")
        if opened is None:
            return ()
        fields, sheet = opened
        guards = []
        for entry in fields.maps("guards", "总闸条件"):
            code, title = entry.matching("code", _SLUG, "rights-suspended"), entry.text("title")
            versions = [self._guard_version(v, sheet=sheet) for v in entry.maps("versions", "版本")]
            _check_order([v.start for v in versions], entry)
            entry.text_or_none("note")
            entry.done()
            guards.append(Guard(code, title, tuple(versions)))
        fields.done()
        return tuple(guards)

    def _guard_version(self, fields: Fields, *, sheet: Sheet) -> GuardVersion:
        kinds = fields.texts("kinds")
        for kind in kinds:
            if kind not in KINDS:
                fields.fault("kinds", f"没有“{kind}”这种方式", f"从这些里选：{'、'.join(KINDS)}")
        text = fields.text("when")
        version = GuardVersion(
            start=_judged_day(fields, "from"),
            kinds=kinds,
            basis=self._basis(fields),
            when_text=text,
            when=self._condition(text, self.vocabulary, sheet=sheet, line=fields.line_of("when")),
        )
        fields.done()
        return version

    # fares/<programme>.yaml

    def _read_fares(self, folder: str) -> FareBook:
        """The fares of a city; a city need not have any."""
        found: dict[str, Fare] = {}
        for name in sorted(name for name in self.files if name.startswith(folder)):
            if not re.fullmatch(r"[a-z0-9-]+\.yaml", name.removeprefix(folder)):
                self._sheet(name).fault(1, f"{folder} 里只放 项目.yaml", "改名或移走这个文件")
                continue
            opened = self._open(name, "票价")
            if opened is None:
                continue
            fields, sheet = opened
            fare = read_fare(fields, sheet=sheet, basis=self._basis)
            found[fare.code] = fare
        return FareBook(found)

    # benefits/<area>/<item>.yaml

    def _read_benefits(self, folder: str, *, level: str, into: dict[str, Benefit]) -> None:
        for name in sorted(name for name in self.files if name.startswith(f"{folder}/")):
            path = PurePosixPath(name)
            if path.suffix != ".yaml" or len(path.relative_to(folder).parts) != 2:
                self._sheet(name).fault(1, f"{folder} 里只放 领域/项目.yaml", "改名或移走这个文件")
                continue
            benefit = self._read_benefit(path, level=level)
            if benefit is None:
                continue
            if benefit.code in into:
                other = into[benefit.code].file
                self._sheet(name).fault(
                    1, f"代码 {benefit.code} 已在 {other} 里用过", "换一个代码，或合并两个文件"
                )
            into[benefit.code] = benefit

    def _read_benefit(self, path: PurePosixPath, *, level: str) -> Benefit | None:
        opened = self._open(str(path), "优待项目")
        if opened is None:
            return None
        fields, sheet = opened
        area = fields.one_of("area", list(AREAS))
        code = fields.matching("code", _CODE, "transport.half-fare")
        if code != f"{path.parent.name}.{path.stem}" or area != path.parent.name:
            fields.fault("code", f"代码、领域与文件位置 {path.parent.name}/{path.stem} 不一致", "让三者一致")
        versions = self._versions(fields, sheet=sheet, code=code)
        benefit = Benefit(
            code=code,
            source_id=fields.matching("source_id", _SOURCE_ID, "T-001") if fields.has("source_id") else None,
            title=fields.text("title"),
            title_en=fields.text("title_en"),
            area=area,
            kind=fields.one_of("kind", list(KINDS)),
            classes=_classes(fields),
            provider=fields.text("provider"),
            owner=fields.text("owner"),
            evidence=fields.text_or_none("evidence"),
            checked=fields.day("checked"),
            confidence=fields.one_of("confidence", list(CONFIDENCES)),
            source_grade=fields.one_of("source_grade", list(GRADES)),
            public_links=_links(fields),
            level=level,
            file=sheet.file,
            versions=versions,
        )
        fields.done()
        return benefit

    def _versions(self, fields: Fields, *, sheet: Sheet, code: str) -> tuple[Version, ...]:
        nodes = fields.items("versions")
        read = [Fields(node, sheet=sheet, what="版本") for node in nodes]
        versions = [
            self._version(v, sheet=sheet, digest=digest_of({"code": code, "version": plain(node)}))
            for v, node in zip(read, nodes, strict=True)
        ]
        _check_order([v.start for v in versions], fields)
        for now, following in zip_longest(versions, versions[1:]):
            if now.until and (now.until < now.start or (following and now.until >= following.start)):
                sheet.fault(now.line, "until 早于 from，或不早于下一版本的 from", "改正日期")
        return tuple(versions)

    def _version(self, fields: Fields, *, sheet: Sheet, digest: str) -> Version:
        text = fields.text("when")
        version = Version(
            start=_judged_day(fields, "from"),
            is_observed=fields.has("since") and fields.one_of("since", ["stated", "observed"]) == "observed",
            until=_judged_day(fields, "until") if fields.has("until") else None,
            announced=fields.day_or_none("announced"),
            basis=self._basis(fields),
            when_text=text,
            when=self._condition(text, self.vocabulary, sheet=sheet, line=fields.line_of("when")),
            what=fields.text("what"),
            grant=_grant(fields.map("grant", "待遇")),
            venues=self._places(fields),
            note=fields.text_or_none("note"),
            examples=tuple(self._example(e) for e in fields.maps("examples", "例子", required=False)),
            digest=digest,
            line=fields.line,
        )
        if fields.has("enrolment"):
            version = replace(version, enrolment=self._enrolment(fields, version))
        fields.done()
        return version

    def _enrolment(self, fields: Fields, version: Version) -> Enrolment:
        """免申即享; what is had by showing a card needs nobody's enrolment."""
        given = fields.map("enrolment", "免申即享")
        enrolment = Enrolment(
            start=_judged_day(given, "from"),
            basis=self._basis(given),
            gives=given.text("gives"),
            answer_days=given.number("answer_days"),
            note=given.text_or_none("note"),
        )
        if version.grant.way == "use":
            fields.fault("enrolment", "当场享受的优待不用登记，谈不上免申即享", "删去这一段")
        if not version.start <= enrolment.start <= (version.until or LATEST):
            given.fault("from", "免申即享的日期不在这个版本施行的期间里", "改正日期")
        if not 1 <= enrolment.answer_days <= MOST_ANSWER_DAYS:
            given.fault("answer_days", f"答复天数不在 1 到 {MOST_ANSWER_DAYS} 之间", "改正天数")
        given.done()
        return enrolment

    def _places(self, fields: Fields) -> tuple[Venue, ...]:
        if not fields.has("venues"):
            return ()
        code = fields.text("venues")
        if code not in self.venues:
            known = "、".join(self.venues) or "这个城市还没有名单"
            fields.fault("venues", f"没有名为 {code} 的场所名单", f"从这些里选：{known}")
        return self.venues.get(code, ())

    def _basis(self, fields: Fields) -> tuple[Basis, ...]:
        found = []
        for entry in fields.maps("basis", "依据"):
            found.append(
                Basis(
                    entry.text("document"), entry.text_or_none("clause"), entry.day_or_none("effective_from")
                )
            )
            entry.done()
        return tuple(found)

    def _example(self, fields: Fields) -> Example:
        on = _judged_day(fields, "date")
        given = fields.map("given", "已知情况")
        expect = fields.map("expect", "应得结论")
        example = Example(
            name=fields.text("name"),
            date=on,
            given=self._facts(given, on=on),
            relations=tuple(
                self._relation(each, on=on) for each in fields.maps("relations", "关系", required=False)
            ),
            verdict=cast(Verdict, expect.one_of("verdict", VERDICTS)),
            because=expect.texts("because", required=False),
            line=fields.line,
        )
        for name in example.because:
            if name not in self.vocabulary.facts:
                expect.fault("because", f"没有名为 {name} 的事实", self._hint(name))
        expect.done()
        fields.done()
        return example

    def _relation(self, given: Fields, *, on: date) -> dict[str, Value]:
        facts = self._facts(given, on=on)
        keys = given.keys()
        for key in keys:
            fact = self.vocabulary.facts.get(key)
            if fact and not fact.per_relation:
                given.fault(key, f"“{fact.label}”说的是人，不是关系", "移到 given 里")
        return facts

    def _facts(self, given: Fields, *, on: date) -> dict[str, Value]:
        pairs = given.each(lambda key, node: self._given(key, node, sheet=given.sheet, on=on))
        for key, (name, _) in zip(given.keys(), pairs, strict=True):
            if key != name and [stored for stored, _ in pairs].count(name) > 1:
                given.fault(key, f"{key} 和另一项都在说 {name}", "只留一个")
        return dict(pairs)

    def _hint(self, name: str) -> str:
        guess = closest(name, self.vocabulary.facts)
        return f"看看是否想写 {guess}" if guess else "查 facts.yaml 里的事实名"

    def _given(self, name: str, node: Node, *, sheet: Sheet, on: date) -> tuple[str, Value]:
        """One fact of an example as an app would supply it: a span becomes the date behind it."""
        fact = self.vocabulary.facts.get(name)
        value = node.value
        if fact is None:
            sheet.fault(node.line, f"没有名为 {name} 的事实", self._hint(name))
        elif fact.derived_text:
            sheet.fault(node.line, f"“{fact.label}”是推出来的", f"改写 {fact.derived_text} 里的事实")
        elif isinstance(value, dict | list):
            sheet.fault(node.line, f"{name} 只能有一个值", "写一个值")
        elif fact.kind == "division" and isinstance(value, str) and value in self.regions:
            return name, self.regions[value].code
        elif not fact.accepts(value):
            sheet.fault(node.line, f"“{fact.label}”（{name}）的值不对", _expected(fact))
        elif fact.of:
            kind = cast(Span, fact.kind)
            return fact.of, latest_start(kind, value, on=on) if isinstance(value, int) else None
        else:
            return name, value
        return name, None


def _judged_day(fields: Fields, key: str) -> date:
    """A day conditions can be judged on; ages and spans are worked out from it."""
    day = fields.day(key)
    if not EARLIEST <= day <= LATEST:
        fields.fault(key, f"{day.isoformat()} 不在 {EARLIEST.year} 到 {LATEST.year} 年之间", "改正日期")
    return min(max(day, EARLIEST), LATEST)


def _expected(fact: Fact) -> str:
    """What to write for a value of this fact."""
    texts = {
        "bool": "写 true 或 false",
        "date": "写 YYYY-MM-DD",
        "text": "写文字",
        "enum": f"从这些里选：{'、'.join(fact.values)}",
        "division": "写地区名或 12 位代码",
    }
    return texts.get(fact.kind, f"写 {fact.lowest} 到 {fact.highest} 之间的整数")


def _check_order(starts: list[date], fields: Fields) -> None:
    if any(later <= earlier for earlier, later in pairwise(starts)):
        fields.fault(
            "versions", "版本没有按施行日从早到晚排列，或有两个同一天施行", "旧版本在前，新版本加在后面"
        )


def _classes(fields: Fields) -> tuple[str, ...]:
    found = fields.texts("classes")
    for name in found:
        if name not in CLASSES:
            listed = "、".join(f"{key}（{label}）" for key, label in CLASSES.items())
            fields.fault("classes", f"没有“{name}”类对象", f"从这些里选：{listed}")
    return found


def _links(fields: Fields) -> tuple[str, ...]:
    found = fields.texts("public_links", required=False)
    for link in found:
        if not _LINK.fullmatch(link):
            fields.fault("public_links", f"“{link}”不是可公开的网址", "写 http 开头的官方网址或删去")
    return found


def _grant(fields: Fields) -> Grant:
    percent = fields.number("percent_off") if fields.has("percent_off") else None
    if percent is not None and not 1 <= percent <= 100:
        fields.fault("percent_off", "减免比例不在 1 到 100 之间", "改正比例")
    grant = Grant(
        way=fields.one_of("way", list(WAYS)),
        settle=fields.matching("settle", _SLUG, "transit-operator") if fields.has("settle") else None,
        percent_off=percent,
        covers=fields.texts("covers", required=False),
        cap_fen=_fen(fields, "cap_fen"),
        own_max_fen=_fen(fields, "own_max_fen"),
        figures=tuple(_figure(each) for each in fields.maps("figures", "数字", required=False)),
        formula=fields.matching("formula", _SLUG, "stop-loss") if fields.has("formula") else None,
    )
    fields.done()
    return grant


def _figure(fields: Fields) -> Figure:
    figure = Figure(
        label=fields.text("label"),
        value=fields.number("value"),
        unit=fields.one_of("unit", list(UNITS)),
        of=fields.text_or_none("of"),
    )
    if figure.value <= 0:
        fields.fault("value", "数字应大于 0", "改正数字")
    fields.done()
    return figure


def _fen(fields: Fields, key: str) -> int | None:
    amount = fields.number(key) if fields.has(key) else None
    if amount is not None and amount <= 0:
        fields.fault(key, "金额应大于 0", "以分为单位写整数")
    return amount
