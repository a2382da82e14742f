"""Writes of the evidence chain: note an event, seal what is settled."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from django.db import connection, transaction

from rongjun.audit import logic
from rongjun.audit.keys import sign
from rongjun.audit.logic import Anchor, Detail, Link, Record, Result
from rongjun.audit.queries import PAGE, record_of, stream
from rongjun.kernel.errors import Refused

# The name of the sealers' turn among the database's advisory locks ("audit" in bytes).
SEALERS_TURN = 0x6175646974


@dataclass(frozen=True, slots=True)
class Sealed:
    """What one sealing did; `last_position` is the chain's end, 0 while there is none."""

    count: int
    last_position: int


# --- noting -------------------------------------------------------------------------------------------------

# Written by hand because the ORM would ask for the new id, and nobody who notes may read.
_NOTE = """
    insert into audit_event (at, actor, actor_role, source, event, about, result, purpose, division, detail)
    values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""


def note(
    event: str,
    *,
    by: str,
    at: datetime,
    about: str | Sequence[str] = (),
    purpose: str = "",
    result: Result = "done",
    division: int | None = None,
    detail: Detail | None = None,
    source: str = "",
    role: str = "",
) -> None:
    """Write one event in the caller's transaction; when this fails, so does that transaction (AU-04).

    `by` names the actor ("staff:login", "job:name", "device:id"), `about` the objects ("person:<uuid>").
    Nothing in it may be personal data: raises Refused("audit.looks-personal", field=…) for what could be an
    identity number, a bank card or a phone. `at` carries its zone.
    """
    assert logic.is_event_code(event), f"an event code reads area.what-happened, not {event!r}"
    assert by, "an event without an actor is no evidence"
    assert at.tzinfo is not None, "a moment without a zone is no evidence"
    objects = [about] if isinstance(about, str) else list(about)
    kept = detail or {}
    texts = {"by": by, "role": role, "source": source, "about": objects, "purpose": purpose}
    field = logic.personal_field(texts=texts, detail=kept)
    if field:
        raise Refused("audit.looks-personal", field=field)
    values: list[Any] = [at, by, role, source, event, objects, result, purpose, division, json.dumps(kept)]
    with connection.cursor() as cursor:
        cursor.execute(_NOTE, values)


def note_read(
    about: str | Sequence[str],
    *,
    event: str,
    by: str,
    purpose: str,
    at: datetime,
    result: Result = "done",
    division: int | None = None,
    detail: Detail | None = None,
    source: str = "",
    role: str = "",
) -> None:
    """Note that personal data of these objects were shown or handed on, and what for.

    Raises Refused("audit.purpose-missing") without a purpose. The code ends in one of logic.READ_ENDINGS, by
    which who_read() finds it.
    """
    assert logic.is_read(event), f"{event!r} should end in one of {logic.READ_ENDINGS}"
    assert about, "a read is of something"
    if not purpose.strip():
        raise Refused("audit.purpose-missing")
    note(
        event,
        by=by,
        at=at,
        about=about,
        purpose=purpose,
        result=result,
        division=division,
        detail=detail,
        source=source,
        role=role,
    )


# --- sealing ------------------------------------------------------------------------------------------------

# What is below the horizon was written by transactions that have ended: nothing can still appear there.
# So what an earlier sealing left is exactly what lies between its horizon and ours.
_HORIZON = """
    select pg_snapshot_xmin(s)::text::bigint, pg_snapshot_xmax(s)::text::bigint,
           coalesce((select settled_below from audit_anchor order by last_position desc limit 1), 0)
    from pg_current_snapshot() s
"""
_SETTLED = """
    select id, at, actor, actor_role, source, event, about, result, purpose, division, detail
    from audit_event e
    where xid >= %(from)s::xid8 and xid < %(below)s::xid8
      and not exists (select from audit_link l where l.event_id = e.id)
    order by id
"""
# A database restored into another cluster has a transaction counter that knows nothing of the old numbers:
# then all events are looked at once, and those from "the future" are settled too.
_SETTLED_AFTER_RESTORE = """
    select id, at, actor, actor_role, source, event, about, result, purpose, division, detail
    from audit_event e
    where (xid < %(below)s::xid8 or xid >= %(beyond)s::xid8)
      and not exists (select from audit_link l where l.event_id = e.id)
    order by id
"""
_HEAD = """
    (select position, chain_digest from audit_link order by position desc limit 1)
    union all
    (select last_position, chain_digest from audit_anchor order by last_position desc limit 1)
    order by 1 desc limit 1
"""
_WRITE_LINKS = """
    insert into audit_link (position, event_id, event_digest, chain_digest)
    select * from unnest(%s::bigint[], %s::bigint[], %s::bytea[], %s::bytea[])
"""
_WRITE_ANCHOR = """
    insert into audit_anchor (last_position, chain_digest, count, sealed_at, algorithm, key_version,
                              signature, settled_below)
    values (%s, %s, %s, %s, %s, %s, %s, %s)
"""


def seal(*, at: datetime) -> Sealed:
    """Link every settled event that has no link yet and sign where the chain then ends.

    An event whose transaction is still open waits, with all younger transactions' events, for a later call;
    it then gets a later position. Nothing to seal writes nothing. One sealer at a time; others wait.
    """
    with transaction.atomic():
        _take_turn()
        settled_below, settled = _settled()
        position, digest = _head()
        start = position
        links = logic.forge_links(settled, position=position, previous=digest)
        while batch := list(islice(links, PAGE)):
            _write_links(batch)
            position, digest = batch[-1].position, batch[-1].chain_digest
        if position > start:
            blank = Anchor(position, digest, position - start, at, algorithm="", key_version=0, signature=b"")
            _write_anchor(sign(blank), settled_below=settled_below)
        return Sealed(position - start, position)


def _take_turn() -> None:
    # Before anything is read: the next statement's snapshot then holds what the sealer before us wrote.
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [SEALERS_TURN])


def _settled() -> tuple[int, Iterator[Record]]:
    """The horizon, and the unsealed events below it in order of id."""
    with connection.cursor() as cursor:
        cursor.execute(_HORIZON)
        horizon, beyond, settled_below = cursor.fetchone()
    if settled_below <= horizon:
        rows = stream(_SETTLED, {"from": str(settled_below), "below": str(horizon)})
    else:
        rows = stream(_SETTLED_AFTER_RESTORE, {"below": str(horizon), "beyond": str(beyond)})
    return horizon, map(record_of, rows)


def _head() -> tuple[int, bytes]:
    """Where the chain ends; if damaged, the farther of link and anchor, so that damage stays visible."""
    with connection.cursor() as cursor:
        cursor.execute(_HEAD)
        row = cursor.fetchone()
    return (row[0], row[1]) if row else (0, logic.GENESIS)


def _write_links(links: Iterable[Link]) -> None:
    columns = zip(*((k.position, k.event_id, k.event_digest, k.chain_digest) for k in links), strict=True)
    with connection.cursor() as cursor:
        cursor.execute(_WRITE_LINKS, [list(column) for column in columns])


def _write_anchor(anchor: Anchor, *, settled_below: int) -> None:
    values: list[Any] = [
        anchor.last_position,
        anchor.chain_digest,
        anchor.count,
        anchor.sealed_at,
        anchor.algorithm,
        anchor.key_version,
        anchor.signature,
        settled_below,
    ]
    with connection.cursor() as cursor:
        cursor.execute(_WRITE_ANCHOR, values)
