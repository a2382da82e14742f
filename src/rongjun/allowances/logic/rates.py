"""Rates by series, region, category, grade and cause; what was in force for a month as known on a day.

Nothing is carried on: a rate without a stated end holds for as long as its series says (`lasts_months`),
and a month no rate covers is a `Gap` that names what is missing.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from fractions import Fraction
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from rongjun.allowances.logic.months import after_months, first_day, month_of, months_in_chinese
from rongjun.kernel.money import Fen
from rongjun.kernel.words import Words

FictionalUse = Literal["left-out", "shown", "paid"]
KINDS: Final[Mapping[str, str]] = {
    "standard": "标准",
    "base": "计算基数",
    "increment": "提标增量",
    "bound": "区间上下限",
    "central": "中央财政负担额",
}
UNITS: Final[Mapping[str, str]] = {
    "person": "每人",
    "service-year": "每人每服义务兵役 1 年",
    "discharge-year": "每人每服现役 1 年",
    "household": "每户",
}
PERIODS: Final[Mapping[str, str]] = {"month": "月", "year": "年", "once": "次"}
CONFIDENCES: Final[Mapping[str, str]] = {"sourced": "金额读自页面", "unsourced": "推算"}
# Who may bear a share of a rate.
PAYERS: Words[Mapping[str, str]] = {
    "central": "中央财政",
    "province": "省级财政",
    "city": "市级财政",
    "county": "区市财政",
}
INFERRED: Final[Mapping[str, str]] = {"date": "日期推断", "region": "地区推断", "tier": "档位推断"}


_NO_END: Final = 10**6


class Key(NamedTuple):
    """What picks one rate out of a series; None where the series does not tell apart."""

    category: str | None = None
    grade: int | None = None
    cause: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Rate:
    """One row of a rate order. `fen` is for one `unit` and `period`; `region` a 12-digit code, 0 the nation.

    `start` None: the document gives no date, so the row is kept and never found.
    `until` is the last day it is known to hold. `shares` says who pays how much of it, in fen.
    """

    ref: str
    order: str
    series: str
    key: Key
    fen: Fen
    unit: str
    period: str
    start: date | None
    until: date | None
    announced: date | None
    region: int | None
    region_title: str
    source: str
    confidence: str
    kind: str = "standard"
    household: str | None = None
    inferred: tuple[str, ...] = ()
    why: str | None = None
    shares: Mapping[str, Fen] = field(default_factory=dict)
    label: str | None = None
    fictional: bool = False
    confirmed: bool = False

    @property
    def known_from(self) -> date:
        """Since when it is known: the day of announcement, or of force where no announcement was found."""
        return self.announced or self.start or date.max

    @property
    def monthly(self) -> Fraction:
        """Fen a month for one unit, exact."""
        return Fraction(int(self.fen), 12 if self.period == "year" else 1)

    @property
    def text(self) -> str:
        """`40,224.00 元/年`."""
        return f"{self.fen} 元/{PERIODS[self.period]}"

    @property
    def obstacles(self) -> tuple[str, ...]:
        """Why no money may leave by this rate yet; empty once it may."""
        found = []
        if self.fictional:
            found.append("虚构标准，只供演示和测算")
        if self.confidence != "sourced":
            found.append("标准是推算的，没有来源")
        found += [f"标准带“{INFERRED[mark]}”" for mark in self.inferred]
        if not found and not self.confirmed:
            found.append("标准待局方确认")
        return tuple(found)


@dataclass(frozen=True, slots=True)
class RateOrder:
    """One rate order as its file reads now. `digest` is what a confirmation of it names.

    `start` None: its rows have days of their own. `sure` of its `rows` rows pay once it is confirmed; the
    others are inferred, derived or invented, and need a better document.
    """

    code: str
    title: str
    region: str
    start: date | None
    announced: date | None
    digest: str
    rows: int
    sure: int
    fictional: bool
    confirmed: bool


class Step(NamedTuple):
    """A rate over the months it holds, both included."""

    first: int
    last: int
    rate: Rate


@dataclass(frozen=True, slots=True)
class Gap:
    """No rate for these months: what is missing, said so that somebody can go and find the document."""

    series: str
    title: str
    key_title: str
    region_title: str
    first: int
    last: int
    nearest: Rate | None
    local_only: bool = False

    @property
    def text(self) -> str:
        """The sentence: what is missing, what is nearest, what to do."""
        months = months_in_chinese(self.first, self.last)
        missing = "地方标准缺失" if self.local_only else "费率缺失"
        near = (
            f"最近的一份是 {self.nearest.start} 起的 {self.nearest.text}，已知有效期不到这些月份，不能沿用"
            if self.nearest
            else "此前没有任何一份"
        )
        return (
            f"{missing}：{self.region_title}“{self.title}”{self.key_title}{months}没有标准。"
            f"{near}。请补录标准文件后再算。"
        )


@dataclass(frozen=True, slots=True)
class NoTier:
    """A grade and cause no scheme pays: not a gap in the tables."""

    text: str


@dataclass(frozen=True, slots=True)
class Series:
    """Rates through time; `lasts_months` is how long one without a stated end is known to hold."""

    code: str
    title: str
    lasts_months: int
    lasts_basis: str
    categories: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class RateTable:
    """All rates of a book. `fictional` says whether invented rows are left out, shown or paid by.

    `carries`: a month no rate covers has the one before it, as the money goes on in the meantime. For
    what-ifs only: nothing is paid or recovered by a rate that is carried on.
    """

    series: Mapping[str, Series]
    rates: tuple[Rate, ...]
    regions: Mapping[int, str]
    fictional: FictionalUse = "left-out"
    carries: bool = False
    index: Mapping[tuple[str, int, Key], tuple[Rate, ...]] = field(init=False)

    def __post_init__(self) -> None:
        found: dict[tuple[str, int, Key], list[Rate]] = {}
        for rate in self.rates:
            if rate.kind in {"standard", "base"} and rate.start is not None and rate.region is not None:
                found.setdefault((rate.series, rate.region, rate.key), []).append(rate)
        object.__setattr__(self, "index", {key: tuple(rows) for key, rows in found.items()})

    def with_rates(self, rates: Iterable[Rate]) -> "RateTable":
        """The same table with more rows (a what-if)."""
        return replace(self, rates=(*self.rates, *rates))

    def find(
        self, series: str, key: Key, *, month: int, region: int, known_on: date, household: str | None = None
    ) -> Rate | Gap:
        """The rate in force in a month as known on a day, or the gap."""
        steps = steps_of(self, series, key, region=region, known_on=known_on, household=household)
        at = bisect_right(steps, (month, 10**9)) - 1
        if at >= 0 and steps[at].first <= month <= steps[at].last:
            return steps[at].rate
        return self.gap(series, key, first=month, last=month, region=region, before=steps[: at + 1])

    def gap(
        self, series: str, key: Key, *, first: int, last: int, region: int, before: tuple[Step, ...]
    ) -> Gap:
        """The gap over these months."""
        return Gap(
            series=series,
            title=self.series[series].title,
            key_title=key_text(key, titles=self.series[series].categories),
            region_title=self.regions.get(region, str(region)),
            first=first,
            last=last,
            nearest=before[-1].rate if before else None,
            local_only=region != 0,
        )


def key_text(key: Key, *, titles: Mapping[str, str]) -> str:
    """`（因战 5 级）`, or nothing."""
    parts = [titles.get(key.category, key.category) if key.category else "", _CAUSES.get(key.cause or "", "")]
    said = " ".join(part for part in (*parts, f"{key.grade} 级" if key.grade else "") if part)
    return f"（{said}）" if said else ""


_CAUSES: Final[Mapping[str, str]] = {"war": "因战", "duty": "因公", "illness": "因病"}


@lru_cache(maxsize=200_000)
def steps_of(
    table: RateTable, series: str, key: Key, *, region: int, known_on: date, household: str | None
) -> tuple[Step, ...]:
    """The rates of one key through time as known on a day, real ones first, invented ones in their gaps."""
    rows = [
        rate
        for rate in table.index.get((series, region, key), ())
        if rate.household in {None, household} and rate.known_from <= known_on
    ]
    lasts = table.series[series].lasts_months
    real = _steps([rate for rate in rows if not rate.fictional], lasts=lasts)
    if table.fictional != "left-out":
        real = _filled(real, _steps([rate for rate in rows if rate.fictional], lasts=lasts))
    return _carried(real) if table.carries else real


def _steps(rows: list[Rate], *, lasts: int) -> tuple[Step, ...]:
    """Rates in order, each until its end or the eve of the next; of two with one start the later known."""
    latest: dict[date, Rate] = {}
    for rate in sorted(rows, key=lambda r: (r.start or date.min, r.known_from, r.household or "", r.ref)):
        assert rate.start is not None
        latest[rate.start] = rate
    starts = sorted(latest)
    following = [*starts[1:], None] if starts else []
    steps = []
    for start, after in zip(starts, following, strict=True):
        rate = latest[start]
        until = rate.until or after_months(start, lasts) - timedelta(days=1)
        last = min(month_of(until), month_of(after) - 1) if after else month_of(until)
        first = month_of(start) if first_day(month_of(start)) == start else month_of(start) + 1
        if first <= last:
            steps.append(Step(first, last, rate))
    return tuple(steps)


def _carried(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """The same steps, each until the next."""
    ends = [after.first - 1 for after in steps[1:]] + [_NO_END]
    return tuple(step._replace(last=end) for step, end in zip(steps, ends, strict=False))


def _filled(real: tuple[Step, ...], invented: tuple[Step, ...]) -> tuple[Step, ...]:
    """Real steps with invented ones in the months between them."""
    covered = sorted((step.first, step.last) for step in real)
    found = list(real)
    for step in invented:
        first = step.first
        for low, high in covered:
            if high < first or low > step.last:
                continue
            if low > first:
                found.append(Step(first, low - 1, step.rate))
            first = high + 1
        if first <= step.last:
            found.append(Step(first, step.last, step.rate))
    return tuple(sorted(found, key=lambda step: step.first))
