"""The door of partners."""

from rongjun.kernel.simulating import signer_of
from rongjun.partners.actions import (
    Admitted,
    Call,
    Settled,
    add_partner,
    admit_call,
    answer_call,
    call_as_sent,
    receive_file,
    settle_bulk,
    settle_items,
)
from rongjun.partners.actions.outbox import send
from rongjun.partners.answering import signed_answer
from rongjun.partners.delivering import our_key
from rongjun.partners.formats import formats_in
from rongjun.partners.logic import CALL_STATUS, Line, write_file
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
from rongjun.partners.queries.bulk import BulkBatch, bulk_lines, waiting_bulk
from rongjun.partners.queries.outbox import OutboundState, given_up, outbound_state
from rongjun.partners.queries.reconciling import Difference, Reconciled, differences, reconciled
from rongjun.partners.retention import RETENTION

__all__ = [
    "CALL_STATUS",
    "RETENTION",
    "Admitted",
    "BulkBatch",
    "Call",
    "Difference",
    "Line",
    "Missing",
    "OutboundState",
    "Reconciled",
    "Settled",
    "WaitingItem",
    "add_partner",
    "admit_call",
    "answer_call",
    "balance",
    "batch_report",
    "batches",
    "bulk_lines",
    "call_as_sent",
    "differences",
    "formats_in",
    "given_up",
    "is_partner",
    "missing_files",
    "our_key",
    "outbound_state",
    "receive_file",
    "reconciled",
    "send",
    "settle_bulk",
    "settle_items",
    "signed_answer",
    "signer_of",
    "take_waiting",
    "waiting_bulk",
    "write_file",
]
