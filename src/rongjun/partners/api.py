"""The door of partners."""

from rongjun.partners.actions import Settled, add_partner, check_batch, receive_file, settle_items
from rongjun.partners.formats import formats_in
from rongjun.partners.logic import Format, write_file
from rongjun.partners.queries import (
    BatchReport,
    Missing,
    WaitingItem,
    balance,
    batch_report,
    batches,
    is_partner,
    missing_files,
    refused_lines,
    take_waiting,
)

__all__ = [
    "BatchReport",
    "Format",
    "Missing",
    "Settled",
    "WaitingItem",
    "add_partner",
    "balance",
    "batch_report",
    "batches",
    "check_batch",
    "formats_in",
    "is_partner",
    "missing_files",
    "receive_file",
    "refused_lines",
    "settle_items",
    "take_waiting",
    "write_file",
]
