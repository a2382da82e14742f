"""A case: JSON by `contracts/allowances-case.schema.json` as history, months, payments and what-ifs."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any, Final

from rongjun.allowances.logic.history import (
    Asserted,
    Award,
    Cancellation,
    Confirmation,
    Death,
    Event,
    Fact,
    Handover,
    Residence,
    Ruling,
    Suspension,
)
from rongjun.allowances.logic.months import read_month
from rongjun.allowances.logic.rates import FictionalUse, Key, Rate
from rongjun.allowances.logic.schemes import AllowanceBook, Ground, Pair
from rongjun.allowances.logic.service import Service
from rongjun.allowances.logic.settling import Payment
from rongjun.allowances.shapes import faults_of
from rongjun.kernel.errors import Unfit
from rongjun.kernel.money import Fen, round_half_up
from rongjun.kernel.worktime import CHINA, end_of_day, start_of_day
from rongjun.rules.api import Value, closest

SCHEMA: Final = Path(__file__).resolve().parents[3] / "contracts" / "allowances-case.schema.json"
_END: Final = datetime(9999, 1, 1, tzinfo=CHINA)
_SUPPOSED: Final = Ground((), "按假设试算")


@dataclass(frozen=True, slots=True)
class Case:
    """One question about one person, ready to be worked out."""

    place: str
    fictional: FictionalUse
    first: int
    last: int
    known_at: datetime
    run_month: int | None
    history: tuple[Asserted, ...]
    paid: tuple[Payment, ...]
    what_if: Mapping[str, Any] = field(default_factory=dict)
    lump_sums: tuple[Mapping[str, Any], ...] = ()


@cache
def case_schema() -> Mapping[str, Any]:
    """The contract a case keeps."""
    schema: Mapping[str, Any] = json.loads(SCHEMA.read_text("utf-8"))
    return schema


def read_case(given: object) -> Case:
    """Read a case; raises `Unfit` with every fault and its place."""
    faults = faults_of(given, schema=case_schema())
    if faults:
        raise _unfit(faults)
    assert isinstance(given, dict)
    try:
        return _case(given)
    except Unfit:
        raise
    except ValueError as error:
        raise _unfit(["日期或月份不对，没有这一天"]) from error


def _unfit(faults: Iterable[str]) -> Unfit:
    """Every fault in one sentence."""
    return Unfit("allowances.case-unfit", f"{'；'.join(faults)}。")


def _case(given: Mapping[str, Any]) -> Case:
    months = given["months"]
    first, last = read_month(months["first"]), read_month(months["last"])
    if last < first:
        raise _unfit(["months：last 早于 first"])
    payments = tuple(payment for each in given.get("paid", ()) for payment in payments_of(each))
    return Case(
        place=given["place"],
        fictional=given.get("fictional", "left-out"),
        first=first,
        last=last,
        known_at=_moment(given["known_at"], end=True) if "known_at" in given else _END,
        run_month=read_month(given["run_month"]) if "run_month" in given else None,
        history=tuple(_asserted(each) for each in given["history"]),
        paid=payments,
        what_if=given.get("what_if", {}),
        lump_sums=tuple(given.get("lump_sums", ())),
    )


def _moment(text: str, *, end: bool = False) -> datetime:
    """A moment; a day alone is its beginning, or its end where something was known all that day."""
    if "T" in text:
        return datetime.fromisoformat(text)
    day = date.fromisoformat(text)
    return end_of_day(day) - _TICK if end else start_of_day(day)


_TICK: Final = datetime.resolution


def _day(given: Mapping[str, Any], key: str) -> date | None:
    return date.fromisoformat(given[key]) if key in given else None


def _asserted(given: Mapping[str, Any]) -> Asserted:
    return Asserted(
        _EVENTS[given["kind"]](given),
        _moment(given["recorded"]) if "recorded" in given else None,
        _moment(given["superseded"]) if "superseded" in given else None,
    )


def _value(value: Value) -> Value:
    """A day among the values of facts is written as a day."""
    if isinstance(value, str) and len(value) == 10 and value[4] == value[7] == "-":
        return date.fromisoformat(value)
    return value


def _award(given: Mapping[str, Any]) -> Event:
    return Award(
        ref=given.get("ref", f"{given['scheme']} {given['approved_on']}"),
        scheme=given["scheme"],
        category=given["category"],
        approved_on=date.fromisoformat(given["approved_on"]),
        details={name: _value(value) for name, value in given.get("details", {}).items()},
        applied_on=_day(given, "applied_on"),
    )


def _fact(given: Mapping[str, Any]) -> Event:
    return Fact(
        given["name"], _value(given["value"]), date.fromisoformat(given["since"]), _day(given, "until")
    )


def _suspension(given: Mapping[str, Any]) -> Event:
    return Suspension(
        date.fromisoformat(given["event_on"]), given["why"], given.get("document"), _day(given, "restored_on")
    )


def _cancellation(given: Mapping[str, Any]) -> Event:
    return Cancellation(
        date.fromisoformat(given["on"]), given["why"], given.get("scheme"), given.get("document")
    )


def _ruling(given: Mapping[str, Any]) -> Event:
    return Ruling(
        frozenset(given["schemes"]), given["rule"], given["document"], date.fromisoformat(given["since"])
    )


_EVENTS: Final[Mapping[str, Callable[[Mapping[str, Any]], Event]]] = {
    "award": _award,
    "fact": _fact,
    "death": lambda given: Death(date.fromisoformat(given["died_on"]), given["cause"]),
    "suspension": _suspension,
    "cancellation": _cancellation,
    "confirmation": lambda given: Confirmation(
        date.fromisoformat(given["notified_on"]), _day(given, "confirmed_on")
    ),
    "residence": lambda given: Residence(given["division"], date.fromisoformat(given["since"])),
    "handover": lambda given: Handover(date.fromisoformat(given["on"]), _day(given, "applied_on")),
    "service": lambda given: Service(date.fromisoformat(given["start"]), date.fromisoformat(given["end"])),
    "ruling": _ruling,
}


def payments_of(given: Mapping[str, Any]) -> list[Payment]:
    """A sum paid for a stretch of months as one payment a month, adding up to it."""
    first, last = read_month(given["first"]), read_month(given["last"])
    months = last - first + 1
    standard = None
    if "standard_fen" in given:
        monthly = Fraction(given["standard_fen"], 12 if given.get("period", "year") == "year" else 1)
        standard = f"{monthly.numerator}/{monthly.denominator}"
    found, before = [], 0
    for number in range(1, months + 1):
        upto = round_half_up(Fraction(given["fen"] * number, months))
        found.append(
            Payment(
                given["code"],
                first + number - 1,
                Fen(upto - before),
                standard,
                given.get("award"),
                None,
                given.get("file", ""),
            )
        )
        before = upto
    return found


def check_names(case: Case, *, book: AllowanceBook) -> None:
    """Raise `Unfit` for a scheme, a category or a fact the book does not know, or a value of the wrong kind.

    A misspelt name must not come out as "nothing owed".
    """
    faults = [fault for each in case.history for fault in _name_faults(each.event, book)]
    faults += [f"没有名为 {p.code} 的项目" for p in case.paid if p.code.split(".")[0] not in book.schemes]
    if faults:
        raise _unfit(dict.fromkeys(faults))


def _name_faults(event: Event, book: AllowanceBook) -> Iterator[str]:
    if isinstance(event, Award):
        scheme = book.schemes.get(event.scheme)
        if scheme is None or scheme.awards_of != scheme.code:
            yield f"没有可以批准的项目 {event.scheme}"
        elif event.category not in scheme.categories:
            yield f"“{scheme.title}”没有类别 {event.category}，从这些里选：{'、'.join(scheme.categories)}"
        for name, value in event.details.items():
            yield from _value_faults(name, value, book)
    if isinstance(event, Fact):
        yield from _value_faults(event.name, event.value, book)
    if isinstance(event, Cancellation) and event.scheme is not None and event.scheme not in book.schemes:
        yield f"没有名为 {event.scheme} 的项目"
    if isinstance(event, Ruling):
        yield from (f"没有名为 {code} 的项目" for code in sorted(event.schemes - book.schemes.keys()))


def _value_faults(name: str, value: Value, book: AllowanceBook) -> Iterator[str]:
    fact = book.vocabulary.get(name)
    if fact is None:
        near = closest(name, book.vocabulary)
        yield f"没有名为 {name} 的事实{f'，是否想写 {near}' if near else ''}"
    elif not fact.is_stored or not fact.accepts(value):
        yield f"“{fact.label}”（{name}）的值不对"


def supposed(book: AllowanceBook, what_if: Mapping[str, Any]) -> AllowanceBook:
    """The book with a case's what-ifs; the same book when there are none."""
    if not what_if:
        return book
    unknown = set(what_if.get("settings", {})) - set(book.settings)
    if unknown:
        raise _unfit([f"没有名为 {'、'.join(sorted(unknown))} 的设置"])
    rates = [_rate(each, number) for number, each in enumerate(what_if.get("rates", ()), 1)]
    for rate in rates:
        if rate.series not in book.rates.series:
            raise _unfit([f"没有名为 {rate.series} 的标准序列"])
    return book.supposing(
        settings=what_if.get("settings", {}),
        pairs=[_pair(each) for each in what_if.get("pairs", ())],
        rates=book.rates.with_rates(rates) if rates else book.rates,
    )


def _pair(given: Mapping[str, Any]) -> Pair:
    return Pair(frozenset(given["schemes"]), date.min, None, given["rule"], given.get("drops"), _SUPPOSED)


def _rate(given: Mapping[str, Any], number: int) -> Rate:
    return Rate(
        ref=f"what-if#{number}",
        order="假设的标准",
        series=given["series"],
        key=Key(given.get("category"), given.get("grade"), given.get("cause")),
        fen=Fen(given["fen"]),
        unit="person",
        period=given["period"],
        start=date.fromisoformat(given["from"]),
        until=_day(given, "until"),
        announced=_day(given, "announced"),
        region=given.get("region", 0),
        region_title="",
        source="假设",
        confidence="unsourced",
    )
