"""The door of places."""

from rongjun.places.actions import Loaded, add_divisions, load_stations, load_tree
from rongjun.places.city import city, listing
from rongjun.places.logic.stations import LABELS, StationRow, read_stations
from rongjun.places.logic.tree import City, Listing
from rongjun.places.queries import (
    Place,
    Served,
    StationLine,
    ancestors,
    children,
    divisions_within,
    names_of,
    path_of,
    paths_of,
    search,
    served_by,
    station_for,
    stations_for,
    stations_of,
    stations_within,
    successor,
)

__all__ = [
    "LABELS",
    "City",
    "Listing",
    "Loaded",
    "Place",
    "Served",
    "StationLine",
    "StationRow",
    "add_divisions",
    "ancestors",
    "children",
    "city",
    "divisions_within",
    "listing",
    "load_stations",
    "load_tree",
    "names_of",
    "path_of",
    "paths_of",
    "read_stations",
    "search",
    "served_by",
    "station_for",
    "stations_for",
    "stations_of",
    "stations_within",
    "successor",
]
