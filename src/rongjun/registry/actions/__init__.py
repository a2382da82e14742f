"""What opens files and adds to them. Each is one transaction, in the scope of whoever asks."""

from rongjun.registry.actions.assertions import correct, end, record
from rongjun.registry.actions.deaths import record_death, retract_death
from rongjun.registry.actions.moves import move_file, move_household
from rongjun.registry.actions.opening import open_files
from rongjun.registry.actions.proposals import approve, propose, reject
from rongjun.registry.actions.relations import end_relation, record_relation
from rongjun.registry.actions.rosters import import_roster
from rongjun.registry.actions.statements import state_fact

__all__ = [
    "approve",
    "correct",
    "end",
    "end_relation",
    "import_roster",
    "move_file",
    "move_household",
    "open_files",
    "propose",
    "record",
    "record_death",
    "record_relation",
    "reject",
    "retract_death",
    "state_fact",
]
