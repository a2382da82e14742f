"""Schemes, settings and the matrix of concurrent entitlements as frozen values: what a book holds.

Every rule carries the day from which it counts; which wording applies is chosen by the date of the event
(approval, month, death), never by the day somebody computes.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from typing import Final, Literal, Protocol, TypeVar

from rongjun.allowances.logic.history import Award
from rongjun.allowances.logic.months import last_day, month_of
from rongjun.allowances.logic.rates import Key, RateOrder, RateTable
from rongjun.rules.api import Basis, Fact, Value

StartRule = Literal["same-month", "month-after", "unstated"]
PairRule = Literal["stack", "exclude", "highest", "undecided"]
START_RULES: Final[Mapping[str, str]] = {
    "same-month": "当月起发",
    "month-after": "次月起发",
    "unstated": "未见明文，按设置",
}
PAIR_RULES: Final[Mapping[str, str]] = {
    "stack": "可以同时享受",
    "exclude": "不能同时享受",
    "highest": "就高享受一项",
    "undecided": "没有规定，需人工裁定",
}
Judge = Callable[[Mapping[str, Value], date], bool | None]


class Dated(Protocol):
    """Anything in force from `start` until `until` (included) or the next one."""

    @property
    def start(self) -> date: ...

    @property
    def until(self) -> date | None: ...


D = TypeVar("D", bound=Dated)


def in_force(rules: Iterable[D], *, on: date) -> list[D]:
    """The rules in force on a day, in the order of the file."""
    return [rule for rule in rules if rule.start <= on and (rule.until is None or on <= rule.until)]


@dataclass(frozen=True, slots=True)
class Ground:
    """Why a rule holds: its clause, or that the bureau has yet to confirm it (待局方确认)."""

    basis: tuple[Basis, ...]
    note: str | None = None

    @property
    def clause(self) -> str:
        """What stands behind the sentence."""
        said = "、".join(str(basis) for basis in self.basis)
        if not self.note:
            return said
        return f"{said}{'；' if said else ''}待局方确认（{self.note}）"

    @property
    def is_stated(self) -> bool:
        """Whether a document says so, and nothing of it waits for the bureau."""
        return bool(self.basis) and not self.note


@dataclass(frozen=True, slots=True)
class Start:
    """From which month an award counts, by the day it was approved."""

    start: date
    until: date | None
    rule: StartRule
    ground: Ground


@dataclass(frozen=True, slots=True)
class Check:
    """A condition with the sentence said when it decides; `facts` are those it reads."""

    start: date
    until: date | None
    judge: Judge
    say: str
    ground: Ground
    facts: tuple[str, ...]
    ages: tuple[tuple[str, str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class AfterDeath:
    """What follows a death: so many months of the standard of the month of death, or a follow-up."""

    start: date
    until: date | None
    judge: Judge
    months: int
    title: str
    say: str
    ground: Ground
    follow_up: str | None = None
    by_hand: bool = False


@dataclass(frozen=True, slots=True)
class WageShare:
    """A share of the wage base, in percent, for a cause and a stretch of grades (护理费)."""

    start: date
    until: date | None
    judge: Judge
    percent: int
    ground: Ground


@dataclass(frozen=True, slots=True, eq=False)
class Scheme:
    """One scheme of monthly money: who, from when, until when, by which rates, what follows a death.

    `awards_of` names the scheme whose awards this one lives on (护理费 on the disability rating).
    `follows` says by which level's table a place pays: `national`, `province`, `city`.
    """

    code: str
    title: str
    file: str
    evidence: str
    categories: Mapping[str, str]
    awards_of: str
    series: str
    keys: tuple[str, ...]
    category_rates: Mapping[str, str | None]
    tiers: Mapping[str, tuple[int, int]]
    per_service_year: bool
    is_regular: bool
    transfers_next_january: bool
    transfer_ground: Ground
    min_months_between_ratings: int
    starts: tuple[Start, ...]
    stop_ground: Ground
    refusals: tuple[Check, ...]
    requires: tuple[Check, ...]
    deaths: tuple[AfterDeath, ...]
    wage_shares: tuple[WageShare, ...] = ()
    wage_series: str | None = None

    def key_of(self, award: Award) -> Key:
        """What picks the rate of an award."""
        grade, cause = award.details.get("disability_grade"), award.details.get("disability_cause")
        return Key(
            category=self.category_rates.get(award.category, award.category)
            if "category" in self.keys
            else None,
            grade=grade if "grade" in self.keys and isinstance(grade, int) else None,
            cause=cause if "cause" in self.keys and isinstance(cause, str) else None,
        )

    def has_tier(self, key: Key) -> bool:
        """Whether the scheme pays this grade and cause at all; not whether a rate is known."""
        if key.grade is None or key.cause is None or key.cause not in self.tiers:
            return True
        low, high = self.tiers[key.cause]
        return low <= key.grade <= high


@lru_cache(maxsize=100_000)
def requires_in(scheme: Scheme, month: int) -> tuple[Check, ...]:
    """The conditions of a month: those in force on its last day."""
    return tuple(in_force(scheme.requires, on=last_day(month)))


@dataclass(frozen=True, slots=True)
class Setting:
    """One dated value of a setting: a choice the law leaves open, or a number it names."""

    code: str
    start: date
    until: date | None
    value: str | int | bool
    title: str
    ground: Ground


@dataclass(frozen=True, slots=True)
class Pair:
    """How two schemes meet in one person; `drops` is the one not paid under `exclude`."""

    schemes: frozenset[str]
    start: date
    until: date | None
    rule: PairRule
    drops: str | None
    ground: Ground


@dataclass(frozen=True, slots=True)
class Merit:
    """A rank of merit and by how many percent it raises a payment; several take the highest only."""

    code: str
    title: str
    percent: int


@dataclass(frozen=True, slots=True)
class LumpSum:
    """Numbers of a one-off payment in force by the date of its event."""

    code: str
    start: date
    until: date | None
    numbers: Mapping[str, int]
    merits: tuple[Merit, ...]
    ground: Ground


@dataclass(frozen=True, slots=True)
class Follow:
    """By which level's table a scheme is paid here."""

    scheme: str
    start: date
    until: date | None
    level: str
    ground: Ground


