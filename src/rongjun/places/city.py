"""What stands in files about the city served here: its policy, its part of the package, its outlines."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml
from django.conf import settings

from rongjun.kernel.errors import Refused
from rongjun.places.logic.outlines import Drawing, Outline, Outlines, drawing, read_outlines
from rongjun.places.logic.tree import City, Listing, read_city, read_listing


@cache
def city() -> City:
    """The city, its counties and their history, from the policy folder. Raises Unfit."""
    file = settings.POLICY_ROOT / "cities" / settings.CITY / "divisions.yaml"
    return read_city(yaml.safe_load(file.read_text("utf-8")))


def listing() -> Listing:
    """The city's divisions from province to village, as the build cut them out of the package.

    Raises Refused("places.not-built") before the pages were built, Unfit for a file of another kind.
    """
    return read_listing(_built("divisions"))


@cache
def outlines() -> Outlines:
    """The outline of each county, under the code it has today. Raises as `listing`."""
    found = read_outlines(_built("shapes"))
    today = {row.code: row.successor for row in city().rows if row.successor}
    names = {row.code: row.name for row in city().counties}
    recoded = ((today.get(each.code, each.code), each) for each in found.outlines)
    return Outlines(
        found.source,
        tuple(Outline(code, names.get(code, each.name), each.polygons) for code, each in recoded),
    )


@cache
def county_map(width: int) -> Drawing | None:
    """The city's counties drawn `width` pixels wide; None before the pages were built."""
    try:
        return drawing(outlines().outlines, width=width)
    except Refused:
        return None


def _built(kind: str) -> bytes:
    file: Path = settings.PLACES_ROOT / f"{city().code // 10**6}.{kind}.json"
    if not file.exists():
        raise Refused("places.not-built", file=file.name)
    return file.read_bytes()
