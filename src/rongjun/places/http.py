"""区划与站点: the tree to walk through, the map above it, who serves where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from rongjun.access.api import ActingRequest, staff
from rongjun.kernel.errors import Unfit
from rongjun.kernel.identifiers import DivisionCode, Level
from rongjun.kernel.words import Words, translatable
from rongjun.places import city as files
from rongjun.places import queries
from rongjun.places.logic.outlines import Shape
from rongjun.places.logic.stations import LABELS
from rongjun.places.queries import Place, StationLine

MAP_WIDTH = 560
GLYPH = 15  # pixels a character of a name takes on the map
BELOW: Words[dict[Level, str]] = {
    Level.COUNTY: "区市",
    Level.TOWNSHIP: "镇街",
    Level.VILLAGE: "村居",
}


@staff("places.read")
@require_safe
def divisions(request: ActingRequest) -> HttpResponse:
    """The whole city, or what a search for a name or a code finds."""
    words = request.GET.get("q", "").strip()
    if not words:
        return _division_page(request, files.city().code)
    day = timezone.localdate(request.now)
    found = _by_code(words, on=day)
    if found is not None:
        return redirect("places:division", division=found)
    results = queries.search(words, within=files.city().code, on=day)
    context = {
        "words": words,
        "rows": _found_rows(results, on=day),
        "columns": _columns(translatable("名称"), translatable("代码"), translatable("位置")),
    }
    return render(request, "places/found.html", context)


@staff("places.read")
@require_safe
def division(request: ActingRequest, division: int) -> HttpResponse:
    """One division: what lies in it, who serves it. A code that is no more leads to what took its place."""
    return _division_page(request, division)


def _division_page(request: ActingRequest, code: int) -> HttpResponse:
    day = timezone.localdate(request.now)
    try:
        DivisionCode(code)
    except Unfit as unfit:
        raise Http404 from unfit
    here = queries.place(code, on=day)
    if here is None:
        today = queries.successor(code, on=day)
        if today is None:
            raise Http404
        return redirect("places:division", division=today)
    below = queries.children(code, on=day)
    steps = queries.ancestors(code, on=day)
    context = {
        "here": here,
        "level": BELOW.get(Level(here.level), ""),
        "trail": [(step.name, _url(step.code)) for step in steps[:-1]],
        "stations": queries.stations_of(code, on=day),
        "labels": LABELS,
        "server": queries.station_for(code, on=day),
        "map": _map(code) if here.level in (Level.CITY, Level.COUNTY) else None,
        "is_city": here.level == Level.CITY,
        "former": _former_rows(here, on=day),
        "former_columns": [
            *(
                {"label": _(word), "short": True}
                for word in translatable(("原名称", "原代码", "停用", "现在归"))
            ),
            {"label": _("依据")},
        ],
        **_below(below, on=day),
    }
    return render(request, "places/division.html", context)


# --- the map ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Area:
    """One county on the map, with the way to its page."""

    shape: Shape
    url: str
    is_here: bool

    @property
    def is_tight(self) -> bool:
        """Whether the name is wider than the place it stands in; narrow screens then leave it out."""
        return self.shape.room < GLYPH * len(self.shape.name) * 1.5


def _map(code: int) -> dict[str, Any] | None:
    drawn = files.county_map(MAP_WIDTH)
    if drawn is None:
        return None
    areas = [_Area(shape, _url(shape.code), shape.code == code) for shape in drawn.shapes]
    # What is drawn last lies on top: the frame of the county one looks at must not be cut by its neighbours.
    areas.sort(key=lambda area: area.is_here)
    return {"width": drawn.width, "height": drawn.height, "areas": areas, "source": files.outlines().source}


# --- rows ---------------------------------------------------------------------------------------------------


def _below(places: Sequence[Place], *, on: date) -> dict[str, Any]:
    """The table of what lies inside, with counts and who serves each."""
    if not places:
        return {"rows": [], "columns": [], "below": ""}
    codes = [place.code for place in places]
    counted = queries.count_below(codes, on=on)
    served, stations = queries.stations_for(codes, on=on), queries.count_stations(codes, on=on)
    lower = [level for level in BELOW if any(level in counted[code] for code in codes)]
    numbers = [{"label": _(BELOW[level]), "number": True} for level in lower]
    rows = [
        {
            "cells": [
                {"text": place.name, "url": _url(place.code), **_mark(place)},
                *(f"{counted[place.code].get(level, 0):,}" for level in lower),
                *([f"{stations[place.code]:,}"] if lower else [str(place.code)]),
                _server(served[place.code], of=place.code),
            ]
        }
        for place in places
    ]
    third = {"label": _("站点"), "number": True} if lower else {"label": _("代码"), "short": True}
    columns = [{"label": _("名称")}, *numbers, third, {"label": _("由谁服务")}]
    return {"rows": rows, "columns": columns, "below": _(BELOW.get(Level(places[0].level), "区划"))}


def _mark(place: Place) -> dict[str, Any]:
    return {"chip": {"word": _("虚构"), "tone": "gold"}} if place.is_synthetic else {}


def _server(station: StationLine | None, *, of: int) -> dict[str, Any] | str:
    if station is None:
        return _("还没有登记")
    return station.name if station.division == of else {"text": station.name, "note": _("由上级站点服务")}


def _found_rows(found: Sequence[Place], *, on: date) -> list[dict[str, Any]]:
    paths = queries.paths_of([place.code for place in found], on=on)
    return [
        {
            "cells": [
                {"text": place.name, "url": _url(place.code), **_mark(place)},
                str(place.code),
                paths[place.code],
            ]
        }
        for place in found
    ]


def _former_rows(here: Place, *, on: date) -> list[dict[str, Any]]:
    """Counties that are no more, on the city's page."""
    if here.level != Level.CITY:
        return []
    gone = [row for row in files.city().rows if row.valid_to and row.valid_to <= on]
    names = queries.names_of({row.successor for row in gone if row.successor}, on=on)
    return [
        {
            "cells": [
                row.name,
                str(row.code // 10**6),
                row.valid_to.isoformat() if row.valid_to else "",
                {"text": names.get(row.successor, ""), "url": _url(row.successor)} if row.successor else "",
                row.source,
            ]
        }
        for row in gone
    ]


def _by_code(words: str, *, on: date) -> int | None:
    if not words.isdecimal():
        return None
    try:
        return queries.successor(DivisionCode.from_text(words).code, on=on)
    except Unfit:
        return None


def _columns(*words: str) -> list[dict[str, object]]:
    return [{"label": _(word)} for word in words]


def _url(code: int) -> str:
    return reverse("places:division", args=[code])
