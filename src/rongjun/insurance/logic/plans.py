"""A plan's numbers as values, and the one formula: what is owed for a year's cumulative burden."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from functools import cached_property
from typing import Final, Literal, NamedTuple

from rongjun.insurance.logic.bills import PERSON, THIS_PLAN
from rongjun.kernel.money import Fen, round_half_up

Bucket = Literal["inside", "outside", "excluded"]
AboveBoth = Literal["payout-ceiling", "own-ceiling"]
MODES: Final[Mapping[str, str]] = {
    "excess": "超过个人年度负担上限的部分全报",
    "percentage": "按比例报，并封住个人年度负担",
    "tiers": "目录内、目录外分段按比例报，并封住个人年度负担",
}


@dataclass(frozen=True, slots=True)
class Excess:
    """Mode A (免赔全报): nothing below the person's ceiling, everything above it."""


@dataclass(frozen=True, slots=True)
class Percentage:
    """Mode B (比例加封顶): a percentage of the burden, more where the person's ceiling asks for it."""

    percent: int


@dataclass(frozen=True, slots=True)
class Band:
    """`percent` of the cumulative burden up to `up_to` (None: without end), from the band before it."""

    up_to: Fen | None
    percent: int


@dataclass(frozen=True, slots=True)
class Scale:
    """One side of mode C: a yearly deductible, bands above it, a yearly limit (None: none)."""

    deductible: Fen
    bands: tuple[Band, ...]
    limit: Fen | None = None


@dataclass(frozen=True, slots=True)
class Tiers:
    """Mode C (分段): a scale for what is in the catalogue and one for what is not."""

    inside: Scale
    outside: Scale


Mode = Excess | Percentage | Tiers


@dataclass(frozen=True, slots=True)
class StopLoss:
    """The numbers of one year, in fen.

    `own_max` is the most the person bears of what counts, `payout_max` the most the plan pays; `above_both`
    says which of the two gives way when a burden is too high for both.
    """

    own_max: Fen
    payout_max: Fen
    mode: Mode = field(default_factory=Excess)
    above_both: AboveBoth = "payout-ceiling"


def owed(inside: int, outside: int, stop: StopLoss) -> Fen:
    """What the plan owes for a cumulative burden of a year (P), in fen; `inside` and `outside` the catalogue.

    Never more than the burden, never less for a higher one, never more than it grew by. Shares are rounded
    once, on the cumulative amount, half up to whole fen.
    """
    burden = inside + outside
    above_own = burden - stop.own_max
    wanted = max(0, above_own, _by_mode(inside, outside, stop.mode))
    if wanted <= stop.payout_max:
        return Fen(wanted)
    return Fen(max(int(stop.payout_max), above_own) if stop.above_both == "own-ceiling" else stop.payout_max)


def _by_mode(inside: int, outside: int, mode: Mode) -> int:
    if isinstance(mode, Excess):
        return 0
    if isinstance(mode, Percentage):
        return round_half_up(Fraction((inside + outside) * mode.percent, 100))
    return _by_scale(inside, mode.inside) + _by_scale(outside, mode.outside)


def _by_scale(burden: int, scale: Scale) -> int:
    reached, hundredths = int(scale.deductible), 0
    for band in scale.bands:
        end = burden if band.up_to is None else min(burden, band.up_to)
        if end > reached:
            hundredths += (end - reached) * band.percent
            reached = end
    found = round_half_up(Fraction(hundredths, 100))
    return found if scale.limit is None else min(found, scale.limit)


class Payer(NamedTuple):
    """One payer in the plan's order."""

    code: str
    title: str


class Area(NamedTuple):
    """Where care counts: a division's name and the front of its codes."""

    title: str
    prefix: str


class Exclusion(NamedTuple):
    """A cause for which the plan does not answer (免责)."""

    code: str
    title: str
    clause: str


