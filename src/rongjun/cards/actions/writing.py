"""Writing many rows in one statement, and spans as PostgreSQL reads them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from django.db import connection

from rongjun.cards.logic.life import Span

# The columns of each table that are written here, with their types.
CARRIER = {
    "reference": "bigint",
    "person_id": "uuid",
    "division": "bigint",
    "kind": "text",
    "family": "text",
    "category": "text",
    "state": "text",
    "next_at": "timestamptz",
    "replaces_id": "bigint",
    "bank": "text",
    "bank_number_mask": "text",
    "bank_number_digest": "bytea",
    "transit_number_mask": "text",
    "transit_number_digest": "bytea",
    "opened_at": "timestamptz",
    "opened_by": "text",
}
EVENT = {
    "carrier_id": "bigint",
    "person_id": "uuid",
    "division": "bigint",
    "kind": "text",
    "at": "timestamptz",
    "until": "timestamptz",
    "recorded_at": "timestamptz",
    "by": "text",
    "decides_over": "text",
    "reason": "text",
    "basis": "text",
    "retracts_id": "bigint",
}
SPANS = {
    "carrier_id": "bigint",
    "person_id": "uuid",
    "division": "bigint",
    "kind": "text",
    "usable": "tstzmultirange",
    "in_hand": "tstzmultirange",
    "pieces": "smallint",
    "recorded_at": "timestamptz",
}
CHECK = {
    "carrier_id": "bigint",
    "person_id": "uuid",
    "division": "bigint",
    "due_on": "date",
    "state": "text",
    "opened_at": "timestamptz",
    "words": "text",
    "way": "text",
    "closed_by": "text",
}
_TABLES: Mapping[str, Mapping[str, str]] = {
    "cards_carrier": CARRIER,
    "cards_carrierevent": EVENT,
    "cards_carrierspans": SPANS,
    "cards_cardcheck": CHECK,
}
Row = Mapping[str, object]


def insert(table: str, rows: Sequence[Row]) -> None:
    """Write rows of one table in one statement, whatever their number."""
    if not rows:
        return
    columns = _TABLES[table]
    listed = ", ".join(f'"{name}"' for name in columns)
    typed = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
    with connection.cursor() as cursor:
        cursor.execute(
            f"insert into {table} ({listed})"  # noqa: S608 - our names
            f" select {listed} from json_to_recordset(%s::json) as row ({typed})",
            [json.dumps(rows, default=_as_json, ensure_ascii=False)],
        )


def multirange(spans: Sequence[Span]) -> str:
    """Half-open spans as a tstzmultirange reads."""
    return (
        "{"
        + ",".join(f"[{start.isoformat()},{end.isoformat() if end else ''})" for start, end in spans)
        + "}"
    )


def _as_json(value: Any) -> str:
    if isinstance(value, date):  # or a moment
        return value.isoformat()
    if isinstance(value, bytes):
        return f"\\x{value.hex()}"
    assert isinstance(value, UUID)
    return str(value)