@dataclass(frozen=True, slots=True)
class Publicity:
    """公示: for at least so many days an award of a scheme is public before it is granted."""

    scheme: str
    start: date
    until: date | None
    days: int
    ground: Ground


@dataclass(frozen=True, slots=True)
class Remedy:
    """What somebody may do against a decision and within what time, as the letter says it."""

    code: str
    title: str
    say: str
    ground: Ground


LEVEL_SPANS: Final[Mapping[str, int]] = {"province": 10**10, "city": 10**8, "county": 10**6}


@dataclass(frozen=True, slots=True, eq=False)
class AllowanceBook:
    """Schemes, rates, settings and matrix of one place, with the digest of all that was read.

    `what_if` is set when somebody asked with other settings: nothing computed from it may be paid.
    """

    digest: str
    place: str
    title: str
    division: int
    schemes: Mapping[str, Scheme]
    rates: RateTable
    pairs: tuple[Pair, ...]
    settings: Mapping[str, tuple[Setting, ...]]
    follows: tuple[Follow, ...]
    lump_sums: Mapping[str, tuple[LumpSum, ...]]
    vocabulary: Mapping[str, Fact]
    defaults: Mapping[str, Value]
    publicity: tuple[Publicity, ...] = ()
    remedies: tuple[Remedy, ...] = ()
    orders: tuple[RateOrder, ...] = ()
    what_if: bool = False
    change_months: frozenset[int] = field(init=False)

    def __post_init__(self) -> None:
        rules: list[Dated] = [
            *self.pairs,
            *self.follows,
            *(v for values in self.settings.values() for v in values),
        ]
        months: set[int] = {month_of(rule.start) for rule in rules}
        months |= {month_of(rule.until) + 1 for rule in rules if rule.until}
        object.__setattr__(self, "change_months", frozenset(months))

    def setting(self, code: str, *, on: date) -> Setting:
        """The value of a setting in force on a day; KeyError for one that no file has."""
        return _setting(self, code, on)

    def region_of(self, scheme: str, *, division: int, on: date) -> int:
        """The division whose table pays a scheme for somebody of this division; 0 is the nation."""
        level = _level(self, scheme, on)
        return 0 if level == "national" else division - division % LEVEL_SPANS[level]

    def regions_of(self, scheme: str, *, division: int) -> set[int]:
        """Every division whose table ever counted for somebody of this division."""
        levels = [follow.level for follow in self.follows if follow.scheme == scheme]
        own = {division - division % LEVEL_SPANS[level] for level in levels if level != "national"}
        return {0} | own

    def pays(self, division: int) -> bool:
        """Whether a division lies in the place this book belongs to."""
        if self.division == 0:
            return True
        span = 10**10 if self.division % 10**10 == 0 else 10**8 if self.division % 10**8 == 0 else 10**6
        return self.division <= division < self.division + span

    def pair(self, first: str, second: str, *, on: date) -> Pair | None:
        """The rule for two schemes; None where no file speaks of them (需人工裁定)."""
        both = frozenset((first, second))
        found = [pair for pair in in_force(self.pairs, on=on) if pair.schemes == both]
        return found[-1] if found else None

    def publicity_for(self, scheme: str, *, on: date) -> Publicity | None:
        """How long an award of a scheme approved on a day has to be public; None where nothing says so."""
        found = [rule for rule in in_force(self.publicity, on=on) if rule.scheme == scheme]
        return found[-1] if found else None

    def lump_sum(self, code: str, *, on: date) -> LumpSum | None:
        """The numbers of a one-off payment for an event on this day."""
        found = in_force(self.lump_sums[code], on=on)
        return found[-1] if found else None

    def supposing(
        self, *, settings: Mapping[str, str | int | bool], pairs: Iterable[Pair], rates: RateTable
    ) -> "AllowanceBook":
        """The same book with other settings, pairs or rates: for examples and what-ifs, never for payment."""
        changed = dict(self.settings)
        for code, value in settings.items():
            last = changed[code][-1]
            changed[code] = (replace(last, start=date.min, until=None, value=value),)
        return replace(self, settings=changed, pairs=(*self.pairs, *pairs), rates=rates, what_if=True)


# Books are few and asked the same for every person: the answers are kept.


@lru_cache(maxsize=100_000)
def _setting(book: AllowanceBook, code: str, on: date) -> Setting:
    found = in_force(book.settings[code], on=on)
    if not found:
        raise KeyError(f"setting {code} has no value on {on}")
    return found[-1]


@lru_cache(maxsize=100_000)
def _level(book: AllowanceBook, scheme: str, on: date) -> str:
    levels = [follow.level for follow in in_force(book.follows, on=on) if follow.scheme == scheme]
    return levels[-1] if levels else "national"
