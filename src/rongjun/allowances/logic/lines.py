"""What comes out: lines of consecutive months with one standard, each with its reasons."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Literal, NamedTuple

from rongjun.allowances.logic.months import months_in_chinese
from rongjun.allowances.logic.rates import Gap, Rate
from rongjun.kernel.money import Fen, round_half_up, split
from rongjun.kernel.words import Words

State = Literal["owed", "withheld", "stopped", "held", "gap"]
STATES: Words[Mapping[State, str]] = {
    "owed": "应发",
    "withheld": "不发",
    "stopped": "已停发",
    "held": "暂挂，等一个答复",
    "gap": "缺标准，算不出",
}


class Reason(NamedTuple):
    """One sentence with the clause behind it; `is_stated` is false for what the bureau must confirm."""

    text: str
    clause: str
    is_stated: bool = True


@dataclass(frozen=True, slots=True)
class Line:
    """One scheme, one standard, consecutive months of one calendar year.

    `monthly` is exact, in fen; the line's total is rounded once (四舍五入到分) and its months add up to it.
    `lead` counts months of the same line before `first` that were not asked for: they keep their fen.
    `code` is the scheme, or `scheme.after-death` for what follows a death.
    `picked` is what picked the rate (category, grade, cause, years): a new rate leaves it as it was.
    """

    code: str
    title: str
    award: str
    category: str
    first: int
    last: int
    state: State
    monthly: Fraction
    lead: int
    rate: Rate | None
    payer: int
    reasons: tuple[Reason, ...]
    obstacles: tuple[str, ...]
    times: int = 1
    is_once: bool = False
    gap: Gap | None = None
    picked: str = ""

    @property
    def months(self) -> int:
        """How many months."""
        return self.last - self.first + 1

    @property
    def would_be(self) -> Fen:
        """The amount of the line, whether or not it is paid."""
        if self.is_once:
            return Fen(round_half_up(self.monthly * self.times))
        return Fen(self._up_to(self.lead + self.months) - self._up_to(self.lead))

    @property
    def fen(self) -> Fen:
        """What is owed: nothing unless the line is `owed`."""
        return self.would_be if self.state == "owed" else Fen(0)

    @property
    def standard(self) -> str:
        """What tells one standard from another: the exact fen a month."""
        return f"{self.monthly.numerator}/{self.monthly.denominator}"

    @property
    def funding(self) -> dict[str, Fen]:
        """Who bears how much of the line (中央、省、市、区县), adding up to it; empty where nobody said."""
        if self.rate is None or not self.rate.shares:
            return {}
        payers = list(self.rate.shares)
        parts = split(self.fen, [int(self.rate.shares[payer]) for payer in payers])
        return dict(zip(payers, parts, strict=True))

    @property
    def is_payable(self) -> bool:
        """Whether money may leave by this line."""
        return self.state == "owed" and not self.obstacles

    def by_month(self) -> Iterator[tuple[int, Fen]]:
        """Each month's fen; together they are the line."""
        if self.is_once:
            yield self.first, self.would_be
            return
        before = self._up_to(self.lead)
        for number in range(1, self.months + 1):
            upto = self._up_to(self.lead + number)
            yield self.first + number - 1, Fen(upto - before)
            before = upto

    def _up_to(self, months: int) -> int:
        """Fen of the first so many months: `round_half_up` in whole numbers, because every month asks."""
        twice, parts = 2 * self.monthly.numerator * months, self.monthly.denominator
        size = (abs(twice) + parts) // (2 * parts)
        return -size if twice < 0 else size

    @property
    def period_text(self) -> str:
        """The months as people say them."""
        return months_in_chinese(self.first, self.last)


@dataclass(frozen=True, slots=True)
class RefusedAward:
    """An award that cannot be one, with all reasons."""

    award: str
    scheme: str
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Owed:
    """Everything owed to one person over a stretch of months, as known on a day, with reasons.

    `follow_ups` are things people have to do: a kin's application, a late transfer, a missing decision.
    """

    first: int
    last: int
    known_on: date
    book: str
    lines: tuple[Line, ...]
    refused: tuple[RefusedAward, ...]
    gaps: tuple[Gap, ...]
    follow_ups: tuple[Reason, ...]

    @property
    def fen(self) -> Fen:
        """The sum of what is owed."""
        return Fen.total(line.fen for line in self.lines)

    @property
    def payable_fen(self) -> Fen:
        """The part of it that may be paid: confirmed rates and nothing in the way."""
        return Fen.total(line.fen for line in self.lines if line.is_payable)

    @property
    def is_complete(self) -> bool:
        """Whether nothing is missing: no gap, nothing held."""
        return not self.gaps and all(line.state != "held" for line in self.lines)

    def of(self, code: str) -> tuple[Line, ...]:
        """The lines of one scheme."""
        return tuple(line for line in self.lines if line.code == code)
