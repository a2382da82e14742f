"""The door of the registry."""

from rongjun.registry.actions import import_roster, state_fact
from rongjun.registry.queries import (
    PAGE,
    Moment,
    PersonFile,
    PersonLine,
    ReportRow,
    RosterReport,
    counts,
    file_of,
    find_people,
    lines_of,
    open_number,
    report,
    reports,
    timeline,
)
from rongjun.registry.roster import RawRow
from rongjun.registry.workbook import digest_of, read_roster, roster_workbook, template

__all__ = [
    "PAGE",
    "Moment",
    "PersonFile",
    "PersonLine",
    "RawRow",
    "ReportRow",
    "RosterReport",
    "counts",
    "digest_of",
    "file_of",
    "find_people",
    "import_roster",
    "lines_of",
    "open_number",
    "read_roster",
    "report",
    "reports",
    "roster_workbook",
    "state_fact",
    "template",
    "timeline",
]
