"""What the pages of uses show: which days came, what did not go in, the list of signals."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Case, When

from rongjun.benefits.logic.uses import CONFLICTS
from rongjun.benefits.models import UseDecision, UseRefusal, UseSignal

DAYS = 14


@dataclass(frozen=True, slots=True)
class DeliveredDay:
    """One source on one day of use: uses that count, and what of batches about that day did not go in.

    `conflicts` of the refused wait for a decision; `late` uses that went in are of a month closed by then.
    """

    source: str
    day: date
    uses: int
    refused: int
    conflicts: int
    late: int
    is_expected: bool

    @property
    def is_missing(self) -> bool:
        """Whether a day that is over should have brought something and brought nothing."""
        return self.is_expected and not self.uses and not self.refused


@dataclass(frozen=True, slots=True)
class Proposal:
    """How somebody proposes to decide a conflict; `is_decided` once another has agreed."""

    outcome: str
    reason: str
    by: str
    at: datetime
    is_decided: bool


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """A row that did not go in, as it came; of a conflict the side that stands and what is proposed."""

    id: int
    source: str
    reference: str
    reason: str
    fields: Mapping[str, Any]
    stands: Mapping[str, Any]
    recorded_at: datetime
    proposal: Proposal | None = None


@dataclass(frozen=True, slots=True)
class SignalLine:
    """A card's day on the list."""

    id: int
    day: date
    kind: str
    card: int
    evidence: Any
    state: str
    looked_by: str
    looked_at: datetime | None
    ended_by: str
    ended_at: datetime | None
    reason: str


# A day is covered when uses of it count, or its file came and was refused whole.
_DELIVERED = """
    select s.title, d.day::date, coalesce(u.n, 0)::bigint, coalesce(b.refused, 0)::bigint,
           coalesce(c.n, 0)::bigint, coalesce(b.late, 0)::bigint, d.day >= s.expected_since
    from benefits_use_source s
    cross join generate_series(%(first)s::date, %(last)s::date, interval '1 day') as d(day)
    left join (select source, day, sum(n) as n from benefits_use_day
               where day between %(first)s and %(last)s group by 1, 2) u
        on u.source = s.id and u.day = d.day
    left join (select source_id, business_date as day, sum(refused) as refused, sum(late) as late
               from benefits_use_batch
               where business_date between %(first)s and %(last)s group by 1, 2) b
        on b.source_id = s.id and b.day = d.day
    left join (select b.source_id, b.business_date as day, count(*) as n
               from benefits_use_refusal r join benefits_use_batch b on b.id = r.batch_id
               where r.state = 'open' and r.reason in ('conflict', 'month-twice')
                 and b.business_date between %(first)s and %(last)s group by 1, 2) c
        on c.source_id = s.id and c.day = d.day
    order by d.day desc, s.code
"""


def delivered_days(*, today: date) -> list[DeliveredDay]:
    """Every source on each of the last fourteen days that are over, newest first; counts in scope."""
    asked = {"first": today - timedelta(days=DAYS), "last": today - timedelta(days=1)}
    with connection.cursor() as cursor:
        cursor.execute(_DELIVERED, asked)
        return [DeliveredDay(*row) for row in cursor.fetchall()]


def by_hand_lately(*, today: date) -> list[tuple[str, int]]:
    """People let in by certificate in the last fourteen days, by programme: apart from uses of cards."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select p.title, sum(m.people)::int from benefits_manual_use m"
            " join benefits_programme p on p.id = m.programme_id"
            " where m.day >= %s and m.struck_at is null group by 1 order by 2 desc, 1",
            [today - timedelta(days=DAYS)],
        )
        return list(cursor.fetchall())


def refused_by_reason() -> list[tuple[str, int]]:
    """How many open refusals there are in scope, by reason, most first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select reason, count(*) from benefits_use_refusal where state = 'open'"
            " group by 1 order by 2 desc, 1"
        )
        return list(cursor.fetchall())


def refused_rows(*, reason: str, first: int, limit: int) -> tuple[list[RefusedLine], int]:
    """Open refusals in scope of one reason or of all, conflicts before the others; and how many there are."""
    rows = UseRefusal.objects.filter(state="open").select_related("source")
    rows = rows.filter(reason=reason) if reason else rows
    conflicts_first = Case(When(reason__in=CONFLICTS, then=0), default=1)
    page = list(rows.order_by(conflicts_first, "-id")[first : first + limit])
    proposals = _proposals([row.id for row in page])
    return [
        RefusedLine(
            row.id, row.source.title, row.reference, row.reason, row.fields, row.stands, row.recorded_at,
            proposals.get(row.id),
        )
        for row in page
    ], rows.count()  # fmt: skip


def _proposals(refusals: list[int]) -> dict[int, Proposal]:
    living = UseDecision.objects.filter(refusal__in=refusals, state__in=("proposed", "confirmed"))
    return {
        row.refusal_id: Proposal(
            row.outcome, row.reason, row.proposed_by, row.proposed_at, row.state == "confirmed"
        )
        for row in living
    }


def signals(*, state: str, first: int, limit: int) -> tuple[list[SignalLine], int]:
    """Signals in scope of one state, newest day first; and how many there are."""
    rows = UseSignal.objects.filter(state=state)
    return [_signal(row) for row in rows.order_by("-day", "-id")[first : first + limit]], rows.count()


def signal(number: int) -> SignalLine | None:
    """One signal; None out of scope."""
    row = UseSignal.objects.filter(pk=number).first()
    return _signal(row) if row else None


def _signal(row: UseSignal) -> SignalLine:
    evidence = json.loads(row.evidence) if isinstance(row.evidence, str) else row.evidence
    return SignalLine(
        row.id, row.day, row.kind, row.card, evidence, row.state, row.looked_by, row.looked_at, row.ended_by,
        row.ended_at, row.reason,
    )  # fmt: skip