class Ground(NamedTuple):
    """What one rule of a plan stands on: how a clerk cites it, and whether the bureau must confirm it."""

    text: str
    grade: str
    unconfirmed: bool
    note: str = ""

    def __str__(self) -> str:
        return f"{self.text}（待局方确认）" if self.unconfirmed else self.text


class Version(NamedTuple):
    """Which wording decided: plan, version by its first day, digest, whether the bureau has confirmed it."""

    plan: str
    start: date
    digest: str
    unconfirmed: bool


@dataclass(frozen=True)
class Terms:
    """One dated wording of a plan, made ready to decide. In force from `start` to `until`, both included.

    `year_starts` is the (month, day) an insured year begins on.
    `buckets` says for each kind of cost whether it counts inside or outside the catalogue, or not at all.
    `areas` is empty when care anywhere counts; `split_stay_days` is None when nobody looks for split stays.
    """

    version: Version
    title: str
    until: date | None
    year_starts: tuple[int, int]
    stop: StopLoss
    payers: tuple[Payer, ...]
    buckets: Mapping[str, Bucket]
    care_types: frozenset[str]
    areas: tuple[Area, ...]
    exclusions: tuple[Exclusion, ...]
    split_stay_days: int | None
    grounds: Mapping[str, Ground]
    premium: str

    @property
    def start(self) -> date:
        """The first day in force."""
        return self.version.start

    @cached_property
    def earlier(self) -> tuple[Payer, ...]:
        """Who pays before this plan."""
        return self.payers[: self._rank[THIS_PLAN]]

    @cached_property
    def later(self) -> tuple[Payer, ...]:
        """Who pays after this plan, except the person."""
        return tuple(p for p in self.payers[self._rank[THIS_PLAN] :] if p.code not in {THIS_PLAN, PERSON})

    @cached_property
    def _rank(self) -> dict[str, int]:
        return {payer.code: place for place, payer in enumerate(self.payers)}

    @cached_property
    def excluded_causes(self) -> Mapping[str, Exclusion]:
        """Exclusions by the code a bill names its cause with."""
        return {exclusion.code: exclusion for exclusion in self.exclusions}

    @cached_property
    def needs_parts(self) -> bool:
        """Whether a bill must say what kinds of cost it is made of."""
        counted = set(self.buckets.values())
        return "excluded" in counted or (isinstance(self.stop.mode, Tiers) and len(counted) > 1)

    @cached_property
    def clauses(self) -> Mapping[str, str]:
        """For each rule how a clerk cites it."""
        return {rule: str(ground) for rule, ground in self.grounds.items()}

    def year_of(self, on: date) -> tuple[date, date]:
        """First and last day of the insured year of a day in force, cut where the wording begins or ends."""
        begin = _anniversary(self.year_starts, on.year)
        if begin > on:
            begin = _anniversary(self.year_starts, on.year - 1)
        end = _anniversary(self.year_starts, begin.year + 1) - timedelta(days=1)
        return max(begin, self.start), end if self.until is None else min(end, self.until)


def _anniversary(month_day: tuple[int, int], year: int) -> date:
    return date(year, *month_day)


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan with all its dated wordings, oldest first, each `until` the eve of the next."""

    code: str
    title: str
    wordings: tuple[Terms, ...]

    def terms(self, *, on: date) -> Terms | None:
        """The wording in force on a day, or None before the first and after the last."""
        for wording in reversed(self.wordings):
            if wording.start <= on:
                return wording if wording.until is None or on <= wording.until else None
        return None


RULES: Final[Mapping[str, str]] = {
    "total": "医疗总费用",
    "payers": "支付次序",
    "parts": "目录内外",
    "cover": "参保对象",
    "year": "保险年度",
    "care": "保障范围",
    "areas": "就医地",
    "exclusions": "免责",
    "mode": "赔付方式",
    "own-max": "个人年度最多负担",
    "payout-max": "年度最高赔付",
    "above-both": "两个上限冲突时",
    "review": "复核",
}
