"""What opens files and adds to them. Each is one transaction, in the scope of whoever asks."""

from rongjun.registry.actions.deaths import record_death, retract_death
from rongjun.registry.actions.feeds import confirm_candidate, dismiss_candidate, match_waiting
from rongjun.registry.actions.households import move_household
from rongjun.registry.actions.relations import end_relation, record_relation
from rongjun.registry.actions.rosters import import_roster
from rongjun.registry.actions.statements import state_fact

__all__ = [
    "confirm_candidate",
    "dismiss_candidate",
    "end_relation",
    "import_roster",
    "match_waiting",
    "move_household",
    "record_death",
    "record_relation",
    "retract_death",
    "state_fact",
]
