"""A case for `quote`: one person, what arrived, read strictly with every fault at once; and its answer."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, TypeVar, cast

from rongjun.insurance.cover import Insured
from rongjun.insurance.loading import PlanFile
from rongjun.insurance.logic.bills import PARTS, Bill, BillRef, Parts, Refund, Ruling
from rongjun.insurance.logic.deciding import Decision, YearSoFar
from rongjun.insurance.logic.years import Arrival, History, NoTerms, take
from rongjun.insurance.national import AMOUNTS, IS_REFUND, OUTSIDE, REFUND, SETTLEMENT, FieldUse
from rongjun.kernel.errors import Unfit
from rongjun.kernel.money import Fen
from rongjun.rules.api import Value, closest

T = TypeVar("T")
MAX_ARRIVALS: Final = 2_000
_DAY = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[ T][0-9:.]+)?")
_FIRST, _LAST = date(1900, 1, 1), date(2199, 12, 31)
_OURS: Final = ("version", "causes", "also_paid")


class CaseError(ValueError):
    """A case that cannot be read; `faults` are Chinese sentences, each with its place."""

    def __init__(self, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(faults))


@dataclass(frozen=True, slots=True)
class Case:
    """One person under one plan of one city, and what arrived, in the order it came."""

    city: str | None
    plan: str
    person: Insured
    arrivals: tuple[Arrival, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One arrival and what was decided on it; `waiting` says why nothing was."""

    arrival: Arrival
    decisions: tuple[Decision, ...]
    waiting: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """The whole case, decided: each step, and the years at its end."""

    steps: tuple[Step, ...]
    years: Mapping[date, YearSoFar]


def parse_case(text: str) -> object:
    """The JSON of a case; amounts stay text, so that no fen is lost to a float."""
    try:
        return json.loads(text, parse_float=str, parse_constant=str, object_pairs_hook=_once)
    except RecursionError:
        raise CaseError(["嵌套太深，请核对"]) from None
    except json.JSONDecodeError as error:
        raise CaseError([f"第 {error.lineno} 行第 {error.colno} 列：这里不合 JSON 的写法"]) from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = [key for key, _ in pairs]
    if twice := sorted({key for key in keys if keys.count(key) > 1}):
        raise CaseError([f"“{key}”写了两次，请只留一个" for key in twice])
    return dict(pairs)


def read_case(given: object, *, regions: Mapping[str, int]) -> Case:
    """Make a case of plain values; raise `CaseError` with all faults.

    `regions` are the codes of the divisions a fact may name, such as `this_city`.
    """
    faults: list[str] = []
    reader = _Reading(given, "", faults)
    person = _person(reader.map("person"), regions)
    institutions = reader.texts("institutions") if reader.has("institutions") else None
    found = Case(
        city=reader.text("city") if reader.has("city") else None,
        plan=reader.text("plan") if reader.has("plan") else "rongjunbao",
        person=Insured(**person, institutions=None if institutions is None else frozenset(institutions)),
        arrivals=tuple(_arrival(each) for each in reader.maps("arrivals")),
    )
    if len(found.arrivals) > MAX_ARRIVALS:
        faults.append(f"arrivals：超过 {MAX_ARRIVALS} 条，请分开算")
    if reader.has("note"):
        reader.text("note")
    reader.done()
    if faults:
        raise CaseError(faults)
    return found


def answer(case: Case, found: PlanFile) -> Answer:
    """Decide a case, arrival by arrival; raise `CaseError` for a fact the rules do not take."""
    _check_facts(case, found)
    history = History()
    steps = []
    for arrival in case.arrivals:
        try:
            history, decisions = take(
                history,
                arrival,
                plan=found.plan,
                standing=lambda bill: found.cover.standing(case.person, bill),
            )
        except NoTerms as error:
            steps.append(Step(arrival, (), str(error)))
            continue
        steps.append(Step(arrival, decisions, "" if decisions else _waiting(arrival)))
    return Answer(tuple(steps), history.years)


def _check_facts(case: Case, found: PlanFile) -> None:
    """Every fact as the rules will take it, those of each day on which something changes."""
    faults = []
    for day in (date.max, *(day for day, _ in case.person.changes)):
        try:
            found.cover.judge(
                case.person.facts_on(day), on=found.plan.wordings[0].start, relations=case.person.relations
            )
        except ValueError as error:
            faults.append(f"person.facts：{error}")
    if faults:
        raise CaseError(list(dict.fromkeys(faults)))


def _waiting(arrival: Arrival) -> str:
    if isinstance(arrival, Ruling):
        return "没有收到过这张结算单的这一版，这个决定没有采用。"
    return "退费先到，等它的结算单。"


def read_record(given: object) -> Bill | Refund:
    """One record of a hospital, `{"settlement": …}` or `{"refund": …}`; raise `CaseError` with all faults."""
    faults: list[str] = []
    found = _arrival(_Reading(given, "", faults))
    if isinstance(found, Ruling):
        faults.append("ruling：这里只收结算和退费")
    if faults:
        raise CaseError(faults)
    assert not isinstance(found, Ruling)
    return found


