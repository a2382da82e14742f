"""An invented hospital's day: settlements of invented people, and everything that goes wrong with them. Pure.

The same seed, day, people and mix give the same letters. `letters` says what is sent in which order; who
sends them (a process over HTTP, a daily file, a test) is not its business.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone
from pathlib import Path
from typing import Any, Final

import yaml

from rongjun.insurance.fhir import explanation_of

CODE: Final = "H99000000001"
ELSEWHERE: Final = "H99000000099"
_TWO_A_DAY: Final = 0.08
BEIJING: Final = timezone(timedelta(hours=8))
_MIX = Path(__file__).with_name("hospital-mix.yaml")
_DIAGNOSES = ("I21.900", "J18.900", "C34.900", "K80.200", "S72.000", "E11.900", "I63.900", "M17.000")


@dataclass(frozen=True, slots=True)
class People:
    """Whom the hospital meets, by number: insured, no longer insured, and nobody's."""

    insured: Sequence[str]
    not_insured: Sequence[str] = ()
    unknown: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Letter:
    """One message: its way, what is sent, how far the clock is off, whether its answer is not heard.

    `as_fhir`: it is written as an ExplanationOfBenefit.
    """

    way: str
    message: Mapping[str, Any]
    skew_minutes: int = 0
    unheard: bool = False
    as_fhir: bool = False

    @property
    def msgid(self) -> str:
        """The message's own id."""
        return str(self.message["msgid"])

    @property
    def body(self) -> bytes:
        """The bytes of a call."""
        told = explanation_of(self.message) if self.as_fhir else self.message
        return json.dumps(told, ensure_ascii=False, sort_keys=True).encode()


def mix() -> Mapping[str, int]:
    """The shares of each way per thousand."""
    said = yaml.safe_load(_MIX.read_text("utf-8"))
    ways: dict[str, int] = said["ways"]
    assert said["of"] == 1000
    assert sum(ways.values()) < 1000
    return ways


@dataclass(slots=True)
class _Day:
    day: date
    chance: random.Random
    people: People
    sent: int = 0
    stays: int = 0
    letters: list[tuple[float, Letter]] = field(default_factory=list)
    queue: list[str] = field(default_factory=list)

    def put(self, at: float, way: str, number: str, record: Mapping[str, Any], **said: Any) -> None:
        self.sent += 1
        moment = datetime.combine(self.day, time(8), BEIJING) + timedelta(seconds=self.sent)
        kind = "refund" if "init_setl_id" in record else "settlement"
        message = {
            "msgid": f"{CODE}{moment:%Y%m%d%H%M%S}{self.sent % 10_000:04d}",
            "certno": number,
            "setl_time": (moment + timedelta(minutes=said.get("skew_minutes", 0))).isoformat(),
            kind: record,
        }
        self.letters.append((at, Letter(way, message, **said)))


def letters(people: People, *, day: date, count: int, seed: int = 7) -> list[Letter]:
    """The messages of `count` stays in the order they leave; refunds and corrections among them."""
    chance = random.Random(f"hospital {seed} {day}")  # noqa: S311 - invented
    ways, made = mix(), _Day(day, chance, people)
    made.queue = chance.sample(list(people.insured), len(people.insured))
    names, weights = [*ways, "plain"], [*ways.values(), 1000 - sum(ways.values())]
    # Each way once, however short the day; the rest as the mix says.
    first = chance.sample(list(ways), len(ways))
    for place in range(count):
        way = first[place] if place < len(first) else chance.choices(names, weights)[0]
        _stay(made, way, at=float(place))
    return [letter for _, letter in sorted(made.letters, key=lambda each: each[0])]


