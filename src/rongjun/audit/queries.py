"""Reads of events and of the chain. Row security decides what the current role sees of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from rongjun.audit import logic
from rongjun.audit.keys import is_genuine
from rongjun.audit.logic import Anchor, Link, Record, Row, Tail, Verdict
from rongjun.kernel.errors import Refused

Progress = Callable[[int, int], None]
Values = tuple[Any, ...]
# Rows a server-side cursor fetches at a time; also how often progress is told.
PAGE = 2000


# --- the log ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Filter:
    """What the audit page asks; an empty value asks nothing. `until` is exclusive, divisions inclusive."""

    about: str = ""
    actor: str = ""
    event: str = ""
    result: str = ""
    since: datetime | None = None
    until: datetime | None = None
    division_from: int | None = None
    division_to: int | None = None
    reads_only: bool = False


# Parameters arrive as literals, so a question that is not asked folds away before planning.
_EVENTS = """
    select id, at, actor, actor_role, source, event, about, result, purpose, division, detail
    from audit_event
    where (%(actor)s = '' or actor = %(actor)s)
      and (%(event)s = '' or event = %(event)s)
      and (%(result)s = '' or result = %(result)s)
      and (%(since)s::timestamptz is null or at >= %(since)s::timestamptz)
      and (%(until)s::timestamptz is null or at < %(until)s::timestamptz)
      and (%(division_from)s::bigint is null or division >= %(division_from)s::bigint)
      and (%(division_to)s::bigint is null or division <= %(division_to)s::bigint)
      and (not %(reads_only)s or event ~ %(read_endings)s)
      and (%(before)s::bigint is null or id < %(before)s::bigint)
    order by id desc
    limit %(limit)s
"""
_EVENTS_ABOUT = _EVENTS.replace("from audit_event", "from audit_events_about(%(about)s)")


def events(asked: Filter | None = None, *, before: int | None = None, limit: int = 50) -> list[Record]:
    """The newest events that fit, newest first; `before` is the last id of the page above."""
    asked = asked or Filter()
    with connection.cursor() as cursor:
        cursor.execute(
            _EVENTS_ABOUT if asked.about else _EVENTS,
            {
                **asdict(asked),
                "before": before,
                "limit": limit,
                "read_endings": f"({'|'.join(logic.READ_ENDINGS)})$",
            },
        )
        return [record_of(values) for values in cursor.fetchall()]


def who_read(about: str, *, before: int | None = None, limit: int = 50) -> list[Record]:
    """Who was shown or given this object's data, newest first: actor, role, purpose, moment (AU-08)."""
    return events(Filter(about=about, reads_only=True), before=before, limit=limit)


def event(number: int) -> Record | None:
    """One event by its number; nothing where there is none or it is not for this role."""
    return next((each for each in events(before=number + 1, limit=1) if each.id == number), None)


_COUNTS = """
    select event, count(*), count(*) filter (where result <> 'done')
    from audit_event where at >= %(since)s group by event order by 2 desc, 1
"""


def counts(*, since: datetime) -> list[tuple[str, int, int]]:
    """What was done since then, most frequent first: (event, how often, how often refused or failed)."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, {"since": since})
        return cursor.fetchall()


def record_of(values: Values) -> Record:
    """A Record from an event's columns in the order of its bytes (Django hands jsonb over as text)."""
    id_, at, actor, role, source, event, about, result, purpose, division, detail = values
    return Record(
        id_, at, actor, role, source, event, tuple(about), result, purpose, division, json.loads(detail)
    )


# --- the chain ----------------------------------------------------------------------------------------------

_LAST_ANCHOR = """
    select last_position, chain_digest, count, sealed_at, algorithm, key_version, signature
    from audit_anchor order by last_position desc limit 1
"""
_UNSEALED = """
    select count(*), min(at) from audit_event e
    where not exists (select from audit_link l where l.event_id = e.id)
"""
_IS_BLIND = """
    select current_user = 'app_staff' and not coalesce(
        'audit.read' = any (string_to_array(current_setting('app.permissions', true), ' ')), false)
"""
# One statement is one snapshot: a batch sealed meanwhile is seen whole or not at all. The full join keeps
# anchors whose link is gone.
_CHAIN = """
    select coalesce(l.position, a.last_position),
           l.position, l.event_id, l.event_digest, l.chain_digest,
           a.last_position, a.chain_digest, a.count, a.sealed_at, a.algorithm, a.key_version, a.signature,
           e.id, e.at, e.actor, e.actor_role, e.source, e.event, e.about, e.result, e.purpose, e.division,
           e.detail
    from (select * from audit_link where position > %(after)s) l
    full join (select * from audit_anchor where last_position > %(after)s) a on a.last_position = l.position
    left join audit_event e on e.id = l.event_id
    order by 1
"""


