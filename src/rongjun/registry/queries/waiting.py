"""What waits for somebody in the registry: how many, since when, and the rows, without a person."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Count, Min, QuerySet

from rongjun.access.api import Scope
from rongjun.kernel.words import listed, translatable, worded
from rongjun.registry.feed_lines import FEEDS
from rongjun.registry.logic.deciding import PROPOSED
from rongjun.registry.models import FeedCandidate, ImportedRow, Merge, Proposal, RightsRequest
from rongjun.registry.queries.pairs import open_pairs
from rongjun.registry.queries.rosters import refused_now
from rongjun.registry.rights import KINDS


@dataclass(frozen=True, slots=True)
class Waiting:
    """One work list: how many wait, and since when the oldest does."""

    count: int
    oldest: datetime | None


@dataclass(frozen=True, slots=True)
class WaitingRow:
    """One thing that waits: what it is, whose division, since when. Names nobody."""

    what: str
    division: int
    since: datetime


@dataclass(frozen=True, slots=True)
class _List:
    """How a work list is read: its rows, the column of their age, and what each is called."""

    rows: Callable[[], QuerySet[Any]]
    since: str
    what: Callable[[Any], str]


def _refused_in_words(row: ImportedRow) -> str:
    columns = listed(dict.fromkeys(str(fault["column"]) for fault in row.faults))
    return worded("{file} 第 {row} 行：{columns}", file=row.roster.file_name, row=row.row, columns=columns)


LISTS: Mapping[str, _List] = {
    "refused-rows": _List(
        lambda: refused_now().select_related("roster"), "roster__uploaded_at", _refused_in_words
    ),
    "feed-candidates": _List(
        lambda: FeedCandidate.objects.filter(state="open"),
        "recorded_at",
        lambda row: FEEDS.get(row.feed, row.feed),
    ),
    "duplicates": _List(open_pairs, "found_at", lambda row: worded("{score} 分", score=row.score)),
    "merges": _List(
        lambda: Merge.objects.filter(at=None, ended_at=None),
        "proposed_at",
        lambda _row: translatable("合并建议"),
    ),
    "proposals": _List(
        lambda: Proposal.objects.filter(state="waiting"), "made_at", lambda row: PROPOSED[row.kind]
    ),
    "rights-requests": _List(
        lambda: RightsRequest.objects.filter(state="open"), "received_at", lambda row: KINDS[row.kind]
    ),
}


def waiting(*, within: Scope) -> dict[str, Waiting]:
    """Every work list in scope and in a range of divisions, one statement each."""
    return {
        name: Waiting(**_within(each, within).aggregate(count=Count("pk"), oldest=Min(each.since)))
        for name, each in LISTS.items()
    }


def waiting_rows(
    name: str, *, within: Scope, first: int = 0, limit: int, column: str = ""
) -> tuple[list[WaitingRow], int]:
    """One page of a work list, the oldest first, and how many there are.

    `column` leaves of the refused rows those with a fault in that column of the roster.
    """
    asked = LISTS[name]
    rows = _within(asked, within)
    if column:
        rows = rows.filter(faults__contains=[{"column": column}])
    page = rows.order_by(asked.since, "pk")[first : first + limit]
    return [
        WaitingRow(asked.what(row), row.division, _moment(row, asked.since)) for row in page
    ], rows.count()


def _within(asked: _List, within: Scope) -> QuerySet[Any]:
    return asked.rows().filter(division__gte=within.lo, division__lte=within.hi)


def _moment(row: Any, path: str) -> datetime:
    for name in path.split("__"):
        row = getattr(row, name)
    assert isinstance(row, datetime)
    return row


# --- why rows are refused -----------------------------------------------------------------------------------


def refusals_by_column(*, within: Scope) -> list[tuple[str, int]]:
    """By column of the roster, how many refused rows have a fault there, the most first."""
    rows = refused_now().filter(division__gte=within.lo, division__lte=within.hi)
    sql, params = rows.values("id", "faults").query.sql_with_params()
    counted = (
        "select fault->>'column', count(distinct id)"  # noqa: S608 - Django's own statement
        f" from ({sql}) refused, jsonb_array_elements(faults) fault group by 1 order by 2 desc, 1"
    )
    with connection.cursor() as cursor:
        cursor.execute(counted, params)
        return [(str(column), int(count)) for column, count in cursor.fetchall()]
