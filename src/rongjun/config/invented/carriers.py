"""Cards of an invented city's people: most have one; some are lost, frozen, replaced, or their holder died.

What a person holds depends on the file, the seed and nothing else, but for what happened lately: a city
always has some cards that were reported lost this week. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from random import Random

from rongjun.cards.api import Happened, TakenOver, TransitNumber
from rongjun.config.invented.people import CHINA
from rongjun.kernel.identifiers import BankCard, luhn_digit
from rongjun.registry.api import FileRecord

RONGJUN_SINCE, PREF_SINCE = date(2021, 3, 1), date(2022, 7, 28)
KIN = frozenset({"martyr-kin", "duty-death-kin", "illness-death-kin"})
BANK = "agent-bank"
_DAY = timedelta(days=1)
# Of a thousand cards so many were reported lost this week, are lost, frozen, or were replaced.
_SHARES = (("held", 3), ("lost", 5), ("frozen", 1), ("replaced", 20))


def carriers_of(record: FileRecord, number: int, *, seed: int, now: datetime) -> Iterator[TakenOver]:
    """The cards of one person; the later of two of a family replaces the earlier."""
    chance = Random(f"cards:{seed}:{number}")  # noqa: S311 - the same city every time, nothing secret
    categories = {str(said.said["category"]) for said in record.said if said.kind == "status"}
    died = min((said.valid_from for said in record.said if said.kind == "death"), default=None)
    if categories & {"veteran", "military-retiree", *KIN} and chance.random() < 0.92:
        category = "a" if "veteran" in categories else "b" if categories & KIN else "c"
        yield from _cards(
            record, number, "rongjun", category, since=RONGJUN_SINCE, died=died, chance=chance, now=now
        )
    if _states_pref_card(record) and categories & {"veteran", *KIN}:
        kind = "pref-veteran" if "veteran" in categories else "pref-kin"
        yield from _cards(record, number, kind, "", since=PREF_SINCE, died=died, chance=chance, now=now)


def _states_pref_card(record: FileRecord) -> bool:
    return any(
        said.kind == "statement" and said.said["fact"] == "holds_pref_card" and said.said["value"] == "true"
        for said in record.said
    )


def _cards(
    record: FileRecord,
    number: int,
    kind: str,
    category: str,
    *,
    since: date,
    died: date | None,
    chance: Random,
    now: datetime,
) -> Iterator[TakenOver]:
    first = max(since, record.opened_at.date()) + chance.randrange(200) * _DAY
    if _at(first) >= now - 60 * _DAY or (died and died <= first):
        return
    fate = _fate(chance)
    begun = Happened("take-over", _at(first), _at(first.replace(year=first.year + 10, day=1)))
    ends = [] if died is None else [Happened("die", _at(died, 24))]
    if fate == "replaced":
        lost = first + chance.randrange(1, max(2, (now.date() - first).days - 30)) * _DAY
        again = Happened("take-over", _at(lost + 20 * _DAY), begun.until)
        old = (
            begun,
            Happened("lose", _at(lost)),
            Happened("replace", _at(lost + 2 * _DAY)),
            Happened("close", again.at),
        )
        yield _taken(record, number, kind, category, (*old, *ends), copy=0)
        if died is None or died > again.at.date():
            yield _taken(record, number, kind, category, (again, *ends), copy=1)
        return
    lately = [] if died else _lately(fate, now - chance.randrange(1, 4) * _DAY)
    yield _taken(record, number, kind, category, (begun, *lately, *ends), copy=0)


def _fate(chance: Random) -> str:
    drawn = chance.random() * 1000
    for fate, share in _SHARES:
        if drawn < share:
            return fate
        drawn -= share
    return ""


def _lately(fate: str, at: datetime) -> list[Happened]:
    if fate == "held":
        return [Happened("hold", at, at + 7 * _DAY)]
    return [Happened({"lost": "lose", "frozen": "freeze"}[fate], at)] if fate else []


def _at(day: date, hour: int = 10) -> datetime:
    return datetime.combine(day, time(0), CHINA) + timedelta(hours=hour)


def _taken(
    record: FileRecord, number: int, kind: str, category: str, events: tuple[Happened, ...], *, copy: int
) -> TakenOver:
    family = kind.partition("-")[0]
    told = f"999999{int(family == 'pref')}{copy}{number:010d}"
    return TakenOver(
        person=record.id,
        division=record.division,
        kind=kind,
        family=family,
        category=category,
        events=events,
        bank=BANK,
        bank_number=BankCard(told + luhn_digit(told)),
        transit_number=TransitNumber(told),
    )
