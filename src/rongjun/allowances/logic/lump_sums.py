"""One-off payments: after a death in service, at discharge, and to a conscript's family.

Each function is one formula of its clause; numbers come from the book by the date of the event.
Refusals are values: a `Sum` without an amount carries the sentences that say what is missing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Final, Literal

from rongjun.allowances.logic.lines import Reason
from rongjun.allowances.logic.months import month_of
from rongjun.allowances.logic.pricing import WHAT_IF
from rongjun.allowances.logic.rates import Gap, Key, Rate
from rongjun.allowances.logic.schemes import AllowanceBook, LumpSum, Merit
from rongjun.allowances.logic.service import Service, discharge_years
from rongjun.kernel.money import Fen, round_half_up, share_of

DeathKind = Literal["martyr", "duty-death", "illness-death"]
DEATH_KINDS: Final = {"martyr": "烈士", "duty-death": "因公牺牲", "illness-death": "病故"}


@dataclass(frozen=True, slots=True)
class Sum:
    """A one-off payment: its amount in fen, or None with the reasons why it cannot be worked out."""

    code: str
    title: str
    fen: Fen | None
    reasons: tuple[Reason, ...]
    obstacles: tuple[str, ...] = ()


def highest_merit(merits: Iterable[str], numbers: LumpSum) -> Merit | None:
    """The merit that raises a payment: the highest only; one without a rank at that time raises nothing."""
    known = [merit for merit in numbers.merits if merit.code in set(merits)]
    return max(known, key=lambda merit: merit.percent, default=None)


def after_death_in_service(
    kind: DeathKind,
    *,
    died_on: date,
    base_pay: Fen,
    merits: Iterable[str],
    book: AllowanceBook,
    known_on: date,
    lieutenants_pay: Fen | None = None,
    below_lieutenant: bool = False,
) -> tuple[Sum, ...]:
    """Honour payment (martyrs) and one-off pension (A24 第15、16条; before 2024-10-01 A19 第13条).

    `base_pay` is the person's monthly basic pay; below a second lieutenant's, that one counts: a person known
    to be `below_lieutenant` needs `lieutenants_pay`. The income base is that of the year before the death.
    """
    numbers = book.lump_sum("death-in-service", on=died_on)
    income = book.rates.find("urban-income", Key(), month=month_of(died_on), region=0, known_on=known_on)
    faults = _faults(numbers, income, needs_pay=below_lieutenant and lieutenants_pay is None)
    if faults or numbers is None or isinstance(income, Gap):
        return (Sum("one-off-pension", "一次性抚恤金", None, faults),)
    pay = max(base_pay, lieutenants_pay or base_pay)
    found = [_one_off_pension(kind, numbers, income, pay=pay, merits=tuple(merits), book=book)]
    if kind == "martyr":
        times = numbers.numbers["martyr_honour_times"]
        said = Reason(
            f"{times} × {income.fen} 元（上一年度全国城镇居民人均可支配收入）", numbers.ground.clause
        )
        found.insert(
            0, Sum("martyr-honour-payment", "烈士褒扬金", income.fen * times, (said,), _held(income, book))
        )
    return tuple(found)


def _one_off_pension(
    kind: DeathKind,
    numbers: LumpSum,
    income: Rate,
    *,
    pay: Fen,
    merits: tuple[str, ...],
    book: AllowanceBook,
) -> Sum:
    times = numbers.numbers["illness_times" if kind == "illness-death" else "duty_times"]
    months = numbers.numbers["pay_months"]
    base = income.fen * times + pay * months
    clause = numbers.ground.clause
    said = [Reason(f"{times} × {income.fen} 元 + {months} × {pay} 元 = {base} 元", clause)]
    merit = highest_merit(merits, numbers)
    more = share_of(base, Fraction(merit.percent, 100)) if merit else Fen(0)
    if merit:
        said.append(Reason(f"{merit.title}增发 {merit.percent}%，{more} 元；几项只取最高一项", clause))
    unknown = set(merits) - {each.code for each in numbers.merits}
    said += [Reason(f"“{each}”在去世时的规定里没有增发档", clause) for each in sorted(unknown)]
    return Sum("one-off-pension", "一次性抚恤金", base + more, tuple(said), _held(income, book))


def _faults(numbers: LumpSum | None, income: Rate | Gap, *, needs_pay: bool) -> tuple[Reason, ...]:
    found = []
    if numbers is None:
        found.append(Reason("去世时的一次性抚恤金规定没有录入", "待局方确认", is_stated=False))
    if isinstance(income, Gap):
        found.append(Reason(income.text, income.title))
    if needs_pay:
        clause = numbers.ground.clause if numbers else ""
        found.append(Reason("本人月基本工资低于少尉，缺少尉月基本工资标准，不能计算", clause))
    return tuple(found)


def _held(rate: Rate, book: AllowanceBook) -> tuple[str, ...]:
    if book.what_if:
        return (*rate.obstacles, WHAT_IF)
    return () if book.rates.fictional == "paid" else rate.obstacles


def discharge_payment(service: Service, *, merits: Iterable[str], book: AllowanceBook, known_on: date) -> Sum:
    """The one-off discharge payment of a soldier who finds work himself (一次性退役金, 自主就业).

    The rule and the rate are those of the day of discharge.
    """
    title = "一次性退役金"
    numbers = book.lump_sum("discharge-payment", on=service.end)
    rate = book.rates.find(
        "discharge-payment", Key(), month=month_of(service.end), region=0, known_on=known_on
    )
    if numbers is None or isinstance(rate, Gap) or not numbers.numbers.get("is_known", 0):
        said = [Reason(rate.text, rate.title)] if isinstance(rate, Gap) else []
        said.append(Reason("退役时的每年标准和年限折算没有查到，需要提供参数", "待局方确认", is_stated=False))
        return Sum("discharge-payment", title, None, tuple(said))
    years = discharge_years(service)
    merit = highest_merit(merits, numbers)
    percent = merit.percent if merit else 0
    amount = Fen(round_half_up(int(rate.fen) * years * Fraction(100 + percent, 100)))
    told = [Reason(f"服役折算 {_years(years)} 年 × {rate.fen} 元", numbers.ground.clause)]
    if merit:
        told.append(Reason(f"{merit.title}增发 {percent}%；几项只取最高一项", numbers.ground.clause))
    return Sum("discharge-payment", title, amount, tuple(told), _held(rate, book))


def conscript_family_grant(
    *, year: int, place: str, educated: bool, division: int, book: AllowanceBook, known_on: date
) -> Sum:
    """A year's grant to a conscript's family: base × place × (1 + education), rounded to fen.

    `place` is `ordinary`, or a hardship place the city's rule names (`tibet`, `xinjiang`). Paid by the
    county that approved the enlistment.
    """
    title, on = "义务兵家庭优待金", date(year, 8, 1)
    numbers = book.lump_sum("conscript-family-grant", on=on)
    region = book.region_of("conscript-family-grant", division=division, on=on)
    base = book.rates.find(
        "conscript-family-base", Key(), month=month_of(on), region=region, known_on=known_on
    )
    if numbers is None or isinstance(base, Gap):
        said = [Reason(base.text, base.title)] if isinstance(base, Gap) else []
        if numbers is None:
            said.append(Reason("本地的优待金办法没有录入", "待局方确认", is_stated=False))
        return Sum("conscript-family-grant", title, None, tuple(said))
    percent = numbers.numbers.get(f"{place}_percent", 100)
    more = numbers.numbers["education_percent"] if educated else 0
    amount = share_of(base.fen, Fraction(percent, 100) * Fraction(100 + more, 100))
    said = [
        Reason(
            f"基数 {base.fen} 元 × {percent}% × (1 + {more}%)；倍数与加成相乘",
            numbers.ground.clause,
            numbers.ground.is_stated,
        )
    ]
    return Sum("conscript-family-grant", title, amount, tuple(said), _held(base, book))


def _years(years: Fraction) -> str:
    return str(years.numerator) if years.denominator == 1 else f"{years.numerator // 2}.5"
