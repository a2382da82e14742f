"""What commands at a terminal use of access without a database: the data map."""

from rongjun.access.data_map import DATA_CLASSES, DataMap, Entry, load_data_map

__all__ = ["DATA_CLASSES", "DataMap", "Entry", "load_data_map"]
