"""Writing many rows of one kind in one statement."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import AutoField, BigAutoField, Field, GeneratedField, Model


def insert(rows: Sequence[Model]) -> None:
    """Write rows of one kind: three times as fast as the ORM's way.

    What the database makes itself, keys and generated columns, is left to it.
    """
    if rows:
        fields = _written(type(rows[0]))
        insert_values(
            type(rows[0]), [{each.attname: getattr(row, each.attname) for each in fields} for row in rows]
        )


def insert_values(model: type[Model], rows: Sequence[Mapping[str, object]]) -> None:
    """The same for plain values by column; what a row does not say is the field's default.

    An import makes a dozen rows of each person: making objects of them would take as long as writing them.
    """
    if not rows:
        return
    fields = _written(model)
    listed = ", ".join(f'"{each.column}"' for each in fields)
    typed = ", ".join(f'"{each.column}" {each.db_type(connection)}' for each in fields)
    # One JSON text is half the work of arrays, of which each value is quoted by itself.
    told = [_whole(row, fields) for row in rows]
    with connection.cursor() as cursor:
        cursor.execute(
            f"insert into {model._meta.db_table} ({listed})"  # noqa: S608 - our names
            f" select {listed} from json_to_recordset(%s::json) as row ({typed})",
            [json.dumps(told, default=_as_json, ensure_ascii=False)],
        )


def _written(model: type[Model]) -> list[Any]:
    return [each for each in model._meta.concrete_fields if not _is_made_there(each)]


def _is_made_there(each: Field[object, object]) -> bool:
    return isinstance(each, AutoField | BigAutoField | GeneratedField)


def _whole(row: Mapping[str, object], fields: Sequence[Any]) -> Mapping[str, object]:
    """The row with the defaults of what it does not say."""
    unsaid = {each.column: each.get_default() for each in fields if each.attname not in row}
    return {**row, **unsaid} if unsaid else row


def _as_json(value: object) -> str:
    if isinstance(value, bytes | memoryview):
        return f"\\x{bytes(value).hex()}"
    if isinstance(value, date):  # a moment is one, too
        return value.isoformat()
    assert isinstance(value, UUID)
    return str(value)
