"""The door of places."""

from rongjun.places.actions import add_divisions
from rongjun.places.queries import divisions_within, names_of, path_of, paths_of

__all__ = ["add_divisions", "divisions_within", "names_of", "path_of", "paths_of"]
