"""When carriers open a gate, as now known: what every use is judged by."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

import polars as pl
from django.db import connection

from rongjun.cards.logic.life import RETRACT, Happened, Span, standing_at
from rongjun.cards.models import Carrier as Carriers
from rongjun.cards.models import CarrierEvent

_COUNTY = 10**6
# Seconds as a double are exact to the microsecond for centuries, and a third of the work of moments. Several
# spans, which few have, come as a list.
_SECONDS = "date_part('epoch', {0})"
_FIND = f"""
    select carrier_id, division, kind, pieces,
           {_SECONDS.format("lower(usable)")}, {_SECONDS.format("upper(usable)")},
           case when pieces > 1 then array(
               select array[{_SECONDS.format("lower(span)")}, {_SECONDS.format("upper(span)")}]
               from unnest(usable) span order by span) end
    from cards_carrierspans where carrier_id = any (%s::bigint[]) and superseded_at is null
"""  # noqa: S608 - our own text
_THROUGHOUT = """
    select carrier_id, division / 1000000 * 1000000 from cards_carrierspans
    where carrier_id = any (%s::bigint[]) and superseded_at is null
      and usable @> tstzrange(%s::timestamptz, %s::timestamptz, '[]')
"""
_FRAME = """
    select carrier_id, division / 1000000 * 1000000, kind, lower(span), upper(span)
    from cards_carrierspans, unnest(usable) span where superseded_at is null order by carrier_id, span
"""
_CHANGED = """
    select distinct now_known.carrier_id
    from cards_carrierspans now_known
    left join cards_carrierspans before
        on before.carrier_id = now_known.carrier_id and before.superseded_at = now_known.recorded_at
    where now_known.recorded_at > %(since)s and now_known.recorded_at <= %(until)s
      and now_known.usable is distinct from before.usable
    order by 1
"""


class Carrier(NamedTuple):
    """A carrier as uses know it: `division` is the county (12 digits) that serves the holder.

    `spans` are those in which it opens a gate, half open, in order; the last may have no end.
    """

    reference: int
    division: int
    kind: str
    spans: tuple[Span, ...]


def carriers(references: Sequence[int]) -> dict[int, Carrier]:
    """The carriers in scope among these references, as now known; who is missing has never been one.

    One indexed read, for five hundred as for a whole city's file.
    """
    with connection.cursor() as cursor:
        cursor.execute(_FIND, [list(references)])
        return {
            row[0]: Carrier(
                row[0], row[1] // _COUNTY * _COUNTY, row[2], _spans(row[3], row[4], row[5], row[6])
            )
            for row in cursor.fetchall()
        }


def usable_throughout(references: Iterable[int], *, first: datetime, last: datetime) -> dict[int, int]:
    """The county of each carrier in scope that opens a gate from one moment to another, both included.

    Who is missing may have been usable for some of the time: `carriers` says when.
    """
    listed = "{" + str([*references])[1:-1] + "}"  # one text: the driver's own array costs more
    with connection.cursor() as cursor:
        cursor.execute(_THROUGHOUT, [listed, first.isoformat(), last.isoformat()])
        return dict(cursor.fetchall())


def _spans(
    pieces: int, start: float | None, end: float | None, several: list[tuple[float, float | None]] | None
) -> tuple[Span, ...]:
    if pieces == 0 or start is None:
        return ()
    moment = datetime.fromtimestamp
    if several is None:
        return ((moment(start, UTC), None if end is None else moment(end, UTC)),)
    return tuple((moment(lo, UTC), None if hi is None else moment(hi, UTC)) for lo, hi in several)


def holders(references: Sequence[int]) -> dict[int, UUID]:
    """Whose each of these carriers is, those out of scope left out; a file may have been merged since."""
    return dict(Carriers.objects.filter(pk__in=list(references)).values_list("reference", "person_id"))


def spans_frame() -> pl.DataFrame:
    """Every usable span in scope, as now known: reference, division (the county), kind, starts_at, ends_at.

    For a replay of many uses at once; a carrier without a span is not in it.
    """
    moment = pl.Datetime("us", "UTC")
    schema: dict[str, type[pl.DataType] | pl.DataType] = {
        "reference": pl.Int64,
        "division": pl.Int64,
        "kind": pl.String,
        "starts_at": moment,
        "ends_at": moment,
    }
    with connection.cursor() as cursor:
        cursor.execute(_FRAME)
        return pl.DataFrame(cursor.fetchall(), schema=schema, orient="row")


def changed_since(moment: datetime, *, until: datetime | None = None) -> list[int]:
    """References of carriers whose usable spans have come to be others after a moment, new ones included.

    `until` leaves out what was known later.

    What ends by itself at a moment that was known beforehand is no change.
    """
    with connection.cursor() as cursor:
        cursor.execute(_CHANGED, {"since": moment, "until": until or datetime.max.replace(tzinfo=UTC)})
        return [reference for (reference,) in cursor.fetchall()]


def state_as_known(references: Sequence[int], *, at: datetime, known_at: datetime) -> dict[int, str]:
    """How carriers stood at a moment, by what was known at another; for the few that opened no gate."""
    happened: dict[int, list[Happened]] = {reference: [] for reference in references}
    rows = CarrierEvent.objects.filter(carrier__in=list(references), recorded_at__lte=known_at)
    gone = set(rows.filter(kind=RETRACT).values_list("retracts_id", flat=True))
    for row in rows.exclude(kind=RETRACT).exclude(pk__in=gone):
        happened[row.carrier_id].append(Happened(row.kind, row.at, row.until))
    return {reference: standing_at(events, at).state for reference, events in happened.items()}


def every_reference(state: str) -> list[int]:
    """The references of all carriers in scope in a state."""
    return list(
        Carriers.objects.filter(state=state).order_by("reference").values_list("reference", flat=True)
    )
