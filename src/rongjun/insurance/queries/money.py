"""What decisions owe a member, and how a payout is called towards the bank."""

from __future__ import annotations

from uuid import UUID

from django.db import connection
from django.db.models import Q, Sum

from rongjun.insurance.logic.payouts import Posted
from rongjun.insurance.logic.recovering import LIFTED, Claimed
from rongjun.insurance.models import Receivable

# A decision waits while its own review is open, or was overtaken and the settlement's newest one is open.
_POSTED = """
    with asked as (
        select d.id, d.institution, d.number, d.post, d.waits, r.state
        from insurance_claimdecision d left join insurance_review r on r.decision_id = d.id
        where d.member_id = %s and d.post <> 0
    ), open_claims as (
        select d.institution, d.number from insurance_review r
        join insurance_claimdecision d on d.id = r.decision_id
        where r.member_id = %s and r.state in ('open', 'proposed')
    )
    select a.id, a.post, a.waits and (
        a.state in ('open', 'proposed')
        or a.state = 'overtaken'
        and (a.institution, a.number) in (select institution, number from open_claims)
    ) from asked a
"""


def posted_by(member: UUID) -> list[Posted]:
    """What each of a member's decisions owes, and whether it waits for a name."""
    with connection.cursor() as cursor:
        cursor.execute(_POSTED, [member, member])
        return [Posted(int(fen), bool(waits)) for _, fen, waits in cursor.fetchall()]


def waiting_decisions(member: UUID) -> set[UUID]:
    """Which of a member's decisions wait for a name."""
    with connection.cursor() as cursor:
        cursor.execute(_POSTED, [member, member])
        return {known_as for known_as, _, waits in cursor.fetchall() if waits}


def claimed_of(member: UUID) -> list[Claimed]:
    """What was asked back of a member, the oldest first."""
    lifted = Sum("steps__fen", filter=Q(steps__kind=LIFTED), default=0)
    rows = Receivable.objects.filter(member=member).annotate(lifted=lifted).select_related("decision")
    return [
        Claimed(
            row.id,
            (row.decision.institution, row.decision.number),
            row.fen,
            row.lifted,
            row.remaining,
        )
        for row in rows.order_by("made_at", "decision__place")
    ]


def payment_key(payout: object) -> str:
    """The business key of a payout's payment: only one living payment of it exists."""
    return f"insurance:{payout}"
