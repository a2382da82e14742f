"""What officers look at: records by where they stand, what waits for a name, money, how long it takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import connection
from django.db.models import Count, Sum

from rongjun.insurance.logic import payouts as money
from rongjun.insurance.logic.reviewing import WAITING_REVIEWS
from rongjun.insurance.models import Institution, Payout, Review, Settlement
from rongjun.kernel.balance import Balance
from rongjun.kernel.money import Fen


@dataclass(frozen=True, slots=True)
class RecordLine:
    """One record in a list."""

    id: UUID
    person: UUID | None
    kind: str
    hospital: str
    number: str
    discharged_on: date | None
    total: Fen
    state: str
    said: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class ReviewLine:
    """One decision that waits for a name."""

    id: UUID
    settlement: UUID
    person: UUID
    hospital: str
    reasons: tuple[str, ...]
    fen: Fen
    state: str
    due_on: date
    proposed_by: str


@dataclass(frozen=True, slots=True)
class ReviewPage:
    """A review with everything that was said about it."""

    id: UUID
    state: str
    answer: str
    due_on: date
    proposed_by: str
    proposed_name: str
    proposed_at: datetime | None
    proposed_why: str
    checked_by: str
    checked_name: str
    checked_at: datetime | None
    appeal_said: str
    appeal_answer: str
    appeal_name: str
    appeal_at: datetime | None
    appeal_why: str


@dataclass(frozen=True, slots=True)
class Waits:
    """From the moment a record came to the money's arrival, over some days, in seconds; None without any."""

    count: int
    median: float | None
    p95: float | None
    oldest_open: timedelta | None


def records_listed(*, state: str = "", first: int = 0, limit: int = 50) -> tuple[list[RecordLine], int]:
    """Records in scope, the newest first, and how many there are; of one state when one is named."""
    rows = Settlement.objects.filter(**({"state": state} if state else {}))
    page = list(rows.order_by("-received_at", "id")[first : first + limit])
    named = _hospitals(row.institution for row in page)
    lines = [
        RecordLine(
            id=row.id,
            person=row.person_id,
            kind=row.kind,
            hospital=named.get(row.institution, row.institution),
            number=row.number,
            discharged_on=row.discharged_on,
            total=Fen(row.total),
            state=row.state,
            said=row.said,
            received_at=row.received_at,
        )
        for row in page
    ]
    return lines, rows.count()


def _hospitals(codes: object) -> Mapping[str, str]:
    return dict(Institution.objects.filter(code__in=set(codes)).values_list("code", "name"))  # type: ignore[call-overload]


def reviews_open(*, limit: int = 100) -> tuple[list[ReviewLine], int]:
    """What waits for a name, the earliest due first."""
    rows = Review.objects.filter(state__in=WAITING_REVIEWS)
    page = list(rows.select_related("decision").order_by("due_on", "opened_at", "id")[:limit])
    named = _hospitals(row.decision.institution for row in page)
    lines = [
        ReviewLine(
            id=row.id,
            settlement=row.settlement_id,
            person=row.person_id,
            hospital=named.get(row.decision.institution, row.decision.institution),
            reasons=tuple(row.reasons),
            fen=Fen(row.decision.post or row.decision.proposed),
            state=row.state,
            due_on=row.due_on,
            proposed_by=row.proposed_by,
        )
        for row in page
    ]
    return lines, rows.count()


def review_of(settlement: UUID) -> ReviewPage | None:
    """The newest review of a record; None when nobody was ever asked."""
    row = Review.objects.filter(settlement=settlement).order_by("-opened_at", "-decision__place").first()
    if row is None:
        return None
    names = ReviewPage.__slots__
    return ReviewPage(**{name: getattr(row, name) for name in names})


def counts_by_state() -> dict[str, int]:
    """How many records in scope are in each state."""
    return dict(Settlement.objects.values_list("state").annotate(count=Count("id")).order_by())


def money_by_state() -> dict[str, tuple[int, Fen]]:
    """How many payouts are in each state, and what they come to."""
    rows = Payout.objects.values("state").annotate(count=Count("id"), fen=Sum("fen")).order_by()
    return {row["state"]: (row["count"], Fen(row["fen"])) for row in rows}


def without_account(*, limit: int = 50) -> list[tuple[UUID, Fen, str]]:
    """Whose payout could not be put into a batch, how much, and why."""
    rows = Payout.objects.filter(state=money.RESERVED).exclude(fault="").order_by("reserved_at", "id")
    return [(row.person_id, Fen(row.fen), row.fault) for row in rows[:limit]]


_WAITED = """
    select count(*), percentile_cont(0.5) within group (order by waited),
        percentile_cont(0.95) within group (order by waited)
    from (select extract(epoch from p.ended_at - s.received_at)::float as waited
          from insurance_payout p join insurance_claimdecision d on d.id = p.decision_id
          join insurance_settlement s on s.id = d.settlement_id
          where p.state = 'paid' and p.ended_at >= %s) found
"""


def waits(*, since: datetime, now: datetime) -> Waits:
    """How long money took that arrived since, and how long the oldest on its way has been."""
    with connection.cursor() as cursor:
        cursor.execute(_WAITED, [since])
        count, median, p95 = cursor.fetchone()
    oldest = (
        Payout.objects.filter(state__in=money.COMMITTED - {money.PAID})
        .order_by("reserved_at")
        .values_list("decision__settlement__received_at", flat=True)
        .first()
    )
    return Waits(count, median, p95, now - oldest if oldest else None)


_BALANCE = """
    select (received_at at time zone 'Asia/Shanghai')::date as day, count(*),
        count(*) filter (where state in ('decided', 'duplicate')),
        count(*) filter (where state in ('refused', 'conflict')),
        count(*) filter (where state in ('waiting', 'review', 'mend'))
    from insurance_settlement where (received_at at time zone 'Asia/Shanghai')::date between %s and %s
    group by 1 order by 1
"""


def balance(*, since: date, until: date) -> list[Balance]:
    """By day: records in = decided + refused + waiting."""
    with connection.cursor() as cursor:
        cursor.execute(_BALANCE, [since, until])
        return [
            Balance(day, "insurance:settlements", taken_in, done, refused, waiting)
            for day, taken_in, done, refused, waiting in cursor.fetchall()
        ]
