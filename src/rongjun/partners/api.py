"""The door of partners."""

from rongjun.partners.actions import Settled, add_partner, receive_file, settle_items
from rongjun.partners.formats import formats_in
from rongjun.partners.logic import write_file
from rongjun.partners.queries import (
    Missing,
    WaitingItem,
    balance,
    batch_report,
    batches,
    is_partner,
    missing_files,
    take_waiting,
)
from rongjun.partners.retention import RETENTION
from rongjun.partners.simulators import signer_of

__all__ = [
    "RETENTION",
    "Missing",
    "Settled",
    "WaitingItem",
    "add_partner",
    "balance",
    "batch_report",
    "batches",
    "formats_in",
    "is_partner",
    "missing_files",
    "receive_file",
    "settle_items",
    "signer_of",
    "take_waiting",
    "write_file",
]
