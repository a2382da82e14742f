"""Years of conscript service (义务兵役年限), by the rounding rule a setting names."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Final

from rongjun.allowances.logic.months import after_months, month_of
from rongjun.rules.api import months_between


@dataclass(frozen=True, slots=True)
class Service:
    """One stretch of conscript service: from the day service was approved to the day of discharge.

    Leaving on the anniversary itself completes the year and begins no new one.
    """

    start: date
    end: date

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise ValueError("a service does not end before it starts")


def _length(services: Iterable[Service]) -> tuple[int, bool]:
    """Complete months of all stretches together, and whether days are left over."""
    months, days = 0, 0
    for each in services:
        whole = months_between(each.start, each.end)
        months += whole
        days += (each.end - after_months(each.start, whole)).days
    return months, days > 0


def _ceil_year(services: tuple[Service, ...]) -> Fraction:
    months, more = _length(services)
    return Fraction(-(-(months + more) // 12))


def _half_year(services: tuple[Service, ...]) -> Fraction:
    months, more = _length(services)
    years, left = divmod(months, 12)
    if left >= 6:
        return Fraction(years + 1)
    return Fraction(years) + (Fraction(1, 2) if left or more else 0)


def _ceil_month(services: tuple[Service, ...]) -> Fraction:
    months = sum(month_of(each.end) - month_of(each.start) for each in services)
    return Fraction(-(-months // 12))


_RULES: Final[Mapping[str, Callable[[tuple[Service, ...]], Fraction]]] = {
    "ceil-year": _ceil_year,
    "half-year": _half_year,
    "ceil-month": _ceil_month,
}
SERVICE_ROUNDINGS: Final[Mapping[str, str]] = {
    "ceil-year": "总时长不满一年的部分按一年",
    "half-year": "余数不足半年按半年，满半年按一年",
    "ceil-month": "只看年月，不看日",
}


def service_years(services: Iterable[Service], *, rounding: str) -> Fraction:
    """The years an allowance is paid for; zero without service. `rounding` is a key of the table above."""
    return _RULES[rounding](tuple(services))


def discharge_years(service: Service) -> Fraction:
    """Years a discharge payment counts: up to six months half, more a whole (退役士兵安置条例第20条)."""
    months, more = _length((service,))
    years, left = divmod(months, 12)
    if left == 0 and not more:
        return Fraction(years)
    return Fraction(years + 1) if left > 6 or (left == 6 and more) else Fraction(2 * years + 1, 2)
