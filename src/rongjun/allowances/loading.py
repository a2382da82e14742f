"""`load_allowances`: schemes, rates, settings and matrix of a place from `policy/`, all faults at once.

A place's book is nation + province + city. One rate order is one file with all its rows.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, cast

from rongjun.allowances.grounds import SLUG, read_ground, read_numbers
from rongjun.allowances.logic.rates import (
    FictionalUse,
    Rate,
    RateOrder,
    RateTable,
    Series,
)
from rongjun.allowances.logic.schemes import (
    PAIR_RULES,
    AllowanceBook,
    Follow,
    LumpSum,
    Merit,
    Pair,
    PairRule,
    Publicity,
    Remedy,
    Scheme,
    Setting,
)
from rongjun.allowances.orders import OrderReader
from rongjun.allowances.scheme_files import SchemeReader
from rongjun.rules.api import (
    Confirmation,
    Fact,
    Fields,
    Node,
    PolicyError,
    Problem,
    Sheet,
    Vocabulary,
    digest_of,
    plain,
    read_folder,
    read_text,
    read_vocabulary,
)

# Part of every digest: raise it when the same files would be computed differently by newer code.
FORMAT: Final = 1
_PLACE = re.compile(r"national|(provinces|cities)/[a-z0-9-]+")
_LEVELS: Final = ("national", "province", "city", "county")


def load_allowances(
    policy: Path | Mapping[str, bytes],
    *,
    place: str,
    confirmations: Iterable[Confirmation] = (),
    fictional: FictionalUse = "left-out",
) -> AllowanceBook:
    """Return the allowance book of `national`, `provinces/<name>` or `cities/<name>`.

    `fictional` says what becomes of rates marked 虚构: left out, shown without paying, or (a demo) paid.
    A confirmation names an order (`allowances.<order>`) and its digest. Raises `PolicyError` with
    all faults of all files.
    """
    files = read_folder(policy) if isinstance(policy, Path) else policy
    loader = _Loader(files, fictional=fictional, confirmations=frozenset(confirmations))
    book = loader.book(place)
    if loader.problems or book is None:
        raise PolicyError(loader.problems)
    return book


@dataclass(slots=True)
class _Loader:
    files: Mapping[str, bytes]
    fictional: FictionalUse
    confirmations: frozenset[Confirmation]
    problems: list[Problem] = field(default_factory=list)
    content: dict[str, object] = field(default_factory=dict)
    vocabulary: Vocabulary = field(default_factory=lambda: Vocabulary({}))
    regions: dict[int, str] = field(default_factory=lambda: {0: "全国"})
    series: dict[str, Series] = field(default_factory=dict)
    schemes: dict[str, Scheme] = field(default_factory=dict)
    rates: list[Rate] = field(default_factory=list)
    orders: list[RateOrder] = field(default_factory=list)
    pairs: list[Pair] = field(default_factory=list)
    settings: dict[str, list[Setting]] = field(default_factory=dict)
    follows: list[Follow] = field(default_factory=list)
    lump_sums: dict[str, list[LumpSum]] = field(default_factory=dict)
    publicity: list[Publicity] = field(default_factory=list)
    remedies: list[Remedy] = field(default_factory=list)
    groups: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def book(self, place: str) -> AllowanceBook | None:
        chain = self._chain(place)
        if chain is None:
            return None
        folders, title, division = chain
        self._read_facts()
        if self.problems:
            return None
        self._each(folders, "series.yaml", self._read_series)
        schemes = SchemeReader(self.vocabulary)
        for folder in folders:
            for name in self._in(f"{folder}/allowances/schemes/"):
                opened = self._open(name, "项目")
                if opened is not None:
                    scheme = schemes.read(opened, name)
                    if scheme.code in self.schemes:
                        opened.fault("code", f"项目 {scheme.code} 写了两次", "只留一个")
                    self.schemes[scheme.code] = scheme
        self._each(folders, "settings.yaml", self._read_settings)
        self._each(folders, "lump-sums.yaml", self._read_lump_sums)
        self._each(folders, "matrix.yaml", self._read_matrix)
        self._each(folders, "awards.yaml", self._read_awards)
        for folder in folders:
            self._read_orders(folder)
        self._check_whole()
        return AllowanceBook(
            digest=self._digest(place),
            place=place,
            title=title,
            division=division,
            schemes=dict(sorted(self.schemes.items())),
            rates=RateTable(self._titled(), tuple(self.rates), self.regions, self.fictional),
            pairs=tuple(self.pairs),
            settings={code: tuple(values) for code, values in self.settings.items()},
            follows=tuple(self.follows),
            lump_sums={code: tuple(values) for code, values in self.lump_sums.items()},
            vocabulary=self.vocabulary.facts,
            defaults={fact.name: "none" for fact in self.vocabulary.defaults()},
            publicity=tuple(self.publicity),
            remedies=tuple(self.remedies),
            orders=tuple(self.orders),
        )

    def _digest(self, place: str) -> str:
        confirmed = sorted(f"{c.code} {c.version} {c.digest} {c.document}" for c in self.confirmations)
        whole = {"format": FORMAT, "place": place, "fictional": self.fictional, "files": self.content}
        return digest_of(whole | {"confirmations": confirmed})

    # which files

    def _chain(self, place: str) -> tuple[list[str], str, int] | None:
        """The folders from nation to place, its title and its division."""
        if not _PLACE.fullmatch(place):
            fix = "写 national、provinces/省 或 cities/市"
            self.problems.append(Problem("policy", 1, f"没有名为“{place}”的地方", fix))
            return None
        if place == "national":
            return ["national"], "全国", 0
        own = self._place_of(place)
        if own is None:
            return None
        title, code, province = own
        if place.startswith("provinces/"):
            return ["national", place], title, code
        above = self._place_of(f"provinces/{province}")
        return (["national", f"provinces/{province}", place], title, code) if above else None

    def _place_of(self, folder: str) -> tuple[str, int, str | None] | None:
        name = f"{folder}/{'city' if folder.startswith('cities') else 'province'}.yaml"
        opened = self._open(name, "地方")
        if opened is None:
            return None
        title, code = opened.text("title"), opened.number("code")
        self.regions[code] = title
        return title, code, opened.text("province") if folder.startswith("cities/") else None

    def _in(self, folder: str) -> list[str]:
        names = sorted(name for name in self.files if name.startswith(folder))
        for name in names:
            if not re.fullmatch(r"[a-z0-9-]+\.yaml", name.removeprefix(folder)):
                sheet = Sheet(f"policy/{name}", self.problems)
                sheet.fault(1, f"{folder} 里只放 小写英文-数字.yaml", "改名或移走这个文件")
        return [name for name in names if name.endswith(".yaml")]

    def _each(self, folders: list[str], name: str, read: Callable[[Fields], None]) -> None:
        for folder in folders:
            path = f"{folder}/allowances/{name}"
            if path in self.files:
                opened = self._open(path, "文件")
                if opened is not None:
                    read(opened)
                    opened.done()

    def _open(self, name: str, what: str) -> Fields | None:
        sheet = Sheet(f"policy/{name}", self.problems)
        if name not in self.files:
            sheet.fault(1, "缺少这个文件", "补上它")
            return None
        try:
            text = self.files[name].decode("utf-8")
        except UnicodeDecodeError:
            sheet.fault(1, "文件不是 UTF-8 编码", "用 UTF-8 另存")
            return None
        node = read_text(text, sheet=sheet)
        if node is None:
            return None
        self.content[name] = plain(node)
        return Fields(node, sheet=sheet, what=what)

    # facts

    def _read_facts(self) -> None:
        """The facts conditions may speak of: those of every benefit, and a few of this house."""
        facts: dict[str, Fact] = {}
        for name in ("facts.yaml", "national/allowances/facts.yaml"):
            sheet = Sheet(f"policy/{name}", self.problems)
            opened = self._open(name, "事实表")
            if opened is None:
                continue
            text = self.files[name].decode("utf-8")
            node = read_text(text, sheet=sheet)
            if node is None:
                continue
            read = {k: f for k, f in read_vocabulary(node, sheet=sheet).facts.items() if not f.derived_text}
            for known in facts.keys() & read.keys():
                sheet.fault(1, f"事实“{known}”在 facts.yaml 里已有", "删去这一个")
            facts.update(read)
        self.vocabulary = Vocabulary(facts)

    # series, settings, matrix

    def _read_series(self, opened: Fields) -> None:
        for entry in opened.maps("series", "序列"):
            code = entry.matching("code", SLUG, "kin-pension")
            lasts = entry.number("lasts_months")
            if not 1 <= lasts <= 1200:
                entry.fault("lasts_months", "有效月数应在 1 到 1200 之间", "改正")
            if code in self.series:
                entry.fault("code", f"序列 {code} 写了两次", "只留一个")
            self.series[code] = Series(code, entry.text("title"), max(1, lasts), entry.text("lasts_because"))
            entry.done()

    def _read_settings(self, opened: Fields) -> None:
        for entry in opened.maps("settings", "设置", required=False):
            code = entry.matching("code", SLUG, "suspension-start")
            node = entry.node("value")
            value = node.value if node else 0
            if not isinstance(value, str | int | bool):
                entry.fault("value", "value 应是文字、整数或 true/false", "改正")
                value = 0
            start, until = entry.day("from"), entry.day_or_none("until")
            allowed = entry.texts("allowed", required=False)
            if allowed and value not in allowed:
                entry.fault("value", f"“{value}”不在 allowed 里", f"从这些里选：{'、'.join(allowed)}")
            title = entry.text("title")
            setting = Setting(code, start, until, value, title, read_ground(entry))
            self.settings.setdefault(code, []).append(setting)
            entry.done()
        for entry in opened.maps("follows", "执行哪一级标准", required=False):
            self.follows.append(
                Follow(
                    scheme=entry.text("scheme"),
                    start=entry.day("from"),
                    until=entry.day_or_none("until"),
                    level=entry.one_of("level", _LEVELS),
                    ground=read_ground(entry),
                )
            )
            entry.done()

    def _read_matrix(self, opened: Fields) -> None:
        if opened.has("groups"):
            opened.map("groups", "组").each(self._read_group)
        for entry in opened.maps("pairs", "组合"):
            self._read_pair(entry)

    def _read_group(self, name: str, node: Node) -> None:
        members = node.value if isinstance(node.value, list) else []
        self.groups[name] = tuple(str(member.value) for member in members)

    def _read_pair(self, entry: Fields) -> None:
        both = entry.texts("schemes")
        if len(both) != 2:
            entry.fault("schemes", "一个组合正好两项", "写两个项目代码")
            return
        rule = cast(PairRule, entry.one_of("rule", list(PAIR_RULES)))
        drops = entry.text("drops") if rule == "exclude" else None
        start, until, ground = entry.day("from"), entry.day_or_none("until"), read_ground(entry)
        entry.done()
        for first in self.groups.get(both[0], (both[0],)):
            for second in self.groups.get(both[1], (both[1],)):
                if first == second:
                    continue
                dropped = {both[0]: first, both[1]: second}.get(drops or "", drops)
                if drops and dropped not in {first, second}:
                    entry.fault("drops", f"drops 不是组合里的一项（{drops}）", "写组合里不发的那一项")
                self.pairs.append(Pair(frozenset((first, second)), start, until, rule, dropped, ground))

    def _read_lump_sums(self, opened: Fields) -> None:
        for entry in opened.maps("lump_sums", "一次性给付"):
            code = entry.matching("code", SLUG, "discharge-payment")
            numbers = read_numbers(entry, "numbers", "数字")
            merits = []
            for each in entry.maps("merits", "增发档", required=False):
                merits.append(
                    Merit(each.matching("code", SLUG, "merit-2"), each.text("title"), each.number("percent"))
                )
                each.done()
            self.lump_sums.setdefault(code, []).append(
                LumpSum(
                    code,
                    entry.day("from"),
                    entry.day_or_none("until"),
                    numbers,
                    tuple(merits),
                    read_ground(entry),
                )
            )
            entry.text("title")
            entry.done()

    def _read_awards(self, opened: Fields) -> None:
        for entry in opened.maps("publicity", "公示", required=False):
            scheme, days = entry.text("scheme"), entry.number("days")
            if scheme not in self.schemes:
                entry.fault("scheme", f"没有名为“{scheme}”的项目", "改正")
            if not 1 <= days <= 365:
                entry.fault("days", "公示天数应在 1 到 365 之间", "改正")
            start, until = entry.day("from"), entry.day_or_none("until")
            self.publicity.append(Publicity(scheme, start, until, days, read_ground(entry)))
            entry.done()
        for entry in opened.maps("remedies", "救济途径", required=False):
            code = entry.matching("code", SLUG, "reconsideration")
            self.remedies.append(Remedy(code, entry.text("title"), entry.text("say"), read_ground(entry)))
            entry.done()

    # rates/<order>.yaml

    def _read_orders(self, folder: str) -> None:
        reader = OrderReader(self.series, self.regions, self.confirmations)
        names = [(name, False) for name in self._in(f"{folder}/allowances/rates/")]
        if self.fictional != "left-out":
            names += [(name, True) for name in self._in(f"{folder}/allowances/fictional/")]
        for name, fictional in names:
            opened = self._open(name, "标准文件")
            if opened is not None:
                self.rates += reader.read(opened, name, fictional=fictional, content=self.content[name])
        self.orders += reader.orders

    # the whole

    def _titled(self) -> dict[str, Series]:
        """Series with the titles of the categories their schemes tell apart."""
        titles: dict[str, dict[str, str]] = {}
        for scheme in self.schemes.values():
            for code, rate in scheme.category_rates.items():
                titles.setdefault(scheme.series, {})[rate or code] = scheme.categories[code]
        return {code: replace(one, categories=titles.get(code, {})) for code, one in self.series.items()}

    def _check_whole(self) -> None:
        """What no single file can know: names that point at nothing, rows that say one thing twice."""
        for scheme in self.schemes.values():
            known = [scheme.series, *([scheme.wage_series] if scheme.wage_series else [])]
            for series in known:
                if series not in self.series:
                    self.problems.append(
                        Problem(scheme.file, 1, f"没有名为“{series}”的序列", "看 series.yaml")
                    )
            if scheme.awards_of not in self.schemes:
                self.problems.append(Problem(scheme.file, 1, f"没有名为“{scheme.awards_of}”的项目", "改正"))
        for pair in self.pairs:
            for code in pair.schemes - self.schemes.keys():
                where = "policy/…/allowances/matrix.yaml"
                self.problems.append(Problem(where, 1, f"没有名为“{code}”的项目", "改正"))
        seen: dict[tuple[object, ...], str] = {}
        for rate in self.rates:
            what = (
                rate.series, rate.key, rate.region, rate.region_title, rate.household,
                rate.kind, rate.start, rate.announced, rate.label, rate.fictional,
            )  # fmt: skip
            if what in seen:
                where = f"policy/…/{rate.ref.split('#')[0]}.yaml"
                self.problems.append(
                    Problem(where, 1, f"{rate.ref} 与 {seen[what]} 是同一项同一天", "只留一个")
                )
            seen[what] = rate.ref
