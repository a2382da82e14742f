"""An insured veteran, hospitals, a fund with money: the scene of the database tests. Nobody in it exists."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from rongjun.access.api import acting_as_job
from rongjun.insurance import actions
from rongjun.insurance.actions import Taken
from rongjun.insurance.incoming import incoming
from rongjun.insurance.models import ClaimDecision, InsuredYear, Payout, Review, Settlement
from rongjun.kernel.identifiers.bank import luhn_digit
from rongjun.kernel.money import Fen
from tests.cluster import as_owner
from tests.house.claims_rooms import (
    HOME,
    Household,
    Status,
    add_places,
    cells,
    hand_in,
    number,
    open_file,
    report_of,
    tell,
)

# Bills of the winter of 2024, which come late; money as the scene of payments has it.
NOW = datetime(2026, 11, 15, 2, 0, tzinfo=UTC)
TODAY = date(2026, 11, 15)
SINCE = date(2020, 1, 1)
HOSPITAL = "H99000000001"
BY = "job:test"
CITY_BOOKS = UUID(int=370200000000)


def set_scene(*, fund: int = 100_000_000) -> None:
    """Places, a hospital that is known, a fund with so much money in fen."""
    add_places()
    open_house(fund=fund)


def open_house(*, fund: int = 100_000_000) -> None:
    """What the insurance itself needs: a hospital that is known, a fund with so much money in fen."""
    actions.open_books(by=BY, now=NOW)
    if fund:
        actions.pay_in(Fen(fund), known_as=uuid5(CITY_BOOKS, "premium"), by=BY, now=NOW)
    with acting_as_job("test.hospitals"):
        actions.know_institutions([(HOSPITAL, "测试医院", "370202")], since=SINCE)


def insured(sequence: int = 1, *, until: date | None = None, with_account: bool = True) -> UUID:
    """Somebody of the groups the plan covers, from 2020 on."""
    person = open_file(row=cells(sequence, 姓名=f"测试老兵{sequence:04d}"))
    cover(person, division=HOME, until=until)
    if with_account:
        account = {
            "number": card(sequence), "purpose": "claim", "holder": f"测试老兵{sequence:04d}",
        }  # fmt: skip
        tell(person, "account", said=account)
    return person


def insured_many(sequences: Sequence[int]) -> None:
    """The same for many, without accounts, in one roster."""
    rows = report_of(hand_in([cells(each, 姓名=f"测试老兵{each:04d}") for each in sequences])).rows
    with as_owner():
        Status.objects.bulk_create(
            Status(
                person_id=str(row.person), division=HOME, category="key-pension-group", valid_from=SINCE,
                recorded_at=NOW - timedelta(days=700), source="虚构", recorded_by="staff:clerk",
            )
            for row in rows
        )  # fmt: skip


def cover(person: UUID, *, division: int, since: date = SINCE, until: date | None = None) -> None:
    """The person is of the groups the plan covers, from 2020 on."""
    with as_owner():
        Status.objects.create(
            person_id=person, division=division, category="key-pension-group", valid_from=since,
            valid_to=until, recorded_at=NOW - timedelta(days=700), source="虚构", recorded_by="staff:clerk",
        )  # fmt: skip


def live_here(person: UUID, *, division: int) -> None:
    """The person's household is in this city."""
    with as_owner():
        Household.objects.create(
            person_id=person, division=division, county="370202", kind="urban", valid_from=SINCE,
            recorded_at=NOW - timedelta(days=700), source="虚构", recorded_by="staff:clerk",
        )  # fmt: skip


def card(sequence: int) -> str:
    """An invented card whose check digit is right."""
    first = f"999999{sequence:012d}"
    return first + luhn_digit(first)


def msgid(place: int, *, at: datetime = NOW) -> str:
    """The nth message of the hospital."""
    return f"{HOSPITAL}{at:%Y%m%d%H%M%S}{place:04d}"


def settlement(
    place: int = 1, *, total: str = "80000.00", pooled: str = "40000.00", **said: Any
) -> dict[str, Any]:
    """A record of a stay that foots, with some fields changed."""
    personal = _yuan(total, pooled)
    return {
        "fixmedins_code": HOSPITAL, "setl_id": f"S{place:04d}", "med_type": "21",
        "begndate": "2024-11-25", "enddate": f"2024-12-{place:02d}",
        "medfee_sumamt": total, "inscp_scp_amt": total, "hifp_pay": pooled, "psn_cash_pay": personal, **said,
    }  # fmt: skip


def _yuan(total: str, pooled: str) -> str:
    return (Fen.from_text(total) - Fen.from_text(pooled)).text.replace(",", "")


def refund(of: int, place: int, *, total: str = "80000.00", pooled: str = "40000.00") -> dict[str, Any]:
    """The whole of a settlement taken back."""
    return {
        "fixmedins_code": HOSPITAL, "setl_id": f"R{place:04d}", "init_setl_id": f"S{of:04d}",
        "refd_setl_flag": "1", "medfee_sumamt": f"-{total}", "psn_cash_pay": f"-{_yuan(total, pooled)}",
    }  # fmt: skip


def take(
    record: dict[str, Any],
    *,
    place: int = 1,
    sequence: int = 1,
    certno: str = "",
    now: datetime = NOW,
) -> Taken:
    """Taken in as a call's job does."""
    kind = "refund" if record.get("refd_setl_flag") == "1" else "settlement"
    message = incoming(
        {"msgid": msgid(place), "certno": certno or number(sequence), kind: record}, synthetic=True
    )
    with acting_as_job("insurance.take-settlements"):
        return actions.take_message(
            message, channel="call", partner="hospital", by="job:insurance.take-settlements", now=now
        )


def years() -> list[tuple[int, int, int]]:
    """(burden, payout, own) of every insured year."""
    with acting_as_job("test.look"):
        rows = InsuredYear.objects.order_by("member_id", "starts_on")
        return [(row.inside + row.outside, row.payout, row.own) for row in rows]


def payouts() -> list[tuple[int, str]]:
    """(fen, state) of every payout, oldest first."""
    with acting_as_job("test.look"):
        return list(Payout.objects.order_by("member_id", "decision__place").values_list("fen", "state"))


def states() -> dict[str, str]:
    """The state of every record by its message's place."""
    with acting_as_job("test.look"):
        return {row.msgid[-4:]: row.state for row in Settlement.objects.all()}


def decisions() -> list[ClaimDecision]:
    with acting_as_job("test.look"):
        return list(ClaimDecision.objects.order_by("member_id", "place"))


def open_reviews() -> list[Review]:
    with acting_as_job("test.look"):
        return list(Review.objects.filter(state__in=["open", "proposed", "appealed"]).order_by("opened_at"))
