"""From degrees to a drawing: proportions, simplification, a place for the name."""

from __future__ import annotations

import json
import math
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rongjun.kernel.errors import Unfit
from rongjun.places.logic.outlines import (
    Outline,
    Point,
    area,
    distance,
    drawing,
    inner_point,
    read_outlines,
    ring_path,
    simplified,
)

SQUARE = ((120.0, 36.0), (121.0, 36.0), (121.0, 37.0), (120.0, 37.0))
EAST = tuple((x + 1, y) for x, y in SQUARE)
ISLET = ((120.5, 35.9), (120.5001, 35.9), (120.5001, 35.9001))

coordinates = st.floats(-100, 100, allow_nan=False).map(lambda value: round(value, 3))
points = st.tuples(coordinates, coordinates)
lines = st.lists(points, min_size=2, max_size=60)


def test_a_degree_of_longitude_is_shorter_than_one_of_latitude() -> None:
    drawn = drawing([Outline(1, "甲", ((SQUARE,),))], width=100)
    assert drawn.height == math.ceil(100 / math.cos(math.radians(36.5)))


def test_north_is_up_and_east_is_right() -> None:
    west, east = drawing(
        [Outline(1, "甲", ((SQUARE,),)), Outline(2, "乙", ((EAST,),))], width=200, tolerance=0
    ).shapes
    assert west.x < 100 < east.x
    assert west.path.startswith("M0.0 ")
    first = west.path[1:].split("L")[0].split(" ")
    assert float(first[1]) > west.y  # the south-west corner lies lower on the page


def test_the_name_stands_inside_its_largest_part() -> None:
    (shape,) = drawing([Outline(1, "甲", ((ISLET,), (SQUARE,)))], width=100).shapes
    assert shape.x == pytest.approx(50, abs=1)
    assert shape.room == pytest.approx(100, abs=1)


def test_what_is_smaller_than_a_pixel_is_left_out_unless_it_is_all_there_is() -> None:
    both, alone = drawing(
        [Outline(1, "甲", ((ISLET,), (SQUARE,))), Outline(2, "岛", ((ISLET,),))], width=100
    ).shapes
    assert both.path.count("M") == 1
    assert alone.path.count("M") == 1


def test_nothing_to_draw_is_an_empty_map() -> None:
    assert drawing([], width=100).shapes == ()


def test_a_path_is_closed_and_says_tenths() -> None:
    assert ring_path([(0, 0), (1.25, 2), (3, 4.04)]) == "M0.0 0.0L1.2 2.0L3.0 4.0Z"


@given(lines, st.floats(0.1, 20))
def test_no_point_left_out_strays_further_than_allowed(line: list[Point], tolerance: float) -> None:
    kept = simplified(line, tolerance)
    assert (kept[0], kept[-1]) == (line[0], line[-1])
    assert set(kept) <= set(line)
    segments = list(pairwise(kept))
    for point in line:
        assert min(distance(point, a, b) for a, b in segments) <= tolerance + 1e-6


@given(st.lists(points, min_size=3, max_size=30))
def test_area_does_not_ask_which_way_round(ring: list[Point]) -> None:
    assert area(ring) == pytest.approx(area(ring[::-1]), abs=1e-6)
    assert area(ring) == pytest.approx(area([*ring[1:], ring[0]]), abs=1e-6)


@given(st.lists(points, min_size=3, max_size=30))
def test_the_inner_point_is_no_further_out_than_the_ring(ring: list[Point]) -> None:
    xs, ys = [x for x, _ in ring], [y for _, y in ring]
    assume(max(ys) > min(ys))
    (x, y), room = inner_point(ring)
    assert min(xs) - 1e-6 <= x <= max(xs) + 1e-6
    assert min(ys) <= y <= max(ys)
    assert 0 <= room <= max(xs) - min(xs) + 1e-6


def test_outlines_are_read_as_the_build_writes_them() -> None:
    written = {"source": "shapes 1", "shapes": [{"code": 1, "name": "甲", "polygons": [[SQUARE]]}]}
    found = read_outlines(json.dumps(written).encode())
    assert (found.source, found.outlines) == ("shapes 1", (Outline(1, "甲", ((SQUARE,),)),))


@pytest.mark.parametrize("spoiled", [b"", b"{}", b'{"source": 1, "shapes": [{"code": "x"}]}', b"[]"])
def test_spoiled_outlines_are_a_sentence(spoiled: bytes) -> None:
    with pytest.raises(Unfit, match="区划图形读不出来"):
        read_outlines(spoiled)
