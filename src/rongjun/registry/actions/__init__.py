"""What opens files and adds to them. Each is one transaction, in the scope of whoever asks."""

from rongjun.registry.actions.assertions import (
    correct,
    end,
    record,
)
from rongjun.registry.actions.citizens import (
    account_of_number,
)
from rongjun.registry.actions.consents import (
    answer_consent,
    record_sharing,
    show_notice,
    withdraw_consent,
)
from rongjun.registry.actions.cutover import (
    CutoverFile,
    compare_cutover,
    differences_workbook,
    import_cutover,
    read_cutover,
)
from rongjun.registry.actions.deaths import (
    record_death,
    retract_death,
)
from rongjun.registry.actions.duplicates import (
    FoundPairs,
    find_duplicates,
    put_forward,
)
from rongjun.registry.actions.exports import (
    Taken,
    decide_export,
    request_export,
    take_approved,
    take_list,
)
from rongjun.registry.actions.feeds import (
    confirm_candidate,
    dismiss_candidate,
    match_waiting,
)
from rongjun.registry.actions.looking import (
    MOST_AN_HOUR,
    PURPOSES,
    Found,
    look_up_number,
    names_shown,
    note_people_listed,
)
from rongjun.registry.actions.mandates import (
    ask_for_mandate,
    end_mandate,
    find_relative,
    grant_mandate,
    refuse_mandate,
)
from rongjun.registry.actions.merges import (
    approve_merge,
    decline_merge,
    hand_over,
    propose_merge,
    tell_apart,
    unmerge,
)
from rongjun.registry.actions.moves import (
    move_file,
    move_household,
)
from rongjun.registry.actions.opening import (
    open_files,
)
from rongjun.registry.actions.proposals import (
    approve,
    propose,
    reject,
)
from rongjun.registry.actions.relations import (
    end_relation,
    record_relation,
)
from rongjun.registry.actions.rights import (
    answer_request,
    contest_fact,
    hold_for_law,
    lift_legal_hold,
    lift_restriction,
    receive_request,
    refuse_request,
)
from rongjun.registry.actions.rosters import (
    PART,
    import_roster,
    load_part,
    load_waiting,
    take_in_roster,
)
from rongjun.registry.actions.statements import (
    state_fact,
)

__all__ = [
    "MOST_AN_HOUR",
    "PART",
    "PURPOSES",
    "CutoverFile",
    "Found",
    "FoundPairs",
    "Taken",
    "account_of_number",
    "answer_consent",
    "answer_request",
    "approve",
    "approve_merge",
    "ask_for_mandate",
    "compare_cutover",
    "confirm_candidate",
    "contest_fact",
    "correct",
    "decide_export",
    "decline_merge",
    "differences_workbook",
    "dismiss_candidate",
    "end",
    "end_mandate",
    "end_relation",
    "find_duplicates",
    "find_relative",
    "grant_mandate",
    "hand_over",
    "hold_for_law",
    "import_cutover",
    "import_roster",
    "lift_legal_hold",
    "lift_restriction",
    "load_part",
    "load_waiting",
    "look_up_number",
    "match_waiting",
    "move_file",
    "move_household",
    "names_shown",
    "note_people_listed",
    "open_files",
    "propose",
    "propose_merge",
    "put_forward",
    "read_cutover",
    "receive_request",
    "record",
    "record_death",
    "record_relation",
    "record_sharing",
    "refuse_mandate",
    "refuse_request",
    "reject",
    "request_export",
    "retract_death",
    "show_notice",
    "state_fact",
    "take_approved",
    "take_in_roster",
    "take_list",
    "tell_apart",
    "unmerge",
    "withdraw_consent",
]
