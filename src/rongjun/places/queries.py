"""Names of divisions, their tree, and who serves them, all as of a day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Q, QuerySet

from rongjun.kernel.identifiers import DivisionCode, Level
from rongjun.places.logic.tree import UNCONFIRMED
from rongjun.places.models import Division, Station

# What a code is cut down to, from wide to narrow: county, township, the code itself.
_STEPS = (10**6, 10**3, 1)
_ABOVE = (10**10, 10**8, *_STEPS)


@dataclass(frozen=True, slots=True)
class Place:
    """A division as it was called on a day."""

    code: int
    name: str
    level: str
    source: str

    @property
    def is_confirmed(self) -> bool:
        """False while its source still waits for the bureau."""
        return UNCONFIRMED not in self.source

    @property
    def is_synthetic(self) -> bool:
        """Whether the place is invented."""
        return DivisionCode(self.code).is_synthetic


@dataclass(frozen=True, slots=True)
class StationLine:
    """A service centre or station as it stands on a day; `division` is the place it serves."""

    division: int
    kind: str
    name: str
    address: str
    phone: str
    is_synthetic: bool


@dataclass(frozen=True, slots=True)
class Served:
    """Who serves a place, in words: the station's name, and the place's path.

    Where no station is registered both are the path.
    """

    name: str
    place: str


def names_of(codes: Iterable[int], *, on: date) -> dict[int, str]:
    """The name each code had on a day; unknown codes are absent."""
    return dict(_in_force(on).filter(code__in=set(codes)).values_list("code", "name"))


def paths_of(codes: Iterable[int], *, on: date) -> dict[int, str]:
    """County, township and village in words («即墨区 · 示范一街道») for every code, in one query.

    A step nobody named is left out; a code of which nothing is named is its number.
    """
    steps = {code: [code - code % step for step in _STEPS] for code in codes}
    known = names_of({step for listed in steps.values() for step in listed}, on=on)
    return {
        code: " · ".join(known[step] for step in dict.fromkeys(listed) if step in known) or str(code)
        for code, listed in steps.items()
    }


def path_of(code: int, *, on: date) -> str:
    """The same for one code."""
    return paths_of([code], on=on)[code]


def divisions_within(lo: int, hi: int, *, level: str, on: date) -> list[tuple[int, str]]:
    """Codes and names of one level inside an inclusive range, by code."""
    rows = _in_force(on).filter(code__gte=lo, code__lte=hi, level=level)
    return list(rows.order_by("code").values_list("code", "name"))


# --- the tree -----------------------------------------------------------------------------------------------


def place(code: int, *, on: date) -> Place | None:
    """One division as it was on a day; None when the code had no name then."""
    return next(iter(_places(_in_force(on).filter(code=code))), None)


def ancestors(code: int, *, on: date) -> list[Place]:
    """From the province down to the code itself, as called on a day; unnamed steps are left out."""
    return _places(_in_force(on).filter(code__in=_upwards(code)))


def children(code: int, *, on: date) -> list[Place]:
    """The divisions one level below, by code. A city without counties goes straight to its streets."""
    span = DivisionCode(code)
    inside = _in_force(on).filter(code__gt=span.lo, code__lte=span.hi)
    levels = list(Level)
    for level in levels[levels.index(span.level) + 1 :]:
        if found := _places(inside.filter(level=level)):
            return found
    return []


def count_below(codes: Iterable[int], *, on: date) -> dict[int, dict[str, int]]:
    """How many divisions of each level lie inside each code, in one query; invented ones do not count."""
    spans = {code: DivisionCode(code) for code in codes}
    inside = Q(pk=None)
    for span in spans.values():
        inside |= Q(code__gt=span.lo, code__lte=span.hi)
    rows = _in_force(on).filter(inside).values_list("code", "level")
    counted: dict[int, dict[str, int]] = {code: {} for code in spans}
    real = [(below, level) for below, level in rows if not DivisionCode(below).is_synthetic]
    for below, level in real:
        for code, span in spans.items():
            if below != code and span.contains(below):
                counted[code][level] = counted[code].get(level, 0) + 1
    return counted


def search(words: str, *, within: int, on: date, most: int = 50) -> list[Place]:
    """Divisions inside one whose name holds the words, the wide ones first; at most `most`."""
    span = DivisionCode(within)
    rows = _in_force(on).filter(code__gte=span.lo, code__lte=span.hi, name__icontains=words.strip())
    order = {level: number for number, level in enumerate(Level)}
    return sorted(_places(rows), key=lambda found: (order[Level(found.level)], found.code))[:most]


def successor(code: int, *, on: date) -> int | None:
    """What a code has become by a day: itself while it holds, else what took its place.

    A street or village of a county that was given another code is answered with that county's successor,
    since nothing says what became of each street. None when nothing is known of it.
    """
    seen: set[int] = set()
    while code not in seen:
        seen.add(code)
        if _in_force(on).filter(code=code).exists():
            return code
        ended = Division.objects.filter(code__in=_upwards(code), successor__isnull=False, valid_to__lte=on)
        row = ended.order_by("-code", "-valid_from").first()
        if row is None or row.successor is None:
            return None
        code = row.successor
    return None


# --- who serves ---------------------------------------------------------------------------------------------


def stations_of(division: int, *, on: date) -> list[StationLine]:
    """Centres and stations attached to exactly this division."""
    return _stations(_serving(on).filter(serves=division))


def stations_within(lo: int, hi: int, *, on: date) -> list[StationLine]:
    """Centres and stations attached to divisions of an inclusive range, by division."""
    return _stations(_serving(on).filter(serves__gte=lo, serves__lte=hi))


def station_for(code: int, *, on: date) -> StationLine | None:
    """Who serves a place: its own station, else that of the nearest division around it which has one."""
    return stations_for([code], on=on)[code]


def stations_for(codes: Iterable[int], *, on: date) -> dict[int, StationLine | None]:
    """The same for many places in one query."""
    steps = {code: _upwards(code) for code in codes}
    found = _serving(on).filter(serves__in={step for listed in steps.values() for step in listed})
    known = {line.division: line for line in reversed(_stations(found))}
    return {
        code: next((known[step] for step in reversed(listed) if step in known), None)
        for code, listed in steps.items()
    }


def served_by(codes: Iterable[int], *, on: date) -> dict[int, Served]:
    """Who serves each place, in words, in two queries whatever the number of places."""
    asked = set(codes)
    paths, stations = paths_of(asked, on=on), stations_for(asked, on=on)
    return {code: _served(paths[code], stations[code]) for code in asked}


def _served(place: str, station: StationLine | None) -> Served:
    return Served(name=station.name if station else place, place=place)


def count_stations(codes: Iterable[int], *, on: date) -> dict[int, int]:
    """How many centres and stations serve each division or one inside it."""
    spans = {code: DivisionCode(code) for code in codes}
    rows = _serving(on).values_list("serves").annotate(count=Count("id"))
    counted = dict.fromkeys(spans, 0)
    for division, count in rows:
        for code, span in spans.items():
            if span.contains(division):
                counted[code] += count
    return counted


def _upwards(code: int) -> list[int]:
    return list(dict.fromkeys(code - code % step for step in _ABOVE))


def _places(rows: QuerySet[Division]) -> list[Place]:
    return [Place(*row) for row in rows.order_by("code").values_list("code", "name", "level", "source")]


def _stations(rows: QuerySet[Station]) -> list[StationLine]:
    listed = rows.order_by("serves", "kind", "name")
    return [
        StationLine(*row)
        for row in listed.values_list("serves", "kind", "name", "address", "phone", "is_synthetic")
    ]


def _in_force(on: date) -> QuerySet[Division]:
    return Division.objects.filter(Q(valid_to=None) | Q(valid_to__gt=on), valid_from__lte=on)


def _serving(on: date) -> QuerySet[Station]:
    return Station.objects.filter(Q(valid_to=None) | Q(valid_to__gt=on), valid_from__lte=on)
