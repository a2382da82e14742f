"""Campaigns of the yearly confirmation: who was asked, who is confirmed, who is left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import connection
from django.db.models import Q
from django.utils.timezone import localtime

from rongjun.access.api import scope_of
from rongjun.allowances.logic.gathering import Papers
from rongjun.allowances.logic.yearly import Seen, findings
from rongjun.allowances.models import Award, Campaign, Confirmed
from rongjun.registry import api as registry

COUNTS = Q(withdrawn_at=None) & (Q(late=False) | Q(checked_at__isnull=False))


def add_to(papers: Mapping[UUID, Papers], whose: Mapping[UUID, UUID]) -> None:
    """Add what campaigns say of these people; `whose` maps each of their files to the kept one."""
    campaigns = list(Campaign.objects.exclude(checked_by="").order_by("year"))
    if not campaigns:
        return
    seen: dict[tuple[UUID, UUID], list[Seen]] = {}
    for row in Confirmed.objects.filter(person_id__in=list(whose)):
        counts = row.checked_at if row.late else row.made_at
        if counts is not None:
            one = Seen(row.confirmed_on, counts, row.withdrawn_at)
            seen.setdefault((row.campaign_id, whose[row.person_id]), []).append(one)
    divisions = registry.divisions_of(list(papers))
    for campaign in campaigns:
        assert campaign.checked_at is not None
        for person, mine in papers.items():
            if _is_asked(campaign, divisions.get(person, 0), mine):
                mine.findings.extend(
                    findings(
                        notice_on=campaign.notice_on,
                        document=campaign.document,
                        asked_at=campaign.checked_at,
                        seen=seen.get((campaign.id, person), ()),
                    )
                )


def _is_asked(campaign: Campaign, division: int, papers: Papers) -> bool:
    """Whoever of the division was granted an award before the notice."""
    return scope_of(campaign.division).contains(division) and any(
        localtime(award.granted_at).date() < campaign.notice_on for award in papers.awards
    )


def changed_since(since: datetime) -> set[UUID]:
    """Files of whom a confirmation was made, checked or taken back since a moment."""
    moments = Q(made_at__gte=since) | Q(checked_at__gte=since) | Q(withdrawn_at__gte=since)
    return set(Confirmed.objects.filter(moments).values_list("person_id", flat=True))


# --- pages --------------------------------------------------------------------------------------------------


def campaigns() -> list[Campaign]:
    """Every campaign, the newest first."""
    return list(Campaign.objects.order_by("-year", "division"))


def campaign_of(campaign: UUID) -> Campaign | None:
    """One campaign; None where there is none."""
    return Campaign.objects.filter(pk=campaign).first()


_ASKED = """
    from allowances_award a
    where a.state = 'granted' and a.annulled_at is null and a.ended_at is null
      and (a.decided_at at time zone 'Asia/Shanghai')::date < %(notice)s
      and a.division between %(lo)s and %(hi)s
      and not exists (
          select from registry_death d where d.person_id = a.person_id and d.superseded_at is null)
"""
_NOT_YET = """
      and not exists (
          select from allowances_confirmed c
          where c.campaign_id = %(campaign)s and c.person_id = a.person_id and c.withdrawn_at is null
            and (not c.late or c.checked_at is not null))
"""


@dataclass(frozen=True, slots=True)
class Progress:
    """How many of a county were asked and how many are left, within the scope of whoever looks."""

    county: int
    asked: int
    left: int


def progress_of(row: Campaign) -> list[Progress]:
    """By county, who was asked and who is left."""
    asked, left = _by_county(row, _ASKED), _by_county(row, _ASKED + _NOT_YET)
    return [Progress(county, count, left[county]) for county, count in sorted(asked.items())]


def _by_county(row: Campaign, where: str) -> Counter[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"select a.division / 1000000 * 1000000, count(distinct a.person_id) {where} group by 1",
            _told(row, row.division),
        )
        return Counter(dict(cursor.fetchall()))


def left_of(row: Campaign, *, division: int, first: int = 0, limit: int = 50) -> list[UUID]:
    """Who is left in a division, within the scope of whoever looks, by station."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"select a.person_id {_ASKED} {_NOT_YET}"
            " group by a.person_id order by min(a.division), a.person_id limit %(limit)s offset %(first)s",
            {**_told(row, division), "limit": limit, "first": first},
        )
        return [person for (person,) in cursor.fetchall()]


def _told(row: Campaign, division: int) -> dict[str, UUID | date | int]:
    scope = scope_of(division)
    return {"campaign": row.id, "notice": row.notice_on, "lo": scope.lo, "hi": scope.hi}


def confirmed_in(campaign: UUID, person: UUID) -> Confirmed | None:
    """A person's confirmation in a campaign, counted or waiting; None where there is none."""
    return Confirmed.objects.filter(campaign_id=campaign, person_id=person, withdrawn_at=None).first()


def waiting_in(campaign: UUID, *, limit: int = 50) -> list[Confirmed]:
    """Late confirmations that wait for another officer, the oldest first."""
    rows = Confirmed.objects.filter(campaign_id=campaign, late=True, checked_by="", withdrawn_at=None)
    return list(rows.order_by("made_at")[:limit])


@dataclass(frozen=True, slots=True)
class Standing:
    """How a person stands in the newest campaign they were asked in; `confirmed_on` None where not yet."""

    campaign: UUID
    year: int
    confirm_by: date
    confirmed_on: date | None


def standing_of(files: Sequence[UUID], division: int, *, today: date) -> Standing | None:
    """The newest campaign that asks for these files and its answer; None where none asks."""
    rows = Campaign.objects.filter(notice_on__lte=today).exclude(checked_by="").order_by("-year")
    campaign = next((row for row in rows if scope_of(row.division).contains(division)), None)
    if campaign is None:
        return None
    mine = Award.objects.filter(person_id__in=list(files), state="granted", annulled_at=None)
    decided = mine.filter(ended_at=None).values_list("decided_at", flat=True)
    if not any(day and localtime(day).date() < campaign.notice_on for day in decided):
        return None
    row = Confirmed.objects.filter(COUNTS, campaign=campaign, person_id__in=list(files)).first()
    return Standing(campaign.id, campaign.year, campaign.confirm_by, row.confirmed_on if row else None)
