"""The formats we have agreed on, read from the pages in `contracts/files` that partners read too."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import yaml

from rongjun.partners.logic import Format


@cache
def formats_in(folder: Path) -> Mapping[str, Format]:
    """Every format by its code, `deaths/1`."""
    read = (yaml.safe_load(page.read_text("utf-8")) for page in sorted(folder.glob("*.yaml")))
    found = [
        Format(
            code=str(said["format"]),
            title=str(said["title"]),
            columns=tuple(str(column["name"]) for column in said["columns"]),
            control=str(said["control"]),
        )
        for said in read
    ]
    return {each.code: each for each in found}
