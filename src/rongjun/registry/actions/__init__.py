"""What opens files and adds to them. Each is one transaction, in the scope of whoever asks."""

from rongjun.registry.actions.cutover import (
    CutoverFile,
    compare_cutover,
    differences_workbook,
    import_cutover,
    read_cutover,
)
from rongjun.registry.actions.looking import MOST_AN_HOUR, PURPOSES, Found, look_up_number
from rongjun.registry.actions.relations import end_relation, record_relation
from rongjun.registry.actions.rosters import PART, import_roster, load_part, load_waiting, take_in_roster
from rongjun.registry.actions.statements import state_fact

__all__ = [
    "MOST_AN_HOUR",
    "PART",
    "PURPOSES",
    "CutoverFile",
    "Found",
    "compare_cutover",
    "differences_workbook",
    "end_relation",
    "import_cutover",
    "import_roster",
    "load_part",
    "load_waiting",
    "look_up_number",
    "read_cutover",
    "record_relation",
    "state_fact",
    "take_in_roster",
]
