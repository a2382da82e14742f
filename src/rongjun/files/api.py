"""The door of files."""

from rongjun.files.actions import discard_upload, link_upload, move_uploads, open_upload, store_upload
from rongjun.files.checks import POSITION
from rongjun.files.logic import DISCARDED, MISSING, QUARANTINED, STORED, WAITING_FOR_SCAN
from rongjun.files.queries import (
    PAGE,
    UploadLine,
    balance,
    kinds,
    to_do_count,
    upload_line,
    uploads_about,
    work_list,
)
from rongjun.files.retention import RETENTION

__all__ = [
    "DISCARDED",
    "MISSING",
    "PAGE",
    "POSITION",
    "QUARANTINED",
    "RETENTION",
    "STORED",
    "WAITING_FOR_SCAN",
    "UploadLine",
    "balance",
    "discard_upload",
    "kinds",
    "link_upload",
    "move_uploads",
    "open_upload",
    "store_upload",
    "to_do_count",
    "upload_line",
    "uploads_about",
    "work_list",
]
