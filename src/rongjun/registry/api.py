"""The door of the registry."""

from rongjun.registry.actions import end_relation, import_roster, record_relation, state_fact
from rongjun.registry.queries import (
    PAGE,
    HeldRelation,
    Moment,
    PersonFile,
    PersonLine,
    ReportRow,
    RosterReport,
    askable,
    counts,
    file_of,
    find_people,
    lines_of,
    open_number,
    relations_held,
    report,
    reports,
    timeline,
)
from rongjun.registry.roster import RawRow
from rongjun.registry.workbook import digest_of, read_roster, roster_workbook, template

__all__ = [
    "PAGE",
    "HeldRelation",
    "Moment",
    "PersonFile",
    "PersonLine",
    "RawRow",
    "ReportRow",
    "RosterReport",
    "askable",
    "counts",
    "digest_of",
    "end_relation",
    "file_of",
    "find_people",
    "import_roster",
    "lines_of",
    "open_number",
    "read_roster",
    "record_relation",
    "relations_held",
    "report",
    "reports",
    "roster_workbook",
    "state_fact",
    "template",
    "timeline",
]
