"""The door of the registry."""

from rongjun.registry.actions import import_roster, numbers_taken, state_fact
from rongjun.registry.queries import (
    Moment,
    PersonFile,
    PersonLine,
    RosterReport,
    counts,
    file_of,
    find_people,
    open_number,
    report,
    reports,
    timeline,
)
from rongjun.registry.workbook import read_roster, roster_workbook, template

__all__ = [
    "Moment",
    "PersonFile",
    "PersonLine",
    "RosterReport",
    "counts",
    "file_of",
    "find_people",
    "import_roster",
    "numbers_taken",
    "open_number",
    "read_roster",
    "report",
    "reports",
    "roster_workbook",
    "state_fact",
    "template",
    "timeline",
]