_NOT_THERE: Final = object()


def _no_items() -> list[Any]:
    return []


class _Reading:
    """One JSON object read key by key; faults are noted with their path and a stand-in is returned."""

    def __init__(self, given: object, path: str, faults: list[str]) -> None:
        self.path = path
        self.faults = faults
        self._asked: set[str] = set()
        self._given: dict[str, Any] = given if isinstance(given, dict) else {}
        self._is_stand_in = not isinstance(given, dict)
        if self._is_stand_in and given is not _NOT_THERE:
            faults.append(f"{path or '最外层'}：应是一个对象 {{…}}")

    def place(self, key: str) -> str:
        """Where a key stands."""
        return f"{self.path}.{key}" if self.path else key

    def fault(self, key: str, what: str) -> None:
        """Note a fault of a key."""
        self.faults.append(f"{self.place(key)}：{what}")

    def has(self, key: str) -> bool:
        """Whether the key is there and not null."""
        self._asked.add(key)
        return self._given.get(key) is not None

    def _get(self, key: str, kinds: tuple[type, ...], name: str, stand_in: T) -> T:
        self._asked.add(key)
        if key not in self._given:
            if not self._is_stand_in:
                self.fault(key, f"缺少，请补上（{name}）")
            return stand_in
        value = self._given[key]
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            self.fault(key, f"应是{name}")
            return stand_in
        return cast(T, value)

    def text(self, key: str) -> str:
        """A text that is not empty."""
        value = self._get(key, (str,), "文字", "?").strip()
        if not value:
            self.fault(key, "是空的，请写上")
        return value

    def truth(self, key: str) -> bool:
        """true or false."""
        return self._get(key, (bool,), "true 或 false", stand_in=False)

    def count(self, key: str) -> int:
        """A whole number from 1."""
        value = self._get(key, (int,), "整数", 1)
        if value < 1:
            self.fault(key, "应不小于 1")
        return value

    def fen(self, key: str) -> Fen:
        """An amount in yuan: text, or a number of the JSON, which is kept as text."""
        value = str(self._get(key, (str, int), '金额（元），如 "1234.50"', "0"))
        try:
            return Fen.from_text(value)
        except Unfit as error:
            self.fault(key, error.sentence)
            return Fen(0)

    def day(self, key: str, *, otherwise: date = date.min) -> date:
        """A day, or the day of a moment; `otherwise` stands in when it cannot be read."""
        value = self._get(key, (str,), '日期，如 "2024-03-20"', otherwise.isoformat())
        found = _DAY.fullmatch(value.strip())
        try:
            day = date.fromisoformat(found[1] if found else "")
        except ValueError:
            self.fault(key, '日期写法不对，请写成 "2024-03-20"')
            return otherwise
        if day != otherwise and not _FIRST <= day <= _LAST:
            self.fault(key, f"日期不在 {_FIRST.year} 年到 {_LAST.year} 年之间，请核对")
        return day

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts."""
        values = self._get(key, (list,), "列表", _no_items())
        if any(not isinstance(value, str) or not value for value in values):
            self.fault(key, "里面应都是文字")
            return ()
        return tuple(values)

    def map(self, key: str) -> "_Reading":
        """An object."""
        return _Reading(self._get(key, (dict,), "对象", _NOT_THERE), self.place(key), self.faults)

    def maps(self, key: str) -> "list[_Reading]":
        """A list of objects."""
        values = self._get(key, (list,), "列表", _no_items())
        return [_Reading(value, f"{self.place(key)}[{at}]", self.faults) for at, value in enumerate(values)]

    def pairs(self) -> Mapping[str, Any]:
        """Everything, for an object whose keys are data."""
        self._asked |= self._given.keys()
        return self._given

    def among(self, known: Iterable[str]) -> list[str]:
        """Which of these keys are there."""
        return [key for key in known if key in self._given]

    def done(self, *, known: Sequence[str] = ()) -> None:
        """Note every key nobody asked for."""
        for key in self._given.keys() - self._asked:
            guess = closest(key, [*self._asked, *known])
            self.fault(key, f"没有这个字段，看看是否想写 {guess}" if guess else "没有这个字段，请删去")


def _person(reader: _Reading, regions: Mapping[str, int]) -> dict[str, Any]:
    changes = []
    for each in reader.maps("changes") if reader.has("changes") else ():
        changes.append((each.day("from"), _facts(each.map("facts"), regions)))
        each.done()
    relations = reader.maps("relations") if reader.has("relations") else ()
    found = {
        "facts": _facts(reader.map("facts"), regions),
        "changes": tuple(changes),
        "died_on": reader.day("died_on") if reader.has("died_on") else None,
        "relations": tuple(_facts(each, regions) for each in relations),
    }
    reader.done()
    return found


def _facts(reader: _Reading, regions: Mapping[str, int]) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for name, value in reader.pairs().items():
        if not (value is None or isinstance(value, bool | int | str)):
            reader.fault(name, "应是 true、false、整数或文字")
            continue
        found[name] = regions.get(value, value) if isinstance(value, str) else value
    return found


def _arrival(reader: _Reading) -> Arrival:
    kinds: dict[str, Callable[[_Reading], Arrival]] = {
        "settlement": _settlement,
        "refund": _refund,
        "ruling": _ruling,
    }
    given = reader.among(kinds)
    if len(given) != 1:
        reader.faults.append(f"{reader.path}：写一个 settlement（结算）、refund（退费）或 ruling（决定）")
        return Refund(BillRef("?", "?"), BillRef("?", "?"), Fen(0), Fen(0))
    found = kinds[given[0]](reader.map(given[0]))
    reader.done(known=list(kinds))
    return found


def _settlement(reader: _Reading) -> Bill:
    amounts = _amounts(reader, SETTLEMENT)
    if reader.has("refd_setl_flag") and reader.text("refd_setl_flag") == IS_REFUND:
        reader.fault("refd_setl_flag", "这是退费，请写成 refund")
    has_parts = any(reader.has(name) for name, use in SETTLEMENT.items() if use.use == "part")
    bill = Bill(
        ref=BillRef(reader.text("fixmedins_code"), reader.text("setl_id")),
        version=reader.count("version") if reader.has("version") else 1,
        admitted_on=reader.day("begndate"),
        discharged_on=reader.day("enddate", otherwise=date.max),
        care_type=reader.text("med_type"),
        care_area=reader.text("mdtrtarea_admvs") if reader.has("mdtrtarea_admvs") else None,
        diagnosis=reader.text("dise_codg") if reader.has("dise_codg") else None,
        causes=reader.texts("causes") if reader.has("causes") else (),
        total=amounts["medfee_sumamt"],
        parts=_parts(amounts) if has_parts else None,
        paid=tuple(_of(amounts, "payer")),
        personal=Fen.total(fen for _, fen in _of(amounts, "personal")),
        stated=tuple(pair for pair in _of(amounts, "stated", given=reader)),
        also_paid=tuple(_also_paid(reader.map("also_paid"))) if reader.has("also_paid") else (),
    )
    if bill.admitted_on > bill.discharged_on:
        reader.fault("enddate", "出院日期早于入院日期，请核对")
    reader.done(known=[*SETTLEMENT, *_OURS])
    return bill


def _amounts(reader: _Reading, table: Mapping[str, FieldUse]) -> dict[str, Fen]:
    return {
        name: reader.fen(name) if use.required or reader.has(name) else Fen(0)
        for name, use in table.items()
        if use.use in AMOUNTS
    }


def _of(amounts: Mapping[str, Fen], use: str, *, given: _Reading | None = None) -> Iterator[tuple[str, Fen]]:
    """The amounts of one use by what they stand for; sums a record states only where it does."""
    for name, field in SETTLEMENT.items():
        if field.use == use and name in amounts and (amounts[name] if given is None else given.has(name)):
            yield field.of, amounts[name]


def _parts(amounts: Mapping[str, Fen]) -> Parts:
    named = {field.of: amounts[name] for name, field in SETTLEMENT.items() if field.use == "part"}
    return Parts(*(named[part] for part in PARTS))


def _also_paid(reader: _Reading) -> Iterator[tuple[str, Fen]]:
    for payer in OUTSIDE:
        if reader.has(payer):
            yield payer, reader.fen(payer)
    reader.done(known=OUTSIDE)


def _refund(reader: _Reading) -> Refund:
    amounts = _amounts(reader, REFUND)
    if reader.text("refd_setl_flag") != IS_REFUND:
        reader.fault("refd_setl_flag", f'退费应写 "{IS_REFUND}"')
    institution = reader.text("fixmedins_code")
    refund = Refund(
        ref=BillRef(institution, reader.text("setl_id")),
        of=BillRef(institution, reader.text("init_setl_id")),
        total=amounts["medfee_sumamt"],
        personal=amounts["acct_pay"] + amounts["acct_mulaid_pay"] + amounts["psn_cash_pay"],
    )
    if refund.total > 0 or refund.personal > 0:
        reader.fault("medfee_sumamt", "退费的金额应是负数")
    for name in SETTLEMENT:
        reader.has(name)  # a refund comes with every field of its settlement; we need these few
    reader.done()
    return refund


def _ruling(reader: _Reading) -> Ruling:
    decided = reader.text("decision")
    if decided not in {"admit", "refuse"}:
        reader.fault("decision", "写 admit（准予计入）或 refuse（不予计入）")
    ruling = Ruling(
        of=BillRef(reader.text("fixmedins_code"), reader.text("setl_id")),
        version=reader.count("version") if reader.has("version") else 1,
        admit=decided == "admit",
        by=reader.text("by") or "?",
        why=reader.text("why") or "?",
    )
    reader.done()
    return ruling