def _stay(made: _Day, way: str, *, at: float) -> None:
    chance = made.chance
    made.stays += 1
    number, record = _whose(made, way), _record(made, way)
    later = at + chance.uniform(1, 400)
    if way == "refund-first":
        made.put(at, way, number, _refund(made, record))
        made.put(later, way, number, record)
        return
    if way == "wrong-total":
        off = _yuan(_fen(record["psn_cash_pay"]) - chance.randint(1, 5_000))
        made.put(at, way, number, {**record, "psn_cash_pay": off})
        made.put(later, way, number, {**record, "version": 2})
        return
    if way == "clock":
        made.put(at, way, number, record, skew_minutes=chance.choice((-17, 14, 40)))
        return
    made.put(at, way, number, record, unheard=way == "timeout")
    if way == "twice":
        made.put(later, way, number, record)
    elif way == "refund":
        made.put(later, way, number, _refund(made, record))
    elif way == "corrected":
        made.put(later, way, number, {**_again(made, record), "version": 2})
    elif way == "other-content":
        made.put(later, way, number, _again(made, record))


def _whose(made: _Day, way: str) -> str:
    people = made.people
    if way == "unknown-person" and people.unknown:
        return made.chance.choice(people.unknown)
    if way == "no-cover" and people.not_insured:
        return made.chance.choice(people.not_insured)
    # Somebody seldom has two stays that settle on one day.
    if made.chance.random() < _TWO_A_DAY or not made.queue:
        return made.chance.choice(people.insured)
    return made.queue.pop()


def _record(made: _Day, way: str) -> dict[str, Any]:
    chance = made.chance
    total = 40_000_000 + chance.randint(0, 9_999) if way == "huge" else int(chance.lognormvariate(13.6, 0.9))
    pooled = total // 100 if way == "huge" else total * chance.randint(45, 85) // 100
    aid = total * chance.choice((0, 0, 0, 5)) // 100
    outside = total * chance.choice((0, 3, 8)) // 100
    days = chance.randint(2, 20)
    return {
        "fixmedins_code": ELSEWHERE if way == "unknown-hospital" else CODE,
        "setl_id": f"S{made.day:%y%m%d}{made.stays:06d}",
        "med_type": chance.choice(("21", "21", "21", "22", "24")),
        "begndate": (made.day - timedelta(days=days)).isoformat(),
        "enddate": made.day.isoformat(),
        "dise_codg": chance.choice(_DIAGNOSES),
        "medfee_sumamt": _yuan(total),
        "inscp_scp_amt": _yuan(total - outside),
        "fulamt_ownpay_amt": _yuan(outside),
        "hifp_pay": _yuan(pooled),
        "maf_pay": _yuan(aid),
        "fund_pay_sumamt": _yuan(pooled + aid),
        "psn_cash_pay": _yuan(total - pooled - aid),
    }


def _again(made: _Day, record: Mapping[str, Any]) -> dict[str, Any]:
    """The same stay with another total that foots."""
    more = made.chance.randint(100, 90_000)
    return {
        **record,
        "medfee_sumamt": _yuan(_fen(record["medfee_sumamt"]) + more),
        "inscp_scp_amt": _yuan(_fen(record["inscp_scp_amt"]) + more),
        "psn_cash_pay": _yuan(_fen(record["psn_cash_pay"]) + more),
    }


def _refund(made: _Day, record: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "fixmedins_code": record["fixmedins_code"],
        "setl_id": f"R{made.day:%y%m%d}{made.stays:06d}",
        "init_setl_id": record["setl_id"],
        "refd_setl_flag": "1",
        "medfee_sumamt": _yuan(-_fen(record["medfee_sumamt"])),
        "psn_cash_pay": _yuan(-_fen(record["psn_cash_pay"])),
    }


def _yuan(fen: int) -> str:
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02d}"


def _fen(yuan: str) -> int:
    whole, part = yuan.lstrip("-").split(".")
    return (int(whole) * 100 + int(part)) * (-1 if yuan.startswith("-") else 1)


def rows_of(sent: Sequence[Letter], *, columns: Sequence[str], day: date) -> Iterator[list[str]]:
    """The same letters as lines of the daily file: key, then its columns."""
    for letter in sent:
        message = dict(letter.message)
        record = message.get("refund") or message["settlement"]
        said = {
            **record,
            "certno": message["certno"],
            "setl_time": message.get("setl_time", ""),
            "day": day.isoformat(),
        }
        yield [letter.msgid, *(str(said.get(name, "")) for name in columns)]
