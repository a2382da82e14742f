"""The formats we have agreed on, read from the pages in `contracts/files` that partners read too."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from rongjun.partners.logic import Format


@cache
def formats_in(folder: Path) -> Mapping[str, Format]:
    """Every format by its code, `deaths/1`."""
    read = (yaml.safe_load(page.read_text("utf-8")) for page in sorted(folder.glob("*.yaml")))
    return {each.code: each for each in map(_format_of, read)}


def _format_of(said: Mapping[str, Any]) -> Format:
    kinds = {str(column["name"]): str(column["kind"]) for column in said["columns"]}
    return Format(
        code=str(said["format"]),
        title=str(said["title"]),
        columns=tuple(kinds),
        control=str(said["control"]),
        control_kind=kinds[str(said["control"])],
        bulk=bool(said.get("bulk", False)),
        outbound=said.get("direction") == "out",
        consent=str(said.get("consent", "")),
    )
