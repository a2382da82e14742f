"""The door of the evidence chain."""

from rongjun.audit.actions import Sealed, note, note_read, seal
from rongjun.audit.export import export
from rongjun.audit.keys import keys
from rongjun.audit.logic import Break, Record, Result, Tail, Verdict
from rongjun.audit.queries import Filter, Progress, events, publish_anchor, unsealed_tail, verify, who_read

__all__ = [
    "Break",
    "Filter",
    "Progress",
    "Record",
    "Result",
    "Sealed",
    "Tail",
    "Verdict",
    "events",
    "export",
    "keys",
    "note",
    "note_read",
    "publish_anchor",
    "seal",
    "unsealed_tail",
    "verify",
    "who_read",
]
