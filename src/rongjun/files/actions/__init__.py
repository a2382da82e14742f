"""What is done with uploads: taken in, linked, discarded, opened; scanned, swept and destroyed by jobs."""

from rongjun.files.actions.handling import discard_upload, link_upload, move_uploads, open_upload
from rongjun.files.actions.intake import store_upload
from rongjun.files.actions.keeping import Swept, destroy_discarded, sweep_storage
from rongjun.files.actions.scans import Scanned, scan_waiting

__all__ = [
    "Scanned",
    "Swept",
    "destroy_discarded",
    "discard_upload",
    "link_upload",
    "move_uploads",
    "open_upload",
    "scan_waiting",
    "store_upload",
    "sweep_storage",
]
