"""What opens files and adds to them. Each is one transaction, in the scope of whoever asks."""

from rongjun.registry.actions.duplicates import Found, find_duplicates
from rongjun.registry.actions.merges import (
    approve_merge,
    decline_merge,
    hand_over,
    propose_merge,
    tell_apart,
    unmerge,
)
from rongjun.registry.actions.relations import end_relation, record_relation
from rongjun.registry.actions.rosters import import_roster
from rongjun.registry.actions.statements import state_fact

__all__ = [
    "Found",
    "approve_merge",
    "decline_merge",
    "end_relation",
    "find_duplicates",
    "hand_over",
    "import_roster",
    "propose_merge",
    "record_relation",
    "state_fact",
    "tell_apart",
    "unmerge",
]
