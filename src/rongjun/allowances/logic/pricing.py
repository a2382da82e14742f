"""What a month costs: the rate in force, years of service, a share of the wage base."""

from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from functools import lru_cache
from typing import Final, NamedTuple

from rongjun.allowances.logic.cells import facts_of, said
from rongjun.allowances.logic.history import Award, Past
from rongjun.allowances.logic.lines import Reason
from rongjun.allowances.logic.months import first_day
from rongjun.allowances.logic.rates import Gap, Key, Rate
from rongjun.allowances.logic.schemes import AllowanceBook, Scheme, in_force
from rongjun.allowances.logic.service import SERVICE_ROUNDINGS, service_years
from rongjun.kernel.money import YUAN, Fen, share_of

WHAT_IF: Final = "按假设的设置试算"
_NOTHING: Final = Fraction(0)


class Price(NamedTuple):
    """Fen a month, exact, with the rate behind it; without a rate there is a gap or a question."""

    monthly: Fraction
    rate: Rate | None
    gap: Gap | None
    reasons: tuple[Reason, ...]
    obstacles: tuple[str, ...]


@dataclass(slots=True)
class Pricer:
    """Prices months for one person as known on a day."""

    book: AllowanceBook
    past: Past
    known_on: date
    years: dict[object, tuple[Fraction, Reason]] = field(default_factory=dict)

    def price(self, scheme: Scheme, award: Award, *, month: int, payer: int) -> Price:
        """What the award is worth in a month when this division pays."""
        day = first_day(month)
        region = self.book.region_of(scheme.code, division=payer, on=day)
        key = scheme.key_of(award)
        household = self.past.facts_on(day).get("household_kind") if self.past.facts else None
        found = self.book.rates.find(
            scheme.series,
            key,
            month=month,
            region=region,
            known_on=self.known_on,
            household=str(household) if household else None,
        )
        if isinstance(found, Gap):
            return self._wage_price(scheme, award, month, region=region, gap=found)
        units, told = self._units(scheme, day)
        if units is None:
            return Price(_NOTHING, None, None, (told,) if told else (), ())
        why = _rate_reason(found)
        reasons = (why, told) if told else (why,)
        monthly = found.monthly if units == 1 else found.monthly * units
        return Price(monthly, found, None, reasons, self.obstacles(found))

    def obstacles(self, rate: Rate) -> tuple[str, ...]:
        """Why no money may leave by a rate under this book: a demo pays by any, a what-if by none."""
        if self.book.what_if:
            return (*rate.obstacles, WHAT_IF)
        return () if self.book.rates.fictional == "paid" else rate.obstacles

    def _units(self, scheme: Scheme, day: date) -> tuple[Fraction | None, Reason | None]:
        if not scheme.per_service_year:
            return Fraction(1), None
        if not self.past.services:
            return None, Reason("差情况，先问清楚：义务兵役从哪一天到哪一天？", scheme.stop_ground.clause)
        setting = self.book.setting("rural-service-years", on=day)
        if setting.value not in self.years:
            years = service_years(self.past.services, rounding=str(setting.value))
            text = f"义务兵役折算 {_number(years)} 年（{SERVICE_ROUNDINGS[str(setting.value)]}）"
            self.years[setting.value] = years, said(text, setting.ground)
        return self.years[setting.value]

    def _wage_price(self, scheme: Scheme, award: Award, month: int, *, region: int, gap: Gap) -> Price:
        """A share of the wage base where no amount was published; the gap where there is no base either."""
        if scheme.wage_series is None:
            return Price(_NOTHING, None, gap, (), ())
        day = first_day(month)
        base = self.book.rates.find(
            scheme.wage_series, Key(), month=month, region=region, known_on=self.known_on
        )
        facts = facts_of(self.book, self.past, award, on=day)
        share = next((s for s in in_force(scheme.wage_shares, on=day) if s.judge(facts, day)), None)
        if isinstance(base, Gap) or share is None:
            return Price(_NOTHING, None, gap, (), ())
        setting = self.book.setting("nursing-rounding", on=day)
        unit = YUAN if setting.value == "yuan" else Fen(1)
        monthly = share_of(Fen(int(base.monthly)), Fraction(share.percent, 100), unit=unit)
        text = f"月平均工资 {base.text} 的 {share.percent}%，每月 {monthly} 元"
        reasons = (said(text, share.ground), said(f"月额取整：{setting.title}", setting.ground))
        return Price(Fraction(int(monthly)), base, None, reasons, self.obstacles(base))


@lru_cache(maxsize=100_000)
def _rate_reason(rate: Rate) -> Reason:
    return Reason(f"标准 {rate.text}，{rate.start} 起", rate.order, rate.confirmed)


def _number(years: Fraction) -> str:
    return str(years.numerator) if years.denominator == 1 else f"{years.numerator // 2}.5"
