"""荣军 Rongjun: the open platform a city's veterans affairs bureau runs its services on."""
