"""People to tell, and looks at what became of it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from uuid import UUID, uuid4

from rongjun.access.api import ROLES, Actor, acting_as, acting_as_citizen, acting_as_job, scope_of
from rongjun.kernel.identifiers import IdentityNumber
from rongjun.notices import api as notices
from rongjun.notices.models import Message
from rongjun.registry import api as registry
from tests.house.citizens import as_actor

# Ten in the morning in China.
NOW = datetime(2024, 11, 26, 2, 0, tzinfo=UTC)
HOME, NEXT_DOOR = 370202901000, 370202902000
VALUES = {"title": "青岛光荣灯", "how": "电话里说的"}
CAST = {
    "clerk": ("station-clerk", HOME),
    "next-door": ("station-clerk", NEXT_DOOR),
    "district": ("district-officer", 370202000000),
    "city": ("city-officer", 370200000000),
}


def actor(login: str = "clerk") -> Actor:
    """One of the cast, without an account."""
    role, division = CAST[login]
    permissions = ROLES[role].permissions
    return Actor(
        uuid4(), login, f"测试{login}", "staff", role, "", division, "示范", scope_of(division), permissions
    )  # fmt: skip


def number(sequence: int) -> IdentityNumber:
    """The invented number of the nth person."""
    return IdentityNumber.invented(born=date(1952, 3, 8), sequence=sequence, address="990123")


def person(sequence: int = 1, *, phone: str = "10000000009", station: int = HOME) -> UUID:
    """Somebody on file, with a telephone that cannot exist or with none."""
    cells = {
        "姓名": f"测试{sequence}",
        "证件号码": number(sequence).number,
        "人员类别": "退役军人",
        "服务站区划代码": str(station),
        "手机号码": phone,
    }
    by = actor("city")
    with acting_as(by):
        roster = registry.import_roster(
            [registry.RawRow(2, cells)],
            file_name="x.xlsx",
            file_digest=f"{sequence}-{phone}".encode(),
            by=by,
            synthetic=True,
            now=NOW,
            today=NOW.date(),
        )
        report = registry.report(roster)
        assert report
        (row,) = report.rows
    assert row.person, row.faults
    return row.person


@contextmanager
def at_home(sequence: int = 1, *, acting_for: UUID | None = None) -> Iterator[Actor]:
    """A citizen with the nth number, come by the single sign-on."""
    who = as_actor(registry.account_of_number(number(sequence), now=NOW), acting_for=acting_for)
    with acting_as_citizen(who):
        yield who


@contextmanager
def at_work() -> Iterator[None]:
    """As a job does."""
    with acting_as_job("test.notices"):
        yield


def tell(
    who: UUID, about: str = "offer:1", *, now: datetime = NOW, reads: Collection[str] = (), **values: str
) -> None:
    """A decision told in a transaction of a job."""
    with at_work():
        notices.tell(
            "offer-declined", person=who, division=HOME, about=about, values=VALUES | values, now=now,
            reads=reads,
        )  # fmt: skip


def messages() -> list[Message]:
    """Every message there is, oldest first."""
    with at_work():
        return list(Message.objects.order_by("told_at", "about"))
