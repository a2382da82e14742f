"""What comes in from partners and what goes out to them. Each is one transaction."""

from rongjun.partners.actions.bulk import settle_bulk
from rongjun.partners.actions.calls import Admitted, Call, admit_call, answer_call, call_as_sent, receive_call
from rongjun.partners.actions.intake import (
    CALL,
    CLOSING,
    FILE,
    Settled,
    add_partner,
    check_batch,
    close_batch,
    close_batches,
    hold_partner,
    keep_batch,
    receive_file,
    settle_items,
)
from rongjun.partners.actions.reading import is_signed, read_call

__all__ = [
    "CALL",
    "CLOSING",
    "FILE",
    "Admitted",
    "Call",
    "Settled",
    "add_partner",
    "admit_call",
    "answer_call",
    "call_as_sent",
    "check_batch",
    "close_batch",
    "close_batches",
    "hold_partner",
    "is_signed",
    "keep_batch",
    "read_call",
    "receive_call",
    "receive_file",
    "settle_bulk",
    "settle_items",
]