_PLACE = """
    select l.position, l.event_id, l.event_digest, l.chain_digest,
           a.last_position, a.chain_digest, a.count, a.sealed_at, a.algorithm, a.key_version, a.signature
    from audit_link l
    cross join lateral (
        select * from audit_anchor where last_position >= l.position order by last_position limit 1
    ) a
    where l.event_id = %(event)s
"""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an event stands in the chain, and the signed anchor that closes its batch."""

    link: Link
    anchor: Anchor
    is_unaltered: bool


def place_of(record: Record) -> Place | None:
    """An event's place, its bytes digested anew; None while it is not sealed. For roles that may read all."""
    with connection.cursor() as cursor:
        cursor.execute(_PLACE, {"event": record.id})
        values = cursor.fetchone()
    if values is None:
        return None
    link, anchor = Link(*values[:4]), Anchor(*values[4:])
    return Place(link, anchor, bytes(link.event_digest) == logic.event_digest(record))


def last_anchor() -> Anchor | None:
    """The newest signed anchor."""
    with connection.cursor() as cursor:
        cursor.execute(_LAST_ANCHOR)
        values = cursor.fetchone()
    return Anchor(*values) if values else None


def anchor_key_versions() -> list[int]:
    """The key versions the chain's anchors were signed with."""
    with connection.cursor() as cursor:
        cursor.execute("select distinct key_version from audit_anchor order by 1")
        return [version for (version,) in cursor.fetchall()]


def publish_anchor() -> str | None:
    """The newest anchor as one line to be kept outside; verify() takes it back. None before the first."""
    anchor = last_anchor()
    return logic.anchor_text(anchor) if anchor else None


def unsealed_tail() -> Tail:
    """How many events wait for a link, and since when; more than a few seconds means that sealing stands."""
    with connection.cursor() as cursor:
        cursor.execute(_UNSEALED)
        return Tail(*cursor.fetchone())


def rows(*, after: int = 0, progress: Progress | None = None) -> Iterator[Row]:
    """The chain behind a position with its events and anchors, streamed in order of position.

    Raises Refused("audit.cannot-see-all") for staff without `audit.read`: hidden rows would pass for dropped
    ones, or an empty chain for a sound one.
    """
    with connection.cursor() as cursor:
        cursor.execute(_IS_BLIND)
        if cursor.fetchone()[0]:
            raise Refused("audit.cannot-see-all")
    newest = last_anchor()
    total = newest.last_position - after if newest else 0
    for done, values in enumerate(stream(_CHAIN, {"after": after})):
        if progress and done % PAGE == 0:
            progress(done, total)
        yield _row(values)
    if progress:
        progress(total, total)


def stream(sql: str, params: Mapping[str, Any]) -> Iterator[Values]:
    """The rows of a long statement, a page at a time from a cursor that the server keeps."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql, params)
        while page := cursor.fetchmany(PAGE):
            yield from page


def _row(values: Values) -> Row:
    position, link, anchor, event = values[0], values[1:5], values[5:12], values[12:]
    return Row(
        position,
        Link(*link) if link[0] is not None else None,
        record_of(event) if event[0] is not None else None,
        Anchor(*anchor) if anchor[0] is not None else None,
    )


def verify(
    *, published: Iterable[str] = (), after: str | None = None, progress: Progress | None = None
) -> Verdict:
    """Recompute the chain, name its first broken place, and count what is not sealed yet.

    `published` are anchor lines kept outside (empty lines are passed over); `after` is one that was verified
    before, to go on from there;
    `progress(done, total)` is called every few thousand links. Raises Unfit for a line that is no anchor.
    Needs a role that may read everything: a job, or staff with `audit.read` (else Refused).
    """
    start = logic.read_anchor(after) if after else None
    verdict = logic.verify(
        rows(after=start.last_position if start else 0, progress=progress),
        is_genuine=is_genuine,
        published=[logic.read_anchor(line) for line in published if line.strip()],
        after=start,
    )
    return logic.with_tail(verdict, unsealed_tail())
