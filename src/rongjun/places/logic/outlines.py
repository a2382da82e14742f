"""Outlines on a sphere become paths on a page. Degrees in, pixels out."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rongjun.kernel.errors import Unfit

Point = tuple[float, float]
Ring = Sequence[Point]
Polygon = Sequence[Ring]


@dataclass(frozen=True, slots=True)
class Outline:
    """A division's outline: polygons of rings of (longitude, latitude), the outer ring first."""

    code: int
    name: str
    polygons: tuple[Polygon, ...]


@dataclass(frozen=True, slots=True)
class Outlines:
    """All outlines of one city, and the package they come from."""

    source: str
    outlines: tuple[Outline, ...]


@dataclass(frozen=True, slots=True)
class Projection:
    """An equirectangular map of a small part of the earth: north up, kilometres alike in both directions."""

    west: float
    north: float
    shrink: float  # what a degree of longitude is of a degree of latitude here
    scale: float  # pixels a degree of latitude

    def at(self, point: Point) -> Point:
        """Where a (longitude, latitude) lies, in pixels from the upper left."""
        longitude, latitude = point
        return (longitude - self.west) * self.shrink * self.scale, (self.north - latitude) * self.scale


@dataclass(frozen=True, slots=True)
class Shape:
    """One division drawn: the path's `d`; where its name may stand inside its largest part, and how much room
    there is from side to side, in pixels."""

    code: int
    name: str
    path: str
    x: float
    y: float
    room: float


@dataclass(frozen=True, slots=True)
class Drawing:
    """A map: its size in pixels and its shapes."""

    width: int
    height: int
    shapes: tuple[Shape, ...]


def read_outlines(content: bytes) -> Outlines:
    """The outlines the build wrote. Raises Unfit for anything else."""
    try:
        written = json.loads(content)
        found = tuple(
            Outline(int(shape["code"]), str(shape["name"]), tuple(map(_polygon, shape["polygons"])))
            for shape in written["shapes"]
        )
        return Outlines(str(written["source"]), found)
    except (ValueError, KeyError, TypeError) as wrong:
        raise Unfit(
            "division.outline-file", "区划图形读不出来，请重新生成网页文件（make demo）再试。"
        ) from wrong


def _polygon(rings: list[list[list[float]]]) -> Polygon:
    return tuple(tuple((float(x), float(y)) for x, y in ring) for ring in rings)


def drawing(outlines: Sequence[Outline], *, width: int, tolerance: float = 0.5) -> Drawing:
    """All outlines on one map, `width` pixels wide; no drawn line strays more than `tolerance` pixels.

    Islands smaller than a pixel are left out, unless nothing else is there.
    """
    if not outlines:
        return Drawing(width, 0, ())
    projection, height = _fitting(outlines, width)
    return Drawing(width, height, tuple(_shape(each, projection, tolerance) for each in outlines))


def _fitting(outlines: Sequence[Outline], width: int) -> tuple[Projection, int]:
    points = [point for each in outlines for polygon in each.polygons for ring in polygon for point in ring]
    west, east = min(x for x, _ in points), max(x for x, _ in points)
    south, north = min(y for _, y in points), max(y for _, y in points)
    shrink = math.cos(math.radians((south + north) / 2))
    scale = width / max((east - west) * shrink, 1e-9)
    return Projection(west, north, shrink, scale), math.ceil((north - south) * scale)


def _shape(outline: Outline, projection: Projection, tolerance: float) -> Shape:
    flat = [[[projection.at(point) for point in ring] for ring in polygon] for polygon in outline.polygons]
    largest = max(flat, key=lambda polygon: area(polygon[0]))
    drawn = [polygon for polygon in flat if polygon is largest or area(polygon[0]) >= 1]
    path = "".join(ring_path(simplified(ring, tolerance)) for polygon in drawn for ring in polygon)
    (x, y), room = inner_point(largest[0])
    return Shape(outline.code, outline.name, path, round(x, 1), round(y, 1), round(room, 1))


def ring_path(ring: Ring) -> str:
    """A closed path through the points, to a tenth of a pixel."""
    return f"M{'L'.join(f'{x:.1f} {y:.1f}' for x, y in ring)}Z" if ring else ""


def area(ring: Ring) -> float:
    """The area a ring encloses, whichever way round it runs."""
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in _sides(ring))) / 2


def _sides(ring: Ring) -> Iterable[tuple[Point, Point]]:
    return zip(ring, [*ring[1:], *ring[:1]], strict=True)


def simplified(line: Ring, tolerance: float) -> list[Point]:
    """The line with fewer points, none of those left out further than `tolerance` from it; ends stay.

    Ramer, Douglas and Peucker, without recursion: a coast has thousands of points.
    """
    kept, spans = {0, len(line) - 1}, [(0, len(line) - 1)]
    while spans:
        first, last = spans.pop()
        between = range(first + 1, last)
        if not between:
            continue
        furthest = max(between, key=lambda at: distance(line[at], line[first], line[last]))
        if distance(line[furthest], line[first], line[last]) > tolerance:
            kept.add(furthest)
            spans += [(first, furthest), (furthest, last)]
    return [line[at] for at in sorted(kept) if at >= 0]


def distance(point: Point, start: Point, end: Point) -> float:
    """How far a point is from the segment between two others."""
    (x, y), (ax, ay), (bx, by) = point, start, end
    length = (bx - ax) ** 2 + (by - ay) ** 2
    along = 0 if length == 0 else min(1, max(0, ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length))
    return math.hypot(x - ax - along * (bx - ax), y - ay - along * (by - ay))


def inner_point(ring: Ring) -> tuple[Point, float]:
    """A point inside the ring, the middle of its widest stretch half way down, and how wide that is."""
    ys = [y for _, y in ring]
    level = (min(ys) + max(ys)) / 2
    crossings = sorted(
        ax + (level - ay) / (by - ay) * (bx - ax)
        for (ax, ay), (bx, by) in _sides(ring)
        if (ay <= level) != (by <= level)
    )
    if len(crossings) < 2:
        return ring[0], 0.0
    left, right = max(zip(crossings[::2], crossings[1::2], strict=False), key=lambda pair: pair[1] - pair[0])
    return ((left + right) / 2, level), right - left
