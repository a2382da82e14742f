"""The bank files we have agreed on, read from the pages in `contracts/bank-files` that banks read too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from rongjun.ledger.payments.logic.layouts import (
    CHARSETS,
    FIXED,
    HEAD_FIELDS,
    KINDS,
    LEFT,
    NEWLINES,
    RIGHT,
    ROW_FIELDS,
    Column,
    Layout,
)
from rongjun.ledger.payments.logic.reasons import REASONS

_NEEDED = {
    "head": {"number", "count", "total", "date"},
    "row": {"seq", "reference", "payee", "account", "fen"},
}


@cache
def layouts_in(folder: Path) -> Mapping[str, Layout]:
    """Every layout by its code, `agent-bank-separated/1`. Raises ValueError naming what a page says wrong."""
    found = [_layout(page) for page in sorted(folder.glob("*.yaml"))]
    return {each.code: each for each in found}


def _layout(page: Path) -> Layout:
    said = yaml.safe_load(page.read_text("utf-8"))
    kind = str(said["kind"])
    known = {"head": HEAD_FIELDS, "row": ROW_FIELDS, "trailer": HEAD_FIELDS}
    parts = {part: _columns(page, said[part], known=names, kind=kind) for part, names in known.items()}
    layout = Layout(
        code=str(said["layout"]),
        title=str(said["title"]),
        confidence=str(said["confidence"]),
        charset=str(said["charset"]),
        kind=kind,
        separator=str(said.get("separator", "")),
        newline=str(said["newline"]),
        suffix=str(said["suffix"]),
        character_bytes=int(said.get("character_bytes", 0)),
        codes={str(theirs): str(iso) for theirs, iso in said.get("codes", {}).items()},
        **parts,
    )
    for holds, words in _checks(layout):
        if not holds:
            raise ValueError(f"{page.name}: {words}")
    return layout


def _columns(
    page: Path, said: Sequence[Mapping[str, Any]], *, known: Mapping[str, str], kind: str
) -> tuple[Column, ...]:
    columns = tuple(Column(**each) for each in said)
    for column in columns:
        if bool(column.name) == bool(column.text) or (column.name and column.name not in known):
            raise ValueError(f"{page.name}: a field is one of {sorted(known)}, or a constant text")
        if column.align not in {LEFT, RIGHT} or len(column.pad) != 1 or not column.pad.isascii():
            raise ValueError(f"{page.name}: align is left or right, pad one ASCII sign")
        if (column.width > 0) != (kind == FIXED):
            raise ValueError(f"{page.name}: fields of a fixed file, and only those, have a width")
    return columns


def _checks(layout: Layout) -> tuple[tuple[bool, str], ...]:
    named = {part: {column.name for column in getattr(layout, part)} for part in _NEEDED}
    return (
        (layout.kind in KINDS, f"kind is one of {KINDS}"),
        (layout.charset in CHARSETS, f"charset is one of {sorted(CHARSETS)}"),
        (layout.newline in NEWLINES, f"newline is one of {sorted(NEWLINES)}"),
        (
            (layout.kind == FIXED) == (not layout.separator),
            "a separated file, and only that, has a separator",
        ),
        (all(_NEEDED[part] <= named[part] for part in _NEEDED), f"at least the fields {_NEEDED}"),
        (set(layout.codes.values()) <= set(REASONS), f"codes map onto {sorted(REASONS)}"),
    )
