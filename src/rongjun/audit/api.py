"""The door of the evidence chain."""

from rongjun.audit.actions import Sealed, note, note_read, seal
from rongjun.audit.export import export
from rongjun.audit.keys import keys
from rongjun.audit.logic import Break, Record, Result, Tail, Verdict, looks_personal
from rongjun.audit.queries import (
    Filter,
    Place,
    Progress,
    counts,
    event,
    events,
    place_of,
    publish_anchor,
    unsealed_tail,
    verify,
    who_read,
)

__all__ = [
    "Break",
    "Filter",
    "Place",
    "Progress",
    "Record",
    "Result",
    "Sealed",
    "Tail",
    "Verdict",
    "counts",
    "event",
    "events",
    "export",
    "keys",
    "looks_personal",
    "note",
    "note_read",
    "place_of",
    "publish_anchor",
    "seal",
    "unsealed_tail",
    "verify",
    "who_read",
]
