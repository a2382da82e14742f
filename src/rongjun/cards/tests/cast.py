"""People who stand before cards, and people who have them. Everybody is invented."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

from rongjun.access.api import ROLES, Actor, acting_as, scope_of
from rongjun.cards import api as cards
from rongjun.cards.api import Happened, TakenOver, TransitNumber
from rongjun.kernel.identifiers import BankCard, DocumentType, IdentityNumber, luhn_digit
from rongjun.registry import api as registry

NOW, TODAY = datetime(2026, 11, 24, 2, 0, tzinfo=UTC), date(2026, 11, 24)
SINCE = datetime(2022, 3, 1, 2, tzinfo=UTC)
DAY = timedelta(days=1)
COUNTY, NEXT_COUNTY = 370202000000, 370203000000
HOME, NEXT_DOOR = 370202901000, 370203901000


def staff(role: str = "city-officer", division: int = 370200000000, login: str = "officer") -> Actor:
    """Somebody who works here."""
    permissions = ROLES[role].permissions
    return Actor(uuid4(), login, "测试", "staff", role, "", division, "示范", scope_of(division), permissions)


CITY = staff()
CLERK = staff("station-clerk", HOME, "clerk")
OFFICER = staff("district-officer", COUNTY, "district")
STRANGER = staff("district-officer", NEXT_COUNTY, "neighbour")


def people(count: int, *, station: int = HOME, first: int = 0) -> list[UUID]:
    """Veterans on file at a station."""
    records = [
        registry.FileRecord(
            id=uuid4(),
            division=station,
            name=f"测试持卡{number:04d}",
            opened_at=SINCE,
            documents=(registry.DocumentRecord(str(DocumentType.RESIDENT_ID), _number(number)),),
            phones=(),
            said=(
                registry.SaidRecord("status", SINCE.date(), {"category": "veteran"}),
                registry.SaidRecord("household", SINCE.date(), {"county": "370202", "kind": "urban"}),
            ),
        )
        for number in range(first, first + count)
    ]
    with acting_as(CITY):
        registry.open_files(records, source="测试", by=CITY, synthetic=True, now=NOW)
    return [record.id for record in records]


def _number(number: int) -> IdentityNumber:
    return IdentityNumber.invented(
        born=date(1960, 1, 1), sequence=number % 1000, address=f"99{1000 + number // 1000}"
    )


def handed(
    whom: Iterable[UUID],
    *,
    kind: str = "rongjun",
    station: int = HOME,
    more: Iterable[Happened] = (),
    first: int = 0,
) -> list[int]:
    """Cards that have long been in these people's hands; their references."""
    taken = [
        TakenOver(
            person=person,
            division=station,
            kind=kind,
            family=kind.partition("-")[0],
            events=(Happened("take-over", SINCE), *more),
            bank="agent-bank",
            bank_number=bank_number(first + place),
            transit_number=TransitNumber(f"999999{first + place:010d}"),
        )
        for place, person in enumerate(whom)
    ]
    with acting_as(CITY):
        return cards.take_over(taken, source="测试", by=CITY.text, now=NOW)


def bank_number(number: int) -> BankCard:
    """An invented card number."""
    told = f"999999{number:012d}"
    return BankCard(told + luhn_digit(told))
