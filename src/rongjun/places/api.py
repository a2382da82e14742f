"""The door of places."""

from rongjun.places.actions import Loaded, add_divisions, load_stations, load_tree
from rongjun.places.city import city, county_map, listing
from rongjun.places.logic.stations import StationRow, read_stations
from rongjun.places.queries import (
    Served,
    ancestors,
    children,
    divisions_within,
    names_of,
    path_of,
    paths_of,
    search,
    served_by,
    station_for,
    stations_of,
    successor,
)

__all__ = [
    "Loaded",
    "Served",
    "StationRow",
    "add_divisions",
    "ancestors",
    "children",
    "city",
    "county_map",
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
    "stations_of",
    "successor",
]
