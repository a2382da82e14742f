"""The exported chain as a text file: one line per position, readable without a database and without Django.

First line: `{"form": "rongjun.audit.export/1", "keys": [{"version", "algorithm", "point", "user_id"}…]}`.
Every further line: `{"position", "link": [event id, event digest, chain digest], "event": […],
"anchor": "…"}`; the event is the array of its canonical bytes, digests are hexadecimal, the anchor stands
where a batch ends.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from rongjun.audit.logic import Link, Record, Row, anchor_text, read_anchor, said
from rongjun.kernel.crypto import Algorithm, PublicKey
from rongjun.kernel.errors import Unfit

FORM = "rongjun.audit.export/1"


def head_line(keys: Mapping[int, PublicKey]) -> str:
    """The file's first line: the public keys its anchors are checked with, by version."""
    listed = [
        {
            "version": version,
            "algorithm": key.algorithm.value,
            "point": key.point.hex(),
            "user_id": key.user_id.hex() if key.user_id is not None else None,
        }
        for version, key in keys.items()
    ]
    return json.dumps({"form": FORM, "keys": listed}) + "\n"


def row_line(row: Row) -> str:
    """One position as a line."""
    link, record, anchor = row.link, row.record, row.anchor
    return (
        json.dumps(
            {
                "position": row.position,
                "link": [link.event_id, link.event_digest.hex(), link.chain_digest.hex()] if link else None,
                "event": said(record) if record else None,
                "anchor": anchor_text(anchor) if anchor else None,
            },
            ensure_ascii=False,
        )
        + "\n"
    )


def read(path: Path) -> tuple[dict[int, PublicKey], Iterator[Row]]:
    """The keys the file carries, and its rows as they are asked for; Unfit names a line it cannot read."""
    lines = _lines(path)
    first: tuple[int, Any] = next(lines, (1, None))
    number, head = first
    try:
        if head["form"] != FORM:
            raise ValueError(head["form"])
        keys = {int(key["version"]): _public_key(key) for key in head["keys"]}
    except (KeyError, TypeError, ValueError):
        raise _unreadable(number) from None
    return keys, _rows(lines)


def _public_key(key: Any) -> PublicKey:
    user_id = bytes.fromhex(key["user_id"]) if key["user_id"] is not None else None
    return PublicKey(Algorithm(key["algorithm"]), bytes.fromhex(key["point"]), user_id)


def _lines(path: Path) -> Iterator[tuple[int, Any]]:
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            try:
                yield number, json.loads(line, parse_constant=_refuse_constant)
            except ValueError:
                raise _unreadable(number) from None


def _rows(lines: Iterator[tuple[int, Any]]) -> Iterator[Row]:
    for number, line in lines:
        try:
            yield _row(line)
        except (KeyError, TypeError, ValueError):
            raise _unreadable(number) from None


def _row(line: Any) -> Row:
    position, link, event, anchor = line["position"], line["link"], line["event"], line["anchor"]
    if not all(isinstance(n, int) and 0 < n < 2**63 for n in [position, *(link[:1] if link else [])]):
        raise ValueError(position)
    return Row(
        position,
        Link(position, link[0], bytes.fromhex(link[1]), bytes.fromhex(link[2])) if link else None,
        _record(event) if event else None,
        read_anchor(anchor) if anchor else None,
    )


def _record(event: list[Any]) -> Record:
    id_, at, actor, role, source, code, about, result, purpose, division, detail = event
    moment = datetime.fromisoformat(at)
    if moment.tzinfo is None:
        raise ValueError(at)
    return Record(id_, moment, actor, role, source, code, tuple(about), result, purpose, division, detail)


def _refuse_constant(text: str) -> None:
    raise ValueError(text)


def _unreadable(number: int) -> Unfit:
    return Unfit(
        "audit.export-unreadable",
        f"第 {number} 行读不懂：不是审计导出文件，或这一行被改坏了。请换一份完整的导出。",
    )
